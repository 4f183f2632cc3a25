"""Changes -> steps: one step is one request. A plan is data: sorted, printable, digestible; it sends nothing.

In:  a Difference, the rules of its columns, the wire spelling of statuses. Out: steps in the order in which they are sent:
     contact data of known contacts, order properties, creates, links (one canary first), releases, and removals last.
Pure: no I/O. Rule source: design, section 4, promise 1; the vendor's page: POST takes a status and a record, PATCH of an order
its properties, PATCH of a record what an order cannot carry.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from callcamp_sync.diff import Difference
from callcamp_sync.fields import BY_NAME, CLEAR, ROW, Field, Home, to_json
from callcamp_sync.model import Release, Step, StepKind
from callcamp_sync.rules import Rule
from callcamp_sync.statuses import CANCELED, REGISTERED

#: The largest batch of contacts linked by one request: the largest number that the vendor's pages name anywhere.
BATCH = 100

#: Rows of a frame that are digested at a time.
_SLICE = 50_000

#: Steps of these kinds take somebody out; they are sent last, and only when all went well before.
LEAVING = (StepKind.CANCEL, StepKind.REMOVE)

_ORDER_OF_KINDS = (
    StepKind.UPDATE_RECORD,
    StepKind.UPDATE_ORDER,
    StepKind.CREATE,
    StepKind.ASSOCIATE,
    StepKind.RELEASE,
    StepKind.CANCEL,
    StepKind.REMOVE,
)

Changes = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class _Acting:
    """One row with an act: the row of Difference.rows as a mapping, and what changes: field -> new, and old, canonical text."""

    row: Mapping[str, Any]
    changes: Changes
    before: Changes
    kinds: Mapping[str, Field]
    wire: Mapping[str, str]

    def spelled(self, status: str) -> str:
        return self.wire.get(status, status)

    def properties(self) -> dict[str, Any]:
        """The order's properties that change, status apart; time and zone always go together."""
        names = [n for n in self.changes if n in BY_NAME and BY_NAME[n].home is Home.ORDER and n != "status"]
        body = {n: _json(BY_NAME[n], self.changes[n]) for n in names}
        if body.keys() & {"scheduledTime", "scheduledTimeTimezone"}:
            body["scheduledTime"] = _json(BY_NAME["scheduledTime"], self.row["time"])
            body["scheduledTimeTimezone"] = _json(BY_NAME["scheduledTimeTimezone"], self.row["zone"])
        return body

    def contact(self) -> dict[str, Any]:
        """The record's fields that change; parameters inside `parameters`."""
        body: dict[str, Any] = {}
        for name, new in self.changes.items():
            field = self.kinds.get(name) or BY_NAME[name]
            if field.home is Home.RECORD:
                body[name] = _json(field, new)
            elif field.home is Home.PARAMETER:
                body.setdefault("parameters", {})[field.wire] = _json(field, new)
        return body

    def expect(self) -> dict[str, str | None]:
        return {"status": self.row["status_wire"], "phone": self.row["their_phone"]}


def steps(difference: Difference, rules: Sequence[Rule], wire: Mapping[str, str], release: Release) -> tuple[Step, ...]:
    """Every request of the plan, sorted by kind, numbered in that order.

    wire: canonical status -> how it is written. Raises nothing: what may not be done has no act.
    """
    acting = list(_acting(difference, rules, wire))
    drafts: list[Step] = []
    for one in acting:
        drafts += _steps_of(one, release)
    drafts += _links([one for one in acting if one.row["act"] == "associate"])
    drafts += _leaving(difference.orders, wire)
    drafts.sort(key=lambda step: _ORDER_OF_KINDS.index(step.kind))
    return tuple(drafts)


def digest(parts: Any) -> str:
    """sha256 of any JSON-able value, or of steps; equal values give equal digests, whatever the order of keys."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=_plain, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def frame_digest(frame: pl.DataFrame) -> str:
    """sha256 of a frame's values, row by row, without making a Python object of any row."""
    seen = hashlib.sha256()
    # In slices: the text of a million rows is a quarter of a gigabyte.
    for start in range(0, max(frame.height, 1), _SLICE):
        said = frame.slice(start, _SLICE).write_csv(include_header=start == 0, null_value="\\N", quote_style="always")
        seen.update(said.encode("utf-8", "surrogatepass"))
    return seen.hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Step):
        return asdict(value)
    return dict(value) if isinstance(value, Mapping) else str(value)


def _json(field: Field, text: str | None) -> Any:
    return None if text is None or text == CLEAR else to_json(field.kind, text)


def _acting(difference: Difference, rules: Sequence[Rule], wire: Mapping[str, str]) -> Iterator[_Acting]:
    """The rows with an act, each with its changes. Only these become objects."""
    rows = difference.rows.filter(pl.col("act").is_not_null())
    changes: dict[int, dict[str, str | None]] = {}
    before: dict[int, dict[str, str | None]] = {}
    for row, field, old, new in difference.changes.iter_rows():
        changes.setdefault(row, {})[field] = new
        before.setdefault(row, {})[field] = old
    kinds = {rule.field.name: rule.field for rule in rules}
    for row in rows.iter_rows(named=True):
        yield _Acting(row, changes.get(row[ROW], {}), before.get(row[ROW], {}), kinds, wire)


def _steps_of(one: _Acting, release: Release) -> list[Step]:
    act = one.row["act"]
    if act == "create":
        return _creating(one, release)
    if act == "associate":
        return [*_updating_record(one), _releasing(one, None)]
    if act == "remove":
        return [_step(one, StepKind.REMOVE, "remove", expect=one.expect())]
    if act == "cancel":
        canceling = {"status": one.spelled(CANCELED)}
        return [*_updating(one), _step(one, StepKind.CANCEL, "cancel", body=canceling, expect=one.expect())]
    return _updating(one)


def _creating(one: _Acting, release: Release) -> list[Step]:
    """A create, and the release that follows it where the row asks for a call or for properties that POST does not take."""
    asked = one.row["status"]
    start = asked if release is Release.DIRECT else REGISTERED
    contact = {name: value for name, value in one.contact().items() if value is not None}
    body = {"status": one.spelled(start), "record": contact}
    create = _step(one, StepKind.CREATE, "create", body=body, expect={"absent": one.row["phone"]})
    if start == asked and not one.properties():
        return [create]
    return [create, _releasing(one, create.id)]


def _releasing(one: _Acting, after: str | None) -> Step:
    asked = one.row["status"]
    body = one.properties() | {"status": one.spelled(asked)}
    return _step(one, StepKind.RELEASE, "release", body=body, after=after, expect={"phone": one.row["phone"]})


def _updating_record(one: _Acting) -> list[Step]:
    body = one.contact()
    return [_step(one, StepKind.UPDATE_RECORD, "record", body=body, expect=one.expect())] if body else []


def _updating(one: _Acting) -> list[Step]:
    """At most one PATCH of the record and one of the order; the order's waits for the record's, which holds the number."""
    record = _updating_record(one)
    body = one.properties()
    asked = one.changes.get("status")
    if asked is not None and asked != CANCELED:
        body["status"] = one.spelled(asked)
    if not body:
        return record
    after = record[0].id if record else None
    seen = {name: one.before[name] for name in body if name in one.before and name != "status"}
    expect = one.expect() | {f"have_{name}": old for name, old in seen.items()}
    return [*record, _step(one, StepKind.UPDATE_ORDER, "order", body=body, after=after, expect=expect)]


def _step(one: _Acting, kind: StepKind, word: str, **more: Any) -> Step:
    row = one.row
    return Step(
        id=f"{word}-{row[ROW]}",
        kind=kind,
        rows=(row[ROW],),
        phone=row["phone"],
        order_uuid=None if kind in (StepKind.CREATE, StepKind.RELEASE) else row["order_uuid"],
        record_uuid=row["record_uuid"],
        **more,
    )


def _links(linking: Sequence[_Acting]) -> list[Step]:
    """One canary, then batches: what status linked contacts start in is unknown until one was linked and read back."""
    records = [(one.row[ROW], one.row["record_uuid"], one.row["phone"] or "") for one in linking]
    groups = [records[:1], *(records[at : at + BATCH] for at in range(1, len(records), BATCH))] if records else []
    return [
        Step(
            id=f"link-{group[0][0]}",
            kind=StepKind.ASSOCIATE,
            rows=tuple(row for row, _, _ in group),
            body={"recordUuids": [record for _, record, _ in group]},
            records=tuple(group),
        )
        for group in groups
    ]


def _leaving(orders: pl.DataFrame, wire: Mapping[str, str]) -> list[Step]:
    """The steps that take orders without a row out."""
    found = []
    for order in orders.filter(pl.col("outcome").is_in(["canceled", "removed"])).iter_rows(named=True):
        removes = order["outcome"] == "removed"
        found.append(
            Step(
                id=f"missing-{order['order_uuid']}",
                kind=StepKind.REMOVE if removes else StepKind.CANCEL,
                rows=(),
                phone=order["phone"],
                order_uuid=order["order_uuid"],
                record_uuid=order["record_uuid"],
                body={} if removes else {"status": wire.get(CANCELED, CANCELED)},
                expect={"status": order["status"], "phone": order["phone"]},
            )
        )
    return found


def count_kinds(all_steps: Iterable[Step]) -> dict[str, int]:
    """How many requests of each kind a plan sends."""
    counts: dict[str, int] = {}
    for step in all_steps:
        counts[str(step.kind)] = counts.get(str(step.kind), 0) + 1
    return counts
