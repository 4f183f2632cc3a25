"""The pieces of a sheet, read by workers: the engine of `preparing`.

In:  pieces, and where to send them. Out: what became of each, as it comes. A piece whose worker dies is read by another one: its
files are written whole or not at all, under the same names. I/O: the network; every worker must reach sheet and folder.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from distributed import as_completed

from callcamp_sync.cluster import opened
from callcamp_sync.errors import StateError
from callcamp_sync.preparing import Done, Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Partitions:
    """An engine. scheduler: an address; null for processes of this machine, so many. memory: a limit for each of them."""

    scheduler: str | None
    processes: int
    memory: str | None = None

    async def __call__(self, do: Callable[[Work], Done], works: Sequence[Work]) -> AsyncIterator[Done]:
        """Do every piece. Raises StateError where no worker could."""
        name = secrets.token_hex(4)
        async with opened.opened(self.scheduler, processes=self.processes, memory=self.memory) as client:
            keys = [f"callcamp-{name}-{work.number}" for work in works]
            sent = [client.submit(do, work, key=key, pure=False) for work, key in zip(works, keys, strict=True)]
            async for future in as_completed(sent):
                if future.status != "finished":
                    raise _lost(await future.exception() if future.status == "error" else None)
                yield await future


def _lost(error: BaseException | None) -> StateError:
    kind = type(error).__name__ if error is not None else "the scheduler is gone"
    return StateError(
        f"no worker could read a piece of the sheet ({kind})",
        hint="give workers more memory (`--memory`), and see that all of them reach the sheet and the folder",
    )
