"""`demo`: the whole job on sample data, against the embedded Callcamp, over real HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from callcamp_sync.cli.options import Common, command
from callcamp_sync.errors import ExitCode


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
        voice.say("1. Sync the sheet. Meanwhile the dialer works on, two answers are lost, one contact is refused,")
        voice.say("   and near the end somebody presses Ctrl-C.\n")
        first = play.sync()
        if not voice.as_json:
            voice.text(summary(first))
        voice.say("\n2. Resume: settle what is unknown, finish what was not attempted.\n")
        second = play.resume()
        if not voice.as_json:
            voice.text(summary(second))
        voice.say("\n3. Sync again: the contact that was refused is accepted now.\n")
        play.relent()
        third = play.sync()
        if not voice.as_json:
            voice.text(summary(third))
        voice.say("\n4. The same sheet once more: nothing is sent twice.\n")
        last = play.sync()
        showing.ended(last, voice)
        sent = play.requests_of_last_run()
        voice.say(f"\nThe server's own log of that run: {', '.join(f'{count} {method}' for method, count in sent.items())}")
    again = {step: last.counts.get(step, 0) for step in ("created", "associated", "updated", "canceled", "removed")}
    return ExitCode.BUG if any(again.values()) or last.exit_code == ExitCode.BUG else ExitCode.OK
