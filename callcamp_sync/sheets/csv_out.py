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


def write_csv(path: str | Path, frame: pl.DataFrame, *, dialect: Literal["excel", "raw"]) -> None:
    """Write `frame` with its column names as the header.

    Raises StateError when the file cannot be written; an old file then stands unharmed. Mode 0600.
    """
    text = frame.select(pl.all().cast(pl.String))
    headings = frame.columns
    if dialect == "excel":
        text = _shown(text).select(formulas.escape(pl.col(name)) for name in headings)
        headings = [formulas.escape_text(name.replace(_NUL, _NUL_SIGN)) for name in headings]
    with atomic.replacing(path) as part, part.open("wb") as file:
        if dialect == "excel":
            file.write(b"\xef\xbb\xbf")
        _write(file, headings, text)


def _shown(text: pl.DataFrame) -> pl.DataFrame:
    """The frame with a sign for every NUL. Hardly a column has one, and to ask costs a tenth of a replacement."""
    found = text.select(pl.all().str.contains(_NUL, literal=True).any()).row(0)
    with_nul = [name for name, has in zip(text.columns, found, strict=True) if has]
    return text.with_columns(pl.col(with_nul).str.replace_all(_NUL, _NUL_SIGN, literal=True))


def _write(file: BinaryIO, headings: list[str], text: pl.DataFrame) -> None:
    # The header is quoted by hand: a `;` or a tab in a heading must not pass for the delimiter when the file is read again.
    file.write((",".join(map(_quoted, headings)) + "\r\n").encode())
    text.write_csv(file, include_header=False, line_terminator="\r\n", quote_style="necessary")


def _quoted(heading: str) -> str:
    plain = bool(heading) and all(c.isalnum() or c in " _-.()/" for c in heading)
    return heading if plain else '"' + heading.replace('"', '""') + '"'
