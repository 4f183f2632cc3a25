"""When the next request may leave: one gate that all workers pass, of all clients of one account.

In:  a concurrency, a rate (requests a second, or none), every answer: good, throttled, and what its headers say.
Out: turns, first come, first served.
Rules: nobody passes before a pause ends that any answer asked for. Never faster than `rate`. Turns are evenly spaced, and time
     lost is not caught up (a burst is what rate limits punish). How fast: by what the server says of its limit (allowance),
     by what its refusals taught (quota), and by how many may be under way at once (window). What the user says wins: with a
     rate, what server and earlier runs said counts for nothing; a refusal still slows down.
`Pace` decides and is pure (times are passed in); `Gate` waits, through the clock and sleep that it is given.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

import anyio

from callcamp_sync.api.allowance import Allowance
from callcamp_sync.api.hints import Hint
from callcamp_sync.api.quota import Quota, Turn
from callcamp_sync.api.window import Window

#: Timers are late by a millisecond or so: at a spacing below SHORT seconds, lateness up to this is caught up.
_SHORT, _CAUGHT_UP = 0.005, 0.002

#: After a cut, how many turns' worth of quiet there is at least, so that the next request is not refused at once.
_QUIET_TURNS = 2


class Pace:
    """What is known of one server and one account: when may the next request leave?

    concurrency: the most under way at once. rate: requests a second, never more. share: how much of the account's limit is ours,
    where several processes divide it: of the rate, of what the server says, of what was remembered. known: requests a second
    that an earlier run could send, all processes together.
    """

    def __init__(self, *, concurrency: int, rate: float | None = None, share: float = 1.0, known: float | None = None) -> None:
        self._share = share
        self._concurrency = concurrency
        self.closed = False
        self._by_user = rate is not None
        self.quota = Quota(
            most=math.inf if rate is None else rate * share,
            known=None if known is None or self._by_user else known * share,
        )
        self.allowance = Allowance(share=share)
        self.window = Window(most=concurrency)
        self.under_way = 0
        self._last: Turn | None = None
        self._opens_at = -math.inf
        self._due = -math.inf

    def take(self, share: float) -> None:
        """Our part of the account's limit is `share` from now on: of rate, of what is known, of how many are under way at once.

        With 0 nobody passes, and what is known stays as it is.
        """
        self.closed = share <= 0
        if self.closed:
            return
        self.quota.scale(share / self._share)
        self.allowance.scale(share)
        self.window.most = max(1, int(self._concurrency * share))
        self._share = share

    @property
    def learned(self) -> float | None:
        """Requests a second of the whole account, as this run knows it: said by the server, or taught by refusals."""
        rate = self.allowance.rate
        if rate is None and self.quota.cuts and self.quota.learned:
            rate = self.quota.pace
        return None if rate is None else rate / self._share

    def pace(self, now: float) -> float:
        """Requests a second at which turns are given; infinite while nothing limits them."""
        if self._by_user:
            return self.quota.pace
        return min(self.quota.pace, self.allowance.pace(self._last, now))

    def wait(self, now: float) -> float:
        """Seconds until the next request may leave: 0 or less, it may; infinite, one must come back first."""
        if self.closed:
            return math.inf
        if self.under_way >= self.window.size(self.pace(now)):
            self.window.blocked()
            return math.inf
        opens_at = max(self._opens_at, self._due)
        if not self._by_user:
            opens_at = max(opens_at, self.allowance.opens_at(self._last, now))
        return opens_at - now

    def leave(self, now: float) -> Turn:
        """A request leaves; `wait` has allowed it."""
        pace = self.pace(now)
        spacing = 1 / pace
        late = now - self._due
        begin = self._due if spacing < _SHORT and late <= _CAUGHT_UP else now
        self._due = begin + spacing
        self.under_way += 1
        self._last = self.quota.leave(now)
        return self._last

    def back(self) -> None:
        """A request is no longer under way, however it ended."""
        self.under_way -= 1

    def told(self, hint: Hint | None, turn: Turn, now: float) -> None:
        """What the answer to `turn` says of the limit."""
        if hint is not None:
            if self.allowance.rate is None and not self.quota.cuts:
                self.quota = self.quota.forgotten()
            self.allowance.told(hint, turn, now)

    def hear(self, rate: float) -> None:
        """The account may send `rate` requests a second, all processes together."""
        if self.allowance.rate is None:
            self.quota = self.quota if self.quota.cuts else self.quota.forgotten()
            self.allowance.learn_rate(rate)

    def accepted(self, turn: Turn, now: float) -> None:
        """A good answer came."""
        self.window.answered(turn, self._last or turn, now)
        self.quota.accepted(turn, now)

    def throttled(self, turn: Turn, now: float, wait: float) -> None:
        """A 429 came, and `wait` seconds are to pass."""
        self.pause(wait, now)
        if self.quota.refused(turn, now, wait):
            if self.quota.learned:
                self._due = max(self._due, now + _QUIET_TURNS / self.quota.pace)
            else:
                self.window.halve()

    def pause(self, seconds: float, now: float) -> None:
        """Nobody passes for `seconds` from now. A shorter pause never shortens a longer one."""
        self._opens_at = max(self._opens_at, now + seconds)


class Gate:
    """The gate before one Pace. One event loop; any number of workers and clients."""

    def __init__(self, pace: Pace, *, monotonic: Callable[[], float], sleep: Callable[[float], Awaitable[None]]) -> None:
        self.pace = pace
        self._monotonic = monotonic
        self._sleep = sleep
        self._door = anyio.Lock(fast_acquire=True)
        self._freed = anyio.Event()

    async def enter(self) -> Turn:
        """Wait for a turn, in the order in which turns are asked for; `leave` ends it."""
        async with self._door:
            while (wait := self.pace.wait(self._monotonic())) > 0:
                if wait == math.inf:
                    self._freed = anyio.Event()
                    await self._freed.wait()
                else:
                    await self._sleep(wait)
            return self.pace.leave(self._monotonic())

    @property
    def wanted(self) -> bool:
        """Whether anybody waits here, or is under way."""
        return self._door.locked() or self.pace.under_way > 0

    def take(self, share: float) -> None:
        """Pass no faster than this part of the account's limit allows; with 0 nobody passes."""
        self.pace.take(share)
        self._freed.set()

    def leave(self) -> None:
        """End a turn."""
        self.pace.back()
        self._freed.set()

    def told(self, hint: Hint | None, turn: Turn) -> None:
        """What the answer to `turn` says of the limit."""
        self.pace.told(hint, turn, self._monotonic())

    def hear(self, rate: float) -> None:
        """What the account says of its limit."""
        self.pace.hear(rate)

    def accepted(self, turn: Turn) -> None:
        """A good answer came."""
        self.pace.accepted(turn, self._monotonic())

    def throttled(self, turn: Turn, wait: float) -> None:
        """A 429 came; nobody passes for `wait` seconds."""
        self.pace.throttled(turn, self._monotonic(), wait)

    def pause(self, seconds: float) -> None:
        """Nobody passes for `seconds` from now."""
        self.pace.pause(seconds, self._monotonic())
