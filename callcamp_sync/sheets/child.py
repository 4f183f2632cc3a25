"""The reader of workbooks in a process of its own: a script, run by bulk.py, that imports nothing of ours. An edge.

In:  the limits and the sheet (JSON, the first argument); the workbook's bytes on standard input.
Out: on standard output one line of JSON, and behind it the cells as an Arrow file, each as text.
Why: a workbook may make the reader abort, run out of memory or never end. Here that ends this process, and no other.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import fastexcel
import polars as pl

if sys.platform != "win32":
    import resource


def main() -> None:
    """Read one sheet, or (`index` is null) say which there are."""
    asked = json.loads(sys.argv[1])
    _confine(int(asked["memory"]) * 1_000_000, int(asked["seconds"]) + 1)
    data = sys.stdin.buffer.read()
    try:
        said, table = load(data, asked["name"], asked["index"]) if asked["load"] else (sheets(data), pl.DataFrame())
    except (fastexcel.FastExcelError, ValueError, MemoryError) as error:
        said, table = {"error": str(error)}, pl.DataFrame()
    out = sys.stdout.buffer
    out.write(json.dumps(said).encode() + b"\n")
    table.write_ipc(out)
    out.flush()


def load(data: bytes, name: str | None, index: int | None) -> tuple[dict[str, Any], pl.DataFrame]:
    """({"first": the spreadsheet's column of the first one, from 0}, every cell as text from the spreadsheet's row 1 on)."""
    book = fastexcel.read_excel(data)
    place = index if index is not None else book.sheet_names.index(name or "")
    loaded = book.load_sheet(place, header_row=None, skip_rows=0, dtypes="string")
    columns = loaded.available_columns()
    table = loaded.to_polars() if columns else pl.DataFrame()
    return {"first": columns[0].absolute_index if columns else 0}, table


def sheets(data: bytes) -> dict[str, Any]:
    """Name, visibility and whether it has a cell, of every sheet in order."""
    book = fastexcel.read_excel(data)
    found = []
    for place, name in enumerate(book.sheet_names):
        one = book.load_sheet(place, header_row=None, skip_rows=0, n_rows=1, dtypes="string")
        found.append({"name": name, "visible": one.visible == "visible", "filled": bool(one.available_columns())})
    return {"sheets": found}


def _confine(memory: int, seconds: int) -> None:
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        if sys.platform == "linux":
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


if __name__ == "__main__":
    main()
