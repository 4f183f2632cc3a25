"""A numbering plan's patterns as polars expressions: what `digits` does with `re`, for whole columns. Pure.

In:  a Plan. Out: expressions over the columns `digits` (String, ASCII digits) and `length` (of them).
Polars' engine takes the metadata's patterns as they are; told that they are ASCII, it builds a tenth of the automaton.
Rule source: `digits`, function by function.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

import polars as pl
from phonenumbers import PhoneNumberType

from callcamp_sync.phones.plans import Look, Plan

#: Fewer numbers of one plan than this are read one by one: a polars call costs as much as a hundred of them.
MANY = 1_000

#: Look-around, back references, named groups: polars' engine has none of these.
_STRANGE = re.compile(r"\(\?[^:]|\\[^d]")
_BACK = re.compile(r"\\(\d)")


def divided(placed: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Numbers of plans that have few of them, and of those that have MANY."""
    few = pl.len().over("plan") < MANY
    return placed.filter(few), placed.filter(~few)


@cache
def portable(plan: Plan) -> bool:
    """Whether the plan has nothing but digits, classes, groups and counts, as all have today."""
    patterns = [plan.general.pattern, plan.prefix, plan.idd, plan.leading, *(look.pattern for look in plan.kinds)]
    return not any(_STRANGE.search(pattern) for pattern in patterns if pattern is not None)


def without_prefix(plan: Plan) -> pl.Expr:
    """As `digits.without_prefix`."""
    digits = pl.col("digits")
    if plan.prefix is None:
        return digits
    shorter = _cut(digits, plan.prefix)
    if plan.transform is not None:
        last = digits.str.extract(_start(plan.prefix), re.compile(plan.prefix).groups)
        changed = digits.str.replace(_start(plan.prefix), _BACK.sub(r"${\1}", plan.transform))
        shorter = pl.when(last.is_null()).then(shorter).otherwise(changed)
    general = _whole(plan.general.pattern)
    return pl.when(digits.str.contains(general) & ~shorter.str.contains(general)).then(digits).otherwise(shorter)


def _cut(digits: pl.Expr, prefix: str) -> pl.Expr:
    return digits.str.strip_prefix(prefix) if prefix.isdigit() else digits.str.replace(_start(prefix), "")


def valid(plan: Plan) -> pl.Expr:
    """Whether the plan has a number, of whatever kind."""
    return _is(plan.general) & any_of(plan.kinds)


def _is(look: Look) -> pl.Expr:
    looks_so = fits("digits", look.pattern)
    return pl.col("length").is_in(sorted(look.lengths)) & looks_so if look.lengths else looks_so


def any_of(looks: Iterable[Look]) -> pl.Expr:
    """Whether a number is of one of the kinds; those of the same lengths share one pattern."""
    by_lengths: dict[frozenset[int], list[str]] = {}
    for look in looks:
        by_lengths.setdefault(look.lengths, []).append(look.pattern)
    shared = [_is(Look(PhoneNumberType.UNKNOWN, "|".join(patterns), lengths)) for lengths, patterns in by_lengths.items()]
    return pl.any_horizontal(*shared, pl.lit(value=False))


def length_of(column: str) -> pl.Expr:
    """How many digits."""
    return pl.col(column).str.len_bytes()


def fits(column: str, pattern: str) -> pl.Expr:
    """Whether the whole of a column's digits fits a pattern."""
    return pl.col(column).str.contains(_whole(pattern))


def begins(column: str, pattern: str) -> pl.Expr:
    """Whether a column's digits begin with a pattern."""
    return pl.col(column).str.contains(_start(pattern))


def _whole(pattern: str) -> str:
    return f"(?-u)^(?:{pattern})$"


def _start(pattern: str) -> str:
    """ASCII only: a tenth of the automaton."""
    return f"(?-u)^(?:{pattern})"
