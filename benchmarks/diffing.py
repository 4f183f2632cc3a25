"""Matching and comparing a sheet with a campaign, against a loop over dictionaries, in the same process, on the same values.

Every row is matched by phone; one in 500 has another value, one in 100 is new, one order in 100 has no row.
"""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from benchmarks.table import Line, median_seconds
from callcamp_sync import frames
from callcamp_sync.diff import Difference, diff
from callcamp_sync.fields import BY_NAME, ROW, Field, Home, Kind
from callcamp_sync.matching import link, match
from callcamp_sync.model import ISSUE_SCHEMA, Mode, OnMissing
from callcamp_sync.policy import person_keys
from callcamp_sync.rules import Rule
from callcamp_sync.sandbox import bulk_phone
from callcamp_sync.sides import Sides, Wishes

ROWS = 1_000_000
_PARAMETERS = ("company", "employees", "budget", "renewal_date", "plan")
_FIELDS = (
    BY_NAME["email"],
    BY_NAME["country"],
    *(Field(f"parameters.{name}", Kind.TEXT, Home.PARAMETER, name) for name in _PARAMETERS),
)


def _values(first: int, rows: int) -> dict[str, pl.Series]:
    index = pl.int_range(first, first + rows, eager=True)
    text = index.cast(pl.String)
    return {
        "email": "contact." + text + "@example.com",
        "country": pl.repeat("US", rows, eager=True, dtype=pl.String),
        "parameters.company": "Example " + (index % 20_011).cast(pl.String),
        "parameters.employees": (index % 50_000).cast(pl.String),
        "parameters.budget": (index % 99_991).cast(pl.String) + ".5",
        "parameters.renewal_date": "2027-01-" + (index % 28 + 1).cast(pl.String),
        "parameters.plan": (index % 3).cast(pl.String),
    }


def sides(rows: int) -> Sides:
    """A sheet of `rows` rows and a campaign of as many orders, a hundredth of each without the other."""
    shift = rows // 100
    phones = pl.Series("phone", [bulk_phone(i) for i in range(rows + shift)])
    desired = pl.DataFrame(
        {
            ROW: pl.int_range(2, rows + 2, eager=True, dtype=pl.UInt32),
            "verdict": pl.repeat(None, rows, eager=True, dtype=pl.String),
            "phone": phones.slice(shift, rows),
            **{name: pl.repeat(None, rows, eager=True, dtype=pl.String) for name in ("order_uuid", "record_uuid", "action")},
            **{f"want_{name}": values for name, values in _values(shift, rows).items()},
        }
    )
    changed = pl.when(pl.col(ROW) % 500 == 0).then(pl.lit("Another Ltd")).otherwise("want_parameters.company")
    orders = pl.DataFrame(
        {
            "order_uuid": pl.int_range(rows, eager=True).cast(pl.String).str.zfill(36),
            "record_uuid": "r" + pl.int_range(rows, eager=True).cast(pl.String).str.zfill(35),
            "phone": phones.head(rows),
            "status": pl.repeat("registered", rows, eager=True, dtype=pl.String),
            "status_wire": pl.repeat("registered", rows, eager=True, dtype=pl.String),
            **{f"have_{name}": values for name, values in _values(0, rows).items()},
        }
    )
    live = desired.with_columns(changed.alias("want_parameters.company"))
    contacts = frames.empty({"record_uuid": "String", "phone": "String"})
    matched = match(live, orders)
    new = live.join(matched.filter(pl.col("place").is_null()), on=ROW, how="semi", maintain_order="left")
    return Sides(
        desired=live,
        orders=orders,
        contacts=contacts,
        matched=matched,
        linked=link(new, live, matched, contacts, orders),
        rules=tuple(Rule(field=field, heading=field.title) for field in (BY_NAME["phoneNumber"], *_FIELDS)),
        needed=frames.empty(ISSUE_SCHEMA),
        needed_unmapped=(),
        visible=frozenset(field.name for field in _FIELDS),
    )


def _wishes() -> Wishes:
    never = person_keys(bulk_phone(2_000_000 + i) for i in range(100))
    return Wishes(mode=Mode.UPSERT, on_missing=OnMissing.KEEP, reopen=False, now=datetime(2026, 5, 10, tzinfo=UTC), never=never)


def compared(made: Sides, wishes: Wishes) -> Difference:
    """Match, link and compare, from frames to a Difference."""
    matched = match(made.desired, made.orders)
    unplaced = matched.filter(pl.col("place").is_null() & pl.col("code").is_null())
    new = made.desired.join(unplaced, on=ROW, how="semi", maintain_order="left")
    linked = link(new, made.desired, matched, made.contacts, made.orders)
    found = Sides(
        desired=made.desired,
        orders=made.orders,
        contacts=made.contacts,
        matched=matched,
        linked=linked,
        rules=made.rules,
        needed=made.needed,
        needed_unmapped=(),
        visible=made.visible,
    )
    return diff(found, wishes)


def _by_dictionaries(made: Sides) -> tuple[int, int]:
    """(new rows, changed rows): one dictionary of orders by phone, one loop over the rows."""
    names = [field.name for field in _FIELDS]
    orders = {order["phone"]: order for order in made.orders.iter_rows(named=True)}
    new = changed = 0
    for row in made.desired.iter_rows(named=True):
        order = orders.get(row["phone"])
        if order is None:
            new += 1
        elif any(row[f"want_{name}"] != order[f"have_{name}"] for name in names):
            changed += 1
    return new, changed


def lines() -> list[Line]:
    """One line: a million rows and a million orders."""
    made, wishes = sides(ROWS), _wishes()
    counts = dict(compared(made, wishes).rows["act"].drop_nulls().value_counts().iter_rows())
    checked = (counts["create"], counts["update"]) == _by_dictionaries(made)
    ours = median_seconds(lambda: compared(made, wishes))
    loop = median_seconds(lambda: _by_dictionaries(made))
    what = f"match and compare, {ROWS:,} rows x {ROWS:,} orders, {len(_FIELDS)} fields"
    shown = {"ours": f"{ours:.2f} s", "baseline": f"{loop:.2f} s"}
    return [Line(what=what, **shown, against="two loops over dictionaries", ratio=loop / ours, checked=checked)]
