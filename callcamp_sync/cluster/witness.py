"""Whether a worker really shares the state folder: it must see the file that the sender holds, and find it held. Edge: the disk.

In:  the state folder. Out: a seal that stands for as long as the night lasts; SettingsError for a worker that does not see it.
A folder that is shared by name only would lose what makes a second run safe: the journal's open creates, the ledger, the locks.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import gethostname

from filelock import FileLock, Timeout

from callcamp_sync.errors import SettingsError
from callcamp_sync.private import FILE_MODE, make_file, unusable

_FOLDER = "cluster"


@contextmanager
def sealed(state_dir: Path, night: str) -> Iterator[str]:
    """Hold the seal of a night. night: its number, which becomes a file name. Raises StateError."""
    path = state_dir / _FOLDER / f"{night}.seal"
    make_file(path)
    lock = _lock(path)
    try:
        lock.acquire()
    except OSError as error:
        raise unusable(path, error) from error
    try:
        yield night
    finally:
        with suppress(OSError):
            path.unlink()
        lock.release()


def check(state_dir: Path, seal: str) -> None:
    """Raise SettingsError where the seal is not there, or is not held as far as this machine can see."""
    path = state_dir / _FOLDER / f"{seal}.seal"
    if not path.is_file():
        raise _apart(state_dir, "it does not hold the seal of this night")
    lock = _lock(path)
    try:
        lock.acquire()
    except Timeout:
        return
    except OSError as error:
        raise unusable(path, error) from error
    lock.release()
    raise _apart(state_dir, "locks that are held elsewhere do not hold there")


def _lock(path: Path) -> FileLock:
    return FileLock(path, timeout=0, mode=FILE_MODE, fallback_to_soft=False, preserve_lock_file=True)


def _apart(state_dir: Path, why: str) -> SettingsError:
    return SettingsError(
        f"the worker on `{gethostname()}` does not share the state folder `{state_dir}`: {why}",
        hint="give `CALLCAMP_STATE_DIR` a folder on a file system that all machines share, with locks",
    )
