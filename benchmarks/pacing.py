"""The pace against servers that limit rates, in virtual time: how much of what they allow is got, how much is refused."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.quota_servers import (
    Bucket,
    Crowd,
    FixedWindow,
    Server,
    SlidingLog,
    Trial,
    Words,
    old_names,
    plain,
    policy,
    trial,
)
from benchmarks.table import Line
from callcamp_sync.api.hints import Hint
from callcamp_sync.api.pace import Pace
from callcamp_sync.api.quota import Turn

CONCURRENCY = 64
SEEDS = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Case:
    """name: of the server. make: a fresh one. tuned: whether the pace was made looking at it."""

    name: str
    make: Callable[[], Server]
    words: Words = plain
    tuned: bool = True


def _steady(rate: float, burst: float | None = None, *, costs: bool = False) -> Callable[[], Server]:
    return lambda: Bucket([(0, rate)], burst, costs)


RATES = (5, 20, 100)

CASES = (
    *(Case(f"bucket {rate}/s, 1 s burst", _steady(rate)) for rate in RATES),
    *(Case(f"bucket {rate}/s, burst 1", _steady(rate, 1)) for rate in RATES),
    *(Case(f"bucket {rate}/s, refusals cost quota", _steady(rate, costs=True)) for rate in RATES),
    *(Case(f"bucket {rate}/s, RateLimit headers", _steady(rate), policy) for rate in RATES),
    *(Case(f"{rate * 60} a minute, X-RateLimit headers", lambda r=rate: FixedWindow(r * 60, 60), old_names) for rate in RATES),  # type: ignore[misc]  # a default binds the loop's value
    Case("bucket 20/s, then 5/s, then 100/s", lambda: Bucket([(0, 20), (100, 5), (200, 100)])),
    Case("fixed window, 900 a minute", lambda: FixedWindow(900, 60), tuned=False),
    Case("sliding log, 150 in 5 s", lambda: SlidingLog(150, 5), tuned=False),
    Case("10 at once, 150 ms each", lambda: Crowd(10, 0.15), tuned=False),
    Case("bucket 45/s, burst 10", _steady(45, 10), tuned=False),
)


class _Backoff(Pace):
    """The baseline: no pace; all workers send until told to wait, then all wait as long as told."""

    def told(self, hint: Hint | None, turn: Turn, now: float) -> None:
        """Headers are not read."""

    def throttled(self, turn: Turn, now: float, wait: float) -> None:
        self.pause(wait, now)


def run(case: Case, seed: int) -> Trial:
    """One trial of the pace."""
    return trial(case.make(), Pace(concurrency=CONCURRENCY), words=case.words, seed=seed)


def relearned(kept: Trial, change: float, rate: float) -> float:
    """Seconds after `change` until ten seconds' answers reach nine tenths of `rate`."""
    times = kept.accepted
    for begin in range(int(change), 290):
        if sum(begin <= at < begin + 10 for at in times) >= 9 * rate:
            return begin - change
    return math.inf


def _line(case: Case) -> Line:
    trials = [run(case, seed) for seed in SEEDS]
    base = trial(case.make(), _Backoff(concurrency=8), words=case.words, seed=1)
    got, wasted = (statistics.median(getattr(one, name) for one in trials) for name in ("got", "wasted"))
    more = ""
    if "then" in case.name:
        seconds = max(relearned(one, change, rate) for one in trials for change, rate in ((100, 5), (200, 100)))
        more = f", relearned in {seconds:.0f} s at most"
    return Line(
        what=f"pace, 300 s of virtual time: {case.name}{'' if case.tuned else ' (not tuned on)'}",
        ours=f"{got:.3f} of allowed (min {min(one.got for one in trials):.3f}), {wasted:.2%} refused{more}",
        baseline=f"{base.got:.3f}, {base.wasted:.2%} refused",
        against="8 workers, one shared Retry-After gate",
        ratio=got / base.got if base.got else None,
        checked=all(lawful(one) for one in trials),
    )


def lawful(kept: Trial) -> bool:
    """Nobody left while a pause was on; what was not refused was accepted."""
    pauses = iter(sorted(kept.pauses))
    begin, end = next(pauses, (math.inf, math.inf))
    until = -math.inf
    for at, _ in kept.sent:
        while begin < at:
            until = max(until, end)
            begin, end = next(pauses, (math.inf, math.inf))
        if at < until - 1e-9:
            return False
    return len(kept.sent) - len(kept.accepted) - kept.refused <= CONCURRENCY


def lines() -> list[Line]:
    """One line a server."""
    return [_line(case) for case in CASES]
