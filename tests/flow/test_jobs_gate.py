"""The health gate over real HTTP: each guard trips on its night, one flag lifts it and no other, and a broken night writes
nothing."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flow_stage import EMPTY, Stage, balanced, lead
from jobs_stage import night, people, project

from callcamp_sync.sandbox.seed import bulk_phone

JOB = {"name": "one", "source": "in/*.csv", "campaign": EMPTY, "max_same": 0, "max_age": "26h"}


def arrive(stage: Stage, rows: list[dict[str, str]], name: str = "a.csv", age: float = 60) -> Path:
    """A file that came `age` seconds ago, in place of what was there."""
    (stage.folder / "in").mkdir(exist_ok=True)
    for old in (stage.folder / "in").iterdir():
        old.unlink()
    path = stage.sheet(rows, f"in/{name}")
    os.utime(path, (time.time() - age, time.time() - age))
    return path


@pytest.fixture
def usual(stage: Stage) -> Stage:
    """A job that had one good night with 30 rows."""
    project(stage, [JOB])
    arrive(stage, people(500, 30))
    assert stage.here("jobs", "run").code == 0
    return stage


def without(stage: Stage) -> None:
    for old in (stage.folder / "in").iterdir():
        old.unlink()


def blank(rows: list[dict[str, str]], count: int) -> list[dict[str, str]]:
    return [row | {"Phone": ""} if nth < count else row for nth, row in enumerate(rows)]


GUARDS: list[Any] = [
    pytest.param(without, "no-file", "--max-no-file 2", 0, id="no file"),
    pytest.param(lambda s: arrive(s, people(500, 31), age=27 * 3600), "old-file", "--max-age 1680m", 0, id="an old file"),
    pytest.param(lambda s: arrive(s, people(500, 30)), "same-file", "--max-same 1", 0, id="the same file again"),
    pytest.param(lambda s: arrive(s, people(500, 14)), "rows-changed", "--max-rows-change 16", 0, id="fewer rows"),
    pytest.param(lambda s: arrive(s, people(500, 46)), "rows-changed", "--max-rows-change 16", 0, id="more rows"),
    pytest.param(lambda s: arrive(s, people(500, 30, Unused="x")), "headers-changed", "--max-headers 1", 0, id="a new heading"),
    pytest.param(lambda s: arrive(s, blank(people(500, 30), 4)), "blank-keys", "--max-blank-keys 4", 3, id="blank key cells"),
    pytest.param(lambda s: arrive(s, people(600, 30)), "phones-changed", "--max-changed-phones 30", 0, id="other numbers"),
]


@pytest.mark.parametrize(("happens", "name", "lift", "then"), GUARDS)
def test_a_guard_stops_the_night_and_what_its_hint_names_lets_it_pass(
    usual: Stage, happens: Callable[[Stage], object], name: str, lift: str, then: int
) -> None:
    happens(usual)
    before = len(usual.box.writes)
    ended = usual.here("jobs", "run", "--json")
    job = ended.document["jobs"][0]
    assert (ended.code, job["state"], len(usual.box.writes)) == (8, f"guard: {name}", before)
    assert f"`{lift}`" in job["error"]["hint"]
    assert [guard["flag"] for guard in job["guards"] if guard["tripped"]] == lift.split()[:1]
    assert usual.here("jobs", "run", "one", *lift.split()).code == then


def test_a_file_that_is_still_being_written_is_left_for_the_next_night(usual: Stage) -> None:
    project(usual, [JOB], defaults={"stable_seconds": 0.1})
    path = arrive(usual, people(500, 31))
    over = threading.Event()

    def write() -> None:
        while not over.wait(0.02):
            with path.open("a", encoding="utf-8") as file:
                file.write(" ")

    writer = threading.Thread(target=write)
    writer.start()
    before = len(usual.box.writes)
    try:
        ended = usual.here("jobs", "run", "--json")
    finally:
        over.set()
        writer.join()
    assert (ended.code, ended.document["jobs"][0]["state"]) == (8, "guard: half-written")
    assert len(usual.box.writes) == before


def test_a_broken_night_is_not_what_the_next_one_is_compared_with(usual: Stage) -> None:
    arrive(usual, people(500, 10))
    assert usual.here("jobs", "run").code == 8
    arrive(usual, people(500, 11))
    assert usual.here("jobs", "run").code == 8
    arrive(usual, people(500, 32))
    assert usual.here("jobs", "run").code == 0


def test_a_broken_file_is_a_file_and_ends_the_nights_without_one(usual: Stage) -> None:
    project(usual, [JOB | {"max_no_file": 1}])
    without(usual)
    assert usual.here("jobs", "run").code == 0
    arrive(usual, people(500, 10))
    assert usual.here("jobs", "run").code == 8
    without(usual)
    assert usual.here("jobs", "run").code == 0
    assert usual.here("jobs", "run").code == 8


MIRROR = JOB | {"mode": "mirror", "on_missing": "remove"}


def test_an_order_is_taken_out_when_the_second_good_file_lacks_it(stage: Stage) -> None:
    project(stage, [MIRROR])
    nights = []
    for rows in (people(500, 24), people(500, 22), people(500, 22, Unused="x")):
        arrive(stage, rows)
        ended = stage.here("jobs", "run", "one", "--max-headers", "1", "--json")
        job = ended.document["jobs"][0]
        nights.append((ended.code, job["missing"], job["waiting"], len(stage.phones(EMPTY))))
    assert nights == [(0, {}, 0, 24), (0, {"kept": 2}, 2, 24), (0, {"removed": 2}, 0, 22)]


def test_an_order_that_comes_back_begins_anew(stage: Stage) -> None:
    project(stage, [MIRROR])
    counts = []
    for nth, rows in enumerate((24, 22, 24, 22)):
        arrive(stage, people(500, rows), age=100 - nth)
        assert stage.here("jobs", "run").code == 0
        counts.append(len(stage.phones(EMPTY)))
    assert counts == [24] * 4


def test_a_night_of_another_mode_parts_the_absences_before_it_from_those_after(stage: Stage) -> None:
    """Where nothing is taken out nobody looks who is absent: the order may well have been in that file."""
    counts = []
    for nth, (mode, rows) in enumerate((("mirror", 24), ("mirror", 22), ("upsert", 24), ("mirror", 22))):
        project(stage, [JOB | {"mode": mode, "max_headers": 9}])
        arrive(stage, people(500, rows, **({"Unused": "x"} if nth == 3 else {})))
        assert stage.here("jobs", "run").code == 0
        counts.append(night(stage)["jobs"][0]["missing"])
    assert counts == [{}, {"kept": 2}, {}, {"kept": 2}]


def test_a_night_that_a_guard_stopped_counts_no_absence(stage: Stage) -> None:
    project(stage, [MIRROR | {"max_create": 3}])
    arrive(stage, people(500, 24))
    assert stage.here("jobs", "run", "one", "--max-create", "24").code == 0
    arrive(stage, people(500, 22))
    assert stage.here("jobs", "run").code == 0
    arrive(stage, people(502, 30))
    assert stage.here("jobs", "run").code == 8
    arrive(stage, people(500, 24))
    assert stage.here("jobs", "run").code == 0
    assert len(stage.phones(EMPTY)) == 24


def test_a_file_that_was_not_carried_out_is_no_good_one_and_may_be_tried_again(stage: Stage) -> None:
    project(stage, [JOB | {"timeout": "3s", "rate": 20}])
    arrive(stage, people(500, 80))
    assert stage.here("jobs", "run").code == 6
    assert 0 < len(stage.phones(EMPTY)) < 80
    project(stage, [JOB])
    assert stage.here("jobs", "run").code == 0
    assert len(stage.phones(EMPTY)) == 80


def test_an_order_that_waits_stands_in_the_report_with_its_reason(stage: Stage) -> None:
    project(stage, [MIRROR])
    for rows in (24, 22):
        arrive(stage, people(500, rows))
        assert stage.here("jobs", "run").code == 0
    folder = Path(night(stage)["jobs"][0]["folder"])
    report = json.loads((stage.folder / folder / "report.json").read_bytes())
    assert balanced(report)
    assert (report["missing"], [order["outcome"] for order in report["orders"]]) == ({"kept": 2}, ["kept", "kept"])
    page = (stage.folder / folder / "report.html").read_text("utf-8")
    assert "absent from 1 of 2 good files in a row, so it waits" in page


def test_patience_is_a_setting_and_a_plain_sync_has_none(stage: Stage) -> None:
    project(stage, [MIRROR | {"absences": 1}])
    for rows in (24, 22):
        arrive(stage, people(500, rows))
        assert stage.here("jobs", "run").code == 0
    assert len(stage.phones(EMPTY)) == 22
    sheet = stage.sheet(people(500, 21), "plain.csv")
    assert stage.here("sync", sheet, "-c", EMPTY, "--mode", "mirror", "--on-missing", "remove", "--yes").code == 0
    assert len(stage.phones(EMPTY)) == 21


def test_do_not_call_outlives_every_absence(stage: Stage) -> None:
    project(stage, [MIRROR])
    arrive(stage, people(500, 24, Unused="x"))
    assert stage.here("jobs", "run").code == 0
    for order in stage.orders(EMPTY):
        if order.phone in (bulk_phone(522), bulk_phone(523)):
            order.status = "do-not-call"
    for nth in range(4):
        arrive(stage, people(500, 22, Unused=str(nth)))
        assert stage.here("jobs", "run").code == 0
    assert len(stage.phones(EMPTY)) == 24


def test_the_report_of_a_job_names_the_job_in_its_next_step(usual: Stage) -> None:
    arrive(usual, [*people(500, 10), lead("12")])
    assert usual.here("jobs", "run").code == 8
    folder = Path(night(usual)["jobs"][0]["folder"])
    text = (usual.folder / folder / "report.md").read_text("utf-8")
    assert "callcamp-sync jobs run one --max-rows-change" in text
