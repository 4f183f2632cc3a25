"""`validate`: every fault of every row, without sending anything."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from callcamp_sync.cli.options import CampaignOpt, Common, MappingOpt, SheetArg, command
from callcamp_sync.errors import UsageError


@command("reading")
def validate(
    sheet: SheetArg,
    campaign: CampaignOpt = None,
    mapping: MappingOpt = None,
    record_type: Annotated[
        Path | None,
        typer.Option(metavar="FILE.json", help="A Record Type as JSON, instead of a campaign's.", show_default=False),
    ] = None,
    fix_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE.xlsx", help="Write the rows to correct to a workbook.", show_default=False),
    ] = None,
    *,
    common: Common,
    flags: dict[str, Any],
) -> int:
    """Find every fault of every row. Sends nothing but GET; with `--record-type` nothing at all."""
    import callcamp_sync as library
    from callcamp_sync.cli import running, showing

    if (campaign is None) == (record_type is None) and mapping is None:
        raise UsageError("name what the rows are for", hint="pass `-c CAMPAIGN`, or `--record-type FILE.json`")
    settings = running.load_settings(common, flags)
    work = partial(library.validate, sheet, campaign=campaign, mapping=mapping, record_type=record_type, fix_file=fix_file)
    with running.progress(common.voice) as progress:
        bench = running.bench(settings, common, progress)
        report = running.run(partial(work, settings=bench), bench.stop, common.voice)
    return showing.ended(report, common.voice)
