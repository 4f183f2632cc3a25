"""Many scenarios on several processes, each boiled down to what the table needs.

In:  seeds, mistakes. Out: Summaries (small, picklable), in the order of the seeds. I/O: child processes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from multiprocessing import get_context

from .broken import MISTAKES, best_seeds, caught_after
from .invariants import Finding, judge
from .play import Played, Run, play
from .reports import outcome_table
from .scenario import Row

#: Of so many scenarios one is played in good weather too, to compare the number of requests.
COMPARED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What one scenario came to.

    unknown: rows that a run left unknown; settled_unknown: those of them that stood as wanted all the same. requests: of the
    first run, and of the same in good weather (None: not compared). seconds: the longest run, in the loop's time.
    """

    seed: int
    profile: str
    findings: tuple[Finding, ...]
    injected: int
    kinds: frozenset[str]
    further_runs: int | None
    unknown: int
    settled_unknown: int
    requests: int
    calm_requests: int | None
    seconds: float
    outcomes: str


def summarize(seed: int) -> Summary:
    """Play a seed and judge it."""
    played = play(seed)
    compared = seed % COMPARED == seed // COMPARED % COMPARED and _went_through(played.runs[0])
    unknown = [pair for run in played.runs if not run.calm for pair in _unknown(played, run)]
    return Summary(
        seed=seed,
        profile=played.scenario.profile.name,
        findings=tuple(judge(played)),
        injected=sum(played.injected.values()),
        kinds=frozenset(played.injected),
        further_runs=played.settled_after,
        unknown=len(unknown),
        settled_unknown=sum(_stands(row, run) for row, run in unknown),
        requests=_requests(played),
        calm_requests=_requests(play(seed, calm=True)) if compared else None,
        seconds=max(run.seconds for run in played.runs),
        outcomes=sha256(repr(outcome_table(played)).encode()).hexdigest(),
    )


def _requests(played: Played) -> int:
    """Requests of the first run."""
    return sum((heard.client, heard.run) == ("main", 0) for heard in played.log)


def _went_through(run: Run) -> bool:
    return run.report is not None and not run.report.counts.get("not-attempted")


def _unknown(played: Played, run: Run) -> Iterator[tuple[Row, Run]]:
    """The rows that a run left unknown."""
    if run.report is None:
        return
    rows = played.scenario.rows_of(run.sheet)
    for number, outcome in run.report.lines.select("row", "outcome").iter_rows():
        if outcome == "unknown" and number - 2 < len(rows):
            yield rows[number - 2], run


def _stands(row: Row, run: Run) -> bool:
    """Whether a row's order stood as wanted when the run ended."""
    orders = run.after.get(row.phone, [])
    if row.wants is None:
        return not orders
    return any(order["status"] == row.wants and row.fields.items() <= order.items() for order in orders)


@contextmanager
def processes(count: int) -> Iterator[ProcessPoolExecutor]:
    """Fresh processes; what is not done when the block ends is dropped."""
    pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def submit(pool: ProcessPoolExecutor, seeds: Iterable[int]) -> dict[int, Future[Summary]]:
    """Seed -> its summary to come."""
    return {seed: pool.submit(summarize, seed) for seed in seeds}


def catch(name: str, most: int, *, best: bool) -> tuple[int, Finding] | None:
    """`caught_after` by the mistake's name: functions of a table do not travel between processes.

    most: how many seeds may be needed. best: of the kind of day on which it shows best; else all seeds from 0 on.
    """
    mistake = next(one for one in MISTAKES if one.__name__ == name)
    return caught_after(mistake, best_seeds(mistake, most) if best else range(most))
