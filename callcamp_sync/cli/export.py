"""`export`: a campaign's status sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from callcamp_sync.cli.options import CampaignOpt, Common, command


@command("connection")
def export(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="FILE.xlsx or FILE.csv.")],
    campaign: CampaignOpt = None,
    form: Annotated[
        str | None, typer.Option("--format", help="xlsx or csv, if the ending does not say.", show_default=False)
    ] = None,
    status: Annotated[
        list[str] | None, typer.Option("--status", help="Only orders in this status; may stand several times.")
    ] = None,
    *,
    common: Common,
    flags: dict[str, Any],
) -> int:
    """Write every order of a campaign to a sheet that can be edited and synced again."""
    from callcamp_sync import export as exporting
    from callcamp_sync.cli import running

    settings = running.load_settings(common, flags)
    exporting.check_format(output, form)
    with running.progress(common.voice) as progress:
        bench = running.bench(settings, common, progress)
        sheet = running.run(lambda: exporting.read_status(bench, campaign, statuses=status or ()), bench.stop, common.voice)
    notices = [*sheet.notices, *exporting.write_status(sheet, output, form=form)]
    for notice in notices:
        common.voice.warn(notice)
    if common.voice.as_json:
        common.voice.data({"path": str(output), "rows": sheet.frame.height, "total": sheet.total, "complete": sheet.complete})
    else:
        common.voice.text(f"{sheet.frame.height} of {sheet.total} orders of {sheet.campaign.name} written to {output}")
    return 0
