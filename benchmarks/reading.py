"""Reading a CSV as text against the csv module, in the same process, on the same file."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

from benchmarks.table import Line, median_seconds
from callcamp_sync.sandbox import bulk_phone
from callcamp_sync.sheets import read_sheet

ROWS = 200_000
COLUMNS = 12


def _write(path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["phone", *(f"column {n}" for n in range(1, COLUMNS))])
        for i in range(ROWS):
            writer.writerow([bulk_phone(i), *(f"value {i % 977} of {n}" for n in range(1, COLUMNS))])


def _by_csv(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file, strict=True))


def lines() -> list[Line]:
    """One line: a CSV of 200,000 rows."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        _write(path)
        sheet, plain = read_sheet(path), _by_csv(path)
        same = sheet.info.rows == ROWS and list(sheet.frame.row(ROWS - 1)[1:]) == plain[ROWS]
        del plain
        ours = median_seconds(lambda: read_sheet(path))
        library = median_seconds(lambda: _by_csv(path))
    what = f"CSV as text, {ROWS:,} x {COLUMNS}"
    shown = {"ours": f"{ours:.2f} s", "baseline": f"{library:.2f} s"}
    return [Line(what=what, **shown, against="csv module", ratio=library / ours, checked=same)]
