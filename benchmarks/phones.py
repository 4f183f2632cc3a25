"""Phone columns against a loop over phonenumbers with its pattern cache, in the same process, on the same cells."""

from __future__ import annotations

import phonenumbers
import polars as pl

from benchmarks.table import Line, median_seconds
from callcamp_sync.phones import normalise_phones
from callcamp_sync.sandbox import bulk_phone

ROWS = 100_000


def cells() -> list[str]:
    """A column of American numbers in four spellings, a sixth of them twice."""
    phones = [bulk_phone(i % (ROWS * 5 // 6)) for i in range(ROWS)]
    spellings = (
        lambda p: p,
        lambda p: f"({p[2:5]}) {p[5:8]}-{p[8:]}",
        lambda p: f"{p[2:5]}.{p[5:8]}.{p[8:]}",
        lambda p: f"1 {p[2:5]} {p[5:]}",
    )
    return [spellings[i % 4](phone) for i, phone in enumerate(phones)]


def _by_library(column: list[str]) -> list[str | None]:
    found: list[str | None] = []
    for cell in column:
        number = phonenumbers.parse(cell, "US")
        valid = phonenumbers.is_valid_number(number)
        found.append(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if valid else None)
    return found


def lines() -> list[Line]:
    """One line: 100,000 cells."""
    column = cells()
    series = pl.Series(column)
    phonenumbers.enable_pattern_cache()
    same = normalise_phones(series, "US")["phone"].to_list() == _by_library(column)
    ours = median_seconds(lambda: normalise_phones(series, "US"))
    library = median_seconds(lambda: _by_library(column))
    what = f"phones to E.164, {ROWS:,} cells of one region"
    shown = {"ours": f"{ours:.2f} s", "baseline": f"{library:.2f} s"}
    return [Line(what=what, **shown, against="phonenumbers, cached", ratio=library / ours, checked=same)]
