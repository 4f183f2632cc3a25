"""Workbooks as Excel, other programs and hostile hands write them."""

from __future__ import annotations

from collections.abc import Callable

import make
from corpus_case import Case, Row, as_bytes
from make import cell, grid, ods_number, ods_row, ods_text, row, sheet_xml, xlsx

A, B = "+12015550123", "+12015550124"
HEAD = ("Phone", "Company")
LINES = grid(HEAD, (A, "x"), (B, "y"))
ROWS: tuple[Row, ...] = ((2, A, "x"), (3, B, "y"))
BOOK = xlsx(sheet_xml(LINES))
Data = bytes | Callable[[], bytes]


def read(says: str, data: Data, *rows: Row, file: str = "leads.xlsx", **more: object) -> Case:
    return Case(says=says, file=file, data=as_bytes(data), rows=rows or ROWS, **more)  # type: ignore[arg-type]


def refuse(says: str, data: Data, words: str, *, file: str = "leads.xlsx", **more: object) -> Case:
    return Case(says=says, file=file, data=as_bytes(data), refused=words, **more)  # type: ignore[arg-type]


def one(phone: str, **more: str) -> bytes:
    """A workbook whose only phone cell is this XML."""
    return xlsx(sheet_xml(grid(HEAD) + row(2, phone, cell("B2", "x"))), **more)  # type: ignore[arg-type]


STYLED = make.styles_xml("00000000000", "&quot;+&quot;0", "yyyy-mm-dd", "0.00", "\\+00000000000", "dd/mm/yyyy hh:mm")

STYLED_BOOK = one(cell("A2", 2079460123, style=1), styles=STYLED)

CELLS = [
    read("a plain workbook", BOOK),
    read("the same, called .xlsm", BOOK, file="leads.xlsm"),
    read("the same, called .csv", BOOK, file="leads.csv"),
    read("the same, packed by gzip", make.gzipped(BOOK), file="leads.xlsx.gz"),
    read("a number of a phone", one(cell("A2", 12015550123)), (2, "12015550123", "x")),
    read("a number in a format of zeros", one(cell("A2", 2079460123, style=1), styles=STYLED), (2, "02079460123", "x")),
    read("a number in a format with a plus", one(cell("A2", 12015550123, style=2), styles=STYLED), (2, A, "x")),
    read("an escaped plus and zeros", one(cell("A2", 12015550123, style=5), styles=STYLED), (2, A, "x")),
    read("text in a format of zeros stays", one(cell("A2", "123", style=1), styles=STYLED), (2, "123", "x")),
    read("a number of 18 digits, written out", one(cell("A2", "442079460123456789", kind="n")), (2, "442079460123456789", "x")),
    read("the same as Excel stores it", one(cell("A2", "4.4207946012345677E+17", kind="n")), (2, "4.42079460123457E+17", "x")),
    read("an exponent that is exact", one(cell("A2", "1.2015550123E+10", kind="n")), (2, "12015550123", "x")),
    read("a number with a fraction", one(cell("A2", "12015550123.5", kind="n")), (2, "12015550123.5", "x")),
    read("a date", one(cell("A2", 46152, style=3), styles=STYLED), (2, "2026-05-10", "x")),
    read("a date and time", one(cell("A2", 46152.5, style=6), styles=STYLED), (2, "2026-05-10 12:00:00", "x")),
    read(
        "a date in the calendar of 1904",
        one(cell("A2", 44690, style=3), styles=STYLED, workbook='<workbookPr date1904="1"/>'),
        (2, "2026-05-10", "x"),
    ),
    read("true", one(cell("A2", True)), (2, "true", "x")),
    read("an error", one(cell("A2", "#N/A", kind="e")), (2, "#N/A", "x"), issues=((2, "cell-error"),)),
    read("a calculated formula", one(cell("A2", A, kind="str", formula="B1")), (2, A, "x")),
    read("a formula never calculated", one(cell("A2", formula="B1")), (2, None, "x"), issues=((2, "cell-uncalculated"),)),
    read(
        "cells merged downwards are rows' issues",
        xlsx(
            sheet_xml(
                grid(HEAD, (A, "x"), (B, None)),
                after='<mergeCells count="1"><mergeCell ref="B2:B3"/></mergeCells>',
            )
        ),
        (2, A, "x"),
        (3, B, None),
        issues=((3, "cell-merged"),),
    ),
    read(
        "a title over the table, merged",
        xlsx(
            sheet_xml(
                grid(("Leads of May",), HEAD, (A, "x"), (B, "y")), after='<mergeCells><mergeCell ref="A1:B1"/></mergeCells>'
            )
        ),
        (3, A, "x"),
        (4, B, "y"),
        how={"header_row": 2},
    ),
    read(
        "a line of totals",
        xlsx(sheet_xml(grid((*HEAD, "Price"), (A, "x", 1), (B, "y", 2), ("Total", None, 3)))),
        (2, A, "x", "1"),
        (3, B, "y", "2"),
        (4, "Total", None, "3"),
        issues=((4, "row-totals"),),
    ),
    read("cells without places", xlsx(sheet_xml(LINES.replace(' r="', ' x="')))),
    read("a prefix before every tag", lambda: prefixed(LINES)),
    read("a letter as an entity", one('<c r="A2" t="inlineStr"><is><t>&#43;12015550123</t></is></c>'), (2, A, "x")),
    read(
        "text in two styles", one(f'<c r="A2" t="inlineStr"><is><r><t>{A[:4]}</t></r><r><t>{A[4:]}</t></r></is></c>'), (2, A, "x")
    ),
]


def prefixed(rows: str) -> bytes:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    text = f'<x:worksheet xmlns:x="{main}"><sheetData>{rows}</sheetData></x:worksheet>'
    for tag in ("sheetData", "row", "c", "v", "is", "t"):
        text = text.replace(f"<{tag}>", f"<x:{tag}>").replace(f"<{tag} ", f"<x:{tag} ").replace(f"</{tag}>", f"</x:{tag}>")
    return xlsx(text)


HIDDEN = sheet_xml(grid(HEAD, (A, "x")) + row(3, cell("A3", B), cell("B3", "y"), hidden=True))
TABLED = grid(("title",), ("note", *HEAD), (None, A, "x"), (None, B, "y"), ("below", "Total", 2))

CHOSEN = [
    refuse("hidden rows", xlsx(HIDDEN), "hides rows that have data: 1 .row 3"),
    read("hidden rows that are included", xlsx(HIDDEN), how={"hidden_rows": "include"}),
    read("hidden rows that are skipped", xlsx(HIDDEN), (2, A, "x"), how={"hidden_rows": "skip"}, warns="skipped: 1"),
    refuse("two sheets with data", xlsx(sheet_xml(LINES), sheet_xml(LINES)), "2 sheets with data: `Leads`, `Other`"),
    read("one of two sheets by name", xlsx(sheet_xml(grid(("a",))), sheet_xml(LINES)), at="#other"),
    read("one of two sheets by position", xlsx(sheet_xml(grid(("a",))), sheet_xml(LINES)), how={"sheet": 2}),
    read("a second sheet that is hidden", xlsx(sheet_xml(LINES), sheet_xml(LINES), states=("", "hidden"))),
    read("a second sheet that is blank", xlsx(sheet_xml(LINES), sheet_xml(""))),
    refuse("all sheets hidden", xlsx(sheet_xml(LINES), states=("veryHidden",)), "every sheet of"),
    refuse("no such sheet", BOOK, "has no sheet `May`; it has `Leads`", at="#May"),
    refuse("a blank workbook", xlsx(sheet_xml("")), "no data in its visible sheets"),
    read("an Excel table by its name", make.with_table(TABLED, ref="B2:C4"), (3, A, "x"), (4, B, "y"), at="#contacts"),
    read(
        "an Excel table with a row of totals",
        make.with_table(TABLED, ref="B2:C5", table='totalsRowCount="1"'),
        (3, A, "x"),
        (4, B, "y"),
        at="#Contacts",
        warns="totals was left out",
    ),
    refuse(
        "an Excel table without a header",
        make.with_table(TABLED, ref="B2:C4", table='headerRowCount="0"'),
        "has no header row",
        at="#Contacts",
    ),
    refuse("an Excel table without a place", make.with_table(TABLED, ref="?"), "does not say where", at="#Contacts"),
]

FAR = sheet_xml(grid(HEAD) + row(1048576, cell("XFD1048576", 1)))
DOCTYPE = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
SHARED = f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>{"z" * 1_000_000}</t></si></sst>'


def repeated() -> bytes:
    rows = "".join(row(n, cell(f"A{n}", 0, kind="s")) for n in range(1, 12_001))
    link = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    links = "".join(
        f'<Relationship Id="{i}" Type="{link}/{kind}" Target="{target}"/>'
        for i, kind, target in (("rId1", "worksheet", "worksheets/sheet1.xml"), ("rId2", "sharedStrings", "sharedStrings.xml"))
    )
    more = {"xl/sharedStrings.xml": SHARED, "xl/_rels/workbook.xml.rels": make.relations(links)}
    return xlsx(sheet_xml(rows), more=more)


def flagged(data: bytes) -> bytes:
    """Every member says that it is encrypted."""
    out = bytearray(data)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = out.find(mark)
        while at >= 0:
            out[at + offset] |= 1
            at = out.find(mark, at + 4)
    return bytes(out)


HOSTILE = [
    refuse("two cells that span the grid", xlsx(FAR), "spans 1,048,576 rows and 16,384 columns"),
    refuse("a cell outside of the grid", xlsx(sheet_xml(grid(HEAD) + row(2, cell("XFE16777217", 1)))), "outside of Excel's grid"),
    refuse("a long text that every cell repeats", repeated, "repeats 12,000,"),
    refuse(
        "a part that inflates without end", lambda: xlsx(sheet_xml(grid(HEAD, (A, "y" * 60_000_000)))), "inflates to more than"
    ),
    refuse("entities of entities", xlsx(DOCTYPE + sheet_xml(LINES)), "XML that Excel does not write"),
    refuse(
        "an entity in the workbook part", xlsx(sheet_xml(LINES), more={"xl/workbook.xml": DOCTYPE + "<x/>"}), "does not write"
    ),
    refuse(
        "a part in UTF-16", xlsx(sheet_xml(LINES), more={"xl/workbook.xml": "<workbook/>".encode("utf-16")}), "does not write"
    ),
    refuse("XML that is not closed", xlsx(sheet_xml(LINES)[:-12]), "not well-formed|cannot be read"),
    refuse("no relations", xlsx(sheet_xml(LINES), more={"xl/_rels/workbook.xml.rels": ""}), "not well-formed"),
    refuse("a sheet that is not there", xlsx(more={"xl/workbook.xml": "<workbook><sheets/></workbook>"}), "no worksheet"),
    refuse("cut off in the middle", BOOK[: len(BOOK) // 2], "damaged or truncated"),
    refuse("nothing but the first bytes", BOOK[:4], "damaged or truncated"),
    refuse("encrypted members", flagged(BOOK), "password"),
    refuse("protected with a password", make.compound(bytes(4096), "EncryptedPackage"), "password"),
    refuse("a text document", make.zipped({"[Content_Types].xml": "", "word/document.xml": "<x/>"}), "a document, not a sheet"),
    refuse("a name that climbs out of the archive", make.zipped({"../../x.csv": ""}), "is empty"),
    refuse(
        "a table that goes in circles", make.with_table(TABLED, ref="B2:C4", name="&#65;" * 9), "has no sheet", at="#Contacts"
    ),
    refuse(
        "a merged cell over the grid, data far away",
        xlsx(FAR.replace("</sheetData>", '</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>')),
        "spans",
    ),
]

ODS_HEAD = ods_row(ods_text("Phone"), ods_text("Company"))
ODS_ROWS = ODS_HEAD + ods_row(ods_text(A), ods_text("x")) + ods_row(ods_text(B), ods_text("y"))
ODS = make.ods(ODS_ROWS)
CELL_HIDDEN = 'table:visibility="filter"'
XLS_HEAD = make.text16(0, 0, "Phone") + make.text16(0, 1, "Company")
XLS_ROWS = XLS_HEAD + b"".join(make.text16(r, 0, p) + make.text16(r, 1, c) for r, p, c in ((1, A, "x"), (2, B, "y")))
XLS = make.xls(XLS_ROWS)
XLSB_HEAD = make.row7(0, make.text7(0, "Phone"), make.text7(1, "Company"))
XLSB_ROWS = (XLSB_HEAD, make.row7(1, make.text7(0, A), make.text7(1, "x")), make.row7(2, make.text7(0, B), make.text7(1, "y")))
XLSB = make.xlsb(*XLSB_ROWS)
ZEROS = ("00000000000",)

FOREIGN = [
    read("OpenDocument", ODS, file="leads.ods"),
    read(
        "zeros and an error in OpenDocument",
        make.ods(ODS_HEAD + ods_row(ods_number("2079460123", "02079460123"), ods_text("#N/A", 'table:formula="of:=NA()"'))),
        (2, "02079460123", "#N/A"),
        file="leads.ods",
        issues=((2, "cell-error"),),
    ),
    refuse(
        "filtered rows in OpenDocument",
        make.ods(ODS_ROWS + ods_row(ods_text(A), ods_text("z"), attributes=CELL_HIDDEN)),
        "hides rows that have data: 1 .row 4",
        file="leads.ods",
    ),
    refuse(
        "OpenDocument with a password",
        make.ods(ODS_ROWS, manifest="<manifest><encryption-data/></manifest>"),
        "password",
        file="leads.ods",
    ),
    refuse("entities in OpenDocument", make.ods(ODS_ROWS, before=DOCTYPE), "does not write|XML", file="leads.ods"),
    refuse(
        "a text that is repeated over the grid",
        make.ods(
            ODS_HEAD
            + ods_row(
                ods_text("x" * 1000, 'table:number-columns-repeated="16384"'), attributes='table:number-rows-repeated="1048575"'
            )
        ),
        "memory|cannot be read|cells|heading",
        file="leads.ods",
    ),
    read("an old workbook", XLS, file="leads.xls"),
    read(
        "zeros, an error and a merged cell in an old workbook",
        make.xls(
            XLS_HEAD
            + make.number16(1, 0, 2079460123, 1)
            + make.error16(1, 1, 42)
            + make.text16(2, 0, A)
            + make.merged16(1, 2, 1, 1),
            formats=ZEROS,
        ),
        (2, "02079460123", "#N/A"),
        (3, A, None),
        file="leads.xls",
        issues=((2, "cell-error"), (3, "cell-merged")),
    ),
    read(
        "a number of 18 digits in an old workbook",
        make.xls(XLS_HEAD + make.number16(1, 0, 442079460123456789.0)),
        (2, "4.42079460123457E+17", None),
        file="leads.xls",
    ),
    refuse(
        "hidden rows in an old workbook",
        make.xls(make.row16(1, hidden=True) + XLS_ROWS),
        "hides rows that have data: 1 .row 2",
        file="leads.xls",
    ),
    refuse("an old workbook that is cut off", XLS[:1400], "cannot be read|damaged", file="leads.xls"),
    refuse(
        "an old workbook that goes in circles", XLS[:520] + b"\x02\0\0\0" * 100 + XLS[920:], "read|damaged|without", file="l.xls"
    ),
    refuse("an old text document", make.compound(bytes(4096), "WordDocument"), "without a sheet", file="leads.xls"),
    read("a binary workbook", XLSB, file="leads.xlsb"),
    read(
        "zeros and an error in a binary workbook",
        make.xlsb(XLSB_HEAD, make.row7(1, make.number7(0, 2079460123, 1), make.error7(1, 42)), formats=ZEROS),
        (2, "02079460123", "#N/A"),
        file="leads.xlsb",
        issues=((2, "cell-error"),),
    ),
    refuse(
        "hidden rows in a binary workbook",
        make.xlsb(*XLSB_ROWS[:2], make.row7(2, make.text7(0, B), hidden=True)),
        "hides rows that have data: 1 .row 3",
        file="leads.xlsb",
    ),
    refuse("a binary workbook that is cut off", XLSB[:-30], "damaged|read", file="leads.xlsb"),
]

CASES = [*CELLS, *CHOSEN, *HOSTILE, *FOREIGN]
