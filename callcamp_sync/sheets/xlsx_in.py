"""A workbook's sheet -> Grid. The only module that knows fastexcel. Works on bytes: no I/O.

In:  the bytes of an .xlsx or .xlsm, and which sheet, header row and hidden rows the user asks for.
Out: a Grid with the spreadsheet's own row numbers and columns: text as the cell holds it; integers as their digits; other numbers
as the shortest decimal; dates as 2026-05-10 or 2026-05-10 14:30:00; booleans as true and false; errors as their text, with an
issue; a formula that was never calculated as blank, with an issue.
The bulk is read by fastexcel; what it hides is taken from the XML (scan.py), after the limits were checked (package.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import fastexcel
import polars as pl

from callcamp_sync.errors import SheetError
from callcamp_sync.sheets import scan
from callcamp_sync.sheets.grid import Grid, Notice
from callcamp_sync.sheets.package import Package, SheetPart, open_package

HiddenRows = Literal["refuse", "include", "skip"]

#: Cells that a sheet may span: all of them are held in memory, blank ones too. A sheet that is mostly blank may span fewer.
MAX_GRID = 40_000_000
_SPARSE_GRID = 5_000_000
_SPAN_PER_CELL = 200
MAX_STRINGS = 600_000_000
_MIDNIGHT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} 00:00:00$"
_CLOCK = r"^1899-12-3[01] ([0-9]{2}:[0-9]{2}:[0-9]{2})$"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkbookSheet:
    """A sheet that was read. hidden: spreadsheet numbers of hidden rows that have data, whatever was asked about them."""

    grid: Grid
    name: str
    hidden: frozenset[int]


def read_workbook(
    data: bytes, shown: str, *, sheet: str | int | None, header_row: int | None, hidden_rows: HiddenRows = "refuse"
) -> WorkbookSheet:
    """Read one sheet.

    sheet: name (any case), or position from 1; None takes the only visible sheet with data. Raises SheetError: no such sheet,
    several to choose from, hidden rows while `hidden_rows` is "refuse", damaged or hostile files, no header row.
    """
    package = open_package(data, shown)
    part = _chosen(package, sheet)
    facts = _look(package, part)
    table, first_column = _bulk(data, package, part)
    table = _dated(table, first_column, package, part, facts)
    table = _patched(table, first_column, facts)
    index = _header_index(table, header_row, part.name)
    hidden = frozenset(row + 1 for row in facts.hidden if row > index)
    if hidden and hidden_rows == "refuse":
        raise _hidden_error(part.name, hidden)
    header = tuple(cell or "" for cell in table.row(index))
    notices = _notices(facts, first_column, index)
    grid = Grid(header=header, header_row=index + 1, first_column=first_column, body=table.slice(index + 1), notices=notices)
    return WorkbookSheet(grid=grid, name=part.name, hidden=hidden)


def _chosen(package: Package, sheet: str | int | None) -> SheetPart:
    if sheet is not None:
        return _named(package, sheet)
    visible = [part for part in package.sheets if part.visible]
    if not visible:
        raise SheetError(
            f"every sheet of `{package.shown}` is hidden", hint=f"name one: `{package.shown}#{package.sheets[0].name}`"
        )
    filled = [part for part in visible if any(scan.has_value(piece) for piece in package.pieces(part.part))]
    if len(filled) > 1:
        names = ", ".join(f"`{part.name}`" for part in filled)
        hint = f"name one: `{package.shown}#{filled[0].name}`"
        raise SheetError(f"`{package.shown}` has {len(filled)} sheets with data: {names}", hint=hint)
    if not filled:
        raise SheetError(
            f"`{package.shown}` has no data in its visible sheets", hint="export the sheet again, with its header row"
        )
    return filled[0]


def _named(package: Package, sheet: str | int) -> SheetPart:
    wanted = str(sheet).strip()
    for part in package.sheets:
        if isinstance(sheet, str) and part.name.casefold().strip() == wanted.casefold():
            return part
    if wanted.isdecimal() and 1 <= int(wanted) <= len(package.sheets):
        return package.sheets[int(wanted) - 1]
    names = ", ".join(f"`{part.name}`" for part in package.sheets)
    raise SheetError(f"`{package.shown}` has no sheet `{wanted}`; it has {names}")


def _look(package: Package, part: SheetPart) -> scan.Inspection:
    """What the XML says, and the limits. Only a sheet that is large and has nothing to tell is spared the close look."""
    seen = scan.survey(package.pieces(part.part))
    lengths = scan.lengths(package.pieces(package.shared)) if package.shared else []
    far = seen.rows * seen.columns > _allowed(seen.cells)
    heavy = seen.cells * max(lengths, default=0) > MAX_STRINGS
    if not (seen.notable or far or heavy):
        return scan.Inspection(cells=seen.cells, rows=seen.rows, columns=seen.columns)
    facts = scan.inspect(
        package.pieces(part.part),
        part.part,
        styles=package.styles,
        on_load=package.calculates_on_load,
        lengths=lengths if heavy else None,
    )
    _check(facts, package.shown, part.name)
    return facts


def _allowed(cells: int) -> int:
    return min(MAX_GRID, max(_SPARSE_GRID, cells * _SPAN_PER_CELL))


def _check(facts: scan.Inspection, shown: str, name: str) -> None:
    if facts.rows > 1_048_576 or facts.columns > 16_384:
        raise SheetError(
            f"sheet `{name}` of `{shown}` has cells outside of Excel's grid", hint="open it in Excel and save it again"
        )
    if facts.rows * facts.columns > _allowed(facts.cells):
        span = f"{facts.rows:,} rows and {facts.columns:,} columns, of which {facts.cells:,} cells are filled"
        raise SheetError(
            f"sheet `{name}` of `{shown}` spans {span}", hint="delete stray cells far from the table, or save it as .csv"
        )
    if facts.strings > MAX_STRINGS:
        raise SheetError(f"sheet `{name}` of `{shown}` repeats {facts.strings:,} bytes of text", hint="save it as .csv")


def _bulk(data: bytes, package: Package, part: SheetPart) -> tuple[pl.DataFrame, int]:
    """Every cell as text, the row of index 0 being the spreadsheet's row 1; and the spreadsheet's column of the first one."""
    try:
        book = fastexcel.read_excel(data)
        loaded = book.load_sheet(book.sheet_names.index(part.name), header_row=None, skip_rows=0, dtypes="string")
        columns = loaded.available_columns()
        table = loaded.to_polars() if columns else pl.DataFrame()
    except (fastexcel.FastExcelError, ValueError) as error:
        raise SheetError(
            f"sheet `{part.name}` of `{package.shown}` cannot be read: {error}", hint="save it again in Excel"
        ) from error
    return table, columns[0].absolute_index if columns else 0


def _dated(table: pl.DataFrame, first_column: int, package: Package, part: SheetPart, facts: scan.Inspection) -> pl.DataFrame:
    """Dates without a time lose the midnight that the bulk reader adds, times of day the day."""
    styles = package.styles
    found = table.select(pl.all().str.contains(_MIDNIGHT).any()).row(0) if table.width and styles.dates else ()
    midnights = [i for i, any_midnight in enumerate(found) if any_midnight]
    if midnights and facts.dates is None:
        facts.dates = scan.dates(package.pieces(part.part), styles)
    places = [(row, column - first_column) for row, column in facts.dates or ()]
    for i in midnights:
        name = table.columns[i]
        rows = pl.Series([row for row, column in places if column == i], dtype=pl.UInt32)
        dated = pl.int_range(pl.len(), dtype=pl.UInt32).is_in(rows.implode()) & pl.col(name).str.contains(_MIDNIGHT)
        table = table.with_columns(pl.when(dated).then(pl.col(name).str.slice(0, 10)).otherwise(pl.col(name)).alias(name))
    return table.with_columns(pl.all().str.replace(_CLOCK, "$1")) if styles.times and table.width else table


def _patched(table: pl.DataFrame, first_column: int, facts: scan.Inspection) -> pl.DataFrame:
    """Error cells get their text back, and rows that have nothing but formulas without a value are rows."""
    missing = max((row for row, _ in facts.uncalculated), default=-1) + 1 - table.height
    if missing > 0 and table.width:
        table = pl.concat([table, pl.DataFrame({name: [None] * missing for name in table.columns}, schema=table.schema)])
    for i, name in enumerate(table.columns):
        texts = {row: text for (row, column), text in facts.errors.items() if column == first_column + i}
        if texts:
            shown = pl.int_range(pl.len()).replace_strict(texts, default=None, return_dtype=pl.String)
            table = table.with_columns(pl.coalesce(shown, pl.col(name)).alias(name))
    return table


def _header_index(table: pl.DataFrame, header_row: int | None, name: str) -> int:
    """Index of the header: the row that was asked for, else the first one that is not blank."""
    filled = (
        table.select(pl.any_horizontal(pl.all().str.strip_chars() != "").fill_null(value=False).alias("f"))["f"]
        if table.width
        else None
    )
    if header_row is not None:
        if filled is None or not 1 <= header_row <= len(filled) or not filled[header_row - 1]:
            raise SheetError(f"row {header_row} of sheet `{name}`, where the header shall be, is blank or not there")
        return header_row - 1
    first = filled.arg_true() if filled is not None else None
    if first is None or first.is_empty():
        raise SheetError(f"sheet `{name}` is empty: it has no header row", hint="export the sheet again, with its header row")
    return int(first[0])


def _hidden_error(name: str, hidden: frozenset[int]) -> SheetError:
    rows = sorted(hidden)
    some = ", ".join(map(str, rows[:8])) + (" …" if len(rows) > 8 else "")
    hint = (
        'show them (clear the filter), or say `hidden_rows = "include"` or `"skip"`: someone may have filtered those people out'
    )
    return SheetError(f"sheet `{name}` hides rows that have data: {len(rows)} (row {some})", hint=hint)


def _notices(facts: scan.Inspection, first_column: int, header: int) -> tuple[Notice, ...]:
    errors = [
        Notice(row=row + 1, column=column - first_column, code="cell-error", cell=text)
        for (row, column), text in facts.errors.items()
    ]
    blank = [Notice(row=row + 1, column=column - first_column, code="cell-uncalculated") for row, column in facts.uncalculated]
    return tuple(notice for notice in (*errors, *blank) if notice.row > header + 1)
