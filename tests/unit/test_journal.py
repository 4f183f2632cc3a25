"""The journal: what `intent` said is on the disk, what nobody knows is pending, and a file that is not right is left alone."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import anyio
import pytest
from journal_cases import ASSOCIATE, CAMPAIGN, HOST, PHONE, RUN, START, Clock, create, end, start, state_of

from callcamp_sync.errors import StateError
from callcamp_sync.journal import Journal, Pending
from callcamp_sync.journal_file import connect
from callcamp_sync.model import Fate, Outcome, StepKind


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.sqlite3"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def journal(path: Path, clock: Clock) -> Iterator[Journal]:
    with Journal.open(path, clock=clock) as opened:
        start(opened, RUN)
        yield opened


# --- intents and outcomes -------------------------------------------------------------------------------------------------


async def test_an_intent_that_returned_is_seen_by_another_reader_of_the_file(journal: Journal, path: Path) -> None:
    await journal.intent(RUN, create(), 1)
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT step_id, state, phone FROM step").fetchall() == [("0001-create", "intent", PHONE)]


def test_the_file_waits_for_the_disk_at_every_commit(path: Path) -> None:
    with closing(connect(path)) as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,), "2 is FULL"
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


async def test_tasks_that_wait_together_share_few_commits(journal: Journal, clock: Clock) -> None:
    """Each commit reads the clock once: of 64 tasks the first few have one each, and everybody else shares the last in line."""
    before = clock.readings
    async with anyio.create_task_group() as tasks:
        for number in range(64):
            tasks.start_soon(journal.intent, RUN, create(number), 1)
    assert len(journal.pending(HOST, CAMPAIGN)) == 64
    assert clock.readings - before == 4


@pytest.mark.parametrize(
    "leader",
    [
        pytest.param(0, id="it is the first in line"),
        pytest.param(1, id="it waits in line to commit alone"),
        pytest.param(3, id="it waits in line to commit for all that came after it"),
        pytest.param(4, id="another commits for it"),
    ],
)
async def test_a_task_that_is_cancelled_leaves_the_others_their_commit_when(journal: Journal, leader: int) -> None:
    scopes = [anyio.CancelScope() for _ in range(8)]
    returned: list[int] = []

    async def ask(number: int) -> None:
        with scopes[number]:
            await journal.intent(RUN, create(number), 1)
            returned.append(number)

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            for number in range(8):
                tasks.start_soon(ask, number)
            await anyio.sleep(0)
            scopes[leader].cancel()
    others = set(range(8)) - {leader}
    assert set(returned) >= others
    assert {step.step_id for step in journal.pending(HOST, CAMPAIGN)} >= {create(number).id for number in others}


@pytest.mark.parametrize("fate", [fate for fate in Fate if fate is not Fate.UNKNOWN])
async def test_a_known_end_closes_the_step(journal: Journal, fate: Fate) -> None:
    await journal.intent(RUN, create(), 1)
    journal.outcome(RUN, end(create(), fate))
    assert journal.pending(HOST, CAMPAIGN) == []
    assert state_of(journal) == [fate.value]


async def test_an_unknown_end_and_a_missing_end_are_pending_with_what_a_look_up_needs(journal: Journal) -> None:
    await journal.intent(RUN, create(1), 1)
    await journal.intent(RUN, create(2), 2)
    journal.outcome(RUN, end(create(1), Fate.UNKNOWN, error="no answer", http_status=502))
    assert journal.pending(HOST, CAMPAIGN) == [
        Pending(
            run_id=RUN,
            step_id=f"000{number}-create",
            kind=StepKind.CREATE,
            rows=(number + 1,),
            phone=PHONE,
            order_uuid=None,
            record_uuid=None,
            records=(),
            attempts=number,
            intent_at=START + timedelta(seconds=1 + number),
        )
        for number in (1, 2)
    ]


async def test_a_second_attempt_is_open_again_and_its_grace_begins_anew(journal: Journal) -> None:
    await journal.intent(RUN, create(), 1)
    journal.outcome(RUN, end(create(), Fate.UNKNOWN))
    await journal.intent(RUN, create(), 2)
    [row] = journal.steps(RUN)
    assert (row.state, row.attempts, row.outcome_at) == ("intent", 2, None)
    assert row.intent_at == START + timedelta(seconds=4)


async def test_an_outcome_is_on_the_disk_after_flush(journal: Journal, path: Path) -> None:
    await journal.intent(RUN, create(), 1)
    journal.outcome(RUN, end(create(), Fate.DONE, order_uuid="order-1", http_status=201))
    await journal.flush()
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT state, order_uuid, http_status FROM step").fetchall() == [("done", "order-1", 201)]


async def test_an_outcome_is_on_the_disk_after_close(path: Path, clock: Clock) -> None:
    with Journal.open(path, clock=clock) as journal:
        start(journal, RUN)
        journal.outcome(RUN, end(create(), Fate.NOT_ATTEMPTED))
    with Journal.open(path, clock=clock) as again:
        assert state_of(again) == ["not-attempted"]
    again.close()  # a second close is harmless


async def test_contacts_of_an_associate_end_one_by_one(journal: Journal) -> None:
    await journal.intent(RUN, ASSOCIATE, 1)
    done = Outcome(step=ASSOCIATE.id, kind=StepKind.ASSOCIATE, fate=Fate.DONE, row=2, record_uuid="rec-a", order_uuid="order-a")
    journal.outcome(RUN, done)
    journal.outcome(RUN, replace(done, fate=Fate.UNKNOWN, row=3, record_uuid="rec-b", order_uuid=None))
    [pending] = journal.pending(HOST, CAMPAIGN)
    assert pending.records == ASSOCIATE.records[1:]
    assert pending.rows == (3, 4)


async def test_an_outcome_without_a_record_speaks_for_the_whole_associate(journal: Journal) -> None:
    await journal.intent(RUN, ASSOCIATE, 1)
    journal.outcome(RUN, Outcome(step=ASSOCIATE.id, kind=StepKind.ASSOCIATE, fate=Fate.REFUSED, http_status=422))
    assert state_of(journal) == ["refused"] * 3


@pytest.mark.parametrize("fate", [Fate.DONE, Fate.NOT_ATTEMPTED])
async def test_a_settled_step_is_not_pending_and_says_how_it_was_settled(journal: Journal, fate: Fate) -> None:
    await journal.intent(RUN, create(), 1)
    [pending] = journal.pending(HOST, CAMPAIGN)
    journal.settle(pending, fate=fate, order_uuid="order-7", note="found by listing")
    assert journal.pending(HOST, CAMPAIGN) == []
    [row] = journal.steps(RUN)
    assert (row.state, row.order_uuid, row.note) == (fate.value, "order-7", "found by listing")


async def test_settling_one_contact_of_an_associate_leaves_the_others_open(journal: Journal) -> None:
    await journal.intent(RUN, ASSOCIATE, 1)
    [pending] = journal.pending(HOST, CAMPAIGN)
    journal.settle(replace(pending, records=pending.records[:1]), fate=Fate.DONE, order_uuid="order-a", note="listed")
    [left] = journal.pending(HOST, CAMPAIGN)
    assert left.records == ASSOCIATE.records[1:]


async def test_settling_an_associate_as_a_whole_closes_all_its_contacts(journal: Journal) -> None:
    await journal.intent(RUN, ASSOCIATE, 1)
    [pending] = journal.pending(HOST, CAMPAIGN)
    journal.settle(pending, fate=Fate.NOT_ATTEMPTED, order_uuid=None, note="absent")
    assert state_of(journal) == ["not-attempted"] * 3


async def test_settling_does_not_overrule_an_end_that_came_meanwhile(journal: Journal) -> None:
    await journal.intent(RUN, create(), 1)
    [pending] = journal.pending(HOST, CAMPAIGN)
    journal.outcome(RUN, end(create(), Fate.DONE, order_uuid="order-1"))
    journal.settle(pending, fate=Fate.NOT_ATTEMPTED, order_uuid=None, note="late")
    assert state_of(journal) == ["done"]


def test_an_unknown_fate_settles_nothing(journal: Journal) -> None:
    pending = Pending(
        run_id=RUN, step_id="x", kind=StepKind.CREATE, rows=(), phone=PHONE, order_uuid=None, record_uuid=None, records=(),
        attempts=1, intent_at=START,
    )  # fmt: skip
    with pytest.raises(ValueError, match="not settled"):
        journal.settle(pending, fate=Fate.UNKNOWN, order_uuid=None, note="")


async def test_another_campaign_has_its_own_pending_steps(journal: Journal) -> None:
    start(journal, "run-2", campaign="camp-2")
    await journal.intent("run-2", create(), 1)
    assert journal.pending(HOST, CAMPAIGN) == []
    assert len(journal.pending(HOST, "camp-2")) == 1


# --- kills and disks ------------------------------------------------------------------------------------------------------

CHILD = """
import os, resource, signal, sys, anyio
from datetime import datetime, UTC
from pathlib import Path
from callcamp_sync.errors import StateError
from callcamp_sync.journal import Journal
from callcamp_sync.model import Step, StepKind
path = Path(sys.argv[1])
journal = Journal.open(path, clock=lambda: datetime.now(UTC))
journal.start_run(run_id="run-1", host="callcamp.example.com", campaign="camp-1", command="sync", version="0", plan_id="p",
                  digests={}, valid_rows=1, folder=None, who="child")
def step(number):
    return Step(id=f"{number:04d}-create", kind=StepKind.CREATE, rows=(number,), phone="+12015550123")
async def many(count):
    for number in range(count):
        await journal.intent("run-1", step(number), 1)
"""


def child(path: Path, script: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", CHILD + textwrap.dedent(script), str(path)]
    return subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)


def test_after_sigkill_every_intent_that_returned_is_pending(path: Path, clock: Clock) -> None:
    done = child(path, "anyio.run(many, 5); os.kill(os.getpid(), signal.SIGKILL)")
    assert done.returncode == -signal.SIGKILL, done.stderr
    with Journal.open(path, clock=clock) as journal:
        assert [step.step_id for step in journal.pending(HOST, CAMPAIGN)] == [f"{number:04d}-create" for number in range(5)]
        assert journal.run(RUN).finished_at is None


def test_a_full_disk_refuses_the_intent_for_good_and_keeps_what_stood(path: Path, clock: Clock) -> None:
    """A file size limit stands for the full disk. When there is room again, the same process still believes no intent."""
    done = child(
        path,
        """
        anyio.run(many, 3)
        limit = path.with_name(path.name + "-wal").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        for attempt in ("full", "roomy"):
            try:
                anyio.run(journal.intent, "run-1", step(3), 1)
            except StateError as error:
                print(attempt, str(path) in error.message, bool(error.hint))
            else:
                print(attempt, "no error")
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        """,
    )
    assert done.stdout.splitlines() == ["full True True", "roomy True True"], done.stderr
    with Journal.open(path, clock=clock) as journal:
        assert [step.step_id for step in journal.pending(HOST, CAMPAIGN)] == [f"{number:04d}-create" for number in range(3)]


def not_a_database(path: Path) -> None:
    path.write_bytes(b"this was never a journal" * 200)


def torn_page(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096 : 4096 + 2048] = b"\xa5" * 2048
    path.write_bytes(data)


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE songs (title TEXT)")


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        pytest.param(not_a_database, "is damaged", id="bytes that are no database"),
        pytest.param(torn_page, "is damaged", id="a page that was overwritten"),
        pytest.param(half, "is damaged", id="a file cut in half"),
        pytest.param(foreign, "another program", id="the database of another program"),
        pytest.param(newer, "newer version", id="a shape from the future"),
    ],
)
def test_a_file_that_is_not_right_is_refused_by_name_and_left_as_it_is(
    path: Path, clock: Clock, spoil: Callable[[Path], None], words: str
) -> None:
    Journal.open(path, clock=clock).close()
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(StateError, match=words) as caught:
        Journal.open(path, clock=clock)
    assert str(path) in caught.value.message
    assert caught.value.hint
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_a_state_error(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "state").write_text("a file stands where the folder should be")
    with pytest.raises(StateError, match="state"):
        Journal.open(tmp_path / "state" / "journal.sqlite3", clock=clock)


async def test_folder_and_files_are_for_their_owner_only(journal: Journal, path: Path) -> None:
    await journal.intent(RUN, create(), 1)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert {"journal.sqlite3", "journal.sqlite3-wal"} <= modes.keys()
    assert set(modes.values()) == {0o600}


def test_a_journal_that_others_could_read_is_tightened(path: Path, clock: Clock) -> None:
    Journal.open(path, clock=clock).close()
    path.chmod(0o644)
    Journal.open(path, clock=clock).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_many_that_make_the_same_journal_at_once_all_succeed(path: Path) -> None:
    def begin(number: int) -> None:
        with Journal.open(path, clock=lambda: START) as journal:
            start(journal, f"run-{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(begin, range(8)))
    with Journal.open(path, clock=lambda: START) as journal:
        assert len(journal.runs()) == 8


def test_a_clock_without_a_time_zone_is_refused(path: Path) -> None:
    with Journal.open(path, clock=lambda: datetime(2026, 5, 10)) as journal, pytest.raises(ValueError, match="time zone"):  # noqa: DTZ001 - the point
        start(journal, RUN)


def test_an_intent_of_a_run_that_was_never_started_is_refused(path: Path, clock: Clock) -> None:
    with Journal.open(path, clock=clock) as journal, pytest.raises(StateError, match="refuses an entry"):
        anyio.run(journal.intent, "no-such-run", create(), 1)
