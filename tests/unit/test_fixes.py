"""What a fix file says of a row is what the sheet said, or the row stays closed: judged by our reader and by openpyxl."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_cases import a_report, a_source

from callcamp_sync import frames
from callcamp_sync.fields import ROW
from callcamp_sync.fixes import COLUMNS, MARK, Original, reopened, write
from callcamp_sync.mapping import parse_mapping, plain_mapping
from callcamp_sync.model import ISSUE_SCHEMA, Sheet
from callcamp_sync.sheets import read_sheet

#: A cell as a reader hands it over: never blank, any character that a file can hold.
SIGNS = st.sampled_from(
    ["\r", "\n", "\r\n", "\t", "\x00", "\x1b", "\x85", "\ufffe", "=", "'", " ", "_x000D_", "_x0041_", "x", "ü", "😀"]
)
TEXTS = st.lists(SIGNS | st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).map("".join)
CELLS = st.none() | TEXTS.filter(lambda text: text.strip() != "")
HEADINGS = ("Phone", "*", "=Note", "_own")


def as_sheet(rows: list[tuple[str | None, ...]]) -> Sheet:
    frame = pl.DataFrame(rows, schema=dict.fromkeys(HEADINGS, pl.String), orient="row").with_row_index(ROW, 2)
    issues = frames.empty(ISSUE_SCHEMA)
    return Sheet(frame=frame, headings=HEADINGS, issues=issues, info=a_source(len(rows)))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[CELLS] * len(HEADINGS)).filter(any), min_size=1, max_size=12))
def test_a_row_comes_back_as_it_was_or_stays_closed(rows: list[tuple[str | None, ...]]) -> None:
    sheet = as_sheet(rows)
    lines = [{"row": row, "outcome": "rejected", "message": "=wrong"} for row in sheet.frame[ROW]]
    report = a_report(lines, changes=(), issues=(), orders=())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fix.xlsx"
        write(report, Original(sheet=sheet, words={}, source=plain_mapping().source), path)
        back = reopened(read_sheet(path))
        book = openpyxl.load_workbook(path)
    assert back.headings == (*HEADINGS, *COLUMNS)
    assert {cell.data_type for row in book[book.sheetnames[0]].iter_rows() for cell in row if cell.value is not None} <= {
        "s",
        "n",
    }
    closed = set(back.issues["row"])
    for number, (was, row) in enumerate(zip(rows, back.frame.rows(named=True), strict=True), start=2):
        assert row["_row"] == str(number)
        assert (MARK in row["_problem"]) == (number in closed)
        if number not in closed:
            assert tuple(row[heading] for heading in HEADINGS) == was


# --- what cannot be seen in random rows


def made(
    folder: Path, lines: list[dict[str, object]], issues: list[dict[str, object]], **more: object
) -> tuple[Any, tuple[str, ...]]:
    sheet = as_sheet([("1", "2", "3", "4"), ("5", "6", "7", "8")])
    words: Any = more.pop("words", {})
    source = parse_mapping({"version": 1, "source": more, "record": {"phoneNumber": "Phone"}}, path="m.toml").source
    said = write(
        a_report(lines, changes=(), issues=issues, orders=()),
        Original(sheet=sheet, words=words, source=source),
        folder / "fix.xlsx",
    )
    return openpyxl.load_workbook(folder / "fix.xlsx"), said


WRONG: list[dict[str, object]] = [{"row": 2, "outcome": "held", "message": "held for a reason"}, {"row": 3, "outcome": "created"}]


@pytest.mark.parametrize(
    ("heading", "red"),
    [
        pytest.param("*", {"B2"}, id="the cell of the heading"),
        pytest.param("Phone / =Note", {"A2", "C2"}, id="every cell of a field that several columns feed"),
        pytest.param("(constant)", set(), id="none where the mapping gave the value"),
        pytest.param(None, set(), id="none where the whole row is meant"),
    ],
)
def test_the_wrong_cells_are_red(tmp_path: Path, heading: str | None, red: set[str]) -> None:
    book, _ = made(tmp_path, WRONG, [{"row": 2, "code": "value-required", "heading": heading}])
    sheet = book["Leads"]
    assert {c.coordinate for row in sheet.iter_rows() for c in row if c.fill.fgColor.rgb == "FFFBDCDC"} == red
    assert {c.coordinate for row in sheet.iter_rows(min_row=2) for c in row if c.comment} == red


def test_only_what_decided_is_told(tmp_path: Path) -> None:
    """A note is no problem; a row without an issue has the words of its line."""
    book, said = made(tmp_path, WRONG, [{"row": 2, "code": "asked-skip", "heading": "Phone"}])
    assert [cell.value for cell in book["Leads"][2]] == ["1", "2", "3", "4", 2, "held for a reason", None]
    assert book["Leads"].max_row == 2
    assert said == (f"1 row to correct, then to be synced as a sheet: `{tmp_path / 'fix.xlsx'}`",)


@pytest.mark.parametrize("position", [1, 2, 3])
def test_the_tab_stands_where_a_mapping_finds_it_by_position(tmp_path: Path, position: int) -> None:
    book, _ = made(tmp_path, WRONG, [], sheet=position, header_row=5)
    assert book.sheetnames[position - 1] == "Leads"
    assert [cell.value for cell in book["Leads"][5]] == [*HEADINGS, *COLUMNS]


def test_a_drop_down_of_the_users_own_words_asks_and_does_not_refuse(tmp_path: Path) -> None:
    book, _ = made(tmp_path, WRONG, [], words={"*": ("Top", "Low")})
    (rule,) = book["Leads"].data_validations.dataValidation
    assert (str(rule.sqref), rule.formula1, rule.errorStyle) == ("B2", '"Top,Low"', "warning")


def test_a_sheet_of_the_users_own_is_no_fix_file() -> None:
    sheet = as_sheet([("1", "2", "3", "4")])
    assert reopened(sheet) is sheet
