"""What a job's file says of itself, and what its past means for this run. Pure: no I/O, no clock.

In:  a Subject and what it asks for, a Past, settings. Out: an Arrival, the Wishes of a job, the limits of the health gate.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from callcamp_sync import arrivals, missing
from callcamp_sync.diff import Difference
from callcamp_sync.model import Arrival, OnMissing
from callcamp_sync.night import Past
from callcamp_sync.planning import Subject
from callcamp_sync.rows import Desired
from callcamp_sync.settings import Settings
from callcamp_sync.sides import Wishes


def arrived(subject: Subject, desired: Desired) -> Arrival:
    """What a job's file says of itself, before it is compared with the campaign. A key that cannot be read counts as blank."""
    columns = {"phone": "phone", "order_uuid": "order_uuid", "record_uuid": "record_uuid"}
    keys = [columns.get(key, f"want_{key}") for key in desired.keys]
    blank = pl.all_horizontal([pl.col(key).is_null() for key in keys if key in desired.frame.columns])
    return Arrival(
        sha256=subject.sheet.info.sha256,
        rows=subject.sheet.info.rows,
        headings=subject.sheet.headings,
        blank_keys=desired.frame.filter(blank).height,
        phones=arrivals.pack(desired.frame["phone"].drop_nulls().unique()),
    )


def patient(wished: Wishes, arrival: Arrival, past: Past) -> Wishes:
    """The wishes of a job: an order without a row is taken out only after several good files."""
    return replace(wished, absences=past.absences, absent=past.absent, again=arrival.sha256 == past.sha256)


def compared(arrival: Arrival, difference: Difference, wished: Wishes) -> Arrival:
    """The arrival with the orders that this file lacks."""
    if wished.on_missing is OnMissing.KEEP:
        return arrival
    whole = difference.whole and wished.keep_because is None
    return replace(arrival, absent=missing.absent(difference.orders), whole=whole)


def allowed(settings: Settings) -> arrivals.Habits:
    """What the settings allow of a file that arrives."""
    return arrivals.Habits(**{name: getattr(settings, name) for name in arrivals.Habits.__dataclass_fields__})
