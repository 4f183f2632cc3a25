"""Builders of odd and hostile files, byte by byte where no program writes them. Deterministic: the same bytes on every run.

`python tests/corpus/make.py FOLDER` writes the whole corpus, to be opened in other programs.
"""

from __future__ import annotations

import gzip
import io
import struct
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_STAMP = (2026, 1, 1, 0, 0, 0)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE_REL = "http://schemas.openxmlformats.org/package/2006/relationships"


def zipped(parts: Mapping[str, bytes | str], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, part in parts.items():
            info = zipfile.ZipInfo(name, _STAMP)
            info.compress_type = method
            archive.writestr(info, part)
    return out.getvalue()


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


# --- .xlsx


def cell(place: str, value: object = None, *, style: int = 0, kind: str = "", formula: str = "") -> str:
    """A cell's XML: text as an inline string, numbers and bools as they are; None is a cell without a value."""
    styled = f' s="{style}"' if style else ""
    inner = f"<f>{formula}</f>" if formula else ""
    if isinstance(value, bool):
        return f'<c r="{place}"{styled} t="b">{inner}<v>{int(value)}</v></c>'
    if isinstance(value, str) and not kind:
        return f'<c r="{place}"{styled} t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>'
    shown = f' t="{kind}"' if kind else ""
    return f'<c r="{place}"{styled}{shown}>{inner}{"" if value is None else f"<v>{value}</v>"}</c>'


def row(number: int, *cells: str, hidden: bool = False) -> str:
    return f'<row r="{number}"{" hidden=" + chr(34) + "1" + chr(34) if hidden else ""}>{"".join(cells)}</row>'


def grid(*lines: Sequence[object], start: int = 1) -> str:
    """Rows of plain values, from column A on."""
    return "".join(
        row(n, *(cell(f"{chr(65 + i)}{n}", value) for i, value in enumerate(line) if value is not None))
        for n, line in enumerate(lines, start)
    )


def sheet_xml(rows: str, *, after: str = "", root: str = f'xmlns="{_MAIN}" xmlns:r="{_REL}"') -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><worksheet {root}><sheetData>{rows}</sheetData>{after}</worksheet>'


def styles_xml(*formats: str) -> str:
    """Style 0 is General, style n the nth format."""
    codes = "".join(f'<numFmt numFmtId="{164 + i}" formatCode="{code}"/>' for i, code in enumerate(formats))
    xfs = "".join(f'<xf numFmtId="{164 + i}" applyNumberFormat="1"/>' for i in range(len(formats)))
    return (
        f'<styleSheet xmlns="{_MAIN}"><numFmts count="{len(formats)}">{codes}</numFmts>'
        f'<cellXfs count="{len(formats) + 1}"><xf numFmtId="0"/>{xfs}</cellXfs></styleSheet>'
    )


def xlsx(
    *sheets: str,
    states: Sequence[str] = (),
    names: Sequence[str] = ("Leads", "Other", "Third"),
    styles: str = "",
    workbook: str = "",
    more: Mapping[str, bytes | str] | None = None,
) -> bytes:
    """A workbook of worksheet parts. states: of each sheet. workbook: XML before its sheets. more: parts to add or replace."""
    ids = range(1, len(sheets) + 1)
    hidden = [f' state="{state}"' if state else "" for state in [*states, *[""] * len(sheets)]]
    listed = "".join(f'<sheet name="{names[i - 1]}" sheetId="{i}"{hidden[i - 1]} r:id="rId{i}"/>' for i in ids)
    links = "".join(f'<Relationship Id="rId{i}" Type="{_REL}/worksheet" Target="worksheets/sheet{i}.xml"/>' for i in ids)
    parts: dict[str, bytes | str] = {
        "[Content_Types].xml": content_types(len(sheets)),
        "_rels/.rels": relations(f'<Relationship Id="r" Type="{_REL}/officeDocument" Target="xl/workbook.xml"/>'),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_REL}">{workbook}<sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations(links),
        **{f"xl/worksheets/sheet{i}.xml": part for i, part in zip(ids, sheets, strict=True)},
        **({"xl/styles.xml": styles} if styles else {}),
        **(more or {}),
    }
    return zipped(parts)


def relations(links: str) -> str:
    return f'<Relationships xmlns="{_PACKAGE_REL}">{links}</Relationships>'


def content_types(sheets: int) -> str:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    each = "".join(
        f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType="{kind}.worksheet+xml"/>' for i in range(1, sheets + 1)
    )
    return (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>{each}</Types>'
    )


def with_table(rows: str, *, ref: str, table: str = "", name: str = "Contacts") -> bytes:
    """A workbook whose sheet has an Excel table at `ref`; `table` are further attributes of it."""
    definition = f'<table xmlns="{_MAIN}" id="1" name="{name}" displayName="{name}" ref="{ref}" {table}/>'
    link = f'<Relationship Id="rId1" Type="{_REL}/table" Target="../tables/table1.xml"/>'
    parts = {"xl/tables/table1.xml": definition, "xl/worksheets/_rels/sheet1.xml.rels": relations(link)}
    return xlsx(sheet_xml(rows, after='<tableParts count="1"><tablePart r:id="rId1"/></tableParts>'), more=parts)


# --- .ods


def ods(rows: str, *, manifest: str = "", name: str = "Leads", before: str = "") -> bytes:
    spaces = " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{prefix}:1.0"' for prefix in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<office:document-content {spaces}><office:body><office:spreadsheet>'
        f'<table:table table:name="{name}">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    mime = "application/vnd.oasis.opendocument.spreadsheet"
    listing = manifest or (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{mime}"/></manifest:manifest>'
    )
    return zipped({"mimetype": mime, "content.xml": content, "META-INF/manifest.xml": listing})


def ods_row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def ods_text(text: str, attributes: str = "") -> str:
    return f'<table:table-cell office:value-type="string" {attributes}><text:p>{text}</text:p></table:table-cell>'


def ods_number(value: str, shown: str = "") -> str:
    return (
        f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{shown or value}</text:p></table:table-cell>'
    )


# --- .xls: records of a stream in a compound file


def record16(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def text16(row_: int, column: int, text: str) -> bytes:
    return record16(0x204, struct.pack("<HHHHB", row_, column, 0, len(text), 0) + text.encode("latin-1"))


def number16(row_: int, column: int, value: float, style: int = 0) -> bytes:
    return record16(0x203, struct.pack("<HHHd", row_, column, style, value))


def row16(row_: int, *, hidden: bool = False) -> bytes:
    return record16(0x208, struct.pack("<HHHHHHI", row_, 0, 2, 255, 0, 0, 0x20 if hidden else 0))


def error16(row_: int, column: int, code: int) -> bytes:
    return record16(0x205, struct.pack("<HHHBB", row_, column, 0, code, 1))


def merged16(top: int, bottom: int, left: int, right: int) -> bytes:
    return record16(0xE5, struct.pack("<HHHHH", 1, top, bottom, left, right))


def xls(*cells: bytes, formats: Sequence[str] = (), name: str = "Leads", filler: int = 4096) -> bytes:
    """A BIFF8 workbook of one sheet, in a compound file. formats: style n has the nth. filler: least bytes of the stream."""
    start = record16(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 6))
    codes = b"".join(
        record16(0x41E, struct.pack("<HHB", 164 + i, len(code), 0) + code.encode("latin-1")) for i, code in enumerate(formats)
    )
    kinds = b"".join(record16(0xE0, struct.pack("<HH", 0, number) + bytes(16)) for number in (0, *range(164, 164 + len(formats))))
    tail_length = 4 + 8 + len(name) + 4
    place = len(start) + len(codes) + len(kinds) + tail_length
    bound = record16(0x85, struct.pack("<IBBBB", place, 0, 0, len(name), 0) + name.encode("latin-1"))
    sheet = record16(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 6)) + b"".join(cells) + record16(0x0A, b"")
    return compound((start + codes + kinds + bound + record16(0x0A, b"") + sheet).ljust(filler, b"\0"))


def compound(stream: bytes, name: str = "Workbook") -> bytes:
    """A compound file of one stream of at least 4,096 bytes: header, allocation table, directory, stream."""
    count = -(-len(stream) // 512)
    table = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, 2 + count), 0xFFFFFFFE]
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0) + struct.pack("<I", 0)
    entries = _entry("Root Entry", 5, 0xFFFFFFFE, 0, child=1) + _entry(name, 2, 2, len(stream)) + _entry("", 0, 0, 0) * 2
    return b"".join(
        [
            header.ljust(512, b"\xff"),
            struct.pack(f"<{len(table)}I", *table).ljust(512, b"\xff"),
            entries,
            stream.ljust(count * 512, b"\0"),
        ]
    )


def _entry(name: str, kind: int, start: int, size: int, child: int = 0xFFFFFFFF) -> bytes:
    wide = name.encode("utf-16-le")
    length = len(wide) + 2 if name else 0
    none = 0xFFFFFFFF
    head = wide.ljust(64, b"\0") + struct.pack("<HBBIII", length, kind, 1, none, none, child)
    return head + bytes(36) + struct.pack("<IQ", start, size)


# --- .xlsb: records in the parts of a package


def record7(kind: int, body: bytes = b"") -> bytes:
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, length = b"", len(body)
    while True:
        size += bytes([length & 0x7F | (0x80 if length > 127 else 0)])
        length >>= 7
        if not length:
            return head + size + body


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def row7(number: int, *cells: bytes, hidden: bool = False) -> bytes:
    return record7(0, struct.pack("<IIHBBBI", number, 0, 300, 0, 0x10 if hidden else 0, 0, 0)) + b"".join(cells)


def text7(column: int, text: str) -> bytes:
    return record7(6, struct.pack("<II", column, 0) + wide(text))


def number7(column: int, value: float, style: int = 0) -> bytes:
    return record7(5, struct.pack("<IId", column, style, value))


def error7(column: int, code: int) -> bytes:
    return record7(3, struct.pack("<IIB", column, 0, code))


def xlsb(*rows: bytes, after: bytes = b"", formats: Sequence[str] = (), extent: tuple[int, int] = (9, 9)) -> bytes:
    sheet = record7(129) + record7(148, struct.pack("<IIII", 0, extent[0], 0, extent[1])) + record7(145) + b"".join(rows)
    sheet += record7(146) + after + record7(130)
    bundle = record7(156, struct.pack("<II", 0, 1) + wide("rId1") + wide("Leads"))
    codes = b"".join(record7(44, struct.pack("<H", 164 + i) + wide(code)) for i, code in enumerate(formats))
    xfs = b"".join(record7(47, struct.pack("<HH", 0xFFFF, number) + bytes(12)) for number in (0, *range(164, 164 + len(formats))))
    styles = record7(278) + record7(615, struct.pack("<I", len(formats))) + codes + record7(616)
    styles += record7(617, struct.pack("<I", len(formats) + 1)) + xfs + record7(618) + record7(279)
    links = f'<Relationship Id="rId1" Type="{_REL}/worksheet" Target="worksheets/sheet1.bin"/>'
    return zipped(
        {
            "[Content_Types].xml": content_types(0),
            "_rels/.rels": relations(f'<Relationship Id="r" Type="{_REL}/officeDocument" Target="xl/workbook.bin"/>'),
            "xl/workbook.bin": record7(131) + record7(143) + bundle + record7(144) + record7(132),
            "xl/_rels/workbook.bin.rels": relations(links),
            "xl/worksheets/sheet1.bin": sheet,
            "xl/styles.bin": styles,
        }
    )


def write_all(folder: Path) -> int:
    """Every file of the corpus, numbered. Returns how many."""
    from corpus_cases import CASES

    folder.mkdir(parents=True, exist_ok=True)
    for number, case in enumerate(CASES):
        (folder / f"{number:03}-{case.file}").write_bytes(case.data())
    return len(CASES)


if __name__ == "__main__":
    sys.stdout.write(f"{write_all(Path(sys.argv[1]))} files\n")
