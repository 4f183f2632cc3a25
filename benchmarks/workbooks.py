"""Reading and writing workbooks against the libraries underneath, in the same process, on the same cells."""

from __future__ import annotations

import tempfile
from pathlib import Path

import fastexcel
import openpyxl
import polars as pl
import xlsxwriter

from benchmarks.memory import grown
from benchmarks.table import Line, in_turn
from callcamp_sync.sandbox import bulk_phone
from callcamp_sync.sheets import Column, Tab, read_sheet, write_workbook

ROWS = 200_000
COLUMNS = 12
WIDE = 20
_OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def _cells() -> pl.DataFrame:
    """A phone, a whole number, a date, and nine columns of text."""
    texts = {f"column {n}": [f"value {i % 977} of {n}" for i in range(ROWS)] for n in range(3, COLUMNS)}
    days = [f"2026-{i % 12 + 1:02}-{i % 28 + 1:02}" for i in range(ROWS)]
    return pl.DataFrame(
        {"phone": [bulk_phone(i) for i in range(ROWS)], "count": [str(i) for i in range(ROWS)], "day": days, **texts}
    )


def _tab(cells: pl.DataFrame) -> Tab:
    kinds = {"count": "integer", "day": "date"}
    columns = tuple(Column(heading=name, kind=kinds.get(name, "text")) for name in cells.columns)  # type: ignore[arg-type]
    return Tab(name="Leads", columns=columns, frame=cells)


def _write_alone(path: Path, cells: pl.DataFrame, *, shared: bool = False) -> None:
    """The same cells with the same formats, by XlsxWriter alone. shared: texts in a table of strings, as Excel saves them."""
    numbers = cells["count"].cast(pl.Float64).to_list()
    days = cells["day"].str.to_date().to_list()
    with xlsxwriter.Workbook(path, _OPTIONS | {"constant_memory": not shared}) as book:
        sheet = book.add_worksheet("Leads")
        text, whole, day = (book.add_format({"num_format": form, "valign": "top"}) for form in ("@", "0", "yyyy-mm-dd"))
        for i, name in enumerate(cells.columns):
            sheet.write_string(0, i, name)
        for row, line in enumerate(cells.iter_rows(), 1):
            for i, value in enumerate(line):
                if i == 1:
                    sheet.write_number(row, i, numbers[row - 1], whole)
                elif i == 2:
                    sheet.write_datetime(row, i, days[row - 1], day)
                else:
                    sheet.write_string(row, i, value, text)


def _read_alone(path: Path) -> pl.DataFrame:
    book = fastexcel.read_excel(path.read_bytes())
    return book.load_sheet(0, header_row=None, skip_rows=0, dtypes="string").to_polars()


def _read_by_openpyxl(path: Path) -> int:
    book = openpyxl.load_workbook(path, read_only=True)
    try:
        return sum(1 for _ in book.worksheets[0].iter_rows(values_only=True))
    finally:
        book.close()


def _write_by_openpyxl(path: Path, cells: pl.DataFrame) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Leads")
    sheet.append(cells.columns)
    typed = cells.with_columns(pl.col("count").cast(pl.Int64), pl.col("day").str.to_date())
    for line in typed.iter_rows():
        sheet.append(line)
    book.save(path)


def lines() -> list[Line]:
    """A workbook of 200,000 rows written and read, against the libraries underneath and against openpyxl."""
    cells = _cells()
    wide = cells.hstack([cells[f"column {n % 9 + 3}"].alias(f"column {n}") for n in range(COLUMNS, WIDE)])
    with tempfile.TemporaryDirectory() as folder:
        ours, alone, other = (Path(folder) / f"{name}.xlsx" for name in ("ours", "alone", "other"))
        larger = grown(lambda: write_workbook(ours, [_tab(wide)]))
        broad, slow = in_turn(lambda: write_workbook(ours, [_tab(wide)]), lambda: _write_by_openpyxl(other, wide))
        wrote_wide = _read_alone(ours).row(ROWS) == _read_alone(other).row(ROWS)
        written, library = in_turn(lambda: write_workbook(ours, [_tab(cells)]), lambda: _write_alone(alone, cells))
        wrote_same = _read_alone(ours).rows() == _read_alone(alone).rows()
        sheet, last = read_sheet(ours), cells.row(ROWS - 1)
        read_same = sheet.info.rows == ROWS and sheet.frame.row(ROWS - 1)[1:] == last
        read, by_library = in_turn(lambda: read_sheet(ours), lambda: _read_alone(ours), runs=5)
        _write_alone(other, cells, shared=True)
        read_same = read_same and read_sheet(other).frame.equals(sheet.frame)
        as_excel, as_library = in_turn(lambda: read_sheet(other), lambda: _read_alone(other), runs=5)
        again, by_openpyxl = in_turn(lambda: read_sheet(ours), lambda: _read_by_openpyxl(ours), runs=3)
    size, wide_size = f"{ROWS:,} x {COLUMNS}", f"{ROWS:,} x {WIDE}"
    return [
        _line(f"workbook written, {size}", written, library, "XlsxWriter", checked=wrote_same),
        _line(f"workbook written, {wide_size}", broad, slow, "openpyxl write-only", checked=wrote_wide),
        Line(
            what=f"workbook written, {wide_size}: peak memory grew by",
            ours=f"{larger:.0f} MB",
            baseline="50 MB",
            against="limit",
            ratio=larger / 50,
            checked=wrote_wide,
        ),
        _line(f"workbook read, {size}", read, by_library, "fastexcel", checked=read_same),
        _line(f"workbook read, {size}, shared strings as Excel saves them", as_excel, as_library, "fastexcel", checked=read_same),
        _line(f"workbook read, {size}", again, by_openpyxl, "openpyxl read-only", checked=read_same),
    ]


def _line(what: str, ours: float, baseline: float, against: str, *, checked: bool) -> Line:
    shown = {"ours": f"{ours:.2f} s", "baseline": f"{baseline:.2f} s"}
    return Line(what=what, **shown, against=against, ratio=baseline / ours, checked=checked)
