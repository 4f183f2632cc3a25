"""Runs, plans and small facts in the journal: what is spent stays spent, what is pruned is gone, what is open stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from journal_cases import CAMPAIGN, HOST, RUN, START, Clock, create, end, start

from callcamp_sync.errors import NotFoundError, StalePlanError
from callcamp_sync.journal import Journal
from callcamp_sync.model import Fate


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
