"""Jobs, results and a site, for the tests of jobs: made from the least that a test wants to say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from callcamp_sync.errors import ExitCode
from callcamp_sync.jobs.document import Job, read_jobs
from callcamp_sync.jobs.forms.groups import Site
from callcamp_sync.night import JobResult, Night

NOW = datetime(2026, 5, 10, 2, 15, tzinfo=UTC)

SITE = Site(folder="/srv/calls", program="/usr/bin/callcamp-sync", profile=None, state_dir="/var/lib/callcamp-sync")


def jobs(folder: Path, text: str) -> list[Job]:
    """The jobs of a `callcamp.toml` with that text."""
    (folder / "callcamp.toml").write_text(text, encoding="utf-8")
    return read_jobs(folder)


def job(schedule: str | None = "15 2 * * *", zone: str = "Europe/London", name: str = "spring", **more: Any) -> Job:
    """One job."""
    return Job(name=name, source="in.csv", campaign="Spring", schedule=schedule, timezone=zone, **more)


def result(exit_code: ExitCode = ExitCode.OK, name: str = "spring", **more: Any) -> JobResult:
    """One job's end."""
    told: dict[str, Any] = {
        "job": name,
        "kind": "sync",
        "campaign": "Spring",
        "host": "callcamp.example.com",
        "exit_code": int(exit_code),
        "exit_name": exit_code.label,
        "started_at": NOW,
        "finished_at": NOW + timedelta(seconds=2),
    }
    return JobResult(**told | more)


def a_night(*results: JobResult, **more: Any) -> Night:
    """A night of these."""
    code = max((ExitCode(one.exit_code) for one in results), default=ExitCode.OK)
    told: dict[str, Any] = {
        "id": "0badcafe",
        "version": "0.1.0",
        "started_at": NOW,
        "finished_at": NOW + timedelta(seconds=9),
        "exit_code": int(code),
        "exit_name": code.label,
        "results": results,
    }
    return Night(**told | more)
