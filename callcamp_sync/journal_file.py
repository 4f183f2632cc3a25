"""The SQLite files of ours: how they are opened, checked and shaped. Edge: touches the disk.

In:  the path of `journal.sqlite3`, or of another file with its Form.
Out: a connection in WAL mode with synchronous=FULL, whose tables have the form's shape; or StateError.
A file that is damaged, foreign or from a newer version is refused and left exactly as it is: it may be the only witness of
requests that were sent. Rule source: issue 3, items 1 and 6; SQLite's pages on WAL and on PRAGMA user_version.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from callcamp_sync.errors import StateError
from callcamp_sync.private import FILE_MODE, make_file

#: The shape below. Raised with every change of it; a file of a higher number is not ours to touch.
VERSION = 1
#: "CcSj" in ASCII: tells our file from any other SQLite file of that name.
APPLICATION_ID = 0x4363536A
#: How long to wait for another process (a run on another campaign) to end its commit.
BUSY_SECONDS = 30.0

#: `open_step` has the steps that nobody knows the end of; its partial index makes looking for them independent of history.
_SHAPE = """
CREATE TABLE run (
    run_id TEXT PRIMARY KEY, host TEXT NOT NULL, campaign TEXT NOT NULL, command TEXT NOT NULL, version TEXT NOT NULL,
    plan_id TEXT, digests TEXT NOT NULL, mapping_digest TEXT, valid_rows INTEGER NOT NULL, folder TEXT, who TEXT NOT NULL,
    dry_run INTEGER NOT NULL, started_at TEXT NOT NULL, finished_at TEXT, exit_code INTEGER, counts TEXT, missing TEXT
);
CREATE INDEX run_campaign ON run (host, campaign, started_at);
CREATE TABLE step (
    run_id TEXT NOT NULL REFERENCES run ON DELETE CASCADE, step_id TEXT NOT NULL, contact TEXT NOT NULL, kind TEXT NOT NULL,
    rows TEXT NOT NULL, phone TEXT, order_uuid TEXT, record_uuid TEXT, state TEXT NOT NULL, attempts INTEGER NOT NULL,
    http_status INTEGER, error TEXT, intent_at TEXT, outcome_at TEXT, note TEXT,
    PRIMARY KEY (run_id, step_id, contact)
) WITHOUT ROWID;
CREATE INDEX step_open ON step (run_id) WHERE state IN ('intent', 'unknown');
CREATE VIEW open_step AS SELECT * FROM step INDEXED BY step_open WHERE state IN ('intent', 'unknown');
CREATE TABLE plan (run_id TEXT PRIMARY KEY REFERENCES run ON DELETE CASCADE, document BLOB NOT NULL);
CREATE TABLE spent (plan_id TEXT PRIMARY KEY, run_id TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE fact (
    host TEXT NOT NULL, campaign TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (host, campaign, key)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What tells one file of ours from another. name: as messages call it. cure, lost: what to do when it cannot be used, or is
    damaged.

    version: raised with every change of shape; a file of a higher number is not ours to touch.
    """

    name: str
    version: int
    application_id: int
    shape: str
    cure: str
    lost: str


JOURNAL = Form(
    name="journal",
    version=VERSION,
    application_id=APPLICATION_ID,
    shape=_SHAPE,
    cure="free the disk or correct the permissions, then run again; requests that were sent are in the journal",
    lost="put a copy of it back, or move it away and keep it: requests of a run that was cut off are known to it alone, "
    "so look at the campaign before the next sync",
)


def connect(path: Path, form: Form = JOURNAL) -> sqlite3.Connection:
    """Open the file, making it (0600) where it is missing.

    The connection is in autocommit mode: transactions are written out. It may be used from any thread, by one at a time.
    Raises StateError when the file is damaged, foreign, from a newer version, or cannot be used.
    """
    make_file(path)
    with translated(path, form):
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            _prepare(connection, path, form)
        except BaseException:
            connection.close()
            raise
    return connection


def make_portable(path: Path, form: Form = JOURNAL) -> None:
    """Have the file used by several machines: without the write-ahead log, whose index lies in the memory of one of them.

    For good; slower, and as safe. The file system must be one that all of them share, with locks. Raises StateError.
    """
    connection = connect(path, form)
    try:
        with translated(path, form):
            mode = connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
    finally:
        connection.close()
    if mode != "delete":
        raise StateError(
            f"the {form.name} `{path}` is in use, so it cannot be made ready for many machines", hint="end other runs first"
        )


def _prepare(connection: sqlite3.Connection, path: Path, form: Form) -> None:
    if _number(connection, "user_version") == 0:
        _lay_out(connection, path, form)
    _check(connection, path, form)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _lay_out(connection: sqlite3.Connection, path: Path, form: Form) -> None:
    """Give an empty file its shape, once: processes that start together take turns by a lock file."""
    turn = FileLock(path.with_name(path.name + ".lock"), timeout=BUSY_SECONDS, mode=FILE_MODE, fallback_to_soft=False)
    with turn:
        if _number(connection, "user_version") != 0:
            return
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise _foreign(path)
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise StateError(
                f"`{path}` lies on a file system where SQLite has no write-ahead log (it offers `{mode}`)",
                hint="pass a folder on a local disk as `CALLCAMP_STATE_DIR`",
            )
        connection.execute("PRAGMA synchronous = FULL")
        marks = f"PRAGMA application_id = {form.application_id}; PRAGMA user_version = {form.version};"
        connection.executescript(f"BEGIN IMMEDIATE; {form.shape} {marks} COMMIT;")


def _check(connection: sqlite3.Connection, path: Path, form: Form) -> None:
    version = _number(connection, "user_version")
    if _number(connection, "application_id") != form.application_id:
        raise _foreign(path)
    if version > form.version:
        raise StateError(
            f"the {form.name} `{path}` was written by a newer version "
            f"(its shape is {version}, this program knows {form.version})",
            hint="update callcamp-sync, or pass another folder as `CALLCAMP_STATE_DIR`",
        )
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise damaged(path, str(verdict), form)


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def _foreign(path: Path) -> StateError:
    return StateError(
        f"`{path}` is a database of another program", hint="move it away, or pass another folder as `CALLCAMP_STATE_DIR`"
    )


def damaged(path: Path, words: str, form: Form = JOURNAL) -> StateError:
    """The one message for a file that cannot be read; it is kept, because it may be the only witness."""
    return StateError(f"the {form.name} `{path}` is damaged ({words}); it was left as it is", hint=form.lost)


@contextmanager
def translated(path: Path, form: Form = JOURNAL) -> Iterator[None]:
    """SQLite's own errors become StateError here, and nowhere else."""
    try:
        yield
    except (sqlite3.OperationalError, sqlite3.ProgrammingError, Timeout, OSError) as error:
        raise StateError(f"the {form.name} `{path}` cannot be used: {error}", hint=form.cure) from error
    except sqlite3.IntegrityError as error:
        raise StateError(f"the {form.name} `{path}` refuses an entry: {error}") from error
    except sqlite3.DatabaseError as error:
        raise damaged(path, str(error), form) from error
