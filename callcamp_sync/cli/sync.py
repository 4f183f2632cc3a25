"""`sync`: plan, confirm, apply."""

from __future__ import annotations

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
    common: Common,
    flags: dict[str, Any],
) -> int:
    """Bring a campaign in step with a sheet: plan, confirm, apply, read back, report."""
    from callcamp_sync import pipeline
    from callcamp_sync.bench import Request
    from callcamp_sync.cli import running, showing

    settings = running.load_settings(common, flags)
    request = Request(sheet=sheet, campaign=campaign, mapping=mapping)
    with running.progress(common.voice) as progress:
        bench = running.bench(settings, common, progress, yes=yes)
        if dry_run:
            plan, report = running.run(lambda: pipeline.plan(request, bench), bench.stop, common.voice)
            return showing.planned(plan, report, common.voice)
        report = running.run(lambda: pipeline.sync(request, bench), bench.stop, common.voice)
    return showing.ended(report, common.voice)
