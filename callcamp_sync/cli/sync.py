"""`sync`: plan, confirm, apply."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from callcamp_sync.cli.options import CampaignOpt, Common, MappingOpt, SheetArg, YesOpt, command


@command("sync")
def sync(
    sheet: SheetArg,
    campaign: CampaignOpt = None,
    mapping: MappingOpt = None,
    yes: YesOpt = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Plan only; send nothing but GET.")] = False,
    *,
    annotate: Annotated[
        Path | None,
        typer.Option(metavar="FILE.xlsx", help="Write a copy of the workbook with each row's outcome.", show_default=False),
    ] = None,
    common: Common,
    flags: dict[str, Any],
) -> int:
    """Bring a campaign in step with a sheet: plan, confirm, apply, read back, report."""
    import callcamp_sync as library
    from callcamp_sync.cli import running, showing

    settings = running.load_settings(common, flags)
    with running.progress(common.voice) as progress:
        bench = running.bench(settings, common, progress, yes=yes)
        if dry_run:
            look = partial(library.plan, sheet, campaign=campaign, mapping=mapping, annotate=annotate, settings=bench)
            return showing.planned(*running.run(look, bench.stop, common.voice), common.voice)
        work = partial(library.sync, sheet, campaign=campaign, mapping=mapping, annotate=annotate, settings=bench)
        report = running.run(work, bench.stop, common.voice)
    return showing.ended(report, common.voice)
