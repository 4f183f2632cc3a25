"""Reports and plans built by hand, for the tests of the report room. Numbers are from ranges that are reserved for fiction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl

from callcamp_sync import frames
from callcamp_sync.errors import ExitCode
from callcamp_sync.model import (
    CHANGE_SCHEMA,
    ISSUE_SCHEMA,
    LINE_SCHEMA,
    ORDER_LINE_SCHEMA,
    CampaignInfo,
    Plan,
    Report,
    RequestCounts,
    SourceInfo,
)

Row = Mapping[str, Any]

HOSTILE = 'Ann [red]"O\'Neil"[/red]\n🙂 =1+1 \x1b[31m\u202e\r\nDone: all rows created ' + "x" * 3_000

CAMPAIGN = CampaignInfo(uuid="campaign_12345", name="Spring renewals", status="active", timezone="UTC", record_type_uuid="type_1")

LINES: tuple[Row, ...] = (
    {"row": 2, "outcome": "created", "phone": "+12015550123", "order_uuid": "order_2", "record_uuid": "record_2"},
    {"row": 3, "outcome": "updated", "phone": "+12015550124", "order_uuid": "order_3", "record_uuid": "record_3"},
    {"row": 5, "outcome": "unchanged", "phone": "+12015550125", "order_uuid": "order_5", "record_uuid": "record_5"},
    {"row": 6, "outcome": "rejected", "codes": ["phone-letters", "email-invalid"]},
    {"row": 7, "outcome": "failed", "phone": "+12015550126", "message": "=1+1 is not allowed here"},
    {"row": 8, "outcome": "unchanged", "phone": "+12015550127", "order_uuid": "order_8", "message": "nothing differs"},
)
CHANGES: tuple[Row, ...] = (
    {"row": 3, "field": "parameters.company", "old": "Acme Corp", "new": "Acme"},
    {"row": 3, "field": "price", "old": None, "new": "10.5"},
    {"row": 2, "field": "name", "old": None, "new": "=1+1"},
)
ISSUES: tuple[Row, ...] = (
    {"row": 6, "code": "phone-letters", "heading": "Mobile", "field": "phoneNumber", "cell": "call me"},
    {"row": 6, "code": "email-invalid", "heading": "Mail", "field": "email", "cell": "ann at example.com"},
    {"row": 5, "code": "asked-skip"},
)
ORDERS: tuple[Row, ...] = ({"order_uuid": "order_9", "record_uuid": "record_9", "phone": "+447700900123", "outcome": "kept"},)


def a_source(rows: int, **more: Any) -> SourceInfo:
    known: dict[str, Any] = {
        "path": "leads.xlsx",
        "sheet": "Leads",
        "sha256": "ab" * 32,
        "blank_rows": 1,
        "encoding": None,
        "delimiter": None,
    }
    return SourceInfo(rows=rows, **(known | more))


def a_report(
    lines: Sequence[Row] = LINES,
    changes: Sequence[Row] = CHANGES,
    issues: Sequence[Row] = ISSUES,
    orders: Sequence[Row] = ORDERS,
    code: ExitCode = ExitCode.INCOMPLETE,
    **more: Any,
) -> Report:
    """A report whose books balance, unless `more` says otherwise."""
    known: dict[str, Any] = {
        "run_id": "run-1",
        "command": "sync",
        "version": "0.1.0",
        "started_at": datetime(2026, 5, 10, 14, 30, tzinfo=UTC),
        "finished_at": datetime(2026, 5, 10, 14, 31, 5, tzinfo=UTC),
        "dry_run": False,
        "folder": "reports/20260510T143000Z-spring-renewals-run-1",
        "campaign": CAMPAIGN,
        "source": a_source(len(lines)),
        "settings": {"mode": "upsert", "on_missing": "keep"},
        "counts": Counter(line["outcome"] for line in lines),
        "missing": Counter(order["outcome"] for order in orders),
        "guards": (),
        "notices": (),
        "requests": RequestCounts(sent=520, retried=4, throttled=2),
        "checked": 3,
        "mismatches": (),
    }
    return Report(
        exit_code=int(code),
        exit_name=code.label,
        lines=frames.of_rows(LINE_SCHEMA, lines),
        changes=frames.of_rows(CHANGE_SCHEMA, changes),
        orders=frames.of_rows(ORDER_LINE_SCHEMA, orders),
        issues=frames.of_rows(ISSUE_SCHEMA, issues),
        **(known | more),
    )


def outcomes(*names: str) -> list[Row]:
    """One line a name, from row 2 on."""
    return [{"row": row, "outcome": name} for row, name in enumerate(names, start=2)]


def a_quiet_report(*names: str, code: ExitCode = ExitCode.OK, **more: Any) -> Report:
    """A report with nothing but these row outcomes."""
    return a_report(outcomes(*names), (), (), (), code, **more)


def a_plan(lines: Sequence[Row] = LINES, changes: Sequence[Row] = CHANGES, **more: Any) -> Plan:
    known: dict[str, Any] = {
        "id": "plan-1",
        "created_at": datetime(2026, 5, 10, 14, 30, tzinfo=UTC),
        "expires_at": datetime(2026, 5, 11, 14, 30, tzinfo=UTC),
        "host": "callcamp.example.com",
        "campaign": CAMPAIGN,
        "source": a_source(len(lines)),
        "settings": {},
        "digests": {},
        "steps": (),
        "lines": frames.of_rows(LINE_SCHEMA, lines),
        "changes": frames.of_rows(CHANGE_SCHEMA, changes),
        "orders": frames.of_rows(ORDER_LINE_SCHEMA, ORDERS),
        "issues": frames.of_rows(ISSUE_SCHEMA, ISSUES),
        "guards": (),
        "notices": (),
        "complete": True,
        "total_orders": 300,
        "seen_orders": pl.Series("order_uuid", [], pl.String),
    }
    return Plan(**(known | more))
