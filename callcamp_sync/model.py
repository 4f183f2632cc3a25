"""The values that travel between the stages: sheet, plan, steps, outcomes, report. Frozen, typed, without behaviour.

Pure: no I/O, no clock. Large things stay polars frames; their shapes are the *_SCHEMA tables below. polars is named here as a
type only, so that `--help` does not import it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl

#: Names of polars types, so that this module does not import polars: `frames.empty(...)` turns them into a frame.
ISSUE_SCHEMA = {
    "row": "UInt32",
    "code": "String",
    "heading": "String",
    "field": "String",
    "cell": "String",
    "detail": "String",
}
LINE_SCHEMA = {
    "row": "UInt32",
    "outcome": "String",
    "phone": "String",
    "order_uuid": "String",
    "record_uuid": "String",
    "codes": "List(String)",
    "message": "String",
}
CHANGE_SCHEMA = {"row": "UInt32", "field": "String", "old": "String", "new": "String"}
ORDER_LINE_SCHEMA = {
    "order_uuid": "String",
    "record_uuid": "String",
    "phone": "String",
    "status": "String",
    "outcome": "String",
    "message": "String",
}


class RowOutcome(StrEnum):
    """How a row of the sheet ends. Source: design, section 3."""

    CREATED = "created"
    ASSOCIATED = "associated"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    CANCELED = "canceled"
    REMOVED = "removed"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    HELD = "held"
    PROTECTED = "protected"
    DRIFTED = "drifted"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_ATTEMPTED = "not-attempted"


class OrderOutcome(StrEnum):
    """How an order without a row ends."""

    KEPT = "kept"
    CANCELED = "canceled"
    REMOVED = "removed"
    PROTECTED = "protected"
    DRIFTED = "drifted"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_ATTEMPTED = "not-attempted"


class Mode(StrEnum):
    """What a sync may do with a row."""

    CREATE = "create"
    UPDATE = "update"
    UPSERT = "upsert"
    MIRROR = "mirror"


class OnMissing(StrEnum):
    """What becomes of an order without a row, in mode `mirror`."""

    KEEP = "keep"
    CANCEL = "cancel"
    REMOVE = "remove"


class OnDuplicate(StrEnum):
    """Which of several contradicting rows for one contact counts."""

    HOLD = "hold"
    FIRST = "first"
    LAST = "last"


class Release(StrEnum):
    """How a new contact gets its callable status: by a second look (staged), or with the create (direct)."""

    STAGED = "staged"
    DIRECT = "direct"


@dataclass(frozen=True, slots=True)
class Limit:
    """A guard's limit: a count, or a share of a whole. Exactly one of the two is set."""

    count: int | None = None
    percent: float | None = None

    @classmethod
    def parse(cls, text: str) -> Limit:
        """Read "12" or "10%". Raises ValueError for anything else, for negatives, and for more than 100 %."""
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", text)
        if match is None or (not match[2] and "." in match[1]) or (match[2] and float(match[1]) > 100):
            raise ValueError(f"`{text}` is neither a count such as 12 nor a share such as 10%")
        return cls(percent=float(match[1])) if match[2] else cls(count=int(match[1]))

    def of(self, whole: int) -> int:
        """The limit as a count; a share is rounded down."""
        return self.count if self.count is not None else int(whole * (self.percent or 0) / 100)

    def __str__(self) -> str:
        return str(self.count) if self.count is not None else f"{self.percent:g}%"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceInfo:
    """Where the rows came from.

    path: as the user gave it. sheet: the workbook's tab, null for CSV. rows: rows with at least one filled cell, header not
    counted. blank_rows: rows without one. encoding, delimiter: null for workbooks. sha256: of the file's bytes, lower hex.
    fix_of: the run whose fix file this is ("" where that is not known), null for every other sheet.
    """

    path: str
    sheet: str | None
    sha256: str
    rows: int
    blank_rows: int
    encoding: str | None
    delimiter: str | None
    warnings: tuple[str, ...] = ()
    fix_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What a workbook of ours remembers of its export.

    baseline: what stood in the campaign then, one row an order, shaped like snapshot.existing_orders as far as the columns go.
    zone: of times that are written without one, where their row names none.
    """

    baseline: pl.DataFrame
    zone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What rows say, each by itself. frame, needed: as in rows.Desired before duplicates are judged; issues: sorted by row.

    unchecked: sentences about patterns that cannot be run here.
    """

    frame: pl.DataFrame
    issues: pl.DataFrame
    needed: pl.DataFrame
    unchecked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What `prepare` made of a sheet. key: of all that it depends on: mapping, Record Type, region, version. part: its rows."""

    key: str
    part: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet as text.

    frame: ROW (UInt32, the spreadsheet's own row number) and one String column per heading, in the sheet's order; a blank cell
    is null, other text is as the file has it (leading zeros and spaces kept). issues: ISSUE_SCHEMA, what the reader noticed.
    exported: where the sheet is an export of ours that remembers what it said. prepared: where it was read before.
    """

    frame: pl.DataFrame
    headings: tuple[str, ...]
    issues: pl.DataFrame
    info: SourceInfo
    exported: Exported | None = None
    prepared: Prepared | None = None


class StepKind(StrEnum):
    """What one request does."""

    CREATE = "create"
    ASSOCIATE = "associate"
    UPDATE_RECORD = "update-record"
    UPDATE_ORDER = "update-order"
    RELEASE = "release"
    CANCEL = "cancel"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request of a plan.

    id: unique in the plan. rows: the sheet's rows it serves; empty for an order without a row. phone: E.164. body: the request's
    JSON. expect: what must still hold when it is sent: {"status": wire spelling, "phone": E.164, "have_<property>": the
    canonical text that it replaces} of the order, or {"absent": phone} for a create. after: the step of the same row that must
    have ended well before. records: for an associate, (row, record uuid, phone) of each.
    """

    id: str
    kind: StepKind
    rows: tuple[int, ...]
    phone: str | None = None
    order_uuid: str | None = None
    record_uuid: str | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    expect: Mapping[str, str | None] = field(default_factory=dict)
    after: str | None = None
    records: tuple[tuple[int, str, str], ...] = ()


class Fate(StrEnum):
    """How a step ended."""

    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    DRIFTED = "drifted"
    NOT_ATTEMPTED = "not-attempted"
    HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of one step for one contact (an associate has one for each of its records).

    order_uuid, record_uuid: as the server answered or the listing showed. http_status: of the last answer, null when none came.
    error: the server's own words, cleaned for display; null when done.
    """

    step: str
    kind: StepKind
    fate: Fate
    row: int | None = None
    order_uuid: str | None = None
    record_uuid: str | None = None
    http_status: int | None = None
    error: str | None = None
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """One limit on the whole plan. limit, actual: counts; limit null means none. flag: what lifts this guard and no other."""

    name: str
    limit: int | None
    actual: int
    tripped: bool
    flag: str | None
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignInfo:
    """The campaign as its page shows it."""

    uuid: str
    name: str
    status: str | None
    timezone: str | None
    record_type_uuid: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Requests a second. measured: in an earlier run; else it is the limit that the user set."""

    per_second: float
    measured: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What carrying a plan out would take. calls: orders that would stand in line for a call and do not yet. pace: null where
    nothing is known about it; then nobody can say how long it takes."""

    requests: int
    calls: int
    pace: Pace | None = None

    @property
    def seconds(self) -> float | None:
        """How long it would take at that pace."""
        return self.requests / self.pace.per_second if self.pace else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """What carrying a plan out took, from the first write to the last page read back: to be held against the Forecast."""

    requests: int
    seconds: float
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that will be sent, and how every row and order is expected to end. Made by planning, carried out by applying.

    lines: LINE_SCHEMA, one line a row of the sheet, with the outcome that is planned. changes: CHANGE_SCHEMA. orders:
    ORDER_LINE_SCHEMA, the orders without a row. issues: ISSUE_SCHEMA. steps: in the order in which they are sent.
    seen_orders: ids of the orders that stood when the plan was made, a String column. notices: sentences for people. complete:
    whether the listing was proved complete. searched: how many numbers were searched instead of listing the campaign, null where
    it was listed. digests: sha256 of sheet, mapping, record type, snapshot and of the steps.
    """

    id: str
    created_at: datetime
    expires_at: datetime
    host: str
    campaign: CampaignInfo
    source: SourceInfo
    settings: Mapping[str, Any]
    digests: Mapping[str, str]
    steps: tuple[Step, ...]
    lines: pl.DataFrame
    changes: pl.DataFrame
    orders: pl.DataFrame
    issues: pl.DataFrame
    guards: tuple[Guard, ...]
    notices: tuple[str, ...]
    complete: bool
    total_orders: int
    seen_orders: pl.Series
    said_never: tuple[str, ...] = ()
    forecast: Forecast | None = None
    searched: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCounts:
    """What went over the wire. sent counts every attempt; retried those after the first; throttled the 429 answers."""

    sent: int = 0
    retried: int = 0
    throttled: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What a file says of itself, read and mapped.

    headings: in the sheet's order. blank_keys: rows in which no key could be read. phones: the distinct numbers, sorted, as
    digits in unsigned 64-bit integers of this machine's byte order. absent: the orders that no row points at, null where nothing
    is taken out anyway. whole: whether absent proves anything: no row was rejected or held, listing and sheet are all there is.
    """

    sha256: str
    rows: int
    headings: tuple[str, ...]
    blank_keys: int
    phones: bytes = b""
    absent: tuple[str, ...] | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The one report of a run, before it becomes JSON, CSV or a workbook.

    The frames have the shapes of the plan's; the outcomes are what came of it (or what is planned, when dry_run).
    counts: row outcome -> rows. missing: order outcome -> orders without a row. verified: checked, mismatches (sentences).
    arrival: in a job that got past its guards, what the file said of itself; it stands in no file of the report.
    forecast: what was expected; took: what it was, null where nothing was carried out.
    """

    run_id: str
    command: str
    version: str
    started_at: datetime
    finished_at: datetime
    exit_code: int
    exit_name: str
    dry_run: bool
    folder: str | None
    campaign: CampaignInfo | None
    source: SourceInfo
    settings: Mapping[str, Any]
    counts: Mapping[str, int]
    missing: Mapping[str, int]
    lines: pl.DataFrame
    changes: pl.DataFrame
    orders: pl.DataFrame
    issues: pl.DataFrame
    guards: tuple[Guard, ...]
    notices: tuple[str, ...]
    requests: RequestCounts
    checked: int
    mismatches: tuple[str, ...]
    arrival: Arrival | None = None
    forecast: Forecast | None = None
    took: Took | None = None
