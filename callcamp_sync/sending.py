"""One step, sent: intent first, then the request, then what its answer means; and the second look where no answer came.

In:  a Step whose precondition was checked. Out: its Outcome; never an exception for the request's end.
     A create or a link without an answer stays UNKNOWN here: only a later listing can settle it. A PATCH or DELETE by id may be
     looked at again and sent once more: it names its order, so it cannot make a second one.
Rule source: design, section 4, promise 3; issue 3, "The protocol of a write". I/O: network through the client, the journal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from callcamp_sync import phones, snapshot, values
from callcamp_sync.api.client import Client
from callcamp_sync.api.exchange import Before
from callcamp_sync.api.paging import Listing
from callcamp_sync.api.wire import Reply
from callcamp_sync.drift import GONE
from callcamp_sync.errors import AccessError, NotFoundError, StateError, SyncError
from callcamp_sync.fields import BY_NAME, FIELDS, Kind
from callcamp_sync.journal import Journal
from callcamp_sync.model import Fate, Outcome, Step, StepKind
from callcamp_sync.policy import TAIL, may_have_two, person_key, person_keys
from callcamp_sync.statuses import fold_status


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Where steps are sent to, and where that is written down first."""

    client: Client
    journal: Journal
    run_id: str
    campaign: str

    async def send(self, step: Step) -> Outcome:
        """Carry one step out. Raises StateError when the journal cannot be written: then nothing has left."""
        body: Mapping[str, Any] = step.body
        if step.kind is StepKind.UPDATE_RECORD:
            merged = await self._merged(step)
            if isinstance(merged, Outcome):
                return merged
            body = merged
        outcome = _outcome(step, await self._request(step, body, self._intent(step)), again=False)
        if outcome.fate is Fate.UNKNOWN and step.kind not in (StepKind.CREATE, StepKind.ASSOCIATE):
            outcome = await self._second_look(step, body, outcome)
        self.journal.outcome(self.run_id, outcome)
        return outcome

    async def link(self, step: Step) -> Reply:
        """Send one associate. Its answer names no orders, so its outcomes are read from a listing afterwards."""
        records = [record for _, record, _ in step.records]
        return await self.client.associate(self.campaign, records, before=self._intent(step))

    def _intent(self, step: Step, sent: int = 0) -> Before:
        """Writes down that a request of this step is about to leave. At its turn, not when it queues for one: what never left
        is open nowhere, and the grace period counts from the attempt that may have arrived. sent: requests before this one.
        """

        async def note(attempt: int) -> None:
            await self.journal.intent(self.run_id, step, sent + attempt)

        return note

    def note(self, outcome: Outcome) -> Outcome:
        """Write an outcome down that was found by other means than an answer."""
        self.journal.outcome(self.run_id, outcome)
        return outcome

    async def orders_of(self, phone: str) -> pl.DataFrame:
        """The orders that stand for exactly this number (snapshot.existing_orders). The search also finds names and parts."""
        listing = await self.client.search_orders(self.campaign, phone)
        return snapshot.existing_orders(listing.frame, None, FIELDS).filter(pl.col("phone") == phone)

    async def orders_of_person(self, phone: str) -> pl.DataFrame:
        """The orders of whoever has this number, under another number of the same subscriber as well."""
        own = await self.orders_of(phone)
        if not may_have_two(phone):
            return own
        listing = await self.client.search_orders(self.campaign, phone[-TAIL:])
        near = snapshot.existing_orders(listing.frame, None, FIELDS)
        same = near.filter(person_key(pl.col("phone")).is_in(list(person_keys([phone]))))
        return pl.concat([own, same]).unique("order_uuid", keep="first", maintain_order=True)

    async def _look(self, phone: str | None) -> Listing:
        """The orders among which one must be, if it stands: those of its number; all, where the number is none."""
        if phone is not None and phone.startswith("+"):
            return await self.client.search_orders(self.campaign, phone)
        return await self.client.list_orders(self.campaign)

    async def _request(self, step: Step, body: Mapping[str, Any], before: Before | None) -> Reply:
        order = step.order_uuid or ""
        if step.kind is StepKind.CREATE:
            return await self.client.create_order(self.campaign, body, before=before)
        if step.kind is StepKind.REMOVE:
            return await self.client.remove_order(self.campaign, order, before=before)
        if step.kind is StepKind.UPDATE_RECORD:
            return await self.client.update_record(step.record_uuid or "", body, before=before)
        return await self.client.update_order(self.campaign, order, body, before=before)

    async def _merged(self, step: Step) -> dict[str, Any] | Outcome:
        """The record's new values, parameters merged into those that stand there now: a PATCH may replace them all."""
        try:
            record = await self.client.get_record(step.record_uuid or "")
        except NotFoundError:
            return self.note(_ended(step, Fate.DRIFTED, "the contact is no longer there"))
        except AccessError as error:
            return self.note(_ended(step, Fate.REFUSED, error.message))
        except SyncError as error:
            return self.note(_ended(step, Fate.NOT_ATTEMPTED, error.message))
        number = _e164(record.get("phoneNumber"))
        expected = step.expect.get("phone")
        if number is not None and expected is not None and number != expected:
            return self.note(_ended(step, Fate.DRIFTED, "the contact has another phone number since the plan was made"))
        body = dict(step.body)
        if "parameters" in body:
            standing = record.get("parameters")
            body["parameters"] = {**(standing if isinstance(standing, dict) else {}), **body["parameters"]}
        return body

    async def _second_look(self, step: Step, body: Mapping[str, Any], first: Outcome) -> Outcome:
        """After a PATCH or DELETE without an answer: see what stands; send once more only if nothing has changed."""
        try:
            state = await self._state(step, body)
        except SyncError:
            return first
        if state is Fate.DONE:
            return replace(first, fate=Fate.DONE, error=None)
        if state is Fate.DRIFTED:
            return replace(first, fate=Fate.DRIFTED, error="the order changed while the answer was lost")
        try:
            again = _outcome(step, await self._request(step, body, self._intent(step, first.attempts)), again=True)
        except StateError:
            return first
        # A second request that was not carried out says nothing of the first.
        ended = first if again.fate is Fate.NOT_ATTEMPTED else again
        return replace(ended, attempts=first.attempts + again.attempts)

    async def _state(self, step: Step, body: Mapping[str, Any]) -> Fate:
        """DONE: the request took effect. NOT_ATTEMPTED: nothing changed. DRIFTED: something else did."""
        if step.kind is StepKind.UPDATE_RECORD:
            record = await self.client.get_record(step.record_uuid or "")
            return Fate.DONE if _record_shows(record, body) else Fate.NOT_ATTEMPTED
        listing = await self._look(step.phone)
        found = listing.frame.filter(pl.col("order_uuid") == step.order_uuid)
        if found.is_empty():
            return Fate.DONE if step.kind is StepKind.REMOVE and listing.complete else Fate.DRIFTED
        order = found.row(0, named=True)
        if step.kind is not StepKind.REMOVE and _order_shows(order, body):
            return Fate.DONE
        expected = step.expect.get("status")
        unchanged = expected is None or fold_status(order["status"] or "") == fold_status(expected)
        return Fate.NOT_ATTEMPTED if unchanged else Fate.DRIFTED


def _outcome(step: Step, reply: Reply, *, again: bool) -> Outcome:
    """What an answer means for a step. again: the same request may have been carried out before."""
    data = reply.data or {}
    record = data.get("record")
    fate, error = reply.fate, reply.error
    if reply.fate is Fate.REFUSED and reply.status == 404 and step.order_uuid is not None:
        done = again and step.kind is StepKind.REMOVE
        fate, error = (Fate.DONE, None) if done else (Fate.DRIFTED, GONE)
    return Outcome(
        step=step.id,
        kind=step.kind,
        fate=fate,
        row=step.rows[0] if step.rows else None,
        order_uuid=step.order_uuid or (data.get("uuid") if step.kind is StepKind.CREATE else None),
        record_uuid=step.record_uuid or (record.get("uuid") if isinstance(record, dict) else None),
        http_status=reply.status,
        error=error,
        attempts=reply.attempts,
    )


def _ended(step: Step, fate: Fate, error: str | None) -> Outcome:
    """An outcome without a request."""
    return Outcome(
        step=step.id,
        kind=step.kind,
        fate=fate,
        row=step.rows[0] if step.rows else None,
        order_uuid=step.order_uuid,
        record_uuid=step.record_uuid,
        error=error,
    )


def not_sent(step: Step, fate: Fate, why: str) -> list[Outcome]:
    """The outcomes of a step that was not sent: one, or one for each contact of a link."""
    if step.kind is not StepKind.ASSOCIATE:
        return [_ended(step, fate, why)]
    return [
        Outcome(step=step.id, kind=step.kind, fate=fate, row=row, record_uuid=record, error=why)
        for row, record, _ in step.records
    ]


def _e164(text: object) -> str | None:
    return phones.read_e164(pl.Series([text], dtype=pl.String))[0] if isinstance(text, str) else None


def _same(name: str, sent: object, standing: object) -> bool:
    """Whether a value that stands is the one that was sent, whatever its notation (14:30Z, 16:30+02:00; 10.5, 10.50)."""
    kind = BY_NAME[name].kind if name in BY_NAME else Kind.TEXT
    texts = [None if v is None else str(v).lower() if isinstance(v, bool) else str(v) for v in (sent, standing)]
    if name == "status":
        return texts[1] is not None and fold_status(texts[0] or "") == fold_status(texts[1])
    one, other = (values.canonical(pl.Series([t], dtype=pl.String), kind)[0] for t in texts)
    return (one or None) == (other or None)


def _order_shows(order: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    return all(_same(name, sent, order.get(name)) for name, sent in body.items())


def _record_shows(record: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    plain = {name: sent for name, sent in body.items() if name != "parameters"}
    standing = record.get("parameters")
    inner = standing if isinstance(standing, dict) else {}
    return all(_same(n, sent, record.get(n)) for n, sent in plain.items()) and all(
        _same(n, sent, inner.get(n)) for n, sent in dict(body.get("parameters", {})).items()
    )
