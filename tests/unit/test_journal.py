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
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from callcamp_sync.errors import NotFoundError, StalePlanError, StateError
from callcamp_sync.journal import Journal, Pending
from callcamp_sync.journal_file import connect
from callcamp_sync.model import Fate, Outcome, Step, StepKind

HOST, CAMPAIGN, RUN, PHONE = "callcamp.example.com", "camp-1", "run-1", "+12015550123"
START = datetime(2026, 5, 10, 14, 30, tzinfo=UTC)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Clock:
    """Ticks one second a reading, and counts its readings."""

    def __init__(self) -> None:
        self.readings = 0

    def __call__(self) -> datetime:
        self.readings += 1
        return START + timedelta(seconds=self.readings)


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


def start(journal: Journal, run_id: str, *, campaign: str = CAMPAIGN, mapping: str = "m", dry_run: bool = False) -> None:
    journal.start_run(
        run_id=run_id,
        host=HOST,
        campaign=campaign,
        command="sync",
        version="0.1.0",
        plan_id=f"plan-of-{run_id}",
        digests={"mapping": mapping, "sheet": "s"},
        valid_rows=7,
        folder=None,
        who="tester",
        dry_run=dry_run,
    )


def create(number: int = 1) -> Step:
    return Step(id=f"{number:04d}-create", kind=StepKind.CREATE, rows=(number + 1,), phone=PHONE)


def end(step: Step, fate: Fate, **more: object) -> Outcome:
    return replace(Outcome(step=step.id, kind=step.kind, fate=fate, row=step.rows[0], attempts=1), **more)  # type: ignore[arg-type]


ASSOCIATE = Step(
    id="0009-associate",
    kind=StepKind.ASSOCIATE,
    rows=(2, 3, 4),
    records=((2, "rec-a", "+12015550101"), (3, "rec-b", "+12015550102"), (4, "rec-c", "+12015550103")),
)


def state_of(journal: Journal, run_id: str = RUN) -> list[str]:
    return [row.state for row in journal.steps(run_id)]


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
    """Each commit reads the clock once: 64 tasks in at most two groups, the first one's and everybody else's."""
    before = clock.readings
    async with anyio.create_task_group() as tasks:
        for number in range(64):
            tasks.start_soon(journal.intent, RUN, create(number), 1)
    assert len(journal.pending(HOST, CAMPAIGN)) == 64
    assert clock.readings - before <= 3


@pytest.mark.parametrize(
    "leader",
    [
        pytest.param(0, id="it commits alone"),
        pytest.param(1, id="it waits to commit for all that came after it"),
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


# --- plans ----------------------------------------------------------------------------------------------------------------


def test_a_plan_is_spent_once_also_for_another_process(journal: Journal, path: Path) -> None:
    journal.spend_plan("plan-1", RUN)
    with (
        Journal.open(path, clock=Clock()) as other,
        pytest.raises(StalePlanError, match=r"`plan-1` was applied .* by run `run-1`"),
    ):
        other.spend_plan("plan-1", "run-2")


def test_a_plan_stays_spent_when_its_run_is_pruned(journal: Journal) -> None:
    journal.spend_plan("plan-1", RUN)
    journal.finish_run(RUN, exit_code=0, counts={}, missing={})
    assert journal.prune(START + timedelta(days=1)) == 1
    with pytest.raises(StalePlanError):
        journal.spend_plan("plan-1", "run-2")


def test_another_plan_may_be_spent_after_a_refusal(journal: Journal) -> None:
    journal.spend_plan("plan-1", RUN)
    with pytest.raises(StalePlanError):
        journal.spend_plan("plan-1", RUN)
    journal.spend_plan("plan-2", RUN)


def test_a_plan_document_comes_back_as_it_was_kept(journal: Journal) -> None:
    text = '{"name": "Zoë [brackets] 📞 \\n \\" ' + "x" * 100_000 + '"}'
    journal.save_plan(RUN, text)
    assert journal.plan(RUN) == text


def test_a_run_without_a_kept_plan_is_not_found(journal: Journal) -> None:
    with pytest.raises(NotFoundError, match="no plan is kept"):
        journal.plan(RUN)


# --- runs -----------------------------------------------------------------------------------------------------------------


def test_runs_come_newest_first_with_their_end(journal: Journal) -> None:
    start(journal, "run-2")
    journal.finish_run("run-2", exit_code=3, counts={"created": 2, "rejected": 1}, missing={"kept": 4})
    newest, oldest = journal.runs()
    assert (newest.run_id, newest.exit_code, dict(newest.counts), dict(newest.missing)) == (
        "run-2", 3, {"created": 2, "rejected": 1}, {"kept": 4},
    )  # fmt: skip
    assert (oldest.run_id, oldest.exit_code, oldest.finished_at) == (RUN, None, None)
    assert [run.run_id for run in journal.runs(limit=1)] == ["run-2"]


async def test_a_run_counts_its_pending_steps(journal: Journal) -> None:
    await journal.intent(RUN, create(1), 1)
    await journal.intent(RUN, create(2), 1)
    journal.outcome(RUN, end(create(1), Fate.DONE))
    assert journal.run(RUN).pending == 1


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param("abc-1", "abc-1", id="the whole id"),
        pytest.param("abc-2", "abc-2", id="the only id that begins so"),
        pytest.param("abc", "abc", id="an id that others begin with"),
    ],
)
def test_a_run_is_found_by(journal: Journal, asked: str, found: str) -> None:
    for name in ("abc", "abc-1", "abc-2"):
        start(journal, name)
    assert journal.run(asked).run_id == found


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        pytest.param("ab", "several runs begin with `ab`: .*`abc-1`", id="several begin so"),
        pytest.param("zzz", "no run has the id `zzz`", id="none begins so"),
        pytest.param("", "no run has the id", id="a blank id, with which all begin"),
        pytest.param("a_c", "no run has the id", id="a wildcard, which is no wildcard here"),
    ],
)
def test_a_run_is_not_found_when(journal: Journal, asked: str, words: str) -> None:
    start(journal, "abc-1")
    start(journal, "abc-2")
    with pytest.raises(NotFoundError, match=words):
        journal.run(asked)


def test_the_last_applied_run_is_the_newest_that_carried_its_plan_out(journal: Journal) -> None:
    for run_id, exit_code, dry_run in [("good", 0, False), ("rows", 3, False), ("failed", 6, False), ("dry", 0, True)]:
        start(journal, run_id, dry_run=dry_run)
        journal.finish_run(run_id, exit_code=exit_code, counts={}, missing={})
    start(journal, "other-mapping", mapping="n")
    journal.finish_run("other-mapping", exit_code=0, counts={}, missing={})
    found = journal.last_applied(HOST, CAMPAIGN, "m")
    assert found is not None
    assert (found.run_id, found.valid_rows) == ("rows", 7)
    assert journal.last_applied(HOST, "camp-2", "m") is None


async def test_pruning_forgets_old_runs_but_never_what_is_pending_or_may_be_at_work(journal: Journal) -> None:
    """RUN is not finished and seconds old: it may be at work. `open` is finished, yet one of its steps is not."""
    for name in ("old", "open"):
        start(journal, name)
        await journal.intent(name, create(), 1)
        journal.finish_run(name, exit_code=6, counts={}, missing={})
    journal.outcome("old", end(create(), Fate.DONE))
    journal.save_plan("old", "{}")
    assert journal.prune(START + timedelta(hours=1)) == 1
    assert {run.run_id for run in journal.runs()} == {RUN, "open"}
    assert journal.steps("old") == []
    with pytest.raises(NotFoundError):
        journal.plan("old")


async def test_pruned_phone_numbers_are_gone_from_the_files(journal: Journal, path: Path) -> None:
    start(journal, "old")
    await journal.intent("old", replace(create(), phone="+12015550199"), 1)
    journal.outcome("old", end(create(), Fate.DONE))
    journal.finish_run("old", exit_code=0, counts={}, missing={})
    journal.prune(START + timedelta(hours=1))
    assert b"12015550199" not in b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_a_recent_run_is_not_pruned(journal: Journal) -> None:
    journal.finish_run(RUN, exit_code=0, counts={}, missing={})
    assert journal.prune(START) == 0


def test_a_fact_is_recalled_as_it_was_last_remembered(journal: Journal) -> None:
    for value in ("do_not_call", "Do Not Call"):
        journal.remember(HOST, CAMPAIGN, "spelling/do-not-call", value)
    assert journal.recall(HOST, CAMPAIGN, "spelling/do-not-call") == "Do Not Call"
    assert journal.recall(HOST, "camp-2", "spelling/do-not-call") is None
