"""A workbook of one sheet with some rows of another one, packed without pressing. Pure: works on bytes, no I/O.

In:  the workbook (package.py) and rows of one of its sheets.
Out: a workbook that has nothing but these rows, and the styles and shared strings of the first, which are copied as they are.
Why: a bulk reader then meets nothing of a foreign file but what was looked through, and only as much at a time as was asked.
Rule source: APPNOTE.TXT of the zip format, sections 4.3.7, 4.3.12 and 4.3.16; ECMA-376, part 1.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from callcamp_sync.sheets.package import Package

NAME = "Rows"
#: A row above the first one: it makes the reader begin there, and in column A.
_ABOVE = b'<row r="%d"><c r="A%d"><v>0</v></c></row>'
_MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_LINK = b'<Relationship Id="r%d" Type="' + _REL + b'/%s" Target="%s"/>'
_LINKS = b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">%s</Relationships>'


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A part in a zip. data: as it stands there, in pieces, so that large ones are copied once; size: of what it unpacks to.

    pressed: whether it is deflated.
    """

    name: bytes
    data: tuple[bytes, ...]
    size: int
    checksum: int
    pressed: bool = False


def common(package: Package) -> list[Member]:
    """The parts that all miniatures of a workbook share."""
    links = [(b"worksheet", b"worksheets/sheet1.xml")]
    copied = [part for part in (package.style_part, package.shared) if part]
    links += [(b"styles", b"styles.xml")] if package.style_part else []
    links += [(b"sharedStrings", b"sharedStrings.xml")] if package.shared else []
    each = b"".join(_LINK % (n, kind, target) for n, (kind, target) in enumerate(links, 1))
    era = b'<workbookPr date1904="1"/>' if package.date1904 else b""
    sheet = b'<sheets><sheet name="%s" sheetId="1" r:id="r1"/></sheets>' % NAME.encode()
    return [
        _plain(b"[Content_Types].xml", b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'),
        _plain(b"_rels/.rels", _LINKS % (_LINK % (1, b"officeDocument", b"xl/workbook.xml"))),
        _plain(b"xl/workbook.xml", b'<workbook xmlns="%s" xmlns:r="%s">%s%s</workbook>' % (_MAIN, _REL, era, sheet)),
        _plain(b"xl/_rels/workbook.xml.rels", _LINKS % each),
        *(_copied(package, part) for part in copied),
    ]


def workbook(shared: Sequence[Member], rows: bytes, first: int) -> bytes:
    """The bytes of the miniature. Its first row is the one above `first`, which holds nothing of the sheet, unless that is 1."""
    above = _ABOVE % (first - 1, first - 1) if first > 1 else b""
    before = b'<worksheet xmlns="%s"><sheetData>%s' % (_MAIN, above)
    return _zipped([*shared, _plain(b"xl/worksheets/sheet1.xml", before, rows, b"</sheetData></worksheet>")])


def _plain(name: bytes, *data: bytes) -> Member:
    return Member(
        name=name, data=data, size=sum(map(len, data)), checksum=reduce(lambda sum_, part: zlib.crc32(part, sum_), data, 0)
    )


def _copied(package: Package, part: str) -> Member:
    info = package.zip.getinfo(part)
    name = b"xl/styles.xml" if part == package.style_part else b"xl/sharedStrings.xml"
    pressed = info.compress_type != 0
    return Member(name=name, data=(package.raw(part),), size=info.file_size, checksum=info.CRC, pressed=pressed)


def _zipped(members: Sequence[Member]) -> bytes:
    out: list[bytes] = []
    listed: list[bytes] = []
    at = 0
    for one in members:
        length, method = sum(map(len, one.data)), 8 if one.pressed else 0
        sizes = struct.pack("<HHHIIIHH", method, 0, 33, one.checksum, length, one.size, len(one.name), 0)
        out += [b"PK\3\4", struct.pack("<HH", 20, 0), sizes, one.name, *one.data]
        listed += [b"PK\1\2", struct.pack("<HHH", 20, 20, 0), sizes, struct.pack("<HHHII", 0, 0, 0, 0, at), one.name]
        at += 30 + len(one.name) + length
    length = sum(map(len, listed))
    return b"".join([*out, *listed, b"PK\5\6", struct.pack("<HHHHIIH", 0, 0, len(members), len(members), length, at, 0)])
