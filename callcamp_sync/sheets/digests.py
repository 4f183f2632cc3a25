"""The sha256 of a file on disk, to tell whether a sheet is still the one that a plan was made from. Edge: reads a file."""

from __future__ import annotations

import hashlib
from pathlib import Path

from callcamp_sync.errors import SheetError


def sheet_digest(path: Path) -> str:
    """sha256 of the file's bytes, lower hex, as SourceInfo.sha256 has it. Raises SheetError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SheetError(f"`{path}` cannot be read: {error.strerror}", hint="check the path") from error
