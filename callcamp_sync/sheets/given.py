"""A polars frame as a sheet, for programs that have their rows already. Pure: no I/O.

In:  a frame whose columns are all text. Out: model.Sheet; row numbers as if the frame stood in a spreadsheet under its headings.
Text is insisted on: a number has lost what a sheet's cell still has (leading zeros, `+`, digits beyond 15).
"""

from __future__ import annotations

import hashlib

import polars as pl

from callcamp_sync.errors import SheetError
from callcamp_sync.model import Sheet
from callcamp_sync.sheets.grid import Grid, Origin, to_sheet

#: What the report names as the source.
NAME = "a polars frame"


def given_sheet(frame: pl.DataFrame) -> Sheet:
    """The frame as a sheet. Raises SheetError: no frame, a column that is not text, no column, headings double or reserved."""
    if not isinstance(frame, pl.DataFrame):
        hint = "give a path, or a polars DataFrame; a LazyFrame becomes one by `.collect()`"
        raise SheetError(f"a sheet cannot be read from a {type(frame).__name__}", hint=hint)
    wrong = [f"`{name}` ({kind})" for name, kind in frame.schema.items() if kind not in (pl.String, pl.Null)]
    if wrong:
        hint = "read the file with `infer_schema=False`; a number has lost its leading zeros, and a cast does not bring them back"
        raise SheetError(f"columns of the frame are not text: {', '.join(wrong)}", hint=hint)
    if not frame.width:
        raise SheetError("the frame has no column", hint="give it at least a column of phone numbers")
    body = frame.cast(pl.String)
    digest = hashlib.sha256(body.write_csv().encode()).hexdigest()
    grid = Grid(header=tuple(body.columns), header_row=1, first_column=0, body=body)
    return to_sheet(grid, Origin(path=NAME, sheet=None, sha256=digest))
