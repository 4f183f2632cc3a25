"""How many requests are under way at once. Pure: times are passed in.

In:  requests as they are answered, with their seconds; the pace, where there is one.
Out: `size`, at least 1, at most what the user allows.
While no limit is known the window begins at one request, then four, and doubles with each round (the time in which a request
comes back), as long as the answers come the faster for it: a server that only queues what is sent at once answers no sooner, it
only lets requests grow old. With a pace, the window is twice what rate and latency ask for (Little's law), so that one slow
answer does not become a hundred.
Rule source: issue 5, item 4; slow start as in RFC 5681.
"""

from __future__ import annotations

import math

from callcamp_sync.api.quota import Turn

#: The window after the first answer, its growth in each round after that, and the least that a pace leaves.
_SECOND, _GROWTH, _LEAST = 4, 2, 4

#: The window that a run may begin its writes with when all it did before was to read, one page after another.
_UNTRIED = 8

#: By how much the answers a second must have grown when the window has.
_FOLLOWS = 1.15

#: Seconds for which the window does not grow after growth was in vain; twice as long each time.
_FIRST_REST, _LONGEST_REST = 0.25, 8.0


class Window:
    """The window of one server. most: never more."""

    def __init__(self, *, most: int) -> None:
        self.most = most
        self._open = 1
        self._latency: float | None = None
        self._before: tuple[int, float] | None = None  # the window of the last round, and its answers a second
        self._answers = 0
        self._since: float | None = None
        self._round = 1  # the round ends when this request, or a later one, is answered
        self._wanted = False
        self._rests_until = -math.inf
        self._rest = _FIRST_REST

    def size(self, pace: float) -> int:
        """How many may be under way. pace: requests a second, or infinite."""
        if pace == math.inf:
            return min(self.most, self._open)
        if self._latency is None:
            return self.most
        return min(self.most, math.ceil(max(_LEAST, 2 * pace * self._latency)))

    def blocked(self) -> None:
        """Somebody waits for the window: only then does its size mean anything."""
        self._wanted = True

    def answered(self, turn: Turn, last: Turn, now: float) -> None:
        """A good answer to `turn` came; `last` is the one that left last."""
        seconds = now - turn.at
        self._latency = seconds if self._latency is None else self._latency + (seconds - self._latency) / 16
        self._answers += 1
        if turn.number < self._round:
            return
        if self._since is not None and self._wanted and now > max(self._since, self._rests_until):
            self._grow(self._answers / (now - self._since), now)
        elif self._since is None:
            self._open = min(self.most, _SECOND)
        elif not self._wanted:
            self._open = min(self.most, max(self._open, _UNTRIED))
        self._since, self._answers, self._wanted, self._round = now, 0, False, last.number + 1

    def _grow(self, rate: float, now: float) -> None:
        """The end of a round at `rate` answers a second: back to the window before if that was no slower, else a larger one."""
        before = self._before
        if before is not None and self._open > before[0] and rate < _FOLLOWS * before[1]:
            self._open = before[0]
            self._rests_until, self._rest = now + self._rest, min(_LONGEST_REST, 2 * self._rest)
            return
        self._before = (self._open, rate)
        self._open = min(self.most, self._open * _GROWTH)

    def halve(self) -> None:
        """A refusal came before anything was learned."""
        self._open = max(1, self._open // 2)
        self._before = None
