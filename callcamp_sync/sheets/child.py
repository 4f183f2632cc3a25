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
    """Read one sheet: by its exact `name`, or the one that `wanted` means."""
    asked = json.loads(sys.argv[1])
    _confine(int(asked["memory"]) * 1_000_000, int(asked["seconds"]) + 1)
    data = sys.stdin.buffer.read()
    try:
        said, table = load(data, asked["name"]) if asked["name"] is not None else choose(data, asked["wanted"])
    except (fastexcel.FastExcelError, ValueError, MemoryError) as error:
        said, table = {"error": str(error)}, pl.DataFrame()
    out = sys.stdout.buffer
    out.write(json.dumps(said).encode() + b"\n")
    table.write_ipc(out)
    out.flush()


def load(data: bytes, name: str) -> tuple[dict[str, Any], pl.DataFrame]:
    """({"first": the spreadsheet's column of the first one, from 0}, every cell as text from the spreadsheet's row 1 on)."""
    book = fastexcel.read_excel(data)
    first, table = _cells(book, book.sheet_names.index(name))
    return {"first": first}, table


def choose(data: bytes, wanted: str | int | None) -> tuple[dict[str, Any], pl.DataFrame]:
    """The same of the sheet of this name or position, else of the only visible one with a cell; and every sheet: name, visibility
    and whether it has a cell. Without a clear choice there are no cells: whoever asked says why.
    """
    book = fastexcel.read_excel(data)
    tabs = [_tab(book, place, name) for place, name in enumerate(book.sheet_names)]
    word = str(wanted).strip()
    fitting = [i for i, tab in enumerate(tabs) if isinstance(wanted, str) and tab["name"].casefold().strip() == word.casefold()]
    if wanted is None:
        fitting = [i for i, tab in enumerate(tabs) if tab["visible"] and tab["filled"]]
        fitting = fitting if len(fitting) == 1 else []
    elif not fitting and word.isdecimal() and 1 <= int(word) <= len(tabs):
        fitting = [int(word) - 1]
    first, table = _cells(book, fitting[0]) if fitting else (0, pl.DataFrame())
    return {"first": first, "tabs": tabs}, table


def _tab(book: Any, place: int, name: str) -> dict[str, Any]:
    one = book.load_sheet(place, header_row=None, skip_rows=0, n_rows=1, dtypes="string")
    return {"name": name, "visible": one.visible == "visible", "filled": bool(one.available_columns())}


def _cells(book: Any, place: int) -> tuple[int, pl.DataFrame]:
    loaded = book.load_sheet(place, header_row=None, skip_rows=0, dtypes="string")
    columns = loaded.available_columns()
    return (columns[0].absolute_index, loaded.to_polars()) if columns else (0, pl.DataFrame())


def _confine(memory: int, seconds: int) -> None:
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        if sys.platform == "linux":
            # What is written to counts, not what threads and libraries set aside and never use.
            resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


if __name__ == "__main__":
    main()
