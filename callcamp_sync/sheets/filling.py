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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from callcamp_sync.sheets.grid import column_letters
from callcamp_sync.sheets.tabs import Cells

#: Cells whose XML is made at a time: some ten megabytes.
_CELLS = 60_000
#: At the quickest level a table becomes a seventh larger, in two fifths of the time.
_LEVEL = 1
_DIMENSION = re.compile(rb'<dimension ref="[^"]*"/>')
_COLUMN_STYLE = re.compile(rb'<col min="(\d+)" max="\d+"[^>]*? style="(\d+)"')
_MARKUP = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "_x000D_"}
_END = b"</sheetData>"
#: What stands behind the place of links in a sheet of ours.
_AFTER_LINKS = re.compile(rb"<(?:printOptions|pageMargins)\b")


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
    with zipfile.ZipFile(book) as given, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as made:
        for name in given.namelist():
            parts = _ahead(_filled(given.read(name), by_member[name])) if name in by_member else [given.read(name)]
            with made.open(name, "w", force_zip64=True) as stream:
                for part in parts:
                    stream.write(part)


def _ahead(parts: Iterator[bytes]) -> Iterator[bytes]:
    """The parts, the next one being made while one is compressed."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, parts, None)
        while (part := coming.result()) is not None:
            coming = pool.submit(next, parts, None)
            yield part


def _filled(sheet: bytes, filling: Filling) -> Iterator[bytes]:
    """The sheet in parts: all up to the end of its header, the rows, the rest with its links."""
    rows, columns = len(filling.piece[0].texts), len(filling.piece)
    extent = f'<dimension ref="A1:{column_letters(columns - 1)}{rows + 1}"/>'.encode()
    head, end, rest = _DIMENSION.sub(extent, sheet, count=1).partition(_END)
    yield head
    styles = {int(column) - 1: style.decode() for column, style in _COLUMN_STYLE.findall(head)}
    size = max(1, _CELLS // columns)
    for start in range(0, rows, size):
        yield _rows(filling, styles, start, size).encode()
    yield end + _AFTER_LINKS.sub(lambda found: _links(filling).encode() + found[0], rest, count=1)


def _rows(filling: Filling, styles: Mapping[int, str], start: int, size: int) -> str:
    """The XML of at most `size` rows from `start` on. A row without a filled cell is an empty element."""
    height = len(filling.piece[0].texts.slice(start, size))
    number = pl.Series("row", range(start + 2, start + 2 + height), dtype=pl.UInt32).cast(pl.String)
    columns = [
        _cells(cells, column_letters(i), styles.get(i), number, start, days=i in filling.days).alias(str(i))
        for i, cells in enumerate(filling.piece)
    ]
    written = pl.concat_str(pl.lit('<row r="'), "row", pl.lit('">'), *(str(i) for i in range(len(columns))), pl.lit("</row>"))
    return str(pl.DataFrame([number, *columns]).select(written.str.join(""))["literal"].item())


def _cells(cells: Cells, letters: str, style: str | None, number: pl.Series, start: int, *, days: bool) -> pl.Series:
    """The XML of a column's cells; "" for those that hold nothing."""
    frame = pl.DataFrame({"text": cells.texts.slice(start, len(number)), "row": number})
    place = pl.concat_str(pl.lit(f'<c r="{letters}'), "row", pl.lit('"' + (f' s="{style}"' if style else "")))
    text = pl.concat_str(place, _opening(frame["text"]), pl.Series("escaped", _escaped(frame["text"])), pl.lit("</t></is></c>"))
    filled = pl.when(pl.col("text") != "").then(text).otherwise(pl.lit(""))
    if cells.numbers is not None:
        counted = cells.numbers.slice(start, len(number))
        value = pl.Series("value", counted.cast(pl.String)) if days else pl.col("text")
        exact = pl.concat_str(place, pl.lit("><v>"), value, pl.lit("</v></c>"))
        filled = pl.when(pl.Series("counted", counted).is_not_null() & (pl.col("text") != "")).then(exact).otherwise(filled)
    return frame.select(cell=filled)["cell"]


def _opening(text: pl.Series) -> pl.Expr:
    """What stands between a cell's place and its text; outer white space is only kept where that is said."""
    spaced = text.str.contains(r"^\s|\s$").fill_null(value=False)
    plain, kept = ' t="inlineStr"><is><t>', ' t="inlineStr"><is><t xml:space="preserve">'
    return pl.when(pl.Series("spaced", spaced)).then(pl.lit(kept)).otherwise(pl.lit(plain))


def _escaped(text: pl.Series) -> pl.Series:
    if text.str.contains("_x", literal=True).any():
        text = text.str.replace_all("(_x[0-9a-fA-F]{4}_)", "_x005F${1}")
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
