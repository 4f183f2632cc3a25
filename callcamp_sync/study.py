"""The order of the stages up to the plan: read, list, match, compare, guard. Sends nothing but GET.

In:  a Desk, a sheet that is there or coming, the campaign. Out: a Study, with a Plan that has gone past no guard yet.
The sheet is read, and its cells are understood, while the campaign is listed. I/O: network (reads), the journal, the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from callcamp_sync import arrivals, fixes, habits, paces, planning, reminders, searching, settling
from callcamp_sync.aside import aside, both
from callcamp_sync.bench import Desk, note_never
from callcamp_sync.diff import Difference
from callcamp_sync.forecast import forecast
from callcamp_sync.model import Arrival, CampaignInfo, OnMissing, Plan
from callcamp_sync.opening import Coming
from callcamp_sync.rows import Asked, Desired, asked
from callcamp_sync.schema import RecordSchema

#: What the journal remembers of a campaign: the status in which linked contacts start.
LINK_START = "link-start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """Everything that led to a plan, for those who ask why: what was read, found and compared on the way."""

    plan: Plan
    record_type: RecordSchema
    desired: Desired
    standing: planning.Standing
    found: planning.Found
    difference: Difference
    listed_at: datetime
    original: fixes.Original | None = None
    arrival: Arrival | None = None


async def study(desk: Desk, coming: Coming, campaign: CampaignInfo) -> Study:
    """Everything up to the plan. Do Not Call seen in the campaign is written down, whatever becomes of the plan.

    In a job the plan's guards begin with those of the file that arrived.
    """
    client, on_page = desk.client, desk.bench.progress.reading
    record_type = await planning.read_type(client, campaign)
    listed_at = desk.now
    host = coming.settings.host
    pending = desk.journal.pending(host, campaign.uuid)
    # What an earlier run left open may be any order's: only a listing settles it.
    missing = OnMissing.CANCEL if pending else coming.settings.missing

    async def desire() -> tuple[planning.Subject, Desired]:
        subject = await coming.load()
        return subject, await aside(planning.desire, subject, record_type)

    async def asks() -> Asked:
        return asked(planning.bound(await coming.loaded(), record_type))

    if coming.is_there:
        await asks()  # Headings that do not fit cost no listing.
    (subject, desired), begun = await both(
        desire, partial(searching.begin, client, campaign, asks, rows=coming.rows, missing=missing, on_page=on_page)
    )
    past = desk.bench.past
    arrival = await aside(habits.arrived, subject, desired) if past is not None else None
    mode = subject.settings.mode
    standing, found, desired = await planning.stand(
        client, campaign, record_type, desired, mode=mode, on_page=on_page, missing=missing, begun=begun
    )
    note_never(desk.ledger, campaign.uuid, standing.orders)
    waiting = settling.unsettled(pending, standing.orders, desk.now, subject.settings.grace_seconds)
    wished = planning.wishes(subject, desired, standing, never=desk.ledger.phones(), waiting=waiting, now=desk.now)
    wished = replace(wished, link_start=desk.journal.recall(host, campaign.uuid, LINK_START))
    if past is not None and arrival is not None:
        wished = habits.patient(wished, arrival, past)
    difference = await aside(planning.compare, desired, standing, found, wished)
    last = desk.journal.last_applied(host, campaign.uuid, subject.digests["mapping"])
    valid = last.valid_rows if last else None
    plan = await aside(planning.build, subject, desired, standing, difference, host=host, last_valid=valid, now=desk.now)
    if past is not None and arrival is not None:
        arrival = habits.compared(arrival, difference, wished)
        plan = replace(plan, guards=(*arrivals.check(arrival, past, habits.allowed(subject.settings)), *plan.guards))
    notices = (*plan.notices, *reminders.still_callable(plan.steps, standing.orders, wished))
    return Study(
        plan=replace(plan, forecast=forecast(plan, paces.recall(desk)), notices=notices),
        record_type=record_type,
        desired=desired,
        standing=standing,
        found=found,
        difference=difference,
        listed_at=listed_at,
        original=fixes.original(subject, record_type, standing.orders),
        arrival=arrival,
    )
