"""Servers that limit rates, in a time of their own, and a pace that is tried against them: 300 seconds in one or two.

In:  a server's rule, how its answers say what is left, a Pace, a seed.
Out: how much of what the server allows was got, and how much was refused.
Time: 10 ms to the server (jitter 0.1 ms), 80 ms until a good answer is back (log-normal, sigma 0.3), 20 ms for a refusal; timers
are late by some 0.2 ms. Waits are told in whole seconds, rounded up, as most servers do.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from callcamp_sync.api.hints import from_headers
from callcamp_sync.api.pace import Pace
from callcamp_sync.api.quota import Turn
from callcamp_sync.api.retry import delay, retry_after

#: The time of day when a trial begins; whole, so that resets as instants are easily told.
EPOCH = datetime(2026, 5, 1, tzinfo=UTC)

_TO_SERVER, _BACK, _REFUSAL = 0.01, 0.08, 0.02


@dataclass(frozen=True, slots=True)
class Heard:
    """What a server makes of one request. left, reset: what it could say of its limit."""

    accepted: bool
    wait: float = 0.0
    left: float = 0.0
    reset: float = 0.0


class Server(Protocol):
    """limit, window: what it could say of its policy."""

    @property
    def limit(self) -> float: ...

    @property
    def window(self) -> float: ...

    def hear(self, now: float) -> Heard:
        """A request arrives."""

    def allows(self, seconds: float) -> float:
        """How many requests it lets through in that time, its store apart."""


@dataclass(slots=True)
class Bucket:
    """A token bucket. schedule: (from second, rate). burst: tokens it holds, or None for one second's worth.
    costs: whether refused requests take tokens too, into debt, down to the bucket's size."""

    schedule: Sequence[tuple[float, float]]
    burst: float | None = None
    costs: bool = False
    _tokens: float = math.inf
    _at: float = 0.0

    def _rate(self, now: float) -> float:
        return [rate for begin, rate in self.schedule if now >= begin][-1]

    @property
    def limit(self) -> float:
        return self._size(0.0)

    @property
    def window(self) -> float:
        return self.limit / self._rate(0.0)

    def _size(self, now: float) -> float:
        return self._rate(now) if self.burst is None else self.burst

    def hear(self, now: float) -> Heard:
        rate, size = self._rate(now), self._size(now)
        self._tokens, self._at = min(size, self._tokens + (now - self._at) * rate), now
        accepted = self._tokens >= 1
        wait = (1 - self._tokens) / rate
        if accepted or self.costs:
            self._tokens = max(self._tokens - 1, -size)
        return Heard(accepted, max(0.0, wait), max(0.0, self._tokens), (size - self._tokens) / rate)

    def allows(self, seconds: float) -> float:
        ends = [begin for begin, _ in self.schedule[1:]] + [seconds]
        return sum(rate * (end - begin) for (begin, rate), end in zip(self.schedule, ends, strict=True))


@dataclass(slots=True)
class FixedWindow:
    """So many in each window of `window` seconds, which all begin by the server's clock."""

    limit: float
    window: float
    _count: int = 0
    _which: int = -1

    def hear(self, now: float) -> Heard:
        which = int(now // self.window)
        self._count = 1 if which != self._which else self._count + 1
        self._which = which
        reset = (which + 1) * self.window - now
        return Heard(self._count <= self.limit, reset, max(0.0, self.limit - self._count), reset)

    def allows(self, seconds: float) -> float:
        return self.limit * seconds / self.window


@dataclass(slots=True)
class SlidingLog:
    """At most `limit` in any `window` seconds; costs: refused requests stand in the log too."""

    limit: float
    window: float
    costs: bool = False
    _log: deque[float] = field(default_factory=deque)

    def hear(self, now: float) -> Heard:
        while self._log and self._log[0] <= now - self.window:
            self._log.popleft()
        accepted = len(self._log) < self.limit
        wait = 0.0 if accepted else self._log[len(self._log) - int(self.limit)] + self.window - now
        if accepted or self.costs:
            self._log.append(now)
        return Heard(accepted, wait, max(0.0, self.limit - len(self._log)), self.window)

    def allows(self, seconds: float) -> float:
        return self.limit * seconds / self.window


@dataclass(slots=True)
class Crowd:
    """Refuses what comes while `limit` requests are at work; each takes `window` seconds. Says nothing of waiting."""

    limit: float
    window: float
    _ends: list[float] = field(default_factory=list)

    def hear(self, now: float) -> Heard:
        while self._ends and self._ends[0] <= now:
            heapq.heappop(self._ends)
        accepted = len(self._ends) < self.limit
        if accepted:
            heapq.heappush(self._ends, now + self.window)
        return Heard(accepted, -1.0)

    def allows(self, seconds: float) -> float:
        return self.limit * seconds / self.window


Words = Callable[[Server, Heard], Mapping[str, str]]


def plain(server: Server, heard: Heard) -> Mapping[str, str]:
    """Only Retry-After, and only with a refusal."""
    return {} if heard.accepted or heard.wait < 0 else {"retry-after": str(max(1, math.ceil(heard.wait)))}


def policy(server: Server, heard: Heard) -> Mapping[str, str]:
    """The standard's draft: the policy and what is left of it."""
    said = f'"default";q={server.limit:.0f};w={max(1, math.ceil(server.window))}'
    left = f'"default";r={math.floor(heard.left)};t={math.ceil(heard.reset)}'
    return {**plain(server, heard), "ratelimit-policy": said, "ratelimit": left}


def old_names(server: Server, heard: Heard) -> Mapping[str, str]:
    """Limit, remaining and reset, as most servers say it; the window is not told."""
    said = {"limit": server.limit, "remaining": math.floor(heard.left), "reset": math.ceil(heard.reset)}
    return {**plain(server, heard), **{f"x-ratelimit-{name}": f"{value:.0f}" for name, value in said.items()}}


@dataclass(slots=True)
class Trial:
    """accepted: the seconds at which good answers came. refused: how many were not. sent: (seconds, pace) of every request."""

    allowed: float
    accepted: list[float] = field(default_factory=list)
    refused: int = 0
    sent: list[tuple[float, float]] = field(default_factory=list)
    pauses: list[tuple[float, float]] = field(default_factory=list)
    pace: Pace | None = None

    @property
    def got(self) -> float:
        """Share of what the server allows."""
        return len(self.accepted) / self.allowed

    @property
    def wasted(self) -> float:
        """Share of the requests that were refused."""
        return self.refused / max(1, len(self.sent))


def trial(server: Server, pace: Pace, *, words: Words = plain, seconds: float = 300.0, seed: int = 1) -> Trial:
    """Send as much as the pace lets, always more at hand, for so many seconds of the server's time."""
    return _Trial(server, pace, words, random.Random(seed)).run(seconds)


@dataclass(slots=True)
class _Trial:
    server: Server
    pace: Pace
    words: Words
    rng: random.Random
    now: float = 0.0
    rounds: int = 0
    counted_at: float = -1.0
    events: list[tuple[float, int, Turn, Heard | None]] = field(default_factory=list)
    number: int = 0

    def run(self, seconds: float) -> Trial:
        kept = Trial(self.server.allows(seconds), pace=self.pace)
        while self.now < seconds:
            wait = self.pace.wait(self.now)
            if wait <= 0:
                kept.sent.append((self.now, self.pace.pace(self.now)))
                self._push(_TO_SERVER + abs(self.rng.gauss(0, 0.0001)), self.pace.leave(self.now), None)
                continue
            late = abs(self.rng.gauss(0, 0.0002))
            self.now = min(self.now + wait + late, self.events[0][0] if self.events else math.inf)
            while self.events and self.events[0][0] <= self.now:
                self._happen(kept)
        return kept

    def _push(self, seconds: float, turn: Turn, heard: Heard | None) -> None:
        self.number += 1
        heapq.heappush(self.events, (self.now + seconds, self.number, turn, heard))

    def _happen(self, kept: Trial) -> None:
        self.now, _, turn, heard = heapq.heappop(self.events)
        if heard is None:
            heard = self.server.hear(self.now)
            back = _BACK * self.rng.lognormvariate(-0.045, 0.3) if heard.accepted else _REFUSAL
            self._push(back, turn, heard)
            return
        headers = self.words(self.server, heard)
        self.pace.back()
        self.pace.told(from_headers(headers, now=EPOCH), turn, self.now)
        if heard.accepted:
            self.rounds = 0
            kept.accepted.append(self.now)
            self.pace.accepted(turn, self.now)
            return
        kept.refused += 1
        if turn.at >= self.counted_at:
            self.rounds, self.counted_at = self.rounds + 1, self.now
        wait = delay(self.rounds, retry_after(headers, now=EPOCH), self.rng)
        kept.pauses.append((self.now, self.now + wait))
        self.pace.throttled(turn, self.now, wait)
