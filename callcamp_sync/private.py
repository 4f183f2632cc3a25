"""Folders and files that only their owner may read: where journal, ledger and locks live. Edge: touches the disk.

In:  paths below the state folder.
Out: the folder exists (0700 where it is made here), the file exists with mode 0600 and survives a power cut.
Rule source: reliability notes, section 5 ("state, journal and reports 0600 in 0700 dirs").
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from callcamp_sync.errors import StateError

FOLDER_MODE = 0o700
FILE_MODE = 0o600


def make_folder(path: Path) -> None:
    """Make `path` and what is missing above it. A folder that exists keeps its mode: it may be shared on purpose.

    Raises StateError when it cannot be made, or when something else has that name.
    """
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        for folder in reversed(missing):
            folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    except OSError as error:
        raise unusable(path, error) from error
    if not path.is_dir():
        raise StateError(f"`{path}` is not a folder", hint="pass another folder as `CALLCAMP_STATE_DIR`")


def make_file(path: Path) -> None:
    """Make `path` as an empty file with mode 0600, or tighten one that exists; its content is never touched.

    A new name is written to the disk at once (fsync of the folder), so that a power cut does not take it back.
    Raises StateError when it cannot be made, or is no regular file.
    """
    make_folder(path.parent)
    try:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, FILE_MODE))
            sync_folder(path.parent)
        if not path.is_file():
            raise StateError(f"`{path}` is not a regular file", hint="move it away, or pass another `CALLCAMP_STATE_DIR`")
        if path.stat().st_mode & 0o077:
            path.chmod(FILE_MODE)
    except OSError as error:
        raise unusable(path, error) from error


def sync_folder(folder: Path) -> None:
    """Write the folder's own entries to the disk. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def unusable(path: Path, error: OSError) -> StateError:
    """The one message for a file or folder of ours that the system does not let us use."""
    return StateError(
        f"`{path}` cannot be used: {error.strerror or error}",
        hint="free the disk or correct the permissions, or pass another folder as `CALLCAMP_STATE_DIR`",
    )
