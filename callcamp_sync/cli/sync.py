"""`sync`: plan, confirm, apply."""

from __future__ import annotations

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
    from callcamp_sync import annotation, pipeline
    from callcamp_sync.bench import Request, load_mapping
    from callcamp_sync.cli import running, showing

    settings = running.load_settings(common, flags)
    annotation.check_target(sheet, annotate)
    header_row = load_mapping(mapping).source.header_row if annotate else None
    request = Request(sheet=sheet, campaign=campaign, mapping=mapping)
    with running.progress(common.voice) as progress:
        bench = running.bench(settings, common, progress, yes=yes)
        if dry_run:
            plan, report = running.run(lambda: pipeline.plan(request, bench), bench.stop, common.voice)
            report = annotation.annotated(report, annotate, header_row=header_row)
            return showing.planned(plan, report, common.voice)
        report = running.run(lambda: pipeline.sync(request, bench), bench.stop, common.voice)
    return showing.ended(annotation.annotated(report, annotate, header_row=header_row), common.voice)
