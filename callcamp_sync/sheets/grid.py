"""What both readers hand over, and how it becomes a Sheet. Pure: no I/O.

In:  a Grid: the header's cells, every row below it as text, and what the reader noticed.
Out: model.Sheet: blank cells null, blank rows counted and left out, row numbers as the spreadsheet shows them, headings without
outer spaces, and issues with the heading of their column.
Rule source: the docstring of model.Sheet; interface document, "Columns that need no mapping file".
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

import polars as pl

from callcamp_sync import frames
from callcamp_sync.errors import SheetError
from callcamp_sync.fields import ROW
from callcamp_sync.model import ISSUE_SCHEMA, Sheet, SourceInfo

_TOTAL = re.compile(
    r"\s*(?:(?:grand |sub-?)?totals?|sum|count|average|summe|gesamt(?:summe)?|total g[eé]n[eé]ral|somme|suma|totale|totaal)"
    r"(?: (?:rows|records|leads|contacts|count))?\s*:?(?:\s*[0-9][0-9.,]*)?\s*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\s*[^\w\s+]?\s*-?[0-9][0-9.,' ]*\s*[^\w\s]?\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something wrong at a row. row: spreadsheet number. column: position in the grid, or None. code: of issues.py."""

    row: int
    code: str
    column: int | None = None
    cell: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A sheet before its header is understood.

    header: its cells; header_row: its spreadsheet number. first_column: of the grid in the sheet, 0 is A. body: one String column
    a header cell, every row below the header in order, blank ones included. skipped: rows between header and body, of a piece.
    """

    header: tuple[str, ...]
    header_row: int
    first_column: int
    body: pl.DataFrame
    notices: tuple[Notice, ...] = ()
    skipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a grid came from: the part of SourceInfo that is known before the rows are."""

    path: str
    sheet: str | None
    sha256: str
    encoding: str | None = None
    delimiter: str | None = None
    warnings: tuple[str, ...] = ()


def column_letters(index: int) -> str:
    """The spreadsheet's name of a column: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def to_sheet(grid: Grid, origin: Origin, *, is_piece: bool = False) -> Sheet:
    """The sheet of a grid. is_piece: its last row is not the sheet's, so it is not judged as that.

    Raises SheetError for headings that are double, blank over data, or named like our own column."""
    body = grid.body.select(blank_as_null(pl.col(name)) for name in grid.body.columns)
    names = _headings(grid, body)
    numbered = body.rename(dict(zip(body.columns, map(str, range(body.width)), strict=True))).with_row_index(
        ROW, grid.header_row + 1 + grid.skipped
    )
    noticed = pl.Series([notice.row for notice in grid.notices], dtype=pl.UInt32)
    kept = [pl.col(str(i)) for i in names]
    filled = pl.any_horizontal(column.is_not_null() for column in kept) | pl.col(ROW).is_in(noticed.implode())
    marks = numbered.select(filled=filled)["filled"]
    frame = (numbered if marks.all() else numbered.filter(marks)).select(
        pl.col(ROW).cast(pl.UInt32), *(pl.col(str(i)).alias(name) for i, name in names.items())
    )
    info = SourceInfo(
        path=origin.path,
        sheet=origin.sheet,
        sha256=origin.sha256,
        rows=frame.height,
        blank_rows=body.height - frame.height,
        encoding=origin.encoding,
        delimiter=origin.delimiter,
        warnings=origin.warnings,
    )
    sums = () if is_piece else totals(frame)
    return Sheet(frame=frame, headings=tuple(names.values()), issues=_issues(grid, names, sums), info=info)


def blank_as_null(column: pl.Expr) -> pl.Expr:
    """The column with null for cells that hold nothing but spaces."""
    return pl.when(column.str.strip_chars() != "").then(column)


def _headings(grid: Grid, body: pl.DataFrame) -> dict[int, str]:
    """Position -> heading, for the columns that have one."""
    names = {i: cell.strip().removeprefix("\ufeff").strip() for i, cell in enumerate(grid.header)}
    for i, name in names.items():
        if not name and body.to_series(i).is_not_null().any():
            letters = column_letters(grid.first_column + i)
            row = grid.header_row + 1 + grid.skipped + int(body.to_series(i).is_not_null().arg_max() or 0)
            hint = "name the column, or delete it; if the header is in another row, say so with `header_row`"
            raise SheetError(f"column {letters} has data (row {row}) and no heading in row {grid.header_row}", hint=hint)
        if name == ROW:
            raise SheetError(f"the heading `{ROW}` is reserved", hint="rename the column")
    named = {i: name for i, name in names.items() if name}
    _refuse_doubles(grid, named)
    return named


def _refuse_doubles(grid: Grid, named: dict[int, str]) -> None:
    places: defaultdict[str, list[str]] = defaultdict(list)
    for i, name in named.items():
        places[name].append(column_letters(grid.first_column + i))
    double = [f"`{name}` (columns {', '.join(letters)})" for name, letters in places.items() if len(letters) > 1]
    if double:
        raise SheetError(f"headings stand twice: {'; '.join(double)}", hint="rename one of them, or delete the column")


def totals(frame: pl.DataFrame) -> tuple[Notice, ...]:
    """The last row, if it sums up the others: its first text is a word for that, and beside it are numbers and blanks only."""
    if frame.height < 2:
        return ()
    row, *cells = frame.row(-1)
    filled = [cell for cell in cells if cell is not None]
    if len(filled) == len(cells) or not _TOTAL.fullmatch(filled[0] if filled else ""):
        return ()
    return (Notice(row=row, code="row-totals", cell=filled[0].strip()),) if all(map(_NUMBER.fullmatch, filled[1:])) else ()


def _issues(grid: Grid, names: dict[int, str], more: tuple[Notice, ...]) -> pl.DataFrame:
    rows = [
        {
            "row": notice.row,
            "code": notice.code,
            "heading": names.get(notice.column) if notice.column is not None else None,
            "cell": notice.cell,
            "detail": notice.detail,
        }
        for notice in sorted((*grid.notices, *more), key=lambda notice: notice.row)
        if notice.row > grid.header_row
    ]
    return frames.of_rows(ISSUE_SCHEMA, rows)
