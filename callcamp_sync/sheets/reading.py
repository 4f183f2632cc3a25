"""One way in: a source of any kind -> model.Sheet. An edge: reads a file or standard input.

In:  the source as the user wrote it, and what the mapping says about sheet, header row, encoding and delimiter.
Out: model.Sheet: all cells as text, with the row numbers that the spreadsheet shows, and everything odd as an issue or a warning.
Rule source: the docstring of model.Sheet; interface document, "SHEET".
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from callcamp_sync.errors import SheetError
from callcamp_sync.fields import ROW
from callcamp_sync.model import Sheet
from callcamp_sync.sheets import own, prepared
from callcamp_sync.sheets.choice import Asked, HiddenRows
from callcamp_sync.sheets.csv_in import read_delimited
from callcamp_sync.sheets.grid import Origin, to_sheet
from callcamp_sync.sheets.legacy import read_legacy
from callcamp_sync.sheets.limits import STANDARD, Limits
from callcamp_sync.sheets.provenance import custom_properties
from callcamp_sync.sheets.source import Kind, Source, kind_of, read_source
from callcamp_sync.sheets.xlsx_in import read_workbook


def read_sheet(
    source: str | Path,
    *,
    sheet: str | int | None = None,
    header_row: int | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    hidden_rows: HiddenRows = "refuse",
    limits: Limits = STANDARD,
) -> Sheet:
    """Read a sheet as text.

    source: a path, `FILE.xlsx#Sheet name` (which outranks `sheet`), `-` for standard input, or a glob that matches one file; the
    file may be packed (.gz, or a .zip of one file); or a prepared sheet: its folder, or the `prepared.json` in it. sheet: name of
    a sheet or of an Excel table, or position from 1; None takes the only visible sheet with data. header_row: as the spreadsheet
    counts; None takes the first row that is not blank. encoding, delimiter: of delimited text; None finds them by evidence.
    hidden_rows:
    what becomes of hidden or filtered rows of a workbook that have data.
    Raises SheetError, with a hint, for everything that keeps the whole sheet from being read. What is wrong with one row is an
    issue of that row: row-ragged, row-quote, row-totals, cell-error, cell-merged, cell-uncalculated.
    """
    if header_row is not None and header_row < 1:
        raise SheetError(f"`{header_row}` is no row of a sheet", hint="rows are counted from 1")
    if (manifest := prepared.located(source)) is not None:
        return prepared.read_prepared(manifest, limits)
    found = read_source(source, limits)
    wanted = found.sheet if found.sheet is not None else sheet
    kind = kind_of(found)
    if kind != "text":
        marks = own.marks_of(found.data) if kind == "xlsx" else None
        named = marks.sheet if marks and wanted is None else wanted
        read = _workbook(found, kind, Asked(sheet=named, header_row=header_row, hidden_rows=hidden_rows, limits=limits))
        return _remembering(read, found, marks) if marks else read
    grid, decoded, mark = read_delimited(
        found.data,
        encoding=encoding,
        delimiter=delimiter,
        header_row=header_row,
        check=lambda rows, columns: limits.check_extent(rows, columns, found.path),
    )
    ignored = () if wanted is None else (f"delimited text has no sheets: `{wanted}` was ignored",)
    origin = Origin(
        path=found.path,
        sheet=None,
        sha256=found.sha256,
        encoding=decoded.encoding,
        delimiter=mark,
        warnings=(*decoded.warnings, *ignored),
    )
    limits.check_extent(grid.body.height, grid.body.width, found.path)
    return to_sheet(grid, origin)


def _workbook(found: Source, kind: Kind, asked: Asked) -> Sheet:
    book = read_workbook(found.data, found.path, asked) if kind == "xlsx" else read_legacy(found.data, found.path, kind, asked)
    asked.limits.check_extent(book.grid.body.height, book.grid.body.width, found.path)
    sheet = to_sheet(book.grid, Origin(path=found.path, sheet=book.name, sha256=found.sha256, warnings=book.warnings))
    said = custom_properties(found.data) if kind == "xlsx" else {}
    if said.get("callcamp_kind") == "fix":
        sheet = replace(sheet, info=replace(sheet.info, fix_of=said.get("callcamp_run", "")))
    return _without(sheet, book.hidden) if asked.hidden_rows == "skip" and book.hidden else sheet


def _remembering(sheet: Sheet, found: Source, marks: own.Marks) -> Sheet:
    """The sheet with what our export wrote into the workbook beside it."""
    if sheet.info.sheet is None or sheet.info.sheet.casefold() != marks.sheet.casefold():
        return sheet
    exported, warnings = own.read_baseline(found.data, found.path, marks)
    info = replace(sheet.info, warnings=(*sheet.info.warnings, *warnings))
    return replace(sheet, exported=exported, info=info)


def _without(sheet: Sheet, hidden: frozenset[int]) -> Sheet:
    rows = pl.Series(sorted(hidden), dtype=pl.UInt32).implode()
    frame = sheet.frame.filter(~pl.col(ROW).is_in(rows))
    skipped = sheet.frame.height - frame.height
    warning = f"hidden rows that were skipped: {skipped}"
    info = replace(sheet.info, rows=frame.height, warnings=(*sheet.info.warnings, warning))
    return replace(sheet, frame=frame, issues=sheet.issues.filter(~pl.col("row").is_in(rows)), info=info)
