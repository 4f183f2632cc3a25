"""One run per (host, campaign): a lock that the kernel releases when its holder dies. Edge: touches the disk.

In:  the state folder, who wants to run on which campaign, a clock.
Out: a context in which no other process (nor thread) holds the same campaign; LockedError at once when one does.
Files: `locks/<digest>.lock` (flock, kept for good) and beside it, while it is held, `locks/<digest>.json`, which names the
holder. Only the flock decides; the note is for people, and one left by a kill is overwritten.
Rule source: issue 3, item 5. Runs on other machines are not seen: a shared state folder needs flock on its file system.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from callcamp_sync.errors import LockedError
from callcamp_sync.private import FILE_MODE, make_file, unusable


@contextmanager
def hold(
    state_dir: Path, *, host: str, campaign: str, run_id: str, command: str, clock: Callable[[], datetime]
) -> Iterator[None]:
    """Hold the campaign for this run.

    host, campaign: as the journal has them (campaign by its uuid, not by name). run_id, command: told to whoever comes second.
    clock: aware datetimes. Raises LockedError (exit 9) without waiting, StateError where the folder cannot be used or its
    file system has no flock.
    """
    path = _path(state_dir, host, campaign)
    make_file(path)
    note = path.with_suffix(".json")
    lock = FileLock(path, timeout=0, mode=FILE_MODE, fallback_to_soft=False, preserve_lock_file=True)
    _acquire(lock, note, campaign)
    try:
        _write_note(note, host=host, campaign=campaign, run_id=run_id, command=command, since=clock())
        yield
    finally:
        # The note goes first: after the release it may be another run's.
        with suppress(OSError):
            note.unlink()
        lock.release()


def _path(state_dir: Path, host: str, campaign: str) -> Path:
    """Text that came from elsewhere never becomes a file name: it is digested."""
    digest = hashlib.sha256(f"{host}\0{campaign}".encode()).hexdigest()
    return state_dir / "locks" / f"{digest[:32]}.lock"


def _acquire(lock: FileLock, note: Path, campaign: str) -> None:
    try:
        lock.acquire()
    except Timeout:
        raise LockedError(
            f"campaign `{campaign}` is held by {_holder(note)}",
            hint="wait until that run has ended, or end it; a run that was killed holds nothing",
        ) from None
    except OSError as error:
        raise unusable(Path(lock.lock_file), error) from error


def _write_note(note: Path, *, host: str, campaign: str, run_id: str, command: str, since: datetime) -> None:
    """Whole or not at all: a second run may read at any moment."""
    words = {
        "pid": os.getpid(),
        "run_id": run_id,
        "command": command,
        "since": since.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "host": host,
        "campaign": campaign,
    }
    draft = note.with_suffix(".new")
    try:
        draft.unlink(missing_ok=True)
        make_file(draft)
        draft.write_text(json.dumps(words), encoding="utf-8")
        draft.replace(note)
    except OSError as error:
        raise unusable(note, error) from error


def _holder(note: Path) -> str:
    """Who holds it, in words; a note that is missing or half there still leaves a true sentence."""
    try:
        words = json.loads(note.read_text(encoding="utf-8"))
        return f"run `{words['run_id']}` (`{words['command']}`, process {words['pid']}, since {words['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another run (which has not said yet who it is)"
