"""Digits that one numbering plan reads -> the valid numbers among them, by column. Pure.

In:  `row`, `digits`: what is left of a number when its country is known, and the plan that reads it.
Out: for each that is certain, `row`, `phone` (E.164 of valid numbers, of whatever tariff) and `outcome`.
Many numbers of a plan go through polars, few through `digits`.
Rule source: `digits.settled`, `digits.plan_having`, of which this is the column form; tests/phones_proof holds both to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from functools import cache

import polars as pl
from phonenumbers import PhoneNumberType

from callcamp_sync.phones import digits as single
from callcamp_sync.phones import patterns
from callcamp_sync.phones.oracle import UNFIT
from callcamp_sync.phones.plans import MOST_DIGITS, PLANS, SHORTEST, Country, Plan, country, plan_of

_FOUND = {"row": pl.UInt32, "phone": pl.String, "outcome": pl.UInt8}
#: Of every number that comes here.
_LENGTHS = range(single.MOST + 1)


class Outcome(IntEnum):
    """How a number ended. Those up to LONG are valid numbers."""

    GOOD = 0
    PREMIUM = 1
    LONG = 2
    REGION = 3
    UNUSED = 4


#: (issue code, words) of each Outcome; after UNUSED those of UNFIT, in its order.
VERDICTS: tuple[tuple[str | None, str | None], ...] = (
    (None, None),
    ("phone-invalid", "premium rate"),
    ("phone-invalid", "too long"),
    ("phone-region", None),
    ("phone-invalid", "not in use"),
    *(("phone-invalid", words) for words in UNFIT.values()),
)


def worded(found: pl.DataFrame) -> pl.DataFrame:
    """What `read` found, in words: `row`, `phone`, `code`, `detail`."""
    words = pl.DataFrame(VERDICTS, schema={"code": pl.String, "detail": pl.String}, orient="row")
    return found.select("row", "phone").hstack(words[found["outcome"]])


def judged_singly(asked: pl.DataFrame) -> pl.DataFrame:
    """Numbers of small plans, by `digits`; asked: `row`, `digits`, `plan`."""
    places = {key: (country(PLANS[key][1]), plan_of(*PLANS[key])) for key in asked["plan"].unique()}
    numbers = ((row, single.settled(digits, *places[key])) for row, digits, key in asked.iter_rows())
    return frame([told(row, number) for row, number in numbers if number is not None])


def judged(asked: pl.DataFrame, region: str, code: str) -> pl.DataFrame:
    """Digits that one plan reads: the rest of `digits.national`, and `digits.plan_having`."""
    plan, home = plan_of(region, code), country(code)
    if not all(map(patterns.portable, [plan, *home.plans])):
        return judged_singly(asked)
    long_enough = asked.filter(patterns.length_of("digits") >= SHORTEST)
    cut = long_enough.with_columns(shorter=long_enough.select(patterns.without_prefix(plan)).to_series())
    borne = patterns.length_of("shorter").is_in([length for length in _LENGTHS if plan.bears(length)])
    kept = cut.select("row", digits=pl.when(borne).then("shorter").otherwise("digits"))
    whole = kept.with_columns(length=patterns.length_of("digits")).filter(pl.col("length").is_between(SHORTEST, MOST_DIGITS))
    return pl.concat(list(_by_plan(whole, home)))


def _by_plan(numbers: pl.DataFrame, home: Country) -> Iterator[pl.DataFrame]:
    """National significant numbers of a country: those of each plan, then those of none."""
    left = numbers
    for plan in home.plans:
        if left.height < patterns.MANY:
            few = ((row, single.Number(home, digits)) for row, digits in left.select("row", "digits").iter_rows())
            yield frame([told(row, number) for row, number in few])
            return
        mine = left.select(_belongs(plan, home)).to_series()
        yield _ended(left.filter(mine), plan, home)
        left = left.filter(~mine)
    yield _ended(left, None, home)


def _belongs(plan: Plan, home: Country) -> pl.Expr:
    """As `digits.plan_having`: a country's only plan has all numbers, and of several the first that says so."""
    if len(home.plans) == 1:
        return pl.col("length") > 0
    return patterns.begins("digits", plan.leading) if plan.leading is not None else patterns.valid(plan)


def _ended(numbers: pl.DataFrame, plan: Plan | None, home: Country) -> pl.DataFrame:
    """The outcome of numbers that belong to one plan, or to none."""
    valid = pl.lit(value=False) if plan is None else patterns.valid(plan)
    kinds = () if plan is None else plan.kinds
    premium = patterns.any_of(look for look in kinds if look.kind == PhoneNumberType.PREMIUM_RATE)
    unfit = pl.col("length").replace_strict(dict(enumerate(_lengths(home))), return_dtype=pl.UInt8)
    outcome = (
        pl.when(~pl.col("valid"))
        .then(unfit)
        .when(premium)
        .then(Outcome.PREMIUM)
        .when(pl.col("length") + len(home.code) > single.MOST_INTERNATIONAL)
        .then(Outcome.LONG)
        .otherwise(Outcome.GOOD)
    )
    phone = pl.when("valid").then(pl.lit(f"+{home.code}") + pl.col("digits"))
    return numbers.with_columns(valid=valid).select("row", phone=phone, outcome=outcome.cast(pl.UInt8))


@cache
def _lengths(home: Country) -> list[int]:
    """For 0 digits and more: the Outcome of a number that is not valid."""
    words = list(UNFIT)
    return [Outcome.UNUSED + 1 + words.index(fit) if fit in UNFIT else Outcome.UNUSED for fit in home.lengths]


def told(row: int, number: single.Number) -> tuple[int, str | None, int]:
    """One number's line, from `digits`."""
    plan = single.plan_having(number)
    if plan is None:
        return row, None, _lengths(number.country)[len(number.digits)]
    if single.is_premium(number.digits, plan):
        return row, number.e164, Outcome.PREMIUM
    return row, number.e164, Outcome.LONG if len(number.e164) > single.MOST_INTERNATIONAL + 1 else Outcome.GOOD


def frame(lines: list[tuple[int, str | None, int]]) -> pl.DataFrame:
    """Lines of `told` as the frame that `judged` gives."""
    return pl.DataFrame(lines, schema=_FOUND, orient="row")
