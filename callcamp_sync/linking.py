"""Contacts that exist are linked to the campaign: one canary, read back, then batches; a listing tells what became of each.

In:  associate steps, the tally, the orders as they stand, who must not be called. Out: an outcome for each contact.
The vendor's answer to a link names no orders, and the status that they start in is unknown until one was read back: where it
leads to a call that the sheet does not ask for, the canary is calmed at once and the rest is held.
I/O: network through the Sender.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import anyio
import polars as pl

from callcamp_sync import snapshot
from callcamp_sync.api.wire import Reply
from callcamp_sync.drift import NEVER, person_keys_of
from callcamp_sync.errors import SyncError
from callcamp_sync.model import Fate, Outcome, Plan, Step, StepKind
from callcamp_sync.policy import person_key
from callcamp_sync.sending import not_sent
from callcamp_sync.statuses import Group, group_of
from callcamp_sync.tally import Tally

#: (row, record id, phone) of one contact.
Contact = tuple[int, str, str]

#: What a link may start in. Anything else is what somebody, or a call, has made of the canary since: no rule for later runs.
_STARTS = (Group.QUIET, Group.CALLABLE, Group.ENDED)

_TWIN = "an order of the campaign has this number already, or an earlier run may have made one"


@dataclass(slots=True)
class Links:
    """The links of one application. release: sends the releases of the given rows at once. learned: told what links start in."""

    plan: Plan
    tally: Tally
    standing: pl.DataFrame
    never: frozenset[str]
    unsettled: frozenset[str]
    settle_seconds: float
    release: Callable[[Sequence[Step]], Awaitable[None]]
    learned: Callable[[str], None]

    async def carry_out(self, steps: Sequence[Step]) -> None:
        """Link the contacts of these steps: the first of those that may be linked alone, then the others."""
        updated = self.tally.fates(StepKind.UPDATE_RECORD)
        batches = [batch for batch in (self._linkable(step, updated) for step in steps) if batch.records]
        if not batches:
            return
        # Whoever was to be first may be gone by now: the first batch gives its first contact, never all of them.
        canary, others = narrowed(batches[0], batches[0].records[:1]), narrowed(batches[0], batches[0].records[1:])
        rest = [batch for batch in (others, *batches[1:]) if batch.records]
        await self._link_all([canary])
        start = await self._start_of(canary, rest)
        if start is None:
            return
        if group_of(start) in _STARTS:
            self.learned(start)
        asked = self._asked()
        if _risky(start, asked.get(canary.records[0][0])):
            await self.release([s for s in self.plan.steps if s.kind is StepKind.RELEASE and s.rows == canary.rows])
        await self._link_all([self._fitting(step, start, asked) for step in rest])

    def _linkable(self, step: Step, updated: Mapping[int, Outcome]) -> Step:
        """The batch without contacts that may not be linked any more; each of those gets its outcome here."""
        people = person_keys_of(phone for _, _, phone in step.records)
        taken = frozenset(self.standing.select(person=person_key(pl.col("phone")))["person"].drop_nulls())
        stopped: dict[tuple[Fate, str], list[Contact]] = {}
        going: list[Contact] = []
        for contact in step.records:
            row, _, phone = contact
            person = people.get(phone)
            if person in self.never:
                stopped.setdefault((Fate.DRIFTED, NEVER), []).append(contact)
            elif person in taken or person in self.unsettled:
                stopped.setdefault((Fate.HELD, _TWIN), []).append(contact)
            elif row in updated and updated[row].fate is not Fate.DONE:
                stopped.setdefault((Fate.NOT_ATTEMPTED, "the contact could not be updated before"), []).append(contact)
            else:
                going.append(contact)
        for (fate, why), contacts in stopped.items():
            self.tally.give_up(narrowed(step, contacts), fate, why)
        return narrowed(step, going)

    async def _start_of(self, canary: Step, rest: Sequence[Step]) -> str | None:
        """The status in which the canary's order started; null, with the rest given up, when that is not known."""
        outcome = self.tally.fates(StepKind.ASSOCIATE).get(canary.records[0][0])
        if outcome is None or outcome.fate is not Fate.DONE:
            why = f"the first contact could not be linked: {outcome.error if outcome else 'not attempted'}"
        else:
            try:
                orders = await self._listed()
                found = orders.filter(pl.col("order_uuid") == outcome.order_uuid)["status"]
                return str(found[0]) if found.len() else "unknown"
            except SyncError as error:
                why = f"the first contact could not be read back: {error.message}"
        for step in rest:
            self.tally.give_up(step, Fate.NOT_ATTEMPTED, why)
        return None

    def _asked(self) -> dict[int, str]:
        """Row -> the status that the sheet asks of a contact that is linked."""
        return {s.rows[0]: str(s.body["status"]) for s in self.plan.steps if s.kind is StepKind.RELEASE and "status" in s.body}

    def _fitting(self, step: Step, start: str, asked: Mapping[int, str]) -> Step:
        """The batch without the contacts that would start callable without having been asked for: those are held."""
        held = [contact for contact in step.records if _risky(start, asked.get(contact[0]))]
        if held:
            why = f"linked contacts start as `{start}` here, and the sheet does not ask for a call"
            self.tally.give_up(narrowed(step, held), Fate.HELD, why)
        return narrowed(step, [contact for contact in step.records if contact not in held])

    async def _link_all(self, batches: Sequence[Step]) -> None:
        """Send batches one after another, then read from one listing what became of each contact."""
        replies: list[tuple[Step, Reply]] = []
        for step in batches:
            reason = self.tally.stopped()
            if reason is not None:
                self.tally.give_up(step, Fate.NOT_ATTEMPTED, reason)
            elif step.records:
                replies += await self._link(step)
        if any(reply.fate is Fate.UNKNOWN for _, reply in replies):
            await anyio.sleep(self.settle_seconds)
        sent = [step for step, reply in replies if reply.fate in (Fate.DONE, Fate.UNKNOWN)]
        standing = await self._linked(sent) if sent else {}
        for step, reply in replies:
            self._take(step, reply, standing)

    async def _link(self, step: Step) -> list[tuple[Step, Reply]]:
        """Send one batch, halving it while the server refuses it: one contact that cannot be linked must not cost the others."""
        try:
            reply = await self.tally.sender.link(step)
        except SyncError as error:
            self.tally.stop.because(error.message, error.exit_code)
            return [(step, Reply(fate=Fate.NOT_ATTEMPTED, error=error.message))]
        if reply.fate is Fate.REFUSED and reply.status not in (401, 403, 404) and len(step.records) > 1:
            half = len(step.records) // 2
            first = await self._link(narrowed(step, step.records[:half]))
            return first + await self._link(narrowed(step, step.records[half:]))
        return [(step, reply)]

    def _take(self, step: Step, reply: Reply, standing: Mapping[str, str] | None) -> None:
        """The outcome of each contact of a batch. standing: record id -> order id; null when that could not be seen."""
        for row, record, _ in step.records:
            order = (standing or {}).get(record)
            fate, error = reply.fate, reply.error
            if order is not None:
                fate, error = Fate.DONE, None
            elif reply.fate is Fate.DONE:
                fate = Fate.UNKNOWN if standing is None else Fate.REFUSED
                error = "the server reported success, but no order was seen there"
            outcome = not_sent(narrowed(step, [(row, record, "")]), fate, error or "")[0]
            known = replace(outcome, order_uuid=order, http_status=reply.status, error=error, attempts=reply.attempts)
            self.tally.take(self.tally.sender.note(known))

    async def _linked(self, batches: Sequence[Step]) -> dict[str, str] | None:
        """Record id -> order id, of the contacts that stand in the campaign now and did not before; null when that is unseen."""
        try:
            orders = await self._listed()
        except SyncError:
            return None
        ours = orders.filter(pl.col("record_uuid").is_in([record for step in batches for _, record, _ in step.records]))
        fresh = ours.filter(~pl.col("order_uuid").is_in(self.plan.seen_orders.implode()))
        return {str(record): str(order) for record, order in fresh.select("record_uuid", "order_uuid").iter_rows()}

    async def _listed(self) -> pl.DataFrame:
        listing = await self.tally.sender.client.list_orders(self.plan.campaign.uuid)
        return snapshot.existing_orders(listing.frame, None, ())


def narrowed(step: Step, records: Sequence[Contact]) -> Step:
    """The same link for some of its contacts."""
    body = {"recordUuids": [record for _, record, _ in records]}
    return replace(step, rows=tuple(row for row, _, _ in records), body=body, records=tuple(records))


def _risky(start: str, asked: str | None) -> bool:
    """Whether a contact that starts so may be called although nobody asked for it."""
    return group_of(start) not in (Group.QUIET, Group.ENDED) and group_of(asked) is not Group.CALLABLE
