"""Which numbering plan reads a number: by its country code, by what is dialled for "+", or by its region; by column. Pure.

In:  digits, international or as dialled in a region. Out: `row`, `digits` that are left, and the `plan` that reads them.
Rule source: `digits.international`, `digits.national`, of which this is the column form.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import polars as pl
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from callcamp_sync.phones import digits as single
from callcamp_sync.phones import patterns
from callcamp_sync.phones.plans import NEVER, PLANS, SHORTEST, Plan, codes, plan_of

_CODE_DIGITS = 3


@cache
def _by_digits() -> pl.DataFrame:
    """For each three first digits of an international number: `plan` (null where there is none), `size` of its country code."""
    main = {str(code): PLANS.index((regions[0], str(code))) for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()}
    found = [next((code for code in (key[:1], key[:2], key) if code in main), None) for key in map("{:03}".format, range(1_000))]
    rows = [(None, None) if code is None else (main[code], len(code)) for code in found]
    return pl.DataFrame(rows, schema={"plan": pl.UInt16, "size": pl.UInt8}, orient="row")


def _by_region(regions: pl.Series) -> pl.DataFrame:
    """For each of some regions: its `plan`, `code`, and `idd` where one row of digits is dialled for "+"; null where a pattern
    is. No table is made of a region that no cell has."""
    plans = [plan_of(region, codes()[region]) for region in regions]
    rows = [(p.region, PLANS.index((p.region, p.code)), p.code, p.idd if (p.idd or "").isdigit() else None) for p in plans]
    return pl.DataFrame(rows, schema={"region": pl.String, "plan": pl.UInt16, "code": pl.String, "idd": pl.String}, orient="row")


def with_code(asked: pl.DataFrame) -> pl.DataFrame:
    """International numbers -> `row`, `digits` after the country code, `plan`; those without a country are left out."""
    found = _by_digits()[asked["digits"].str.slice(0, _CODE_DIGITS).cast(pl.UInt16)]
    return asked.hstack(found).drop_nulls("plan").select("row", pl.col("digits").str.slice("size"), "plan")


def dialled(asked: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """National spellings: what follows "00" or the like, what is dialled at home, what may be either.

    The last are of regions with many ways to dial abroad; what follows too short is in none of them.
    """
    known = _by_region(asked["region"].unique())
    placed = asked.select("row", "digits", "region").join(known, on="region", how="left", maintain_order="left")
    rest = pl.col("digits").str.strip_prefix(pl.col("idd"))
    begins = pl.col("digits").str.starts_with(pl.col("idd")) & ~rest.str.starts_with("0")
    marked = placed.filter(pl.col("idd").is_not_null()).with_columns(abroad=begins, odd=pl.lit(value=False))
    patterned = placed.filter(pl.col("idd").is_null()).with_columns(abroad=pl.lit(value=False))
    every = pl.concat([marked, *map(_oddly_dialled, patterned.partition_by("region"))])
    abroad = every.filter("abroad").select("row", rest.alias("digits")).filter(pl.col("digits").str.len_bytes() > SHORTEST)
    return abroad, every.filter(~pl.col("abroad") & ~pl.col("odd")), every.filter("odd").select("row", "digits", "region")


def _oddly_dialled(asked: pl.DataFrame) -> pl.DataFrame:
    """One region's numbers, marked where they begin with its pattern for "+"."""
    region = asked["region"][0]
    plan = plan_of(region, codes()[region])
    return asked.with_columns(odd=patterns.begins("digits", plan.idd or NEVER) if patterns.portable(plan) else pl.lit(value=True))


def without_own_code(asked: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """National numbers -> `row`, `digits`, `plan` that reads them: the main one's after the country's own code."""
    begins = pl.col("digits").str.starts_with(pl.col("code"))
    yield asked.filter(~begins).select("row", "digits", "plan")
    few, many = patterns.divided(asked.filter(begins).select("row", "digits", "plan"))
    yield _placed(
        few, pl.Series([_shorter_one(digits, key) for digits, key in few.select("digits", "plan").iter_rows()], dtype=pl.String)
    )
    for part in many.partition_by("plan"):
        yield _placed(part, _shorter(part, plan_of(*PLANS[part["plan"][0]])))


def _placed(asked: pl.DataFrame, shorter: pl.Series) -> pl.DataFrame:
    """Digits with their plan, or what is left of them with the plan of the whole country."""
    main = pl.col("plan").replace_strict(_main(), return_dtype=pl.UInt16)
    plan = pl.when(shorter.is_null()).then("plan").otherwise(main)
    return asked.with_columns(pl.coalesce(shorter, "digits").alias("digits"), plan=plan)


@cache
def _main() -> dict[int, int]:
    """The number of each plan -> that of its country's main one."""
    first = {code: number for number, (_, code) in reversed([*enumerate(PLANS)])}
    return {number: first[code] for number, (_, code) in enumerate(PLANS)}


def _shorter_one(digits: str, key: int) -> str | None:
    return single.without_own_code(digits, plan_of(*PLANS[key]))


def _shorter(part: pl.DataFrame, plan: Plan) -> pl.Series:
    """As `digits.without_own_code`, by column."""
    if not patterns.portable(plan):
        return pl.Series([single.without_own_code(digits, plan) for digits in part["digits"]], dtype=pl.String)
    after = part.select(pl.col("digits").str.slice(len(plan.code)))
    cut = part.select("digits", shorter=after.select(patterns.without_prefix(plan)).to_series())
    better = ~patterns.fits("digits", plan.general.pattern) & patterns.fits("shorter", plan.general.pattern)
    long = patterns.length_of("digits").is_in([length for length in range(single.MOST + 1) if plan.too_long(length)])
    return cut.select(pl.when(better | long).then("shorter")).to_series()
