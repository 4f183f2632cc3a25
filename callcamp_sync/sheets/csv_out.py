"""Frames as CSV files. An edge: writes one file, whole or not at all.

In:  a frame of text, numbers, bools, dates; null is a blank cell.
Out: a comma separated file, every line ended by CRLF. Dialect `excel` opens well and safely in spreadsheets: a BOM, formulas
escaped (formulas.py), NUL shown as its sign. Dialect `raw` is RFC 4180 in UTF-8, verbatim: for programs.
Rule source: RFC 4180; the reader of this room takes back exactly what `excel` wrote.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Literal

import polars as pl

from callcamp_sync.sheets import atomic, formulas

_NUL, _NUL_SIGN = "\0", "\u2400"
_ODD = rf"{formulas.TRIGGER}|\x00"


def write_csv(path: str | Path, frame: pl.DataFrame, *, dialect: Literal["excel", "raw"]) -> None:
    """Write `frame` with its column names as the header.

    Raises StateError when the file cannot be written; an old file then stands unharmed. Mode 0600.
    """
    text = frame.select(pl.all().cast(pl.String))
    headings = frame.columns
    if dialect == "excel":
        text = text.with_columns(_safe(pl.col(name)) for name in _odd(text))
        headings = [formulas.escape_text(name.replace(_NUL, _NUL_SIGN)) for name in headings]
    with atomic.replacing(path) as part, part.open("wb") as file:
        if dialect == "excel":
            file.write(b"\xef\xbb\xbf")
        _write(file, headings, text)


def _odd(text: pl.DataFrame) -> list[str]:
    """The columns with a NUL or a cell that begins like a formula. Most have neither, and to ask costs half of an escape."""
    found = text.select(pl.all().str.contains(_ODD).any()).row(0)
    return [name for name, odd in zip(text.columns, found, strict=True) if odd]


def _safe(column: pl.Expr) -> pl.Expr:
    return formulas.escape(column.str.replace_all(_NUL, _NUL_SIGN, literal=True))


def _write(file: BinaryIO, headings: list[str], text: pl.DataFrame) -> None:
    # The header is quoted by hand: a `;` or a tab in a heading must not pass for the delimiter when the file is read again.
    file.write((",".join(map(_quoted, headings)) + "\r\n").encode())
    text.write_csv(file, include_header=False, line_terminator="\r\n", quote_style="necessary")


def _quoted(heading: str) -> str:
    plain = bool(heading) and all(c.isalnum() or c in " _-.()/" for c in heading)
    return heading if plain else '"' + heading.replace('"', '""') + '"'
