"""The command line: one module a command; each parses, calls the pipeline, prints, and returns an exit code.

`main` is the only place that sees every exception: one that is not ours is a bug, so its traceback goes into a file and one line
to the user. Heavy libraries are imported inside commands: `--help` stays fast.
"""

from __future__ import annotations

import sys
import tempfile
import traceback
from pathlib import Path

from callcamp_sync.errors import ExitCode


def main() -> None:
    """Run the command line; never returns."""
    from callcamp_sync.cli.app import app

    try:
        app(prog_name="callcamp-sync")
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted\n")
        sys.exit(ExitCode.INTERRUPTED)
    except Exception as bug:  # noqa: BLE001 - the edge of the command line: what is not a SyncError is a bug of ours
        kinds = ", ".join(dict.fromkeys(type(one).__name__ for one in _each(bug)))
        sys.stderr.write(f"error: a bug of callcamp-sync: {kinds}; the details are in `{_keep(bug)}`\n")
        sys.stderr.write("hint: report it with that file; look into it first, it may hold file names\n")
        sys.exit(ExitCode.BUG)


def _each(bug: BaseException) -> list[BaseException]:
    """The exceptions in a task group's exception, or the exception itself."""
    return [one for inner in bug.exceptions for one in _each(inner)] if isinstance(bug, BaseExceptionGroup) else [bug]


def _keep(bug: Exception) -> Path:
    """The tracebacks in a file that only the user can read: types, lines and code, no values of ours."""
    parts = [bug, *(one for one in _each(bug) if one is not bug)]
    text = "\n".join(f"{type(o).__module__}.{type(o).__name__}\n{''.join(traceback.format_tb(o.__traceback__))}" for o in parts)
    with tempfile.NamedTemporaryFile("w", prefix="callcamp-sync-bug-", suffix=".txt", delete=False, encoding="utf-8") as file:
        file.write(text)
    return Path(file.name)
