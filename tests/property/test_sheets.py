"""Laws of the sheets: what is written is read, and a file means the same read fast or exactly."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from callcamp_sync.fields import ROW
from callcamp_sync.sheets import Column, Tab, csv_in, formulas, read_sheet, write_csv, write_workbook

#: Text as a server or a person may send it; NUL has a law of its own, lone surrogates cannot be in a frame.
texts = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12),
    st.text("'=+-@\t\r\n\",;| a1", max_size=6),
    st.from_regex(r"'{0,2}\+[0-9]{5,17}", fullmatch=True),
)
grids = st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=6)


def blank_is_null(text: str) -> str | None:
    """Rust's idea of white space, which the reader has: Python's also counts the four separators of ASCII."""
    return (
        text
        if text.strip("\t\n\x0b\x0c\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B))))
        else None
    )


def expected(rows: list[tuple[str, str, str]]) -> list[tuple[object, ...]]:
    cells = [tuple(map(blank_is_null, row)) for row in rows]
    return [(number, *row) for number, row in enumerate(cells, start=2) if any(cell is not None for cell in row)]


@given(grids)
@example([("|", "", ""), ("|", "", "")])  # as "|" the file has a header whose quote is never closed
@settings(max_examples=60, deadline=None)
def test_what_the_excel_dialect_writes_is_what_is_read(rows: list[tuple[str, str, str]]) -> None:
    frame = pl.DataFrame(rows, schema=["a;b", "=c", "\td|"], orient="row")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        write_csv(path, frame, dialect="excel")
        sheet = read_sheet(path)
    swallowed = [row for row, code in sheet.issues.select("row", "code").iter_rows() if code != "row-quote"]
    assert (sheet.frame.rows(), sheet.headings, swallowed) == (expected(rows), ("a;b", "=c", "d|"), [])


@given(grids)
@settings(max_examples=40, deadline=None)
def test_no_cell_of_the_excel_dialect_begins_like_a_formula(rows: list[tuple[str, str, str]]) -> None:
    frame = pl.DataFrame(rows, schema=["a", "b", "c"], orient="row")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        write_csv(path, frame, dialect="excel")
        written = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), strict=True))
    live = [cell for row in written for cell in row if cell[:1] in set("=+-@\t\r") and cell]
    assert all(cell[0] == "+" and cell[1:].isascii() and cell[1:].isdigit() and 7 <= len(cell[1:]) <= 15 for cell in live)


@given(st.lists(texts, max_size=20))
@settings(max_examples=40, deadline=None)
def test_the_escape_is_undone_exactly(cells: list[str]) -> None:
    frame = pl.DataFrame({"x": pl.Series(cells, dtype=pl.String)})
    escaped = frame.select(formulas.escape(pl.col("x")))
    assert escaped.select(formulas.unescape(pl.col("x")))["x"].to_list() == cells
    assert escaped["x"].to_list() == [formulas.escape_text(cell) for cell in cells]
    assert [formulas.unescape_text(formulas.escape_text(cell)) for cell in cells] == cells


@given(grids)
@settings(max_examples=30, deadline=None)
def test_what_a_workbook_holds_is_what_is_read(rows: list[tuple[str, str, str]]) -> None:
    frame = pl.DataFrame(rows, schema=["a", "b", "c"], orient="row")
    clean = [tuple(cell.translate(CONTROL) for cell in row) for row in rows]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.xlsx"
        write_workbook(path, [Tab(name="T", columns=tuple(Column(heading=name) for name in "abc"), frame=frame)])
        sheet = read_sheet(path)
    assert sheet.frame.rows() == expected(clean)  # type: ignore[arg-type]  # rows of three


CONTROL = {code: chr(0x2400 + code) for code in range(32) if code not in (9, 10, 13)} | {
    0x7F: "\u2421",
    0xFFFE: "\ufffd",
    0xFFFF: "\ufffd",
}


def same(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    """Whether two frames hold the same text; "" and null are both a blank cell."""
    return one.select(pl.all().replace("", None)).equals(other.select(pl.all().replace("", None)))


@given(st.text('a,"\n\r é', max_size=40), st.integers(1, 4))
@settings(max_examples=400, deadline=None)
def test_where_the_fast_way_answers_it_says_what_the_exact_way_says(text: str, width: int) -> None:
    data = text.encode()
    fast = csv_in._fast(data, b",", 0, width) if data.count(b"\r") == data.count(b"\r\n") else None
    exact, notices = csv_in._exact(data, b",", 0, width, 1)
    assert fast is None or (same(fast, exact) and not notices)


@given(st.lists(st.lists(st.text('a,"\n é', max_size=6), min_size=3, max_size=3), max_size=6))
@settings(max_examples=200, deadline=None)
def test_the_exact_way_reads_what_the_csv_module_writes(rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    exact, notices = csv_in._exact(out.getvalue().encode(), b",", 0, 3, 1)
    assert ([[cell or "" for cell in row] for row in exact.rows()], notices) == (rows, [])


def test_the_row_column_is_named_as_everywhere(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", pl.DataFrame({"a": ["1"]}), dialect="raw")
    assert read_sheet(tmp_path / "t.csv").frame.columns == [ROW, "a"]
