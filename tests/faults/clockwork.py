"""An event loop whose time stands still while anything works, and jumps when everything waits.

In:  a coroutine function. Out: what it returns; `Clock` tells the loop's time as a wall clock.
Client and server of a scenario live in one loop and speak over real sockets. When no socket has anything to say and no thread
works, nothing can happen before the next timer is due: so the loop's time jumps there. A time-out of 30 s costs no second, and
none fires because the machine is slow: that is what makes a seed a scenario.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import anyio
import anyio.to_thread

T = TypeVar("T")

#: When every scenario begins, as its clock shows it.
EPOCH = datetime(2026, 5, 1, 12, tzinfo=UTC)

#: Loopback hands bytes on at once, but the kernel may be a moment late: real seconds to wait before time may jump.
_HUSH = 0.0004

#: Real seconds without any event, timer or thread, after which a scenario counts as hung.
_HUNG = 20.0


class HungError(RuntimeError):
    """Nothing is due and nothing can come: the program waits for something that will never happen."""


class _Selector(selectors.DefaultSelector):
    """Looks for events; where there are none, moves the time on instead of sleeping."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.working: Callable[[], bool] = lambda: False

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """As a selector does, in the loop's time."""
        events = super().select(0)
        while not events and timeout != 0:
            if self.working():
                events = super().select(0.05)
                continue
            events = super().select(_HUSH if timeout is not None else _HUNG)
            if events:
                break
            if timeout is None:
                raise HungError("nothing is due and nothing can come")
            self.now += max(timeout, 0.0)
            break
        return events


class _Loop(asyncio.SelectorEventLoop):
    """asyncio's own loop with another idea of time."""

    def __init__(self) -> None:
        self.clockwork = _Selector()
        super().__init__(self.clockwork)

    def time(self) -> float:
        """Seconds since the scenario began."""
        return self.clockwork.now


class Clock:
    """A loop's time, readable from any thread."""

    def __init__(self, loop: _Loop) -> None:
        self._loop = loop

    def now(self) -> datetime:
        """The time of day; a Bench's clock."""
        return EPOCH + timedelta(seconds=self._loop.time())

    def monotonic(self) -> float:
        """Seconds since the loop began; what a client measures waits with."""
        return self._loop.time()


def run(main: Callable[[Clock], Awaitable[T]]) -> T:
    """`anyio.run` in a loop of its own, from time 0."""

    async def begin() -> T:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, _Loop)
        limiter = anyio.to_thread.current_default_thread_limiter()
        loop.clockwork.working = lambda: limiter.borrowed_tokens > 0
        return await main(Clock(loop))

    return anyio.run(begin, backend_options={"loop_factory": _Loop})
