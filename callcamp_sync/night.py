"""What jobs know and how they end: a file that arrived, the files before it, the result of one job, a night of them.

Pure values: frozen, picklable, without behaviour but names for what they say; no I/O, no clock, no polars. A job may run in
another process or on another machine: what goes in and what comes back are these. Rule source: issue 6, items 1 to 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from callcamp_sync.errors import ExitCode
from callcamp_sync.model import Arrival, Guard, RequestCounts

#: How many earlier good files a new one is compared with.
REMEMBERED = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What is known of a job's earlier good files, the newest first; all blank before the first.

    sha256, headings, blank_share, phones: of the last good file. repeated: runs in a row that took that same file. without:
    runs in a row that found none. absent: order uuid -> good files in a row that it was absent from. absences: how many of them
    it takes until an order without a row is taken out.
    """

    rows: tuple[int, ...] = ()
    sha256: str | None = None
    headings: tuple[str, ...] | None = None
    blank_share: float = 0.0
    phones: bytes = b""
    repeated: int = 0
    without: int = 0
    absent: Mapping[str, int] = field(default_factory=dict)
    absences: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One earlier run of a job, for trends. seconds: how long it took. exit_code: how it ended."""

    at: datetime
    exit_code: int
    rows: int
    changed: int
    wrong: int
    seconds: float
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """How one job ended. Holds no row and no phone number but in `arrival`, which goes into the history and nowhere else.

    kind: sync or export. campaign: as the job names it; campaign_uuid, campaign_name: as found, null where it was not. source:
    the file that was taken, or written. code, message, hint: of what ended it, null where it went well. rows: of the sheet, or
    orders written. counts, missing: as in its report. waiting: orders that are absent, but not yet often enough. codes: issue
    code -> rows. changed: rows and orders that were changed in the campaign.
    """

    job: str
    kind: str
    campaign: str
    host: str
    exit_code: int
    exit_name: str
    started_at: datetime
    finished_at: datetime
    dry_run: bool = False
    campaign_uuid: str | None = None
    campaign_name: str | None = None
    source: str | None = None
    run_id: str | None = None
    folder: str | None = None
    archived: str | None = None
    code: str | None = None
    message: str | None = None
    hint: str | None = None
    rows: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    missing: Mapping[str, int] = field(default_factory=dict)
    waiting: int = 0
    changed: int = 0
    codes: Mapping[str, int] = field(default_factory=dict)
    guards: tuple[Guard, ...] = ()
    requests: RequestCounts = field(default_factory=RequestCounts)
    notices: tuple[str, ...] = ()
    arrival: Arrival | None = None

    @property
    def good(self) -> bool:
        """Whether the job did its work: everything, or everything but rows that were wrong."""
        return self.exit_code in (ExitCode.OK, ExitCode.ROWS, ExitCode.CHANGES)

    @property
    def seconds(self) -> float:
        """How long it took."""
        return max((self.finished_at - self.started_at).total_seconds(), 0.0)

    @property
    def tripped(self) -> tuple[str, ...]:
        """The names of the guards that stopped it."""
        return tuple(guard.name for guard in self.guards if guard.tripped)

    @property
    def state(self) -> str:
        """What a change of is worth telling: the exit code's name, with the guards or the error behind it."""
        behind = ", ".join(self.tripped) or (self.code if not self.good else None)
        return f"{self.exit_name}: {behind}" if behind and behind != self.exit_name else self.exit_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """One `jobs run`: all jobs that it had, in the order of the file, and the code that stands for all.

    trends: job -> its earlier runs, newest first, this night's last. folder: where its report is; null where none was written.
    notices: what is said about the night as a whole, such as an alert that could not be delivered.
    """

    id: str
    version: str
    started_at: datetime
    finished_at: datetime
    exit_code: int
    exit_name: str
    results: tuple[JobResult, ...]
    folder: str | None = None
    dry_run: bool = False
    trends: Mapping[str, tuple[Trend, ...]] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
