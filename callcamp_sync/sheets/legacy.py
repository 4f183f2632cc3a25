"""Workbooks that are no .xlsx: .xls, .xlsb, .ods -> Grid. Works on bytes; a process of its own reads them (bulk.py).

In:  the bytes, their kind, and what the user asked for, as xlsx_in.py takes it.
Out: the same Grid as of an .xlsx: hidden rows, errors, merged cells and number formats are found in the file itself (foreign.py).
A workbook in which they cannot be looked for is refused: someone may have filtered people out.
"""

from __future__ import annotations

from callcamp_sync.errors import SheetError
from callcamp_sync.sheets import bulk, foreign, mending
from callcamp_sync.sheets.choice import Asked, chosen, header_index, hidden_error, named
from callcamp_sync.sheets.grid import Grid
from callcamp_sync.sheets.source import Kind
from callcamp_sync.sheets.xlsx_in import WorkbookSheet


def read_legacy(data: bytes, shown: str, kind: Kind, asked: Asked) -> WorkbookSheet:
    """Read one sheet, as `xlsx_in.read_workbook` does; named tables are known to .xlsx only. Raises SheetError."""
    foreign.check_parts(data, kind, shown)
    tabs, cells = bulk.choose(data, asked.sheet, shown, asked.limits)
    if not tabs:
        raise SheetError(f"`{shown}` has no worksheet", hint="save the table as .xlsx or .csv")
    place = chosen(tabs, shown) if asked.sheet is None else named(tabs, asked.sheet, shown)
    name = tabs[place].name
    facts, styles = foreign.look(data, kind, name, shown)
    table = mending.dated(cells.table, cells.first, facts, styles, surely=False)
    table = mending.zeroed(table, cells.first, facts, styles)
    table = mending.patched(table, cells.first, facts)
    index = header_index(table, asked.header_row, name)
    hidden = frozenset(row + 1 for row in facts.hidden if index < row < table.height)
    hidden = frozenset(row for row in hidden if any((cell or "").strip() for cell in table.row(row - 1)))
    if hidden and asked.hidden_rows == "refuse":
        raise hidden_error(name, hidden)
    header = tuple(cell or "" for cell in table.row(index))
    notices = mending.notices(table, cells.first, facts, index)
    body = table.slice(index + 1)
    grid = Grid(header=header, header_row=index + 1, first_column=cells.first, body=body, notices=notices)
    return WorkbookSheet(grid=grid, name=name, hidden=hidden)
