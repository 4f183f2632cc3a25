"""Files that appear whole or not at all. An edge: writes files.

In:  the path that shall be written.
Out: a new empty file beside it, readable by the owner only, which takes its place when the block ends well, and is gone when not.
Rule source: POSIX rename; reports and exports hold contact data (design, promise 7), so nobody else may read them.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from callcamp_sync.errors import StateError


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a file (mode 0600) in the folder of `path`; when the block ends, sync it to disk and rename it to `path`.

    Raises StateError when the folder cannot be written to, the disk is full, or `path` is a folder.
    """
    target = Path(path)
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:80]}.", suffix=".part")
    except OSError as error:
        raise _unwritable(target, error) from error
    os.close(handle)
    part = Path(name)
    try:
        yield part
        _sync(part)
        part.replace(target)
        _sync(target.parent)
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        part.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(target: Path, error: OSError) -> StateError:
    return StateError(
        f"cannot write `{target}`: {error.strerror or error}", hint="check the folder, its rights and the free space"
    )
