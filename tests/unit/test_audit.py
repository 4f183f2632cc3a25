"""The audit trail: complete, in order, and no line of it can be changed without being noticed."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from callcamp_sync import frames
from callcamp_sync.audit import FILE_NAME, Audit, check
from callcamp_sync.errors import StateError
from callcamp_sync.model import (
    CHANGE_SCHEMA,
    ISSUE_SCHEMA,
    LINE_SCHEMA,
    ORDER_LINE_SCHEMA,
    CampaignInfo,
    Fate,
    Outcome,
    Plan,
    SourceInfo,
    Step,
    StepKind,
)

NOW = datetime(2026, 5, 10, 14, 30, tzinfo=UTC)
STEPS = (
    Step(id="record-2", kind=StepKind.UPDATE_RECORD, rows=(2,), phone="+12015550123", body={"email": "a@example.com"}),
    Step(id="order-2", kind=StepKind.UPDATE_ORDER, rows=(2,), phone="+12015550123", body={"price": 3}),
)


def a_plan() -> Plan:
    changes = [
        {"row": 2, "field": "email", "old": "b@example.com", "new": "a@example.com"},
        {"row": 2, "field": "price", "old": "2", "new": "3"},
    ]
    return Plan(
        id="plan",
        created_at=NOW,
        expires_at=NOW,
        host="h",
        campaign=CampaignInfo(uuid="c", name="C", status=None, timezone=None, record_type_uuid=None),
        source=SourceInfo(path="x.csv", sheet=None, sha256="0", rows=1, blank_rows=0, encoding=None, delimiter=None),
        settings={},
        digests={"sheet": "0"},
        steps=STEPS,
        lines=frames.empty(LINE_SCHEMA),
        changes=frames.of_rows(CHANGE_SCHEMA, changes),
        orders=frames.empty(ORDER_LINE_SCHEMA),
        issues=frames.empty(ISSUE_SCHEMA),
        guards=(),
        notices=(),
        complete=True,
        total_orders=1,
        seen_orders=pl.Series("order_uuid", ["order_1"]),
    )


@pytest.fixture
def trail(tmp_path: Path) -> Path:
    """The trail of a run of two steps."""
    with Audit.begin(tmp_path, a_plan(), head={"who": "somebody"}, clock=lambda: NOW) as audit:
        for step in STEPS:
            audit.note(
                Outcome(step=step.id, kind=step.kind, fate=Fate.DONE, row=2, order_uuid="order_1", http_status=200, attempts=1)
            )
    return tmp_path / FILE_NAME


def test_a_trail_names_who_what_and_each_write_with_before_and_after(trail: Path) -> None:
    head, record, order = [json.loads(line) for line in trail.read_text().splitlines()]
    assert head["head"] == {"who": "somebody"}
    assert head["digests"] == {"sheet": "0"}
    assert record["changes"] == [{"field": "email", "old": "b@example.com", "new": "a@example.com"}]
    assert order["changes"] == [{"field": "price", "old": "2", "new": "3"}]
    assert (order["row"], order["order"], order["fate"], order["http_status"]) == (2, "order_1", "done", 200)


def test_a_trail_that_nobody_touched_hangs_together(trail: Path) -> None:
    assert check(trail) == 3


@pytest.mark.parametrize("change", ["edited", "taken out"])
def test_a_line_that_is_edited_or_taken_out_is_noticed(trail: Path, change: str) -> None:
    lines = trail.read_text().splitlines(keepends=True)
    lines = [lines[0], lines[1].replace("a@example", "z@example"), lines[2]] if change == "edited" else [lines[0], lines[2]]
    trail.write_text("".join(lines))
    with pytest.raises(StateError, match=r"line \d"):
        check(trail)


def test_only_its_owner_may_read_a_trail(trail: Path) -> None:
    assert stat.S_IMODE(trail.stat().st_mode) == 0o600


def test_a_trail_is_never_begun_over_another(trail: Path) -> None:
    with pytest.raises(StateError):
        Audit.begin(trail.parent, a_plan(), head={}, clock=lambda: NOW)
