"""`resume`: settle what is unknown, finish what was not attempted."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from callcamp_sync.cli.options import Common, command


@command("apply")
def resume(
    run: Annotated[str | None, typer.Argument(metavar="[RUN]", help="The run's id; the last unfinished one if left out.")] = None,
    *,
    common: Common,
    flags: dict[str, Any],
) -> int:
    """Settle what a run left unknown, and finish what it did not attempt."""
    import callcamp_sync as library
    from callcamp_sync.cli import running, showing

    settings = running.load_settings(common, flags)
    with running.progress(common.voice) as progress:
        bench = running.bench(settings, common, progress)
        report = running.run(lambda: library.resume(run, settings=bench), bench.stop, common.voice)
    return showing.ended(report, common.voice)
