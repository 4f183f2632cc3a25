"""The process that is killed: it imports everything once, then forks one child a run, so that a kill costs no start-up.

    python -m tests.faults.victim      one JSON object a line on stdin; answers with {"pid": ...}, then {"status": ...}

In:  port, folder, campaign, and `journal`: at which statement of the journal the child kills itself (0: at none); if wanted,
     `command` (sync or resume) and `settings` that differ.
Out: what `waitpid` says: -9 for a killed child, else its exit code. A child runs the real pipeline and nothing else; it is a
process of its own, with its own sockets, files and locks, and SIGKILL is SIGKILL.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any

import anyio
from pydantic import SecretStr

from callcamp_sync import journal, journal_file, pipeline
from callcamp_sync.bench import Bench, Request
from callcamp_sync.settings import Settings

from .seams import without_workbook

#: Statements of the journal at which a process may die: before anything of a transaction, and before its end.
_EDGES = ("BEGIN IMMEDIATE", "COMMIT")


def settings_of(port: int, folder: Path, **more: Any) -> Settings:
    """The settings of every run of the kill loop. more: fields that differ."""
    limits = dict.fromkeys(("max_create", "max_update", "max_remove", "max_invalid", "max_shrink"), "10000")
    given = {
        "base_url": f"http://127.0.0.1:{port}/api",
        "token": SecretStr("sandbox-token"),
        "state_dir": folder / "state",
        "report_dir": folder / "reports",
        "timeout": 10.0,
        "settle_seconds": 0.05,
        "grace_seconds": 120.0,
        "concurrency": 4,
        **limits,
    }
    return Settings.model_validate({**given, **more})


def _die_at(count: int) -> None:
    """Kill this process at the `count`-th edge of a transaction of its journal."""
    own, seen = journal_file.connect, 0

    def edge(statement: str) -> None:
        nonlocal seen
        seen += statement in _EDGES
        if seen == count:
            os.kill(os.getpid(), signal.SIGKILL)

    def connect(path: Path) -> sqlite3.Connection:
        connection = own(path)
        connection.set_trace_callback(edge)
        return connection

    setattr(journal, "connect", connect)  # noqa: B010 (the name is imported there, not exported)


def _run(order: dict[str, Any]) -> int:
    """The child: one sync. Whatever is said goes to a file of the folder."""
    folder = Path(order["folder"])
    said = os.open(folder / "said.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(said, 1)
    os.dup2(said, 2)
    if order["journal"]:
        _die_at(order["journal"])
    request = Request(sheet=str(folder / "sheet.csv"), campaign=order["campaign"])
    bench = Bench(settings=settings_of(order["port"], folder, **order.get("settings", {})))
    with without_workbook():
        if order.get("command") == "resume":
            return anyio.run(pipeline.resume, None, bench).exit_code
        return anyio.run(pipeline.sync, request, bench).exit_code


def main() -> None:
    """Serve until stdin ends.

    The only threads at the time of a fork are the allocator's and polars' own housekeepers, which idle and hold no lock.
    """
    warnings.filterwarnings("ignore", message="This process .* is multi-threaded", category=DeprecationWarning)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            try:
                os._exit(_run(order))
            except BaseException:  # noqa: BLE001 (the child must never return into the loop of its parent)
                traceback.print_exc()
                sys.stderr.flush()
                os._exit(70)
        print(json.dumps({"pid": pid}), flush=True)  # noqa: T201 (the answer)
        _, status = os.waitpid(pid, 0)
        print(json.dumps({"status": os.waitstatus_to_exitcode(status)}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
