"""What the history keeps of a run, and how `runs list` tells it: history and journal side by side.

In:  a Report, or a JobResult; settings, a clock. Out: entries; lines of runs, newest first. I/O: disk, through history and
journal. A run that cannot be kept is said, and ends as it did: the history explains, it decides nothing about a run that is over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from callcamp_sync.errors import StateError
from callcamp_sync.history import Entry, History
from callcamp_sync.journal import Journal, RunRow
from callcamp_sync.model import Report
from callcamp_sync.night import JobResult
from callcamp_sync.report.verdicts import CHANGING
from callcamp_sync.settings import Settings


def keep(report: Report, settings: Settings, clock: Callable[[], datetime]) -> tuple[str, ...]:
    """Enter a run outside jobs; returns why it was not, if it was not."""
    codes = report.issues.group_by("code").agg(pl.col("row").n_unique()).sort("code")
    tripped = ", ".join(guard.name for guard in report.guards if guard.tripped)
    entry = Entry(
        run_id=report.run_id,
        host=settings.host,
        campaign=report.campaign.uuid if report.campaign else None,
        campaign_name=report.campaign.name if report.campaign else None,
        command=report.command,
        version=report.version,
        started_at=report.started_at,
        finished_at=report.finished_at,
        exit_code=report.exit_code,
        state=f"{report.exit_name}: {tripped}" if tripped else report.exit_name,
        dry_run=report.dry_run,
        rows=report.source.rows,
        counts=dict(report.counts),
        missing=dict(report.missing),
        codes=dict(codes.iter_rows()),
        changed=sum(report.counts.get(name, 0) + report.missing.get(name, 0) for name in CHANGING),
        sent=report.requests.sent,
        retried=report.requests.retried,
        throttled=report.requests.throttled,
        busy=report.requests.seconds,
        folder=report.folder,
    )
    try:
        with History.open(settings.state_dir, clock=clock) as history:
            history.enter(entry)
    except StateError as error:
        return (f"the run is not in the history: {error.message}",)
    return ()


def of_job(result: JobResult, *, night: str, version: str) -> Entry:
    """A job's entry. A job that never came to a run of its own is kept, too: a night without a file is part of the trend."""
    return Entry(
        run_id=result.run_id or f"{night}-{result.job}",
        night=night,
        job=result.job,
        host=result.host,
        campaign=result.campaign_uuid,
        campaign_name=result.campaign_name or result.campaign,
        command=result.kind,
        version=version,
        started_at=result.started_at,
        finished_at=result.finished_at,
        exit_code=result.exit_code,
        state=result.state,
        dry_run=result.dry_run,
        rows=result.rows,
        counts=dict(result.counts),
        missing=dict(result.missing),
        codes=dict(result.codes),
        changed=result.changed,
        sent=result.requests.sent,
        retried=result.requests.retried,
        throttled=result.requests.throttled,
        busy=result.requests.seconds,
        folder=result.folder,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One run as a list shows it. finished_at, exit_code: null while it is at work, and for good when it was killed.

    seconds, rate: null where that is not known. pending: steps that nobody knows the end of.
    """

    run_id: str
    job: str | None
    command: str
    host: str
    campaign: str | None
    campaign_name: str | None
    who: str | None
    started_at: datetime
    finished_at: datetime | None
    exit_code: int | None
    seconds: float | None
    rows: int | None
    sent: int | None
    rate: float | None
    pending: int
    folder: str | None
    counts: Mapping[str, int] = field(default_factory=dict)
    missing: Mapping[str, int] = field(default_factory=dict)
    codes: Mapping[str, int] = field(default_factory=dict)


def runs(journal: Journal, history: History, *, limit: int) -> list[Line]:
    """The last runs, newest first: those that the journal knows, and those that ended before anything was sent."""
    known = {entry.run_id: entry for entry in history.runs(limit=limit)}
    rows = {row.run_id: row for row in journal.runs(limit=limit)}
    lines = [_line(rows.get(run_id), known.get(run_id)) for run_id in {**rows, **known}]
    return sorted(lines, key=lambda line: (line.started_at, line.run_id), reverse=True)[:limit]


def _line(row: RunRow | None, entry: Entry | None) -> Line:
    told = row or entry
    assert told is not None
    return Line(
        run_id=told.run_id,
        job=entry.job if entry else None,
        command=told.command,
        host=told.host,
        campaign=told.campaign,
        campaign_name=entry.campaign_name if entry else None,
        who=row.who if row else None,
        started_at=told.started_at,
        finished_at=told.finished_at,
        exit_code=told.exit_code,
        seconds=entry.seconds if entry else None,
        rows=entry.rows if entry else None,
        sent=entry.sent if entry else None,
        rate=entry.rate if entry else None,
        pending=row.pending if row else 0,
        folder=told.folder,
        counts=told.counts,
        missing=told.missing,
        codes=entry.codes if entry else {},
    )
