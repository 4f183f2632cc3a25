"""Where the simulator reaches into a process: names of modules and classes that stand for something else for a while.

In:  (where, name, what stands there meanwhile). Out: contexts after which everything is as it was.
Two kinds of use, and no third: lending the client the outside world (time, chance, an unwritten workbook), and breaking it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

import anyio
import anyio.to_thread

from callcamp_sync.api import client
from callcamp_sync.api.exchange import Runtime
from callcamp_sync.report import files

from .clockwork import Clock

Swap = tuple[Any, str, Any]
T = TypeVar("T")

#: How long a commit takes, in the loop's time.
_DISK_SECONDS = 0.003


@contextmanager
def swapped(swaps: Sequence[Swap]) -> Iterator[None]:
    """Put things in the places of others; nothing happens if one of the places does not exist (AttributeError)."""
    own = [(where, name, getattr(where, name)) for where, name, _ in swaps]
    for where, name, other in swaps:
        setattr(where, name, other)
    try:
        yield
    finally:
        for where, name, former in own:
            setattr(where, name, former)


def without_workbook() -> AbstractContextManager[None]:
    """Leave the workbook of each report unwritten: it costs three times as much as the rest of a run, and has its own tests."""
    return swapped([(files, "write_workbook", lambda *_, **__: ())])


def lending(clock: Clock, seed: int) -> AbstractContextManager[None]:
    """Lend the client the loop's time and a generator of the seed's (its Runtime takes both, by design), and no threads.

    When a thread ends depends on the machine, and with it which intents share a commit. So what would run in a thread runs in
    the loop, after the few milliseconds that a disk takes. The kill loop has the real threads.
    """
    lent = Runtime(monotonic=clock.monotonic, now=clock.now, rng=random.Random(seed))
    return swapped([(client, "Runtime", lambda: lent), (anyio.to_thread, "run_sync", _in_the_loop)])


async def _in_the_loop(work: Callable[..., T], *args: object, **_: object) -> T:
    await anyio.sleep(_DISK_SECONDS)
    return work(*args)
