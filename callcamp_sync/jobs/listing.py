"""What stands with each job: when it last ran, when it is due next, whether it is late, how many times it missed.

In:  the jobs, the history's last runs, a time. Out: one Standing a job, in the file's order. Pure: no I/O; the clock is an
argument.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from callcamp_sync.history import Entry
from callcamp_sync.jobs.document import Job
from callcamp_sync.jobs.schedules import TOLERANCE, Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One job. last: null before its first run. due: when it should have begun last; next: when it is due; null without a
    schedule.

    schedule: its own, or that of the job which it comes after. missed: times that were due since the last run and did not begin.
    """

    job: Job
    schedule: Schedule | None
    last: Entry | None
    due: datetime | None
    next: datetime | None
    missed: int

    @property
    def late(self) -> bool:
        """Whether it should have begun, and did not."""
        return self.missed > 0

    @property
    def words(self) -> str:
        """How it stands, in a word or two."""
        if self.last is None:
            return "never ran"
        if self.missed:
            return "late" if self.missed == 1 else f"late, {self.missed} runs missed"
        return "on time" if self.schedule else "not scheduled"


def standings(jobs: Sequence[Job], lasts: Mapping[str, Entry], now: datetime) -> list[Standing]:
    """One Standing a job. A job without a run has missed nothing: nobody knows since when it stands in the file."""
    by_name = {job.name: job for job in jobs}
    return [_standing(job, scheduled(job, by_name), lasts.get(job.name), now) for job in jobs]


def scheduled(job: Job, by_name: Mapping[str, Job]) -> Schedule | None:
    """The job's own schedule, else that of the first job before it that has one."""
    if job.due is not None:
        return job.due
    return next((found for name in job.after if (found := scheduled(by_name[name], by_name)) is not None), None)


def _standing(job: Job, schedule: Schedule | None, last: Entry | None, now: datetime) -> Standing:
    since = last.started_at if last is not None else None
    return Standing(
        job=job,
        schedule=schedule,
        last=last,
        due=schedule.before(now - TOLERANCE) if schedule else None,
        next=schedule.after(now) if schedule else None,
        missed=schedule.missed(since, now) if schedule and since is not None else 0,
    )


def document(standing: Standing) -> dict[str, Any]:
    """For machines; times with their zone."""
    last = standing.last
    return {
        "job": standing.job.name,
        "kind": standing.job.kind,
        "campaign": standing.job.target,
        "source": standing.job.source or str(standing.job.output),
        "after": list(standing.job.after),
        "schedule": standing.schedule.text if standing.schedule else None,
        "timezone": standing.schedule.zone if standing.schedule else None,
        "last": {"run": last.run_id, "at": last.started_at.isoformat(), "exit": last.exit_code, "state": last.state}
        if last
        else None,
        "due": standing.due.isoformat() if standing.due else None,
        "next": standing.next.isoformat() if standing.next else None,
        "late": standing.late,
        "missed": standing.missed,
    }
