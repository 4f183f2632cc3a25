"""`export`: a campaign's status sheet."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from callcamp_sync.cli.options import CampaignOpt, Common, command


@command("connection")
def export(
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="FILE.xlsx, FILE.csv, FILE.parquet or FILE.jsonl.")
    ],
    *,
    campaign: CampaignOpt = None,
    form: Annotated[
        str | None, typer.Option("--format", help="xlsx, csv, parquet or jsonl, if the ending does not say.", show_default=False)
    ] = None,
    csv_dialect: Annotated[
        str, typer.Option("--csv-dialect", help="excel: opens safely in spreadsheets; raw: verbatim, for programs.")
    ] = "excel",
    status: Annotated[
        list[str] | None, typer.Option("--status", help="Only orders in this status; may stand several times.")
    ] = None,
    columns: Annotated[
        list[str] | None, typer.Option("--columns", help="Only these columns, in this order; commas between.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="RUN|DATE", help="Only orders that changed since the last export before that run or date."
        ),
    ] = None,
    calls: Annotated[bool, typer.Option("--calls", help="With the number of calls, the last call, minutes and price.")] = False,
    common: Common,
    flags: dict[str, Any],
) -> int:
    """Write every order of a campaign to a sheet that can be edited and synced again."""
    import callcamp_sync as library
    from callcamp_sync.cli import running
    from callcamp_sync.export import Wanted

    settings = running.load_settings(common, flags)
    wanted = Wanted(statuses=_listed(status), columns=_listed(columns), since=since, calls=calls)
    with running.progress(common.voice) as progress:
        bench = running.bench(settings, common, progress)
        work = partial(library.export_status, output, campaign=campaign, wanted=wanted, form=form, dialect=csv_dialect)
        sheet = running.run(partial(work, settings=bench), bench.stop, common.voice)
    for notice in sheet.notices:
        common.voice.warn(notice)
    counts = {"rows": sheet.orders.height, "total": sheet.total, "complete": sheet.complete}
    compared = {"since": sheet.since.isoformat() if sheet.since else None, "changes": sheet.changes.height}
    if common.voice.as_json:
        common.voice.data({"path": str(output), **counts, **compared})
    else:
        common.voice.text(f"{sheet.orders.height} of {sheet.total} orders of {sheet.campaign.name} written to {output}")
    return 0


def _listed(given: list[str] | None) -> tuple[str, ...]:
    """Values of an option that may stand several times, and may hold several with commas between."""
    return tuple(part.strip() for text in given or () for part in text.split(",") if part.strip())
