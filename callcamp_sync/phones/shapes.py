"""Which cells are plain ASCII spellings of one number, by column: what `text.judge` says of those, as expressions. Pure.

In:  cells. Out: for each that is certainly plain, its digits, whether a "+" stands before them, whether they are bare.
Every other cell is left to `text.judge`: other scripts and signs, labels, quotes, extensions, slashes, dates, decimals,
exponents. tests/phones_proof holds both rooms to the same answers.
Rule source: `text.judge`.
"""

from __future__ import annotations

import re

import polars as pl

from callcamp_sync.phones.digits import FEWEST, MOST
from callcamp_sync.phones.text import EXACT_DIGITS, LONG_DIGITS, SHOWN_DIGITS, Spelling

#: International digits that are kept as written though they are no valid number; the oracle's rule for what others hold.
WRITTEN = r"^[1-9][0-9]{6,14}$"

#: What merely surrounds a number.
_QUOTES = "'`"
_LABEL = r"(?i-u)^(?:(?:tel(?:ephone)?|phone|mobile|mob|cell)\b|(?:ph|[tmp]) *[.:])[ :.]*"
#: One "+" at most, before all digits; of the punctuation only what has no second meaning.
_PLAIN = r"^\(?\+?[0-9][0-9 ().\-]*$"
_BARE = r"^[0-9]+$"
_FLOAT = r"^[0-9]+\.00?$"
#: A decimal number unless it is a registry's or a trunk zero's; a day.
_ODD = r"^\+?[0-9]+\.[0-9]+$|^(?:1899|19[0-9][0-9]|[2-9][0-9]{3})-[0-9][0-9]-[0-9][0-9](?: |$)"
#: Far less than what `text.judge` takes for one number.
_LONGEST = 60

_DIALLED = re.compile(r"[(\[]?(\+?)[0-9][0-9 \-.()\[\]/]*", re.ASCII)
_PUNCTUATION = str.maketrans("", "", "+ -.()[]/")


def shaped(cells: pl.DataFrame) -> pl.DataFrame:
    """The plain cells among some.

    cells: `row`, `text`. Returns a frame: `row`, `digits` (String, FEWEST to MOST of them), `plus`, `bare`; labelled ones last.
    """
    trimmed = cells.select("row", cell=pl.col("text").str.strip_chars(" ").str.strip_chars_start(_QUOTES).str.strip_chars(" "))
    is_plain = pl.col("cell").str.contains(_PLAIN)
    labelled = trimmed.filter(~is_plain).with_columns(pl.col("cell").str.replace(_LABEL, ""))
    plain = pl.concat([trimmed, labelled]).filter(is_plain & (pl.col("cell").str.len_bytes() <= _LONGEST))
    float_ = pl.col("cell").str.contains(_FLOAT)
    whole = pl.col("cell").str.strip_suffix(".00").str.strip_suffix(".0")
    spelt = plain.with_columns(
        cell=pl.when(float_).then(whole).otherwise("cell"), odd=pl.col("cell").str.contains(_ODD) & ~float_
    )
    read = spelt.filter(~pl.col("odd")).select(
        "row",
        digits=pl.col("cell").str.replace_all("[^0-9]+", ""),
        plus=pl.col("cell").str.contains("+", literal=True),
        bare=pl.col("cell").str.contains(_BARE),
    )
    return read.filter(_of_one_number())


def _of_one_number() -> pl.Expr:
    """Neither too few digits nor too many; bare ones no more than a spreadsheet keeps, and no zeros in
    place of what it did not show, unless a zero in front says that they were text.
    """
    length = pl.col("digits").str.len_bytes()
    shown = pl.col("digits").str.strip_chars_end("0").str.len_bytes()
    rounded = (length > EXACT_DIGITS) | ((length >= LONG_DIGITS) & (shown <= SHOWN_DIGITS))
    return length.is_between(FEWEST, MOST) & ~(rounded & pl.col("bare") & ~pl.col("digits").str.starts_with("0"))


def plain_digits(spelling: Spelling) -> tuple[str, bool] | None:
    """The digits of a judged spelling and whether a "+" stands before them; None where only phonenumbers can tell."""
    found = _DIALLED.fullmatch(spelling.dialled)
    if found is None:
        return None
    digits = spelling.dialled.translate(_PUNCTUATION)
    return (digits, bool(found[1])) if FEWEST <= len(digits) <= MOST else None
