"""What a listing says of steps whose end nobody knew: which are closed by it, and which must wait. Pure: no I/O.

In:  the journal's open steps of a campaign, its orders as they stand, the time. Out: settlements, and the people whose create or
     link may still arrive. A PATCH or DELETE names its order, so it cannot make a second one: the fresh diff decides anew.
Rule source: design, section 4, promise 3: nothing that may have been created is created again within the grace period.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from callcamp_sync.journal_rows import Pending
from callcamp_sync.model import Fate, StepKind
from callcamp_sync.policy import person_keys


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a step ended that an earlier run left open, and how that is known."""

    pending: Pending
    fate: Fate
    order_uuid: str | None
    note: str


def unsettled(pending: Sequence[Pending], orders: pl.DataFrame, now: datetime, grace_seconds: float) -> frozenset[str]:
    """Person keys of creates and links of earlier runs that nobody knows the end of, and that no order shows.

    A late request may still be carried out until the grace period is over, counted from the intent: until then none of
    these may be created again.
    """
    young = [
        p
        for p in pending
        if p.kind in (StepKind.CREATE, StepKind.ASSOCIATE) and (now - p.intent_at).total_seconds() < grace_seconds
    ]
    if not young:  # nearly every night: spared a pass over a million orders
        return frozenset()
    phones = {phone for p in young for phone in (p.phone, *(contact for _, _, contact in p.records)) if phone}
    return person_keys(phones - frozenset(orders["phone"].drop_nulls()))


def settlements(
    pending: Sequence[Pending], orders: pl.DataFrame, *, complete: bool, now: datetime, grace_seconds: float
) -> list[Settlement]:
    """What a listing says of the steps whose end nobody knew. Steps that it cannot settle are left out.

    A PATCH or DELETE by id is closed in any case: the same listing decides whether it is still wanted, and it cannot be doubled.
    """
    if not pending:
        return []
    by_phone = _first(orders, "phone")
    by_record = _first(orders, "record_uuid")
    standing = frozenset(orders["order_uuid"])
    found: list[Settlement] = []
    for one in pending:
        over = complete and (now - one.intent_at).total_seconds() >= grace_seconds
        if one.kind is StepKind.ASSOCIATE:
            for contact in one.records:
                found += _settled(replace(one, records=(contact,)), by_record.get(contact[1]), over=over)
        elif one.kind is StepKind.CREATE:
            found += _settled(one, by_phone.get(one.phone or ""), over=over)
        elif one.kind is StepKind.REMOVE and complete and one.order_uuid not in standing:
            found.append(Settlement(one, Fate.DONE, one.order_uuid, "the order is gone"))
        else:
            found.append(Settlement(one, Fate.NOT_ATTEMPTED, one.order_uuid, "compared anew with a listing"))
    return found


def _settled(one: Pending, order: str | None, *, over: bool) -> list[Settlement]:
    if order is not None:
        return [Settlement(one, Fate.DONE, order, "found in a later listing")]
    return [Settlement(one, Fate.NOT_ATTEMPTED, None, "absent after the grace period")] if over else []


def _first(orders: pl.DataFrame, key: str) -> dict[str, str]:
    """key -> an order that has it."""
    return dict(orders.filter(pl.col(key).is_not_null()).unique(key, keep="first").select(key, "order_uuid").iter_rows())
