"""Thirty nights over a source that drifts and breaks: alerts on exactly the days that deserve one, no removal without its
absences.

The clock is ours; the server, the files, the alerts are real. What must be true is stated against the sheets that were written
and against the campaign as the server has it, not against what the program says of itself.
"""

from __future__ import annotations

import os
import pickle
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest
from flow_stage import Stage, lead, write_sheet
from jobs_stage import campaign, listening, project

from callcamp_sync.jobs.document import read_jobs
from callcamp_sync.jobs.shift import Crew, run_night
from callcamp_sync.jobs.work import Place, Task, run_job
from callcamp_sync.night import JobResult, Night
from callcamp_sync.sandbox.seed import bulk_phone
from callcamp_sync.settings import load

CAMPAIGN = "Autumn renewals"
FIRST = datetime(2026, 9, 1, 2, 15, tzinfo=UTC)
DAYS = 30

#: What goes wrong on which day, and the days on which that is news: when it begins, and when it is over.
BROKEN = {
    5: "no file",
    9: "half of it",
    10: "half of it",
    14: "another heading",
    18: "other numbers",
    22: "no numbers",
    25: "no access",
    27: "wrong rows",
}
NEWS = {5, 6, 9, 11, 14, 15, 18, 19, 22, 23, 25, 26, 27, 28}
#: Nights whose file is not good: it was refused by a guard, or never read.
REFUSED = {5, 9, 10, 14, 18, 22, 25}


@dataclass(slots=True)
class Source:
    """The system that the sheet comes from: who stands in it changes a little every day."""

    chance: random.Random
    standing: list[int] = field(default_factory=lambda: list(range(1_000, 1_060)))
    upcoming: int = 2_000

    def drift(self) -> list[int]:
        """The contacts of a day: now and then someone is left out, for a day or for good, and someone is new."""
        if self.chance.random() < 0.5:
            self.standing.append(self.upcoming)
            self.upcoming += 1
        if self.chance.random() < 0.4:
            self.standing.pop(self.chance.randrange(len(self.standing)))
        away = self.chance.sample(self.standing, self.chance.choice([0, 0, 1, 2]))
        return [who for who in self.standing if who not in away]


def rows_of(contacts: Sequence[int], day: int, wrong: str | None) -> list[dict[str, str]]:
    """The sheet of a day."""
    rows = [lead(bulk_phone(who), Notes=f"seen on day {day if who % 7 == day % 7 else 0}") for who in contacts]
    if wrong == "half of it":
        return rows[: len(rows) // 3]
    if wrong == "another heading":
        return [{("Telephone" if name == "Phone" else name): cell for name, cell in row.items()} for row in rows]
    if wrong == "other numbers":
        return [row | {"Phone": bulk_phone(5_000 + number)} for number, row in enumerate(rows)]
    if wrong == "no numbers":
        return [row | {"Phone": "" if number % 3 else row["Phone"]} for number, row in enumerate(rows)]
    if wrong == "wrong rows":
        return [*rows, lead("12"), lead("not a number")]
    return rows


@contextmanager
def place(stage: Stage, more: Mapping[str, str]) -> Iterator[None]:
    """The stage's environment and folder, for work in this process."""
    before, folder, wanted = dict(os.environ), Path.cwd(), {**stage.environ, **more}
    os.environ.clear()
    os.environ.update(wanted)
    os.chdir(stage.folder)
    try:
        yield
    finally:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(before)


async def elsewhere(task: Task, place: Place) -> JobResult:
    """The work of a job as another process would do it: only what can be packed goes in and comes back."""
    result = await run_job(pickle.loads(pickle.dumps(task)), place)
    packed: JobResult = pickle.loads(pickle.dumps(result))
    return packed


def night_of(stage: Stage, now: datetime, *, token: str | None = None) -> Night:
    """One `jobs run` at that time."""
    with place(stage, {"CALLCAMP_TOKEN": token} if token else {}):
        crew = Crew(settings=load({}), clock=lambda: now, worker=elsewhere)
        return anyio.run(run_night, read_jobs(Path()), crew)


def write_day(stage: Stage, rows: Sequence[Mapping[str, str]], day: int, now: datetime) -> None:
    """The file as it arrives: an hour before the job."""
    path = write_sheet(stage.folder / f"renewals-{day:02}.csv", rows)
    arrived = (now - timedelta(hours=1)).timestamp()
    os.utime(path, (arrived, arrived))


def gone(stage: Stage) -> frozenset[str]:
    """The numbers whose orders the server has as canceled."""
    return frozenset(order.phone for order in stage.orders(CAMPAIGN) if order.status == "canceled")


@pytest.mark.parametrize("seed", [1])
def test_a_month_of_nights(stage: Stage, seed: int) -> None:
    campaign(stage, CAMPAIGN)
    source = Source(random.Random(seed))
    good: list[frozenset[str]] = []
    canceled: frozenset[str] = frozenset()
    alerted, wrongly, forgotten = [], [], []
    with listening() as told:
        project(
            stage,
            [{"name": "autumn", "source": "renewals-*.csv", "campaign": CAMPAIGN, "mode": "mirror", "archive": "done"}],
            defaults={"webhook": told.url, "schedule": "15 2 * * *", "max_age": "26h"},
        )
        for day in range(1, DAYS + 1):
            now, wrong = FIRST + timedelta(days=day), BROKEN.get(day)
            contacts = source.drift()
            rows = rows_of(contacts, day, wrong)
            if wrong != "no file":
                write_day(stage, rows, day, now)
            heard = len(told.calls)
            writes = len(stage.box.writes)
            night_of(stage, now, token="expired-token" if wrong == "no access" else None)
            if len(told.calls) > heard:
                alerted.append(day)
            if day in REFUSED:
                assert len(stage.box.writes) == writes, f"day {day} is broken, and something was sent"
            here = frozenset(map(bulk_phone, contacts))
            whole = day not in REFUSED and wrong is None
            # An order may go only if this file and the good one before it both lack it.
            absent_twice = frozenset() if not (whole and good) else known(stage) - here - good[-1]
            newly = gone(stage) - canceled
            wrongly += [(day, phone) for phone in newly - absent_twice]
            forgotten += [(day, phone) for phone in absent_twice - gone(stage)]
            canceled = gone(stage)
            if whole:
                good.append(here)
            elif day not in REFUSED and good:
                good[-1] |= here  # not whole: it says of nobody that he is absent, and of everybody in it that he is not
            for left in stage.folder.glob("renewals-*.csv"):
                left.unlink()
    assert set(alerted) == NEWS
    assert (wrongly, forgotten) == ([], [])
    assert len(canceled) >= 5, "the source drifts, so some orders must have gone"
    assert len(told.calls) == len(NEWS)


def known(stage: Stage) -> frozenset[str]:
    """The numbers of the campaign's orders."""
    return frozenset(stage.phones(CAMPAIGN))
