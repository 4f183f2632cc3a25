"""Runs, steps and a clock for the tests of the journal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from callcamp_sync.journal import Journal
from callcamp_sync.model import Fate, Outcome, Step, StepKind

HOST, CAMPAIGN, RUN, PHONE = "callcamp.example.com", "camp-1", "run-1", "+12015550123"
START = datetime(2026, 5, 10, 14, 30, tzinfo=UTC)


class Clock:
    """Ticks one second a reading, and counts its readings."""

    def __init__(self) -> None:
        self.readings = 0

    def __call__(self) -> datetime:
        self.readings += 1
        return START + timedelta(seconds=self.readings)


def start(journal: Journal, run_id: str, *, campaign: str = CAMPAIGN, mapping: str = "m", dry_run: bool = False) -> None:
    journal.start_run(
        run_id=run_id,
        host=HOST,
        campaign=campaign,
        command="sync",
        version="0.1.0",
        plan_id=f"plan-of-{run_id}",
        digests={"mapping": mapping, "sheet": "s"},
        valid_rows=7,
        folder=None,
        who="tester",
        dry_run=dry_run,
    )


def create(number: int = 1) -> Step:
    return Step(id=f"{number:04d}-create", kind=StepKind.CREATE, rows=(number + 1,), phone=PHONE)


def end(step: Step, fate: Fate, **more: Any) -> Outcome:
    return replace(Outcome(step=step.id, kind=step.kind, fate=fate, row=step.rows[0], attempts=1), **more)


ASSOCIATE = Step(
    id="0009-associate",
    kind=StepKind.ASSOCIATE,
    rows=(2, 3, 4),
    records=((2, "rec-a", "+12015550101"), (3, "rec-b", "+12015550102"), (4, "rec-c", "+12015550103")),
)


def state_of(journal: Journal, run_id: str = RUN) -> list[str]:
    return [row.state for row in journal.steps(run_id)]
