"""What the diff is given: the sheet, the campaign, which row means which order, and what the run may do.

Pure: no I/O; the clock is an argument.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from callcamp_sync.model import Mode, OnMissing
from callcamp_sync.policy import person_key
from callcamp_sync.rules import Rule
from callcamp_sync.statuses import REGISTERED


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the run may do.

    never: person keys of everyone who must not be called. initial_status: of new contacts. on_missing: KEEP outside mode
    `mirror`. keep_because: why no order without a row may be touched this time (an incomplete listing), null when it may.
    unsettled: person keys that an earlier run may have created, its grace period not being over. link_start: the status in which
    linked contacts started in an earlier run of this campaign, null when none is known. absences: good files in a row, this one
    counted, that an order without a row must be absent from before it is taken out; absent: order uuid -> earlier ones; again:
    this file is the last of them once more, and counts no second time.
    """

    mode: Mode
    on_missing: OnMissing
    reopen: bool
    now: datetime
    never: frozenset[str]
    initial_status: str = REGISTERED
    keep_because: str | None = None
    unsettled: frozenset[str] = frozenset()
    link_start: str | None = None
    absences: int = 1
    absent: Mapping[str, int] = field(default_factory=dict)
    again: bool = False

    def is_never(self, phone: pl.Expr) -> pl.Expr:
        """Whether a number belongs to someone who must not be called; false where there is no number."""
        return _among(phone, self.never)

    def is_unsettled(self, phone: pl.Expr) -> pl.Expr:
        """Whether an earlier run may have created this number, and it cannot be known yet."""
        return _among(phone, self.unsettled)


def _among(phone: pl.Expr, people: frozenset[str]) -> pl.Expr:
    return person_key(phone).is_in(pl.Series(list(people), dtype=pl.String).implode()).fill_null(value=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Both sides of the comparison.

    desired: Desired.frame. orders, contacts: see snapshot. matched, linked: see matching. needed: issues that count only for a
    new contact; needed_unmapped: required parameters that no column feeds. visible: names of readable fields.
    """

    desired: pl.DataFrame
    orders: pl.DataFrame
    contacts: pl.DataFrame
    matched: pl.DataFrame
    linked: pl.DataFrame
    rules: Sequence[Rule]
    needed: pl.DataFrame
    needed_unmapped: Sequence[str]
    visible: frozenset[str]
