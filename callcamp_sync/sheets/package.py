"""A workbook as a zip of XML parts, looked at before any reader that trusts it. Pure: works on bytes, no I/O.

In:  the bytes of a file that begins like a zip.
Out: its sheets in order, which cell styles are dates, and each part as a stream of pieces that is cut off at the limits.
Why: readers allocate what a file claims. A workbook of 1.7 KB whose two cells span the grid aborts the process; a deflated
gigabyte of zeros fills the memory. So sizes, ratios and document types are checked here, on what is really inflated.
Rule source: ECMA-376 (Office Open XML), part 1; reliability notes, section 5.
"""

from __future__ import annotations

import io
import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.parsers import expat

from callcamp_sync.errors import SheetError
from callcamp_sync.sheets.damage import ZIP_DAMAGE

MAX_PART = 2_000_000_000
MAX_RATIO = 250
_RATIO_FROM = 50_000_000
MAX_MEMBERS = 10_000
MAX_ELEMENTS = 200_000
MAX_SHEETS = 2_000
_BLOCK = 1 << 20
#: Bytes of a member's own header before its name; the last four say how long the name and what follows it are.
_HEADER = 30
_DATE_IDS = {14, 15, 16, 17, *range(27, 32), *range(34, 37), *range(50, 59)}
_TIME_IDS = {18, 19, 20, 21, 22, 32, 33, 45, 46, 47}
_NOT_CODE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', re.IGNORECASE)
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
#: A code of zeros, with a plus before them or not, in spaces, brackets and hyphens: 00000000000, "+"0, (000) 000-0000.
_ZEROS = re.compile(r"(\+?)[ ()\-/]*(?:[0#][ ()\-/]*)+")
_LITERAL = re.compile(r'"([^"]*)"|\\(.)|_.|\*.')
_TRUE = ("1", "true")
_DAMAGED = "open it in Excel and save it again"


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetPart:
    """A worksheet of the workbook, chart sheets left out. part: its name in the zip."""

    name: str
    visible: bool
    part: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Styles:
    """Cell style numbers (as text) that show a date without a time, those that show a time, and those that show zeros in front.

    zeros: style -> (digits that are shown at least, what stands before them: "+" or nothing).
    """

    dates: frozenset[str]
    times: frozenset[str]
    zeros: Mapping[str, tuple[int, str]]

    @property
    def telling(self) -> frozenset[str]:
        """The styles whose cells must be known to read them."""
        return self.dates | self.zeros.keys()


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A workbook. style_part, shared: parts in the zip. calculates_on_load: a program wrote it that left the formulas to Excel.

    date1904: its days are counted from 1904.
    """

    zip: zipfile.ZipFile
    data: bytes
    shown: str
    sheets: tuple[SheetPart, ...]
    styles: Styles
    style_part: str | None
    shared: str | None
    calculates_on_load: bool
    date1904: bool

    def pieces(self, part: str) -> Iterator[bytes]:
        """The part, inflated, in pieces that begin with a tag and end before one."""
        return inflated(self.zip, part, self.shown)

    def raw(self, part: str) -> bytes:
        """The part as it stands in the zip, pressed; raises SheetError where it unpacks to other than the zip says of it."""
        info = self.zip.getinfo(part)
        try:
            with self.zip.open(info):  # checks the header
                pass
            begin = info.header_offset + _HEADER
            begin += sum(struct.unpack_from("<HH", self.data, begin - 4))
            found = self.data[begin : begin + info.compress_size]
            if _unpacked_size(found, info.compress_type) == info.file_size:
                return found
        except ZIP_DAMAGE as error:
            raise _damaged(self.shown, part) from error
        raise _damaged(self.shown, part)


def open_package(data: bytes, shown: str) -> Package:
    """Open a workbook. Raises SheetError for what is no .xlsx or .xlsm, is damaged, or breaks the limits."""
    if b"PK\x01\x02" not in data:
        raise SheetError(f"`{shown}` is damaged or truncated: it is no whole workbook", hint="copy or export it again")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except ZIP_DAMAGE as error:
        raise SheetError(f"`{shown}` is damaged or truncated: it is no whole workbook", hint="copy or export it again") from error
    names = _members(archive, shown)
    links = _relations(archive, names, shown)
    sheets, on_load, date1904 = _sheets(archive, names, links, shown)
    return Package(
        zip=archive,
        data=data,
        shown=shown,
        sheets=sheets,
        styles=_styles(archive, names, shown),
        style_part=names.get("xl/styles.xml"),
        shared=names.get("xl/sharedstrings.xml"),
        calculates_on_load=on_load,
        date1904=date1904,
    )


def _members(archive: zipfile.ZipFile, shown: str) -> dict[str, str]:
    """Lower-cased name -> name. Two members of one name are refused: two readers might see two workbooks."""
    infos = archive.infolist()
    names = {info.filename.lower(): info.filename for info in infos}
    if "xl/workbook.xml" not in names:
        raise _foreign(shown, names)
    if len(infos) > MAX_MEMBERS or len(names) < len(infos):
        raise SheetError(f"`{shown}` is not a workbook that Excel writes: {len(infos)} parts, {len(names)} names")
    if any(info.flag_bits & 1 for info in infos):
        raise SheetError(f"`{shown}` is protected with a password", hint="save a copy without the password")
    return names


def _foreign(shown: str, names: dict[str, str]) -> SheetError:
    if "word/document.xml" in names or "ppt/presentation.xml" in names:
        return SheetError(f"`{shown}` is a document, not a sheet", hint="save the table as .xlsx or .csv")
    return SheetError(f"`{shown}` is a zip archive, not a workbook", hint="unpack it and name the sheet in it")


def inflated(archive: zipfile.ZipFile, part: str, shown: str, *, xml: bool = True) -> Iterator[bytes]:
    """The part in pieces, each beginning with a tag and ending before one. Raises SheetError: damage, limits, foreign XML."""
    size, rest = 0, b""
    try:
        info = archive.getinfo(part)
        with archive.open(info) as stream:
            while block := stream.read(_BLOCK):
                size += len(block)
                if size > MAX_PART or (size > _RATIO_FROM and size > info.compress_size * MAX_RATIO):
                    raise SheetError(
                        f"`{shown}` inflates to more than {size:,} bytes in `{part}`",
                        hint="split the workbook, or save it as .csv",
                    )
                # One rare byte is found many times faster than the pattern, and nothing needs to be copied for it.
                told = xml and (b"!" in block or b"!" in rest[-16:])
                if xml and ((told and _DOCTYPE.search(rest[-16:] + block)) or (size == len(block) and _not_utf8(block))):
                    raise SheetError(f"`{shown}` holds XML that Excel does not write (`{part}`)", hint=_DAMAGED)
                rest += block
                cut = rest.rfind(b"<")
                if cut > 0:
                    yield rest[:cut]
                    rest = rest[cut:]
    except ZIP_DAMAGE as error:
        raise _damaged(shown, part) from error
    yield rest


def _damaged(shown: str, part: str) -> SheetError:
    return SheetError(f"`{shown}` is damaged (`{part}`)", hint="copy or export it again")


def _unpacked_size(data: bytes, method: int) -> int:
    """Bytes that the part really unpacks to; -1 where its end is not its end. Python's reader stops where the zip says so."""
    if method == zipfile.ZIP_STORED:
        return len(data)
    engine, size = zlib.decompressobj(wbits=-15), 0
    while not engine.eof and data:
        size += len(engine.decompress(data, _BLOCK))
        data = engine.unconsumed_tail
    return size if engine.eof and not engine.unused_data else -1


def _not_utf8(block: bytes) -> bool:
    declared = re.match(rb"""(?:\xef\xbb\xbf)?\s*<\?xml[^>]*encoding=["']([^"']+)""", block)
    return (
        block.startswith((b"\xff\xfe", b"\xfe\xff"))
        or b"\0" in block[:64]
        or (declared is not None and declared[1].lower() not in (b"utf-8", b"us-ascii"))
    )


def parse(pieces: Iterator[bytes], parser: expat.XMLParserType, part: str) -> None:
    """Feed the pieces to `parser`. Raises SheetError for XML that is not well-formed."""
    try:
        for piece in pieces:
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise SheetError(f"the workbook is damaged: `{part}` is not well-formed", hint=_DAMAGED) from error


def local(name: str) -> str:
    """A tag or attribute without its namespace prefix."""
    return name.rpartition(":")[2]


def elements(archive: zipfile.ZipFile, part: str, shown: str, *tags: str) -> list[tuple[str, str, dict[str, str]]]:
    """(parent, tag, attributes) of every element of these tags, names without prefixes, in document order.

    Raises SheetError for more of them, or more of them inside each other, than any workbook has.
    """
    found: list[tuple[str, str, dict[str, str]]] = []
    stack = [""]

    def start(tag: str, attributes: dict[str, str]) -> None:
        if local(tag) in tags:
            found.append((stack[-1], local(tag), {local(name): value for name, value in attributes.items()}))
        stack.append(local(tag))
        if max(len(found), len(stack)) > MAX_ELEMENTS:
            raise SheetError(f"`{shown}` holds more in `{part}` than any workbook of Excel", hint=_DAMAGED)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _tag: stack.pop()
    parse(inflated(archive, part, shown), parser, part)
    return found


def _relations(archive: zipfile.ZipFile, names: dict[str, str], shown: str) -> dict[str, tuple[str, str]]:
    """Relation id -> (kind, part in lower case)."""
    part = names.get("xl/_rels/workbook.xml.rels")
    if part is None:
        raise SheetError(f"`{shown}` is damaged: it does not say where its sheets are", hint=_DAMAGED)
    links = {}
    for _, tag, has in elements(archive, part, shown, "Relationship"):
        if tag == "Relationship":
            target = posixpath.normpath(posixpath.join("/xl", has.get("Target", ""))).lstrip("/").lower()
            links[has.get("Id", "")] = (has.get("Type", "").rpartition("/")[2], target)
    return links


def _sheets(
    archive: zipfile.ZipFile, names: dict[str, str], links: dict[str, tuple[str, str]], shown: str
) -> tuple[tuple[SheetPart, ...], bool, bool]:
    sheets, on_load, date1904 = [], False, False
    for parent, tag, has in elements(archive, names["xl/workbook.xml"], shown, "sheet", "calcPr", "workbookPr"):
        kind, target = links.get(has.get("id", ""), ("", ""))
        if tag == "sheet" and parent == "sheets" and kind == "worksheet" and target in names:
            visible = has.get("state", "visible") == "visible"
            sheets.append(SheetPart(name=has.get("name", ""), visible=visible, part=names[target]))
        on_load = on_load or (tag == "calcPr" and has.get("fullCalcOnLoad") in _TRUE)
        date1904 = date1904 or (tag == "workbookPr" and has.get("date1904") in _TRUE)
    if not sheets or len(sheets) > MAX_SHEETS:
        raise SheetError(f"`{shown}` has {f'{len(sheets):,} sheets' if sheets else 'no worksheet'}")
    return tuple(sheets), on_load, date1904


def _styles(archive: zipfile.ZipFile, names: dict[str, str], shown: str) -> Styles:
    part = names.get("xl/styles.xml")
    found = elements(archive, part, shown, "numFmt", "xf") if part else []
    codes = {has.get("numFmtId", ""): has.get("formatCode", "") for _, tag, has in found if tag == "numFmt"}
    formats = [has.get("numFmtId", "0") for parent, tag, has in found if tag == "xf" and parent == "cellXfs"]
    return styles_of(codes, formats)


def styles_of(codes: Mapping[str, str], formats: Sequence[str]) -> Styles:
    """The styles of a workbook. codes: number format id -> format code. formats: the format id of each cell style, in order."""
    shows = [_shows(number, codes) for number in formats]
    return Styles(
        dates=frozenset(str(i) for i, what in enumerate(shows) if what == "date"),
        times=frozenset(str(i) for i, what in enumerate(shows) if what == "time"),
        zeros={str(i): zeros for i, number in enumerate(formats) if (zeros := zeros_of(codes.get(number, "")))},
    )


def zeros_of(code: str) -> tuple[int, str] | None:
    """(digits, "+" or nothing) of a number format that puts zeros or a plus in front of a whole number; None for all others."""
    plain = _LITERAL.sub(lambda found: found[1] or found[2] or "", re.sub(r"\[[^\]]*\]", "", code.partition(";")[0]))
    shape = _ZEROS.fullmatch(plain.strip())
    digits = plain.count("0")
    return (digits, shape[1]) if shape and (digits > 1 or shape[1]) else None


def _shows(number: str, codes: Mapping[str, str]) -> str:
    if number not in codes:
        known = int(number) if number.isdecimal() else 0
        return "date" if known in _DATE_IDS else "time" if known in _TIME_IDS else ""
    code = _NOT_CODE.sub("", codes[number]).lower()
    if re.search("[hs]", code):
        return "time"
    return "date" if re.search("[ymd]", code) else ""
