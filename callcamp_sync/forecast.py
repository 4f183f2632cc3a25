"""What carrying a plan out would take: requests, time, calls. Pure: no I/O, no clock.

In:  a Plan, the pace of an earlier run. Out: a Forecast; and of the outcomes, the calls that came of it.
Counted is what a run sends after its plan stands: one request a step; a look at order or contact right before what must not be
written blindly; the listings that links, releases and reading back need (with contacts and record type, where a field of theirs
changes). Nobody can foretell what the server refuses, throttles or loses, nor what changes meanwhile: by that a forecast is off.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from callcamp_sync.fields import FIELDS, Home
from callcamp_sync.model import Fate, Forecast, Outcome, Pace, Plan, Step, StepKind
from callcamp_sync.policy import may_have_two
from callcamp_sync.statuses import DO_NOT_CALL, RELEASING, fold_status

#: Items of a page of a listing.
_PAGE = 100

#: Seconds for which a listing may be relied on: releases within it are not looked at one by one.
_FRESH_SECONDS = 5.0

_OF_RECORD = frozenset(field.name for field in FIELDS if field.home is Home.RECORD) - {"name", "phoneNumber"}


def forecast(plan: Plan, pace: Pace | None) -> Forecast:
    """What carrying this plan out would take. pace: of an earlier run with this host and account; null when there was none."""
    return Forecast(requests=requests(plan, pace), calls=len(calling(plan.steps)), pace=pace)


def requests(plan: Plan, pace: Pace | None) -> int:
    """Requests from the first write to the last page that is read back; 0 where nothing is sent."""
    if not plan.steps:
        return 0
    kinds = [step.kind for step in plan.steps]
    orders = _pages(plan.total_orders + kinds.count(StepKind.CREATE) + sum(len(step.records) for step in plan.steps))
    listings = int(StepKind.RELEASE in kinds)
    if StepKind.ASSOCIATE in kinds:
        listings += 2 + (kinds.count(StepKind.ASSOCIATE) > 1)
    looks = sum(_looks(step) for step in plan.steps) + _late_looks(plan, pace)
    return sum(_sent(step) for step in plan.steps) + looks + listings * orders + _read_back(plan, orders)


def _read_back(plan: Plan, pages: int) -> int:
    """Requests of readback.py: a search for each number that is touched, where they are fewer than pages; else every page. Once
    more as many where a field of the contacts changes, and the record type. pages: of the campaign after the run."""
    phones: set[str | None] = {phone for step in plan.steps for _, _, phone in step.records}
    phones |= {step.phone for step in plan.steps if not step.records}
    whole = any(step.kind is StepKind.REMOVE or "phoneNumber" in step.body for step in plan.steps) or None in phones
    few = plan.complete and not whole and len(phones) < math.ceil(plan.total_orders / _PAGE)
    reads = len(phones) if few else pages
    return 2 * reads + 1 if any(_of_record(name) for name in plan.changes["field"].unique()) else reads


def calling(steps: Iterable[Step]) -> frozenset[str]:
    """The steps that put somebody in line for a call who was not."""
    return frozenset(
        step.id
        for step in steps
        if fold_status(str(step.body.get("status", ""))) in RELEASING
        and fold_status(str(step.expect.get("status") or "")) not in RELEASING
    )


def calls_caused(plan: Plan, outcomes: Iterable[Outcome]) -> int:
    """How many of the calls that the plan asks for came to stand in line."""
    asked = calling(plan.steps)
    return len({(one.step, one.row) for one in outcomes if one.step in asked and one.fate is Fate.DONE})


def _pages(items: int) -> int:
    return max(1, math.ceil(items / _PAGE))


def _of_record(name: str) -> bool:
    return name.startswith("parameters.") or name in _OF_RECORD


def _sent(step: Step) -> bool:
    """Whether the step sends its request: a release into the status in which orders start has nothing to say."""
    return step.kind is not StepKind.RELEASE or step.body.keys() != {"status"} or step.id in calling([step])


def _looks(step: Step) -> int:
    """Requests for order or contact right before the step. Releases are counted apart; Do Not Call never waits."""
    if step.kind is StepKind.UPDATE_RECORD:
        return 1
    if step.kind is StepKind.RELEASE or step.order_uuid is None or step.phone is None:
        return 0
    if step.kind is StepKind.UPDATE_ORDER and fold_status(str(step.body.get("status", ""))) == DO_NOT_CALL:
        return 0
    return 1 + may_have_two(step.phone) if step.kind is StepKind.REMOVE or "status" in step.body else 0


def _late_looks(plan: Plan, pace: Pace | None) -> int:
    """Requests before the releases that come when the listing is no longer fresh."""
    releases = [step.phone or "" for step in plan.steps if step.kind is StepKind.RELEASE]
    return sum(1 + may_have_two(phone) for phone in releases[int(_FRESH_SECONDS * pace.per_second) :]) if pace else 0
