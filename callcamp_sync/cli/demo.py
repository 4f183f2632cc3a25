"""`demo`: the whole job on sample data, against the embedded Callcamp, over real HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from callcamp_sync.cli.options import Common, command


@command()
def demo(
    rows: Annotated[int | None, typer.Option(min=1, help="Only the first rows of the sample sheet.", show_default=False)] = None,
    report_dir: Annotated[Path, typer.Option(help="Where the runs' folders are left.")] = Path("reports"),
    *,
    common: Common,
) -> int:
    """Sync a messy sample sheet with a Callcamp on this machine that misbehaves a little; leaves a report. Calls nobody."""
    from callcamp_sync import rehearsal
    from callcamp_sync.cli import showing
    from callcamp_sync.report import summary

    voice = common.voice
    with rehearsal.stage(rows=rows, report_dir=report_dir) as play:
        voice.say(f"A Callcamp in small serves on {play.base_url}. Nothing leaves this machine.\n")
        voice.say("1. Sync the sheet. Meanwhile the dialer works on, one answer is lost, and one contact is refused.\n")
        first = play.sync()
        if not voice.as_json:
            voice.text(summary(first))
        voice.say("\n2. Resume: settle what is unknown, finish what was not attempted.\n")
        second = play.resume()
        if not voice.as_json:
            voice.text(summary(second))
        voice.say("\n3. The same sheet again: what stands in the campaign is not sent twice.\n")
        third = play.sync()
        showing.ended(third, voice)
        voice.say(f"\n{play.requests_of_last_run()}")
    return 0
