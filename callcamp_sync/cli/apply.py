"""`apply`: carry a saved plan out, once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from callcamp_sync.cli.options import Common, command


@command("apply")
def apply(
    plan: Annotated[Path, typer.Argument(metavar="plan.json", help="A plan that `plan -o` saved.")],
    *,
    common: Common,
    flags: dict[str, Any],
) -> int:
    """Carry a saved plan out, without asking. A plan is good once, for a day, and for the campaign as it was."""
    import callcamp_sync as library
    from callcamp_sync.cli import running, showing

    settings = running.load_settings(common, flags)
    with running.progress(common.voice) as progress:
        bench = running.bench(settings, common, progress)
        report = running.run(lambda: library.apply(plan, settings=bench), bench.stop, common.voice)
    return showing.ended(report, common.voice)
