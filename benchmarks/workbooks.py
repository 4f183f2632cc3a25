"""Reading and writing workbooks against the libraries underneath, in the same process, on the same cells."""

from __future__ import annotations

import tempfile
from pathlib import Path

import fastexcel
import polars as pl
import xlsxwriter

from benchmarks.table import Line, median_seconds
from callcamp_sync.sandbox import bulk_phone
from callcamp_sync.sheets import Column, Tab, read_sheet, write_workbook

ROWS = 200_000
COLUMNS = 12
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


def _write_alone(path: Path, cells: pl.DataFrame) -> None:
    """The same cells with the same formats, by XlsxWriter and nothing else."""
    numbers = cells["count"].cast(pl.Float64).to_list()
    days = cells["day"].str.to_date().to_list()
    with xlsxwriter.Workbook(path, _OPTIONS) as book:
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


def lines() -> list[Line]:
    """Two lines: a workbook of 200,000 rows, written and read."""
    cells = _cells()
    with tempfile.TemporaryDirectory() as folder:
        ours, alone = Path(folder) / "ours.xlsx", Path(folder) / "alone.xlsx"
        written = median_seconds(lambda: write_workbook(ours, [_tab(cells)]), runs=1)
        library = median_seconds(lambda: _write_alone(alone, cells), runs=1)
        wrote_same = _read_alone(ours).rows() == _read_alone(alone).rows()
        sheet, last = read_sheet(ours), cells.row(ROWS - 1)
        read_same = sheet.info.rows == ROWS and sheet.frame.row(ROWS - 1)[1:] == last
        read = median_seconds(lambda: read_sheet(ours))
        by_library = median_seconds(lambda: _read_alone(ours))
    size = f"{ROWS:,} x {COLUMNS}"
    return [
        _line(f"workbook written, {size}", written, library, "XlsxWriter", checked=wrote_same),
        _line(f"workbook read, {size}", read, by_library, "fastexcel", checked=read_same),
    ]


def _line(what: str, ours: float, baseline: float, against: str, *, checked: bool) -> Line:
    shown = {"ours": f"{ours:.2f} s", "baseline": f"{baseline:.2f} s"}
    return Line(what=what, **shown, against=against, ratio=baseline / ours, checked=checked)
