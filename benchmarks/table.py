"""One line of the table: what was measured, beside its baseline in the same run. Printing only: nothing is asserted."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """what: the case and its size. ours, baseline: with units. against: what the baseline is. checked: the answer held."""

    what: str
    ours: str
    baseline: str
    against: str
    ratio: float | None
    checked: bool


def median_seconds(work: Callable[[], object], *, runs: int = 3) -> float:
    """Median wall time of `work` over some runs."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def raced(*works: Callable[[], object], runs: int = 3) -> list[float]:
    """Median CPU seconds of each work, all threads of this process; they take turns, so that neighbours disturb all alike."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(runs):
        for work, found in zip(works, times, strict=True):
            start = time.process_time()
            work()
            found.append(time.process_time() - start)
    return [statistics.median(found) for found in times]


def in_turn(ours: Callable[[], object], baseline: Callable[[], object], *, runs: int = 3) -> tuple[float, float]:
    """Median wall times of both, taken in turn, so that a busy minute of the machine hits both."""
    pairs = [(median_seconds(ours, runs=1), median_seconds(baseline, runs=1)) for _ in range(runs)]
    return statistics.median(one for one, _ in pairs), statistics.median(other for _, other in pairs)


def shown(lines: list[Line]) -> str:
    """The lines as a Markdown table."""
    head = "| what | ours | baseline | baseline is | ratio | answer checked |\n|---|---|---|---|---|---|"
    rows = [
        f"| {one.what} | {one.ours} | {one.baseline} | {one.against} | {'' if one.ratio is None else f'{one.ratio:.2f}'} "
        f"| {'yes' if one.checked else 'NO'} |"
        for one in lines
    ]
    return "\n".join([head, *rows])
