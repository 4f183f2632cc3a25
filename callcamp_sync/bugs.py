"""What is kept of a bug of ours: tracebacks in a file that only the user can read; types, lines and code, no values. Edge: the
disk.

For the two places that see every exception: the edge of the command line, and the edge of a job, where one bug must not take
the other jobs of the night with it.
"""

from __future__ import annotations

import tempfile
import traceback
from pathlib import Path


def kinds(bug: Exception) -> str:
    """The types of the exceptions in it, in words."""
    return ", ".join(dict.fromkeys(type(one).__name__ for one in _each(bug)))


def keep(bug: Exception) -> Path:
    """Write the tracebacks; returns the file."""
    parts = [bug, *(one for one in _each(bug) if one is not bug)]
    text = "\n".join(f"{type(o).__module__}.{type(o).__name__}\n{''.join(traceback.format_tb(o.__traceback__))}" for o in parts)
    with tempfile.NamedTemporaryFile("w", prefix="callcamp-sync-bug-", suffix=".txt", delete=False, encoding="utf-8") as file:
        file.write(text)
    return Path(file.name)


def _each(bug: BaseException) -> list[BaseException]:
    """The exceptions in a task group's exception, or the exception itself."""
    return [one for inner in bug.exceptions for one in _each(inner)] if isinstance(bug, BaseExceptionGroup) else [bug]
