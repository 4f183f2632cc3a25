"""`apply`: carry a saved plan out, once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from callcamp_sync.cli.options import Common, command
from callcamp_sync.errors import UsageError


@command("apply")
def apply(
    plan: Annotated[Path, typer.Argument(metavar="plan.json", help="A plan that `plan -o` saved.")],
    *,
    common: Common,
    flags: dict[str, Any],
) -> int:
    """Carry a saved plan out, without asking. A plan is good once, for a day, and for the campaign as it was."""
    import json

    from callcamp_sync import pipeline
    from callcamp_sync.cli import running, showing

    try:
        document = json.loads(plan.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"the plan `{plan}` cannot be read: {error.strerror}", hint="check the path") from error
    except ValueError as error:
        raise UsageError(f"`{plan}` is not a saved plan", hint="make one with `callcamp-sync plan -o plan.json`") from error
    settings = running.load_settings(common, flags)
    with running.progress(common.voice) as progress:
        bench = running.bench(settings, common, progress)
        report = running.run(lambda: pipeline.apply_saved(document, bench), bench.stop, common.voice)
    return showing.ended(report, common.voice)
