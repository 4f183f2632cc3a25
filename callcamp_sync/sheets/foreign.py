"""Workbooks that are no .xlsx, looked at before and beside the bulk reader. Pure: works on bytes, no I/O.

In:  the bytes of an .xls, .xlsb or .ods. Out: scan.Inspection of one sheet: hidden rows, errors, merged cells, number formats.
An .ods is read as XML here; binary workbooks by biff.py.
Rule source: OpenDocument 1.3, part 3, section 9.1 (tables); for the others see biff.py.
"""

from __future__ import annotations

import io
import re
import zipfile
from xml.parsers import expat

from callcamp_sync.errors import SheetError
from callcamp_sync.sheets import biff
from callcamp_sync.sheets.damage import ZIP_DAMAGE
from callcamp_sync.sheets.package import Styles, inflated, local, parse
from callcamp_sync.sheets.scan import Inspection, certain_of
from callcamp_sync.sheets.source import Kind

NO_STYLES = Styles(dates=frozenset(), times=frozenset(), zeros={})
_HINT = "open it in the program that wrote it and save it as .xlsx"
#: A row or cell that is repeated more often than this is the blank rest of the sheet.
_REST = 100_000
#: No program has more; repeats can claim them.
_MAX_ROWS = 20_000_000
_ZEROS = re.compile(r"\+?[0-9]{2,}")
_DIGITS = re.compile(r"[0-9]{16,300}")
_ERROR = re.compile(r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!)|Err:[0-9]{3}")


def check_parts(data: bytes, kind: Kind, shown: str) -> None:
    """Raise SheetError for a zip that is damaged, protected or a bomb; an .xls is no zip."""
    if kind == "xls":
        return
    archive = _archive(data, shown)
    for info in archive.infolist():
        if info.flag_bits & 1:
            raise SheetError(f"`{shown}` is protected with a password", hint="save a copy without the password")
    for info in archive.infolist():
        is_xml, is_manifest = info.filename.endswith((".xml", ".rels")), info.filename == "META-INF/manifest.xml"
        for piece in inflated(archive, info.filename, shown, xml=is_xml and not is_manifest):
            if is_manifest and b"encryption-data" in piece:
                raise SheetError(f"`{shown}` is protected with a password", hint="save a copy without the password")


def look(data: bytes, kind: Kind, sheet: str, shown: str) -> tuple[Inspection, Styles]:
    """What the file says of one sheet, and its styles. Raises SheetError for a file that contradicts itself."""
    try:
        if kind == "xls":
            return biff.look_xls(data, sheet)
        archive = _archive(data, shown)
        if kind == "ods":
            return _look_ods(archive, sheet, shown), NO_STYLES
        part, styles = _xlsb_parts(archive, sheet, shown)
        return biff.look_xlsb(part, styles)
    except biff.BrokenError as error:
        raise SheetError(f"`{shown}` is damaged: its sheet `{sheet}` cannot be followed", hint=_HINT) from error


def _archive(data: bytes, shown: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except ZIP_DAMAGE as error:
        raise SheetError(f"`{shown}` is damaged or truncated: it is no whole workbook", hint="export it again") from error


def _xlsb_parts(archive: zipfile.ZipFile, sheet: str, shown: str) -> tuple[bytes, bytes]:
    names = {name.lower(): name for name in archive.namelist()}
    links = dict(_relations(archive, names.get("xl/_rels/workbook.bin.rels", ""), shown))
    target = links.get(
        biff.sheet_relation(b"".join(inflated(archive, names.get("xl/workbook.bin", ""), shown, xml=False)), sheet), ""
    )
    part, styles = names.get(f"xl/{target}".lower()), names.get("xl/styles.bin")
    if part is None:
        raise biff.BrokenError
    read = [b"".join(inflated(archive, name, shown, xml=False)) if name else b"" for name in (part, styles)]
    return read[0], read[1]


def _relations(archive: zipfile.ZipFile, part: str, shown: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if part:
        parser = expat.ParserCreate()
        parser.StartElementHandler = lambda _tag, has: found.append(
            (has.get("Id", ""), has.get("Target", "").removeprefix("/xl/"))
        )
        parse(inflated(archive, part, shown), parser, part)
    return found


def _look_ods(archive: zipfile.ZipFile, sheet: str, shown: str) -> Inspection:
    reader = _Ods(sheet)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parse(inflated(archive, "content.xml", shown), parser, "content.xml")
    return reader.result


class _Ods:
    """Where the look at one sheet of an .ods stands, and what it has found."""

    def __init__(self, sheet: str) -> None:
        self.result = Inspection()
        self._sheet, self._inside, self._in_cell = sheet, False, False
        self._row, self._rows, self._column, self._columns = 0, 1, 0, 1
        self._has: dict[str, str] = {}
        self._text: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag, has = local(tag), {local(name): value for name, value in attributes.items()}
        if tag == "table":
            self._inside, self._row = has.get("name") == self._sheet, 0
        elif tag == "table-row":
            self._rows, self._column = _count(has.get("number-rows-repeated")), 0
            if self._row > _MAX_ROWS:
                raise biff.BrokenError
            if self._inside and has.get("visibility", "visible") != "visible" and self._rows < _REST:
                self.result.hidden.update(range(self._row, self._row + self._rows))
        elif tag in ("table-cell", "covered-table-cell"):
            self._columns, self._has, self._text = _count(has.get("number-columns-repeated")), has, []
            self._in_cell = True

    def text(self, data: str) -> None:
        if self._in_cell:
            self._text.append(data)

    def end(self, tag: str) -> None:
        tag = local(tag)
        if tag == "table-row":
            self._row += self._rows
        elif tag in ("table-cell", "covered-table-cell"):
            if self._inside and max(self._rows, self._columns) < _REST:
                self._close("".join(self._text).strip())
            self._column += self._columns
            self._in_cell = False

    def _close(self, text: str) -> None:
        has, result = self._has, self.result
        down, right = _count(has.get("number-rows-spanned")), _count(has.get("number-columns-spanned"))
        if down * right > 1:
            result.merged.append((self._row, self._column, self._row + down - 1, self._column + right - 1))
        is_error = _ERROR.fullmatch(text) and (has.get("formula") or has.get("value-type") == "error")
        shown = text if is_error else _certain(has, text)
        if shown is not None:
            for row in range(self._row, self._row + self._rows):
                found = result.errors if is_error else result.numbers
                found.update({(row, self._column + i): shown for i in range(self._columns)})
                result.check()


def _certain(has: dict[str, str], text: str) -> str | None:
    """What is certain of a cell where the bulk reader is not: true and false, zeros and a plus in front, digits that are none."""
    kind, value = has.get("value-type"), has.get("value", "")
    if kind == "boolean":
        return has.get("boolean-value")
    if kind != "float":
        return None
    if text in ("TRUE", "FALSE"):
        return text.lower()
    shows_zeros = _ZEROS.fullmatch(text) is not None and text != value and text.lstrip("+0") == value
    return text if shows_zeros else certain_of(repr(float(value)).removesuffix(".0") if _DIGITS.fullmatch(value) else value)


def _count(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and text.isascii() else 1
