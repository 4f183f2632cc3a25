"""Work that keeps a processor busy, done in a thread: the event loop goes on answering, for this run and for those beside it.

Without it, a job that reads a large sheet would let the requests of other jobs run into their time limits, and a create whose
answer lay there unread would count as unknown. Who waits may be cancelled; the work is then left to end alone, so it must change
nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

import anyio.to_thread

P = ParamSpec("P")
T = TypeVar("T")


async def aside(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work` returns or raises."""
    return await anyio.to_thread.run_sync(partial(work, *args, **kwargs), abandon_on_cancel=True)
