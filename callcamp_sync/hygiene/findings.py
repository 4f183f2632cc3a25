"""What is odd about a campaign: frames in, one frame of findings out. Pure: no I/O.

In:  orders as snapshot.existing_orders has them: of this campaign, and of the others with `campaign` (its name) beside; contacts
     as the API room lists them; the ledger.
Out: SHAPE, one line for each order or contact that a finding is about, by finding in the order of KINDS, then by number.
Persons are compared by policy.person_key, so that two numbers of one subscriber are one person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from callcamp_sync import phones
from callcamp_sync.issues import render
from callcamp_sync.policy import is_group, person_key
from callcamp_sync.statuses import DO_NOT_CALL, Group

#: Finding -> (heading, what it means, what to do).
KINDS: Mapping[str, tuple[str, str, str]] = {
    "double-order": (
        "Several orders for one person",
        "the same person stands in the campaign more than once, and may be called more than once",
        "keep one; put `remove` or `cancel` into the column `Action` of the others in an export, and sync that",
    ),
    "number-unreadable": (
        "No number",
        "the order's phone is no number that can be dialled",
        "correct the number in an export and sync it, or take the order out",
    ),
    "planned-elsewhere": (
        "Planned in two campaigns",
        "the same person will be called by this campaign and by another one",
        "decide which campaign calls; cancel the order of the other one",
    ),
    "do-not-call-elsewhere": (
        "Do Not Call elsewhere",
        "the person said Do Not Call in another campaign or stands in the ledger, and can still be called here",
        "`callcamp-sync dnc import FILE.xlsx#do-not-call-elsewhere` keeps every campaign from it; set Do Not Call here, too",
    ),
    "contact-without-order": (
        "Contact without an order",
        "the contact has this campaign's record type and no order in any campaign that was read",
        "link it (a row with its Record ID), or delete it in Callcamp",
    ),
}

#: The columns of a finding, all text.
SHAPE = (
    *("finding", "phone", "name", "status", "order_uuid", "record_uuid"),
    *("other_campaign", "other_status", "other_order_uuid", "detail"),
)

_PERSON = "person"
_SHAPED = r"^\+?[1-9]\d{6,14}$"
#: In these an order may still lead to a call, or nobody knows.
_OPEN = (Group.QUIET, Group.CALLABLE, Group.RUNNING, Group.UNKNOWN)
_CALLING = (Group.CALLABLE, Group.RUNNING)


def found(orders: pl.DataFrame, others: pl.DataFrame, contacts: pl.DataFrame | None, never: Mapping[str, str]) -> pl.DataFrame:
    """Every finding. contacts: null where they could not be read. never: E.164 of the ledger -> where it has it from."""
    here = _persons(orders)
    there = _persons(others)
    parts = [
        _doubles(here),
        _unreadable(here),
        _planned_twice(here, there),
        _never(here, there, never),
        *([_orderless(contacts, orders, others)] if contacts is not None else []),
    ]
    return pl.concat([_fit(part) for part in parts])


def empty_others(orders: pl.DataFrame) -> pl.DataFrame:
    """No order of any other campaign, in the form that `found` takes."""
    return orders.clear().with_columns(campaign=pl.lit(None, dtype=pl.String))


def _persons(orders: pl.DataFrame) -> pl.DataFrame:
    """Orders whose phone has the shape of a number have a person, even if it cannot be dialled (any more); others have none."""
    texts = orders["phone"].drop_nulls().unique()
    read = phones.normalise_phones(texts, None)
    known = pl.DataFrame({"phone": texts, "code": read["code"], "why": read["detail"]})
    both = orders.join(known, on="phone", how="left", maintain_order="left")
    shaped = pl.col("phone").str.contains(_SHAPED)
    return both.with_columns(pl.when(shaped).then(person_key(pl.col("phone"))).alias(_PERSON))


def _doubles(here: pl.DataFrame) -> pl.DataFrame:
    times = here.filter(pl.col(_PERSON).is_not_null()).with_columns(times=pl.len().over(_PERSON)).filter(pl.col("times") > 1)
    return times.sort(_PERSON, maintain_order=True).with_columns(
        finding=pl.lit("double-order"), detail=pl.format("the person stands there {} times", "times")
    )


def _unreadable(here: pl.DataFrame) -> pl.DataFrame:
    wrong = here.filter(pl.col("phone").is_null() | pl.col("code").is_not_null())
    words = [
        "there is no number" if cell is None else render(code, heading="Phone", cell=cell, detail=why)[0]
        for cell, code, why in wrong.select("phone", "code", "why").iter_rows()
    ]
    return wrong.with_columns(finding=pl.lit("number-unreadable"), detail=pl.Series(words, dtype=pl.String))


def _planned_twice(here: pl.DataFrame, there: pl.DataFrame) -> pl.DataFrame:
    status = pl.col("status")
    planned = there.filter(is_group(status, *_CALLING) & pl.col(_PERSON).is_not_null())
    both = here.filter(is_group(status, *_CALLING)).join(_other(planned), on=_PERSON, how="inner", maintain_order="left_right")
    return both.with_columns(finding=pl.lit("planned-elsewhere"))


def _never(here: pl.DataFrame, there: pl.DataFrame, never: Mapping[str, str]) -> pl.DataFrame:
    """Orders that may lead to a call, of persons who must not be called, each with every place that says so."""
    said = _other(there.filter((pl.col("status") == DO_NOT_CALL) & pl.col(_PERSON).is_not_null()))
    ledger = pl.DataFrame(
        {"phone": list(never), "detail": list(never.values())}, schema={"phone": pl.String, "detail": pl.String}
    )
    entered = ledger.select(person_key(pl.col("phone")).alias(_PERSON), pl.format("the ledger: {}", "detail").alias("detail"))
    open_ = here.filter(is_group(pl.col("status"), *_OPEN))
    both = pl.concat([said, entered.unique(_PERSON, keep="first", maintain_order=True)], how="diagonal")
    return open_.join(both, on=_PERSON, how="inner", maintain_order="left_right").with_columns(
        finding=pl.lit("do-not-call-elsewhere")
    )


def _orderless(contacts: pl.DataFrame, orders: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    taken = pl.concat([orders["record_uuid"], others["record_uuid"]]).drop_nulls().unique()
    alone = contacts.filter(~pl.col("record_uuid").is_in(taken.implode()))
    return alone.select(
        "record_uuid",
        finding=pl.lit("contact-without-order"),
        phone=pl.coalesce(phones.read_e164(alone["phoneNumber"]).alias("phone"), alone["phoneNumber"]),
        have_name="name",
        detail=pl.format("made {}", pl.col("createdAt")),
    )


def _other(orders: pl.DataFrame) -> pl.DataFrame:
    return orders.select(
        _PERSON, other_campaign="campaign", other_status=pl.coalesce("status_wire", "status"), other_order_uuid="order_uuid"
    )


def _fit(part: pl.DataFrame) -> pl.DataFrame:
    """A part in SHAPE: the status as the server spells it, what it lacks null."""
    renamed = part.with_columns(
        *([pl.coalesce("status_wire", "status").alias("status")] if "status_wire" in part.columns else []),
        *([pl.col("have_name").alias("name")] if "have_name" in part.columns else []),
    )
    return renamed.select(
        (pl.col(name) if name in renamed.columns else pl.lit(None, dtype=pl.String).alias(name)).cast(pl.String) for name in SHAPE
    )


def counts(findings: pl.DataFrame) -> dict[str, int]:
    """Finding -> lines, every kind in the order of KINDS."""
    seen: Sequence[str] = findings["finding"].to_list()
    return {kind: seen.count(kind) for kind in KINDS}
