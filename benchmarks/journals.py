"""The journal: intent and outcome of each operation durable on disk, against one commit an operation."""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import anyio

from benchmarks.table import Line, median_seconds
from callcamp_sync.journal import Journal
from callcamp_sync.model import Fate, Outcome, Step, StepKind

OPERATIONS = 20_000
SINGLE = 1_000
WORKERS = 64


def _step(number: int) -> Step:
    return Step(id=f"create-{number}", kind=StepKind.CREATE, rows=(number,), phone="+12015550123")


async def _group(path: Path) -> tuple[float, int]:
    """(seconds of all operations, how many of them the file holds: read back after the clock has stopped)."""
    with Journal.open(path, clock=lambda: datetime.now(UTC)) as journal:
        journal.start_run(
            run_id="bench",
            host="h",
            campaign="c",
            command="sync",
            version="0",
            plan_id="p",
            digests={},
            valid_rows=0,
            folder=None,
            who="b",
        )
        numbers = iter(range(OPERATIONS))
        start = time.perf_counter()

        async def worker() -> None:
            for number in numbers:
                await journal.intent("bench", _step(number), 1)
                journal.outcome("bench", Outcome(step=f"create-{number}", kind=StepKind.CREATE, fate=Fate.DONE, row=number))

        async with anyio.create_task_group() as group:
            for _ in range(WORKERS):
                group.start_soon(worker)
        await journal.flush()
        seconds = time.perf_counter() - start
        return seconds, len(journal.steps("bench"))


def _single(path: Path) -> None:
    base = sqlite3.connect(path, isolation_level=None)
    base.execute("PRAGMA journal_mode = WAL")
    base.execute("PRAGMA synchronous = FULL")
    base.execute("CREATE TABLE step (id TEXT PRIMARY KEY, state TEXT)")
    for number in range(SINGLE):
        base.execute("INSERT INTO step VALUES (?, 'intent')", (f"create-{number}",))
        base.execute("UPDATE step SET state = 'done' WHERE id = ?", (f"create-{number}",))
    base.close()


def lines() -> list[Line]:
    """One line: microseconds an operation with 64 workers."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        runs = [anyio.run(_group, folder / f"{number}.sqlite3") for number in range(5)]
        ours = statistics.median(seconds for seconds, _ in runs) / OPERATIONS * 1e6
        single = median_seconds(lambda: _single(folder / f"{time.monotonic_ns()}.sqlite3")) / SINGLE * 1e6
    what = f"journal, synchronous=FULL, group commit, {WORKERS} workers, {OPERATIONS:,} operations"
    return [
        Line(
            what=what,
            ours=f"{ours:.0f} µs/op",
            baseline=f"{single:.0f} µs/op",
            against="one commit each, same setting",
            ratio=single / ours,
            checked=all(kept == OPERATIONS for _, kept in runs),
        )
    ]
