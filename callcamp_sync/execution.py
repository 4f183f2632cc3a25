"""Steps -> outcomes, concurrently: data first, then creates and links, then a second look, then releases, removals last.

In:  a plan that passed its guards, the campaign's orders as they stand right now, a Sender.
Out: one Outcome for each step (for a link, one for each contact): every step ends in exactly one, whatever happens.
     A step whose order changed since the plan is DRIFTED; the others go on. When the run is stopped (a signal, a token that is
     no longer accepted, a server that is gone), what was not sent is NOT_ATTEMPTED.
Rule source: design, section 4, promises 1, 3 and 5. I/O: network through the Sender; sleeping through anyio.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import anyio
import polars as pl

from callcamp_sync import drift, snapshot
from callcamp_sync.api.retry import THROTTLES
from callcamp_sync.errors import SyncError, ungrouped
from callcamp_sync.linking import Links
from callcamp_sync.model import Fate, Outcome, Plan, Step, StepKind
from callcamp_sync.policy import person_key
from callcamp_sync.sending import not_sent
from callcamp_sync.statuses import DO_NOT_CALL, Group, fold_status, group_of
from callcamp_sync.steps import LEAVING
from callcamp_sync.tally import Tally

#: How long a listing may be relied on for the orders that were made just before it, in seconds.
_FRESH_SECONDS = 5.0

_NOT_CLEAN = "not everything before went well, and removals come last"


@dataclass(slots=True)
class Run:
    """One application of a plan.

    standing: snapshot.existing_orders of a listing made right before. never: person keys of everyone who is known by now as
    not to be called; marked: those who became known since. unsettled: those that an earlier run may have created, its grace
    period not being over. learned: told the status in which linked contacts start.
    """

    plan: Plan
    tally: Tally
    standing: pl.DataFrame
    never: frozenset[str]
    unsettled: frozenset[str]
    settle_seconds: float
    learned: Callable[[str], None] = lambda _: None
    marked: Callable[[], frozenset[str]] = frozenset
    _listed_at: float = -_FRESH_SECONDS

    async def carry_out(self) -> list[Outcome]:
        """Send what the plan says, in its phases."""
        steps = self._undrifted()
        by_kind = {kind: [step for step in steps if step.kind is kind] for kind in StepKind}
        await self._data(by_kind[StepKind.UPDATE_RECORD], by_kind[StepKind.UPDATE_ORDER])
        await self.tally.each(by_kind[StepKind.CREATE], self._send)
        await self._links().carry_out(by_kind[StepKind.ASSOCIATE])
        await self._settle(by_kind[StepKind.CREATE])
        await self._releases(by_kind[StepKind.RELEASE])
        await self._leave([step for step in steps if step.kind in LEAVING])
        await self.tally.sender.journal.flush()
        return self.tally.outcomes

    def _links(self) -> Links:
        return Links(
            plan=self.plan,
            tally=self.tally,
            standing=self.standing,
            never=self.never | self.marked(),
            unsettled=self.unsettled,
            settle_seconds=self.settle_seconds,
            release=self._releases,
            learned=self.learned,
        )

    def _undrifted(self) -> list[Step]:
        """The steps that may be sent; the others end here."""
        found = drift.drifted(self.plan.steps, self.standing, never=self.never, unsettled=self.unsettled)
        for step in self.plan.steps:
            if step.id in found:
                for outcome in not_sent(step, Fate.DRIFTED, found[step.id]):
                    self.tally.take(self.tally.sender.note(outcome))
        return [step for step in self.plan.steps if step.id not in found]

    # --- one step ------------------------------------------------------------------------------------------------------

    async def _send(self, step: Step) -> None:
        """Look, then send. A status that the server would not take yet is looked at again before it is sent again."""
        for attempt in range(THROTTLES):
            why = self._marked_meanwhile(step) or await self._changed(step, again=attempt > 0)
            if why is not None:
                self.tally.give_up(step, Fate.DRIFTED, why)
                return
            outcome = await self.tally.sender.send(step)
            if outcome.fate is not Fate.NOT_ATTEMPTED or outcome.http_status != 429:
                break
        self.tally.take(outcome)

    def _marked_meanwhile(self, step: Step) -> str | None:
        """Why a step may not be sent whose number went into the ledger while the run was on: it may go on for hours."""
        marked = self.marked()
        if not marked or drift.sets_never(step):
            return None
        people = drift.person_keys_of((step.phone, step.expect.get("phone"))).values()
        return None if marked.isdisjoint(people) else drift.NEVER

    async def _changed(self, step: Step, *, again: bool) -> str | None:
        """Why the order's status may not be written, nor the order removed, any more: minutes may have passed since the listing.

        One search before each such write, two where the person may have another number. A release's first attempt is spared it
        while the listing that it stands on is fresh.
        """
        writes = step.kind is StepKind.REMOVE or "status" in step.body
        if step.order_uuid is None or step.phone is None or not writes or drift.sets_never(step):
            return None
        if step.kind is StepKind.RELEASE and not again and anyio.current_time() - self._listed_at < _FRESH_SECONDS:
            return None
        orders = await self.tally.sender.orders_of_person(step.phone)
        if (orders["status"] == DO_NOT_CALL).any():
            return drift.NEVER
        now = drift.by_id(orders)
        return drift.difference(step, now) if step.order_uuid in now else None

    # --- the phases ----------------------------------------------------------------------------------------------------

    async def _data(self, records: Sequence[Step], orders: Sequence[Step]) -> None:
        """Contact data, then the order's properties: the number is right before the status can lead to a call."""
        await self.tally.each(records, self._send)
        ended = {outcome.step: outcome for outcome in self.tally.outcomes if outcome.kind is StepKind.UPDATE_RECORD}

        async def send(step: Step) -> None:
            before = ended.get(step.after or "")
            if before is not None and before.fate is not Fate.DONE:
                self.tally.give_up(step, Fate.NOT_ATTEMPTED, "the contact could not be updated before")
            else:
                await self._send(step)

        await self.tally.each(orders, send)

    async def _settle(self, creates: Sequence[Step]) -> None:
        """Creates without an answer: wait, look the exact number up, adopt an order that did not stand before."""
        phones = {step.id: step.phone for step in creates}
        lost = [one for one in self.tally.outcomes if one.step in phones and one.fate is Fate.UNKNOWN]
        if not lost or self.tally.sender.client.broken is not None:
            return
        await anyio.sleep(self.settle_seconds)
        limiter = anyio.CapacityLimiter(self.tally.workers)

        async def settle(outcome: Outcome) -> None:
            async with limiter:
                found = await self._appeared(phones[outcome.step])
            if found is not None and found.height == 1:
                self.tally.replace(outcome, replace(outcome, order_uuid=found["order_uuid"][0], fate=Fate.DONE, error=None))
            elif found is not None and found.height > 1:
                said = f"the number stands there {found.height} times: {', '.join(found['order_uuid'])}"
                self.tally.replace(outcome, replace(outcome, error=said))

        async with anyio.create_task_group() as group:
            for outcome in lost:
                group.start_soon(settle, outcome)

    async def _appeared(self, phone: str | None) -> pl.DataFrame | None:
        """Orders for the number that did not stand when the plan was made; null when that cannot be seen."""
        if phone is None or self.tally.sender.client.broken is not None:
            return None
        try:
            orders = await self.tally.sender.orders_of(phone)
        except SyncError:
            return None
        return orders.filter(~pl.col("order_uuid").is_in(self.plan.seen_orders.implode()))

    async def _releases(self, steps: Sequence[Step]) -> None:
        """List again; release what stands there exactly once, with one PATCH that carries properties and status.

        A release that has an outcome already (of a canary) is not sent again.
        """
        ended = {outcome.step for outcome in self.tally.outcomes if outcome.kind is StepKind.RELEASE}
        made = self.tally.fates(StepKind.CREATE, StepKind.ASSOCIATE)
        ready = [step for step in steps if step.id not in ended and self._is_made(step, made)]
        if not ready:
            return
        reason = self.tally.stopped()
        try:
            orders = await self._standing_now(ready) if reason is None else self.standing.clear()
        except SyncError as error:
            reason = f"the campaign could not be listed again: {error.message}"
        if reason is not None:
            for step in ready:
                self.tally.give_up(step, Fate.NOT_ATTEMPTED, reason)
            return
        times = dict(orders.group_by(person=person_key(pl.col("phone"))).len().iter_rows())
        status = dict(orders.select("order_uuid", "status_wire").iter_rows())
        people = drift.person_keys_of(step.phone for step in ready)

        async def release(step: Step) -> None:
            await self._release(step, made[step.rows[0]], times.get(people.get(step.phone or ""), 0), status)

        await self.tally.each(ready, release)

    async def _standing_now(self, steps: Sequence[Step]) -> pl.DataFrame:
        """The orders that stand now for the numbers of these steps: by a whole listing, or by a search each if it drifts."""
        sender = self.tally.sender
        listing = await sender.client.list_orders(self.plan.campaign.uuid)
        self._listed_at = anyio.current_time()
        if listing.complete:
            return snapshot.existing_orders(listing.frame, None, ())
        found: list[pl.DataFrame] = []
        limiter = anyio.CapacityLimiter(self.tally.workers)

        async def search(phone: str) -> None:
            async with limiter:
                found.append(await sender.orders_of(phone))

        with ungrouped():
            async with anyio.create_task_group() as group:
                for phone in {step.phone for step in steps if step.phone}:
                    group.start_soon(search, phone)
        return pl.concat(found).unique("order_uuid") if found else self.standing.clear()

    def _is_made(self, step: Step, made: dict[int, Outcome]) -> bool:
        outcome = made.get(step.rows[0])
        if outcome is not None and outcome.fate is Fate.DONE:
            return True
        self.tally.give_up(step, Fate.NOT_ATTEMPTED, "the contact is not in the campaign yet")
        return False

    async def _release(self, step: Step, made: Outcome, times: int, status: dict[str, str]) -> None:
        """Release one order. times: how often its number stands in the campaign. status: order id -> as the server spells it."""
        order = made.order_uuid or ""
        found = status.get(order)
        if times != 1 or order not in status:
            why = f"the number stands {times} times in the campaign" if times > 1 else drift.GONE
            self.tally.give_up(step, Fate.HELD, f"not released: {why}")
            return
        if group_of(found) not in (Group.QUIET, Group.CALLABLE):
            self.tally.give_up(step, Fate.DRIFTED, f"not released: the order is `{found}` by now")
            return
        stands = fold_status(str(step.body.get("status", found))) == fold_status(found or "")
        body = {name: value for name, value in step.body.items() if name != "status" or not stands}
        if body:
            await self._send(replace(step, order_uuid=order, body=body, expect={"status": found, "phone": step.phone}))
        else:
            self.tally.take(replace(not_sent(step, Fate.DONE, "")[0], order_uuid=order, error=None))

    async def _leave(self, steps: Sequence[Step]) -> None:
        """What takes orders out comes last: what rows ask for themselves, then, after a clean run only, orders without a row.

        A row that asks to be canceled must not be called because another row failed; an order that is merely absent can wait.
        """
        asked, absent = [s for s in steps if s.rows], [s for s in steps if not s.rows]
        await self.tally.each(asked, self._send)
        clean = all(outcome.fate in (Fate.DONE, Fate.DRIFTED) for outcome in self.tally.outcomes)
        if not clean and self.tally.stopped() is None:
            for step in absent:
                self.tally.give_up(step, Fate.NOT_ATTEMPTED, _NOT_CLEAN)
            return
        await self.tally.each(absent, self._send)
