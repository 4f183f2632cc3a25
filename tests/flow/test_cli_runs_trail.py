"""`runs show` says whether a run's audit trail hangs together, and sees what somebody did to it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from flow_stage import EMPTY, SPRING, Stage, lead

from callcamp_sync.sandbox import bulk_phone

NEW = [bulk_phone(index) for index in range(900, 904)]


def _applied(stage: Stage) -> str:
    rows = [lead(phone, Status="planned") for phone in NEW]
    assert stage.here("sync", stage.sheet(rows), "-c", EMPTY, "--yes").code == 0
    return str(stage.report()["run"]["id"])


def test_an_untouched_trail_hangs_together(stage: Stage) -> None:
    run = _applied(stage)
    shown = stage.here("runs", "show", run, "--json").document
    assert shown["audit"] == {"lines": 9, "whole": True, "problem": None}
    assert "audit trail: 9 lines, each follows from the one before it" in stage.here("runs", "show", run).out


def test_the_trail_of_a_run_that_does_everything_hangs_together(stage: Stage) -> None:
    """Updates, links, removals and refusals end in the journal and in the trail alike."""
    world = stage.box.world
    kind = next(iter(world.record_types.values()))
    world.add_record(NEW[0], record_type=kind, parameters={"company": "Example Ltd"}, name="Linked Example")
    rows = [
        lead(NEW[0], Company="Changed Example Ltd", Action="", Status="registered"),
        lead(NEW[1], Action="", Status="planned"),
        lead(bulk_phone(2), Company="Changed Example Ltd", Action="", Status=""),
        lead(bulk_phone(3), Company="Example 3 Ltd", Action="remove", Status=""),
        lead(bulk_phone(4), Company="Example 4 Ltd", Action="cancel", Status=""),
    ]
    assert stage.here("sync", stage.sheet(rows), "-c", SPRING, "--yes").code == 0
    shown = stage.here("runs", "show", stage.report()["run"]["id"], "--json").document
    assert shown["audit"]["whole"], shown["audit"]
    assert {step["kind"] for step in shown["steps"]} >= {"create", "associate", "update-record", "release", "remove", "cancel"}


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        pytest.param(lambda lines: [*lines[:3], lines[3].replace(b"done", b"held"), *lines[4:]], "line 5", id="a line changed"),
        pytest.param(lambda lines: [*lines[:3], *lines[4:]], "line 4", id="a line taken out"),
        pytest.param(lambda lines: lines[1:], "line 1", id="the head taken off"),
        pytest.param(lambda lines: lines[:-2], "lines were taken off its end", id="the end taken off"),
        pytest.param(lambda lines: [*lines, b"{}"], "line 10", id="a line added"),
        pytest.param(lambda lines: [*lines, b"\xff"], "line 10", id="rubbish added"),
    ],
)
def test_a_trail_that_somebody_changed_is_told(stage: Stage, deed: Callable[[list[bytes]], list[bytes]], words: str) -> None:
    run = _applied(stage)
    trail = stage.folders[-1] / "audit.jsonl"
    trail.write_bytes(b"\n".join(deed(trail.read_bytes().splitlines())) + b"\n")
    shown = stage.here("runs", "show", run, "--json").document["audit"]
    assert (shown["whole"], words in shown["problem"]) == (False, True), shown
    assert words in stage.here("runs", "show", run).out


def test_a_trail_that_is_gone_is_told(stage: Stage) -> None:
    run = _applied(stage)
    (stage.folders[-1] / "audit.jsonl").unlink()
    shown = json.loads(stage.here("runs", "show", run, "--json").out)["audit"]
    assert (shown["lines"], shown["whole"]) == (None, False)
    assert "cannot be read" in shown["problem"]
