"""An Excel workbook's sheet -> Grid. Works on bytes; what is written oddly is read by a process of its own.

In:  the bytes of an .xlsx or .xlsm, and which sheet or table, header row and hidden rows the user asks for.
Out: a Grid with the spreadsheet's own row numbers and columns: text as the cell holds it; whole numbers as their digits, with the
zeros that their format shows; other numbers as the shortest decimal; dates as 2026-05-10 or 2026-05-10 14:30:00; booleans as true
and false; errors as their text, with an issue; a formula that was never calculated as blank, with an issue.
The bulk is read by fastexcel, rows at a time (assembly.py); what it hides is taken from the XML (scan.py).
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass

import polars as pl

from callcamp_sync.errors import SheetError
from callcamp_sync.sheets import assembly, bulk, excel_tables, mending, scan, segments
from callcamp_sync.sheets.choice import Asked, Tab, chosen, header_index, hidden_error, named
from callcamp_sync.sheets.excel_tables import NamedTable
from callcamp_sync.sheets.grid import Grid
from callcamp_sync.sheets.limits import Limits
from callcamp_sync.sheets.package import Package, SheetPart, open_package
from callcamp_sync.sheets.segments import UnusualError
from callcamp_sync.sheets.tabs import GUIDE


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
    try:
        cells, facts = assembly.read(package, part, asked.limits)
    except UnusualError:
        return _cut(_mended(*_by_child(data, package, part, asked.limits), package, part), part, table, asked)
    return _cut(_mended(bulk.Cells(table=cells, first=0), facts, package, part), part, table, asked)


def _wanted(package: Package, sheet: str | int | None) -> tuple[SheetPart, NamedTable | None]:
    tabs = [Tab(name=part.name, visible=part.visible) for part in package.sheets]
    if sheet is None:
        for tab, part in zip(tabs, package.sheets, strict=True):
            tab.filled = part.visible and any(scan.has_value(piece) for piece in package.pieces(part.part))
        _leave_guide(tabs)
        return package.sheets[chosen(tabs, package.shown)], None
    table = excel_tables.find(package, sheet) if isinstance(sheet, str) and not _is_sheet(tabs, sheet) else None
    return (table.sheet, table) if table else (package.sheets[named(tabs, sheet, package.shown)], None)


def _leave_guide(tabs: list[Tab]) -> None:
    """The page that explains our own workbooks is no sheet of rows, where there is another."""
    others = [tab for tab in tabs if tab.filled and tab.name.casefold() != GUIDE.casefold()]
    for tab in tabs:
        tab.filled = tab in others if others else tab.filled


def _is_sheet(tabs: list[Tab], sheet: str) -> bool:
    return any(tab.name.casefold().strip() == sheet.casefold().strip() for tab in tabs)


def _by_child(data: bytes, package: Package, part: SheetPart, limits: Limits) -> tuple[bulk.Cells, scan.Inspection]:
    """A sheet that is written oddly: looked at tag by tag, then read by a process of its own, which may come to harm."""
    lengths: array[int] = array("L")
    if package.shared:
        scan.lengths(package.pieces(package.shared), lengths)
    facts = scan.inspect(
        package.pieces(part.part), part.part, styles=package.styles, on_load=package.calculates_on_load, lengths=lengths
    )
    facts.merged = [area for piece in package.pieces(part.part) for area in scan.merged(piece)]
    _check(facts, package.shown, part.name, limits)
    return bulk.load(data, part.name, package.shown, limits), facts


def _check(facts: scan.Inspection, shown: str, name: str, limits: Limits) -> None:
    if facts.rows > segments.MAX_ROW or facts.columns > segments.MAX_COLUMN:
        raise SheetError(
            f"sheet `{name}` of `{shown}` has cells outside of Excel's grid", hint="open it in Excel and save it again"
        )
    assembly.check_span((facts.rows, facts.columns), facts.cells, shown, name, limits)
    assembly.check_held(facts.strings, shown, name, limits)


def _mended(cells: bulk.Cells, facts: scan.Inspection, package: Package, part: SheetPart) -> tuple[bulk.Cells, scan.Inspection]:
    styles, table, first = package.styles, cells.table, cells.first
    surely = False
    if facts.styled is None and styles.dates and table.width and mending.has_midnights(table):
        surely = not (styles.times or facts.midnight_text)
        facts.styled = None if surely else assembly.styled(package, part)
    table = mending.dated(table, first, facts, styles, surely=surely)
    table = mending.zeroed(table, first, facts, styles)
    return bulk.Cells(table=mending.patched(table, first, facts), first=first), facts


def _cut(
    read: tuple[bulk.Cells, scan.Inspection], part: SheetPart, named_table: NamedTable | None, asked: Asked
) -> WorkbookSheet:
    cells, facts = read
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
