"""`jobs list`, `jobs schedule` and what `runs` tells of jobs, as they are called."""

from __future__ import annotations

import pytest
from flow_stage import EMPTY, Stage
from jobs_stage import people, project

JOBS = [
    {"name": "one", "source": "one.csv", "campaign": EMPTY, "schedule": "15 2 * * *", "timezone": "Europe/London"},
    {"name": "two", "source": "two.csv", "campaign": EMPTY, "after": "one"},
    {"name": "by-hand", "source": "one.csv", "campaign": EMPTY},
]


@pytest.fixture
def ready(stage: Stage) -> Stage:
    project(stage, JOBS)
    stage.sheet(people(500, 2), "one.csv")
    return stage


def test_the_list_says_what_ran_and_what_is_due(ready: Stage) -> None:
    assert [line.split()[-2:] for line in ready.here("jobs", "list").out.splitlines()] == [["never", "ran"]] * 3
    assert ready.here("jobs", "run").code == 8
    listed = {job["job"]: job for job in ready.here("jobs", "list", "--json").document}
    assert (listed["one"]["last"]["exit"], listed["two"]["last"]["state"]) == (0, "guard: no-file")
    assert listed["one"]["next"] == listed["two"]["next"]
    assert (listed["by-hand"]["next"], listed["one"]["late"]) == (None, False)


def test_schedules_are_printed_or_written(ready: Stage) -> None:
    said = ready.here("jobs", "schedule", "cron")
    assert "15 2 * * * cd " in said.out
    assert "jobs run one two --no-input" in said.out
    assert "`by-hand` has no schedule" in said.err
    assert "not there when a scheduler runs: " in said.err
    assert "`CALLCAMP_STATE_DIR`" in said.err
    wrote = ready.here("jobs", "schedule", "systemd", "-o", "units")
    assert len(wrote.out.splitlines()) == len(list((ready.folder / "units").iterdir())) == 2
    assert [file["name"] for file in ready.here("jobs", "schedule", "kubernetes", "--json").document] == [
        "callcamp-sync-15-2-x-x-x-europe-london.yaml"
    ]
    assert ready.here("jobs", "schedule", "launchd").code == 2


def test_a_job_that_is_not_there_names_its_neighbour(ready: Stage) -> None:
    ended = ready.here("jobs", "run", "onne")
    assert (ended.code, "did you mean `one`?" in ended.err) == (2, True)


def test_without_jobs_it_says_where_they_are_written(stage: Stage) -> None:
    ended = stage.here("jobs", "run")
    assert (ended.code, "docs/nightly.md" in ended.err) == (2, True)


def test_runs_tell_of_jobs_and_of_syncs_that_a_guard_stopped(ready: Stage) -> None:
    assert ready.here("jobs", "run", "one").code == 0
    assert ready.here("sync", "one.csv", "-c", EMPTY, "--yes").code == 0
    sheet = ready.sheet(people(600, 3), "more.csv")
    assert ready.here("sync", sheet, "-c", EMPTY, "--yes", "--max-create", "1").code == 8
    listed = ready.here("runs", "list", "--json").document
    assert [(run["job"], run["exit"], run["counts"]) for run in listed] == [
        (None, 8, {"not-attempted": 3}),
        (None, 0, {"unchanged": 2}),
        ("one", 0, {"created": 2}),
    ]
    shown = ready.here("runs", "show", listed[2]["run"][:6])
    assert (shown.code, "steps sent: 2" in shown.out) == (0, True)


def test_prune_obeys_the_setting(ready: Stage) -> None:
    assert ready.here("jobs", "run", "one").code == 0
    assert ready.here("runs", "prune").out == "0 runs forgotten\n"
    ready.more["CALLCAMP_RETENTION"] = "0s"
    assert ready.here("runs", "prune").out == "1 run forgotten\n"
    assert ready.here("runs", "list").out == "no runs yet\n"
