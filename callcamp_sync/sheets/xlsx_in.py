"""An Excel workbook's sheet -> Grid. Works on bytes; large files are read by a process of its own (bulk.py).

In:  the bytes of an .xlsx or .xlsm, and which sheet or table, header row and hidden rows the user asks for.
Out: a Grid with the spreadsheet's own row numbers and columns: text as the cell holds it; whole numbers as their digits, with the
zeros that their format shows; other numbers as the shortest decimal; dates as 2026-05-10 or 2026-05-10 14:30:00; booleans as true
and false; errors as their text, with an issue; a formula that was never calculated as blank, with an issue.
The bulk is read by fastexcel; what it hides is taken from the XML (scan.py) after the limits were checked (package.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import polars as pl

from callcamp_sync.errors import SheetError
from callcamp_sync.sheets import bulk, excel_tables, mending, scan
from callcamp_sync.sheets.choice import Asked, Tab, chosen, header_index, hidden_error, named
from callcamp_sync.sheets.excel_tables import NamedTable
from callcamp_sync.sheets.grid import Grid
from callcamp_sync.sheets.limits import Limits
from callcamp_sync.sheets.package import Package, SheetPart, open_package

#: Cells that a mostly blank sheet may span: all of them are held in memory, blank ones too.
_SPARSE_GRID = 5_000_000
_SPAN_PER_CELL = 200
MAX_STRINGS = 600_000_000
#: A sheet that inflates to more is read by a process of its own.
_LARGE = 16_000_000
_MIDNIGHT_TEXT = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2} 00:00:00<")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkbookSheet:
    """A sheet that was read. hidden: spreadsheet numbers of hidden rows that have data, whatever was asked about them."""

    grid: Grid
    name: str
    hidden: frozenset[int]
    warnings: tuple[str, ...] = ()


def read_workbook(data: bytes, shown: str, asked: Asked) -> WorkbookSheet:
    """Read one sheet.

    asked.sheet: name of a sheet or of an Excel table (any case), or position from 1; None takes the only visible one with data.
    Raises SheetError: no such sheet, several to choose from, hidden rows while `hidden_rows` is "refuse", damaged or hostile
    files, no header row.
    """
    package = open_package(data, shown)
    part, table = _wanted(package, asked.sheet)
    with _beginning(data, package, part, asked.limits) as run:
        facts = _look(package, part, asked.limits)
        cells = bulk.load(data, part.name, shown) if run is None else bulk.cells(run, shown, asked.limits)
    if _uncertain(cells.table, facts):
        facts = _close_look(package, part)
    cells = _mended(cells, package, part, facts)
    return _cut(cells, facts, part, table, asked)


def _wanted(package: Package, sheet: str | int | None) -> tuple[SheetPart, NamedTable | None]:
    tabs = [Tab(name=part.name, visible=part.visible) for part in package.sheets]
    if sheet is None:
        for tab, part in zip(tabs, package.sheets, strict=True):
            tab.filled = part.visible and any(scan.has_value(piece) for piece in package.pieces(part.part))
        return package.sheets[chosen(tabs, package.shown)], None
    table = excel_tables.find(package, sheet) if isinstance(sheet, str) and not _is_sheet(tabs, sheet) else None
    return (table.sheet, table) if table else (package.sheets[named(tabs, sheet, package.shown)], None)


def _is_sheet(tabs: list[Tab], sheet: str) -> bool:
    return any(tab.name.casefold().strip() == sheet.casefold().strip() for tab in tabs)


@contextmanager
def _beginning(data: bytes, package: Package, part: SheetPart, limits: Limits) -> Iterator[bulk.Run | None]:
    """A child that reads the sheet while it is looked through; None where the sheet is small."""
    if package.zip.getinfo(part.part).file_size < _LARGE and len(data) < _LARGE:
        yield None
    else:
        with bulk.loading(data, part.name, limits) as run:
            yield run


def _look(package: Package, part: SheetPart, limits: Limits) -> scan.Inspection:
    """What the XML says, and the limits. Only a sheet that is large and has nothing to tell is spared the close look."""
    seen = scan.survey(package.pieces(part.part))
    lengths = scan.lengths(package.pieces(package.shared)) if package.shared else []
    far = seen.rows * seen.columns > _allowed(seen.cells, limits)
    heavy = seen.cells * max(lengths, default=0) > MAX_STRINGS
    if not (seen.notable or far or heavy):
        zeros = package.styles.zeros
        styled = scan.styled(package.pieces(part.part), package.styles) if zeros else None
        plain = not (seen.inline or seen.formulas)
        return scan.Inspection(
            cells=seen.cells, rows=seen.rows, columns=seen.columns, merged=seen.merged, styled=styled, plain=plain
        )
    facts = _close_look(package, part, lengths if heavy else None)
    facts.merged = seen.merged
    _check(facts, package.shown, part.name, limits)
    return facts


def _close_look(package: Package, part: SheetPart, lengths: list[int] | None = None) -> scan.Inspection:
    return scan.inspect(
        package.pieces(part.part), part.part, styles=package.styles, on_load=package.calculates_on_load, lengths=lengths
    )


def _allowed(cells: int, limits: Limits) -> int:
    return min(limits.cells, max(_SPARSE_GRID, cells * _SPAN_PER_CELL))


def _check(facts: scan.Inspection, shown: str, name: str, limits: Limits) -> None:
    if facts.rows > 1_048_576 or facts.columns > 16_384:
        raise SheetError(
            f"sheet `{name}` of `{shown}` has cells outside of Excel's grid", hint="open it in Excel and save it again"
        )
    if facts.rows * facts.columns > _allowed(facts.cells, limits):
        span = f"{facts.rows:,} rows and {facts.columns:,} columns, of which {facts.cells:,} cells are filled"
        raise SheetError(
            f"sheet `{name}` of `{shown}` spans {span}", hint="delete stray cells far from the table, or save it as .csv"
        )
    if facts.strings > MAX_STRINGS:
        raise SheetError(f"sheet `{name}` of `{shown}` repeats {facts.strings:,} bytes of text", hint="save it as .csv")


def _uncertain(table: pl.DataFrame, facts: scan.Inspection) -> bool:
    """Whether a number has more digits than it can have; the close look tells it from text."""
    return not facts.close and mending.has_long_numbers(table)


def _mended(cells: bulk.Cells, package: Package, part: SheetPart, facts: scan.Inspection) -> bulk.Cells:
    styles, table, first = package.styles, cells.table, cells.first
    surely = False
    if table.width and mending.has_midnights(table):
        surely = _only_dates_are_midnights(package, facts)
        if facts.styled is None and not surely:
            facts.styled = scan.styled(package.pieces(part.part), styles)
    table = mending.dated(table, first, facts, styles, surely=surely)
    table = mending.zeroed(table, first, facts, styles)
    return bulk.Cells(table=mending.patched(table, first, facts), first=first)


def _only_dates_are_midnights(package: Package, facts: scan.Inspection) -> bool:
    """Whether no style shows a time and no text reads like a midnight, so that each cell need not be looked at."""
    if package.styles.times or not facts.plain:
        return False
    texts = package.pieces(package.shared) if package.shared else iter(())
    return not any(_MIDNIGHT_TEXT.search(piece + b"<") for piece in texts)


def _cut(
    cells: bulk.Cells, facts: scan.Inspection, part: SheetPart, named_table: NamedTable | None, asked: Asked
) -> WorkbookSheet:
    table, first, header_row = cells.table, cells.first, asked.header_row
    warnings: tuple[str, ...] = ()
    if named_table is not None:
        table, first = _area(table, first, named_table)
        header_row = header_row or named_table.top + 1
        if named_table.totals:
            warnings = (f"table `{named_table.name}`: its row of totals was left out",)
    index = header_index(table, header_row, part.name)
    hidden = frozenset(row + 1 for row in facts.hidden if index < row < table.height)
    if hidden and asked.hidden_rows == "refuse":
        raise hidden_error(part.name, hidden)
    header = tuple(cell or "" for cell in table.row(index))
    notices = mending.notices(table, first, facts, index)
    grid = Grid(header=header, header_row=index + 1, first_column=first, body=table.slice(index + 1), notices=notices)
    return WorkbookSheet(grid=grid, name=part.name, hidden=hidden, warnings=warnings)


def _area(table: pl.DataFrame, first: int, area: NamedTable) -> tuple[pl.DataFrame, int]:
    """The columns of the named table, down to its last row that is not of totals; and the spreadsheet's column of the first."""
    left, right = max(area.left - first, 0), min(area.right - first, table.width - 1)
    return table.head(area.bottom + 1 - area.totals)[:, left : right + 1], first + left
