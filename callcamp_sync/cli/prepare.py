"""`prepare`: a sheet of any size into Parquet that `plan`, `sync` and `validate` take as a sheet."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from callcamp_sync.cli.engines import EngineOpt, SchedulerOpt
from callcamp_sync.cli.options import CampaignOpt, Common, MappingOpt, SheetArg, command
from callcamp_sync.errors import UsageError


@command("reading")
def prepare(
    sheet: SheetArg,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where the prepared sheet is to stand.")],
    campaign: CampaignOpt = None,
    mapping: MappingOpt = None,
    *,
    record_type: Annotated[
        Path | None,
        typer.Option(metavar="FILE.json", help="A Record Type as JSON, instead of a campaign's.", show_default=False),
    ] = None,
    engine: EngineOpt = "local",
    scheduler: SchedulerOpt = None,
    parallel: Annotated[int, typer.Option(min=1, max=64, help="Processes of this machine, with `--engine dask`.")] = 2,
    memory: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Memory of each of them, such as 2GB.", show_default=False)
    ] = None,
    common: Common,
    flags: dict[str, Any],
) -> int:
    """Map, normalise and validate a sheet piece by piece, into a folder that is a sheet itself. Sends nothing but GET."""
    from callcamp_sync.bench import Request
    from callcamp_sync.cli import engines, running
    from callcamp_sync.preparing import prepare as prepared

    if (campaign is None) == (record_type is None) and mapping is None:
        raise UsageError("name what the rows are for", hint="pass `-c CAMPAIGN`, or `--record-type FILE.json`")
    if memory is not None and not re.fullmatch(r"\d+(?:\.\d+)?\s*[MG]i?B", memory):
        raise UsageError(f"`--memory {memory}` is no size", hint="write it as `2GB` or `500MB`")
    doer = engines.of_pieces(engine, scheduler, processes=parallel, memory=memory)
    settings = running.load_settings(common, flags)
    request = Request(sheet=sheet, campaign=campaign, mapping=mapping, command="prepare", record_type=record_type)
    with running.progress(common.voice) as progress:
        bench = running.bench(settings, common, progress)
        made = running.run(partial(prepared, request, bench, output, engine=doer), bench.stop, common.voice)
    if common.voice.as_json:
        counts = {"rows": made.rows, "blank_rows": made.blank_rows, "rejected": made.rejected, "held": made.held}
        common.voice.data({"folder": str(made.folder), "parts": made.parts, **counts, "codes": dict(made.codes)})
        return made.exit_code
    common.voice.text(f"{made.folder}: {made.rows:,} rows in {made.parts} parts, {made.rejected:,} rejected, {made.held:,} held")
    for code, rows in made.codes.items():
        common.voice.text(f"  {code}: {rows:,}")
    common.voice.say(f"next: callcamp-sync plan {made.folder}" + (f" -c {campaign!r}" if campaign else ""))
    return made.exit_code
