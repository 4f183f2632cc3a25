"""Text -> canonical text, by column and kind: numbers, bools, dates, instants, codes, statuses, choices, plain text.

Pure: no I/O of its own, no clock (the names and rules of time zones come from Python's zoneinfo).
In:  a String column as the sheet has it and the Rule of that column; or a column of what a server holds, and its kind.
Out: `value` (canonical as fields.py defines it), `code`, `detail`: same length, same order. Null and blank cells are null.
Every distinct text is read once; text that needs no judgement (names, ids, e-mail) stays in polars throughout.
Rule source: issue codes in issues.CATALOGUE; the vendor's page for the fields; ISO 3166-1, ISO 4217, ISO 8601, IANA zones.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from callcamp_sync.fields import CLEAR, Kind
from callcamp_sync.rules import Rule
from callcamp_sync.statuses import fold_status
from callcamp_sync.values import numbers, texts, times, words
from callcamp_sync.values.offers import offered
from callcamp_sync.values.reading import Reading

__all__ = ["canonical", "fold_status", "fold_statuses", "offered", "read_column"]

_SHAPE = {"value": pl.String, "code": pl.String, "detail": pl.String}
_NUMERIC = frozenset({Kind.NUMBER, Kind.MONEY})
_NEVER_CLEARED = frozenset({Kind.ID, Kind.ACTION, Kind.STATUS})

Reader = Callable[[str], Reading]


def read_column(text: pl.Series, rule: Rule, *, zones: pl.Series | None = None) -> pl.DataFrame:
    """Read a column by the kind of its field.

    text: String, as the sheet has it; null and blank text leave the field alone. CLEAR empties a field, ids, actions and
        statuses apart. rule: signs, formats, zone and choices of this column.
    zones: String, same length: the canonical zone of each row. Used by instants without an offset where `rule.timezone` is None.
    Returns a frame `value`, `code`, `detail` (String), same length and order; where `code` is set, `value` is null.
    Raises ValueError for Kind.PHONE: phone numbers have a room of their own.
    """
    kind = rule.field.kind
    if kind is Kind.PHONE:
        raise ValueError("phone numbers are read by `phones`, not by `values`")
    cells = texts.stripped(text.cast(pl.String))
    if kind in {Kind.TEXT, Kind.ID, Kind.EMAIL}:
        found = texts.read(cells, kind)
    elif kind is Kind.INSTANT and rule.timezone is None and zones is not None:
        found = _by_pair(cells, zones.cast(pl.String), lambda cell, zone: times.read_instant(cell, rule.formats, zone))
    elif kind in _NUMERIC:
        plain = numbers.simple(cells, decimal=rule.decimal, thousands=rule.thousands)
        found = _completed(plain, cells, _reader(rule))
    else:
        found = _by_distinct(cells, _reader(rule))
    return _with_clear(found, cells, clearable=kind not in _NEVER_CLEARED)


def _reader(rule: Rule) -> Reader:
    """How one cell of that column is read."""
    readers: dict[Kind, Reader] = {
        Kind.COUNTRY: words.read_country,
        Kind.CURRENCY: words.read_currency,
        Kind.TIMEZONE: times.read_zone,
        Kind.STATUS: words.read_status,
        Kind.ACTION: words.read_action,
        Kind.BOOL: words.read_bool,
        Kind.MONEY: lambda cell: numbers.read_money(cell, decimal=rule.decimal, thousands=rule.thousands),
        Kind.NUMBER: lambda cell: numbers.read_number(cell, decimal=rule.decimal, thousands=rule.thousands),
        Kind.DATE: lambda cell: times.read_date(cell, rule.formats),
        Kind.INSTANT: lambda cell: times.read_instant(cell, rule.formats, rule.timezone),
        Kind.SELECT: words.choice_reader(rule.choices),
    }
    return readers[rule.field.kind]


def _by_distinct(cells: pl.Series, read: Reader) -> pl.DataFrame:
    """Each distinct cell through `read`, null for null."""
    asked = pl.DataFrame({"cell": cells})
    distinct = asked["cell"].drop_nulls().unique()
    known = pl.DataFrame([read(cell) for cell in distinct], schema=_SHAPE, orient="row").with_columns(cell=distinct)
    return asked.join(known, on="cell", how="left", maintain_order="left").select(*_SHAPE)


def _completed(plain: pl.Series, cells: pl.Series, read: Reader) -> pl.DataFrame:
    """`plain` where it has a value; each other distinct cell through `read`."""
    rest = pl.select(pl.when(plain.is_null()).then(cells)).to_series()
    return _by_distinct(rest, read).with_columns(value=pl.coalesce(plain, "value"))


def _by_pair(cells: pl.Series, others: pl.Series, read: Callable[[str, str | None], Reading]) -> pl.DataFrame:
    """Each distinct pair of cell and other through `read`; the other may be null, the cell's null gives null."""
    asked = pl.DataFrame({"cell": cells, "other": others})
    distinct = asked.drop_nulls("cell").unique()
    readings = [read(cell, other) for cell, other in distinct.iter_rows()]
    known = distinct.hstack(pl.DataFrame(readings, schema=_SHAPE, orient="row"))
    return asked.join(known, on=["cell", "other"], how="left", nulls_equal=True, maintain_order="left").select(*_SHAPE)


def _with_clear(found: pl.DataFrame, cells: pl.Series, *, clearable: bool) -> pl.DataFrame:
    """`found`, with CLEAR where a cell says so: as the value, or as the issue `value-clear`."""
    mark = cells == CLEAR
    if not mark.any():
        return found
    clear = pl.lit(mark)
    nothing = pl.lit(None, dtype=pl.String)
    return found.with_columns(
        value=pl.when(clear).then(pl.lit(CLEAR) if clearable else nothing).otherwise("value"),
        code=pl.when(clear).then(nothing if clearable else pl.lit("value-clear")).otherwise("code"),
        detail=pl.when(clear).then(nothing).otherwise("detail"),
    )


def canonical(text: pl.Series, kind: Kind) -> pl.Series:
    """What a server holds, as canonical text, so that it compares with what `read_column` makes of a sheet.

    text: the server's values as text (strings as they are, numbers as Python prints them, "true"/"false"); null stays null.
    Blank text is null too: nothing stands there. What cannot be read as `kind` stays as it is. Never raises. Idempotent.
    """
    cells = texts.stripped(text.cast(pl.String))
    if cells.null_count() == len(cells):
        return cells.alias(text.name)
    readers: dict[Kind, Reader] = {
        Kind.COUNTRY: words.read_country,
        Kind.CURRENCY: words.read_currency,
        Kind.TIMEZONE: times.read_zone,
        Kind.STATUS: lambda cell: (fold_status(cell), None, None),
        Kind.ACTION: words.read_action,
        Kind.BOOL: words.read_bool,
        Kind.MONEY: numbers.held_money,
        Kind.NUMBER: numbers.held_number,
        Kind.DATE: lambda cell: times.read_date(cell, ()),
        Kind.INSTANT: lambda cell: times.read_instant(cell, (), None),
    }
    if kind in _NUMERIC:
        return _completed(numbers.simple(cells), cells, readers[kind])["value"].fill_null(cells).alias(text.name)
    if kind in readers:
        return _by_distinct(cells, readers[kind])["value"].fill_null(cells).alias(text.name)
    found = texts.read(cells, kind)["value"].fill_null(cells) if kind is Kind.EMAIL else cells
    return found.alias(text.name)


def fold_statuses(text: pl.Series) -> pl.Series:
    """`fold_status` over a column: String in, String out, null for null, the same name."""
    return _by_distinct(text.cast(pl.String), lambda cell: (fold_status(cell), None, None))["value"].alias(text.name)
