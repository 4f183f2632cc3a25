"""Who shares a commit with whom: nobody while commits are cheap, everybody where single ones would take the time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import anyio
import pytest

from callcamp_sync import group_commit
from callcamp_sync.errors import StateError
from callcamp_sync.group_commit import GroupCommit

#: So many tasks are judged together.
WINDOW = group_commit._JUDGED_AFTER
LINE = group_commit._LINE


class Disk:
    """Keeps what it is told, commit by commit, and takes its time for each."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.commits: list[list[int]] = []

    def __call__(self, wanted: Sequence[int]) -> None:
        time.sleep(self.seconds)
        self.commits.append(list(wanted))


async def together(line: GroupCommit[int], numbers: Sequence[int], then: Callable[[int], None] = lambda _: None) -> None:
    """One task for each number, all at once."""

    async def ask(number: int) -> None:
        await line.join([number])
        then(number)

    async with anyio.create_task_group() as tasks:
        for number in numbers:
            tasks.start_soon(ask, number)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No disk of these tests is so slow that it gets a thread."""
    monkeypatch.setattr(group_commit, "_QUICK_SECONDS", 60.0)


async def test_cheap_commits_are_made_one_a_task_in_the_order_of_coming() -> None:
    disk = Disk()
    await together(GroupCommit(disk), [1, 2, 3])
    assert disk.commits == [[1], [2], [3]]


async def test_a_task_goes_on_before_the_commit_of_the_next_but_one() -> None:
    """Else all that arrive together would leave together, at the end of their common work."""
    disk, gone = Disk(), list[tuple[int, int]]()
    await together(GroupCommit(disk), [1, 2, 3], then=lambda number: gone.append((number, len(disk.commits))))
    assert gone == [(1, 1), (2, 2), (3, 3)]


async def test_who_finds_the_line_full_shares_the_last_commit_in_it() -> None:
    disk = Disk()
    await together(GroupCommit(disk), range(10))
    assert disk.commits == [[0], [1], [2], [3, *range(4, 10)]]
    assert len(disk.commits) == LINE


@pytest.mark.usefixtures("patient")
async def test_dear_commits_are_shared_by_all_that_come_together() -> None:
    disk = Disk(0.005)
    line = GroupCommit(disk)
    for number in range(WINDOW):
        await line.join([number])
    disk.commits.clear()
    await together(line, range(6))
    assert disk.commits == [[*range(6)]]


@pytest.mark.usefixtures("patient")
async def test_a_crowd_before_cheap_commits_is_reason_enough_to_share() -> None:
    disk = Disk()
    line = GroupCommit(disk)
    await line.join([0])
    await anyio.sleep(0.5)  # so that what commits take is little of the time
    await together(line, range(WINDOW))
    disk.commits.clear()
    await together(line, range(6))
    assert disk.commits == [[*range(6)]]


@pytest.mark.usefixtures("patient")
async def test_when_commits_are_cheap_again_each_task_has_its_own_again() -> None:
    disk = Disk(0.005)
    line = GroupCommit(disk)
    for number in range(WINDOW):
        await line.join([number])
    disk.seconds = 0.0
    await line.join([0])
    await anyio.sleep(0.5)  # seldom: what commits took is little of the time
    for number in range(WINDOW - 1):
        await line.join([number])
    disk.commits.clear()
    await together(line, [1, 2, 3])
    assert disk.commits == [[1], [2], [3]]


@pytest.mark.usefixtures("patient")
async def test_two_lines_of_one_loop_are_judged_together() -> None:
    """Campaigns that run side by side have the time of one loop between them."""
    dear = GroupCommit(Disk(0.005))
    for number in range(WINDOW):
        await dear.join([number])
    other = Disk()
    await together(GroupCommit(other), [1, 2, 3])
    assert other.commits == [[1, 2, 3]]


async def test_one_commit_is_over_before_the_next_begins_also_in_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "_QUICK_SECONDS", -1.0)  # the first one is slow, so that all others get threads
    events: list[str] = []

    def disk(wanted: Sequence[int]) -> None:
        events.append("begins")
        time.sleep(0.02)
        events.append("ends")

    line = GroupCommit(disk)
    await line.join([0])
    await together(line, [1, 2, 3])
    assert events == ["begins", "ends"] * 4


async def test_a_refusal_reaches_everybody_whose_wish_it_was_and_nobody_else() -> None:
    refused: dict[int, tuple[str, str | None]] = {}

    def disk(wanted: Sequence[int]) -> None:
        if 5 in wanted:
            raise StateError("the disk is full", hint="make room")

    line = GroupCommit(disk)

    async def ask(number: int) -> None:
        try:
            await line.join([number])
        except StateError as error:
            refused[number] = (error.message, error.hint)

    async with anyio.create_task_group() as tasks:
        for number in range(8):
            tasks.start_soon(ask, number)
    assert refused == dict.fromkeys([3, 4, 5, 6, 7], ("the disk is full", "make room")), "the last in line, and who shares it"
    await line.join([9])
