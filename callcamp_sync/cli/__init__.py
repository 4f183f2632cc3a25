"""The command line: one module a command; each parses, calls the pipeline, prints, and returns an exit code.

`main` is the only place that sees every exception: one that is not ours is a bug, so its traceback goes into a file and one line
to the user. Heavy libraries are imported inside commands: `--help` stays fast.
"""

from __future__ import annotations

import sys

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
        from callcamp_sync import bugs

        sys.stderr.write(f"error: a bug of callcamp-sync: {bugs.kinds(bug)}; the details are in `{bugs.keep(bug)}`\n")
        sys.stderr.write("hint: report it with that file; look into it first, it may hold file names\n")
        sys.exit(ExitCode.BUG)
