"""The rows of long tabs as XML, column by column, and into a workbook that has their headers. An edge: rewrites one file.

In:  a workbook in which the long sheets hold a header and nothing else; of each of these, its cells and how they look.
Out: the same workbook with the rows in it. A library that takes cells one at a time needs twenty times as long for them.
Text is inline and escaped as XlsxWriter does it: `&<>`, carriage returns, and what looks like Excel's own `_xHHHH_`.
Rule source: ECMA-376, part 1, sections 18.3.1.4 (`c`), 18.3.1.73 (`row`), 18.3.1.48 (`hyperlinks`).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from pathlib import Path

import polars as pl

from callcamp_sync.sheets import pressing
from callcamp_sync.sheets.grid import column_letters
from callcamp_sync.sheets.tabs import ESCAPE_ALIKE, SPACED, Cells

#: Cells whose XML is made at a time: one to two megabytes, of which each worker has one in hand.
_CELLS = 20_000
_DIMENSION = re.compile(rb'<dimension ref="[^"]*"/>')
_COLUMN_STYLE = re.compile(rb'<col min="(\d+)" max="\d+"[^>]*? style="(\d+)"')
#: Bytes of XML that a row, a cell and a link take at most beside their text, and of which a byte of text takes at most.
_ROW, _CELL, _LINK, _ESCAPED = 40, 120, 160, 7
_MARKUP = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "_x000D_"}
_END = b"</sheetData>"
#: What stands between a cell's place and its text; outer white space is only kept where that is said.
_TEXT, _SPACED_TEXT = ' t="inlineStr"><is><t>', ' t="inlineStr"><is><t xml:space="preserve">'
_TEXT_END = "</t></is></c>"
#: What stands behind the place of links in a sheet of ours.
_AFTER_LINKS = re.compile(rb"<(?:printOptions|pageMargins)\b")

#: A part of every row's XML: the same in all of them, or a text for each.
_Run = str | pl.Series


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """The cells of one long sheet.

    piece: one Cells a column. days: positions of columns whose numbers are Excel's days, so not what their text says. leading:
    position of a column -> where each of its cells leads to, as `links.targets` has it.
    """

    piece: Sequence[Cells]
    days: frozenset[int]
    leading: Mapping[int, Sequence[str | None]]


def fill(book: Path, fillings: Mapping[int, Filling], target: Path) -> None:
    """Write `book` to `target`, with rows. fillings: the sheet's number, from 1, and its cells."""
    by_member = {f"xl/worksheets/sheet{number}.xml": filling for number, filling in fillings.items()}
    with (
        zipfile.ZipFile(book) as given,
        target.open("w+b") as file,
        zipfile.ZipFile(file, "w") as made,
    ):
        for name in given.namelist():
            if name in by_member:
                sheet, filling = given.read(name), by_member[name]
                pressing.write(file, made, name, _filled(sheet, filling), most=len(sheet) + _most(filling))
            else:
                # By a ZipInfo of its own, a member has no time of the clock: the same tabs make the same bytes.
                made.writestr(zipfile.ZipInfo(name), given.read(name), zipfile.ZIP_DEFLATED)


def _most(filling: Filling) -> int:
    """Bytes that the rows and links of the sheet have at most."""
    rows, columns = len(filling.piece[0].texts), len(filling.piece)
    written = sum(int(cells.texts.str.len_bytes().sum()) for cells in filling.piece)
    return rows * (_ROW + columns * _CELL + len(filling.leading) * _LINK) + written * _ESCAPED


def _filled(sheet: bytes, filling: Filling) -> Iterator[pressing.Part]:
    """How to make the parts of the sheet: all up to the end of its header, the rows, the rest with its links."""
    rows, columns = len(filling.piece[0].texts), len(filling.piece)
    extent = f'<dimension ref="A1:{column_letters(columns - 1)}{rows + 1}"/>'.encode()
    head, end, rest = _DIMENSION.sub(extent, sheet, count=1).partition(_END)
    yield lambda: head
    styles = {int(column) - 1: style.decode() for column, style in _COLUMN_STYLE.findall(head)}
    line = [_column(i, cells, styles.get(i), days=i in filling.days) for i, cells in enumerate(filling.piece)]
    size = max(1, _CELLS // columns)
    for start in range(0, rows, size):
        yield partial(_rows, line, slice(start, min(start + size, rows)))
    yield lambda: end + _AFTER_LINKS.sub(lambda found: _links(filling).encode() + found[0], rest, count=1)


class _Form(Enum):
    """What all cells of a column are, looked at once: where it is one thing, nothing is asked of each cell again."""

    NOTHING = auto()
    NUMBER = auto()
    #: That needs no escape and has no white space at its ends.
    TEXT = auto()
    MIXED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A column: `opening` is the XML of a cell up to its row number, `place` what follows that."""

    opening: str
    place: str
    cells: Cells
    form: _Form
    days: bool


def _column(index: int, cells: Cells, style: str | None, *, days: bool) -> _Column:
    place = '"' + (f' s="{style}"' if style else "")
    return _Column(opening=f'<c r="{column_letters(index)}', place=place, cells=cells, form=_form(cells), days=days)


def _form(cells: Cells) -> _Form:
    text, rows = cells.texts, len(cells.texts)
    blank = text.null_count() + int((text == "").sum())
    counted = 0 if cells.numbers is None else cells.numbers.count()
    if blank == rows:
        return _Form.NOTHING
    if not blank and counted == rows:
        return _Form.NUMBER
    return _Form.MIXED if blank or counted or not cells.plain else _Form.TEXT


def _rows(columns: Sequence[_Column], rows: slice) -> bytes:
    """The XML of these rows. A row without a filled cell is an empty element."""
    number = pl.int_range(rows.start + 2, rows.stop + 2, eager=True).cast(pl.String)
    line: list[_Run] = ['<row r="', number, '">']
    for column in columns:
        line += _cells(column, number, rows)
    written = pl.select(_joined([*line, "</row>"]).str.join("").cast(pl.Binary))
    return bytes(written.item())


def _cells(column: _Column, number: pl.Series, rows: slice) -> Sequence[_Run]:
    """The XML of a column's cells; "", or nothing at all, for those that hold nothing."""
    if column.form is _Form.NOTHING:
        return []
    text = column.cells.texts[rows]
    begin: list[_Run] = [column.opening, number, column.place]
    counted = None if column.cells.numbers is None else column.cells.numbers[rows]
    value = counted.cast(pl.String) if column.days and counted is not None else text
    exact = [*begin, "><v>", value, "</v></c>"]
    if column.form is _Form.NUMBER:
        return exact
    if column.form is _Form.TEXT:
        return [*begin, _TEXT, text, _TEXT_END]
    escaped = _escaped(text)
    plain, kept = (_joined([*begin, opening, escaped, _TEXT_END]) for opening in (_TEXT, _SPACED_TEXT))
    words = pl.when(text.str.contains(SPACED)).then(kept).otherwise(plain)
    chosen = words if counted is None else pl.when(counted.is_not_null()).then(_joined(exact)).otherwise(words)
    return [pl.select(pl.when(text != "").then(chosen).otherwise(pl.lit(""))).to_series()]


def _joined(line: Sequence[_Run]) -> pl.Expr:
    """The runs of each row as one text."""
    runs: list[_Run] = []
    for run in line:
        if runs and isinstance(run, str) and isinstance(runs[-1], str):
            runs[-1] += run
        else:
            runs.append(run)
    return pl.concat_str([pl.lit(run) for run in runs])


def _escaped(text: pl.Series) -> pl.Series:
    if text.str.contains("_x", literal=True).any():
        text = text.str.replace_all(f"({ESCAPE_ALIKE})", "_x005F${1}")
    if text.str.contains(r"[&<>\r]").any():
        text = text.str.replace_many(list(_MARKUP), list(_MARKUP.values()))
    return text


def _links(filling: Filling) -> str:
    """The element that says where cells lead to, or nothing."""
    found = [
        f'<hyperlink ref="{column_letters(i)}{row}" location="{_attribute(place.removeprefix("internal:"))}"/>'
        for i, places in filling.leading.items()
        for row, place in enumerate(places, start=2)
        if place
    ]
    return f"<hyperlinks>{''.join(found)}</hyperlinks>" if found else ""


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
