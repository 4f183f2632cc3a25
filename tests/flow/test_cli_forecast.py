"""The forecast against what a run took, counted by the server."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime

import pytest
from flow_stage import CANARY_TOKEN, EMPTY, SPRING, Stage, lead

#: A listing older than five seconds is not relied on; the report's times are whole seconds.
FRESH_SECONDS = 4

PHONES = [f"+1202555{number:04d}" for number in range(100, 180)]


@pytest.mark.parametrize(
    "case",
    [
        pytest.param({"cells": {}}, id="creates"),
        pytest.param({"cells": {"Status": "planned"}}, id="creates that are released"),
        pytest.param({"cells": {"Status": "planned"}, "flags": ("--release", "direct")}, id="creates that are called at once"),
        pytest.param({"cells": {"Price": "3"}, "again": {"Price": "4"}}, id="properties"),
        pytest.param({"cells": {"Status": ""}, "again": {"Status": "planned"}}, id="statuses"),
        pytest.param({"cells": {"Notes": "a"}, "again": {"Notes": "b"}}, id="parameters"),
        pytest.param({"cells": {"Action": ""}, "again": {"Action": "remove"}}, id="removals"),
    ],
)
def test_what_was_foretold_is_what_it_took(stage: Stage, case: dict[str, dict[str, str]]) -> None:
    """On a server without accidents, request by request; a machine so slow that listings grow old on the way looks again."""
    flags = case.get("flags", ())
    rows = [lead(phone, **case["cells"]) for phone in PHONES[:40]]
    first = stage.here("sync", stage.sheet(rows), "-c", EMPTY, "--yes", *flags, "--json").document
    if again := case.get("again"):
        rows = [row | again for row in rows]
        first = stage.here(
            "sync", stage.sheet(rows), "-c", EMPTY, "--yes", "--max-update", "100%", "--max-remove", "40", "--json"
        ).document
    said = first["forecast"]
    begun, over = (datetime.fromisoformat(first["run"][name]) for name in ("started_at", "finished_at"))
    spare = 0 if (over - begun).total_seconds() < FRESH_SECONDS else said["requests"]
    assert said["actual"]["requests"] in range(said["requests"], said["requests"] + spare + 1)
    assert said["actual"]["calls"] == said["calls"]
    assert said["requests"] >= 40
    called = [order for order in stage.orders(EMPTY) if order.status == "planned"]
    assert said["calls"] == len(called)


def test_the_first_run_says_that_nothing_was_measured_and_the_next_one_at_which_pace(stage: Stage) -> None:
    stage.more = {"CALLCAMP_RATE": "60"}
    rows = [lead(phone) for phone in PHONES[:70]]
    first = stage.here("plan", stage.sheet(rows), "-c", EMPTY)
    assert "the limit that is set; not measured yet" in first.out
    assert stage.here("sync", stage.sheet(rows), "-c", EMPTY, "--yes").code == 0
    told = stage.here("plan", stage.sheet([lead(PHONES[75])]), "-c", EMPTY, "--json").document["forecast"]
    assert told["measured"] is True
    assert 1 <= told["per_second"] <= 60
    assert told["actual"] is None


def test_without_a_limit_the_first_plan_says_that_the_time_is_not_known(stage: Stage) -> None:
    told = stage.here("plan", stage.sheet([lead(PHONES[0])]), "-c", EMPTY)
    assert "how long is not measured yet; nobody would be called" in told.out


def test_a_short_run_says_nothing_of_the_pace(stage: Stage) -> None:
    assert stage.here("sync", stage.sheet([lead(PHONES[0])]), "-c", EMPTY, "--yes").code == 0
    told = stage.here("plan", stage.sheet([lead(PHONES[1])]), "-c", EMPTY, "--json").document["forecast"]
    assert (told["seconds"], told["measured"]) == (None, False)


def test_the_run_and_its_files_say_how_far_off_it_was(stage: Stage) -> None:
    ended = stage.here("sync", stage.sheet([lead(phone) for phone in PHONES[:25]]), "-c", EMPTY, "--yes")
    assert "Forecast   " in ended.out
    for name in ("report.md", "report.html"):
        assert "no time was foretold" in (stage.folders[-1] / name).read_text("utf-8")
    assert stage.report()["forecast"]["actual"]["requests"] > 25


def test_what_is_kept_of_the_account_is_not_its_token(stage: Stage) -> None:
    stage.more = {"CALLCAMP_RATE": "50"}
    assert stage.here("sync", stage.sheet([lead(phone) for phone in PHONES[:70]]), "-c", EMPTY, "--yes").code == 0
    with closing(sqlite3.connect(stage.folder / "state" / "journal.sqlite3")) as journal:
        facts = journal.execute("SELECT campaign, key, value FROM fact WHERE key = 'pace'").fetchall()
    journal.close()
    assert len(facts) == 1
    assert CANARY_TOKEN not in json.dumps(facts)


def test_a_run_that_was_stopped_by_a_guard_has_a_forecast_and_took_nothing(stage: Stage) -> None:
    ended = stage.here(
        "sync", stage.sheet([lead(phone) for phone in PHONES[:9]]), "-c", SPRING, "--yes", "--max-create", "3", "--json"
    )
    assert ended.code == 8
    assert (ended.document["forecast"]["requests"] > 9, ended.document["forecast"]["actual"]) == (True, None)
