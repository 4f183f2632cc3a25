"""Workbooks to fill in, read back with openpyxl and with our own reader."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from callcamp_sync.sheets import Check, Form, Question, forms, read_sheet, write_form

LONG = tuple(f"choice {n}" for n in range(60))


def form(*questions: Question, rows: int = 1, **more: Any) -> Form:
    frame = pl.DataFrame({str(i): ["x"] * rows for i, _ in enumerate(questions)})
    return Form(name="Leads", questions=questions, frame=frame, **more)


def written(folder: Path, made: Form) -> Any:
    write_form(folder / "f.xlsx", made, ["# Head", "=1+1"], properties={"callcamp_kind": "fix"})
    return openpyxl.load_workbook(folder / "f.xlsx")


def rules(book: Any) -> dict[str, Any]:
    return {str(rule.sqref): rule for rule in book["Leads"].data_validations.dataValidation}


def words_of(book: Any, rule: Any) -> list[str]:
    """The words that a drop-down shows, wherever they stand."""
    if rule.formula1.startswith('"'):
        return list(rule.formula1.strip('"').split(","))
    ((sheet, cells),) = book.defined_names[rule.formula1].destinations
    return [cell.value for (cell,) in book[sheet][cells]]


@pytest.mark.parametrize(
    ("words", "inline"),
    [
        pytest.param(("yes", "no"), True, id="a short list stands in the rule"),
        pytest.param(LONG, False, id="a list over 255 characters stands on the hidden tab"),
        pytest.param(("a,b", "c"), False, id="so does one with a comma in a word"),
        pytest.param(("=1+1", "-"), False, id="and one that looks like a formula"),
        pytest.param(('say "x"', "y"), False, id="and one with quotes"),
        pytest.param(("one",), True, id="a list of one"),
    ],
)
def test_a_drop_down_offers_exactly_its_words(tmp_path: Path, words: tuple[str, ...], inline: bool) -> None:
    book = written(tmp_path, form(Question(heading="a", check=Check(kind="list", words=words, message="pick one")), spare=10))
    rule = rules(book)["A2:A12"]
    assert (rule.type, rule.errorStyle, rule.error, words_of(book, rule)) == ("list", None, "pick one", list(words))
    assert rule.formula1.startswith('"') == inline
    assert book["Lists"].sheet_state == "hidden"
    assert {cell.data_type for row in book["Lists"].iter_rows() for cell in row if cell.value is not None} <= {"s"}


def test_two_columns_share_a_list_that_is_long(tmp_path: Path) -> None:
    check = Check(kind="list", words=LONG)
    book = written(tmp_path, form(Question(heading="a", check=check), Question(heading="b", check=check)))
    assert len({rule.formula1 for rule in rules(book).values()}) == 1
    assert book["Lists"].max_column == 1


@pytest.mark.parametrize(
    ("kind", "strict", "said"),
    [
        pytest.param("number", True, ("decimal", "between", "-999999999999999", "999999999999999", None), id="a number"),
        pytest.param("date", True, ("date", "between", "61", "2958465", None), id="a date of Excel's calendar"),
        pytest.param("instant", False, ("date", "between", "61", "2958465", "warning"), id="a time is asked about"),
    ],
)
def test_checks_are_in_force(tmp_path: Path, kind: Any, strict: bool, said: tuple[object, ...]) -> None:
    book = written(tmp_path, form(Question(heading="a", check=Check(kind=kind, strict=strict))))
    rule = rules(book)["A2"]
    assert (rule.type, rule.operator or "between", rule.formula1, rule.formula2, rule.errorStyle) == said
    assert rule.showErrorMessage
    assert rule.allow_blank


def test_messages_that_excel_would_refuse_are_shortened(tmp_path: Path) -> None:
    question = Question(heading="h" * 99, check=Check(kind="number", message="m" * 999))
    rule = rules(written(tmp_path, form(question)))["A2"]
    assert (len(rule.errorTitle), len(rule.error)) == (32, 255)


def test_nothing_becomes_a_formula(tmp_path: Path) -> None:
    hostile = ["=1+1", "+1", "@x", "\x00\x1b", "https://example.com"]
    made = Form(
        name="=Leads",
        questions=(Question(heading="=a", comment="=1+1\x00"),),
        frame=pl.DataFrame({"a": hostile}),
        wrong={(0, 0): "=2+2", (1, 0): None},
    )
    said = write_form(tmp_path / "f.xlsx", made, ["# =1", "=2"], properties={})
    book = openpyxl.load_workbook(tmp_path / "f.xlsx")
    kinds = {c.data_type for sheet in book for row in sheet.iter_rows() for c in row if c.value is not None}
    assert kinds == {"s"}
    assert [book["=Leads"].cell(row, 1).value for row in range(1, 7)] == ["=a", *hostile[:3], "␀␛", hostile[4]]
    assert "control characters" in said[0]
    assert stat.S_IMODE((tmp_path / "f.xlsx").stat().st_mode) == 0o600


def test_wrong_cells_are_red_and_say_why_also_blank_ones(tmp_path: Path) -> None:
    made = Form(
        name="Leads",
        questions=(Question(heading="a"), Question(heading="b")),
        frame=pl.DataFrame({"a": ["x", None], "b": ["y", "z"]}, schema={"a": pl.String, "b": pl.String}),
        wrong={(1, 0): "it is blank", (0, 1): None},
    )
    sheet = written(tmp_path, made)["Leads"]
    red = {cell.coordinate for row in sheet.iter_rows() for cell in row if cell.fill.fgColor.rgb == "FFFBDCDC"}
    assert red == {"A3", "B2"}
    assert (sheet["A3"].comment.text, sheet["B2"].comment) == ("it is blank", None)


def test_beyond_the_limit_cells_are_coloured_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "MAX_COMMENTS", 2)
    made = form(Question(heading="a"), rows=5, wrong={(i, 0): "why" for i in range(5)})
    said = write_form(tmp_path / "f.xlsx", made, [], properties={})
    sheet = openpyxl.load_workbook(tmp_path / "f.xlsx")["Leads"]
    assert [sheet.cell(row, 1).comment is not None for row in range(2, 7)] == [True, True, False, False, False]
    assert {sheet.cell(row, 1).fill.fgColor.rgb for row in range(2, 7)} == {"FFFBDCDC"}
    assert said == ("Leads: 5 cells are wrong; the first 2 have a comment, all are coloured",)


@pytest.mark.parametrize("place", [1, 2, 3])
def test_the_form_stands_where_a_mapping_looks_for_it_and_the_guide_is_no_data(tmp_path: Path, place: int) -> None:
    book = written(tmp_path, form(Question(heading="a"), place=place, header_row=4))
    assert book.sheetnames[place - 1] == "Leads"
    assert book.active.title == "Leads"
    for asked in (None, place, "Leads"):
        read = read_sheet(tmp_path / "f.xlsx", sheet=asked, header_row=4)
        assert (read.info.sheet, read.frame.rows()) == ("Leads", [(5, "x")])


def test_a_workbook_that_has_nothing_but_a_read_me_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "read me"
    book.active.append(["Phone"])
    book.save(tmp_path / "b.xlsx")
    assert read_sheet(tmp_path / "b.xlsx").headings == ("Phone",)
