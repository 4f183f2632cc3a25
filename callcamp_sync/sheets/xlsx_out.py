"""Tabs as an Excel workbook. An edge: writes one file, whole or not at all; the only module that writes through XlsxWriter.

In:  tabs (tabs.py).
Out: a workbook in which text is text (no formula, no hyperlink, no number by accident), numbers are numbers and dates are dates;
bold frozen header, filter buttons, widths that show the values; and a sentence about everything that did not fit.
Rows are streamed (constant_memory), so the size of the workbook does not show in memory.
Rule source: Excel's limits, see tabs.py.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import starmap
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException

from callcamp_sync.errors import StateError
from callcamp_sync.sheets import atomic, charts, filling, links, tabs
from callcamp_sync.sheets.ahead import at_once
from callcamp_sync.sheets.filling import Filling
from callcamp_sync.sheets.tabs import Cells, Column, Tab

_SAFE = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
FORMATS = {
    "text": "@",
    "number": "General",
    "integer": "0",
    "percent": "0.0 %",
    "instant": "yyyy-mm-dd hh:mm:ss",
    "date": "yyyy-mm-dd",
}
_WIDTHS = {"text": 12, "number": 12, "integer": 12, "percent": 9, "instant": 19, "date": 12}
HEADER = {"bold": True, "bottom": 1, "bg_color": "#E7ECF2", "num_format": "@", "valign": "top"}
#: Numbers end at the right; some room keeps them apart from the text that begins in the next column.
RIGHT = ("integer", "percent")
APART = {"align": "right", "indent": 1}
#: Fill and text of each colour; every pair reads at a contrast of at least 4.5 to 1.
COLOURS = {
    "green": ("#DFF2E1", "#14532D"),
    "blue": ("#DDEBFA", "#1E3A6E"),
    "yellow": ("#FFF6CC", "#5C4400"),
    "orange": ("#FFE5CC", "#6B3200"),
    "red": ("#FBDCDC", "#7A1616"),
    "grey": ("#ECECEC", "#3D3D3D"),
}
_KNOWN_PROPERTIES = ("title", "subject", "author", "manager", "company", "category", "keywords", "comments", "status")
_SLICE = 10_000
#: Columns of a long tab that are looked through at the same time.
_WORKERS = 2
#: Sheets with more rows are filled in by column, after the book was written.
_LONG = 1_000


def write_workbook(
    path: str | Path,
    tabs_: Sequence[Tab],
    *,
    properties: Mapping[str, str] | None = None,
    created: datetime | None = None,
    rows_per_sheet: int = tabs.MAX_ROWS - 1,
    after: Callable[[], None] = lambda: None,
) -> tuple[str, ...]:
    """Write `tabs_` to `path` (mode 0600) and return sentences about what was cut, cleaned or split.

    properties: title, author, comments …; any other name becomes a custom property. created: the time in the file's
    properties; None is now. rows_per_sheet: where a tab is split over sheets; Excel's limit. after: called before the first byte
    goes where `path` is; it may wait for other files that the disk must have room for.
    Raises StateError when the file cannot be written; an old file then stands unharmed.
    """
    said: list[str] = []
    with _told(path), atomic.replacing(path) as part, tempfile.TemporaryDirectory(prefix="callcamp-sync-") as scratch:
        headed = Path(scratch) / "headed.xlsx"
        with _book(headed, scratch, properties or {}, created) as book:
            long = _write_tabs(book, tabs_, rows_per_sheet, said)
        after()
        filling.fill(headed, long, part)
    return tuple(said)


@contextmanager
def new_book(path: str | Path, properties: Mapping[str, str], created: datetime | None) -> Iterator[Any]:
    """Yield an XlsxWriter workbook in which text is text; it stands at `path` (mode 0600) when the block ends well.

    Cells must be written row by row. Raises StateError when the file cannot be written; an old file then stands unharmed.
    """
    scratch = tempfile.TemporaryDirectory(prefix="callcamp-sync-")
    with _told(path), atomic.replacing(path) as part, scratch as folder, _book(part, folder, properties, created) as book:
        yield book


@contextmanager
def _book(path: Path, scratch: str, properties: Mapping[str, str], created: datetime | None) -> Iterator[Any]:
    book = xlsxwriter.Workbook(str(path), _SAFE | {"tmpdir": scratch})
    _set_properties(book, properties, created)
    yield book
    book.close()


@contextmanager
def _told(path: str | Path) -> Iterator[None]:
    """The writer's own errors as ours."""
    try:
        yield
    except XlsxWriterException as error:
        raise StateError(f"cannot write `{path}`: {error}", hint="check the folder, its rights and the free space") from error


def _set_properties(book: Any, properties: Mapping[str, str], created: datetime | None) -> None:
    texts = {name: tabs.clean(text) for name, text in properties.items()}
    stamp = {"created": (created or datetime.now(UTC)).replace(tzinfo=None)}
    book.set_properties({name: text[:255] for name, text in texts.items() if name in _KNOWN_PROPERTIES} | stamp)
    for name, text in texts.items():
        if name not in _KNOWN_PROPERTIES:
            book.set_custom_property(tabs.clean(name), text[:255])


def _write_tabs(book: Any, all_tabs: Sequence[Tab], rows_per_sheet: int, said: list[str]) -> dict[int, Filling]:
    """Write every tab, of the long ones all but their rows; returns these rows by the number of their sheet."""
    parts = [(tab, piece) for tab in all_tabs for piece in _pieces(tab, rows_per_sheet, said)]
    names = tabs.tab_names([tab.name for tab, _ in parts])
    look = Look(book)
    long: dict[int, Filling] = {}
    for number, (name, (tab, piece)) in enumerate(zip(names, parts, strict=True), start=1):
        if filled := _write_sheet(book.add_worksheet(name), tab, piece, look):
            long[number] = filled
        charts.finish(book, book.get_worksheet_by_name(name), tab, len(piece[0].texts) if piece else 0)
    if not parts:
        book.add_worksheet("Empty")
    return long


class Look:
    """The formats of one workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self.header = book.add_format(HEADER)
        self.kinds = {
            kind: book.add_format({"num_format": form, "valign": "top", **(APART if kind in RIGHT else {})})
            for kind, form in FORMATS.items()
        }
        self.colours = {name: book.add_format({"bg_color": fill, "font_color": ink}) for name, (fill, ink) in COLOURS.items()}

        self._wrapped = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True, "align": "left", "indent": 1})
        self._link = book.add_format({"num_format": "0", "valign": "top", "font_color": "#0A4FA8", "underline": 1, **APART})

    def of(self, tab: Tab, column: Column) -> Any:
        """The format of a column's cells."""
        if column.heading in tab.links:
            return self._link
        return self._wrapped if column.wrap else self.kinds[column.kind]


def _pieces(tab: Tab, rows_per_sheet: int, said: list[str]) -> Iterator[list[Cells]]:
    """The tab's cells, one list of columns a sheet. What does not fit is said once a tab."""
    asked = zip(tab.frame, (column.kind for column in tab.columns), strict=True)
    long = tab.frame.height > _LONG
    made = at_once(lambda one: tabs.as_cells(*one), asked, workers=_WORKERS) if long else starmap(tabs.as_cells, asked)
    cells = list(made)
    cut, cleaned = sum(c.cut for c in cells), sum(c.cleaned for c in cells)
    if cut:
        said.append(f"{tab.name}: cells over {tabs.MAX_CELL:,} characters that were cut, with a mark at their end: {cut}")
    if cleaned:
        said.append(f"{tab.name}: cells with control characters, which are shown as signs such as ␀: {cleaned}")
    if len(cells) > tabs.MAX_COLUMNS:
        said.append(f"{tab.name}: {len(cells):,} columns, of which a sheet holds the first {tabs.MAX_COLUMNS:,}")
    count = max(1, -(-tab.frame.height // rows_per_sheet))
    if count > 1:
        said.append(f"{tab.name}: {tab.frame.height:,} rows, split over {count} sheets")
    for nth in range(count):
        yield [_part(c, nth * rows_per_sheet, rows_per_sheet) for c in cells[: tabs.MAX_COLUMNS]]


def _part(cells: Cells, start: int, rows: int) -> Cells:
    numbers = None if cells.numbers is None else cells.numbers.slice(start, rows)
    return replace(cells, texts=cells.texts.slice(start, rows), numbers=numbers, cut=0, cleaned=0)


def _write_sheet(sheet: Any, tab: Tab, piece: list[Cells], look: Look) -> Filling | None:
    """Write a sheet; the rows of a long one are left to `filling`, and returned."""
    rows = len(piece[0].texts) if piece else 0
    for index, (column, cells) in enumerate(zip(tab.columns, piece, strict=False)):
        sheet.write_string(0, index, tabs.shortened(tabs.clean(column.heading)), look.header)
        sheet.set_column(index, index, column.width or _width(column, cells), look.of(tab, column))
        _mark(sheet, index, rows, tab.marks.get(column.heading, {}), look)
    for row, height in _heights(tab, piece).items():
        sheet.set_row(row, height)
    long = None
    # XlsxWriter takes `<r>…</r>` for markup of its own and writes it as it stands: nobody's cell may do that.
    marked = any(not cells.plain and cells.texts.str.starts_with("<r>").any() for cells in piece)
    if (rows > _LONG or marked) and not any(column.wrap for column in tab.columns):
        days = frozenset(i for i, column in enumerate(tab.columns) if column.kind in ("instant", "date"))
        long = Filling(piece=piece, days=days, leading=links.targets(tab, rows))
    else:
        _write_rows(sheet, piece, [look.of(tab, column) for column in tab.columns], links.targets(tab, rows))
    if tab.freeze:
        sheet.freeze_panes(1, 0)
    if tab.filter and piece:
        sheet.autofilter(0, 0, rows, len(piece) - 1)
    return long


def _write_rows(sheet: Any, piece: list[Cells], formats: list[Any], leading: Mapping[int, list[str | None]]) -> None:
    texts = pl.DataFrame([cells.texts.alias(str(i)) for i, cells in enumerate(piece)])
    valued = [(i, cells.numbers) for i, cells in enumerate(piece) if cells.numbers is not None]
    for start in range(0, texts.height, _SLICE):
        numbers = {i: column.slice(start, _SLICE).to_list() for i, column in valued}
        for offset, row in enumerate(texts.slice(start, _SLICE).iter_rows()):
            for index, places in leading.items():
                # The cell's own value is written over the link's text right after it.
                if place := places[start + offset]:
                    sheet.write_url(start + offset + 1, index, place, formats[index])
            for index, text in enumerate(row):
                if not text:
                    continue
                number = numbers[index][offset] if index in numbers else None
                if number is None:
                    sheet.write_string(start + offset + 1, index, text, formats[index])
                else:
                    sheet.write_number(start + offset + 1, index, number, formats[index])


def _heights(tab: Tab, piece: list[Cells]) -> dict[int, int]:
    """Row -> its height in points, where a wrapped text takes several lines: not every program measures that by itself."""
    heights: dict[int, int] = {}
    for column, cells in zip(tab.columns, piece, strict=False):
        if column.wrap:
            lines = [-(-len(text or "") // ((column.width or 60) - 4)) for text in cells.texts]
            heights |= {row: min(15 * count, 400) for row, count in enumerate(lines, start=1) if count > 1}
    return heights


def _width(column: Column, cells: Cells) -> int:
    seen = cells.texts.head(1000).str.len_chars().max() if cells.numbers is None else None
    measured = seen if isinstance(seen, int) else _WIDTHS[column.kind]
    return max(8, min(60, max(measured, len(column.heading) + 3) + 1))


def _mark(sheet: Any, index: int, rows: int, colours: Mapping[str, str], look: Look) -> None:
    # A rule of the sheet rather than a fixed colour: it follows when a person edits the cell.
    for text, colour in colours.items() if rows else ():
        quoted = tabs.clean(text).replace('"', '""')
        rule = {"type": "cell", "criteria": "==", "value": f'"{quoted}"', "format": look.colours[colour]}
        sheet.conditional_format(1, index, rows, index, rule)
