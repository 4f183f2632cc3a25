"""How many requests a second the server allows: learned from what it accepts and refuses. Pure: times are passed in.

In:  every request as it leaves (numbered), and whether it was accepted or throttled (429) in the end.
Out: `pace`, requests a second to send at; infinite until a first refusal says that there is a limit at all.

A pace holds when enough requests came through at it; then the next higher one is tried: quickly while nothing above has ever
failed, halfway towards the pace that failed, or, after a while, a little above it. A refusal is a cut. If the pace was new, the
one that held before it is right. If it had held, it is measured: between two refusals a token bucket was empty twice, so what was
accepted by the time between them is its rate; a server that lets nothing pile up loses the time in which we had to wait, so
there it is what was accepted by the rest of that time. The truth lies between the two.
There is one cut an epoch: refusals of requests that had left before the cut tell nothing new. A pace rises only while requests
really leave at it: what was not tried is not learned. How long is waited before a pace is tried that failed before depends on
what a refusal costs.
Rule source: issue 5, item 4; the ideas of TCP's congestion control (RFC 5681, RFC 6582). The figures: benchmarks/pacing.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

#: A pace holds after so many requests and seconds; while it grows quickly, after fewer.
_HOLD_REQUESTS, _HOLD_SECONDS = 8, 1.2
_QUICK_REQUESTS, _QUICK_SECONDS = 4, 0.6

#: Steps up while nothing above has failed; the last one repeats. From the one called quick on, paces hold sooner.
_STEPS = (1.12, 1.25, 1.5, 2.0)
_QUICK_STEP = 2

#: The largest step towards a pace that failed. The gap that is closed at once, the gap worth halving, the step beyond.
_TOWARDS = 1.5
_WIDE, _NARROW = 1.13, 1.05
_BEYOND = 1.03

#: A cut leaves this share of the pace that failed: at most, at least, and the first time that it fails right after another one.
_MOST, _LEAST, _ONCE = 0.97, 0.5, 0.9
#: Share of the first measurement that is begun with.
_CAREFUL = 0.98

#: What lies between two refusals, in times of the wait after the first: too brief to measure with, long enough to trust the pace.
_BRIEF, _LONG = 3.0, 6.0

#: No pace is slower: a server that allows less says so by Retry-After.
_SLOWEST = 0.2

#: So few accepted requests measure nothing.
_FEW = 4

#: Seconds until a pace that failed is tried again: at first; at most, as a multiple of the wait that a refusal brings, between
#: bounds. Three times as long where it is dear: nothing can pile up, so the wait is lost, and it holds up many requests.
_FIRST_PROBE = 2.0
_COSTS, _DEAR = 11.0, 4.0
_DEAR_REQUESTS = 8.0
_SHORTEST_MOST, _LONGEST_MOST = 8.0, 60.0

#: A cut in the middle of cruising puts the next try off by this share of it.
_PUT_OFF = 0.75


@dataclass(frozen=True, slots=True)
class Turn:
    """A request that left. number: from 1, in order. at: monotonic seconds. pace: at which it left."""

    number: int
    at: float
    pace: float


class Quota:
    """What is known of one server's limit. most: never faster. known: the pace of an earlier run, if any."""

    def __init__(self, *, most: float = math.inf, known: float | None = None) -> None:
        self._most = most
        self._last = Turn(0, 0.0, most)
        self._origin: Turn | None = None  # the last refusal that was a cut; before any, the first request
        self._paused = 0.0  # seconds of waiting after it
        self._refused = 0  # refusals since, itself included
        self._epoch = 0  # the first request that left after it
        self._ceiling: float | None = None  # the pace that failed
        self._good: float | None = None  # the pace that held before this one; None once this one has held
        self._step = 0
        self._held = 0
        self._from = Turn(1, math.inf, most)  # the first request at this pace
        self._probe_at = -math.inf
        self._probe_wait = _FIRST_PROBE
        self._dear = False
        self._again = False  # whether a cut came right after another one
        self.cuts = 0
        self.learned = known is not None
        self.pace = most
        if known is not None:
            self._take_up(known, ceiling=known)
            self._probe_wait = _SHORTEST_MOST

    def leave(self, now: float) -> Turn:
        """A request leaves."""
        turn = self._last = Turn(self._last.number + 1, now, self.pace)
        if self._origin is None:
            self._origin = Turn(0, now, self.pace)
            self._probe_at = now + self._probe_wait
        if turn.number == self._from.number:
            self._from = turn
        return turn

    def forgotten(self) -> Quota:
        """The same without what an earlier run knew; turns go on being counted."""
        fresh = Quota(most=self._most)
        fresh._last, fresh._origin = self._last, self._origin
        return fresh

    def scale(self, factor: float) -> None:
        """Our part of the limit is `factor` times what it was: what is known of the whole stays known.

        Refusals of requests that left before tell of the former part, so they are no cuts.
        """
        if factor == 1:
            return
        self._most *= factor
        self._ceiling = None if self._ceiling is None else self._ceiling * factor
        self._good = None if self._good is None else self._good * factor
        self.pace = min(self._most, max(_SLOWEST * min(factor, 1.0), self.pace * factor))
        self._held, self._from = 0, Turn(self._last.number + 1, math.inf, self.pace)
        self._epoch = self._last.number + 1

    # --- refused --------------------------------------------------------------------------------------------------------

    def refused(self, turn: Turn, now: float, wait: float) -> bool:
        """A request was throttled, and nobody will pass for `wait` seconds. Returns whether that is a cut."""
        if turn.number < self._epoch or self._origin is None:
            self._refused += 1
            return False
        probing = self._ceiling is not None and turn.pace > self._ceiling
        if self.learned:
            self._cut(turn, self._origin, wait, probing=probing)
        else:
            self._begin(turn, self._origin, wait)
        self.cuts += 1
        put_off = self._probe_wait * (1.0 if probing or self._dear else _PUT_OFF)
        self._probe_at = max(self._probe_at, now + wait + put_off)
        self._epoch = self._last.number + 1
        if self.learned:
            self._origin, self._paused, self._refused = turn, wait, 1
        return True

    def _begin(self, turn: Turn, origin: Turn, wait: float) -> None:
        """The first cut. What came through so far may have been a bucket's store, which fills again while we wait."""
        accepted = turn.number - 1 - self._refused
        if accepted <= 0:
            self._refused += 1
            return
        seconds = max(turn.at - origin.at, 1e-3)
        pace = _CAREFUL * accepted / (seconds + max(wait, 0.05))
        self.learned = True
        if accepted < _FEW:
            self._take_up(pace, ceiling=None, step=len(_STEPS) - 1)
        else:
            self._take_up(pace, ceiling=max(pace, accepted / seconds))

    def _cut(self, turn: Turn, origin: Turn, wait: float, *, probing: bool) -> None:
        """A pace failed: back to the one that held before it, or to what was measured since the last cut."""
        if probing:
            self._put_off_probes(turn, wait)
        if self._good is not None and self._good < turn.pace:
            self._take_up(self._good, ceiling=turn.pace)
            return
        accepted = max(0, turn.number - origin.number - self._refused)
        seconds = max(turn.at - origin.at, 1e-3)
        brief, long = seconds < _BRIEF * self._paused, seconds > _LONG * max(self._paused, 1.0)
        share = _MOST if long else min(_MOST, max(_LEAST, math.sqrt(accepted / seconds / turn.pace)))
        share = _ONCE if brief and not self._again else share
        self._again = brief
        steady = 2 * (turn.number - self._from.number) > accepted
        high = accepted / max(seconds - self._paused, 1e-3) if steady and not brief and not long else math.inf
        self._take_up(share * turn.pace, ceiling=max(share * turn.pace, min(turn.pace, high)))

    def _put_off_probes(self, turn: Turn, wait: float) -> None:
        """A try failed. It is dear where it failed at once: with next to nothing above the pace that held."""
        good = self._good or turn.pace
        spare = (turn.number - self._from.number) * (1 - good / turn.pace)
        self._dear = spare < 1 and wait * turn.pace > _DEAR_REQUESTS
        most = _COSTS * wait * (_DEAR if self._dear else 1.0)
        self._probe_wait = min(2 * self._probe_wait, _LONGEST_MOST, max(_SHORTEST_MOST, most))

    # --- accepted -------------------------------------------------------------------------------------------------------

    def accepted(self, turn: Turn, now: float) -> None:
        """A request was let through. After enough of them at this pace, try a higher one."""
        if not self.learned or turn.number <= self._from.number:
            return
        self._held += 1
        quick = self._step >= _QUICK_STEP
        seconds = turn.at - self._from.at
        if self._held < (_QUICK_REQUESTS if quick else _HOLD_REQUESTS) or seconds < (_QUICK_SECONDS if quick else _HOLD_SECONDS):
            return
        if turn.number - self._from.number < 0.8 * self.pace * seconds:
            self._take_up(self.pace, ceiling=self._ceiling, step=self._step)  # nobody sends that fast: not tried
        else:
            self._rise(now)

    def _rise(self, now: float) -> None:
        """This pace holds: the next one."""
        pace, ceiling, step = self.pace, self._ceiling, 0
        self._again = False
        if ceiling is not None and pace > ceiling:
            ceiling = None
        if ceiling is None:
            higher, step = pace * _STEPS[self._step], min(self._step + 1, len(_STEPS) - 1)
        elif ceiling > _WIDE * pace or (ceiling > _NARROW * pace and now >= self._probe_at):
            higher = min(_TOWARDS * pace, math.sqrt(pace * ceiling))
        elif now >= self._probe_at:
            higher = max(_BEYOND * pace, 1.002 * ceiling)
        else:
            self._good = None
            return
        self._take_up(higher, ceiling=ceiling, step=step)
        self._good = pace

    def _take_up(self, pace: float, *, ceiling: float | None, step: int = 0) -> None:
        """Another pace; only requests that leave from now on count for it."""
        self.pace = min(self._most, max(_SLOWEST, pace))
        self._ceiling, self._step, self._good = ceiling, step, None
        self._held = 0
        self._from = Turn(self._last.number + 1, math.inf, self.pace)
