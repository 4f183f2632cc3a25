"""A StatusSheet as a file: workbook, CSV, Parquet, JSON Lines. An edge: writes one file, through sheets.

In:  a StatusSheet and a path. Out: the file, whole or not at all; sentences about what did not fit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from callcamp_sync.errors import UsageError
from callcamp_sync.export import book
from callcamp_sync.export.view import StatusSheet, typed
from callcamp_sync.sheets import write_csv, write_workbook
from callcamp_sync.sheets.data_files import write_jsonl, write_parquet
from callcamp_sync.sheets.own import BASELINE_TAB

FORMATS = ("xlsx", "csv", "parquet", "jsonl")


def check_format(path: Path, form: str | None) -> str:
    """The format that will be written. Raises UsageError, before anything is read, when it is none of FORMATS."""
    chosen_form = (form or path.suffix.removeprefix(".")).lower()
    if chosen_form not in FORMATS:
        raise UsageError(f"`{chosen_form or path}` is not a format that can be written", hint=f"use {', '.join(FORMATS)}")
    return chosen_form


def check_dialect(dialect: str) -> Literal["excel", "raw"]:
    """The dialect of a CSV file. Raises UsageError for any other."""
    if dialect == "excel":
        return "excel"
    if dialect == "raw":
        return "raw"
    raise UsageError(f"`--csv-dialect {dialect}` is neither `excel` nor `raw`")


def write_status(sheet: StatusSheet, path: Path, *, form: str | None = None, dialect: str = "excel") -> tuple[str, ...]:
    """Write the sheet as its ending says, or as `form` does. Returns what was cut or split, if anything.

    dialect: of CSV; `excel` opens safely in spreadsheets, `raw` is verbatim.
    Raises UsageError for a format that is none of FORMATS, StateError when the file cannot be written.
    """
    wanted = check_format(path, form)
    if wanted == "csv":
        write_csv(path, sheet.frame, dialect=check_dialect(dialect))
    elif wanted == "parquet":
        write_parquet(path, typed(sheet, instants=True))
    elif wanted == "jsonl":
        write_jsonl(path, typed(sheet, instants=False))
    else:
        said = write_workbook(path, book.tabs(sheet), properties=book.properties(sheet), created=sheet.taken_at)
        return tuple(words for words in said if not words.startswith(f"{BASELINE_TAB}:"))
    return ()
