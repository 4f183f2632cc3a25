"""All jobs of one `jobs run`: many at a time, in the order that `after` asks for, under one pace for each account.

In:  jobs, flags, a Crew (settings, clock, who is told of progress). Out: a Night, its report written, everybody told.
A job that fails stops none but those that come after it. Jobs of one campaign take turns; a campaign that another process holds
ends its job with 9. Only here are history and alerts touched: what does the work is a function from Task to JobResult, so that
it can be done elsewhere. Rule source: issue 6, items 1 to 5.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import anyio

from callcamp_sync import __version__, chronicle, metrics, report
from callcamp_sync.alerts import addresses
from callcamp_sync.api.client import open_gate
from callcamp_sync.api.pace import Gate
from callcamp_sync.bench import PACE_FOLDER, Progress, Silent
from callcamp_sync.errors import ExitCode, StateError, SyncError, gravest
from callcamp_sync.history import History
from callcamp_sync.jobs import bell, news, work
from callcamp_sync.jobs.document import Job
from callcamp_sync.jobs.work import Agreed, Place, Task
from callcamp_sync.night import JobResult, Night, Trend
from callcamp_sync.settings import Settings, token_of
from callcamp_sync.tally import Stop

#: Does one task somewhere. The default does it here.
Worker = Callable[[Task, Place], Awaitable[JobResult]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """Who works, and how. settings: of the night as a whole; its state folder has the history. flags: what was typed, for each
    job.

    profile: as typed. stop: set by a signal; `sending` is set here, because a night always ends with its report. say: told of
    each job that ended. worker: what does a task; elsewhere, if need be.
    """

    settings: Settings
    flags: Mapping[str, object] = field(default_factory=dict)
    profile: str | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    progress: Progress = field(default_factory=Silent)
    stop: Stop = field(default_factory=Stop)
    dry_run: bool = False
    say: Callable[[JobResult], None] = lambda _: None
    worker: Worker = work.run_job


@dataclass(slots=True)
class _Turn:
    """One job of this night. settings: null where they could not be read; then the result says why, from the start.

    tells: the settings that say who is told.
    """

    job: Job
    settings: Settings | None
    tells: Settings
    result: JobResult | None = None
    before: str | None = None
    done: anyio.Event = field(default_factory=anyio.Event)
    stop: Stop = field(default_factory=Stop)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Book:
    """Where a night is written down. notices: what could not be."""

    history: History
    night: str
    notices: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rooms:
    """What the jobs of a night share. turns: campaign -> one job at a time."""

    gates: Mapping[str, Gate]
    agreed: Mapping[str, Agreed]
    campaigns: Mapping[str, anyio.Lock]
    limiter: anyio.CapacityLimiter
    turns: Mapping[str, _Turn]


async def run_night(jobs: Sequence[Job], crew: Crew) -> Night:
    """Run the jobs. Raises SyncError only where the night cannot begin: no report folder, no history, a missing extra."""
    night_id, started = secrets.token_hex(4), crew.clock()
    crew.stop.sending = True
    turns = [_turn(job, crew) for job in jobs]
    _check_extras(turns, crew.settings)
    folder = None
    if not crew.dry_run:
        folder = report.prepare_folder(crew.settings.report_dir, run_id=night_id, campaign="jobs", started_at=started)
    with History.open(crew.settings.state_dir, clock=crew.clock) as history, ExitStack() as open_gates:
        said = [] if crew.dry_run else await bell.start([turn.tells for turn in turns])
        rooms = _rooms(turns, crew.settings.parallel, open_gates)
        book = _Book(history=history, night=night_id)
        async with anyio.create_task_group() as group:
            group.start_soon(_pass_on, crew.stop, turns)
            async with anyio.create_task_group() as working:
                for turn in turns:
                    working.start_soon(_take_turn, turn, rooms, crew, book)
            group.cancel_scope.cancel()
        trends = _trends(turns, book)
        results = tuple(turn.result for turn in turns if turn.result is not None)
        exit_code = gravest(*(ExitCode(result.exit_code) for result in results), crew.stop.exit_code)
        night = Night(
            id=night_id,
            version=__version__,
            started_at=started,
            finished_at=crew.clock(),
            exit_code=int(exit_code),
            exit_name=exit_code.label,
            results=results,
            folder=str(folder) if folder else None,
            dry_run=crew.dry_run,
            trends=trends,
            notices=(*said, *book.notices),
        )
        return night if folder is None else await _close(night, folder, turns, crew, history)


async def _close(night: Night, folder: Path, turns: Sequence[_Turn], crew: Crew, history: History) -> Night:
    """Write the report, tell whoever wants to know, and write it again where somebody could not be told."""
    report.write_night(night, folder)
    items = [(news.Item(turn.result, turn.before), turn.tells) for turn in turns if turn.result]
    said = await bell.ring(night, items)
    if crew.settings.metrics_file is not None:
        try:
            metrics.write(crew.settings.metrics_file, _figures(history))
        except StateError as error:
            said.append(error.message)
    if said:
        night = replace(night, notices=(*night.notices, *said))
        report.write_night(night, folder)
    return night


def _trends(turns: Sequence[_Turn], book: _Book) -> dict[str, tuple[Trend, ...]]:
    """The earlier runs of each job. A history that cannot be read any more is said, and takes no report with it."""
    try:
        return {turn.job.name: book.history.trend(turn.job.name) for turn in turns}
    except StateError as error:
        book.notices.append(error.message)
        return {}


def _figures(history: History) -> dict[str, metrics.Figures]:
    good = history.last_good()
    return {
        job: metrics.Figures(
            ended_at=entry.finished_at,
            good_at=good.get(job),
            exit_code=entry.exit_code,
            seconds=entry.seconds,
            rows=entry.counts,
            orders=entry.missing,
            requests=entry.sent,
            throttled=entry.throttled,
        )
        for job, entry in history.lasts().items()
    }


# --- making ready -------------------------------------------------------------------------------------------------------


def _turn(job: Job, crew: Crew) -> _Turn:
    """A job whose settings are wrong fails alone."""
    try:
        settings = job.load(crew.flags, profile=crew.profile)
    except SyncError as error:
        blank = work.begun(job, "", crew.clock(), dry_run=crew.dry_run)
        return _Turn(job, None, _tells(job, crew), work.failed(blank, error))
    return _Turn(job, settings, settings)


def _tells(job: Job, crew: Crew) -> Settings:
    """Who hears of a job whose settings are wrong: as it says itself, as far as that can be read."""
    told = {name: found for name, found in job.settings.items() if name in news.TOLD_BY}
    try:
        return job.model_copy(update={"settings": told}).load({}, profile=crew.profile)
    except SyncError:
        return crew.settings


def _check_extras(turns: Sequence[_Turn], settings: Settings) -> None:
    if settings.metrics_file is not None:
        metrics.check()
    if any(turn.tells.notify_urls for turn in turns):
        addresses.check()


def _rooms(turns: Sequence[_Turn], parallel: int, open_gates: ExitStack) -> _Rooms:
    """open_gates: keeps the gates open for the night; what they have learned is kept when it closes."""
    accounts: dict[str, list[Settings]] = {}
    for turn in turns:
        if turn.settings is not None:
            accounts.setdefault(account(turn.settings), []).append(turn.settings)
    agreed = {name: _agreed(settings) for name, settings in accounts.items()}
    return _Rooms(
        gates={name: open_gates.enter_context(_gate(accounts[name][0], pace)) for name, pace in agreed.items()},
        agreed=agreed,
        campaigns={_campaign(turn): anyio.Lock() for turn in turns},
        limiter=anyio.CapacityLimiter(parallel),
        turns={turn.job.name: turn for turn in turns},
    )


def account(settings: Settings) -> str:
    """What a pace belongs to: host and token, the token as a digest. Without a usable token each host is one."""
    try:
        token = hashlib.sha256(token_of(settings).encode()).hexdigest()
    except SyncError:
        token = ""
    return f"{settings.host} {token}"


def _agreed(settings: Sequence[Settings]) -> Agreed:
    """One pace for all jobs of an account: as many requests at once as the boldest asks for, as fast as the most careful one."""
    rates = [one.rate for one in settings if one.rate is not None]
    return Agreed(
        account=hashlib.sha256(account(settings[0]).encode()).hexdigest()[:32],
        concurrency=max(one.concurrency for one in settings),
        rate=min(rates) if rates else None,
    )


def _gate(first: Settings, agreed: Agreed) -> AbstractContextManager[Gate]:
    try:
        token = token_of(first)
    except SyncError:
        token = ""  # Each of its jobs says so itself; nothing passes this gate.
    return open_gate(
        base_url=first.base_url,
        token=token,
        concurrency=agreed.concurrency,
        rate=agreed.rate,
        folder=first.state_dir / PACE_FOLDER if token else None,
    )


def _campaign(turn: _Turn) -> str:
    host = turn.settings.host if turn.settings is not None else ""
    return f"{host} {turn.job.target.strip().casefold()}"


async def _pass_on(stop: Stop, turns: Sequence[_Turn]) -> None:
    """A signal reaches every job; each drops its work or drains."""
    while stop.reason is None:  # noqa: ASYNC110 - a Stop is a plain value: signals, answers and clocks set it
        await anyio.sleep(0.1)
    for turn in turns:
        turn.stop.because(stop.reason, stop.exit_code)


# --- one job's turn -----------------------------------------------------------------------------------------------------


async def _take_turn(turn: _Turn, rooms: _Rooms, crew: Crew, book: _Book) -> None:
    try:
        for name in turn.job.after:
            if name in rooms.turns:
                await rooms.turns[name].done.wait()
        async with rooms.campaigns[_campaign(turn)], rooms.limiter:
            result = turn.result or await _result(turn, rooms, crew, book.history)
        turn.result = result
        if not crew.dry_run:
            turn.before = _kept(turn, result, book)
        crew.say(result)
    finally:
        turn.done.set()


async def _result(turn: _Turn, rooms: _Rooms, crew: Crew, history: History) -> JobResult:
    job, settings = turn.job, turn.settings
    assert settings is not None
    blank = work.begun(job, settings.host, crew.clock(), dry_run=crew.dry_run)
    if turn.stop.reason is not None:
        words = f"{turn.stop.reason}; nothing was sent"
        return work.ended(blank, turn.stop.exit_code, code="stopped", message=words, hint="run the job again")
    failed = [name for name in job.after if name in rooms.turns and not _went_well(rooms.turns[name])]
    if failed:
        words = f"it comes after `{failed[0]}`, which did not do its work; nothing was sent"
        return work.ended(blank, _like(failed, rooms), code="not-attempted", message=words, hint=f"run `{failed[0]}` again first")
    try:
        past = history.past(job.name, campaign=job.target, absences=settings.absences)
    except SyncError as error:
        return work.failed(blank, error)
    task = Task(job=job, settings=settings, past=past, dry_run=crew.dry_run)
    name = account(settings)
    place = Place(gate=rooms.gates[name], agreed=rooms.agreed[name], clock=crew.clock, progress=crew.progress, stop=turn.stop)
    result = await crew.worker(task, place)
    return result if crew.dry_run else _remembered(result, task, history)


def _like(failed: Sequence[str], rooms: _Rooms) -> ExitCode:
    """How a job ends that had to come after these: held, too, where all of them were held, so that it is news no sooner."""
    ends = {turn.result.exit_code for name in failed if (turn := rooms.turns[name]).result is not None}
    return ExitCode.LOCKED if ends == {int(ExitCode.LOCKED)} else ExitCode.INCOMPLETE


def _went_well(turn: _Turn) -> bool:
    return turn.result is not None and turn.result.good


def _remembered(result: JobResult, task: Task, history: History) -> JobResult:
    """What the next night must know. A failure to keep it is said: absent orders then wait longer, which harms nobody."""
    try:
        if result.arrival is not None and not result.good:
            history.came(task.job.name, result.arrival, campaign=task.job.target)
        elif result.arrival is not None:
            run = result.run_id or ""
            history.took(task.job.name, result.arrival, campaign=task.job.target, run_id=run, past=task.past)
        elif task.job.kind == "sync" and any(guard.name == "no-file" for guard in result.guards):
            history.came_without(task.job.name)
        elif task.job.kind == "sync" and result.source is not None:
            history.came(task.job.name, None, campaign=task.job.target)
    except StateError as error:
        return replace(result, arrival=None, notices=(*result.notices, error.message))
    return replace(result, arrival=None)


def _kept(turn: _Turn, result: JobResult, book: _Book) -> str | None:
    """Enter the result; returns how the job stood before.

    A campaign that another run holds says nothing of the job, and that run tells how the night went; twice in a row it is news.
    """
    history, name = book.history, turn.job.name
    try:
        before = history.state(name)
        last = history.runs(limit=1, job=name)
        history.enter(chronicle.of_job(result, night=book.night, version=__version__))
        if result.exit_code == ExitCode.LOCKED and not (last and last[0].exit_code == ExitCode.LOCKED):
            return result.state
        history.stands(name, result.state)
    except StateError as error:
        book.notices.append(f"{turn.job.name}: {error.message}")
        return None
    return before
