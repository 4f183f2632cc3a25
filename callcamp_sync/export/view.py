"""What an export shows: which columns under which headings, times on a person's clock, values with their types. Pure: no I/O.

In:  orders in canonical text (snapshot.existing_orders), the fields of the campaign.
Out: a StatusSheet, and its columns as text, as local times, or typed for programs.
Rule source: interface document, "Columns that need no mapping file" and "`_` columns of our own files are ignored".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

import polars as pl

from callcamp_sync.calls import SUMMARY
from callcamp_sync.errors import UsageError
from callcamp_sync.fields import FIELDS, Field, Home, Kind, fold_heading
from callcamp_sync.model import CampaignInfo
from callcamp_sync.values.times import read_zone

_WHOLE_SECONDS = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Shown:
    """A column of the sheet. name: for programs. source: the column of the orders frame that fills it."""

    name: str
    heading: str
    source: str
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSheet:
    """What was exported.

    orders: one row an order, all columns that could be read, in canonical text. columns: those that are shown. total: orders of
    the campaign, as the server counts them. complete: proved to be all of them. zone: the campaign's, null where it has none that
    is known. filters: in words. changes: memory.CHANGED. since: the export that they are counted from, null for none.
    offered: statuses that a sheet may ask for, as the server spells them. notices: sentences for people.
    """

    campaign: CampaignInfo
    host: str
    orders: pl.DataFrame
    columns: tuple[Shown, ...]
    total: int
    complete: bool
    zone: str | None
    taken_at: datetime
    filters: tuple[str, ...]
    changes: pl.DataFrame
    since: datetime | None
    offered: tuple[str, ...]
    notices: tuple[str, ...]

    @property
    def frame(self) -> pl.DataFrame:
        """The sheet as canonical text, under its headings."""
        return self.orders.select(**{shown.heading: pl.col(shown.source) for shown in self.columns})


def columns_of(orders: pl.DataFrame, fields: Sequence[Field]) -> tuple[Shown, ...]:
    """Every column that can be shown. What could not be read is left out: a blank would say more than is known."""
    found: list[Shown] = []
    taken: set[str] = set()
    for field in fields:
        source = source_of(field)
        if source in orders.columns and field.home is not Home.ROW:
            found.append(Shown(field.name, heading(field, taken), source, field.kind))
    called = [Shown(name, words, name, kind) for name, (words, kind) in SUMMARY.items() if name in orders.columns]
    return (*found, *called)


def source_of(field: Field) -> str:
    """The column of the orders frame in which a field stands."""
    names = {"phoneNumber": "phone", "status": "status_wire", "order_uuid": "order_uuid", "record_uuid": "record_uuid"}
    return names.get(field.name, f"have_{field.name}")


def heading(field: Field, taken: set[str]) -> str:
    """A heading that the import knows: the title, or the id where another field has that title already."""
    names = {fold_heading(alias) for known in FIELDS for alias in (known.title, *known.aliases)}
    own = field.title
    if field.home is Home.PARAMETER and (fold_heading(own) in names | taken or not own.strip() or own.startswith("_")):
        own = field.wire
    taken.add(fold_heading(own))
    return own


def chosen(columns: Sequence[Shown], wanted: Sequence[str]) -> tuple[Shown, ...]:
    """The columns that `wanted` names, in its order, by heading or name, without regard to case, spaces, `_` and `-`.

    Raises UsageError for a name that no column has.
    """
    known = {
        fold_heading(name): shown for shown in reversed(columns) for name in (shown.name, shown.name.removeprefix("parameters."))
    }
    known |= {fold_heading(shown.heading): shown for shown in columns}
    strange = [name for name in wanted if fold_heading(name) not in known]
    if strange:
        there = ", ".join(f"`{shown.heading}`" for shown in columns)
        raise UsageError(f"there is no column `{strange[0]}` to export", hint=f"there are {there}")
    return tuple(dict.fromkeys(known[fold_heading(name)] for name in wanted))


# --- times -----------------------------------------------------------------------------------------------------------


def known_zone(name: str | None) -> str | None:
    """The IANA name of a zone as the import knows it, else null."""
    return read_zone(name)[0] if name else None


def zones_of(orders: pl.DataFrame, zone: str | None) -> pl.Series:
    """For each order the zone in which an import will read its times: its own where that is known, else `zone`."""
    if "have_scheduledTimeTimezone" not in orders.columns:
        return pl.Series([zone] * orders.height, dtype=pl.String)
    own = orders["have_scheduledTimeTimezone"]
    distinct = own.drop_nulls().unique()
    known = pl.Series([known_zone(name) for name in distinct], dtype=pl.String)
    found = own.replace_strict(distinct, known, default=None, return_dtype=pl.String)
    return found.fill_null(zone) if zone else found


def local_times(instants: pl.Series, zones: pl.Series) -> pl.Series:
    """Canonical instants on the clock of each row's zone, without an offset where that is certain to be read as the same time.

    With their offset, behind a space: times that the clock shows twice, and times with a fraction; in UTC: those without a zone.
    Text that is no instant stays as it is. Same length, same order.
    """
    asked = pl.DataFrame({"instant": instants.cast(pl.String), "zone": zones.cast(pl.String)})
    distinct = asked.drop_nulls("instant").unique()
    placed = pl.Series("placed", [local_time(*pair) for pair in distinct.iter_rows()], dtype=pl.String)
    both = asked.join(distinct.hstack([placed]), on=["instant", "zone"], how="left", nulls_equal=True, maintain_order="left")
    return both["placed"].alias(instants.name)


def local_time(instant: str, zone: str | None) -> str:
    """One instant, as `local_times` has it."""
    try:
        moment = datetime.fromisoformat(instant)
        local = moment.astimezone(_rules(zone or "UTC"))
    except (ValueError, OverflowError):
        return instant
    if moment.tzinfo is None:
        return instant
    plain, offset = local.replace(tzinfo=None), local.utcoffset()
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    if zone is None:
        return f"{plain.isoformat(' ')} Z"
    if not twice and not plain.microsecond:
        return plain.isoformat()
    seconds = int(offset.total_seconds()) if offset is not None else 0
    if seconds % 60:  # before zones had whole minutes
        return instant
    sign = "-" if seconds < 0 else "+"
    return f"{plain.isoformat(' ')} {sign}{abs(seconds) // 3600:02}:{abs(seconds) // 60 % 60:02}"


@cache
def _rules(zone: str) -> ZoneInfo:
    return ZoneInfo(zone)


# --- for programs ----------------------------------------------------------------------------------------------------


def typed(sheet: StatusSheet, *, instants: bool) -> pl.DataFrame:
    """The shown columns under their names, as numbers, bools, dates and (where `instants`) UTC instants.

    A column in which one value is not of its kind stays text as a whole: nothing is lost, and no type depends on the row.
    """
    return pl.DataFrame([_typed(sheet.orders[s.source], s.kind, instants=instants).alias(s.name) for s in sheet.columns])


def _typed(text: pl.Series, kind: Kind, *, instants: bool) -> pl.Series:
    if kind is Kind.BOOL:
        read = text.replace_strict({"true": True, "false": False}, default=None, return_dtype=pl.Boolean)
    elif kind in (Kind.NUMBER, Kind.MONEY):
        read = text.cast(pl.Float64, strict=False)
        whole = text.cast(pl.Int64, strict=False)
        read = whole if whole.null_count() == text.null_count() else read
    elif kind is Kind.DATE:
        read = text.str.to_date("%Y-%m-%d", strict=False)
    elif kind is Kind.INSTANT and instants:
        read = text.str.to_datetime(_WHOLE_SECONDS, time_unit="us", strict=False).dt.replace_time_zone("UTC")
    else:
        return text
    return read if read.null_count() == text.null_count() else text
