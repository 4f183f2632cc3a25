"""Text that a spreadsheet would run as a formula, made harmless in CSV, and the exact way back. Pure: no I/O.

In:  a String column or one text.
Out: the same, with one apostrophe more (escape) or less (unescape) where the rule says so. unescape(escape(x)) == x for every x.
Rule: a cell that is apostrophes (or none) and then one of = + - @ tab CR gets one apostrophe in front. A phone number, strictly
`+` and 7 to 15 digits, stays as it is: it is no formula that could do anything, and dialling needs it exact.
Rule source: OWASP, "CSV Injection"; the reliability notes, section 5.
"""

from __future__ import annotations

import re

import polars as pl

TRIGGER = r"^'*[=+\-@\t\r]"
_ESCAPED = r"^'('*[=+\-@\t\r])"
_PHONE = r"^\+[0-9]{7,15}$"


def escape(column: pl.Expr) -> pl.Expr:
    """The column as a CSV for spreadsheets may hold it. Nulls stay null."""
    risky = column.str.contains(TRIGGER) & ~column.str.contains(_PHONE)
    # The plain column comes first: it gives the result its name.
    return pl.when(~risky).then(column).otherwise(pl.concat_str(pl.lit("'"), column))


def unescape(column: pl.Expr) -> pl.Expr:
    """The column without the apostrophe that `escape` adds. Nulls stay null."""
    return pl.when(column.str.contains(_ESCAPED)).then(column.str.slice(1)).otherwise(column)


def escape_text(text: str) -> str:
    """`escape` for one text, such as a heading."""
    risky = re.match(TRIGGER, text) and not re.fullmatch(_PHONE.strip("^$"), text)
    return f"'{text}" if risky else text


def unescape_text(text: str) -> str:
    """`unescape` for one text, such as a heading."""
    return text[1:] if re.match(_ESCAPED, text) else text
