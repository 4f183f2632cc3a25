"""Steps -> outcomes, concurrently: data first, then creates and links, then a second look, then releases, removals last.

In:  a plan that passed its guards, the campaign's orders as they stand right now, a Sender.
Out: one Outcome for each step (for a link, one for each contact): every step ends in exactly one, whatever happens.
     A step whose order changed since the plan is DRIFTED; the others go on. When the run is stopped (a signal, a token that is
     no longer accepted, a server that is gone), what was not sent is NOT_ATTEMPTED.
Rule source: design, section 4, promises 1, 3 and 5. I/O: network through the Sender; sleeping through anyio.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

import anyio
import polars as pl

from callcamp_sync import snapshot
from callcamp_sync.api.client import Client
from callcamp_sync.api.wire import Reply
from callcamp_sync.errors import ExitCode, SyncError, ungrouped
from callcamp_sync.model import Fate, Outcome, Plan, Step, StepKind
from callcamp_sync.plan import LEAVING
from callcamp_sync.policy import person_key
from callcamp_sync.sending import GONE, Sender, not_sent
from callcamp_sync.statuses import DO_NOT_CALL, Group, fold_status, group_of

OnOutcome = Callable[[Outcome], None]

_NEVER = "the number was marked Do Not Call since the plan was made"
_UNSETTLED = "an earlier run sent this contact and got no answer, and its grace period is not over"
#: How long a listing may be relied on for the orders that were made just before it, in seconds.
_FRESH_SECONDS = 5.0

_NOT_CLEAN = "not everything before went well, and removals come last"


@dataclass(slots=True)
class Stop:
    """Why no further step may be sent; the first reason stands. Set by a signal, or by what the server answers.

    sending: writes may have begun, so that stopping means to drain, not to leave.
    """

    reason: str | None = None
    exit_code: ExitCode = ExitCode.OK
    sending: bool = False

    def because(self, reason: str, exit_code: ExitCode) -> None:
        """Stop, unless the run is stopped already."""
        if self.reason is None:
            self.reason, self.exit_code = reason, exit_code


@dataclass(slots=True)
class Run:
    """One application of a plan.

    standing: snapshot.existing_orders of a listing made right before. never: person keys of everyone who is known by now as
    not to be called. outcomes: of a resumed plan's earlier steps.
    """

    plan: Plan
    sender: Sender
    standing: pl.DataFrame
    never: frozenset[str]
    stop: Stop
    workers: int
    settle_seconds: float
    on_outcome: OnOutcome = lambda _: None
    outcomes: list[Outcome] = field(default_factory=list)
    unsettled: frozenset[str] = frozenset()
    _listed_at: float = -_FRESH_SECONDS

    async def carry_out(self) -> list[Outcome]:
        """Send what the plan says, in its phases. Raises nothing but what a listing before the first write raises."""
        drifted = self._drifted()
        steps = [step for step in self.plan.steps if not self._is_drifted(step, drifted)]
        by_kind = {kind: [step for step in steps if step.kind is kind] for kind in StepKind}
        await self._data(by_kind)
        await self._each(by_kind[StepKind.CREATE], self._send)
        await self._links(by_kind[StepKind.ASSOCIATE])
        await self._settle(by_kind[StepKind.CREATE])
        await self._releases(by_kind[StepKind.RELEASE])
        await self._leave([step for step in steps if step.kind in LEAVING])
        await self.sender.journal.flush()
        return self.outcomes

    # --- keeping the books ---------------------------------------------------------------------------------------------

    def _take(self, outcome: Outcome) -> Outcome:
        self.outcomes.append(outcome)
        self.on_outcome(outcome)
        if outcome.http_status == 401:
            self.stop.because("the server no longer accepts the token", ExitCode.ACCESS)
        return outcome

    def _replace(self, outcome: Outcome, known: Outcome) -> None:
        """Put what a later look showed in the place of an outcome that nobody knew."""
        self.outcomes[self.outcomes.index(outcome)] = self.sender.note(known)
        self.on_outcome(known)

    def _give_up(self, step: Step, fate: Fate, why: str) -> None:
        for outcome in not_sent(step, fate, why):
            self._take(outcome)

    def _fates(self, *kinds: StepKind) -> dict[int, Outcome]:
        """The outcome of each row's step of these kinds."""
        return {o.row: o for o in self.outcomes if o.kind in kinds and o.row is not None}

    @property
    def _client(self) -> Client:
        return self.sender.client

    def _stopped(self) -> str | None:
        if self._client.broken is not None:
            self.stop.because(f"the server is out of reach: {self._client.broken}", ExitCode.UNREACHABLE)
        if self._client.moved is not None:
            self.stop.because(f"the server sends requests on to {self._client.moved}", ExitCode.REFUSED)
        return self.stop.reason

    async def _each(self, items: Iterable[Step], work: Callable[[Step], Awaitable[None]]) -> None:
        """Do `work` for each item, as many at once as there are workers; after a stop the rest is given up, not dropped."""
        waiting = iter(list(items))

        async def worker() -> None:
            for step in waiting:
                reason = self._stopped()
                if reason is not None:
                    self._give_up(step, Fate.NOT_ATTEMPTED, reason)
                    continue
                try:
                    await work(step)
                except SyncError as error:
                    self.stop.because(error.message, error.exit_code)
                    self._give_up(step, Fate.NOT_ATTEMPTED, error.message)

        async with anyio.create_task_group() as group:
            for _ in range(self.workers):
                group.start_soon(worker)

    async def _send(self, step: Step) -> None:
        why = await self._changed(step)
        if why is None:
            self._take(await self.sender.send(step))
        else:
            self._give_up(step, Fate.DRIFTED, why)

    async def _changed(self, step: Step) -> str | None:
        """Why the order's status may not be written, nor the order removed, any more: minutes may have passed since the listing.

        One search before each such write. A release is spared it while the listing that it stands on is fresh.
        """
        writes = step.kind is StepKind.REMOVE or "status" in step.body
        if step.order_uuid is None or step.phone is None or not writes or _sets_never(step):
            return None
        if step.kind is StepKind.RELEASE and anyio.current_time() - self._listed_at < _FRESH_SECONDS:
            return None
        orders = await self.sender.orders_of(step.phone)
        if (orders["status"] == DO_NOT_CALL).any():
            return _NEVER
        now = _by_id(orders)
        return _difference(step, now, set()) if step.order_uuid in now else None

    # --- what changed since the plan -----------------------------------------------------------------------------------

    def _drifted(self) -> dict[str, str]:
        """Step id -> what is no longer as the plan expected it. One drifted step of a row takes the row's others along."""
        concerned = [step.order_uuid for step in self.plan.steps if step.order_uuid]
        orders = _by_id(self.standing.filter(pl.col("order_uuid").is_in(concerned)))
        new = pl.DataFrame({"phone": [s.phone for s in self.plan.steps if "absent" in s.expect]}, schema={"phone": pl.String})
        taken = set(
            new.with_columns(person=person_key(pl.col("phone")))
            .join(self.standing.select(person=person_key(pl.col("phone"))), on="person", how="semi")["phone"]
            .drop_nulls()
        )
        people = person_keys_of([phone for step in self.plan.steps for phone in (step.phone, step.expect.get("phone"))])
        found = {step.id: why for step in self.plan.steps if (why := _difference(step, orders, taken)) is not None}
        found |= {
            step.id: _NEVER
            for step in self.plan.steps
            if {people.get(step.phone or ""), people.get(step.expect.get("phone") or "")} & self.never and not _sets_never(step)
        }
        found |= {
            s.id: _UNSETTLED for s in self.plan.steps if "absent" in s.expect and people.get(s.phone or "") in self.unsettled
        }
        found |= self._taken_numbers(people)
        rows = {row: found[step.id] for step in self.plan.steps if step.id in found for row in step.rows}
        return found | {s.id: rows[s.rows[0]] for s in self.plan.steps if len(s.rows) == 1 and s.rows[0] in rows}

    def _taken_numbers(self, people: dict[str, str]) -> dict[str, str]:
        """Step id -> why, of contacts that were to get a number that another order has by now."""
        owned = self.standing.select("order_uuid", person=person_key(pl.col("phone"))).drop_nulls()
        owners = dict(owned.group_by("person").agg("order_uuid").iter_rows())
        why = "another order has this number since the plan was made"
        moved = [s for s in self.plan.steps if s.kind is StepKind.UPDATE_RECORD and "phoneNumber" in s.body]
        return {s.id: why for s in moved if set(owners.get(people.get(s.phone or "", ""), [])) - {s.order_uuid}}

    def _is_drifted(self, step: Step, drifted: dict[str, str]) -> bool:
        if step.id not in drifted:
            return False
        for outcome in not_sent(step, Fate.DRIFTED, drifted[step.id]):
            self._take(self.sender.note(outcome))
        return True

    # --- the phases ----------------------------------------------------------------------------------------------------

    async def _data(self, by_kind: dict[StepKind, list[Step]]) -> None:
        """Contact data, then the order's properties: the number is right before the status can lead to a call."""
        await self._each(by_kind[StepKind.UPDATE_RECORD], self._send)
        records = {o.step: o for o in self.outcomes if o.kind is StepKind.UPDATE_RECORD}

        async def order(step: Step) -> None:
            before = records.get(step.after or "")
            if before is not None and before.fate is not Fate.DONE:
                self._give_up(step, Fate.NOT_ATTEMPTED, "the contact could not be updated before")
            else:
                await self._send(step)

        await self._each(by_kind[StepKind.UPDATE_ORDER], order)

    async def _links(self, batches: Sequence[Step]) -> None:
        """One contact first: the status in which linked contacts start is known only then."""
        updated = self._fates(StepKind.UPDATE_RECORD)
        batches = [self._linkable(step, updated) for step in batches]
        batches = [step for step in batches if step.records]
        if not batches:
            return
        # Whoever was to be first may be gone by now: the first batch gives its first contact, never all of them.
        batches = [_narrowed(batches[0], batches[0].records[:1]), _narrowed(batches[0], batches[0].records[1:]), *batches[1:]]
        await self._link_all(batches[:1])
        canary = batches[0].records[0][0]
        outcome = self._fates(StepKind.ASSOCIATE).get(canary)
        rest = [step for step in batches[1:] if step.records]
        if outcome is None or outcome.fate is not Fate.DONE:
            why = f"the first contact could not be linked: {outcome.error if outcome else 'not attempted'}"
            for step in rest:
                self._give_up(step, Fate.NOT_ATTEMPTED, why)
            return
        try:
            start = await self._start_status(outcome)
        except SyncError as error:
            for step in rest:
                self._give_up(step, Fate.NOT_ATTEMPTED, f"the first contact could not be read back: {error.message}")
            return
        asked = self._asked()
        await self._link_all([self._fitting(step, start, asked) for step in rest])

    def _fitting(self, step: Step, start: str, asked: dict[int, str]) -> Step:
        """The batch without the contacts that would start callable without having been asked for: those are held."""
        risky = group_of(start) not in (Group.QUIET, Group.ENDED)
        held = [r for r in step.records if risky and group_of(asked.get(r[0])) is not Group.CALLABLE]
        if held:
            why = f"linked contacts start as `{start}` here, and the sheet does not ask for a call"
            self._give_up(_narrowed(step, held), Fate.HELD, why)
        return _narrowed(step, [r for r in step.records if r not in held])

    def _linkable(self, step: Step, updated: dict[int, Outcome]) -> Step:
        """The batch without those marked Do Not Call by now, and those whose data could not be brought up to date first."""
        people = person_keys_of([phone for _, _, phone in step.records])
        never = [r for r in step.records if people.get(r[2]) in self.never]
        taken = set(self.standing.select(person=person_key(pl.col("phone")))["person"].drop_nulls())
        twins = [r for r in step.records if r not in never and people.get(r[2]) in taken | self.unsettled]
        if twins:
            self._give_up(
                _narrowed(step, twins),
                Fate.HELD,
                "an order of the campaign has this number already, or an earlier run may have made one",
            )
        failed = [
            r
            for r in step.records
            if r not in never and r not in twins and r[0] in updated and updated[r[0]].fate is not Fate.DONE
        ]
        if never:
            self._give_up(_narrowed(step, never), Fate.DRIFTED, _NEVER)
        if failed:
            self._give_up(_narrowed(step, failed), Fate.NOT_ATTEMPTED, "the contact could not be updated before")
        return _narrowed(step, [r for r in step.records if r not in failed and r not in never and r not in twins])

    def _asked(self) -> dict[int, str]:
        """Row -> the status that the sheet asks of a contact that is linked or created."""
        return {s.rows[0]: str(s.body["status"]) for s in self.plan.steps if s.kind is StepKind.RELEASE and "status" in s.body}

    async def _start_status(self, linked: Outcome) -> str:
        orders = await self._listed()
        found = orders.filter(pl.col("order_uuid") == linked.order_uuid)["status"]
        return str(found[0]) if found.len() else "unknown"

    async def _link_all(self, batches: Sequence[Step]) -> None:
        """Send batches one after another, then read from one listing what became of each contact."""
        replies: list[tuple[Step, Reply]] = []
        for step in batches:
            reason = self._stopped()
            if reason is not None:
                self._give_up(step, Fate.NOT_ATTEMPTED, reason)
            elif step.records:
                replies += await self._link(step)
        if any(reply.fate is Fate.UNKNOWN for _, reply in replies):
            await anyio.sleep(self.settle_seconds)
        sent = [step for step, reply in replies if reply.fate in (Fate.DONE, Fate.UNKNOWN)]
        standing = await self._linked(sent) if sent else {}
        for step, reply in replies:
            self._take_links(step, reply, standing)

    async def _link(self, step: Step) -> list[tuple[Step, Reply]]:
        """Send one batch, halving it while the server refuses it: one contact that cannot be linked must not cost the others."""
        try:
            reply = await self.sender.link(step)
        except SyncError as error:
            self.stop.because(error.message, error.exit_code)
            return [(step, Reply(fate=Fate.NOT_ATTEMPTED, error=error.message))]
        if reply.fate is Fate.REFUSED and reply.status not in (401, 403, 404) and len(step.records) > 1:
            half = len(step.records) // 2
            first = await self._link(_narrowed(step, step.records[:half]))
            return first + await self._link(_narrowed(step, step.records[half:]))
        return [(step, reply)]

    def _take_links(self, step: Step, reply: Reply, standing: dict[str, str] | None) -> None:
        """The outcome of each contact of a batch. standing: record id -> order id; null when that could not be seen."""
        for row, record, _ in step.records:
            order = (standing or {}).get(record)
            fate, error = reply.fate, reply.error
            if order is not None:
                fate, error = Fate.DONE, None
            elif reply.fate is Fate.DONE:
                fate = Fate.UNKNOWN if standing is None else Fate.REFUSED
                error = "the server reported success, but no order was seen there"
            outcome = not_sent(_narrowed(step, [(row, record, "")]), fate, error or "")[0]
            self._take(self.sender.note(_with(outcome, order, reply.status, error, attempts=reply.attempts)))

    async def _linked(self, batches: Sequence[Step]) -> dict[str, str] | None:
        """Record id -> order id, of the contacts that stand in the campaign now and did not before; null when that is unseen."""
        try:
            orders = await self._listed()
        except SyncError:
            return None
        ours = orders.filter(pl.col("record_uuid").is_in([record for step in batches for _, record, _ in step.records]))
        fresh = ours.filter(~pl.col("order_uuid").is_in(list(self.plan.seen_orders)))
        return {str(record): str(order) for record, order in fresh.select("record_uuid", "order_uuid").iter_rows()}

    async def _listed(self) -> pl.DataFrame:
        listing = await self._client.list_orders(self.plan.campaign.uuid)
        return snapshot.existing_orders(listing.frame, None, ())

    async def _settle(self, creates: Sequence[Step]) -> None:
        """Creates without an answer: wait, look the exact number up, adopt an order that did not stand before."""
        phones = {step.id: step.phone for step in creates}
        lost = [o for o in self.outcomes if o.step in phones and o.fate is Fate.UNKNOWN]
        if not lost or self._client.broken is not None:
            return
        await anyio.sleep(self.settle_seconds)
        limiter = anyio.CapacityLimiter(self.workers)

        async def settle(outcome: Outcome) -> None:
            async with limiter:
                found = await self._appeared(phones[outcome.step]) if self._client.broken is None else None
            if found is not None and found.height == 1:
                self._replace(outcome, _with(outcome, found["order_uuid"][0], outcome.http_status, None, fate=Fate.DONE))
            elif found is not None and found.height > 1:
                said = f"the number stands there {found.height} times: {', '.join(found['order_uuid'])}"
                self._replace(outcome, _with(outcome, None, outcome.http_status, said))

        async with anyio.create_task_group() as group:
            for outcome in lost:
                group.start_soon(settle, outcome)

    async def _appeared(self, phone: str | None) -> pl.DataFrame | None:
        """Orders for the number that did not stand when the plan was made; null when that cannot be seen."""
        try:
            orders = await self.sender.orders_of(phone or "")
        except SyncError:
            return None
        return orders.filter(~pl.col("order_uuid").is_in(list(self.plan.seen_orders)))

    async def _releases(self, steps: Sequence[Step]) -> None:
        """List again; release what stands there exactly once, with one PATCH that carries properties and status."""
        made = self._fates(StepKind.CREATE, StepKind.ASSOCIATE)
        ready = [step for step in steps if self._is_made(step, made)]
        if not ready:
            return
        reason = self._stopped()
        try:
            orders = await self._standing_now(ready) if reason is None else self.standing.clear()
        except SyncError as error:
            reason = f"the campaign could not be listed again: {error.message}"
        if reason is not None:
            for step in ready:
                self._give_up(step, Fate.NOT_ATTEMPTED, reason)
            return
        times = dict(orders.group_by(person=person_key(pl.col("phone"))).len().iter_rows())
        status = dict(orders.select("order_uuid", "status_wire").iter_rows())
        people = person_keys_of([step.phone for step in ready])

        async def release(step: Step) -> None:
            await self._release(step, made[step.rows[0]], times.get(people.get(step.phone or ""), 0), status)

        await self._each(ready, release)

    async def _standing_now(self, steps: Sequence[Step]) -> pl.DataFrame:
        """The orders that stand now for the numbers of these steps: by a whole listing, or by a search each if it drifts."""
        listing = await self._client.list_orders(self.plan.campaign.uuid)
        self._listed_at = anyio.current_time()
        if listing.complete:
            return snapshot.existing_orders(listing.frame, None, ())
        found: list[pl.DataFrame] = []
        limiter = anyio.CapacityLimiter(self.workers)

        async def search(phone: str) -> None:
            async with limiter:
                found.append(await self.sender.orders_of(phone))

        with ungrouped():
            async with anyio.create_task_group() as group:
                for phone in {step.phone for step in steps if step.phone}:
                    group.start_soon(search, phone)
        return pl.concat(found).unique("order_uuid") if found else self.standing.clear()

    def _is_made(self, step: Step, made: dict[int, Outcome]) -> bool:
        outcome = made.get(step.rows[0])
        if outcome is not None and outcome.fate is Fate.DONE:
            return True
        self._give_up(step, Fate.NOT_ATTEMPTED, "the contact is not in the campaign yet")
        return False

    async def _release(self, step: Step, made: Outcome, times: int, status: dict[str, str]) -> None:
        order = made.order_uuid or ""
        found = status.get(order)
        if times != 1 or order not in status:
            why = f"the number stands {times} times in the campaign" if times > 1 else GONE
            self._give_up(step, Fate.HELD, f"not released: {why}")
            return
        if group_of(found) not in (Group.QUIET, Group.CALLABLE):
            self._give_up(step, Fate.DRIFTED, f"not released: the order is `{found}` by now")
            return
        asked = str(step.body.get("status", found))
        body = {
            name: value for name, value in step.body.items() if name != "status" or fold_status(asked) != fold_status(found or "")
        }
        if not body:
            done = not_sent(step, Fate.DONE, "")[0]
            self._take(_with(done, order, None, None))
            return
        expect = {"status": found, "phone": step.phone}
        sent = Step(id=step.id, kind=step.kind, rows=step.rows, phone=step.phone, order_uuid=order, body=body, expect=expect)
        await self._send(sent)

    async def _leave(self, steps: Sequence[Step]) -> None:
        """What takes orders out comes last: what rows ask for themselves, then, after a clean run only, orders without a row.

        A row that asks to be canceled must not be called because another row failed; an order that is merely absent can wait.
        """
        if not steps:
            return
        asked, absent = [s for s in steps if s.rows], [s for s in steps if not s.rows]
        await self._each(asked, self._send)
        clean = all(outcome.fate in (Fate.DONE, Fate.DRIFTED) for outcome in self.outcomes)
        if not clean and self._stopped() is None:
            for step in absent:
                self._give_up(step, Fate.NOT_ATTEMPTED, _NOT_CLEAN)
            return
        await self._each(absent, self._send)


def person_keys_of(phones: Iterable[str | None]) -> dict[str, str]:
    """Phone -> person key."""
    frame = pl.DataFrame({"phone": [p for p in phones if p]}, schema={"phone": pl.String})
    return dict(frame.select("phone", person=person_key(pl.col("phone"))).iter_rows())


def _by_id(orders: pl.DataFrame) -> dict[str, dict[str, str | None]]:
    """Order id -> its row."""
    return {str(order["order_uuid"]): order for order in orders.iter_rows(named=True)}


def _difference(step: Step, orders: dict[str, dict[str, str | None]], taken: set[str]) -> str | None:
    """Why a step's precondition no longer holds; null when it does."""
    if step.order_uuid is None:
        return (
            "an order for this number appeared since the plan was made"
            if step.phone in taken and "absent" in step.expect
            else None
        )
    if step.order_uuid not in orders:
        return GONE
    order = orders[step.order_uuid]
    status, phone = order["status"], order["phone"]
    expected = step.expect.get("status")
    if expected is not None and fold_status(expected) != status:
        return f"the order went from `{expected}` to `{status}` since the plan was made"
    if step.expect.get("phone") is not None and phone not in (step.expect["phone"], step.phone):
        return "the order has another phone number since the plan was made"
    edited = [name for name, old in step.expect.items() if name in order and name.startswith("have_") and order[name] != old]
    if edited:
        return f"somebody changed `{edited[0].removeprefix('have_')}` since the plan was made"
    return None


def _sets_never(step: Step) -> bool:
    """Whether the step marks its order Do Not Call: the one thing that may be done to such a number."""
    return step.kind is StepKind.UPDATE_ORDER and fold_status(str(step.body.get("status", ""))) == DO_NOT_CALL


def _narrowed(step: Step, records: Sequence[tuple[int, str, str]]) -> Step:
    """The same link for some of its contacts."""
    return Step(
        id=step.id,
        kind=step.kind,
        rows=tuple(row for row, _, _ in records),
        body={"recordUuids": [record for _, record, _ in records]},
        records=tuple(records),
    )


def _with(
    outcome: Outcome,
    order: str | None,
    status: int | None,
    error: str | None,
    *,
    fate: Fate | None = None,
    attempts: int | None = None,
) -> Outcome:
    return Outcome(
        step=outcome.step,
        kind=outcome.kind,
        fate=fate or outcome.fate,
        row=outcome.row,
        order_uuid=order or outcome.order_uuid,
        record_uuid=outcome.record_uuid,
        http_status=status,
        error=error,
        attempts=outcome.attempts if attempts is None else attempts,
    )
