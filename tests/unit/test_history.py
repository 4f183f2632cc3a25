"""What the history keeps: runs, the past of a job, how often an order was absent; and what it forgets."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from callcamp_sync.arrivals import pack
from callcamp_sync.errors import StateError
from callcamp_sync.history import FILE_NAME, Entry, History
from callcamp_sync.model import Arrival
from callcamp_sync.night import REMEMBERED, Past

BEGIN = datetime(2026, 5, 1, tzinfo=UTC)


class Clock:
    """A clock that goes a day further with every look."""

    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> datetime:
        self.now += timedelta(days=1)
        return self.now


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History.open(tmp_path, clock=Clock()) as opened:
        yield opened


def entry(run_id: str, **more: Any) -> Entry:
    told: dict[str, Any] = {
        "run_id": run_id,
        "host": "callcamp.example.com",
        "command": "sync",
        "version": "0.1.0",
        "started_at": BEGIN,
        "finished_at": BEGIN + timedelta(seconds=4),
        "exit_code": 0,
        "state": "ok",
        "counts": {"created": 2},
        "sent": 40,
        "busy": 2.0,
    }
    return Entry(**told | more)


def file(sha256: str, *absent: str, whole: bool = True, **more: Any) -> Arrival:
    told: dict[str, Any] = {"rows": 10, "headings": ("Phone",), "blank_keys": 1, "phones": pack(["+12015550100"])}
    return Arrival(sha256=sha256, absent=absent, whole=whole, **told | more)


def took(history: History, arrival: Arrival, job: str = "spring", campaign: str = "c") -> Past:
    """A good night; returns what is known before it."""
    past = history.past(job, campaign=campaign, absences=2)
    history.took(job, arrival, campaign=campaign, run_id=arrival.sha256, past=past)
    return past


def known(history: History, **more: Any) -> Past:
    told: dict[str, Any] = {"campaign": "c", "absences": 2}
    return history.past("spring", **told | more)


def test_an_entry_comes_back_as_it_was(history: History) -> None:
    whole = entry("a", job="spring", night="n", missing={"kept": 1}, codes={"phone-blank": 3}, folder="reports/a", dry_run=True)
    history.enter(whole)
    assert history.runs() == [whole]
    assert (whole.seconds, whole.rate) == (4.0, 20.0)


def test_runs_come_newest_first_and_by_job(history: History) -> None:
    for nth, job in enumerate(["a", "b", "a"]):
        history.enter(entry(str(nth), job=job, started_at=BEGIN + timedelta(hours=nth)))
    assert [run.run_id for run in history.runs()] == ["2", "1", "0"]
    assert [run.run_id for run in history.runs(job="a", limit=1)] == ["2"]
    assert {job: run.run_id for job, run in history.lasts().items()} == {"a": "2", "b": "1"}


def test_a_dry_run_is_no_last_run_and_no_trend(history: History) -> None:
    history.enter(entry("a", job="spring", dry_run=True))
    assert (history.lasts(), history.trend("spring"), history.last_good()) == ({}, (), {})


def test_a_failed_run_is_not_the_last_good_one(history: History) -> None:
    history.enter(entry("a", job="spring"))
    history.enter(entry("b", job="spring", started_at=BEGIN + timedelta(days=1), exit_code=8))
    assert history.last_good() == {"spring": BEGIN + timedelta(seconds=4)}
    assert [one.exit_code for one in history.trend("spring")] == [8, 0]


def test_before_the_first_good_file_nothing_is_known(history: History) -> None:
    assert known(history) == Past(absences=2)


def test_the_past_is_that_of_the_last_good_files(history: History) -> None:
    for rows in range(10, 20):
        took(history, file(f"f{rows}", rows=rows, headings=("Phone", str(rows))))
    past = known(history)
    assert past.rows == tuple(range(19, 19 - REMEMBERED, -1))
    assert (past.sha256, past.headings, past.blank_share) == ("f19", ("Phone", "19"), 1 / 19)
    assert past.phones == pack(["+12015550100"])


def test_absences_are_counted_by_good_files_in_a_row(history: History) -> None:
    took(history, file("a", "o1", "o2"))
    assert known(history).absent == {"o1": 1, "o2": 1}
    took(history, file("b", "o1", "o3"))
    assert known(history).absent == {"o1": 2, "o3": 1}
    took(history, file("c"))
    assert known(history).absent == {}


def test_the_same_file_again_counts_no_absence(history: History) -> None:
    for _ in range(3):
        took(history, file("a", "o1"))
    assert (known(history).absent, known(history).repeated) == ({"o1": 1}, 3)
    took(history, file("b", "o1"))
    assert (known(history).absent, known(history).repeated) == ({"o1": 2}, 1)


def test_a_file_that_is_not_whole_counts_nobody_absent_and_everybody_in_it_present(history: History) -> None:
    took(history, file("a", "o1", "o2"))
    took(history, file("b", "o1", "o9", whole=False))
    assert known(history).absent == {"o1": 1}


def test_a_file_that_was_not_carried_out_shows_who_is_present_and_counts_nothing_else(history: History) -> None:
    took(history, file("a", "o1", "o2"))
    history.came_without("spring")
    history.came("spring", file("b", "o1", "o9"), campaign="c")
    assert known(history).absent == {"o1": 1}
    assert (known(history).sha256, known(history).repeated, known(history).without) == ("a", 1, 0)


def test_a_file_of_another_campaign_shows_nothing_of_this_one(history: History) -> None:
    took(history, file("a", "o1"))
    history.came("spring", file("b"), campaign="another")
    assert known(history).absent == {"o1": 1}


def test_where_nothing_is_taken_out_nobody_is_known_to_be_absent_in_a_row(history: History) -> None:
    took(history, file("a", "o1"))
    took(history, replace(file("b"), absent=None))
    assert known(history).absent == {}


def test_another_campaign_begins_anew(history: History) -> None:
    took(history, file("a", "o1"))
    assert known(history, campaign="another") == Past(absences=2)
    took(history, file("b", "p1"), campaign="another")
    assert (known(history, campaign="another").absent, known(history, campaign="another").rows) == ({"p1": 1}, (10,))


def test_nights_without_a_file_are_counted_until_one_comes(history: History) -> None:
    history.came_without("spring")
    history.came_without("spring")
    assert known(history).without == 2
    took(history, file("a"))
    assert known(history).without == 0


def test_nights_without_a_file_are_counted_for_another_campaign_too(history: History) -> None:
    took(history, file("a", "o1"))
    history.came_without("spring")
    history.came_without("spring")
    assert known(history, campaign="another") == Past(absences=2, without=2)


def test_jobs_do_not_know_each_other(history: History) -> None:
    took(history, file("a", "o1"))
    assert history.past("autumn", campaign="c", absences=2) == Past(absences=2)


def test_a_state_is_kept(history: History) -> None:
    assert history.state("spring") is None
    history.stands("spring", "ok")
    history.stands("spring", "guard: no-file")
    assert history.state("spring") == "guard: no-file"


def test_prune_forgets_old_runs_and_jobs_that_nobody_runs(history: History) -> None:
    history.enter(entry("old", job="spring"))
    history.enter(entry("new", job="spring", started_at=BEGIN + timedelta(days=90)))
    took(history, file("a", "o1"))
    assert history.prune(BEGIN + timedelta(days=1)) == 1
    assert [run.run_id for run in history.runs()] == ["new"]
    assert known(history).absent == {"o1": 1}
    assert history.prune(BEGIN + timedelta(days=80)) == 0
    past = known(history)
    assert (past.absent, past.phones, past.rows, past.headings) == ({}, b"", (), None)


def test_the_file_is_the_owners_alone(history: History, tmp_path: Path) -> None:
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert history.runs() == []


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to be looked at" * 40, None])
def test_a_file_that_is_no_history_is_refused_and_left(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / FILE_NAME
    if content is None:
        with closing(sqlite3.connect(path)) as foreign:
            foreign.execute("CREATE TABLE theirs (x)")
        foreign.close()
    else:
        path.write_bytes(content)
    before = path.read_bytes()
    with pytest.raises(StateError):
        History.open(tmp_path, clock=Clock())
    assert path.read_bytes() == before
