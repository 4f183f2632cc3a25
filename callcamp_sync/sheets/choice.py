"""Which sheet of a workbook, and which of its rows is the header. Pure: no I/O.

In:  the tabs of a workbook and what the user asked for; or the cells of a sheet. Out: a position.
Nothing is guessed where there is a choice: the message names what there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from callcamp_sync.errors import SheetError
from callcamp_sync.sheets.limits import STANDARD, Limits

HiddenRows = Literal["refuse", "include", "skip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the user asked of a workbook. sheet: name, or position from 1. header_row: as shown there. Null: found out."""

    sheet: str | int | None = None
    header_row: int | None = None
    hidden_rows: HiddenRows = "refuse"
    limits: Limits = STANDARD


@dataclass(slots=True, kw_only=True)
class Tab:
    """A sheet of a workbook. filled: it has a cell with a value."""

    name: str
    visible: bool
    filled: bool = False


def chosen(tabs: Sequence[Tab], shown: str) -> int:
    """Position of the only visible sheet with data. Raises SheetError where there is none, or a choice."""
    if not any(tab.visible for tab in tabs):
        raise SheetError(f"every sheet of `{shown}` is hidden", hint=f"name one: `{shown}#{tabs[0].name}`")
    filled = [i for i, tab in enumerate(tabs) if tab.visible and tab.filled]
    if len(filled) > 1:
        names = ", ".join(f"`{tabs[i].name}`" for i in filled)
        hint = f"name one: `{shown}#{tabs[filled[0]].name}`"
        raise SheetError(f"`{shown}` has {len(filled)} sheets with data: {names}", hint=hint)
    if not filled:
        raise SheetError(f"`{shown}` has no data in its visible sheets", hint="export the sheet again, with its header row")
    return filled[0]


def named(tabs: Sequence[Tab], sheet: str | int, shown: str) -> int:
    """Position of the sheet by name (any case) or by position from 1. Raises SheetError where there is none."""
    wanted = str(sheet).strip()
    for i, tab in enumerate(tabs):
        if isinstance(sheet, str) and tab.name.casefold().strip() == wanted.casefold():
            return i
    if wanted.isdecimal() and 1 <= int(wanted) <= len(tabs):
        return int(wanted) - 1
    names = ", ".join(f"`{tab.name}`" for tab in tabs)
    raise SheetError(f"`{shown}` has no sheet `{wanted}`; it has {names}")


def header_index(table: pl.DataFrame, header_row: int | None, name: str) -> int:
    """Index of the header: the row that was asked for (from 1), else the first one that is not blank. Raises SheetError."""
    filled = (
        table.select(pl.any_horizontal(pl.all().str.strip_chars() != "").fill_null(value=False).alias("f"))["f"]
        if table.width
        else None
    )
    if header_row is not None:
        if filled is None or not 1 <= header_row <= len(filled) or not filled[header_row - 1]:
            raise SheetError(f"row {header_row} of sheet `{name}`, where the header shall be, is blank or not there")
        return header_row - 1
    first = filled.arg_true() if filled is not None else None
    if first is None or first.is_empty():
        raise SheetError(f"sheet `{name}` is empty: it has no header row", hint="export the sheet again, with its header row")
    return int(first[0])


def hidden_error(name: str, hidden: frozenset[int]) -> SheetError:
    """Why a sheet with these hidden rows is not read."""
    rows = sorted(hidden)
    some = ", ".join(map(str, rows[:8])) + (" …" if len(rows) > 8 else "")
    hint = (
        "show them (clear the filter), or write `hidden_rows` under `[source]` of the mapping: "
        '"include" or "skip"; someone may have filtered those people out'
    )
    return SheetError(f"sheet `{name}` hides rows that have data: {len(rows)} (row {some})", hint=hint)
