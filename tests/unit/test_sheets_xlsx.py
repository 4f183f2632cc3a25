"""Workbooks as Excel, openpyxl and hostile hands write them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from callcamp_sync.errors import SheetError
from callcamp_sync.model import Sheet
from callcamp_sync.sheets import package, read_sheet

Fill = Callable[[Any], None]


def book(folder: Path, fill: Fill) -> Path:
    """A workbook with the sheet `Leads`; `fill` gets that sheet."""
    path, made = folder / "leads.xlsx", openpyxl.Workbook()
    made.active.title = "Leads"
    fill(made.active)
    made.save(path)
    return path


def rows(*lines: tuple[object, ...]) -> Fill:
    def fill(sheet: Any) -> None:
        for line in lines:
            sheet.append(line)

    return fill


def with_xml(folder: Path, cells: str, **parts: str) -> Path:
    """A workbook whose only sheet has these rows as XML; `parts` are further parts by their stem in `xl/`."""
    path = book(folder, rows(("x",)))
    head = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    changed = {"xl/worksheets/sheet1.xml": f"{head}{cells}</sheetData></worksheet>"} | {
        f"xl/{k}.xml": v for k, v in parts.items()
    }
    return rewritten(path, changed)


def rewritten(path: Path, changed: dict[str, str]) -> Path:
    old = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in {*old.namelist(), *changed}:
            new.writestr(name, changed[name] if name in changed else old.read(name))
    return path


CELLS = {
    "text with leading zeros": ("0041", "0041"),
    "text that begins with plus": ("+12015550123", "+12015550123"),
    "text with outer spaces": (" x ", " x "),
    "text of spaces is blank": ("   ", None),
    "text with a newline": ("a\nb", "a\nb"),
    "an apostrophe before an equals sign stays in a workbook": ("'=1", "'=1"),
    "an integer has no decimal point": (12015550123, "12015550123"),
    "a large integer has no exponent": (123456789012345, "123456789012345"),
    "a float": (10.5, "10.5"),
    "a small float": (0.0000001, "0.0000001"),
    "a date": (date(2026, 5, 10), "2026-05-10"),
    "a date and time": (datetime.fromisoformat("2026-05-10T14:30"), "2026-05-10 14:30:00"),
    "midnight in a format that shows the time": (datetime.fromisoformat("2026-05-10"), "2026-05-10 00:00:00"),
    "text that looks like midnight": ("2026-05-10 00:00:00", "2026-05-10 00:00:00"),
    "a time of day": (time(14, 30), "14:30:00"),
    "true": (True, "true"),
    "false": (False, "false"),
}


@pytest.mark.parametrize(("value", "text"), CELLS.values(), ids=CELLS)
def test_a_cell_is_the_text_that_a_person_sees(tmp_path: Path, value: object, text: str | None) -> None:
    sheet = read_sheet(book(tmp_path, rows(("a", "b"), (value, "x"))))
    assert sheet.frame.rows() == [(2, text, "x")]


def test_text_far_below_a_column_of_numbers_is_kept(tmp_path: Path) -> None:
    sheet = read_sheet(book(tmp_path, rows(("a",), *((i,) for i in range(1500)), ("+44 7700 900123",))))
    assert sheet.frame.row(-1) == (1502, "+44 7700 900123")


def test_dates_and_midnights_of_one_column_are_told_apart(tmp_path: Path) -> None:
    sheet = read_sheet(
        book(tmp_path, rows(("a",), (date(2026, 5, 10),), (datetime.fromisoformat("2026-05-10"),), ("2026-05-10 00:00:00",)))
    )
    assert sheet.frame["a"].to_list() == ["2026-05-10", "2026-05-10 00:00:00", "2026-05-10 00:00:00"]


def table_at_c5(sheet: Any) -> None:
    for place, value in {"C5": "phone", "D5": " name ", "C6": "1", "D8": "x"}.items():
        sheet[place] = value


def test_a_table_that_does_not_begin_at_a1_keeps_its_row_numbers(tmp_path: Path) -> None:
    sheet = read_sheet(book(tmp_path, table_at_c5))
    assert (sheet.frame.rows(), sheet.headings, sheet.info.blank_rows) == (
        [(6, "1", None), (8, None, "x")],
        ("phone", "name"),
        1,
    )


def test_what_is_odd_in_a_table_that_does_not_begin_at_a1_is_found_where_it_is(tmp_path: Path) -> None:
    def fill(sheet: Any) -> None:
        table_at_c5(sheet)
        sheet["D7"] = "#REF!"
        sheet["E9"] = "x"

    with pytest.raises(SheetError, match=r"column E has data \(row 9\)"):
        read_sheet(book(tmp_path, fill))

    def without_stray_cell(sheet: Any) -> None:
        fill(sheet)
        sheet.delete_rows(9)

    sheet = read_sheet(book(tmp_path, without_stray_cell))
    assert sheet.issues.select("row", "heading", "cell").rows() == [(7, "name", "#REF!")]
    assert sheet.frame.rows() == [(6, "1", None), (7, None, "#REF!"), (8, None, "x")]


def test_the_header_row_may_be_named(tmp_path: Path) -> None:
    sheet = read_sheet(book(tmp_path, rows(("Leads of May",), ("a", "b"), ("1", "2"))), header_row=2)
    assert sheet.frame.rows() == [(3, "1", "2")]


def test_a_formula_that_openpyxl_wrote_is_an_issue_and_its_row_stays(tmp_path: Path) -> None:
    sheet = read_sheet(book(tmp_path, rows(("a", "b"), ("1", "2"), (None, "=A2"))))
    assert sheet.issues.select("row", "code", "heading").rows() == [(3, "cell-uncalculated", "b")]
    assert sheet.frame.rows() == [(2, "1", "2"), (3, None, None)]


def test_a_formula_that_xlsxwriter_wrote_is_an_issue_not_a_zero(tmp_path: Path) -> None:
    path = tmp_path / "w.xlsx"
    with xlsxwriter.Workbook(path) as made:
        sheet = made.add_worksheet()
        sheet.write_string("A1", "a")
        sheet.write_formula("A2", "=1+1")
    assert read_sheet(path).issues.select("row", "code").rows() == [(2, "cell-uncalculated")]


def test_a_calculated_formula_has_its_value(tmp_path: Path) -> None:
    cells = '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row><row r="2"><c r="A2"><f>1+1</f><v>2</v></c></row>'
    sheet = read_sheet(with_xml(tmp_path, cells))
    assert (sheet.frame.rows(), sheet.issues.height) == ([(2, "2")], 0)


def test_a_formula_whose_value_is_no_text_is_blank_without_an_issue(tmp_path: Path) -> None:
    cells = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="B1" t="inlineStr"><is><t>b</t></is></c></row>'
        '<row r="2"><c r="A2" t="str"><f>""</f><v></v></c><c r="B2"><v>1</v></c></row>'
    )
    sheet = read_sheet(with_xml(tmp_path, cells))
    assert (sheet.frame.rows(), sheet.issues.height) == ([(2, None, "1")], 0)


def test_an_error_cell_is_an_issue_with_the_error(tmp_path: Path) -> None:
    sheet = read_sheet(book(tmp_path, rows(("a", "b"), ("1", "#N/A"), ("3", "4"))))
    assert sheet.issues.select("row", "code", "heading", "cell").rows() == [(2, "cell-error", "b", "#N/A")]
    assert sheet.frame.rows() == [(2, "1", "#N/A"), (3, "3", "4")]


ODD_XML = {
    "cells without references": "<row><c t='inlineStr'><is><t>a</t></is></c></row><row/><row><c><v>5</v></c></row>",
    "references in single quotes": (
        "<row r='1'><c t='inlineStr' r='A1'><is><t>a</t></is></c></row><row r='3'><c r='A3'><v>5</v></c></row>"
    ),
}


@pytest.mark.parametrize("cells", ODD_XML.values(), ids=ODD_XML)
def test_xml_that_excel_would_write_otherwise_is_read(tmp_path: Path, cells: str) -> None:
    assert read_sheet(with_xml(tmp_path, cells)).frame.rows() == [(3, "5")]


def hidden_row(sheet: Any) -> None:
    rows(("a",), ("1",), ("2",))(sheet)
    sheet.row_dimensions[2].hidden = True
    sheet.row_dimensions[9].hidden = True


def test_hidden_rows_with_data_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match=r"hides rows that have data: 1 \(row 2\)"):
        read_sheet(book(tmp_path, hidden_row))


def test_hidden_rows_are_included_where_the_user_says_so(tmp_path: Path) -> None:
    assert read_sheet(book(tmp_path, hidden_row), hidden_rows="include").frame.rows() == [(2, "1"), (3, "2")]


def test_hidden_rows_are_skipped_where_the_user_says_so(tmp_path: Path) -> None:
    sheet = read_sheet(book(tmp_path, hidden_row), hidden_rows="skip")
    assert (sheet.frame.rows(), sheet.info.rows, sheet.info.blank_rows) == ([(3, "2")], 1, 0)
    assert sheet.info.warnings == ("hidden rows that were skipped: 1",)


def test_a_hidden_title_above_the_header_hides_nobody(tmp_path: Path) -> None:
    def fill(sheet: Any) -> None:
        rows(("Leads of May",), ("a",), ("1",))(sheet)
        sheet.row_dimensions[1].hidden = True

    assert read_sheet(book(tmp_path, fill), header_row=2).frame.rows() == [(3, "1")]


def several(sheet: Any) -> None:
    """Hidden first sheet, a blank one, one with data."""
    sheet.append(("hidden",))
    sheet.sheet_state = "hidden"
    sheet.parent.create_sheet("Blank")
    sheet.parent.create_sheet("May").append(("a",))


def test_the_only_visible_sheet_with_data_is_taken(tmp_path: Path) -> None:
    assert read_sheet(book(tmp_path, several)).info.sheet == "May"


CHOSEN = {"by name": "May", "by name in another case": "may", "by position": 3, "a hidden one by name": "Leads"}


@pytest.mark.parametrize("sheet", CHOSEN.values(), ids=CHOSEN)
def test_a_sheet_is_chosen(tmp_path: Path, sheet: str | int) -> None:
    read = read_sheet(book(tmp_path, several), sheet=sheet)
    assert read.info.sheet == ("Leads" if sheet == "Leads" else "May")


def test_the_name_after_the_number_sign_outranks_the_setting(tmp_path: Path) -> None:
    assert read_sheet(f"{book(tmp_path, several)}#May", sheet="Leads").info.sheet == "May"


def two_sheets(sheet: Any) -> None:
    sheet.append(("a",))
    sheet.parent.create_sheet("May").append(("b",))


def test_several_sheets_with_data_are_named(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match="2 sheets with data: `Leads`, `May`") as caught:
        read_sheet(book(tmp_path, two_sheets))
    assert caught.value.hint is not None
    assert caught.value.hint.endswith("leads.xlsx#Leads`")


HEADERS: dict[str, tuple[Fill, str]] = {
    "a heading that stands twice": (rows(("a", "b", "a"), ("1", "2", "3")), r"`a` \(columns A, C\)"),
    "data under a blank heading": (rows(("a", None, "b"), ("1", "2", "3")), r"column B has data \(row 2\)"),
    "a blank sheet, named": (rows(), "has no data"),
    "our own column's name": (rows(("__row__",), ("1",)), "reserved"),
}


@pytest.mark.parametrize(("fill", "words"), HEADERS.values(), ids=HEADERS)
def test_a_header_that_cannot_be_used_is_refused(tmp_path: Path, fill: Fill, words: str) -> None:
    with pytest.raises(SheetError, match=words):
        read_sheet(book(tmp_path, fill))


def test_a_sheet_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match="no sheet `June`; it has `Leads`"):
        read_sheet(book(tmp_path, rows(("a",))), sheet="June")


def cell(place: str, attributes: str = "", value: str = "<v>0</v>") -> str:
    return f'<c r="{place}"{attributes}>{value}</c>'


def row(number: int, cells: str) -> str:
    return f'<row r="{number}">{cells}</row>'


A1 = row(1, cell("A1"))
BOMBS = {
    "two cells that span the grid": (A1 + row(1_048_576, cell("XFD1048576")), {}, "spans 1,048,576 rows and 16,384 columns"),
    "two cells that span 26 columns": (A1 + row(999_999, cell("Z999999")), {}, "spans 999,999 rows and 26 columns"),
    "a cell outside of the grid": (A1 + row(2, cell("XFE16777217")), {}, "outside of Excel's grid"),
    "a reference in disguise": (A1 + "<row><c r='XFD&#49;048576'><v>1</v></c></row>", {}, "spans 1,048,576 rows"),
    "one text repeated beyond memory": (
        "".join(row(i, cell(f"A{i}", ' t="s"')) for i in range(1, 7001)),
        {"sharedStrings": f"<sst><si><t>{'x' * 100_000}</t></si></sst>"},
        "repeats 700,",
    ),
    "a text that inflates without end": (
        row(1, cell("A1", ' t="str"', f"<v>{'y' * 60_000_000}</v>")),
        {},
        "inflates to more than",
    ),
}


@pytest.mark.parametrize(("cells", "parts", "words"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_one_clear_line(tmp_path: Path, cells: str, parts: dict[str, str], words: str) -> None:
    with pytest.raises(SheetError, match=words):
        read_sheet(with_xml(tmp_path, cells, **parts))


def test_styled_cells_without_a_value_far_away_do_no_harm(tmp_path: Path) -> None:
    cells = row(1, cell("A1")) + row(2, cell("A2")) + row(1_048_576, '<c r="XFD1048576" s="0"/>')
    assert read_sheet(with_xml(tmp_path, cells)).frame.rows() == [(2, "0")]


def test_a_document_type_is_refused(tmp_path: Path) -> None:
    path = book(tmp_path, rows(("a",)))
    with pytest.raises(SheetError, match="XML that Excel does not write"):
        read_sheet(rewritten(path, {"xl/workbook.xml": '<!DOCTYPE x [<!ENTITY a "b">]><workbook/>'}))


def damaged(path: Path) -> bytes:
    data = bytearray(path.read_bytes())
    at = data.find(b"xl/worksheets/sheet1.xml") + 60
    data[at : at + 20] = bytes(20)
    return bytes(data)


DAMAGE: dict[str, Callable[[Path], bytes]] = {
    "cut off in the middle": lambda path: path.read_bytes()[:3000],
    "bytes overwritten": damaged,
    "named like a workbook, but text": lambda _: b"a,b\n1,2",
    "a web page named like a workbook": lambda _: b"<html><table><tr><td>a</td></tr></table></html>",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_workbook_is_one_clear_line(tmp_path: Path, damage: Callable[[Path], bytes]) -> None:
    path = book(tmp_path, rows(("a",)))
    path.write_bytes(damage(path))
    with pytest.raises(SheetError, match=r"damaged|truncated|web page"):
        read_sheet(path)


OTHER_ZIPS = {
    "a binary workbook without a workbook": ("xl/workbook.bin", "cannot be read"),
    "an OpenDocument sheet without one": ("content.xml", "not well-formed|cannot be read"),
    "a text document": ("word/document.xml", "is a document"),
}


@pytest.mark.parametrize(("member", "words"), OTHER_ZIPS.values(), ids=OTHER_ZIPS)
def test_another_kind_of_zip_is_named(tmp_path: Path, member: str, words: str) -> None:
    path = tmp_path / "x.xlsx"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr(member, "x")
    with pytest.raises(SheetError, match=words):
        read_sheet(path)


FORMATS = {
    "0.00": "",
    "General": "",
    "yyyy-mm-dd": "date",
    "dd/mm/yy hh:mm": "time",
    "[h]:mm": "time",
    '0 "days"': "",
    "[Red]0": "",
    "mmm\\ d": "date",
}


@pytest.mark.parametrize(("code", "shows"), FORMATS.items(), ids=FORMATS)
def test_a_number_format_shows(code: str, shows: str) -> None:
    assert package._shows("164", {"164": code}) == shows


def test_the_shape_is_the_one_every_room_expects(tmp_path: Path) -> None:
    sheet = read_sheet(book(tmp_path, rows(("a",), ("1",))))
    assert isinstance(sheet, Sheet)
    assert [str(kind) for kind in sheet.frame.dtypes] == ["UInt32", "String"]
