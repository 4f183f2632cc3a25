"""Work on the parts of something large, several at once and in order. Pure but for the threads.

In:  the work, the parts, how many threads. Out: what the work makes of each part.
For work that leaves Python's lock alone: readers, compressors, polars.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")


def at_once(work: Callable[[T], U], parts: Iterable[T], *, workers: int) -> Iterator[U]:
    """What the work makes of each part, in order; no more parts are in memory than are worked on."""
    waiting: deque[Future[U]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for part in parts:
            waiting.append(pool.submit(work, part))
            if len(waiting) >= workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
