"""The user's own workbook comes back with everything that it had, and our columns at its right."""

from __future__ import annotations

import io
import struct
import zlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table

from callcamp_sync.errors import StateError
from callcamp_sync.sheets import read_sheet
from callcamp_sync.sheets.copies import Notes, write_copy

NOTES = Notes(
    headings=("_outcome", "_message"),
    rows={2: ("created", None), 4: ("rejected", "=1+1\x00")},
    colours={2: "green", 4: "red"},
)


def own() -> Any:
    """A workbook as a person keeps it."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Leads"
    for row in (["Phone", "Company", "Total"], ["+12015550150", "Example", "=1+1"], [], ["007", "#N/A", 3.5]):
        sheet.append(row)
    sheet["A2"].font, sheet["A2"].fill = Font(bold=True, color="FF0000FF"), PatternFill("solid", fgColor="FFFFFF00")
    sheet["A4"].number_format = "@"
    sheet["B4"].data_type = "s"
    sheet["B2"].comment = Comment("ask again", "me")
    sheet["A9"] = CellRichText("plain ", TextBlock(InlineFont(b=True), "bold"))
    sheet.merge_cells("A6:E6")
    sheet.row_dimensions[4].hidden = True
    sheet.column_dimensions["B"].width = 33
    sheet.freeze_panes = "B2"
    sheet.conditional_formatting.add("C2:C9", CellIsRule(operator="greaterThan", formula=["3"], font=Font(bold=True)))
    rule = DataValidation(type="list", formula1='"a,b"')
    rule.add("B2:B9")
    sheet.add_data_validation(rule)
    book.create_sheet("Other")["B2"] = "kept"
    book["Other"].sheet_state = "hidden"
    return book


def data_of(book: Any) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def copied(folder: Path, data: bytes, notes: Notes = NOTES, **more: Any) -> tuple[Any, tuple[str, ...]]:
    said = write_copy(data, folder / "c.xlsx", notes, **{"sheet": "Leads", "header_row": None, **more})
    return openpyxl.load_workbook(folder / "c.xlsx", rich_text=True), said


def test_what_the_workbook_had_is_there(tmp_path: Path) -> None:
    book, said = copied(tmp_path, data_of(own()))
    was, sheet = own()["Leads"], book["Leads"]
    for row in was.iter_rows():
        for cell in row:
            there = sheet[cell.coordinate]
            assert (there.value, there.data_type, there.number_format) == (cell.value, cell.data_type, cell.number_format)
            assert (there.font.b, there.fill.fgColor.rgb) == (cell.font.b, cell.fill.fgColor.rgb), cell.coordinate
    assert sheet["B2"].comment.text == "ask again"
    assert [str(area) for area in sheet.merged_cells.ranges] == ["A6:E6"]
    assert sheet.row_dimensions[4].hidden
    assert sheet.column_dimensions["B"].width == 33
    assert sheet.freeze_panes == "B2"
    assert len(sheet.conditional_formatting) == 1
    assert sheet.data_validations.dataValidation[0].formula1 == '"a,b"'
    assert (book["Other"]["B2"].value, book["Other"].sheet_state) == ("kept", "hidden")
    assert said == ("formulas are kept; their values are calculated when Excel opens the copy",)


def test_our_columns_stand_right_of_everything_and_are_text(tmp_path: Path) -> None:
    sheet = copied(tmp_path, data_of(own()))[0]["Leads"]
    assert [sheet.cell(1, column).value for column in (5, 6, 7)] == [None, "_outcome", "_message"]
    assert [sheet.cell(row, 6).value for row in (2, 3, 4)] == ["created", None, "rejected"]
    message = sheet.cell(4, 7)
    assert (message.value, message.data_type, message.number_format) == ("=1+1␀", "s", "@")
    assert [sheet.cell(row, 6).fill.fgColor.rgb for row in (2, 4)] == ["00DFF2E1", "00FBDCDC"]


def test_a_copy_of_a_copy_has_each_column_once(tmp_path: Path) -> None:
    copied(tmp_path, data_of(own()))
    later = Notes(headings=NOTES.headings, rows={2: ("unchanged", "x"), 4: ("updated", None)}, colours={})
    sheet = copied(tmp_path, (tmp_path / "c.xlsx").read_bytes(), later)[0]["Leads"]
    assert [cell.value for cell in sheet[1]] == ["Phone", "Company", "Total", None, None, "_outcome", "_message"]
    assert [[sheet.cell(row, column).value for column in (6, 7)] for row in (2, 4)] == [["unchanged", "x"], ["updated", None]]
    assert sheet.cell(4, 6).fill.fill_type is None


def test_the_header_row_of_the_mapping_gets_the_headings(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Leads"
    for row in (["A title"], [], ["Phone"], ["+12015550150"]):
        book.active.append(row)
    notes = Notes(headings=("_outcome",), rows={4: ("created",)}, colours={})
    assert copied(tmp_path, data_of(book), notes, header_row=3)[0]["Leads"]["B3"].value == "_outcome"
    assert read_sheet(tmp_path / "c.xlsx", header_row=3).headings == ("Phone", "_outcome")


def test_a_table_is_left_as_it_is(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Leads"
    for row in (["Phone", "Company"], ["+12015550150", "Example"]):
        book.active.append(row)
    book.active.add_table(Table(displayName="T", ref="A1:B2"))
    sheet = copied(tmp_path, data_of(book))[0]["Leads"]
    assert (sheet.tables["T"].ref, sheet["C1"].value) == ("A1:B2", "_outcome")


def png() -> io.BytesIO:
    """A picture of one point."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0\0\0\0")
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b""))


def test_what_cannot_be_carried_over_is_told(tmp_path: Path) -> None:
    """Pictures need a library that is not ours; sparklines and data bars are extensions."""
    book = xlsxwriter.Workbook(str(tmp_path / "o.xlsx"))
    sheet = book.add_worksheet("Leads")
    sheet.write_row(0, 0, ["Phone", "n"])
    sheet.write_row(1, 0, ["+12015550150", 1])
    sheet.insert_image("D5", "a.png", {"image_data": png()})
    sheet.add_sparkline("E2", {"range": "Leads!B2:B3"})
    chart = book.add_chart({"type": "bar"})
    chart.add_series({"values": "=Leads!$B$2:$B$2"})
    sheet.insert_chart("D9", chart)
    book.close()
    copy, said = copied(tmp_path, (tmp_path / "o.xlsx").read_bytes())
    assert ("the copy lacks 1 of the workbook's pictures" in said) == (find_spec("PIL") is None)
    assert any("extension" in sentence for sentence in said)
    assert len(copy["Leads"]._charts) == 1


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04", b"no workbook"])
def test_a_workbook_that_cannot_be_copied_is_one_message(tmp_path: Path, damage: bytes) -> None:
    with pytest.raises(StateError, match="cannot be copied"):
        write_copy(damage, tmp_path / "c.xlsx", NOTES, sheet="Leads", header_row=None)
    assert list(tmp_path.iterdir()) == []
