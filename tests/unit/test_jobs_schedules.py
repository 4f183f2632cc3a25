"""When a job is due: in its own zone, across clock changes; what is late, and what was missed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from jobs_cases import NOW, job

from callcamp_sync.history import Entry
from callcamp_sync.jobs.listing import document, standings
from callcamp_sync.jobs.schedules import MOST, parse


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("text", "zone", "now", "before", "after"),
    [
        ("15 2 * * *", "UTC", "2026-05-10T02:15:00+00:00", "2026-05-10T02:15:00+00:00", "2026-05-11T02:15:00+00:00"),
        ("15 2 * * *", "UTC", "2026-05-10T02:14:59+00:00", "2026-05-09T02:15:00+00:00", "2026-05-10T02:15:00+00:00"),
        ("15 2 * * *", "Europe/London", "2026-07-01T12:00:00+00:00", "2026-07-01T01:15:00+00:00", "2026-07-02T01:15:00+00:00"),
        (
            "15 2 * * *",
            "America/New_York",
            "2026-01-01T07:15:00.5+00:00",
            "2026-01-01T07:15:00+00:00",
            "2026-01-02T07:15:00+00:00",
        ),
        ("0 9 * * 1", "UTC", "2026-05-10T12:00:00+00:00", "2026-05-04T09:00:00+00:00", "2026-05-11T09:00:00+00:00"),
    ],
)
def test_the_last_and_the_next_time(text: str, zone: str, now: str, before: str, after: str) -> None:
    schedule = parse(text, zone)
    assert schedule.before(at(now)) == at(before)
    assert schedule.after(at(now)) == at(after)


@pytest.mark.parametrize(
    ("day", "times"),
    [
        pytest.param("2026-03-29", ["2026-03-29T01:00:00+00:00"], id="an hour that is left out in spring is made up for once"),
        pytest.param("2026-10-25", ["2026-10-25T00:30:00+00:00"], id="an hour that comes twice in autumn counts once"),
    ],
)
def test_clock_changes(day: str, times: list[str]) -> None:
    """01:30 in London: it does not exist on the last Sunday of March, and comes twice on that of October."""
    schedule = parse("30 1 * * *", "Europe/London")
    begin = at(f"{day}T00:00:00+00:00") - timedelta(hours=1)
    found = []
    while (due := schedule.after(begin)) is not None and due < at(f"{day}T12:00:00+00:00"):
        found.append(due.astimezone(UTC).isoformat())
        begin = due
    assert found == times


def ran(started: datetime, exit_code: int = 0) -> dict[str, Entry]:
    entry = Entry(
        run_id="run",
        host="h",
        command="sync",
        version="0",
        started_at=started,
        finished_at=started,
        exit_code=exit_code,
        state="ok",
        job="spring",
    )
    return {"spring": entry}


@pytest.mark.parametrize(
    ("last", "now", "missed", "words"),
    [
        pytest.param("2026-05-10T02:16:00+00:00", "2026-05-10T12:00:00+00:00", 0, "on time", id="it ran tonight"),
        pytest.param("2026-05-09T02:16:00+00:00", "2026-05-10T02:20:00+00:00", 0, "on time", id="it has a quarter of an hour"),
        pytest.param("2026-05-09T02:16:00+00:00", "2026-05-10T02:45:00+00:00", 1, "late", id="it should have begun"),
        pytest.param("2026-05-06T02:16:00+00:00", "2026-05-10T02:45:00+00:00", 4, "late, 4 runs missed", id="four nights"),
    ],
)
def test_what_is_late_and_what_was_missed(last: str, now: str, missed: int, words: str) -> None:
    found = standings([job(zone="UTC")], ran(at(last)), at(now))[0]
    assert (found.missed, found.words, found.late) == (missed, words, missed > 0)
    assert document(found)["missed"] == missed


def test_a_job_without_a_run_has_missed_nothing() -> None:
    found = standings([job(zone="UTC")], {}, NOW + timedelta(days=3))[0]
    assert (found.words, found.missed) == ("never ran", 0)


def test_a_job_that_comes_after_another_has_its_times() -> None:
    found = standings([job(zone="UTC"), job(None, name="status", after="spring")], {}, NOW)[1]
    assert found.next == at("2026-05-11T02:15:00+00:00")


def test_missed_times_are_counted_up_to_a_bound() -> None:
    assert parse("* * * * *", "UTC").missed(NOW, NOW + timedelta(days=30)) == MOST
