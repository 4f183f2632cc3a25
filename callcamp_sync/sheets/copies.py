"""A copy of the user's own workbook with columns of ours at its right. An edge: writes one file.

In:  the bytes of an .xlsx or .xlsm that read_sheet has read (so the limits were checked), and texts by spreadsheet row.
Out: the copy: formats, widths, formulas, comments, hidden rows and other sheets as they were; new cells are text, no formulas.
     And a sentence about everything that openpyxl cannot carry over: it is counted, not guessed.
Rule source: openpyxl's documentation ("keep_vba", "rich_text"; shapes and extensions are lost).
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from callcamp_sync.errors import StateError
from callcamp_sync.sheets import atomic, tabs, xlsx_out
from callcamp_sync.sheets.tabs import Colour

#: What openpyxl raises for workbooks that it does not understand; it has no common error.
_STRANGE = (ValueError, KeyError, TypeError, AttributeError, IndexError, InvalidFileException, zipfile.BadZipFile, EOFError)

#: Parts of a workbook by what a person calls them.
_PARTS = {
    r"xl/charts/chart\d": "charts",
    r"xl/media/": "pictures",
    r"xl/pivotTables/": "pivot tables",
    r"xl/slicers/": "slicers",
    r"xl/threadedComments/": "threads of comments",
    r"xl/(ctrlProps|activeX)/": "form controls",
    r"xl/embeddings/": "embedded documents",
    r"xl/queryTables/": "queries",
    r"xl/diagrams/data": "diagrams",
    r"xl/richData/": "rich values",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """What is written beside the rows.

    headings: of the new columns; one that the sheet has already is written anew. rows: spreadsheet row -> one text a heading.
    colours: spreadsheet row -> colour of its first new cell.
    """

    headings: tuple[str, ...]
    rows: Mapping[int, Sequence[str | None]]
    colours: Mapping[int, Colour]


def write_copy(data: bytes, target: Path, notes: Notes, *, sheet: str, header_row: int | None) -> tuple[str, ...]:
    """Write the workbook `data` to `target` (mode 0600) with `notes` on the tab `sheet`; returns what the copy lacks.

    header_row: spreadsheet number; None takes the first row that is not blank. target: ends as the workbook does.
    Raises StateError when openpyxl cannot read the workbook, or the file cannot be written.
    """
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            book = openpyxl.load_workbook(io.BytesIO(data), rich_text=True, keep_vba=target.suffix.lower() == ".xlsm")
            formulas = _annotate(book[sheet], notes, header_row)
            formulas = formulas or any(_has_formula(other) for other in book.worksheets)
            with atomic.replacing(target) as part:
                book.save(part)
                lost = _lost(data, part)
        except _STRANGE as error:
            raise StateError(
                f"the workbook cannot be copied with its formats: {error}", hint="use `rows.csv` in the report's folder"
            ) from error
    said = dict.fromkeys(str(warning.message) for warning in heard if issubclass(warning.category, UserWarning))
    late = ("formulas are kept; their values are calculated when Excel opens the copy",) if formulas else ()
    return (*(f"the copy lacks {count} of the workbook's {what}" for what, count in lost.items()), *said, *late)


def _annotate(sheet: Any, notes: Notes, header_row: int | None) -> bool:
    """Write the notes; returns whether the sheet has formulas."""
    last, first_row, formulas = 0, None, False
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value is not None and str(cell.value).strip():
                last = max(last, cell.column)
                first_row = first_row or cell.row
                formulas = formulas or cell.data_type == "f"
    head = header_row or first_row or 1
    known = {str(cell.value): cell.column for cell in sheet[head] if cell.value is not None}
    free = max([last, *(_right_of(area) for area in _areas(sheet))]) + 1
    for nth, heading in enumerate(notes.headings):
        column = known.get(heading)
        if column is None:
            column, free = free, free + 1
            sheet.column_dimensions[get_column_letter(column)].width = 16 if nth == 0 else 40
        _write_column(sheet, column, head, heading, {row: texts[nth] for row, texts in notes.rows.items()})
        if nth == 0:
            _colour(sheet, column, notes.colours)
    return formulas


def _areas(sheet: Any) -> list[str]:
    """Merged cells and tables: a column of ours inside of one would change it."""
    return [*(str(area) for area in sheet.merged_cells.ranges), *(table.ref for table in sheet.tables.values())]


def _right_of(area: str) -> int:
    return int(range_boundaries(area)[2])


def _write_column(sheet: Any, column: int, head: int, heading: str, texts: Mapping[int, str | None]) -> None:
    top = sheet.cell(head, column)
    _write(top, heading)
    top.number_format = "@"
    fill = str(xlsx_out.HEADER["bg_color"]).removeprefix("#")
    top.font, top.fill = Font(bold=True), PatternFill("solid", fgColor=fill)
    top.border = Border(bottom=Side(style="thin"))
    style = None
    for row, text in texts.items():
        cell = sheet.cell(row, column)
        if style is None:
            cell.fill, cell.font, cell.border = PatternFill(), Font(), Border()
            cell.alignment, cell.number_format = Alignment(vertical="top"), "@"
            style = cell._style
        # Styles are looked up once: setting them anew in each cell takes minutes in a large sheet.
        cell._style = copy(style)
        _write(cell, text)


def _write(cell: Any, text: str | None) -> None:
    """`text` as text: openpyxl would take `=1+1` for a formula and `#N/A` for an error."""
    cell.value = tabs.shortened(tabs.clean(text)) if text else None
    if text:
        cell.data_type = "s"


def _colour(sheet: Any, column: int, colours: Mapping[int, Colour]) -> None:
    styles: dict[Colour, Any] = {}
    for row, colour in colours.items():
        cell = sheet.cell(row, column)
        if colour not in styles:
            fill, ink = (code.removeprefix("#") for code in xlsx_out.COLOURS[colour])
            cell.fill, cell.font = PatternFill("solid", fgColor=fill), Font(color=ink)
            styles[colour] = cell._style
        cell._style = copy(styles[colour])


def _has_formula(sheet: Any) -> bool:
    return any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)


def _lost(data: bytes, written: Path) -> dict[str, int]:
    """What the copy has less of than the workbook."""
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(written) as after:
        had, has = _kinds(before.namelist()), _kinds(after.namelist())
    return {what: count - has[what] for what, count in had.items() if count > has[what]}


def _kinds(names: Sequence[str]) -> Counter[str]:
    found = (what for name in names for pattern, what in _PARTS.items() if re.match(pattern, name) and "_rels" not in name)
    return Counter(found)
