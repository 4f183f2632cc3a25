"""What the worksheet's XML corrects in the bulk reader's text. Pure: no I/O.

In:  every cell as text, the row of index 0 being the spreadsheet's row 1, and what scan.py found.
Out: the same table with dates without the midnight that the bulk reader adds, times of day without the day, errors with their
text, numbers without digits that they have not, and the zeros that a number format shows back in front (00000000000: phones).
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Mapping

import polars as pl

from callcamp_sync.sheets.grid import Notice
from callcamp_sync.sheets.package import Styles
from callcamp_sync.sheets.scan import Inspection, Styled

_MIDNIGHT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} 00:00:00$"
_CLOCK = r"^1899-12-3[01] ([0-9]{2}:[0-9]{2}:[0-9]{2})$"
_SHORTEST = 19

Position = tuple[int, int]


def has_midnights(table: pl.DataFrame) -> bool:
    """Whether a cell reads as a date at midnight: a date, a date and time, or text."""
    return bool(_columns(table, _MIDNIGHT))


def _columns(table: pl.DataFrame, pattern: str) -> list[str]:
    """The columns with a cell that fits; no pattern fits a shorter cell than _SHORTEST, and lengths are known at once."""
    if not table.width or not table.height:
        return []
    lengths = table.select(pl.all().str.len_bytes().max().fill_null(0)).row(0)
    long = [name for name, length in zip(table.columns, lengths, strict=True) if length >= _SHORTEST]
    found = table.select(pl.col(long).str.contains(pattern).any()).row(0) if long else ()
    return [name for name, any_fits in zip(long, found, strict=True) if any_fits]


def dated(table: pl.DataFrame, first: int, facts: Inspection, styles: Styles, *, surely: bool) -> pl.DataFrame:
    """Dates without a time lose the midnight, times of day the day.

    surely: nothing but a date can read as midnight here; else `facts.styled` says which cells are dates.
    """
    if surely:
        days = [pl.col(name) for name in _columns(table, _MIDNIGHT)]
        table = table.with_columns(pl.when(day.str.contains(_MIDNIGHT)).then(day.str.slice(0, 10)).otherwise(day) for day in days)
    else:
        for column, rows in _dates(facts.styled or {}, styles).items():
            name = table.columns[column - first]
            date = _at(rows) & pl.col(name).str.contains(_MIDNIGHT)
            table = table.with_columns(pl.when(date).then(pl.col(name).str.slice(0, 10)).otherwise(pl.col(name)).alias(name))
    return table.with_columns(pl.all().str.replace(_CLOCK, "$1")) if styles.times and table.width else table


def _dates(styled: Styled, styles: Styles) -> dict[int, array[int]]:
    """Column -> the rows in which it holds a date."""
    found: defaultdict[int, array[int]] = defaultdict(lambda: array("I"))
    for (column, style), rows in styled.items():
        if style in styles.dates:
            found[column].extend(rows)
    return dict(found)


def _at(rows: array[int]) -> pl.Expr:
    return pl.int_range(pl.len(), dtype=pl.UInt32).is_in(pl.Series(rows, dtype=pl.UInt32).implode())


def zeroed(table: pl.DataFrame, first: int, facts: Inspection, styles: Styles) -> pl.DataFrame:
    """Whole numbers get the zeros and the plus back that their number format shows."""
    for (column, style), rows in (facts.styled or {}).items():
        if style not in styles.zeros:
            continue
        name, (digits, plus) = table.columns[column - first], styles.zeros[style]
        whole = _at(rows) & pl.col(name).str.contains(r"^[0-9]+$")
        shown = pl.concat_str(pl.lit(plus), pl.col(name).str.zfill(digits))
        table = table.with_columns(pl.when(whole).then(shown).otherwise(pl.col(name)).alias(name))
    return table


def patched(table: pl.DataFrame, first: int, facts: Inspection) -> pl.DataFrame:
    """Errors and uncertain numbers get their text, and rows that have nothing but formulas without a value are rows."""
    table = lengthened(table, max((row for row, _ in facts.uncalculated), default=-1) + 1)
    return with_texts(table, first, {**facts.numbers, **facts.errors})


def lengthened(table: pl.DataFrame, height: int) -> pl.DataFrame:
    """The table with blank rows below, up to `height`."""
    missing = height - table.height
    if missing <= 0 or not table.width:
        return table
    return pl.concat([table, pl.DataFrame({name: [None] * missing for name in table.columns}, schema=table.schema)])


def with_texts(table: pl.DataFrame, first: int, texts: Mapping[Position, str]) -> pl.DataFrame:
    """The table with these cells' text instead of its own."""
    for i, name in enumerate(table.columns):
        here = {row: text for (row, column), text in texts.items() if column == first + i}
        if here:
            shown = pl.int_range(pl.len()).replace_strict(here, default=None, return_dtype=pl.String)
            table = table.with_columns(pl.coalesce(shown, pl.col(name)).alias(name))
    return table


def notices(table: pl.DataFrame, first: int, facts: Inspection, header: int) -> tuple[Notice, ...]:
    """What is wrong with cells below the header (an index from 0), each with its row."""
    errors = [
        Notice(row=row + 1, column=column - first, code="cell-error", cell=text) for (row, column), text in facts.errors.items()
    ]
    blank = [Notice(row=row + 1, column=column - first, code="cell-uncalculated") for row, column in facts.uncalculated]
    found = (*errors, *blank, *_merged(table, first, facts, header))
    return tuple(one for one in found if one.row > header + 1 and one.column is not None and 0 <= one.column < table.width)


def _merged(table: pl.DataFrame, first: int, facts: Inspection, header: int) -> list[Notice]:
    """Rows in which a merged cell hides a column: what the person meant to stand there is not in the file.

    A row that is blank but for its part of a merged cell is blank. Each row is named once for each merged cell.
    """
    areas = [area for area in facts.merged if area[2] > header and area[0] < table.height]
    if not areas or not table.width:
        return []
    filled = table.select(pl.any_horizontal(pl.all().str.strip_chars() != "").fill_null(value=False).alias("f"))["f"]
    found = []
    for top, left, bottom, right in areas:
        rows = range(max(top, header + 1), min(bottom, table.height - 1) + 1)
        for row in (row for row in rows if filled[row]):
            column = left - first if row > top else left - first + 1
            inside = range(max(column, 0), min(right - first, table.width - 1) + 1)
            if inside:
                found.append(Notice(row=row + 1, column=inside[0], code="cell-merged"))
    return found
