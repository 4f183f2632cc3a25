"""What changed between plan and sending: each step's precondition, held against the campaign as it stands. Pure: no I/O.

In:  a plan's steps, the orders as they stand (snapshot.existing_orders), who must not be called, what is unsettled.
Out: step id -> a sentence why it may not be sent any more. One drifted step of a row takes the row's others along.
Rule source: design, section 4, promises 1 to 3; a status, a number, a property that the plan saw must still stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from callcamp_sync.model import Step, StepKind
from callcamp_sync.policy import person_key
from callcamp_sync.statuses import DO_NOT_CALL, fold_status

GONE = "the order is no longer in the campaign"
NEVER = "the number was marked Do Not Call since the plan was made"

_UNSETTLED = "an earlier run sent this contact and got no answer, and its grace period is not over"
_APPEARED = "an order for this number appeared since the plan was made"
_TAKEN = "another order has this number since the plan was made"

#: An order as a row of snapshot.existing_orders.
OrderRow = Mapping[str, str | None]


def drifted(steps: Sequence[Step], standing: pl.DataFrame, *, never: frozenset[str], unsettled: frozenset[str]) -> dict[str, str]:
    """Step id -> what is no longer as the plan expected it.

    never: person keys of everyone who is known by now as not to be called. unsettled: those that an earlier run may have created.
    """
    if not steps:
        return {}
    orders = by_id(standing.filter(pl.col("order_uuid").is_in([step.order_uuid for step in steps if step.order_uuid])))
    people = person_keys_of(phone for step in steps for phone in (step.phone, step.expect.get("phone")))
    owners = _owners(standing)
    found: dict[str, str] = {}
    for step in steps:
        why = difference(step, orders) or _about_the_number(step, people, owners, never, unsettled)
        if why is not None:
            found[step.id] = why
    rows = {row: found[step.id] for step in steps if step.id in found for row in step.rows}
    return found | {step.id: rows[step.rows[0]] for step in steps if len(step.rows) == 1 and step.rows[0] in rows}


def difference(step: Step, orders: Mapping[str, OrderRow]) -> str | None:
    """Why what the plan saw of the step's own order no longer holds; null when it does, and for steps without an order."""
    if step.order_uuid is None:
        return None
    if step.order_uuid not in orders:
        return GONE
    order = orders[step.order_uuid]
    status, phone = order["status"], order["phone"]
    expected = step.expect.get("status")
    if expected is not None and fold_status(expected) != status:
        return f"the order went from `{expected}` to `{status}` since the plan was made"
    if step.expect.get("phone") is not None and phone not in (step.expect["phone"], step.phone):
        return "the order has another phone number since the plan was made"
    edited = [name for name, old in step.expect.items() if name.startswith("have_") and name in order and order[name] != old]
    return f"somebody changed `{edited[0].removeprefix('have_')}` since the plan was made" if edited else None


def sets_never(step: Step) -> bool:
    """Whether the step marks its order Do Not Call: the one thing that may be done to such a number."""
    return step.kind is StepKind.UPDATE_ORDER and fold_status(str(step.body.get("status", ""))) == DO_NOT_CALL


def by_id(orders: pl.DataFrame) -> dict[str, OrderRow]:
    """Order id -> its row."""
    return {str(order["order_uuid"]): order for order in orders.iter_rows(named=True)}


def person_keys_of(phones: Iterable[str | None]) -> dict[str, str]:
    """Phone -> person key."""
    frame = pl.DataFrame({"phone": [phone for phone in phones if phone]}, schema={"phone": pl.String})
    return dict(frame.select("phone", person=person_key(pl.col("phone"))).iter_rows())


def _owners(standing: pl.DataFrame) -> dict[str, list[str]]:
    """Person key -> the orders that stand for that person."""
    owned = standing.select("order_uuid", person=person_key(pl.col("phone"))).drop_nulls()
    return dict(owned.group_by("person").agg("order_uuid").iter_rows())


def _about_the_number(
    step: Step, people: Mapping[str, str], owners: Mapping[str, list[str]], never: frozenset[str], unsettled: frozenset[str]
) -> str | None:
    """Why the step's number may not be written to, or brought in, any more."""
    person, before = (people.get(phone or "") for phone in (step.phone, step.expect.get("phone")))
    if {person, before} & never and not sets_never(step):
        return NEVER
    if "absent" in step.expect and person in unsettled:
        return _UNSETTLED
    if "absent" in step.expect and owners.get(person or ""):
        return _APPEARED
    moves = step.kind is StepKind.UPDATE_RECORD and "phoneNumber" in step.body
    return _TAKEN if moves and set(owners.get(person or "", [])) - {step.order_uuid} else None
