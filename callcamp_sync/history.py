"""What came of every run, and what is known of every job: counts, durations, rates, problem codes, absences. Edge: SQLite.

In:  how a run ended (Entry), what a job took and found absent; a clock.
Out: runs, newest first; the Past of a job; its trend; its state as it was last told.
One file in the state folder, apart from the journal: the journal is the witness of what was sent and is never given up, the
history explains and compares. Where it is lost, trends begin anew and absent orders wait as from the first night: nothing is
taken out that should stay. Phone numbers stand in it (0600) for the last good file of each job; orders by their uuid alone.
Rule source: issue 6, items 2, 3 and 5.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from callcamp_sync.journal_file import Form, connect, translated
from callcamp_sync.journal_rows import stamp
from callcamp_sync.model import Arrival
from callcamp_sync.night import REMEMBERED, Past, Trend

#: The history's name inside the state folder.
FILE_NAME = "history.sqlite3"

_FORM = Form(
    name="history",
    version=1,
    application_id=0x43635348,  # "CcSH"
    shape="""
CREATE TABLE run (
    run_id TEXT PRIMARY KEY, night TEXT, job TEXT, host TEXT NOT NULL, campaign TEXT, campaign_name TEXT, command TEXT NOT NULL,
    version TEXT NOT NULL, started_at TEXT NOT NULL, finished_at TEXT NOT NULL, exit_code INTEGER NOT NULL, state TEXT NOT NULL,
    dry_run INTEGER NOT NULL, rows INTEGER NOT NULL, counts TEXT NOT NULL, missing TEXT NOT NULL, codes TEXT NOT NULL,
    changed INTEGER NOT NULL, sent INTEGER NOT NULL, retried INTEGER NOT NULL, throttled INTEGER NOT NULL, busy REAL NOT NULL,
    folder TEXT
);
CREATE INDEX run_started ON run (started_at);
CREATE INDEX run_job ON run (job, started_at) WHERE job IS NOT NULL;
CREATE TABLE good (
    job TEXT NOT NULL, run_id TEXT NOT NULL, at TEXT NOT NULL, sha256 TEXT NOT NULL, rows INTEGER NOT NULL,
    blank_keys INTEGER NOT NULL, headings TEXT NOT NULL, PRIMARY KEY (job, at, run_id)
) WITHOUT ROWID;
CREATE TABLE job (
    job TEXT PRIMARY KEY, campaign TEXT, phones BLOB NOT NULL DEFAULT x'', repeated INTEGER NOT NULL DEFAULT 0,
    without INTEGER NOT NULL DEFAULT 0, state TEXT, state_since TEXT
) WITHOUT ROWID;
CREATE TABLE absence (
    job TEXT NOT NULL, order_uuid TEXT NOT NULL, files INTEGER NOT NULL, since TEXT NOT NULL, PRIMARY KEY (job, order_uuid)
) WITHOUT ROWID;
""",
    cure="free the disk or correct the permissions, then run again",
    lost="move it away: the history begins anew, and orders without a row wait as from the first night",
)

_ENTER = "INSERT OR REPLACE INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
#: Jobs that nobody runs any more lose what was kept of contacts.
_FORGET = (
    "DELETE FROM absence WHERE job NOT IN (SELECT job FROM good WHERE at >= ?)",
    "UPDATE job SET phones = x'' WHERE job NOT IN (SELECT job FROM good WHERE at >= ?)",
    "DELETE FROM good WHERE job NOT IN (SELECT job FROM good WHERE at >= ?)",
)
_KNOWN = "INSERT INTO job (job) VALUES (?) ON CONFLICT DO NOTHING"
_RUN = "SELECT * FROM run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One run that has ended. run_id: unique; for a job that never came to a run of its own, `<night>-<job>`.

    night, job: null outside `jobs run`. state: what a change of is worth telling. busy: seconds with a request under way.
    """

    run_id: str
    host: str
    command: str
    version: str
    started_at: datetime
    finished_at: datetime
    exit_code: int
    state: str
    night: str | None = None
    job: str | None = None
    campaign: str | None = None
    campaign_name: str | None = None
    dry_run: bool = False
    rows: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    missing: Mapping[str, int] = field(default_factory=dict)
    codes: Mapping[str, int] = field(default_factory=dict)
    changed: int = 0
    sent: int = 0
    retried: int = 0
    throttled: int = 0
    busy: float = 0.0
    folder: str | None = None

    @property
    def seconds(self) -> float:
        """How long it took."""
        return max((self.finished_at - self.started_at).total_seconds(), 0.0)

    @property
    def rate(self) -> float | None:
        """Requests a second while requests were under way; null where none was."""
        return self.sent / self.busy if self.busy > 0 else None


class History:
    """The history of a state folder. Made by `History.open`; a context manager."""

    def __init__(self, path: Path, connection: sqlite3.Connection, clock: Callable[[], datetime]) -> None:
        connection.row_factory = sqlite3.Row
        self._path = path
        self._db = connection
        self._clock = clock

    @classmethod
    def open(cls, folder: Path, *, clock: Callable[[], datetime]) -> Self:
        """Open or make the file in the state folder. Raises StateError: damaged, foreign, newer, or it cannot be used."""
        path = folder / FILE_NAME
        return cls(path, connect(path, _FORM), clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._db.close()

    # --- runs -----------------------------------------------------------------------------------------------------------

    def enter(self, entry: Entry) -> None:
        """Keep how a run ended, in place of what was kept for the same id. Raises StateError."""
        with self._transaction():
            self._db.execute(_ENTER, _values(entry))

    def runs(self, *, limit: int = 50, job: str | None = None) -> list[Entry]:
        """The last runs, newest first; of one job, where it is named."""
        where, values = ("WHERE job = ?", [job]) if job is not None else ("", [])
        return [_entry(row) for row in self._read(f"{_RUN} {where} ORDER BY started_at DESC, run_id LIMIT ?", [*values, limit])]

    def lasts(self) -> dict[str, Entry]:
        """The last run of each job, dry runs apart."""
        inner = "SELECT job, max(started_at) FROM run WHERE job IS NOT NULL AND NOT dry_run GROUP BY job"
        rows = self._read(f"{_RUN} WHERE (job, started_at) IN ({inner})", [])
        return {row["job"]: _entry(row) for row in rows}

    def last_good(self) -> dict[str, datetime]:
        """When each job last did its work (exit 0 or 3, not a dry run)."""
        statement = (
            "SELECT job, max(finished_at) AS at FROM run "
            "WHERE job IS NOT NULL AND NOT dry_run AND exit_code IN (0, 3) GROUP BY job"
        )
        return {row["job"]: datetime.fromisoformat(row["at"]) for row in self._read(statement, [])}

    def trend(self, job: str, *, limit: int = 14) -> tuple[Trend, ...]:
        """The last runs of a job as figures, newest first, dry runs apart."""
        rows = self._read(
            f"{_RUN} WHERE job = ? AND NOT dry_run ORDER BY started_at DESC, run_id LIMIT ?",
            [job, limit],
        )
        return tuple(_trend(_entry(row)) for row in rows)

    def prune(self, older_than: datetime) -> int:
        """Forget runs that began before, and jobs that had no good file since. Returns how many runs. Raises StateError."""
        with translated(self._path, _FORM):
            self._db.execute("PRAGMA secure_delete = ON")
            before = stamp(older_than)
            count = self._db.execute("DELETE FROM run WHERE started_at < ?", (before,)).rowcount
            for statement in _FORGET:
                self._db.execute(statement, (before,))
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return count

    # --- jobs -----------------------------------------------------------------------------------------------------------

    def past(self, job: str, *, campaign: str, absences: int) -> Past:
        """What is known of the job's earlier files. campaign: as the job names it; another one than before begins anew, but for
        the runs that found no file.

        absences: good files in a row until an order is taken out.
        """
        known = self._read("SELECT * FROM job WHERE job = ?", [job])
        if not known:
            return Past(absences=absences)
        if known[0]["campaign"] not in (None, campaign):
            return Past(without=known[0]["without"], absences=absences)
        good = self._read("SELECT * FROM good WHERE job = ? ORDER BY at DESC LIMIT ?", [job, REMEMBERED])
        last = good[0] if good else None
        absent = self._read("SELECT order_uuid, files FROM absence WHERE job = ?", [job])
        return Past(
            rows=tuple(row["rows"] for row in good),
            sha256=last["sha256"] if last else None,
            headings=tuple(json.loads(last["headings"])) if last else None,
            blank_share=last["blank_keys"] / last["rows"] if last and last["rows"] else 0.0,
            phones=zlib.decompress(known[0]["phones"]) if known[0]["phones"] else b"",
            repeated=known[0]["repeated"],
            without=known[0]["without"],
            absent={row["order_uuid"]: row["files"] for row in absent},
            absences=absences,
        )

    def took(self, job: str, arrival: Arrival, *, campaign: str, run_id: str, past: Past) -> None:
        """A good file was carried out. past: what was known before it; durable on return. Raises StateError.

        An order that the file has again is no longer absent. One that it lacks was absent once more, unless the file is the last
        good one again, or is not whole: then what was counted stays. A file of which nobody asked who is absent ends every count.
        """
        again = arrival.sha256 == past.sha256
        now = stamp(self._clock())
        good = (job, run_id, now, arrival.sha256, arrival.rows, arrival.blank_keys, json.dumps(arrival.headings))
        with self._transaction():
            self._begin_anew(job, campaign)
            self._db.execute("INSERT OR REPLACE INTO good VALUES (?, ?, ?, ?, ?, ?, ?)", good)
            self._db.execute(
                "DELETE FROM good WHERE job = ?1 AND at NOT IN (SELECT at FROM good WHERE job = ?1 ORDER BY at DESC LIMIT ?2)",
                (job, REMEMBERED),
            )
            self._db.execute(
                "UPDATE job SET campaign = ?, phones = ?, repeated = ?, without = 0 WHERE job = ?",
                (campaign, zlib.compress(arrival.phones), past.repeated + 1 if again else 1, job),
            )
            self._count_absent(job, arrival.absent, counts=arrival.whole and not again, now=now)

    def came(self, job: str, arrival: Arrival | None, *, campaign: str) -> None:
        """A file was there, and was not carried out in full: who is in it is no longer absent, and nothing else is counted.

        arrival: null where a guard stopped it: then it says nothing about anybody. Raises StateError.
        """
        with self._transaction():
            self._db.execute(_KNOWN, (job,))
            self._db.execute("UPDATE job SET without = 0 WHERE job = ?", (job,))
            known = self._db.execute("SELECT 1 FROM job WHERE job = ? AND campaign = ?", (job, campaign)).fetchone()
            if arrival is not None and known:
                self._count_absent(job, arrival.absent, counts=False, now=stamp(self._clock()))

    def _begin_anew(self, job: str, campaign: str) -> None:
        """A job that names another campaign than before has no past: its orders are others."""
        self._db.execute(_KNOWN, (job,))
        moved = self._db.execute("SELECT 1 FROM job WHERE job = ? AND campaign <> ?", (job, campaign)).fetchone()
        for statement in ("DELETE FROM absence WHERE job = ?", "DELETE FROM good WHERE job = ?") if moved else ():
            self._db.execute(statement, (job,))

    def _count_absent(self, job: str, absent: Sequence[str] | None, *, counts: bool, now: str) -> None:
        listed = json.dumps(list(absent or ()))  # nobody looked: whoever was absent before may have been in this file
        self._db.execute(
            "DELETE FROM absence WHERE job = ? AND order_uuid NOT IN (SELECT value FROM json_each(?))", (job, listed)
        )
        if counts:
            self._db.execute(
                "INSERT INTO absence SELECT ?1, value, 1, ?3 FROM json_each(?2) WHERE true "
                "ON CONFLICT DO UPDATE SET files = files + 1",
                (job, listed, now),
            )

    def came_without(self, job: str) -> None:
        """No file was there. Raises StateError."""
        with self._transaction():
            self._db.execute(_KNOWN, (job,))
            self._db.execute("UPDATE job SET without = without + 1 WHERE job = ?", (job,))

    def state(self, job: str) -> str | None:
        """How the job stood after its last run; null before the first."""
        rows = self._read("SELECT state FROM job WHERE job = ?", [job])
        return rows[0]["state"] if rows else None

    def stands(self, job: str, state: str) -> None:
        """Keep how the job stands; since when, where that is new. Raises StateError."""
        with self._transaction():
            self._db.execute(_KNOWN, (job,))
            self._db.execute(
                "UPDATE job SET state_since = CASE WHEN state IS ?1 THEN state_since ELSE ?2 END, state = ?1 WHERE job = ?3",
                (state, stamp(self._clock()), job),
            )

    # --- how ------------------------------------------------------------------------------------------------------------

    def _read(self, statement: str, values: Sequence[Any]) -> list[sqlite3.Row]:
        with translated(self._path, _FORM):
            return self._db.execute(statement, tuple(values)).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with translated(self._path, _FORM):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")


def _values(entry: Entry) -> tuple[Any, ...]:
    return (
        *(entry.run_id, entry.night, entry.job, entry.host, entry.campaign, entry.campaign_name, entry.command, entry.version),
        *(stamp(entry.started_at), stamp(entry.finished_at), entry.exit_code, entry.state, entry.dry_run, entry.rows),
        *(json.dumps(dict(table)) for table in (entry.counts, entry.missing, entry.codes)),
        *(entry.changed, entry.sent, entry.retried, entry.throttled, entry.busy, entry.folder),
    )


def _entry(row: sqlite3.Row) -> Entry:
    told = {name: row[name] for name in row.keys()}  # noqa: SIM118 - a Row's own iteration gives values
    told |= {name: datetime.fromisoformat(told[name]) for name in ("started_at", "finished_at")}
    told |= {name: json.loads(told[name]) for name in ("counts", "missing", "codes")}
    return Entry(**told | {"dry_run": bool(told["dry_run"])})


def _trend(entry: Entry) -> Trend:
    return Trend(
        at=entry.started_at,
        exit_code=entry.exit_code,
        rows=entry.rows,
        changed=entry.changed,
        wrong=entry.counts.get("rejected", 0) + entry.counts.get("held", 0),
        seconds=entry.seconds,
        requests=entry.sent,
    )
