"""Numbers and money: one cell -> plain decimal text. Pure.

In:  a stripped cell, and the column's decimal and thousands signs. Out: a Reading; the value as fields.plain_number writes it.
`simple` does the same for a column, as far as no cell needs a second thought.
Strict, since a number read wrongly is worse than one refused: groups of three only, no exponent, no unit, no "NaN".
Fractions keep 15 significant digits, as spreadsheets do: 0.30000000000000004 is 0.3. Whole numbers beyond 15 digits cannot pass
through a spreadsheet or JSON unharmed and are refused.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal
from functools import cache

import polars as pl

from callcamp_sync.fields import plain_number
from callcamp_sync.values.codes import CURRENCIES
from callcamp_sync.values.reading import Reading, good, wrong

_DIGITS = 15
#: No amount needs more characters, and a longer fraction could vanish in JSON's floating point.
_LONGEST = 60
_FIFTEEN = Context(prec=_DIGITS)
#: A server's number as Python prints it, exponents included.
_PRINTED = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_CODE = re.compile(r"[A-Za-z]{3}")
#: Digits that need no rounding and no judgement, fifteen at most: as `plain_number` writes them, and as people do.
_CANONICAL = r"^(?:0|-?(?:[1-9][0-9]{0,14}|(?:[1-9][0-9]{0,8}|0)\.[0-9]{0,5}[1-9]))$"
_SIMPLE = r"^[+-]?(?:[0-9]{1,15}|[0-9]{1,9}%s[0-9]{1,6})$"


def read_number(text: str, *, decimal: str = ".", thousands: str | None = None) -> Reading:
    """Read a number. Issue code: number-unreadable.

    decimal, thousands: the column's signs; a thousands sign of white space stands for every kind of space.
    """
    plain = _plain(text, decimal, thousands)
    if plain is None or len(plain) > _LONGEST:
        return wrong("number-unreadable")
    value = Decimal(plain)
    if len(str(abs(int(value)))) > _DIGITS:
        return wrong("number-unreadable")
    return good(plain_number(_rounded(value)))


def _plain(text: str, decimal: str, thousands: str | None) -> str | None:
    """`text` with "." for the decimal sign and no groups, or None where it is not written like that."""
    written = text.replace("\u2212", "-").replace("\u2019", "'")
    sign = thousands
    if thousands is not None and thousands.isspace():
        sign = " "
        written = re.sub(r"[\u00a0\u2009\u202f]", " ", written)
    elif thousands == "\u2019":
        sign = "'"
    if not _pattern(decimal, sign).fullmatch(written):
        return None
    return (written.replace(sign, "") if sign else written).replace(decimal, ".")


@cache
def _pattern(decimal: str, thousands: str | None) -> re.Pattern[str]:
    whole = r"\d+" if not thousands else rf"(?:\d+|\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+)"
    return re.compile(rf"[+-]?(?:{whole}(?:{re.escape(decimal)}\d+)?|{re.escape(decimal)}\d+)", re.ASCII)


def _rounded(value: Decimal) -> Decimal:
    return value if value == value.to_integral_value() else _FIFTEEN.plus(value)


def simple(cells: pl.Series, *, decimal: str = ".", thousands: str | None = None) -> pl.Series:
    """What `read_number` (and `held_number`, `read_money`) make of cells that are plain digits; null for all others.

    Most numbers of most sheets are such, and few of them repeat: reading each in Python would cost more than all else.
    """
    if decimal not in {".", ","} or (thousands and thousands in f"+-0123456789{decimal}"):
        return pl.repeat(None, cells.len(), dtype=pl.String, eager=True)
    as_is = cells.str.contains(_CANONICAL) if decimal == "." else pl.repeat(None, cells.len(), dtype=pl.Boolean, eager=True)
    odd = pl.DataFrame({"cell": cells.filter(~as_is.fill_null(value=False)).unique()})
    cell, text = pl.col("cell"), pl.col("text")
    # One step a line: polars would work out an expression again wherever it is used.
    worked = (
        odd.filter(cell.str.contains(_SIMPLE % re.escape(decimal)))
        .with_columns(text=cell.str.strip_chars_start("+-").str.replace(decimal, ".", literal=True))
        .with_columns(text=pl.when(text.str.contains(".", literal=True)).then(text.str.strip_chars_end("0")).otherwise(text))
        .with_columns(text=text.str.strip_suffix(".").str.strip_chars_start("0"))
        .with_columns(text=pl.when((text == "") | text.str.starts_with(".")).then("0" + text).otherwise(text))
        .with_columns(text=pl.when(cell.str.starts_with("-") & (text != "0")).then("-" + text).otherwise(text))
    )
    both = pl.DataFrame({"cell": cells, "as_is": as_is}).join(worked, on="cell", how="left", maintain_order="left")
    return both.select(pl.when("as_is").then("cell").otherwise("text")).to_series()


def read_money(text: str, *, decimal: str = ".", thousands: str | None = None) -> Reading:
    """Read a currency code or an amount: the vendor does not say which. Issue codes: currency-unknown, number-unreadable."""
    if _CODE.fullmatch(text):
        return good(text.upper()) if text.upper() in CURRENCIES else wrong("currency-unknown")
    if not any(char.isdecimal() for char in text):
        return wrong("currency-unknown")
    return read_number(text, decimal=decimal, thousands=thousands)


def held_number(text: str) -> Reading:
    """A server's number, exponents included: 1e+16 is 10000000000000000. Issue code: number-unreadable."""
    if not _PRINTED.fullmatch(text) or len(text) > _LONGEST:
        return wrong("number-unreadable")
    value = Decimal(text)
    if value and abs(value.adjusted()) > _LONGEST:
        return wrong("number-unreadable")
    return good(plain_number(_rounded(value)))


def held_money(text: str) -> Reading:
    """A server's currency code or amount. Issue codes: currency-unknown, number-unreadable."""
    return read_money(text) if _CODE.fullmatch(text) else held_number(text)
