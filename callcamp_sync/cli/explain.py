"""`explain`: why a row, or a number, ends as it does."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from callcamp_sync.cli.options import CampaignOpt, Common, MappingOpt, SheetArg, command
from callcamp_sync.errors import ExitCode


@command("deciding")
def explain(
    sheet: SheetArg,
    campaign: CampaignOpt = None,
    mapping: MappingOpt = None,
    row: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="The row, as the spreadsheet counts.", show_default=False)
    ] = None,
    phone: Annotated[
        str | None, typer.Option(metavar="P", help="A number, in the sheet, the campaign, or neither.", show_default=False)
    ] = None,
    *,
    common: Common,
    flags: dict[str, Any],
) -> int:
    """Tell why a row, or a number, would end as it does now: cells, steps, candidates, decision, requests, earlier runs.

    Sends nothing but GET. Numbers in requests are masked unless `-v` is said.
    """
    from callcamp_sync import explaining
    from callcamp_sync.bench import Request
    from callcamp_sync.cli import reasons, running

    settings = running.load_settings(common, flags)
    request = Request(sheet=sheet, campaign=campaign, mapping=mapping, command="explain")
    with running.progress(common.voice) as progress:
        bench = running.bench(settings, common, progress)
        found = running.run(lambda: explaining.explain(request, bench, row=row, phone=phone), bench.stop, common.voice)
    if common.voice.as_json:
        common.voice.data(reasons.document(found, verbose=common.voice.verbose))
    else:
        common.voice.text("\n".join(reasons.lines(found, verbose=common.voice.verbose)))
    return ExitCode.OK
