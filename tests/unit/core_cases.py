"""Small sheets and campaigns as frames, for the tests of the stages between reading and sending. Pure.

In:  rows as mappings from field to canonical text. Out: the frames that rows, snapshot and matching make of real ones.
Rows are numbered from 2, orders are o0, o1 … with contacts r0, r1 …, contacts without an order c0, c1 ….
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl

from callcamp_sync import frames
from callcamp_sync.diff import Difference, diff
from callcamp_sync.fields import BY_NAME, ROW, Field, Home, Kind
from callcamp_sync.matching import DEFAULT_KEYS, link, match
from callcamp_sync.model import ISSUE_SCHEMA, Mode, OnMissing
from callcamp_sync.rules import Overwrite, Rule
from callcamp_sync.sides import Sides, Wishes
from callcamp_sync.statuses import fold_status

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
P = tuple(f"+120155501{line:02}" for line in range(10))
COMPANY = Field("parameters.company", Kind.TEXT, Home.PARAMETER, "Company")

Cells = Mapping[str, str | None]

_KEYS = ("verdict", "phone", "order_uuid", "record_uuid", "action")


def field_of(name: str) -> Field:
    """A field of Callcamp, or the one parameter of these tests."""
    return COMPANY if name == COMPANY.name else BY_NAME[name]


def rules_for(*names: str, overwrite: Overwrite = Overwrite.ALWAYS) -> tuple[Rule, ...]:
    """A rule for each field."""
    return tuple(Rule(field=field_of(name), heading=field_of(name).title, overwrite=overwrite) for name in names)


def sheet(*rows: Cells) -> pl.DataFrame:
    """Desired.frame: keys as they are, every other name as `want_<name>`."""
    named = [{name if name in _KEYS else f"want_{name}": value for name, value in row.items()} for row in rows]
    columns = [*_KEYS, *sorted({name for row in named for name in row} - set(_KEYS))]
    data = [{ROW: at, **{name: row.get(name) for name in columns}} for at, row in enumerate(named, start=2)]
    return pl.DataFrame(data, schema={ROW: pl.UInt32, **dict.fromkeys(columns, pl.String)})


def orders(*rows: Cells) -> pl.DataFrame:
    """snapshot.existing_orders: `phone`, `status` (any spelling), ids if given, every other name as `have_<name>`."""
    own = ("order_uuid", "record_uuid", "phone", "status", "status_wire")
    names = sorted({f"have_{name}" for row in rows for name in row if name not in own})
    data = []
    for at, row in enumerate(rows):
        status = row.get("status", "registered")
        ids = {"order_uuid": row.get("order_uuid", f"o{at}"), "record_uuid": row.get("record_uuid", f"r{at}")}
        read = {"phone": row.get("phone"), "status": fold_status(status) if status else None, "status_wire": status}
        data.append({**ids, **read, **{name: row.get(name.removeprefix("have_")) for name in names}})
    return pl.DataFrame(data, schema=dict.fromkeys([*own, *names], pl.String))


def contacts(*rows: Cells) -> pl.DataFrame:
    """snapshot.contacts: c0, c1 … with `phone` and `have_<name>`."""
    names = sorted({f"have_{name}" for row in rows for name in row if name not in ("phone", "record_uuid")})
    data = [
        {
            "record_uuid": row.get("record_uuid", f"c{at}"),
            "phone": row.get("phone"),
            **{name: row.get(name.removeprefix("have_")) for name in names},
        }
        for at, row in enumerate(rows)
    ]
    return pl.DataFrame(data, schema=dict.fromkeys(["record_uuid", "phone", *names], pl.String))


def wishes(**given: Any) -> Wishes:
    """What a run may do: mode upsert, nothing else."""
    plain: dict[str, Any] = {"mode": Mode.UPSERT, "on_missing": OnMissing.KEEP, "reopen": False, "now": NOW, "never": frozenset()}
    return Wishes(**(plain | given))


def sides(
    desired: pl.DataFrame,
    standing: pl.DataFrame,
    free: pl.DataFrame | None = None,
    *,
    rules: Sequence[Rule] | None = None,
    needed: pl.DataFrame | None = None,
    needed_unmapped: Sequence[str] = (),
    hidden: Sequence[str] = (),
) -> Sides:
    """Both sides, matched by the default keys. rules: by default one for each wanted column."""
    live = desired.filter(pl.col("verdict").is_null())
    matched = match(live, standing, DEFAULT_KEYS)
    free = contacts() if free is None else free
    names = [column.removeprefix("want_") for column in desired.columns if column.startswith("want_")]
    rules = rules_for(*names) if rules is None else rules
    return Sides(
        desired=desired,
        orders=standing,
        contacts=free,
        matched=matched,
        linked=link(live, live, matched, free, standing),
        rules=rules,
        needed=frames.empty(ISSUE_SCHEMA) if needed is None else needed,
        needed_unmapped=needed_unmapped,
        visible=frozenset(rule.field.name for rule in rules) - set(hidden),
    )


def difference(desired: pl.DataFrame, standing: pl.DataFrame, free: pl.DataFrame | None = None, **given: Any) -> Difference:
    """The diff of both. given: of `sides` and of `wishes`."""
    of_sides = {name: given.pop(name) for name in ("rules", "needed", "needed_unmapped", "hidden") if name in given}
    return diff(sides(desired, standing, free, **of_sides), wishes(**given))


def ended(found: Difference) -> list[str]:
    """The planned outcome of each row."""
    return [str(outcome) for outcome in found.rows["outcome"]]


def changed(found: Difference, row: int = 2) -> dict[str, tuple[str | None, str | None]]:
    """Field -> (old, new) of one row's changes."""
    own = found.changes.filter(pl.col("row") == row)
    return {field: (old, new) for field, old, new in own.select("field", "old", "new").iter_rows()}


def codes(found: Difference) -> list[str]:
    """The codes that the diff gave, in the order of rows."""
    return [str(code) for code in found.issues["code"]]
