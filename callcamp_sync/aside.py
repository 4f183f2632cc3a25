"""Work that keeps a processor busy, done in a thread: the event loop goes on answering, for this run and for those beside it.

Without it, a job that reads a large sheet would let the requests of other jobs run into their time limits, and a create whose
answer lay there unread would count as unknown. Who waits may be cancelled; the work is then left to end alone, so it must change
nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import ParamSpec, TypeVar

import anyio
import anyio.to_thread

from callcamp_sync.errors import SyncError

P = ParamSpec("P")
T = TypeVar("T")
U = TypeVar("U")


async def aside(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work` returns or raises."""
    return await anyio.to_thread.run_sync(partial(work, *args, **kwargs), abandon_on_cancel=True)


async def both(work: Callable[[], Awaitable[T]], meanwhile: Callable[[], Awaitable[U]]) -> tuple[T, U]:
    """What the two return, done at the same time.

    An error of `work` ends both and is raised. One of `meanwhile` is raised when `work` is done: whichever of two mistakes
    comes first by the clock, the same one is told.
    """
    done: list[T] = []
    other: list[U | SyncError] = []

    async def read() -> None:
        try:
            other.append(await meanwhile())
        except SyncError as error:
            other.append(error)

    try:
        async with anyio.create_task_group() as group:
            group.start_soon(read)
            done.append(await work())
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    if isinstance(other[0], SyncError):
        raise other[0]
    return done[0], other[0]
