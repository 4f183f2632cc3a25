"""Where commits are made: at once while the disk is quick, in a thread while it is slow; and what is spared from collection."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import Mock

import anyio
import pytest
from journal_cases import RUN, create, start

from callcamp_sync import group_commit
from callcamp_sync.journal import Journal
from callcamp_sync.model import Step
from callcamp_sync.tally import Stop, Tally

NOW = datetime(2026, 5, 10, 14, 30, tzinfo=UTC)


class Disk:
    """A clock that is read once a commit, where the disk would be waited for: it notes the thread and takes its time."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.threads: list[int] = []

    def __call__(self) -> datetime:
        self.threads.append(threading.get_ident())
        time.sleep(self.seconds)
        return NOW


@contextmanager
def opened(path: Path, disk: Disk) -> Iterator[Journal]:
    with Journal.open(path / "journal.sqlite3", clock=disk) as journal:
        start(journal, RUN)
        disk.threads.clear()
        yield journal


@pytest.fixture
def generous(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no slow disk."""
    monkeypatch.setattr(group_commit, "_QUICK_SECONDS", 0.2)


@pytest.mark.usefixtures("generous")
async def test_a_quick_disk_is_written_to_without_a_thread(tmp_path: Path) -> None:
    disk = Disk()
    with opened(tmp_path, disk) as journal:
        for number in range(5):
            await journal.intent(RUN, create(number), 1)
        assert len(journal.steps(RUN)) == 5
    assert set(disk.threads) == {threading.get_ident()}


@pytest.mark.usefixtures("generous")
async def test_after_a_slow_commit_the_loop_goes_on_while_others_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two in a thread, during which other tasks get their turns; then the disk is tried again."""
    monkeypatch.setattr(group_commit, "_SLOW_COMMITS", 2)
    disk, turns = Disk(), 0

    async def others() -> None:
        nonlocal turns
        while True:
            await anyio.sleep(0.001)
            turns += 1

    with opened(tmp_path, disk) as journal:
        disk.seconds = 0.3
        await journal.intent(RUN, create(0), 1)
        async with anyio.create_task_group() as group:
            group.start_soon(others)
            await journal.intent(RUN, create(1), 1)
            group.cancel_scope.cancel()
        disk.seconds = 0.0
        await journal.intent(RUN, create(2), 1)
        await journal.intent(RUN, create(3), 1)
        assert len(journal.steps(RUN)) == 4
    here = threading.get_ident()
    assert [thread == here for thread in disk.threads] == [True, False, False, True]
    assert turns > 5


async def test_what_stands_is_spared_from_collection_while_steps_are_sent() -> None:
    frozen: list[int] = []

    async def work(step: Step) -> None:
        frozen.append(gc.get_freeze_count())

    sender = Mock(client=Mock(broken=None, moved=None))
    await Tally(sender=sender, stop=Stop(), workers=2).each([create(0), create(1)], work)
    assert min(frozen) > 0
    assert gc.get_freeze_count() == 0


async def test_what_the_host_program_has_frozen_stays_frozen() -> None:
    async def work(step: Step) -> None: ...

    gc.freeze()
    try:
        await Tally(sender=Mock(client=Mock(broken=None, moved=None)), stop=Stop(), workers=1).each([create(0)], work)
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
