"""How fast one may send by what the server itself says of its limit. Pure: times are passed in.

In:  Hints, each with the turn of the request whose answer carried it.
Out: `pace`, requests a second, infinite while nothing is said; `opens_at`, before which nothing is left to send.
What `remaining` and `reset` mean differs: in a window the reset stands still and everything comes back at once; in a bucket it
moves on with every request and something comes back all the time. Which it is shows by whether the end moves. So:
a window is spent evenly over the time that is left of it; a bucket is taken from at the rate at which it fills. A window of an
hour is no pace: it is spent as it comes, and when nothing is left one request a minute asks again.
Rule source: issue 5, item 4; draft-ietf-httpapi-ratelimit-headers, which leaves the kind of limiter open.
"""

from __future__ import annotations

import math

from callcamp_sync.api.hints import PACED_SECONDS, Hint
from callcamp_sync.api.quota import Turn
from callcamp_sync.api.retry import LONGEST_WAIT

#: What is sent of what is allowed for ever.
_CAREFUL = 0.99

#: Seconds by which an end may seem to move though it does not: resets are whole seconds.
_ROUNDING = 1.5

#: A reset of fewer seconds than this says too little of how fast a bucket fills.
_TELLING = 5.0

#: Seconds after which what was said is taken as no longer true, counted from the end of its window.
_STALE = 60.0

#: Seconds that a window is given to end before the next one is begun.
_MARGIN = 0.05


class Allowance:
    """What the server last said, kept true by what was sent since. share: of the limit that is ours (of several processes)."""

    def __init__(self, *, share: float = 1.0) -> None:
        self._share = share
        self._told: Turn | None = None
        self._left = math.inf
        self._end = -math.inf
        self._window = 0.0
        self._rate: float | None = None
        self._said = False
        self._refills = False

    def scale(self, share: float) -> None:
        """Our part of the limit is `share` from now on; so is what is left of it."""
        self._left *= share / self._share
        self._share = share

    @property
    def rate(self) -> float | None:
        """Requests a second that may be sent for ever, as far as it is known."""
        return None if self._rate is None else self._rate * self._share

    def learn_rate(self, rate: float) -> None:
        """A rate that was said elsewhere (`/auth/me`)."""
        self._rate, self._said = rate, True

    def told(self, hint: Hint, turn: Turn, now: float) -> None:
        """An answer said this. Answers to earlier requests than the last one that spoke say nothing new."""
        if self._told is not None and turn.number <= self._told.number:
            return
        left, self._told = self._left, turn
        if hint.rate is not None:
            self._rate, self._said = hint.rate, True
        if hint.remaining is None or hint.reset is None:
            return
        end = now + hint.reset
        fresh = now >= self._end or (hint.remaining * self._share > left and end > self._end)
        if not fresh and end > self._end + _ROUNDING:
            self._refills = True
        self._end = end if fresh or self._refills else min(self._end, end)
        self._left = hint.remaining * self._share
        if not self._said and hint.limit is not None and hint.reset <= PACED_SECONDS:
            self._guess(hint.limit, hint.remaining, hint.reset, fresh=fresh)

    def _guess(self, limit: float, remaining: float, reset: float, *, fresh: bool) -> None:
        """The rate where only a limit is said: what fills a bucket up to it, or the longest window seen."""
        if self._refills:
            if reset >= _TELLING:
                self._rate = (limit - remaining) / (reset - 0.5)
        elif fresh and reset > 0:
            self._window = max(self._window, reset)
            self._rate = limit / self._window

    def pace(self, turn: Turn | None, now: float) -> float:
        """Requests a second to send at after `turn`, the last one that left."""
        if now > self._end + _STALE and not self._said:
            return math.inf
        steady = math.inf if self._rate is None else _CAREFUL * self._rate * self._share
        if self._said or self._told is None or turn is None or now >= self._end or self._refills:
            return steady
        if self._end - self._told.at > PACED_SECONDS:
            return math.inf
        return max(self._left_after(turn), 1.0) / max(self._end - now, 1e-3)

    def opens_at(self, turn: Turn | None, now: float) -> float:
        """Nothing is left before this time; in the past where something is."""
        if self._told is None or turn is None or now >= self._end + _MARGIN or self._left_after(turn) >= 1:
            return -math.inf
        if self._refills and self._rate:
            return self._told.at + (1 - self._left_after(turn)) / (self._rate * self._share)
        return min(self._end + _MARGIN, self._told.at + LONGEST_WAIT)

    def _left_after(self, turn: Turn) -> float:
        return self._left - (turn.number - self._told.number if self._told is not None else 0)
