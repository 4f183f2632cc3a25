"""Two things at once: both results, and of two mistakes always the same one."""

from __future__ import annotations

import anyio
import pytest

from callcamp_sync.aside import both
from callcamp_sync.errors import MappingError, StateError


async def test_both_are_done_at_the_same_time_and_both_results_come_back() -> None:
    started = anyio.Event()

    async def waits() -> str:
        await started.wait()
        return "sheet"

    async def starts() -> int:
        started.set()
        return 1

    with anyio.fail_after(5):
        assert await both(waits, starts) == ("sheet", 1)
        assert await both(starts, waits) == (1, "sheet")


@pytest.mark.parametrize("first", [pytest.param(True, id="before it"), pytest.param(False, id="after it")])
async def test_the_sheets_mistake_is_told_also_where_the_other_one_came(first: bool) -> None:
    async def wrong_sheet() -> None:
        await anyio.sleep(0.01 if first else 0)
        raise MappingError("no such column")

    async def no_server() -> None:
        await anyio.sleep(0 if first else 0.01)
        raise StateError("no server")

    with pytest.raises(MappingError, match="no such column"):
        await both(wrong_sheet, no_server)


async def test_a_mistake_on_the_other_side_is_told_when_the_work_is_done() -> None:
    done: list[str] = []

    async def work() -> None:
        await anyio.sleep(0.01)
        done.append("sheet")

    async def no_server() -> None:
        raise StateError("no server")

    with pytest.raises(StateError, match="no server"):
        await both(work, no_server)
    assert done == ["sheet"]


async def test_what_is_read_meanwhile_is_given_up_when_the_work_fails() -> None:
    async def work() -> None:
        raise MappingError("no such column")

    with anyio.fail_after(5), pytest.raises(MappingError):
        await both(work, anyio.sleep_forever)


@pytest.mark.parametrize("side", [0, 1])
async def test_a_bug_comes_as_itself(side: int) -> None:
    async def broken() -> None:
        raise ZeroDivisionError("a bug")

    async def waits() -> None:
        await anyio.sleep(0.01)

    pair = (broken, waits) if side == 0 else (waits, broken)
    with pytest.raises(ZeroDivisionError, match="a bug"):
        await both(*pair)
