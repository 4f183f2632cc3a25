"""Reads all pages of one list, several at once. It fetches and feeds; what the pages prove is decided in paging.

In:  how to fetch one page, the list's name in the answer, the columns to keep.
Out: a Listing.
I/O: only what `fetch` does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio

from callcamp_sync.api.columns import Source
from callcamp_sync.api.paging import LONG_PASSES, PASSES, SHORT, Listing, Pass, combine
from callcamp_sync.errors import SyncError

#: Fetches one page by its number; raises SyncError.
Fetch = Callable[[int], Awaitable[dict[str, Any]]]

#: Called after every page with (pages done, pages expected by now).
OnPage = Callable[[int, int], None]


async def read_all(
    fetch: Fetch, name: str, columns: Mapping[str, Source], *, workers: int, on_page: OnPage | None = None
) -> Listing:
    """Every item of the list `name`; read again while nothing proves that none was missed, up to PASSES times.

    After a change in the middle only the pages that came before it are read again.

    Raises the SyncError of the first page that could not be read: part of a list is never passed off as the list.
    """
    passes = [Pass(name, columns)]
    await _one_pass(passes[0], fetch, workers, on_page)
    # Counted in answers, not in pages that a server promises: a `total` may be of any size.
    most = passes[0].done * (PASSES if passes[0].done <= SHORT else LONG_PASSES)
    while not passes[-1].proved and sum(one.done for one in passes) < most:
        passes.append(passes[-1].follow())
        await _one_pass(passes[-1], fetch, workers, on_page)
    return combine(passes, columns)


async def _one_pass(into: Pass, fetch: Fetch, workers: int, on_page: OnPage | None) -> None:
    """The first page alone, for it says how many there are; then the others in order, several at once."""
    failures: list[SyncError] = []

    async def work(most: int | None = None) -> None:
        while most != 0 and not failures and (number := into.next_page()) is not None:
            try:
                into.take(number, await fetch(number))
            except SyncError as error:
                failures.append(error)
                return
            most = None if most is None else most - 1
            if on_page is not None:
                on_page(into.done, max(into.done, into.pages))

    await work(most=1)
    async with anyio.create_task_group() as group:
        for _ in range(min(workers, into.pages - 1)):
            group.start_soon(work)
    if failures:
        raise failures[0]
