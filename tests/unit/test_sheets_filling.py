"""Long tabs are filled in by column: the cells, their types, their looks and their links are those of short tabs."""

from __future__ import annotations

import random
import struct
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from callcamp_sync.sheets import Column, Tab, filling, pressing, read_sheet, write_workbook
from callcamp_sync.sheets.tabs import Link

SHORT, LONG = 900, 2_700
COLUMNS = (
    Column(heading="Row", kind="integer"),
    Column(heading="Text"),
    Column(heading="Amount", kind="number"),
    Column(heading="Day", kind="date"),
    Column(heading="Time", kind="instant"),
    Column(heading="Often blank"),
    Column(heading="Always blank"),
    Column(heading="Plain"),
    Column(heading="Whole", kind="integer"),
    Column(heading="Whole days", kind="date"),
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
            "nothing": [None if i % 2 else "" for i in range(rows)],
            "plain": [f"order_x{i}" for i in range(rows)],
            "whole": [i * 10**12 for i in range(rows)],
            "days": ["2026-05-10"] * rows,
        },
        schema_overrides={"nothing": pl.String},
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
    assert f'<dimension ref="A1:J{LONG + 1}"/>'.encode() in said
    sheet = openpyxl.load_workbook(books[1])["Rows"]
    assert (sheet.dimensions, sheet.auto_filter.ref) == (f"A1:J{LONG + 1}", f"A1:J{LONG + 1}")
    assert [str(marked.sqref) for marked in sheet.conditional_formatting] == [f"B2:B{LONG + 1}"]


def test_a_long_tab_is_read_back_as_it_was_written(books: tuple[Path, Path]) -> None:
    """By our own reader: every text cell of every row."""
    said = read_sheet(books[1], header_row=1).frame["Text"]
    wanted = frame(LONG)["text"].str.replace("\x07", "␇", literal=True).str.replace("\r", "\n", literal=True)
    assert said.str.replace("\r", "\n", literal=True).to_list() == wanted.to_list()


@pytest.mark.parametrize("odd", ["a & b", " a", "a\n", "_x000D_", "a\rb", "<r>", "", "é"])
@pytest.mark.parametrize("place", [0, 1_500, 2_699])
def test_one_odd_cell_among_plain_ones(tmp_path: Path, odd: str, place: int) -> None:
    """A column that is plain but for one cell, wherever that stands: it is what it is in a short tab."""
    cells = ["plain"] * LONG
    cells[place] = odd
    short, long = (
        Tab(name=name, columns=COLUMNS[1:2], frame=pl.DataFrame({"text": texts}))
        for name, texts in (("Short", ["plain", odd]), ("Long", cells))
    )
    write_workbook(tmp_path / "book.xlsx", [short, long])
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    found = [cell for (cell,) in book["Long"].iter_rows(min_row=2, max_row=LONG + 1, values_only=True)]
    assert found.pop(place) == book["Short"]["A3"].value
    assert found == ["plain"] * (LONG - 1)


def test_numbers_that_are_numbers_already(tmp_path: Path) -> None:
    """A typed column; what has more digits than Excel holds stays text, null stays blank."""
    values = [0, -7, 999_999_999_999_999, 1_000_000_000_000_000, -1_000_000_000_000_000, None] * 300
    frame = pl.DataFrame({"n": values}, schema={"n": pl.Int64})
    write_workbook(tmp_path / "book.xlsx", [Tab(name="T", columns=(Column(heading="N", kind="integer"),), frame=frame)])
    sheet = openpyxl.load_workbook(tmp_path / "book.xlsx")["T"]
    wanted = [0, -7, 999_999_999_999_999, "1000000000000000", "-1000000000000000", None]
    assert [sheet.cell(row, 1).value for row in range(2, 1_802)] == wanted * 300


@pytest.mark.parametrize("sizes", [[], [0], [1], [70_000, 0, 3], [300_000, 300_000, 300_000]])
@pytest.mark.parametrize("most", [1_000_000, zipfile.ZIP64_LIMIT + 1])
def test_a_member_that_is_pressed_in_parts(tmp_path: Path, sizes: list[int], most: int) -> None:
    """Any zip reader finds what was written, of the size and the checksum that it says, and the members around it."""
    chance = random.Random(7)
    parts = [bytes(chance.choices(b"abcdefgh", k=size)) for size in sizes]
    with (tmp_path / "z.zip").open("w+b") as file, zipfile.ZipFile(file, "w") as made:
        made.writestr("before", "1")
        pressing.write(file, made, "in parts", [partial(bytes, part) for part in parts], most=most)
        made.writestr("after", "2")
    with zipfile.ZipFile(tmp_path / "z.zip") as found:
        assert found.testzip() is None
        assert [found.read(name) for name in found.namelist()] == [b"1", b"".join(parts), b"2"]
        info = found.getinfo("in parts")
        assert (info.compress_type, info.file_size) == (zipfile.ZIP_DEFLATED, sum(sizes))
        assert info.compress_size < max(100, sum(sizes) // 2)


def local_headers(path: Path) -> list[tuple[str, tuple[int, ...]]]:
    """What stands in front of each member: its name, and version, checksum, sizes, lengths of the name and of what is added."""
    data, form = path.read_bytes(), struct.Struct("<4xH8xIIIHH")
    return [(info.filename, form.unpack_from(data, info.header_offset)) for info in zipfile.ZipFile(path).infolist()]


def test_no_part_is_written_as_one_of_four_gigabytes(books: tuple[Path, Path]) -> None:
    """Excel on the web refuses a workbook that has the sizes of ZIP64 where it does not need them."""
    for path in books:
        infos = {info.filename: info for info in zipfile.ZipFile(path).infolist()}
        for name, header in local_headers(path):
            info = infos[name]
            assert header == (20, info.CRC, info.compress_size, info.file_size, len(name), 0), name


def test_a_sheet_is_never_larger_than_was_foretold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which form of zip it needs is decided before its first byte; rows of nothing but carriage returns grow most."""
    foretold: list[tuple[int, int]] = []
    plain = pressing.write

    def measured(file: Any, made: Any, name: str, parts: Any, *, most: int) -> None:
        kept = list(parts)
        foretold.append((sum(len(make()) for make in kept), most))
        plain(file, made, name, kept, most=most)

    monkeypatch.setattr(pressing, "write", measured)
    odd = pl.DataFrame({"text": ["\r" * (i % 300) for i in range(LONG)]})
    every = {"Row": Link(tab="Rows", rows=pl.Series(range(LONG), dtype=pl.UInt32))}
    write_workbook(tmp_path / "book.xlsx", [tab(LONG, links=every), Tab(name="Odd", columns=COLUMNS[1:2], frame=odd)])
    assert len(foretold) == 2
    assert all(size <= most < 5 * size for size, most in foretold), foretold


def test_no_part_tells_when_it_was_written(books: tuple[Path, Path]) -> None:
    """So that the same tabs are the same file, whenever they are written."""
    assert {info.date_time for path in books for info in zipfile.ZipFile(path).infolist()} == {(1980, 1, 1, 0, 0, 0)}


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
