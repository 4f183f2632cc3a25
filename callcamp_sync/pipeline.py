"""The order of a run: the study that makes its plan, confirm, send, read back, report. Nobody else knows it.

In:  a Request and a Bench. Out: a Report, always, unless the run cannot begin: then a SyncError, before anything was sent.
I/O: through the rooms. The clock, the token, the folders and the confirmation are parameters.
"""

from __future__ import annotations

import getpass
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import anyio.to_thread
import polars as pl

from callcamp_sync import (
    __version__,
    closing,
    fixes,
    guards,
    lock,
    paces,
    plan_document,
    planning,
    readback,
    reconcile,
    report,
    resuming,
    searching,
    settling,
    snapshot,
)
from callcamp_sync.audit import Audit
from callcamp_sync.bench import Bench, Desk, Request, find_campaign, load_record_type, load_subject, note_never, open_desk
from callcamp_sync.errors import ExitCode, StalePlanError, StateError, SyncError
from callcamp_sync.execution import Run
from callcamp_sync.fields import FIELDS
from callcamp_sync.forecast import calls_caused, forecast
from callcamp_sync.ledger import Entry, Ledger
from callcamp_sync.model import Arrival, CampaignInfo, Outcome, Plan, Report, Took
from callcamp_sync.opening import Coming, open_sheet
from callcamp_sync.policy import person_keys
from callcamp_sync.sending import Sender
from callcamp_sync.sheets.atomic import replacing
from callcamp_sync.sheets.digests import sheet_digest
from callcamp_sync.study import LINK_START, study
from callcamp_sync.tally import Tally

#: What the ledger takes; a server may hold a number that is none.
_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)

#: A listing older than this is made again before the first write.
_FRESH_SECONDS = 5.0


# --- planning --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan, and what applying it needs to know besides."""

    plan: Plan
    standing: pl.DataFrame
    said_never: tuple[str, ...]
    listed_at: datetime
    original: fixes.Original | None = None
    arrival: Arrival | None = None


async def _plan(desk: Desk, coming: Coming, campaign: CampaignInfo) -> Planned:
    made = await study(desk, coming, campaign)
    return Planned(
        plan=made.plan,
        standing=made.standing.orders,
        said_never=made.plan.said_never,
        listed_at=made.listed_at,
        original=made.original,
        arrival=made.arrival,
    )


async def plan(request: Request, bench: Bench) -> tuple[Plan, Report]:
    """Plan only: sends nothing but GET. The report carries the outcomes that are planned; a tripped guard is its exit code."""
    sheet = await open_sheet(request, bench.settings)
    async with open_desk(bench, sheet.settings) as desk:
        campaign = await find_campaign(desk.client, request.campaign, sheet.mapping)
        planned = await _plan(desk, sheet, campaign)
        return planned.plan, closing.planned(desk, request.command, planned.plan)


# --- applying --------------------------------------------------------------------------------------------------------


async def sync(request: Request, bench: Bench) -> Report:
    """Plan, confirm, apply, read back, report. Raises SyncError only where nothing was sent."""
    sheet = await open_sheet(request, bench.settings)
    async with open_desk(bench, sheet.settings) as desk:
        campaign = await find_campaign(desk.client, request.campaign, sheet.mapping)
        with _held(desk, campaign.uuid, request.command):
            planned = await _plan(desk, sheet, campaign)
            if any(guard.tripped for guard in planned.plan.guards):
                return closing.not_begun(desk, request.command, planned.plan, ExitCode.GUARD, planned.original)
            if planned.plan.steps and not await _confirmed(bench, planned.plan):
                return closing.not_begun(desk, request.command, planned.plan, ExitCode.INTERRUPTED, planned.original)
            asked = bench.confirm is not None and bool(planned.plan.steps)
            ended = await _carry_out(desk, request.command, planned, look_again=asked)
            return replace(ended, arrival=planned.arrival)


async def validate(request: Request, bench: Bench) -> Report:
    """Every fault of every row. With a campaign its orders are read too: a known contact may leave required cells blank."""
    subject = load_subject(request, bench.settings)
    if request.record_type is None:
        async with open_desk(bench, subject.settings) as desk:
            campaign = await find_campaign(desk.client, request.campaign, subject.mapping)
            planned = await _plan(desk, Coming.of(subject), campaign)
            lenient = replace(planned.plan, guards=(), forecast=None)
            return fixes.asked_for(closing.planned(desk, request.command, lenient), planned.original, request.fix_file)
    record_type = load_record_type(request.record_type)
    made = closing.validated(subject, record_type, bench)
    return fixes.asked_for(made, fixes.original(subject, record_type), request.fix_file)


def save(made: Plan, path: Path) -> None:
    """Write a plan for `apply`, whole or not at all; only its owner may read it. Raises StateError."""
    with replacing(path) as draft:
        draft.write_text(json.dumps(plan_document.document(made)), encoding="utf-8")


async def _confirmed(bench: Bench, plan: Plan) -> bool:
    """Ask in a thread: a signal must be heard while somebody thinks."""
    return bench.confirm is None or await anyio.to_thread.run_sync(bench.confirm, plan, abandon_on_cancel=True)


async def apply_saved(document: Any, bench: Bench) -> Report:
    """Carry a saved plan out, once. Raises StalePlanError when it is spent, expired, or no longer what it was made for."""
    plan = plan_document.load(document)
    if plan.host != bench.settings.host:
        raise StalePlanError(f"the plan is for `{plan.host}`, and the settings name `{bench.settings.host}`")
    if bench.clock() > plan.expires_at:
        raise StalePlanError(f"the plan expired on {plan.expires_at:%Y-%m-%d %H:%M} UTC", hint="make a new one")
    _refuse_other_sheet(plan)
    async with open_desk(bench, bench.settings) as desk:
        with _held(desk, plan.campaign.uuid, "apply"):
            _refuse_spent(desk, plan)
            campaign = await find_campaign(desk.client, plan.campaign.uuid)
            await _refuse_other_type(desk, campaign, plan)
            guards.refuse(plan.guards)
            standing, _ = await _listed(desk, plan.campaign)
            note_never(desk.ledger, plan.campaign.uuid, standing)
            planned = Planned(plan=plan, standing=standing, said_never=plan.said_never, listed_at=desk.now)
            return await _carry_out(desk, "apply", planned)


async def resume(run: str | None, bench: Bench) -> Report:
    """Settle what a run left unknown, and finish what it did not attempt, by the plan that it kept."""
    async with open_desk(bench, bench.settings) as desk:
        earlier = desk.journal.run(run) if run else resuming.last_unfinished(desk.journal, desk.settings.host)
        resuming.refuse_overtaken(desk.journal, earlier)
        plan = plan_document.load(json.loads(desk.journal.plan(earlier.run_id)))
        if plan.host != bench.settings.host:
            raise StalePlanError(f"run `{earlier.run_id}` was for `{plan.host}`, and the settings name `{bench.settings.host}`")
        if desk.now > plan.expires_at:
            raise StalePlanError(
                f"the plan of run `{earlier.run_id}` expired on {plan.expires_at:%Y-%m-%d %H:%M} UTC",
                hint="sync the sheet again: what is unknown is settled by the same rules",
            )
        with _held(desk, plan.campaign.uuid, "resume"):
            return await _resume(desk, plan)


async def _resume(desk: Desk, plan: Plan) -> Report:
    standing, complete = await _listed(desk, plan.campaign)
    note_never(desk.ledger, plan.campaign.uuid, standing)
    _settle(desk, plan, standing, complete=complete)
    earlier = resuming.earlier(desk.journal, plan)
    planned = Planned(plan=plan, standing=standing, said_never=plan.said_never, listed_at=desk.now)
    return await _carry_out(desk, "resume", planned, earlier=earlier)


# --- carrying out ----------------------------------------------------------------------------------------------------


@contextmanager
def _held(desk: Desk, campaign: str, command: str) -> Iterator[None]:
    settings = desk.settings
    with lock.hold(
        settings.state_dir, host=settings.host, campaign=campaign, run_id=desk.run_id, command=command, clock=desk.bench.clock
    ):
        yield


async def _listed(desk: Desk, campaign: CampaignInfo) -> tuple[pl.DataFrame, bool]:
    """The campaign's orders as they stand now, and whether that is all of them."""
    progress = desk.bench.progress
    listing = await desk.client.list_orders(campaign.uuid, on_page=lambda done, of: progress.reading("orders", done, of))
    return snapshot.existing_orders(listing.frame, None, FIELDS), listing.complete


async def _looked_at_again(desk: Desk, plan: Plan) -> tuple[pl.DataFrame, bool]:
    """The orders that a plan is about, read as they were for the plan, and whether that is all of the campaign."""
    found = await searching.again(desk.client, plan)
    if found is None:
        return await _listed(desk, plan.campaign)
    return snapshot.existing_orders(found.frame, None, FIELDS), False


def _settle(desk: Desk, plan: Plan, standing: pl.DataFrame, *, complete: bool) -> None:
    """Close what earlier runs left open and this listing can tell."""
    settings = desk.settings
    pending = desk.journal.pending(settings.host, plan.campaign.uuid)
    found = settling.settlements(pending, standing, complete=complete, now=desk.now, grace_seconds=settings.grace_seconds)
    for one in found:
        desk.journal.settle(one.pending, fate=one.fate, order_uuid=one.order_uuid, note=one.note)


def _refuse_spent(desk: Desk, plan: Plan) -> None:
    """Say so before anything is made ready; the journal refuses it again when it is spent."""
    spent = next((row for row in desk.journal.runs(limit=10_000) if row.plan_id == plan.id and not row.dry_run), None)
    if spent is not None:
        raise StalePlanError(
            f"the plan was applied by run `{spent.run_id}` on {spent.started_at:%Y-%m-%d %H:%M} UTC",
            hint=f"make a new plan, or `callcamp-sync resume {spent.run_id}` to finish that run",
        )


def _refuse_other_sheet(plan: Plan) -> None:
    """A sheet that is still there and says something else by now is what the user means, not the plan."""
    path = Path(plan.source.path.partition("#")[0])
    if path.is_file() and sheet_digest(path) != plan.source.sha256:
        raise StalePlanError(f"the sheet `{path}` changed since the plan was made", hint="make a new plan")


async def _refuse_other_type(desk: Desk, campaign: CampaignInfo, plan: Plan) -> None:
    """A Record Type that changed since the plan may judge its values differently."""
    record_type = await planning.read_type(desk.client, campaign)
    if record_type.digest != plan.digests.get("record_type"):
        raise StalePlanError("the campaign's record type changed since the plan was made", hint="make a new plan")


async def _carry_out(
    desk: Desk, command: str, planned: Planned, *, earlier: Sequence[Outcome] = (), look_again: bool = False
) -> Report:
    """Everything from the first byte on disk to the report. look_again: time has passed since the campaign was listed."""
    plan, settings = planned.plan, desk.settings
    desk.bench.stop.sending = True
    sent_before, begun = desk.client.counts.sent, desk.now
    folder = report.prepare_folder(settings.report_dir, run_id=desk.run_id, campaign=plan.campaign.name, started_at=desk.started)
    _enter_run(desk, command, plan, folder, spend=command != "resume")
    complete = plan.complete
    standing = planned.standing
    if plan.steps and (look_again or (desk.now - planned.listed_at).total_seconds() > _FRESH_SECONDS):
        try:
            standing, complete = await _looked_at_again(desk, plan)
        except SyncError as error:  # The run has begun: it ends with a report, in which nothing was attempted.
            desk.bench.stop.because(error.message, error.exit_code)
            complete = False
    _settle(desk, plan, standing, complete=complete)
    said = [phone for phone in planned.said_never if _E164.fullmatch(phone)]
    desk.ledger.add(Entry(phone=phone, source=f"sheet {plan.source.path} run {desk.run_id}") for phone in said)
    head = {"run": desk.run_id, "command": command, "who": _who(), "version": __version__, "sheet": plan.source.path}
    with Audit.begin(folder, plan, head=head, clock=desk.bench.clock) as trail:
        outcomes = await _send(desk, plan, standing, earlier, trail)
    before = readback.Before(orders=standing, complete=complete, earlier=len(earlier))
    books, notice = await readback.read_back(desk, plan, outcomes, before)
    todo = resuming.todo(plan, earlier) if earlier else plan
    took = Took(
        requests=desk.client.counts.sent - sent_before,
        seconds=(desk.now - begun).total_seconds(),
        calls=calls_caused(todo, outcomes),
    )
    expected = forecast(todo, paces.recall(desk)) if earlier else plan.forecast
    paces.remember(desk, took)
    how = closing.Ended(outcomes=outcomes, notices=notice, expected=expected, took=took)
    end = partial(closing.ended, desk, command, plan, books, folder, how=how, original=planned.original)
    return await anyio.to_thread.run_sync(end)


def _enter_run(desk: Desk, command: str, plan: Plan, folder: Path, *, spend: bool) -> None:
    counts = reconcile.count(plan.lines)
    desk.journal.start_run(
        run_id=desk.run_id,
        host=desk.settings.host,
        campaign=plan.campaign.uuid,
        command=command,
        version=__version__,
        plan_id=plan.id,
        digests=plan.digests,
        valid_rows=plan.source.rows - counts.get("rejected", 0) - counts.get("held", 0),
        folder=str(folder),
        who=_who(),
    )
    if spend:
        desk.journal.spend_plan(plan.id, desk.run_id)
    if plan.steps:
        desk.journal.save_plan(desk.run_id, json.dumps(plan_document.document(plan)))


def _who() -> str:
    """The user of this machine; in a container the user may have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _marked_since(ledger: Ledger) -> Callable[[], frozenset[str]]:
    """Tells the person keys of everyone who went into the ledger since; a look at it costs nothing while it is the same."""
    begun = seen = ledger.phones()
    people: frozenset[str] = frozenset()

    def marked() -> frozenset[str]:
        nonlocal seen, people
        now = ledger.phones()
        if now is not seen:
            seen, people = now, person_keys(now - begun)
        return people

    return marked


async def _send(desk: Desk, plan: Plan, standing: pl.DataFrame, earlier: Sequence[Outcome], trail: Audit) -> list[Outcome]:
    """Carry the steps out; what the journal refuses at the end is a reason to stop, not to lose the report."""
    todo = resuming.todo(plan, earlier)
    progress, total = desk.bench.progress, len(todo.steps)
    sent = 0

    def took(outcome: Outcome) -> None:
        nonlocal sent
        sent += 1
        try:
            trail.note(outcome)
        except StateError as error:
            desk.bench.stop.because(error.message, error.exit_code)
        progress.sending(sent, max(total, sent))

    pending = desk.journal.pending(desk.settings.host, plan.campaign.uuid)
    waiting = settling.unsettled(pending, standing, desk.now, desk.settings.grace_seconds)
    sender = Sender(client=desk.client, journal=desk.journal, run_id=desk.run_id, campaign=plan.campaign.uuid)
    tally = Tally(sender=sender, stop=desk.bench.stop, workers=desk.settings.concurrency, on_outcome=took, outcomes=list(earlier))
    run = Run(
        plan=todo,
        tally=tally,
        standing=standing,
        marked=_marked_since(desk.ledger),  # before the next line: what comes between the two counts twice, not never
        never=person_keys(desk.ledger.phones()),
        unsettled=waiting,
        settle_seconds=desk.settings.settle_seconds,
        learned=lambda start: desk.journal.remember(desk.settings.host, plan.campaign.uuid, LINK_START, start),
    )
    try:
        return await run.carry_out()
    except (StateError, SyncError) as error:
        desk.bench.stop.because(error.message, error.exit_code)
        tally.give_up_rest(todo.steps, error.message)
        return tally.outcomes
