"""One job, from a Task to a JobResult: plain values in, plain values out, so that it may run in another process or elsewhere.

In:  a Task (the job, its settings, its past). Out: a JobResult, always: what went wrong is in it.
The history is neither read nor written here: who sends the task knows the past, and keeps what comes back.
I/O: the file that arrived, and everything that the pipeline touches. The only place besides the command line's edge that sees
every exception: one bug must not take the other jobs of the night with it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
import polars as pl

from callcamp_sync import arrivals, bugs, export, guards, habits, pipeline
from callcamp_sync.api.discretion import MASK
from callcamp_sync.api.pace import Gate
from callcamp_sync.bench import Bench, Progress, Request, Silent
from callcamp_sync.errors import ExitCode, MappingError, SheetError, StateError, SyncError, UnsafePlanError, ungrouped
from callcamp_sync.jobs import inbox
from callcamp_sync.jobs.document import Job
from callcamp_sync.jobs.news import masked
from callcamp_sync.missing import WAITS
from callcamp_sync.model import Guard, Report
from callcamp_sync.night import JobResult, Past
from callcamp_sync.report import next_steps
from callcamp_sync.report.verdicts import CHANGING, lead
from callcamp_sync.settings import Settings
from callcamp_sync.sheets.digests import sheet_digest
from callcamp_sync.tally import Stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A job as it is sent to work. Picklable; the token in `settings` is masked wherever it is shown."""

    job: Job
    settings: Settings
    past: Past = field(default_factory=Past)
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What all jobs of an account keep to together. account: a digest. rate: requests a second, null for no limit of our own."""

    account: str
    concurrency: int
    rate: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a task is worked on. gate: the account's pace, in this process. stop: stops this job alone.

    agreed: the account's pace in figures, for a worker elsewhere.
    """

    gate: Gate | None = None
    agreed: Agreed | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    progress: Progress = field(default_factory=Silent)
    stop: Stop = field(default_factory=Stop)


async def run_job(task: Task, place: Place | None = None) -> JobResult:
    """Do one job. Never raises but what cancels it from outside."""
    place = place or Place()
    blank = begun(task.job, task.settings.host, place.clock(), dry_run=task.dry_run)
    work = _exported if task.job.kind == "export" else _synced
    try:
        made = await _bounded(partial(work, task, place, blank), place.stop, task.job.timeout)
    except SyncError as error:
        made = failed(blank, error)
    except Exception as bug:  # noqa: BLE001 - the edge of a job: what is not a SyncError is a bug of ours
        words = f"a bug of callcamp-sync: {bugs.kinds(bug)}; the details are in `{bugs.keep(bug)}`"
        made = ended(blank, ExitCode.BUG, code="bug", message=words, hint="report it with that file; look into it first")
    if made is None:
        words = f"{place.stop.reason}; nothing was sent"
        made = ended(blank, place.stop.exit_code, code="stopped", message=words, hint="run the job again")
    return _discreet(replace(made, finished_at=place.clock()))


def _discreet(made: JobResult) -> JobResult:
    """Words go to logs, chats and CI pages: no number and no address of a person in them."""
    notices = tuple(masked(words) or "" for words in made.notices)
    return replace(made, message=masked(made.message), hint=masked(made.hint), notices=notices)


def begun(job: Job, host: str, now: datetime, *, dry_run: bool) -> JobResult:
    """A result before anything is known."""
    return JobResult(
        job=job.name,
        kind=job.kind,
        campaign=job.target,
        host=host,
        exit_code=int(ExitCode.OK),
        exit_name=ExitCode.OK.label,
        started_at=now,
        finished_at=now,
        dry_run=dry_run,
    )


def ended(result: JobResult, exit_code: ExitCode, *, code: str, message: str, hint: str | None = None) -> JobResult:
    """The result of a job that did not get to its work, or not through it."""
    return replace(result, exit_code=int(exit_code), exit_name=exit_code.label, code=code, message=message, hint=hint)


def failed(result: JobResult, error: SyncError) -> JobResult:
    """The result of a job that an error ended. Where a contact may stand in place of the headings, they are not repeated."""
    message = error.message
    for cell in error.cells if isinstance(error, MappingError) else ():
        message = message.replace(f"`{cell}`", f"`{MASK}`")
    return ended(result, error.exit_code, code=error.code, message=message, hint=error.hint)


async def _bounded(work: Callable[[], Awaitable[JobResult]], stop: Stop, seconds: float | None) -> JobResult | None:
    """Do the work until it is done, stopped, or its time is over; null where it was dropped before its first write."""
    made: JobResult | None = None
    with ungrouped():
        async with anyio.create_task_group() as group:
            group.start_soon(_watch, stop, seconds, group.cancel_scope)
            made = await work()
            group.cancel_scope.cancel()
    return made


async def _watch(stop: Stop, seconds: float | None, scope: anyio.CancelScope) -> None:
    """Drop the work when it is stopped before its first write; after that it drains by itself."""
    until = anyio.current_time() + seconds if seconds else float("inf")
    while stop.reason is None:
        if anyio.current_time() >= until:
            stop.because(f"the job's time of {seconds:g} s was over", ExitCode.INCOMPLETE)
            break
        await anyio.sleep(min(0.1, max(until - anyio.current_time(), 0.01)))
    if not stop.sending:
        scope.cancel()


# --- sync ---------------------------------------------------------------------------------------------------------------


async def _synced(task: Task, place: Place, blank: JobResult) -> JobResult:
    source, past, limits = task.job.source or "", task.past, habits.allowed(task.settings)
    file = inbox.newest(source)
    if file is None:
        guard = arrivals.no_file(past, limits, source)
        quiet = replace(blank, guards=(guard,), notices=(guard.message,))
        return _stopped(quiet, guard) if guard.tripped else quiet
    file, seen = await _seen(file, task, place)
    blank = replace(blank, source=file.named, guards=seen)
    tripped = next((guard for guard in seen if guard.tripped), None)
    if tripped is not None:
        return _stopped(blank, tripped)
    request = Request(sheet=file.named, campaign=task.job.campaign, mapping=task.job.mapping, job=task.job.name)
    bench = Bench(
        settings=task.settings,
        clock=place.clock,
        progress=place.progress,
        stop=place.stop,
        gate=place.gate,
        past=past,
    )
    if task.dry_run:
        _, report = await pipeline.plan(request, bench)
        return told(blank, report)
    made = told(blank, await pipeline.sync(request, bench))
    return _archived(made, file, task, place) if made.good and task.job.archive is not None else made


async def _seen(file: inbox.File, task: Task, place: Place) -> tuple[inbox.File, tuple[Guard, ...]]:
    """The guards that need no more than the file's outside; the first that trips is the last that is asked."""
    limits, wait = habits.allowed(task.settings), task.settings.stable_seconds
    found: list[Guard] = []
    if wait > 0:
        file, grown = await inbox.growth(file, wait)
        found.append(arrivals.half_written(grown, wait, file.named))
    found.append(arrivals.old_file(file.age(place.clock()), limits, file.named))
    if any(guard.tripped for guard in found):
        return file, tuple(found)
    digest = await anyio.to_thread.run_sync(sheet_digest, file.path)
    return file, (*found, arrivals.same_file(digest, task.past, limits, file.named))


def _stopped(result: JobResult, guard: Guard) -> JobResult:
    return ended(result, ExitCode.GUARD, code="guard", message=guard.message, hint=arrivals.cure(guard))


def told(blank: JobResult, report: Report) -> JobResult:
    """The result of a job whose run has a report."""
    changed = sum(report.counts.get(name, 0) + report.missing.get(name, 0) for name in CHANGING)
    waiting = report.orders.filter((pl.col("outcome") == "kept") & pl.col("message").str.ends_with(WAITS)).height
    codes = report.issues.group_by("code").agg(pl.col("row").n_unique()).sort("code")
    message, hint = _words(report)
    return replace(
        blank,
        exit_code=report.exit_code,
        exit_name=report.exit_name,
        campaign_uuid=report.campaign.uuid if report.campaign else None,
        campaign_name=report.campaign.name if report.campaign else None,
        run_id=report.run_id,
        folder=report.folder,
        message=message,
        hint=hint,
        rows=report.source.rows,
        counts=dict(report.counts),
        missing=dict(report.missing),
        waiting=waiting,
        changed=changed,
        codes=dict(codes.iter_rows()),
        guards=(*blank.guards, *report.guards),
        requests=report.requests,
        notices=(*blank.notices, *report.notices),
        arrival=report.arrival,
    )


def _words(report: Report) -> tuple[str | None, str | None]:
    """What a run came to that was not all good, and what to do about it."""
    if report.exit_code == ExitCode.OK:
        return None, None
    try:
        guards.refuse(report.guards)
    except UnsafePlanError as error:
        return error.message, error.hint
    return lead(report), next_steps(report)[0]


def archive(result: JobResult, task: Task, now: datetime) -> JobResult:
    """Archive the source of a job that was done elsewhere: only who takes the result knows that nobody will do it again."""
    if not result.good or task.dry_run or task.job.archive is None:
        return result
    try:
        file = inbox.newest(task.job.source or "")
    except SheetError:
        file = None
    if file is None or file.named != result.source:
        said = f"`{result.source}` is not the newest file any more, so it was not archived"
        return replace(result, notices=(*result.notices, said))
    if result.arrival is None or _digest(file.path) != result.arrival.sha256:
        said = f"`{result.source}` is not the file that was read any more, so it was not archived"
        return replace(result, notices=(*result.notices, said))
    return _archived(result, file, task, Place(clock=lambda: now))


def _digest(path: Path) -> str | None:
    try:
        return sheet_digest(path)
    except SyncError:
        return None


def _archived(result: JobResult, file: inbox.File, task: Task, place: Place) -> JobResult:
    """A file that cannot be moved is said, and does not undo what was done."""
    assert task.job.archive is not None
    try:
        return replace(result, archived=str(inbox.archive(file, task.job.archive, place.clock())))
    except StateError as error:
        return replace(result, notices=(*result.notices, error.message))


# --- export -------------------------------------------------------------------------------------------------------------


async def _exported(task: Task, place: Place, blank: JobResult) -> JobResult:
    job = task.job
    assert job.output is not None
    export.check_format(job.output, job.format)
    export.check_dialect(job.csv_dialect)
    wanted = export.Wanted(statuses=job.status, columns=job.columns, since=job.since, calls=job.calls)
    bench = Bench(settings=task.settings, clock=place.clock, progress=place.progress, stop=place.stop, gate=place.gate)
    sheet, orders = await export.read_status(bench, job.campaign, wanted)
    found = replace(
        blank,
        campaign_uuid=sheet.campaign.uuid,
        campaign_name=sheet.campaign.name,
        source=str(job.output),
        rows=sheet.orders.height,
        notices=tuple(sheet.notices),
    )
    if task.dry_run:
        return found
    _make_room(job.output.parent)
    said = export.write_status(sheet, job.output, form=job.format, dialect=job.csv_dialect)
    return replace(found, notices=(*found.notices, *said, *export.remember(bench, sheet, orders)))


def _make_room(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StateError(f"`{folder}` cannot be made: {error.strerror or error}", hint="name another `output`") from error
