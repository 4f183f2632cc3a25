"""What a workbook of ours holds: tabs of columns, and how their values become Excel cells. Pure: no I/O.

In:  a Tab: columns and a frame, one frame column a Column, in that order.
Out: the same columns as cells: text that Excel can hold, and numbers (dates as Excel's serial days) where the text is one.
Rule source: Excel's limits (32,767 UTF-16 units a cell, 1,048,576 rows, 16,384 columns, 31 characters a tab name); XML 1.0,
which cannot carry most control characters; Excel's calendar, which is right from 1 March 1900 to 31 December 9999.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import polars as pl

Kind = Literal["text", "number", "integer", "percent", "instant", "date"]
Colour = Literal["green", "blue", "yellow", "orange", "red", "grey"]

MAX_ROWS = 1_048_576
MAX_COLUMNS = 16_384
MAX_CELL = 32_767
MAX_NAME = 31

#: The tab that explains a workbook of ours. A reader that finds it beside others never takes it for data.
GUIDE = "Read me"

#: What Excel and XML cannot carry, each with the visible sign that stands in its place.
_SIGNS = {chr(code): chr(0x2400 + code) for code in range(0x20) if code not in (0x09, 0x0A, 0x0D)} | {
    "\x7f": "\u2421",
    "\ufffe": "\ufffd",
    "\uffff": "\ufffd",
}
_UNFIT = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x{fffe}\x{ffff}]"
#: White space at an end of a text, and what Excel takes for a character that it escaped: XML has to say that they are meant.
SPACED = r"^\s|\s$"
ESCAPE_ALIKE = "_x[0-9a-fA-F]{4}_"
_ODD = rf"{_UNFIT}|[&<>\r]|{SPACED}|{ESCAPE_ALIKE}"
#: The largest number of fifteen digits: Excel holds no more of them.
_LARGEST = 10**15 - 1
_EXACT_NUMBER = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$"
_EXACT_INTEGER = r"^-?(?:0|[1-9][0-9]*)$"
_INSTANT = r"^([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(?:Z|([+-])([0-9]{2}):([0-9]{2}))?$"
_FIRST_DAY, _LAST_DAY = 61, 2_958_466
_EPOCH = datetime.fromisoformat("1899-12-30")  # without a zone, as Excel's calendar is


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a tab.

    kind: text stays text, whatever it looks like. The others take canonical text or a typed column; a value that is not
    exactly a number (more than 15 digits, leading zeros) or not a date of Excel's calendar stays text. A percent is the share
    of 1. An instant with an
    offset is written in UTC, one without as it stands. wrap: long text takes several lines. width: in characters; None
    measures the first rows. offered: what a drop-down in the column's cells offers (at most 255 characters together, no comma in
    any; else there is none); other values are warned of, not refused.
    """

    heading: str
    wrap: bool = False
    kind: Kind = "text"
    width: int | None = None
    offered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars beside a tab's cells.

    labels, values: positions of columns. first, last: rows of the frame, from 0. colours: one a bar.
    """

    title: str
    labels: int
    values: int
    first: int
    last: int
    colours: tuple[Colour, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where the cells of a column lead to. tab: another tab's name; rows: of its frame, from 0, null for no link."""

    tab: str
    rows: pl.Series


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """A sheet of a workbook.

    frame: one column a Column, by position; names do not matter. links: heading -> where its cells lead to. freeze: the header
    stays in sight. filter: the header has
    filter buttons. marks: heading -> text of a cell -> the colour of that cell. hidden: not even listed among the hidden ones.
    """

    name: str
    columns: tuple[Column, ...]
    frame: pl.DataFrame
    freeze: bool = True
    links: Mapping[str, Link] = field(default_factory=dict)
    filter: bool = True
    marks: Mapping[str, Mapping[str, Colour]] = field(default_factory=dict)
    chart: Chart | None = None
    hidden: bool = False

    def __post_init__(self) -> None:
        if len(self.columns) != self.frame.width:
            raise ValueError(f"tab `{self.name}` declares {len(self.columns)} columns, its frame has {self.frame.width}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """A column ready to be written: where `numbers` is null, `texts` stands. cut, cleaned: how many texts were changed.

    plain: every text is written in XML as it stands.
    """

    texts: pl.Series
    numbers: pl.Series | None
    cut: int
    cleaned: int
    plain: bool


def as_cells(values: pl.Series, kind: Kind) -> Cells:
    """`values` as Excel can hold them; same length, same order. Takes text, numbers, bools, dates and datetimes."""
    text = values.cast(pl.String)
    numbers = None if kind == "text" else _numbers(values, text, kind)
    plain = values.dtype.is_numeric() or not text.str.contains(_ODD).any()
    clean_text = text if plain else text.str.replace_many(list(_SIGNS), list(_SIGNS.values()))
    fit = _cut(clean_text)
    cut, cleaned = _differing(fit, clean_text), _differing(clean_text, text)
    return Cells(texts=fit, numbers=numbers, cut=cut, cleaned=cleaned, plain=plain)


def clean(text: str) -> str:
    """`text` (a name, a heading, a property) as XML can carry it: signs for control characters and for lone surrogates."""
    return "".join(_SIGNS.get(c, "\ufffd" if "\ud800" <= c <= "\udfff" else c) for c in text)


def shortened(text: str) -> str:
    """`text` in at most MAX_CELL UTF-16 units, as Excel counts; what was cut is said at its end."""
    if len(text) + sum(c > "\uffff" for c in text) <= MAX_CELL:
        return text
    mark = f"… [cut: {len(text)} characters]"
    room = (MAX_CELL - len(mark)) * 2
    return text.encode("utf-16-le")[:room].decode("utf-16-le", errors="ignore") + mark


def tab_names(wanted: list[str]) -> list[str]:
    """Names that Excel accepts, in the same order: at most 31 characters, none of `[]:*?/\\`, no two alike in any case."""
    taken: set[str] = set()
    names = []
    for text in wanted:
        stem = re.sub(r"[\[\]:*?/\\]", " ", clean(text)).strip("' ") or "Sheet"
        stem = "History_" if stem.casefold() == "history" else stem
        name, nth = _fitting(stem, ""), 1
        while name.casefold() in taken:
            nth += 1
            name = _fitting(stem, f" ({nth})")
        taken.add(name.casefold())
        names.append(name)
    return names


def _fitting(stem: str, tail: str) -> str:
    units = stem.encode("utf-16-le")[: (MAX_NAME - len(tail)) * 2]
    return units.decode("utf-16-le", errors="ignore").rstrip("'") + tail


def _differing(one: pl.Series, other: pl.Series) -> int:
    return 0 if one is other else int((one != other).sum())


def _cut(text: pl.Series) -> pl.Series:
    # A text of n bytes has at most n UTF-16 units: only longer ones are looked at one by one.
    long = text.filter(text.str.len_bytes() > MAX_CELL).unique()
    return text.replace(long, pl.Series([shortened(cell) for cell in long], dtype=pl.String)) if len(long) else text


def _numbers(values: pl.Series, text: pl.Series, kind: Kind) -> pl.Series:
    """The cells that a number stands for exactly; the others are null. text: the values as text."""
    if kind in ("integer", "number") and values.dtype.is_integer():
        number = values.cast(pl.Float64)
        return pl.select(pl.when(number.abs() <= _LARGEST).then(number)).to_series()
    frame = pl.select(text=text)
    if kind in ("instant", "date"):
        serial = _instant_serial() if kind == "instant" else _date_serial()
        return frame.select(pl.when(serial.is_between(_FIRST_DAY, _LAST_DAY, closed="left")).then(serial))["text"]
    shape = _EXACT_INTEGER if kind == "integer" else _EXACT_NUMBER
    digits = pl.col("text").str.replace_all(r"[^0-9]", "").str.len_chars()
    exact = pl.col("text").str.contains(shape) & (digits <= 15)
    return frame.select(pl.when(exact).then(pl.col("text")).cast(pl.Float64, strict=False))["text"]


def _date_serial() -> pl.Expr:
    day = pl.col("text").str.to_datetime("%Y-%m-%d", time_unit="us", strict=False)
    return (day - _EPOCH).dt.total_days().cast(pl.Float64).alias("text")


def _instant_serial() -> pl.Expr:
    part = [pl.col("text").str.extract(_INSTANT, group) for group in range(7)]
    clock = pl.concat_str(part[1], pl.lit("T"), part[2], part[3].fill_null(":00"))
    naive = clock.str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False)
    minutes = part[5].cast(pl.Int64).fill_null(0) * 60 + part[6].cast(pl.Int64).fill_null(0)
    east = pl.when(part[4] == "-").then(-minutes).otherwise(minutes)
    utc = naive - pl.duration(minutes=east)
    return ((utc - _EPOCH).dt.total_seconds() / 86_400).alias("text")
