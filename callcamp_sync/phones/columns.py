"""Many numbers' digits -> E.164 or the issue, by column: what `digits.read` says of each. Pure.

In:  digits, whether a "+" stood before them, and a region. Out: for each that is certain, its number and an Outcome.
`lanes` finds the plan that reads a number, `verdicts` asks the plan; here stand the second readings of bare digits.
Nothing is written in place: `Series.scatter` would change what others still read.
Rule source: `digits`, of which this is the column form; tests/phones_proof holds both to phonenumbers' answers.
"""

from __future__ import annotations

from functools import cache

import polars as pl
from phonenumbers import PhoneNumberType

from callcamp_sync.phones import digits as single
from callcamp_sync.phones import lanes, patterns, verdicts
from callcamp_sync.phones.plans import MOST_DIGITS, PLANS, codes, country, may_be_longer, plan_of
from callcamp_sync.phones.shapes import WRITTEN
from callcamp_sync.phones.verdicts import Outcome


def read(asked: pl.DataFrame) -> pl.DataFrame:
    """Read digits.

    asked: `row`, `digits`, `plus`, `bare`, `region` (a supported one, or null).
    Returns `row`, `phone`, `outcome` of the rows that are certain, in any order; `phone` stands where the outcome is GOOD.
    """
    homeless = asked.filter(~pl.col("plus") & pl.col("region").is_null())
    found = parsed(asked.filter(pl.col("plus") | pl.col("region").is_not_null()))
    certain = found.join(_doubtful(asked, found), on="row", how="anti")
    refused = homeless.select("row", phone=pl.lit(None, pl.String), outcome=pl.lit(Outcome.REGION, pl.UInt8))
    every = pl.concat([certain, refused])
    return every.with_columns(phone=pl.when(pl.col("outcome") == Outcome.GOOD).then("phone"))


def held(asked: pl.DataFrame) -> pl.DataFrame:
    """The valid numbers, of whatever tariff, among international digits that E.164 may write otherwise.

    asked: `row`, `digits`. Returns `row`, `phone`; without those that are their own E.164, or none.
    """
    usual = pl.col("digits").str.contains(WRITTEN)
    odd = lanes.with_code(asked.filter(~usual))
    parts = [_with_prefix(part) for part in lanes.with_code(asked.filter(usual)).partition_by("plan")]
    found = _judged(pl.concat([odd, *parts]))
    return found.filter(pl.col("outcome") <= Outcome.LONG).select("row", "phone")


def _with_prefix(part: pl.DataFrame) -> pl.DataFrame:
    """Numbers of one plan that begin with what is dialled before a national number: all others are their own E.164."""
    plan = plan_of(*PLANS[part["plan"][0]])
    if plan.prefix is None:
        return part.clear()
    return part.filter(patterns.begins("digits", plan.prefix)) if patterns.portable(plan) else part


def parsed(asked: pl.DataFrame) -> pl.DataFrame:
    """Parse and judge numbers as phonenumbers does, without a second reading.

    asked: `row`, `digits`, `plus`, `region`. Returns `row`, `phone` (of valid numbers), `outcome`; uncertain rows are missing.
    """
    plus = asked.filter("plus").select("row", "digits")
    abroad, home, odd = lanes.dialled(asked.filter(~pl.col("plus")))
    placed = pl.concat([lanes.with_code(pl.concat([plus, abroad])), *lanes.without_own_code(home)])
    return pl.concat([_judged(placed), _one_by_one(odd)])


def _judged(placed: pl.DataFrame) -> pl.DataFrame:
    """Every plan's numbers by that plan; those of all small plans in one go."""
    few, many = patterns.divided(placed)
    parts = many.partition_by("plan", as_dict=True).items()
    return pl.concat([verdicts.judged_singly(few), *(verdicts.judged(part, *PLANS[key]) for (key,), part in parts)])


def _one_by_one(asked: pl.DataFrame) -> pl.DataFrame:
    """National numbers that `digits` reads as they stand."""
    read_ = ((row, single.national(digits, plan_of(region, codes()[region]))) for row, digits, region in asked.iter_rows())
    return verdicts.frame([verdicts.told(row, number) for row, number in read_ if number is not None])


# --- second readings of bare digits


def _doubtful(asked: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """The `row` of bare digits that may be another number too: rather too many, they are read again one by one."""
    alone = asked.filter(pl.col("bare") & ~pl.col("digits").str.starts_with("0")).select("row", "digits", "region")
    bare = alone.join(found.filter(pl.col("outcome") == Outcome.GOOD).select("row", "phone"), on="row")
    placed = bare.join(_habits(bare["region"].unique()), on="region", how="left", maintain_order="left")
    own = pl.concat_str(pl.lit("+"), "code")
    foreign = ~pl.col("phone").str.starts_with(own)
    zero = pl.col("zero") | pl.col("phone").str.starts_with(pl.concat_str(own, pl.lit("0")))
    length = pl.col("phone").str.len_bytes() - own.str.len_bytes()
    plus = placed.filter(pl.col("digits").str.starts_with(pl.col("code")) | zero | foreign)
    longer = placed.filter((length <= pl.col("longest")) | foreign)
    return pl.concat(
        [
            _others(plus, plus.select("row", "digits", plus=True, region=pl.lit(None, pl.String))),
            _others(longer, longer.select("row", digits=pl.lit("0") + pl.col("digits"), plus=False, region="region")),
        ]
    )


def _others(asked: pl.DataFrame, again: pl.DataFrame) -> pl.DataFrame:
    """The rows of `asked` whose second reading is a valid number, and not the same."""
    second = parsed(again).filter(pl.col("outcome") <= Outcome.LONG).select("row", other="phone")
    return asked.join(second, on="row").filter(pl.col("phone") != pl.col("other")).select("row")


def _habits(regions: pl.Series) -> pl.DataFrame:
    """For each region: `code`, whether its country may write a "0" in front (`zero`), the most digits to which one may be added
    (`longest`). Generous: what it lets through is looked at one by one."""
    rows = [(region, codes()[region], *_habit(codes()[region])) for region in regions]
    return pl.DataFrame(
        rows, schema={"region": pl.String, "code": pl.String, "zero": pl.Boolean, "longest": pl.Int64}, orient="row"
    )


@cache
def _habit(code: str) -> tuple[bool, int]:
    home = country(code)
    zero = any(form.zero if isinstance(form.zero, bool) else not form.pattern.startswith("(") for form in home.formats)
    kinds = {look.kind for plan in home.plans for look in plan.kinds} | {
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
    }
    grown = (length for length in range(MOST_DIGITS, 0, -1) if any(may_be_longer(code, kind, length) for kind in kinds))
    return zero, next(grown, 0)
