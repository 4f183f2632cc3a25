"""What a person changed in an export, told from what the campaign changed meanwhile: a three-way merge by cell.

In:  the sheet's wants (Desired.frame) and its cells, the baseline (what the export said), the orders as they stand, the rules.
Out: the wants, in which every cell that still says what the export said is null, so that it asks for nothing; and an issue
     `edited-meanwhile` for every cell that person and campaign both changed, each to something else: its row is held.
Three things differ from plain merging. A wish never to be called is kept whatever happened, in its own cell or in another one of
its row. A blank cell asks for nothing, as in any sheet. Rows that are in no export (typed in below, say) are left as they are.
Pure: no I/O. Rule source: issue 4, item 6; design, section 4, promise 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from callcamp_sync import frames
from callcamp_sync.fields import CLEAR, ROW, Home
from callcamp_sync.model import ISSUE_SCHEMA
from callcamp_sync.rules import Rule
from callcamp_sync.statuses import DO_NOT_CALL, RELEASING, UNDER_WAY, fold_status

_KEYS = ("order_uuid", "record_uuid", "phone")
_FALSE = pl.lit(value=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """frame: shaped like Desired.frame. issues: ISSUE_SCHEMA, `edited-meanwhile` only."""

    frame: pl.DataFrame
    issues: pl.DataFrame


def merge(
    desired: pl.DataFrame, cells: pl.DataFrame, baseline: pl.DataFrame, orders: pl.DataFrame, rules: Sequence[Rule]
) -> Merged:
    """Null what nobody edited, hold what was edited on both sides.

    cells: ROW and a column a field, by its name, as the sheet has it. baseline, orders: shaped like snapshot.existing_orders; a
    field that the baseline lacks is left alone, one that `orders` lacks counts as unchanged in the campaign.
    """
    merged = [rule for rule in rules if _column(rule) in desired.columns and _standing(rule) in baseline.columns]
    both = _beside(desired, cells, baseline, orders, merged)
    judged = both.with_columns(*[column for rule in merged for column in _judged(rule, both)])
    issues = pl.concat([frames.empty(ISSUE_SCHEMA), *[_conflicts(judged, rule) for rule in merged]])
    held = (
        pl.col("verdict").is_null() & pl.any_horizontal([f"conflict_{rule.field.name}" for rule in merged]) if merged else _FALSE
    )
    wants = [_left(rule, both) for rule in merged]
    frame = judged.with_columns(*wants, verdict=pl.when(held).then(pl.lit("held")).otherwise("verdict"))
    return Merged(frame=frame.select(desired.columns), issues=issues.sort("row", maintain_order=True))


def _column(rule: Rule) -> str:
    """The column of the wants; ids and the row's own action have none that could be merged."""
    if rule.field.home in (Home.KEY, Home.ROW):
        return ""
    return "phone" if rule.field.name == "phoneNumber" else f"want_{rule.field.name}"


def _standing(rule: Rule) -> str:
    return standing_column(rule.field.name)


def standing_column(name: str) -> str:
    """The column of the campaign's side, and of a baseline, that holds a field, as the server writes it."""
    return {"phoneNumber": "phone", "status": "status_wire"}.get(name, f"have_{name}")


def _beside(
    desired: pl.DataFrame, cells: pl.DataFrame, baseline: pl.DataFrame, orders: pl.DataFrame, rules: Sequence[Rule]
) -> pl.DataFrame:
    """The wants with `known`, `stands`, and for each field `cell_`, `text_` (the export's own), `base_` and `now_`."""
    names = {rule.field.name: _standing(rule) for rule in rules}
    texts = baseline.select(origin="order_uuid", known=pl.lit(value=True), **{f"text_{n}": c for n, c in names.items()})
    based = texts.with_columns(**{f"base_{name}": _comparable(texts, f"text_{name}", name) for name in names})
    now = {name: column for name, column in names.items() if column in orders.columns}
    standing = orders.select(
        origin="order_uuid",
        stands=pl.lit(value=True),
        **{f"now_{n}": _comparable(orders, column, n) for n, column in now.items()},
    )
    shown = cells.select(ROW, **{f"cell_{name}": name for name in names if name in cells.columns})
    return (
        desired.join(_origins(desired, baseline), on=ROW, how="left", maintain_order="left")
        .join(based, on="origin", how="left", maintain_order="left")
        .join(standing, on="origin", how="left", maintain_order="left")
        .join(shown, on=ROW, how="left", maintain_order="left")
        .with_columns(pl.col("known", "stands").fill_null(value=False))
    )


def _comparable(frame: pl.DataFrame, column: str, name: str) -> pl.Series:
    """A column of the campaign's side as the sheet's side has it: statuses under their one name."""
    text = frame[column]
    if name != "status":
        return text
    distinct = text.drop_nulls().unique()
    return text.replace_strict(distinct, [fold_status(status) for status in distinct], default=None, return_dtype=pl.String)


def _origins(desired: pl.DataFrame, baseline: pl.DataFrame) -> pl.DataFrame:
    """ROW and `origin`: the order that the export wrote this row for, by the first of its keys that is not blank."""
    found = desired.select(ROW, *_KEYS, origin=pl.lit(None, dtype=pl.String))
    blank = pl.lit(value=True)
    for key in _KEYS:
        if key not in baseline.columns:
            continue
        known = baseline.filter(pl.col(key).is_not_null() & pl.col(key).is_unique()).select(key, hit=pl.col("order_uuid"))
        found = found.join(known, on=key, how="left", maintain_order="left").with_columns(
            origin=pl.when(blank).then(pl.coalesce("origin", "hit")).otherwise("origin")
        )
        found, blank = found.drop("hit"), blank & pl.col(key).is_null()
    return found.select(ROW, "origin")


def _judged(rule: Rule, both: pl.DataFrame) -> list[pl.Expr]:
    """`edited_<field>`: the sheet says something else than the export did. `conflict_<field>`: the campaign a third thing."""
    name = rule.field.name
    want, base = pl.col(_column(rule)), pl.col(f"base_{name}")
    target = pl.when(want != CLEAR).then(want)
    same_text = (pl.col(f"cell_{name}").str.strip_chars() == pl.col(f"text_{name}")) if f"cell_{name}" in both.columns else _FALSE
    edited = pl.col("known") & want.is_not_null() & target.ne_missing(base) & ~same_text.fill_null(value=False)
    never = (pl.col("want_status") == DO_NOT_CALL).fill_null(value=False) if "want_status" in both.columns else _FALSE
    moved, agreed = _FALSE, _FALSE
    if f"now_{name}" in both.columns:
        now = pl.col(f"now_{name}")
        moved, agreed = pl.col("stands") & base.ne_missing(now), target.eq_missing(now)
        if name == "status":
            under_way = want.is_in(list(RELEASING)) & now.is_in(list(UNDER_WAY))
            decided = (want == DO_NOT_CALL) | (now == DO_NOT_CALL)  # the one is a wish that counts, the other a rule's to tell
            agreed = agreed | (under_way | decided).fill_null(value=False)
    return [edited.alias(f"edited_{name}"), (edited & moved & ~agreed & ~never).alias(f"conflict_{name}")]


def _left(rule: Rule, both: pl.DataFrame) -> pl.Expr:
    """What the row still asks for. An unedited number is the one that stands: it finds things, and must not set anything back."""
    name, column = rule.field.name, _column(rule)
    kept = pl.col(f"edited_{name}") | ~pl.col("known")
    if name == "status":
        kept = kept | (pl.col(column) == DO_NOT_CALL).fill_null(value=False)
    instead = pl.lit(None, dtype=pl.String)
    if name == "phoneNumber":
        stands = pl.when("stands").then("now_phoneNumber") if "now_phoneNumber" in both.columns else instead
        instead = pl.when(pl.col(column).is_not_null()).then(pl.coalesce(stands, column))
    return pl.when(kept).then(column).otherwise(instead).alias(column)


def _conflicts(judged: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    name = rule.field.name
    wrong = judged.filter(f"conflict_{name}")
    if wrong.is_empty():
        return frames.empty(ISSUE_SCHEMA)
    shown = [_shown(pl.col(column)) for column in (f"base_{name}", _column(rule), f"now_{name}")]
    told = wrong.select(
        row=ROW,
        code=pl.lit("edited-meanwhile"),
        heading=pl.lit(rule.heading),
        field=pl.lit(name),
        cell=f"cell_{name}" if f"cell_{name}" in judged.columns else pl.lit(None, dtype=pl.String),
        detail=pl.format("it was {}, the sheet says {}, the campaign says {}", *shown),
    )
    return frames.fit(told, ISSUE_SCHEMA)


def _shown(text: pl.Expr) -> pl.Expr:
    filled = text.is_not_null() & (text != CLEAR)
    return pl.when(filled).then(pl.format("`{}`", text)).otherwise(pl.lit("(blank)"))
