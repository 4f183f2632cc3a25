"""Everything that is written is read back with openpyxl, with csv, and with our own reader."""

from __future__ import annotations

import csv
import io
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import openpyxl
import polars as pl
import pytest

from callcamp_sync.errors import StateError
from callcamp_sync.sheets import Column, Tab, read_sheet, tabs, write_csv, write_workbook


def tab(*values: object, kind: tabs.Kind = "text", name: str = "Leads") -> Tab:
    return Tab(name=name, columns=(Column(heading="a", kind=kind),), frame=pl.DataFrame({"x": list(values)}))


def written(folder: Path, *tabs_: Tab, **how: Any) -> Any:
    write_workbook(folder / "t.xlsx", tabs_, **how)
    return openpyxl.load_workbook(folder / "t.xlsx")


TEXTS = [
    "=1+1",
    "+12015550123",
    "-1",
    "@x",
    "\tx",
    "0041",
    "1E5",
    "https://example.com",
    "mailto:a@example.com",
    "internal:Sheet1!A1",
    "{=1}",
]


@pytest.mark.parametrize("text", TEXTS, ids=repr)
def test_text_is_text_in_a_workbook(tmp_path: Path, text: str) -> None:
    cell = written(tmp_path, tab(text)).active["A2"]
    assert (cell.data_type, cell.value, cell.hyperlink, cell.number_format) == ("s", text, None, "@")


VALUES: dict[str, tuple[tabs.Kind, object, object]] = {
    "a number": ("number", "10.5", 10.5),
    "a typed number": ("number", 10.5, 10.5),
    "an integer": ("integer", "-3", -3),
    "an integer of 15 digits": ("integer", "123456789012345", 123456789012345),
    "an integer of 16 digits stays text": ("integer", "1234567890123456", "1234567890123456"),
    "leading zeros stay text": ("number", "007", "007"),
    "an exponent stays text": ("number", "1e5", "1e5"),
    "not a number stays text": ("number", float("nan"), "NaN"),
    "a date": ("date", "2026-05-10", datetime.fromisoformat("2026-05-10")),
    "words in a date column stay text": ("date", "soon", "soon"),
    "a date before Excel's calendar stays text": ("date", "1850-01-01", "1850-01-01"),
    "an instant in UTC": ("instant", "2026-05-10T14:30:00Z", datetime.fromisoformat("2026-05-10T14:30")),
    "an instant with an offset is written in UTC": (
        "instant",
        "2026-05-10T14:30:00+02:00",
        datetime.fromisoformat("2026-05-10T12:30"),
    ),
    "an instant west of Greenwich": ("instant", "2026-05-10T22:30:00-03:30", datetime.fromisoformat("2026-05-11T02:00")),
    "a naive instant is written as it stands": ("instant", "2026-05-10 14:30", datetime.fromisoformat("2026-05-10T14:30")),
    "a day that does not exist stays text": ("instant", "2026-02-30T00:00:00Z", "2026-02-30T00:00:00Z"),
}


@pytest.mark.parametrize(("kind", "value", "cell"), VALUES.values(), ids=VALUES)
def test_a_value_of_a_kind_is_a_cell(tmp_path: Path, kind: tabs.Kind, value: object, cell: object) -> None:
    assert written(tmp_path, tab(value, kind=kind)).active["A2"].value == cell


def test_every_second_of_a_day_survives_the_workbook(tmp_path: Path) -> None:
    times = [f"2026-05-10 {s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}" for s in range(1, 86_400, 7)]
    write_workbook(tmp_path / "t.xlsx", [tab(*times, kind="instant")])
    assert read_sheet(tmp_path / "t.xlsx").frame["a"].to_list() == times


def test_the_header_is_bold_frozen_and_filtered(tmp_path: Path) -> None:
    sheet = written(tmp_path, tab("x", "y")).active
    assert (sheet["A1"].font.b, sheet.freeze_panes, sheet.auto_filter.ref) == (True, "A2", "A1:A3")


def test_freeze_and_filter_may_be_left_out(tmp_path: Path) -> None:
    plain = Tab(name="T", columns=(Column(heading="a"),), frame=pl.DataFrame({"x": ["1"]}), freeze=False, filter=False)
    sheet = written(tmp_path, plain).active
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == (None, None)


@pytest.mark.parametrize(("width", "wanted"), [(None, 21), (33, 33)], ids=["measured", "declared"])
def test_a_column_is_as_wide_as_its_values(tmp_path: Path, width: int | None, wanted: int) -> None:
    column = Tab(name="T", columns=(Column(heading="a", width=width),), frame=pl.DataFrame({"x": ["x" * 20]}))
    assert round(written(tmp_path, column).active.column_dimensions["A"].width) in (wanted, wanted + 1)


def test_marks_colour_a_text_wherever_it_stands(tmp_path: Path) -> None:
    marked = Tab(
        name="T", columns=(Column(heading="a"),), frame=pl.DataFrame({"x": ['"x"']}), marks={"a": {'"x"': "red", "y": "green"}}
    )
    rules = [rule for area in written(tmp_path, marked).active.conditional_formatting for rule in area.rules]
    assert [rule.formula for rule in rules] == [['"""x"""'], ['"y"']]


def test_a_text_over_the_limit_is_cut_with_a_mark_and_said(tmp_path: Path) -> None:
    said = write_workbook(tmp_path / "t.xlsx", [tab("a" * 32_767, "b" * 32_768, "😀" * 20_000)])
    kept, cut, emoji = (c.value for (c,) in openpyxl.load_workbook(tmp_path / "t.xlsx").active["A2:A4"])
    assert (len(kept), cut[-25:], len(emoji.encode("utf-16-le")) // 2 <= 32_767) == (32_767, "… [cut: 32768 characters]", True)
    assert said == ("Leads: cells over 32,767 characters that were cut, with a mark at their end: 2",)


def test_control_characters_are_shown_and_said(tmp_path: Path) -> None:
    said = write_workbook(tmp_path / "t.xlsx", [tab("a\x00b\x1b\ufffe", "fine")])
    assert openpyxl.load_workbook(tmp_path / "t.xlsx").active["A2"].value == "a␀b␛\ufffd"
    assert said == ("Leads: cells with control characters, which are shown as signs such as ␀: 1",)


def test_rows_over_the_limit_are_split_over_sheets_and_said(tmp_path: Path) -> None:
    said = write_workbook(tmp_path / "t.xlsx", [tab("1", "2", "3")], rows_per_sheet=2)
    sheets = {s.title: [c.value for (c,) in s.iter_rows()] for s in openpyxl.load_workbook(tmp_path / "t.xlsx")}
    assert sheets == {"Leads": ["a", "1", "2"], "Leads (2)": ["a", "3"]}
    assert said == ("Leads: 3 rows, split over 2 sheets",)


NAMES = {
    "forbidden characters": (["a/b[c]:?*\\d"], ["a b c     d"]),
    "too long": (["x" * 40], ["x" * 31]),
    "alike in another case": (["Rows", "rows"], ["Rows", "rows (2)"]),
    "alike after the cut": (["x" * 40, "x" * 41], ["x" * 31, "x" * 27 + " (2)"]),
    "nothing left": (["'"], ["Sheet"]),
    "a name that Excel keeps for itself": (["History"], ["History_"]),
    "emoji count twice": (["😀" * 20], ["😀" * 15]),
}


@pytest.mark.parametrize(("wanted", "names"), NAMES.values(), ids=NAMES)
def test_tab_names_are_made_to_fit(tmp_path: Path, wanted: list[str], names: list[str]) -> None:
    assert written(tmp_path, *(tab("1", name=name) for name in wanted)).sheetnames == names


def test_properties_are_written(tmp_path: Path) -> None:
    made = written(tmp_path, tab("x"), properties={"title": "Leads\x00", "run": "r-1"}, created=datetime(2026, 5, 10, tzinfo=UTC))
    assert (made.properties.title, made.custom_doc_props["run"].value) == ("Leads␀", "r-1")
    assert made.properties.created == datetime.fromisoformat("2026-05-10")


def test_a_tab_without_rows_has_its_header(tmp_path: Path) -> None:
    empty = Tab(name="T", columns=(Column(heading="a"),), frame=pl.DataFrame({"x": []}, schema={"x": pl.String}))
    assert [c.value for c in written(tmp_path, empty).active[1]] == ["a"]


def test_columns_must_fit_the_frame() -> None:
    with pytest.raises(ValueError, match="declares 1 columns, its frame has 2"):
        Tab(name="T", columns=(Column(heading="a"),), frame=pl.DataFrame({"x": ["1"], "y": ["2"]}))


def test_a_workbook_comes_back_as_it_was(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": ["+12015550123", None, "x\r\ny"], "b": ["_x000D_", " s ", "'=1"], "c": ["1.5", None, "007"]})
    columns = (Column(heading="a"), Column(heading="b"), Column(heading="c", kind="number"))
    write_workbook(tmp_path / "t.xlsx", [Tab(name="T", columns=columns, frame=frame)])
    assert read_sheet(tmp_path / "t.xlsx").frame.drop("__row__").equals(frame)


def lines(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), strict=True))


def test_the_excel_dialect(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    frame = pl.DataFrame({"=a": ["=1", "+12015550123", "+1 201"], "b": ["x,y", None, "'@z"], "n": [1, None, -3]})
    write_csv(path, frame, dialect="excel")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert path.read_bytes().count(b"\r\n") == 4
    assert lines(path) == [["'=a", "b", "n"], ["'=1", "x,y", "1"], ["+12015550123", "", ""], ["'+1 201", "''@z", "'-3"]]


@pytest.mark.parametrize("dialect", ["excel", "raw"])
def test_headings_with_delimiters_quotes_and_newlines_come_back(tmp_path: Path, dialect: Literal["excel", "raw"]) -> None:
    headings = ["a,b", 'say "hi"', "two\nlines", "semi;colon", "plain"]
    write_csv(tmp_path / "t.csv", pl.DataFrame({name: ["1"] for name in headings}), dialect=dialect)
    assert read_sheet(tmp_path / "t.csv").headings == tuple(headings)


def test_the_raw_dialect_is_verbatim(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    write_csv(path, pl.DataFrame({"a": ["=1", "é\n"], "b": ["'=1", '"']}), dialect="raw")
    assert path.read_bytes() == 'a,b\r\n=1,\'=1\r\n"é\n",""""\r\n'.encode()


def test_a_nul_is_shown_in_the_excel_dialect(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", pl.DataFrame({"a": ["x\0"]}), dialect="excel")
    assert read_sheet(tmp_path / "t.csv").frame["a"].to_list() == ["x␀"]


def test_files_are_for_the_owner_only_and_nothing_else_is_left(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", pl.DataFrame({"a": ["1"]}), dialect="raw")
    write_workbook(tmp_path / "t.xlsx", [tab("1")])
    assert {p.name: stat.S_IMODE(p.stat().st_mode) for p in tmp_path.iterdir()} == {"t.csv": 0o600, "t.xlsx": 0o600}


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="cannot write"):
        write_csv(tmp_path / "none" / "t.csv", pl.DataFrame({"a": ["1"]}), dialect="raw")


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "t.csv").mkdir()
    with pytest.raises(StateError, match="cannot write"):
        write_csv(tmp_path / "t.csv", pl.DataFrame({"a": ["1"]}), dialect="raw")
    assert [p.name for p in tmp_path.iterdir()] == ["t.csv"]
