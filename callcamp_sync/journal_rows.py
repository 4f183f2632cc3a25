"""What the journal says, as values, and the statements that say it. Pure: no I/O, no clock.

In:  steps, outcomes and rows of the journal's tables.
Out: entries (statement, values) for a transaction; frozen values for readers. Times are UTC text in the file,
aware datetimes here.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, TypeAlias

from callcamp_sync.issues import shorten
from callcamp_sync.model import Outcome, Step, StepKind

#: One statement and its values; neighbours with the same statement are executed together.
Entry: TypeAlias = tuple[str, tuple[Any, ...]]

_INTENT = """
INSERT INTO step (run_id, step_id, contact, kind, rows, phone, order_uuid, record_uuid, state, attempts, intent_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'intent', ?, ?)
ON CONFLICT (run_id, step_id, contact) DO UPDATE SET state = 'intent', attempts = excluded.attempts,
    intent_at = excluded.intent_at, order_uuid = coalesce(excluded.order_uuid, order_uuid),
    outcome_at = NULL, http_status = NULL, error = NULL
"""
_OUTCOME = """
INSERT INTO step (run_id, step_id, contact, kind, rows, order_uuid, record_uuid, state, attempts, http_status, error, outcome_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (run_id, step_id, contact) DO UPDATE SET state = excluded.state, attempts = max(attempts, excluded.attempts),
    order_uuid = coalesce(excluded.order_uuid, order_uuid), record_uuid = coalesce(excluded.record_uuid, record_uuid),
    http_status = excluded.http_status, error = excluded.error, outcome_at = excluded.outcome_at
"""
_OUTCOME_OF_ALL = """
UPDATE step SET state = ?, attempts = max(attempts, ?), http_status = ?, error = ?, outcome_at = ?
WHERE run_id = ? AND step_id = ?
"""
_SETTLE = """
UPDATE step SET state = ?, order_uuid = coalesce(?, order_uuid), note = ?, outcome_at = ?
WHERE run_id = ? AND step_id = ? AND contact = ? AND state IN ('intent', 'unknown')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run, as `runs list` shows it. finished_at, exit_code: None while it runs, and for good when it was killed.

    pending: steps of it that nobody knows the end of. counts, missing: as in the report; empty until it is finished.
    """

    run_id: str
    host: str
    campaign: str
    command: str
    version: str
    plan_id: str | None
    digests: Mapping[str, str] = field(default_factory=dict)
    valid_rows: int
    folder: str | None
    who: str
    dry_run: bool
    started_at: datetime
    finished_at: datetime | None
    exit_code: int | None
    counts: Mapping[str, int]
    missing: Mapping[str, int]
    pending: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One step of a run (of an associate: one of its contacts) in its last known state.

    state: `intent`, or a Fate's text. attempts: requests sent. note: how it was settled later, None when it was not.
    """

    run_id: str
    step_id: str
    kind: StepKind
    rows: tuple[int, ...]
    phone: str | None
    order_uuid: str | None
    record_uuid: str | None
    state: str
    attempts: int
    http_status: int | None
    error: str | None
    intent_at: datetime | None
    outcome_at: datetime | None
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A step that may or may not have been carried out: only a listing can tell.

    records: for an associate, (row, record uuid, phone) of each contact that is still open; empty otherwise.
    intent_at: when its last request was about to leave; a grace period counts from here.
    """

    run_id: str
    step_id: str
    kind: StepKind
    rows: tuple[int, ...]
    phone: str | None
    order_uuid: str | None
    record_uuid: str | None
    records: tuple[tuple[int, str, str], ...]
    attempts: int
    intent_at: datetime


def stamp(moment: datetime) -> str:
    """UTC text of fixed width, so that texts sort as times do. Raises ValueError for a naive time."""
    if moment.tzinfo is None:
        raise ValueError("the clock must give times with a time zone")
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def moment(text: str | None) -> datetime | None:
    """The time that `stamp` wrote; None stays None."""
    return None if text is None else datetime.fromisoformat(text)


def intents(run_id: str, step: Step, attempt: int, at: str) -> Iterator[Entry]:
    """The entries that say "this request is about to leave": one, or for an associate one a contact."""
    if step.kind is StepKind.ASSOCIATE and step.records:
        for row, record_uuid, phone in step.records:
            values = (run_id, step.id, record_uuid, step.kind.value, json.dumps([row]), phone, None, record_uuid, attempt, at)
            yield _INTENT, values
        return
    rows = json.dumps(step.rows)
    yield _INTENT, (run_id, step.id, "", step.kind.value, rows, step.phone, step.order_uuid, step.record_uuid, attempt, at)


def ended(run_id: str, outcome: Outcome, at: str) -> Entry:
    """The entry that says how a step ended. An associate's outcome without a record speaks for all its contacts."""
    error = None if outcome.error is None else shorten(outcome.error, 500)
    associate = outcome.kind is StepKind.ASSOCIATE
    if associate and outcome.record_uuid is None:
        values = (outcome.fate.value, outcome.attempts, outcome.http_status, error, at, run_id, outcome.step)
        return _OUTCOME_OF_ALL, values
    contact = (associate and outcome.record_uuid) or ""
    rows = json.dumps([] if outcome.row is None else [outcome.row])
    names = (run_id, outcome.step, contact, outcome.kind.value, rows, outcome.order_uuid, outcome.record_uuid)
    return _OUTCOME, (*names, outcome.fate.value, outcome.attempts, outcome.http_status, error, at)


def settlements(pending: Pending, fate: str, order_uuid: str | None, note: str, at: str) -> Iterator[Entry]:
    """The entries that close a pending step: one, or for an associate one for each of `records`. Closed ones stay."""
    for contact in [record_uuid for _, record_uuid, _ in pending.records] or [""]:
        yield _SETTLE, (fate, order_uuid, note, at, pending.run_id, pending.step_id, contact)


def run_row(row: sqlite3.Row) -> RunRow:
    """A row of `run`, with the count `pending` beside it."""
    names = ("run_id", "host", "campaign", "command", "version", "plan_id", "valid_rows", "folder", "who", "exit_code", "pending")
    return RunRow(
        **{name: row[name] for name in names},
        digests=json.loads(row["digests"]),
        dry_run=bool(row["dry_run"]),
        started_at=datetime.fromisoformat(row["started_at"]),
        finished_at=moment(row["finished_at"]),
        counts=json.loads(row["counts"] or "{}"),
        missing=json.loads(row["missing"] or "{}"),
    )


def step_row(row: sqlite3.Row) -> StepRow:
    """A row of `step`."""
    return StepRow(
        **{name: row[name] for name in ("run_id", "step_id", "phone", "order_uuid", "record_uuid", "state", "attempts")},
        **{name: row[name] for name in ("http_status", "error", "note")},
        kind=StepKind(row["kind"]),
        rows=tuple(json.loads(row["rows"])),
        intent_at=moment(row["intent_at"]),
        outcome_at=moment(row["outcome_at"]),
    )


def pending_steps(rows: Iterable[StepRow]) -> list[Pending]:
    """Open rows, sorted by run and step, as one Pending a step."""
    return [_pending(list(group)) for _, group in groupby(rows, key=lambda row: (row.run_id, row.step_id))]


def _pending(group: list[StepRow]) -> Pending:
    first = group[0]
    several = first.kind is StepKind.ASSOCIATE
    # An unknown outcome without an intent comes from a caller that sent unjournaled: its own time is the best there is.
    times = [time for row in group if (time := row.intent_at or row.outcome_at) is not None]
    return Pending(
        run_id=first.run_id,
        step_id=first.step_id,
        kind=first.kind,
        rows=tuple(number for row in group for number in row.rows),
        phone=None if several else first.phone,
        order_uuid=None if several else first.order_uuid,
        record_uuid=None if several else first.record_uuid,
        records=tuple((row.rows[0], row.record_uuid or "", row.phone or "") for row in group) if several else (),
        attempts=max(row.attempts for row in group),
        intent_at=max(times),
    )
