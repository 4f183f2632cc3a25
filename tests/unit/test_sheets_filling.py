"""Long tabs are filled in by column: the cells, their types, their looks and their links are those of short tabs."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from callcamp_sync.sheets import Column, Tab, filling, read_sheet, write_workbook
from callcamp_sync.sheets.tabs import Link

SHORT, LONG = 900, 2_700
COLUMNS = (
    Column(heading="Row", kind="integer"),
    Column(heading="Text"),
    Column(heading="Amount", kind="number"),
    Column(heading="Day", kind="date"),
    Column(heading="Time", kind="instant"),
    Column(heading="Often blank"),
)
TEXTS = [
    "plain",
    "Müller & <Söhne>",
    "  outer spaces ",
    "two\nlines",
    "carriage\rreturn",
    "_x000D_ as text",
    "=1+1",
    "+12015550123",
    "0041",
    "😀",
    "bell \x07",
    "]]>",
    '"quoted"',
]


def frame(rows: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "row": [str(i + 2) if i % 7 else f"0{i}" for i in range(rows)],
            "text": [TEXTS[i % len(TEXTS)] for i in range(rows)],
            "amount": [["12.5", "-0.25", "1e5", "123456789012345678", "0"][i % 5] for i in range(rows)],
            "day": [["2026-05-10", "1899-01-01", "no day"][i % 3] for i in range(rows)],
            "time": [["2026-05-10T14:30:00Z", "2026-05-10T14:30:00+02:00", None][i % 3] for i in range(rows)],
            "blank": [None if i % 5 else "x" for i in range(rows)],
        },
        schema=dict.fromkeys(["row", "text", "amount", "day", "time", "blank"], pl.String),
    )


def tab(rows: int, **more: Any) -> Tab:
    return Tab(name="Rows", columns=COLUMNS, frame=frame(rows), **more)


def seen(path: Path) -> list[list[tuple[object, ...]]]:
    sheet = openpyxl.load_workbook(path, rich_text=False)["Rows"]
    return [
        [
            (c.value, c.data_type, c.number_format, c.font.color and c.font.color.rgb, c.hyperlink and c.hyperlink.location)
            for c in row
        ]
        for row in sheet.iter_rows(max_row=SHORT + 1)
    ]


@pytest.fixture
def books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    monkeypatch.setattr(filling, "_CELLS", 400 * len(COLUMNS))  # the long one is made in seven pieces
    short, long = tmp_path / "short.xlsx", tmp_path / "long.xlsx"
    for path, rows in ((short, SHORT), (long, LONG)):
        links = {"Row": Link(tab="Rows", rows=pl.Series([None, *range(1, rows)], dtype=pl.UInt32))}
        write_workbook(path, [tab(rows, links=links, marks={"Text": {"plain": "green"}})])
    return short, long


def test_a_cell_of_a_long_tab_is_that_of_a_short_tab(books: tuple[Path, Path]) -> None:
    """Values, types, formats, colours and links are compared as another program reads them."""
    short, long = map(seen, books)
    assert [(r, c) for r, row in enumerate(short) for c, cell in enumerate(row) if cell != long[r][c]] == []


def test_markup_in_a_short_tab_is_text(tmp_path: Path) -> None:
    """XlsxWriter would write it as it stands, and a broken tag in a cell would break the workbook."""
    write_workbook(tmp_path / "book.xlsx", [Tab(name="T", columns=COLUMNS[1:2], frame=pl.DataFrame({"text": ["<r>a & b</r>"]}))])
    assert openpyxl.load_workbook(tmp_path / "book.xlsx")["T"]["A2"].value == "<r>a & b</r>"


def test_a_long_tab_is_as_long_as_it_says(books: tuple[Path, Path]) -> None:
    """The extent in the file, the filter's range and the rows themselves agree."""
    said = zipfile.ZipFile(books[1]).read("xl/worksheets/sheet1.xml")
    assert f'<dimension ref="A1:F{LONG + 1}"/>'.encode() in said
    sheet = openpyxl.load_workbook(books[1])["Rows"]
    assert (sheet.dimensions, sheet.auto_filter.ref) == (f"A1:F{LONG + 1}", f"A1:F{LONG + 1}")
    assert [str(marked.sqref) for marked in sheet.conditional_formatting] == [f"B2:B{LONG + 1}"]


def test_a_long_tab_is_read_back_as_it_was_written(books: tuple[Path, Path]) -> None:
    """By our own reader: every text cell of every row."""
    said = read_sheet(books[1], header_row=1).frame["Text"]
    wanted = frame(LONG)["text"].str.replace("\x07", "␇", literal=True).str.replace("\r", "\n", literal=True)
    assert said.str.replace("\r", "\n", literal=True).to_list() == wanted.to_list()


def test_several_tabs_of_which_some_are_long(tmp_path: Path) -> None:
    """Each long sheet gets its own rows, also where a tab is split over sheets."""
    path = tmp_path / "book.xlsx"
    write_workbook(path, [tab(3), Tab(name="More", columns=COLUMNS, frame=frame(LONG)), tab(5)], rows_per_sheet=1_400)
    book = openpyxl.load_workbook(path)
    assert [(sheet.title, sheet.max_row) for sheet in book] == [
        ("Rows", 4),
        ("More", 1_401),
        ("More (2)", 1_301),
        ("Rows (2)", 6),
    ]
    assert book["More (2)"]["B2"].value == TEXTS[1_400 % len(TEXTS)]
