"""What was about to be sent, and how it ended: the write-ahead journal of all runs, one SQLite file. Edge: touches the disk.

In:  steps before their requests leave, outcomes after; a clock (aware datetimes).
Out: a request is in the file, on the disk, before `intent` returns; after a kill, `pending` says what nobody knows the end of.
The life of a step (for an associate: of each of its contacts):

    intent --> done | refused | drifted | held | not-attempted        closed
           `-> unknown --settle--> done | not-attempted | ...         open until a listing has told; so is a killed run's intent

Times are UTC. Many intents may share one commit. Outcomes ride along; losing one costs a look-up. One event loop at a time; the
methods that are not async wait for the disk and may be called from any thread.
Rule source: design, section 4, promise 3; issue 3, items 1 and 6. The file: journal_file.py; values and entries: journal_rows.py;
which tasks share a commit: group_commit.py.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Self

from callcamp_sync.errors import NotFoundError, StalePlanError, StateError
from callcamp_sync.group_commit import GroupCommit
from callcamp_sync.journal_file import connect, damaged, make_portable, translated
from callcamp_sync.journal_rows import (
    Entry,
    Pending,
    RunRow,
    StepRow,
    ended,
    intents,
    pending_steps,
    run_row,
    settlements,
    stamp,
    step_row,
)
from callcamp_sync.model import Fate, Outcome, Step

__all__ = ["FILE_NAME", "Journal", "Pending", "RunRow", "StepRow", "make_portable"]

#: The journal's name inside the state folder.
FILE_NAME = "journal.sqlite3"

_RUN = "SELECT run.*, (SELECT count(*) FROM open_step WHERE open_step.run_id = run.run_id) AS pending FROM run"
_START = """
INSERT INTO run
    (run_id, host, campaign, command, version, plan_id, digests, mapping_digest, valid_rows, folder, who, dry_run, started_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_PRUNE = """
DELETE FROM run WHERE started_at < CASE WHEN finished_at IS NULL THEN ? ELSE ? END
    AND run_id NOT IN (SELECT run_id FROM open_step)
"""
#: A run that is not finished may still be at work; after a day it is taken for killed.
_LONGEST_RUN = timedelta(days=1)


class Journal:
    """The journal of a state folder. Made by `Journal.open`; a context manager."""

    def __init__(self, path: Path, connection: sqlite3.Connection, clock: Callable[[], datetime]) -> None:
        connection.row_factory = sqlite3.Row
        self._path = path
        self._db = connection
        self._clock = clock
        self._lock = threading.Lock()
        self._outcomes: deque[Entry] = deque()
        self._commits = GroupCommit(self._commit)
        self._broken: StateError | None = None

    @classmethod
    def open(cls, path: Path, *, clock: Callable[[], datetime]) -> Self:
        """Open or make the file (0600; missing folders 0700).

        Raises StateError when it is damaged, of another program, from a newer version, or cannot be used.
        """
        return cls(path, connect(path), clock)

    def close(self) -> None:
        """Commit what is buffered and close the file; closing twice is harmless. Raises StateError when the disk refuses,
        unless an intent has already said so.
        """
        try:
            if self._outcomes:
                self._write([])
        except StateError:
            if self._broken is None:
                raise
        finally:
            self._outcomes.clear()
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # --- runs and plans -------------------------------------------------------------------------------------------------

    def start_run(
        self,
        *,
        run_id: str,
        host: str,
        campaign: str,
        command: str,
        version: str,
        plan_id: str | None,
        digests: Mapping[str, str],
        valid_rows: int,
        folder: str | None,
        who: str,
        dry_run: bool = False,
    ) -> None:
        """Enter a run; durable on return. No step can be journaled without it.

        digests: as in the plan; the one called `mapping` is what `last_applied` asks for. valid_rows: rows of the sheet that
        were neither rejected nor held. Raises StateError, also when the run id is taken.
        """
        values = (run_id, host, campaign, command, version, plan_id, json.dumps(dict(digests)), digests.get("mapping"))
        more = (valid_rows, folder, who, dry_run, stamp(self._clock()))
        self._write([(_START, (*values, *more))])

    def spend_plan(self, plan_id: str, run_id: str) -> None:
        """Mark the plan as used, for good (pruning keeps the mark); durable on return, whatever the campaign held.

        Raises StalePlanError when it was spent before, by any process.
        """
        with self._transaction():
            spent = self._db.execute("SELECT run_id, at FROM spent WHERE plan_id = ?", (plan_id,)).fetchone()
            if spent is not None:
                raise StalePlanError(
                    f"plan `{plan_id}` was applied on {spent['at'][:19]}Z by run `{spent['run_id']}`",
                    hint="make a new plan: it will hold what is still to be done",
                )
            self._db.execute("INSERT INTO spent VALUES (?, ?, ?)", (plan_id, run_id, stamp(self._clock())))

    def finish_run(self, run_id: str, *, exit_code: int, counts: Mapping[str, int], missing: Mapping[str, int]) -> None:
        """Enter how the run ended, with all outcomes before it; durable on return. Raises StateError."""
        statement = "UPDATE run SET finished_at = ?, exit_code = ?, counts = ?, missing = ? WHERE run_id = ?"
        texts = (json.dumps(dict(counts)), json.dumps(dict(missing)))
        self._write([(statement, (stamp(self._clock()), int(exit_code), *texts, run_id))])

    def save_plan(self, run_id: str, text: str) -> None:
        """Keep the run's plan document (JSON text) for `resume`; durable on return. Raises StateError."""
        self._write([("INSERT OR REPLACE INTO plan VALUES (?, ?)", (run_id, zlib.compress(text.encode())))])

    def plan(self, run_id: str) -> str:
        """The plan document that was kept for the run. Raises NotFoundError, StateError when it cannot be unpacked."""
        rows = self._read("SELECT document FROM plan WHERE run_id = ?", (run_id,))
        if not rows:
            raise NotFoundError(f"no plan is kept for run `{run_id}`", hint="see `callcamp-sync runs list`")
        try:
            return zlib.decompress(rows[0]["document"]).decode()
        except (zlib.error, UnicodeDecodeError) as error:
            raise damaged(self._path, f"the plan of run `{run_id}` cannot be unpacked") from error

    # --- steps ----------------------------------------------------------------------------------------------------------

    async def intent(self, run_id: str, step: Step, attempt: int) -> None:
        """Enter that this request is about to leave; returns only when that is on the disk.

        attempt: 1 for the first request of the step. Raises StateError when the disk refuses: then nothing may be sent, and
        every later intent is refused too. A task that is cancelled while it waits may leave an intent behind: it costs a look-up.
        """
        await self._commits.join([(run_id, step, attempt)])

    def outcome(self, run_id: str, outcome: Outcome) -> None:
        """Take note of a step's end. Buffered: on the disk with the next group, flush, other write, or close."""
        self._outcomes.append(ended(run_id, outcome, stamp(self._clock())))

    async def flush(self) -> None:
        """Returns when every outcome that was noted before is on the disk. Raises StateError."""
        await self._commits.join([])

    def pending(self, host: str, campaign: str) -> list[Pending]:
        """The open steps of every run on that campaign, oldest run first: intents without an end, and unknown ends."""
        statement = """SELECT open_step.* FROM run JOIN open_step USING (run_id) WHERE host = ? AND campaign = ?
            ORDER BY started_at, run_id, step_id, contact"""
        return pending_steps(map(step_row, self._read(statement, (host, campaign))))

    def settle(self, pending: Pending, *, fate: Fate, order_uuid: str | None, note: str) -> None:
        """Close a pending step; durable on return. DONE: its order was found. NOT_ATTEMPTED: it is proved absent.

        For an associate exactly the contacts in `pending.records` are closed: `replace(pending, records=(one,))` closes one.
        note: how that is known, for the audit. What was closed meanwhile stays as it is. Raises StateError; ValueError for
        UNKNOWN, which settles nothing.
        """
        if fate is Fate.UNKNOWN:
            raise ValueError("a step is not settled by an unknown fate")
        self._write(settlements(pending, fate.value, order_uuid, note, stamp(self._clock())))

    # --- reading back ---------------------------------------------------------------------------------------------------

    def runs(self, *, limit: int = 50) -> list[RunRow]:
        """The last runs, newest first."""
        return [run_row(row) for row in self._read(f"{_RUN} ORDER BY started_at DESC, run_id DESC LIMIT ?", (limit,))]

    def run(self, run_id_or_prefix: str) -> RunRow:
        """The run of that id, or the only one whose id begins so. Raises NotFoundError when none or several do."""
        wanted = run_id_or_prefix
        rows = self._read(
            f"{_RUN} WHERE substr(run_id, 1, ?) = ? ORDER BY run_id = ? DESC, started_at DESC LIMIT 4",
            (len(wanted), wanted, wanted),
        )
        if not wanted or not rows:
            raise NotFoundError(f"no run has the id `{wanted}`", hint="see `callcamp-sync runs list`")
        if len(rows) > 1 and rows[0]["run_id"] != wanted:
            names = ", ".join(f"`{row['run_id']}`" for row in rows)
            raise NotFoundError(f"several runs begin with `{wanted}`: {names}", hint="write more of the id")
        return run_row(rows[0])

    def last_applied(self, host: str, campaign: str, mapping_digest: str) -> RunRow | None:
        """The newest run of that campaign and mapping that carried its plan out (exit 0 or 3, not a dry run)."""
        rows = self._read(
            f"{_RUN} WHERE host = ? AND campaign = ? AND mapping_digest = ? AND finished_at IS NOT NULL AND NOT dry_run "
            "AND exit_code IN (0, 3) ORDER BY started_at DESC LIMIT 1",
            (host, campaign, mapping_digest),
        )
        return run_row(rows[0]) if rows else None

    def steps(self, run_id: str) -> list[StepRow]:
        """Every step that the run has journaled, by step id, each in its last state."""
        rows = self._read("SELECT * FROM step WHERE run_id = ? ORDER BY step_id, contact", (run_id,))
        return [step_row(row) for row in rows]

    def steps_about(
        self, host: str, campaign: str, *, phones: Iterable[str], orders: Iterable[str], sheet: str, rows: Iterable[int]
    ) -> list[StepRow]:
        """The steps of all runs on that campaign that were about one of these numbers or orders, oldest run first.

        sheet: sha256 of a sheet; steps of runs of just that sheet count also by their rows.
        """
        statement = """SELECT step.* FROM run JOIN step USING (run_id) WHERE host = ? AND campaign = ? AND (
                phone IN (SELECT value FROM json_each(?)) OR order_uuid IN (SELECT value FROM json_each(?))
                OR (json_extract(digests, '$.sheet') = ? AND EXISTS (
                    SELECT 1 FROM json_each(step.rows) WHERE value IN (SELECT value FROM json_each(?))))
            ) ORDER BY started_at, run_id, step_id, contact"""
        lists = [json.dumps(list(values)) for values in (phones, orders, rows)]
        return [step_row(row) for row in self._read(statement, (host, campaign, lists[0], lists[1], sheet, lists[2]))]

    # --- small facts, and forgetting ------------------------------------------------------------------------------------

    def remember(self, host: str, campaign: str, key: str, value: str) -> None:
        """Keep a small fact about a campaign in place of an older one; durable on return. Raises StateError."""
        self._write([("INSERT OR REPLACE INTO fact VALUES (?, ?, ?, ?, ?)", (host, campaign, key, value, stamp(self._clock())))])

    def recall(self, host: str, campaign: str, key: str) -> str | None:
        """The fact that was kept last, or None."""
        rows = self._read("SELECT value FROM fact WHERE host = ? AND campaign = ? AND key = ?", (host, campaign, key))
        return str(rows[0]["value"]) if rows else None

    def prune(self, older_than: datetime) -> int:
        """Forget runs that started before, with their steps and plans; the deleted text is overwritten in the file.

        Never one with a pending step, nor one that may still be at work. Returns how many. Raises StateError.
        """
        unfinished = min(stamp(older_than), stamp(self._clock() - _LONGEST_RUN))
        self._write([])
        with self._lock, translated(self._path):
            self._db.execute("PRAGMA secure_delete = ON")
            count = self._db.execute(_PRUNE, (unfinished, stamp(older_than))).rowcount
            # The log still holds the old pages; what others are reading is emptied by their own close.
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return count

    # --- transactions ---------------------------------------------------------------------------------------------------

    def _commit(self, wanted: Sequence[tuple[str, Step, int]]) -> None:
        """After one refusal by the disk no later intent is believed: fsync may lie the second time."""
        if self._broken is not None and wanted:
            raise self._broken
        at = stamp(self._clock())
        try:
            self._write(entry for run_id, step, attempt in wanted for entry in intents(run_id, step, attempt, at))
        except StateError as error:
            self._broken = error
            raise

    def _write(self, entries: Iterable[Entry]) -> None:
        """Commit what is buffered, then `entries`, in one transaction. On failure the buffer is as it was."""
        buffered: list[Entry] = []
        try:
            with self._transaction():
                while self._outcomes:
                    buffered.append(self._outcomes.popleft())
                for statement, group in groupby([*buffered, *entries], key=itemgetter(0)):
                    self._db.executemany(statement, [values for _, values in group])
        except BaseException:
            self._outcomes.extendleft(reversed(buffered))
            raise

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, translated(self._path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    with suppress(sqlite3.Error):
                        self._db.execute("ROLLBACK")
                raise

    def _read(self, statement: str, values: tuple[object, ...]) -> list[sqlite3.Row]:
        """Read what was said so far, buffered outcomes included."""
        if self._outcomes and self._broken is None:
            self._write([])
        with self._lock, translated(self._path):
            return self._db.execute(statement, values).fetchall()
