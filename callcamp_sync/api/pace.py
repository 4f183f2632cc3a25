"""How many requests are under way at once, and how fast they follow one another: one gate that all workers pass.

In:  a concurrency, a rate (requests a second, or none), what the server asked for.
Out: turns, first come, first served.
Rules: nobody passes before a pause ends that any answer asked for; with a rate the turns are evenly spaced, and time lost is
     not caught up (a burst is what rate limits punish); a throttled answer halves the number under way, once a pause, and
     good answers win it back one by one.
I/O: waits, through the clock and sleep that it is given.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio


class Gate:
    """The shared gate. One event loop, one run."""

    def __init__(
        self,
        *,
        concurrency: int,
        rate: float | None,
        monotonic: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._most = concurrency
        self._limit = float(concurrency)
        self._spacing = 1 / rate if rate else 0.0
        self._monotonic = monotonic
        self._sleep = sleep
        self._door = anyio.Lock()
        self._freed = anyio.Event()
        self._opens_at = float("-inf")
        self._next_turn = float("-inf")
        self.under_way = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn; it ends with the block. Turns are given in the order in which they were asked for."""
        async with self._door:
            while self.under_way >= int(self._limit):
                self._freed = anyio.Event()
                await self._freed.wait()
            await self._wait()
            self._next_turn = self._monotonic() + self._spacing
            self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1
            self._freed.set()

    async def _wait(self) -> None:
        """Until the gate is open. A pause may be set while one sleeps, so look again."""
        while (wait := max(self._opens_at, self._next_turn) - self._monotonic()) > 0:
            await self._sleep(wait)

    def pause(self, seconds: float) -> None:
        """Nobody passes for `seconds` from now. A shorter pause never shortens a longer one."""
        now = self._monotonic()
        if now >= self._opens_at:
            self._limit = max(1.0, self._limit / 2)
        self._opens_at = max(self._opens_at, now + seconds)

    def widen(self) -> None:
        """A good answer came: let more pass again, one more after as many good answers as are under way."""
        self._limit = min(float(self._most), self._limit + 1 / self._limit)
