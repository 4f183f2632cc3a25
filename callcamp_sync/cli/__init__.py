"""The command line: one module a command; each parses, calls the pipeline, prints, and returns an exit code.

`main` is the only place that sees every exception: one that is not ours is a bug, so its traceback goes into a file and one line
to the user. Heavy libraries are imported inside commands: `--help` stays fast.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import NoReturn

from callcamp_sync.errors import ExitCode


def main() -> None:
    """Run the command line; never returns."""
    from callcamp_sync.cli.app import app

    try:
        app(prog_name="callcamp-sync")
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted\n")
        sys.exit(ExitCode.INTERRUPTED)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            _own_up(error)
        # What was left unwritten would be tried again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.stderr.write(f"error: what was to be said could not be written: {error.strerror}\n")
        sys.stderr.write("hint: make room where standard output goes; a run that had begun has its report in its own folder\n")
        sys.exit(ExitCode.INCOMPLETE)
    except Exception as bug:  # noqa: BLE001 - the edge of the command line: what is not a SyncError is a bug of ours
        _own_up(bug)


def _own_up(bug: Exception) -> NoReturn:
    from callcamp_sync import bugs

    sys.stderr.write(f"error: a bug of callcamp-sync: {bugs.kinds(bug)}; the details are in `{bugs.keep(bug)}`\n")
    sys.stderr.write("hint: report it with that file; look into it first, it may hold file names\n")
    sys.exit(ExitCode.BUG)
