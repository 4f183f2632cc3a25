"""The campaign read back after a run: all of it, or, where a run touched few of many, exactly those whom it touched.

In:  a Desk, a plan, the outcomes of its steps, and how the campaign stood right before the first write.
Out: the Books, and what could not be seen. I/O: network (reads).
A search per number replaces the second listing only where the first one was complete, nothing was removed, and each order that is
claimed is found by it: what a search does not show may be the search's fault, so then everything is listed after all.
Rule source: design, section 4, promise 7: the report claims nothing that was not read back.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import anyio
import polars as pl

from callcamp_sync import planning, reconcile, snapshot
from callcamp_sync.api.paging import PAGE_LIMIT
from callcamp_sync.bench import Desk
from callcamp_sync.errors import ExitCode, SyncError
from callcamp_sync.fields import FIELDS, Field, Home
from callcamp_sync.model import Fate, Outcome, Plan, Step, StepKind
from callcamp_sync.reconcile import Books

#: Record fields that the list of orders does not show.
_RECORD_FIELDS = frozenset(f.name for f in FIELDS if f.home is Home.RECORD) - {"name", "phoneNumber"}

#: How long a run that was interrupted may still take to read the campaign back.
_INTERRUPTED_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The campaign right before the first write of this run (snapshot.existing_orders), whether that was all of it, and how many
    of the outcomes are those of earlier runs of the same plan."""

    orders: pl.DataFrame
    complete: bool
    earlier: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _After:
    """What stands now, whether that is all, and sentences about what could not be seen."""

    orders: pl.DataFrame
    complete: bool
    unseen: tuple[str, ...] = ()


async def read_back(desk: Desk, plan: Plan, outcomes: Sequence[Outcome], before: Before) -> tuple[Books, tuple[str, ...]]:
    """Hold every claim against the campaign as it stands; without an answer the report says that nothing was read back."""
    if not reconcile.wants_read_back(plan.steps, outcomes):
        return reconcile.reconcile(plan, outcomes, None), ()
    hurry = _INTERRUPTED_SECONDS if desk.bench.stop.exit_code in (ExitCode.INTERRUPTED, ExitCode.TERMINATED) else math.inf
    try:
        with anyio.fail_after(hurry):
            after = await _few(desk, plan, outcomes, before) or await _all(desk, plan)
    except TimeoutError:
        words = f"the run was interrupted, and the campaign could not be read back in {_INTERRUPTED_SECONDS:.0f} s"
        return reconcile.reconcile(plan, outcomes, None), (words,)
    except SyncError as error:
        desk.bench.stop.because(error.message, error.exit_code)
        return reconcile.reconcile(plan, outcomes, None), (f"nothing could be read back afterwards: {error.message}",)
    drifted = () if after.complete else ("the campaign changed while it was read back: what was not seen there is not judged",)
    return reconcile.reconcile(plan, outcomes, after.orders, complete=after.complete), (*after.unseen, *drifted)


async def _all(desk: Desk, plan: Plan) -> _After:
    """The whole campaign, with the fields that the plan changes."""
    listing = await desk.client.list_orders(plan.campaign.uuid)
    names = _parameters(plan)
    if names is None:
        return _After(orders=snapshot.existing_orders(listing.frame, None, FIELDS), complete=listing.complete)
    fields = await _fields(desk, plan)
    try:
        records = await desk.client.list_records(campaign=plan.campaign.uuid, parameters=names)
    except SyncError as error:
        seen = snapshot.existing_orders(listing.frame, None, FIELDS)
        return _After(orders=seen, complete=listing.complete, unseen=(_blind(error),))
    return _After(orders=snapshot.existing_orders(listing.frame, records.frame, fields), complete=listing.complete)


async def _few(desk: Desk, plan: Plan, outcomes: Sequence[Outcome], before: Before) -> _After | None:
    """Those whom this run touched, searched one by one, among the others as they stood before; None where that is not enough."""
    phones = _touched(plan, outcomes[before.earlier :])
    names = _parameters(plan)
    # A plan that was made by a search has seen all that it is about, though not all of the campaign.
    searched = plan.searched is not None
    pages = math.ceil((plan.total_orders if searched else before.orders.height) / PAGE_LIMIT)
    if not (before.complete or searched) or phones is None or (names is not None and before.earlier):
        return None
    if not phones:  # All that is claimed was done by earlier runs, and listed since.
        return _After(orders=before.orders, complete=True)
    if len(phones) >= pages:
        return None
    uuid = plan.campaign.uuid
    listings = await planning.each(phones, lambda phone: desk.client.search_orders(uuid, phone))
    found = pl.concat([listing.frame for listing in listings]).unique("order_uuid", maintain_order=True)
    records: pl.DataFrame | None = None
    fields, unseen = list(FIELDS), ""
    if names is not None:
        fields = await _fields(desk, plan)
        try:
            held = await planning.each(phones, lambda phone: desk.client.search_records(phone, parameters=names, campaign=uuid))
            records = pl.concat([listing.frame for listing in held]).unique("record_uuid", maintain_order=True)
        except SyncError as error:
            unseen = _blind(error)
    now = snapshot.existing_orders(found, records, fields).filter(pl.col("phone").is_in(phones))
    claimed = {o.order_uuid for o in outcomes[before.earlier :] if o.fate is Fate.DONE and o.order_uuid}
    if not claimed <= set(now["order_uuid"]):
        return None
    others = before.orders.filter(
        ~pl.col("phone").is_in(phones).fill_null(value=False), ~pl.col("order_uuid").is_in(now["order_uuid"].implode())
    )
    return _After(orders=pl.concat([others, now], how="diagonal"), complete=True, unseen=(unseen,) if unseen else ())


def _touched(plan: Plan, outcomes: Sequence[Outcome]) -> list[str] | None:
    """The numbers of everyone to whom something was sent; None where a search could not tell what became of them."""
    steps = {step.id: step for step in plan.steps}
    phones: set[str] = set()
    for outcome in outcomes:
        step = steps.get(outcome.step)
        if step is None or not outcome.attempts:
            continue
        phone = _phone_of(step, outcome)
        if step.kind is StepKind.REMOVE or "phoneNumber" in step.body or phone is None or not phone.startswith("+"):
            return None
        phones.add(phone)
    return sorted(phones)


def _phone_of(step: Step, outcome: Outcome) -> str | None:
    if step.kind is StepKind.ASSOCIATE:
        return next((phone for row, _, phone in step.records if row == outcome.row), None)
    return step.phone


def _parameters(plan: Plan) -> list[str] | None:
    """The ids of the parameters that the plan changes; None where it changes nothing that only a record shows."""
    changed = set(plan.changes["field"].unique())
    if not any(name.startswith("parameters.") or name in _RECORD_FIELDS for name in changed):
        return None
    return sorted(name.removeprefix("parameters.") for name in changed if name.startswith("parameters."))


async def _fields(desk: Desk, plan: Plan) -> list[Field]:
    changed = set(plan.changes["field"].unique())
    record_type = await planning.read_type(desk.client, plan.campaign)
    return [*FIELDS, *(spec.field for spec in record_type.parameters if spec.field.name in changed)]


def _blind(error: SyncError) -> str:
    return f"the contacts could not be read back, so what was changed in them is not verified: {error.message}"
