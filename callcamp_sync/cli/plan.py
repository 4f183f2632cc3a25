"""`plan`: what a sync would do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from callcamp_sync.cli.options import CampaignOpt, Common, MappingOpt, SheetArg, command
from callcamp_sync.errors import ExitCode, gravest


@command("sync")
def plan(
    sheet: SheetArg,
    campaign: CampaignOpt = None,
    mapping: MappingOpt = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="plan.json", help="Save the plan for `apply`.", show_default=False)
    ] = None,
    detailed_exitcode: Annotated[bool, typer.Option("--detailed-exitcode", help="Exit 10 when changes are pending.")] = False,
    *,
    common: Common,
    flags: dict[str, Any],
) -> int:
    """Show what a sync would change. Sends nothing but GET."""
    import callcamp_sync as library
    from callcamp_sync.cli import running, showing

    settings = running.load_settings(common, flags)
    with running.progress(common.voice) as progress:
        bench = running.bench(settings, common, progress)
        made, report = running.run(
            lambda: library.plan(sheet, campaign=campaign, mapping=mapping, save_as=output, settings=bench),
            bench.stop,
            common.voice,
        )
    if output is not None:
        common.voice.say(f"plan saved as {output}; it is good until {made.expires_at:%Y-%m-%d %H:%M} UTC, once")
    code = showing.planned(made, report, common.voice)
    return gravest(code, ExitCode.CHANGES) if detailed_exitcode and made.steps else code
