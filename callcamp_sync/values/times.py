"""Dates, instants and time zones: one cell -> canonical text. Pure, but for the zone rules that zoneinfo reads; no clock.

In:  a stripped cell, the column's strftime formats, the zone for times without an offset.
Out: a Reading: a date as "2026-05-10", an instant as UTC "2026-05-10T14:30:00Z" (a fraction only where it is not zero).
A time that the zone's clocks skip, or show twice, is an issue, never a guess; so is 03/04/2026 without a format.
Rule source: ISO 8601; IANA zones; PEP 495 for gaps and folds.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from callcamp_sync.values.reading import Reading, good, wrong

_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ]00:00(?::00(?:\.0+)?)?(?:Z|[+-]00:?00)?)?", re.ASCII | re.IGNORECASE)
_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(?:[.,](\d{1,9}))?\s?(Z|UTC|[+-]\d{2}(?::?\d{2})?)?",
    re.ASCII | re.IGNORECASE,
)
_DAY_ONLY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_SLASHED = re.compile(r"\d{1,4}([/.-])\d{1,2}\1\d{1,4}(?!\d)", re.ASCII)
_SERIAL = re.compile(r"[1-9]\d{4}(?:\.\d+)?", re.ASCII)
_YEAR = re.compile(r"%[YyGcx]")
#: Names that stand in the zone database and mean no zone of their own.
_NO_ZONES = frozenset({"localtime", "Factory", "posixrules"})


def read_date(text: str, formats: tuple[str, ...]) -> Reading:
    """Read a date: by the formats, else ISO 8601, also with a midnight behind it as spreadsheets write it.

    Issue code: date-unreadable, with what is unclear.
    """
    moment = _by_format(text, formats)
    if moment is not None:
        return good(_day(moment))
    if iso := _DATE.fullmatch(text):
        try:
            return good(_day(date.fromisoformat(iso[1])))
        except ValueError:
            return wrong("date-unreadable", ": there is no such day")
    return wrong("date-unreadable", _unclear(text))


def _day(day: date) -> str:
    return f"{day.year:04}-{day.month:02}-{day.day:02}"


def _by_format(text: str, formats: tuple[str, ...]) -> datetime | None:
    """`text` by the first format that fits.

    A format without a year fits nothing, since it would mean 1900; nor does one with %Z, which knows the host's own zone only and
    drops it.
    """
    for form in formats:
        if _YEAR.search(form) and "%Z" not in form:
            try:
                return datetime.strptime(text, form)  # noqa: DTZ007 - whether a zone is named is the format's matter
            except (ValueError, re.error):  # the second comes from a format that names a part twice
                continue
    return None


def _unclear(text: str) -> str | None:
    """What is unclear about a text that is no ISO date."""
    if _INSTANT.fullmatch(text):
        return ": it has a time of day"
    if _SLASHED.match(text):
        return ": day and month could be either way round, so the format must be named"
    if _SERIAL.fullmatch(text):
        return ": it looks like a spreadsheet's day number; format the column as date"
    return None


def read_instant(text: str, formats: tuple[str, ...], zone: str | None) -> Reading:
    """Read a date and time: by the formats, else ISO 8601 with "T" or a space.

    zone: IANA name for times that carry no offset; an offset in the text outranks it.
    Issue codes: time-unreadable, time-no-zone, time-nonexistent, time-ambiguous (both with the zone).
    """
    moment = _by_format(text, formats)
    if moment is None:
        try:
            moment = _by_iso(text)
        except ValueError:
            return wrong("time-unreadable", ": there is no such time")
    if moment is None:
        missing = ": the time of day is missing" if _DAY_ONLY.fullmatch(text) else _unclear(text)
        return wrong("time-unreadable", missing)
    return _placed(moment, zone)


def _by_iso(text: str) -> datetime | None:
    """`text` as ISO 8601, or None where it is written otherwise. Raises ValueError for a day or time that does not exist."""
    iso = _INSTANT.fullmatch(text)
    if iso is None:
        return None
    fraction = f".{iso[3][:6].ljust(6, '0')}" if iso[3] else ""
    clock = iso[2] if iso[2].count(":") == 2 else iso[2] + ":00"
    if clock.startswith("24"):
        raise ValueError("Python from 3.14 on reads it as the next day")
    offset = (iso[4] or "").upper().replace("UTC", "Z")
    return datetime.fromisoformat(f"{iso[1]}T{clock}{fraction}{offset}")


def _placed(moment: datetime, zone: str | None) -> Reading:
    """`moment` as UTC text, by its own offset or by the zone."""
    if moment.tzinfo is None:
        rules = _rules(zone)
        if rules is None:
            return wrong("time-no-zone")
        early, late = moment.replace(tzinfo=rules, fold=0), moment.replace(tzinfo=rules, fold=1)
        before, after = early.utcoffset(), late.utcoffset()
        if before is not None and after is not None and before != after:
            return wrong("time-nonexistent" if before < after else "time-ambiguous", zone)
        moment = early
    try:
        return good(_utc(moment.astimezone(UTC)))
    except OverflowError:
        return wrong("time-unreadable", ": the year is out of range")


def _utc(moment: datetime) -> str:
    fraction = f".{moment.microsecond:06}".rstrip("0") if moment.microsecond else ""
    return f"{_day(moment)}T{moment.hour:02}:{moment.minute:02}:{moment.second:02}{fraction}Z"


def zone_names() -> frozenset[str]:
    """The zones that `read_zone` knows, as the database spells them."""
    return frozenset(_zones().values())


@cache
def _zones() -> dict[str, str]:
    """Case-folded name -> the database's spelling."""
    return {name.casefold(): name for name in available_timezones() - _NO_ZONES}


@cache
def _rules(zone: str | None) -> ZoneInfo | None:
    """The rules of a zone by its name in any case; None where there is no such zone."""
    name = _zones().get(zone.casefold()) if zone is not None else None
    return ZoneInfo(name) if name is not None else None


def read_zone(text: str) -> Reading:
    """Read an IANA time zone in any case. Issue code: timezone-unknown."""
    name = _zones().get(text.casefold())
    return good(name) if name is not None else wrong("timezone-unknown")
