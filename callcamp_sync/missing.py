"""What becomes of the orders that no row of the sheet points at.

In: Sides and Wishes, and whether the sheet is whole. Out: ORDER_LINE_SCHEMA, one line an order without a row, with the outcome
that is planned. Pure: no I/O. Rule source: design, section 4, promise 5: absent is not missing unless the sheet is whole; issue
6, item 3: in a job an order is taken out only after it was absent from several good files in a row, and waits (`kept`) until
then.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from callcamp_sync import frames
from callcamp_sync.fields import ROW
from callcamp_sync.model import ORDER_LINE_SCHEMA, OnMissing
from callcamp_sync.policy import Ask, forbids, person_key
from callcamp_sync.sides import Sides, Wishes
from callcamp_sync.statuses import CANCELED, GROUPS, Group

_ASKS = {OnMissing.KEEP: Ask.NOTHING, OnMissing.CANCEL: Ask.CANCEL, OnMissing.REMOVE: Ask.REMOVE}
_DONE = {Ask.NOTHING: "kept", Ask.CANCEL: "canceled", Ask.REMOVE: "removed"}

#: How the message of an order ends that is absent, but not yet often enough.
WAITS = "so it waits"

_NOT_WHOLE = "rows of the sheet were rejected or held, so absent is not missing"
_BESIDE = "a row has its number or its contact, and is about another order"


def without_row(sides: Sides, wishes: Wishes, *, whole: bool) -> pl.DataFrame:
    """Every order that no row points at, and what becomes of it. A row that is wrong still points.

    whole: no row was rejected or held.
    """
    ask = _ASKS[wishes.on_missing]
    left, beside = _not_pointed_at(sides)
    left = left.with_columns(outcome=_outcome(ask, wishes))
    kept = frames.fit(beside.with_columns(outcome=_outcome(Ask.NOTHING, wishes), message=pl.lit(_BESIDE)), ORDER_LINE_SCHEMA)
    return pl.concat([_lines(left, ask, wishes, whole=whole), kept])


def absent(lines: pl.DataFrame) -> tuple[str, ...]:
    """Of what `without_row` made: the orders that the sheet lacks. One whose number or contact a row has is not absent."""
    return tuple(lines.filter(pl.col("message").ne_missing(_BESIDE))["order_uuid"])


def _lines(left: pl.DataFrame, ask: Ask, wishes: Wishes, *, whole: bool) -> pl.DataFrame:
    because = wishes.keep_because or (None if whole else _NOT_WHOLE)
    if ask is Ask.NOTHING:
        return frames.fit(left, ORDER_LINE_SCHEMA)
    leaves = pl.col("outcome") == _DONE[ask]
    spared, words = (leaves, pl.lit(because)) if because is not None else _waiting(leaves, wishes)
    changed = {"message": pl.when(spared).then(words), "outcome": pl.when(spared).then(pl.lit("kept")).otherwise("outcome")}
    return frames.fit(left.with_columns(**changed), ORDER_LINE_SCHEMA)


def _waiting(leaves: pl.Expr, wishes: Wishes) -> tuple[pl.Expr, pl.Expr]:
    """Whether an order that would leave was absent too few times so far, and the words for it."""
    before = pl.lit(0)
    if wishes.absent:
        before = pl.col("order_uuid").replace_strict(dict(wishes.absent), default=0, return_dtype=pl.Int64)
    seen = before + (0 if wishes.again else 1)
    words = pl.format(f"absent from {{}} of {wishes.absences} good files in a row, {WAITS}", seen)
    return leaves & (seen < wishes.absences), words


def _outcome(ask: Ask, wishes: Wishes) -> pl.Expr:
    table = {name: "protected" if forbids(group, ask) else _DONE[ask] for name, group in GROUPS.items()}
    if ask is Ask.CANCEL:
        table[CANCELED] = "kept"
    rest = "protected" if forbids(Group.UNKNOWN, ask) else _DONE[ask]
    by_status = pl.col("status").replace_strict(table, default=rest, return_dtype=pl.String)
    if ask is Ask.NOTHING:
        return by_status
    return pl.when(wishes.is_never(pl.col("phone"))).then(pl.lit("protected")).otherwise(by_status)


def _not_pointed_at(sides: Sides) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The orders that no row of the sheet means, neither by what it was matched with, nor by any key that it carries; and those
    whose key a row carries that is certainly about another order: two orders of one number, of which the row names one.
    """
    places = sides.matched.select("place").drop_nulls()
    others = sides.orders.with_row_index("place").join(places, on="place", how="anti", maintain_order="left").drop("place")
    if others.is_empty():
        return others, others
    # Of a row that is certainly about one order the number is meant as it is spelled; any other may mean it in every spelling.
    certain = sides.matched.filter(pl.col("place").is_not_null() & pl.col("code").is_null())
    rest = sides.desired.join(certain, on=ROW, how="anti")
    keys = [pl.col(key) for key in ("order_uuid", "record_uuid", "phone")]
    unclaimed = _without(others, rest, [*keys, person_key(pl.col("phone"))])
    left = _without(unclaimed, sides.desired, keys)
    return left, unclaimed.join(left.select("order_uuid"), on="order_uuid", how="anti", maintain_order="left")


def _without(orders: pl.DataFrame, rows: pl.DataFrame, keys: Sequence[pl.Expr]) -> pl.DataFrame:
    """The orders of which no row carries any of the keys."""
    for key in keys:
        said, standing = (side.select(key).to_series() for side in (rows, orders))
        # Few orders are left by now, and a set of these is cheaper than one of all that the sheet says.
        carried = said.filter(said.is_in(standing.drop_nulls().unique().implode())).unique()
        orders = orders.filter(~standing.is_in(carried.implode()).fill_null(value=False))
    return orders
