"""Files that are made to fill the memory: each written piece by piece, so that making one needs none. For `make hostile`.

Each goes to a path; nothing of them is kept. Sizes are what the file unpacks to, in megabytes.
"""

from __future__ import annotations

import gzip
import io
import itertools
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import make

Cell = Callable[[str, int, int], str]
_OPEN = make.sheet_xml("").partition("</sheetData>")[0]
_CLOSE = "</sheetData></worksheet>"
_STRINGS = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'


def _write(path: Path, base: bytes, parts: dict[str, Iterable[str]]) -> None:
    """The workbook `base` with these parts, written as they come, instead of its own."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out, zipfile.ZipFile(io.BytesIO(base)) as old:
        for name in old.namelist():
            if name not in parts:
                out.writestr(name, old.read(name))
        for name, pieces in parts.items():
            with out.open(name, "w", force_zip64=True) as stream:
                for piece in pieces:
                    stream.write(piece.encode())


def _base(shared: bool = False) -> bytes:
    if not shared:
        return make.xlsx(make.sheet_xml(""))
    link = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    links = "".join(
        f'<Relationship Id="{i}" Type="{link}/{kind}" Target="{target}"/>'
        for i, kind, target in (("rId1", "worksheet", "worksheets/sheet1.xml"), ("rId2", "sharedStrings", "sharedStrings.xml"))
    )
    return make.xlsx(make.sheet_xml(""), more={"xl/_rels/workbook.xml.rels": make.relations(links)})


def _until(megabytes: int, piece: Callable[[int], str], before: str = "", after: str = "") -> Iterator[str]:
    yield before
    size = 0
    for n in itertools.count(1):
        text = piece(n)
        yield text
        size += len(text)
        if size > megabytes * 1_000_000:
            break
    yield after


def _item(n: int) -> str:
    return f"<si><t>text {n * 7919 % 99_999_989}</t></si>"


def _record(n: int) -> str:
    return f"+1201555{n % 10_000:04},{n},some text {n * 7919}\n"


def _line(n: int, cell: Cell, columns: int = 12) -> str:
    return f'<row r="{n}">' + "".join(cell(chr(65 + i), n, i) for i in range(columns)) + "</row>"


def _text(letter: str, n: int, i: int) -> str:
    value = f"column {i}" if n == 1 else f"value {n * 7919 % 999_983} of {i}"
    return f'<c r="{letter}{n}" t="inlineStr"><is><t>{value}</t></is></c>'


def sheet(path: Path, megabytes: int, cell: Cell = _text, *, columns: int = 12) -> None:
    """A worksheet of that size, of rows that Excel could have written."""
    rows = _until(megabytes, lambda n: _line(n, cell, columns), _OPEN, _CLOSE)
    _write(path, _base(), {"xl/worksheets/sheet1.xml": rows})


def numbers(path: Path, megabytes: int) -> None:
    """As many cells as fit: the least XML a cell."""
    sheet(path, megabytes, lambda letter, n, i: f'<c r="{letter}{n}"><v>{n * 7919 % 97 + i}</v></c>', columns=20)


def errors(path: Path, megabytes: int) -> None:
    """A sheet in which every cell is an error."""
    sheet(path, megabytes, lambda letter, n, _: f'<c r="{letter}{n}" t="e"><v>#N/A</v></c>', columns=20)


def exponents(path: Path, megabytes: int) -> None:
    """A sheet in which every number is uncertain."""
    sheet(path, megabytes, lambda letter, n, i: f'<c r="{letter}{n}"><v>{n % 9}.{n:07}{i}E+17</v></c>', columns=20)


def formulas(path: Path, megabytes: int) -> None:
    """A sheet of formulas that were never calculated."""
    sheet(path, megabytes, lambda letter, n, _: f'<c r="{letter}{n}"><f>A1</f></c>', columns=20)


def merged(path: Path, megabytes: int) -> None:
    """A small sheet with merged cells without end."""
    each = _until(
        megabytes, lambda n: f'<mergeCell ref="A{n}:B{n + 1}"/>', "</sheetData><mergeCells>", "</mergeCells></worksheet>"
    )
    _write(path, _base(), {"xl/worksheets/sheet1.xml": itertools.chain([_OPEN, _line(1, _text), _line(2, _text)], each)})


def odd(path: Path, megabytes: int) -> None:
    """A sheet whose cells do not say where they are."""
    sheet(path, megabytes, lambda _, n, i: f"<c><v>{n * 7919 % 97 + i}</v></c>", columns=20)


def one_row(path: Path, megabytes: int) -> None:
    """A single row of that size."""
    row = _until(
        megabytes, lambda n: f'<c r="{chr(65 + n % 9)}1" t="inlineStr"><is><t>{n * 7919}</t></is></c>', '<row r="1">', "</row>"
    )
    _write(path, _base(), {"xl/worksheets/sheet1.xml": itertools.chain([_OPEN], row, [_CLOSE])})


def unique_texts(path: Path, megabytes: int) -> None:
    """Shared strings of that size, each used once."""
    strings = _until(megabytes, _item, _STRINGS, "</sst>")
    rows = _until(megabytes, lambda n: f'<row r="{n}"><c r="A{n}" t="s"><v>{n - 1}</v></c></row>', _OPEN, _CLOSE)
    _write(path, _base(shared=True), {"xl/sharedStrings.xml": strings, "xl/worksheets/sheet1.xml": rows})


def repeated_texts(path: Path, megabytes: int) -> None:
    """Texts of 30,000 characters that stand in every row: little in the file, much in the memory."""
    strings = _until(1, lambda n: f"<si><t>{n:05}{'x' * 30_000}</t></si>", _STRINGS, "</sst>")
    rows = _until(megabytes, lambda n: f'<row r="{n}"><c r="A{n}" t="s"><v>{n % 30}</v></c></row>', _OPEN, _CLOSE)
    _write(path, _base(shared=True), {"xl/sharedStrings.xml": strings, "xl/worksheets/sheet1.xml": rows})


def styles(path: Path, megabytes: int) -> None:
    """Cell styles without end."""
    many = _until(megabytes, lambda n: f'<xf numFmtId="{n % 50}"/>', "<styleSheet><cellXfs>", "</cellXfs></styleSheet>")
    rows = [_OPEN, _line(1, _text), _line(2, _text), _CLOSE]
    _write(path, _base(), {"xl/styles.xml": many, "xl/worksheets/sheet1.xml": rows})


def tabs(path: Path, megabytes: int) -> None:
    """A list of sheets without end."""
    many = _until(
        megabytes, lambda n: f'<sheet name="s{n}" sheetId="{n}" r:id="rId1"/>', "<workbook><sheets>", "</sheets></workbook>"
    )
    _write(path, _base(), {"xl/workbook.xml": many, "xl/worksheets/sheet1.xml": [_OPEN, _line(1, _text), _CLOSE]})


def deep(path: Path, megabytes: int) -> None:
    """Elements in elements in elements."""
    many = itertools.chain([_OPEN], itertools.repeat("<a>", megabytes * 333_333))
    _write(path, _base(), {"xl/worksheets/sheet1.xml": many})


def liar(path: Path, megabytes: int) -> None:
    """Shared strings of which the zip says that they are short, so that who believes it sees nothing of the rest."""
    _write(
        path,
        _base(shared=True),
        {
            "xl/sharedStrings.xml": _until(megabytes, _item, _STRINGS, "</sst>"),
            "xl/worksheets/sheet1.xml": [_OPEN, '<row r="1"><c r="A1" t="s"><v>0</v></c></row>', _CLOSE],
        },
    )
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive, archive.open("xl/sharedStrings.xml") as stream:
        seen = stream.read(1_000)
    name = data.rfind(b"xl/sharedStrings.xml")
    struct.pack_into("<I", data, name - 30, zlib.crc32(seen))
    struct.pack_into("<I", data, name - 22, len(seen))
    path.write_bytes(data)


def csv(path: Path, megabytes: int) -> None:
    """Lines as any program writes them."""
    with path.open("w", encoding="utf-8") as file:
        for piece in _until(megabytes, _record, "Phone,Number,Note\n"):
            file.write(piece)


def csv_one_line(path: Path, megabytes: int) -> None:
    """A line without end."""
    with path.open("w", encoding="utf-8") as file:
        for piece in _until(megabytes, lambda n: f"{n * 7919 % 999_983},", "Phone,"):
            file.write(piece)


def csv_quoted(path: Path, megabytes: int) -> None:
    """A quote that is never closed."""
    with path.open("w", encoding="utf-8") as file:
        for piece in _until(megabytes, lambda n: f"{n * 7919 % 999_983},x\n", 'Phone,Note\n"'):
            file.write(piece)


def csv_wide(path: Path, megabytes: int) -> None:
    """UTF-16, which takes twice the bytes."""
    with path.open("w", encoding="utf-16") as file:
        for piece in _until(megabytes // 2, _record, "Phone,Number,Note\n"):
            file.write(piece)


def gz(path: Path, megabytes: int) -> None:
    """The same lines, packed."""
    with gzip.open(path, "wt", compresslevel=1, encoding="utf-8") as file:
        for piece in _until(megabytes, _record, "Phone,Number,Note\n"):
            file.write(piece)


def ods(path: Path, megabytes: int) -> None:
    """OpenDocument of that size."""
    before, _, after = _content().partition("ROWS")
    rows = _until(
        megabytes,
        lambda n: make.ods_row(*(make.ods_text(f"value {n * 7919 % 999_983} of {i}") for i in range(12))),
        before,
        after,
    )
    _write(path, make.ods(""), {"content.xml": rows})


def ods_repeated(path: Path, megabytes: int) -> None:
    """Errors that are repeated over rows and columns by a number."""
    before, _, after = _content().partition("ROWS")
    cell = '<table:table-cell table:number-columns-repeated="90" table:formula="x"><text:p>#N/A</text:p></table:table-cell>'
    row = make.ods_row(cell, attributes='table:number-rows-repeated="90000"')
    _write(path, make.ods(""), {"content.xml": [before, row * max(megabytes // 100, 1), after]})


def _content() -> str:
    with zipfile.ZipFile(io.BytesIO(make.ods("ROWS"))) as archive:
        return archive.read("content.xml").decode()


def xlsb(path: Path, megabytes: int) -> None:
    """A binary workbook of that size."""
    one = make.xlsb(*(make.row7(n, *(make.number7(i, n * 7.0 + i) for i in range(12))) for n in range(megabytes * 3_400)))
    path.write_bytes(one)


def xls(path: Path, megabytes: int) -> None:
    """An old workbook that has nothing in it."""
    path.write_bytes(make.xls(make.text16(0, 0, "Phone") + make.text16(1, 0, "x"), filler=megabytes * 1_000_000))


LARGE: dict[str, tuple[str, Callable[[Path, int], None]]] = {
    "a worksheet of texts": ("s.xlsx", sheet),
    "a worksheet of numbers": ("s.xlsx", numbers),
    "errors everywhere": ("s.xlsx", errors),
    "exponents everywhere": ("s.xlsx", exponents),
    "formulas that were never calculated": ("s.xlsx", formulas),
    "merged cells without end": ("s.xlsx", merged),
    "cells without a place": ("s.xlsx", odd),
    "one row without end": ("s.xlsx", one_row),
    "shared strings": ("s.xlsx", unique_texts),
    "long texts that are repeated": ("s.xlsx", repeated_texts),
    "styles without end": ("s.xlsx", styles),
    "sheets without end": ("s.xlsx", tabs),
    "elements in elements": ("s.xlsx", deep),
    "a zip that lies about a size": ("s.xlsx", liar),
    "delimited text": ("s.csv", csv),
    "a line without end": ("s.csv", csv_one_line),
    "a quote without end": ("s.csv", csv_quoted),
    "UTF-16": ("s.csv", csv_wide),
    "packed text": ("s.csv.gz", gz),
    "OpenDocument": ("s.ods", ods),
    "OpenDocument that repeats": ("s.ods", ods_repeated),
    "a binary workbook": ("s.xlsb", xlsb),
    "an old workbook": ("s.xls", xls),
}
