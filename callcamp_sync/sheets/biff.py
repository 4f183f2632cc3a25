"""What binary workbooks (.xls, .xlsb) say that the bulk reader does not tell. Pure: works on bytes, no I/O.

In:  the records of a workbook: of an .xls its `Workbook` stream, of an .xlsb its parts.
Out: hidden rows, error cells, merged cells, and number cells in a telling style, as scan.Inspection.
Rule source: [MS-XLS] and [MS-XLSB], the records named below; [MS-CFB] for the file system around an .xls.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Iterator

from callcamp_sync.sheets.package import Styles, styles_of
from callcamp_sync.sheets.scan import Inspection, Styled, certain_of

ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A", 43: "#GETTING_DATA"}
_END = 0xFFFFFFFA

Record = tuple[int, bytes]


class BrokenError(Exception):
    """The file contradicts itself. Never leaves this room: foreign.py makes a SheetError of it."""


def look_xls(data: bytes, sheet: str) -> tuple[Inspection, Styles]:
    """The close look at one sheet of an .xls. Raises BrokenError."""
    try:
        stream = _stream(data)
        head = list(_records16(stream, 0))
        start = next(place for kind, body in head if kind == 0x85 for place in [_bound_sheet(body, sheet)] if place is not None)
        styles = styles_of(_codes16(head), [str(struct.unpack_from("<H", body, 2)[0]) for kind, body in head if kind == 0xE0])
        look = _Look(styles)
        for kind, body in _records16(stream, start):
            if kind in _XLS:
                _XLS[kind](look, body)
    except (struct.error, IndexError, StopIteration, UnicodeDecodeError) as error:
        raise BrokenError from error
    return look.result, styles


def look_xlsb(sheet: bytes, styles_part: bytes) -> tuple[Inspection, Styles]:
    """The close look at one sheet part of an .xlsb, with its part of styles (empty where it has none). Raises BrokenError."""
    try:
        formats = list(_records7(styles_part))
        codes = {str(struct.unpack_from("<H", body)[0]): _wide(body, 2) for kind, body in formats if kind == 44}
        styles = styles_of(codes, _cell_formats(formats))
        look = _Look(styles)
        for kind, body in _records7(sheet):
            if kind in _XLSB:
                _XLSB[kind](look, body)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise BrokenError from error
    return look.result, styles


def sheet_relation(workbook: bytes, sheet: str) -> str:
    """The relation id of a sheet (BrtBundleSh, 156) in the workbook part of an .xlsb. Raises BrokenError."""
    try:
        for kind, body in _records7(workbook):
            if kind == 156:
                relation = _wide(body, 8)
                if _wide(body, 12 + len(relation.encode("utf-16-le"))) == sheet:
                    return relation
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise BrokenError from error
    raise BrokenError


def _cell_formats(records: list[Record]) -> list[str]:
    """Number format ids between BrtBeginCellXFs (617) and BrtEndCellXFs (618)."""
    found, inside = [], False
    for kind, body in records:
        inside = kind == 617 or (inside and kind != 618)
        if inside and kind == 47:
            found.append(str(struct.unpack_from("<H", body, 2)[0]))
    return found


class _Look:
    """One sheet's findings. row: of an .xlsb, the row that its cells belong to."""

    def __init__(self, styles: Styles) -> None:
        self.styles = styles
        self.styled: Styled = {}
        self.result = Inspection(styled=self.styled)
        self.row = -1

    def number(self, row: int, column: int, style: int, value: bytes = b"") -> None:
        """value: the double, where the cell holds one."""
        certain = certain_of(repr(struct.unpack("<d", value)[0]).removesuffix(".0")) if len(value) == 8 else None
        if certain is not None:
            self.result.numbers[row, column] = certain
            self.result.check()
        if str(style) in self.styles.telling:
            self.styled.setdefault((column, str(style)), array("I")).append(row)

    def error(self, row: int, column: int, code: int) -> None:
        self.result.errors[row, column] = ERRORS.get(code, "#ERROR!")
        self.result.check()


# --- .xls: a record is its kind (u16), its length (u16), its body


def _records16(stream: bytes, at: int) -> Iterator[Record]:
    """The records of one substream, to its end (0x0A)."""
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4 : at + 4 + length]
        if kind == 0x0A:
            return
        at += 4 + length


def _bound_sheet(body: bytes, wanted: str) -> int | None:
    start, _, _, length, wide = struct.unpack_from("<IBBBB", body)
    name = body[8 : 8 + length * 2].decode("utf-16-le") if wide & 1 else body[8 : 8 + length].decode("latin-1")
    return int(start) if name == wanted else None


def _codes16(records: list[Record]) -> dict[str, str]:
    codes = {}
    for kind, body in records:
        if kind == 0x41E:
            number, length, wide = struct.unpack_from("<HHB", body)
            text = body[5 : 5 + length * 2].decode("utf-16-le") if wide & 1 else body[5 : 5 + length].decode("latin-1")
            codes[str(number)] = text
    return codes


def _row16(look: _Look, body: bytes) -> None:
    row, flags = struct.unpack_from("<H", body)[0], struct.unpack_from("<I", body, 12)[0]
    if flags & 0x20:
        look.result.hidden.add(row)


def _number16(look: _Look, body: bytes) -> None:
    row, column, style = struct.unpack_from("<HHH", body)
    look.number(row, column, style, body[6:])


def _numbers16(look: _Look, body: bytes) -> None:
    row, first = struct.unpack_from("<HH", body)
    for i in range((len(body) - 6) // 6):
        look.number(row, first + i, struct.unpack_from("<H", body, 4 + 6 * i)[0])


def _error16(look: _Look, body: bytes) -> None:
    row, column, _, code, is_error = struct.unpack_from("<HHHBB", body)
    if is_error:
        look.error(row, column, code)


def _formula16(look: _Look, body: bytes) -> None:
    row, column, style = struct.unpack_from("<HHH", body)
    if body[12:14] != b"\xff\xff":
        look.number(row, column, style, body[6:14])
    elif body[6] == 2:
        look.error(row, column, body[8])


def _merged16(look: _Look, body: bytes) -> None:
    for i in range(struct.unpack_from("<H", body)[0]):
        top, bottom, left, right = struct.unpack_from("<HHHH", body, 2 + 8 * i)
        look.result.merged.append((top, left, bottom, right))


_XLS: dict[int, Callable[[_Look, bytes], None]] = {
    **{0x208: _row16, 0x203: _number16, 0x27E: _number16, 0xBD: _numbers16},
    **{0x205: _error16, 0x06: _formula16, 0xE5: _merged16},
}


# --- .xlsb: a record is its kind (one or two bytes), its length (up to four bytes of seven bits), its body


def _records7(part: bytes) -> Iterator[Record]:
    at = 0
    while at < len(part):
        kind = part[at]
        at += 1
        if kind & 0x80:
            kind = (kind & 0x7F) | (part[at] & 0x7F) << 7
            at += 1
        length = shift = 0
        while True:
            length |= (part[at] & 0x7F) << shift
            shift, at = shift + 7, at + 1
            if not part[at - 1] & 0x80 or shift > 21:
                break
        yield kind, part[at : at + length]
        at += length


def _wide(body: bytes, at: int) -> str:
    length = struct.unpack_from("<I", body, at)[0]
    return body[at + 4 : at + 4 + length * 2].decode("utf-16-le")


def _row7(look: _Look, body: bytes) -> None:
    look.row = struct.unpack_from("<I", body)[0]
    if body[11] & 0x10:
        look.result.hidden.add(look.row)


def _number7(look: _Look, body: bytes) -> None:
    column, style = struct.unpack_from("<II", body)
    look.number(look.row, column, style & 0xFFFFFF, body[8:16])


def _error7(look: _Look, body: bytes) -> None:
    look.error(look.row, struct.unpack_from("<I", body)[0], body[8])


def _merged7(look: _Look, body: bytes) -> None:
    top, bottom, left, right = struct.unpack_from("<IIII", body)
    look.result.merged.append((top, left, bottom, right))


_XLSB: dict[int, Callable[[_Look, bytes], None]] = {
    **{0: _row7, 2: _number7, 5: _number7, 9: _number7, 3: _error7, 11: _error7, 176: _merged7},
}


# --- the file system around an .xls


def _stream(data: bytes) -> bytes:
    """The bytes of `Workbook` (or `Book`, as Excel 95 has it)."""
    size, small = 1 << struct.unpack_from("<H", data, 30)[0], 1 << struct.unpack_from("<H", data, 32)[0]
    if size not in (512, 4096) or small != 64:
        raise BrokenError
    first, cutoff, small_table = (struct.unpack_from("<I", data, at)[0] for at in (48, 56, 60))
    table = _allocation(data, size)
    folder = _chain(data, table, first, size, size)
    for at in range(0, len(folder) - 127, 128):
        length = struct.unpack_from("<H", folder, at + 64)[0]
        name = folder[at : at + max(length - 2, 0)].decode("utf-16-le", "replace")
        start, stored = struct.unpack_from("<II", folder, at + 116)
        if at == 0:
            root = start
        elif name in ("Workbook", "Book") and stored >= cutoff:
            return _chain(data, table, start, size, size)[:stored]
        elif name in ("Workbook", "Book"):
            inner = _chain(data, table, root, size, size)
            raw = _chain(data, table, small_table, size, size)
            return _chain(inner, struct.unpack(f"<{len(raw) // 4}I", raw), start, small, 0)[:stored]
    raise BrokenError


def _allocation(data: bytes, size: int) -> tuple[int, ...]:
    """The next sector of each; 109 places of the table stand in the header, further ones in sectors of their own."""
    places = list(struct.unpack_from("<109I", data, 76))
    more, count = struct.unpack_from("<II", data, 68)
    for _ in range(min(count, 10_000)):
        if more >= _END:
            break
        *found, more = struct.unpack_from(f"<{size // 4}I", data, (more + 1) * size)
        places += found
    raw = b"".join(data[(place + 1) * size : (place + 2) * size] for place in places if place < _END)
    return struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4])


def _chain(data: bytes, table: tuple[int, ...], start: int, size: int, offset: int) -> bytes:
    """The sectors from `start` on. A chain that is longer than the table goes in circles."""
    parts: list[bytes] = []
    while start < _END:
        if len(parts) > len(table):
            raise BrokenError
        parts.append(data[offset + start * size : offset + (start + 1) * size])
        start = table[start]
    return b"".join(parts)
