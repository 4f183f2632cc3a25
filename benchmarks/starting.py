"""Start-up: what a person waits for before anything happens, and a whole small run; each in processes of their own.

Times are CPU seconds of the child, or seconds on the clock for the whole run, which waits for its server on loopback.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import leads
from benchmarks.table import Line

RUNS = 5
ROWS = 100
_ME = [sys.executable, "-m", "callcamp_sync"]
_COMPLETION = {"_CALLCAMP_SYNC_COMPLETE": "complete_bash", "COMP_WORDS": "callcamp-sync s", "COMP_CWORD": "1"}


def _child(args: list[str], environ: dict[str, str], folder: str, said: str) -> tuple[float, float, bool]:
    """(median CPU seconds, median seconds on the clock, whether its output held `said` each time)."""
    cpu, clock, held = [], [], True
    for _ in range(RUNS):
        before, start = os.times(), time.perf_counter()
        done = subprocess.run(args, env={**os.environ, **environ}, cwd=folder, capture_output=True, text=True, check=False)
        after = os.times()
        clock.append(time.perf_counter() - start)
        cpu.append(after.children_user + after.children_system - before.children_user - before.children_system)
        held = held and said in done.stdout
    return statistics.median(cpu), statistics.median(clock), held


def lines() -> list[Line]:
    """Three lines: help, completion, a sync of a hundred new contacts."""
    with tempfile.TemporaryDirectory() as folder:
        base, _, _ = _child([sys.executable, "-c", "pass"], {}, folder, "")
        shown, _, help_held = _child([*_ME, "--help"], {}, folder, "doctor")
        completed, _, completion_held = _child(_ME, _COMPLETION, folder, "sync")
        whole, synced = _sync(folder)
    against = "python -c pass"
    return [
        _line("`--help`, CPU", shown, base, against, help_held),
        _line("completion, CPU", completed, base, against, completion_held),
        _line(f"sync of {ROWS} new contacts on loopback, clock", whole, 2.0, "limit (ours ÷ it)", synced, inverse=True),
    ]


def _line(what: str, ours: float, base: float, against: str, held: bool, *, inverse: bool = False) -> Line:
    ratio = ours / base if inverse else base / ours
    return Line(what=what, ours=f"{ours:.2f} s", baseline=f"{base:.2f} s", against=against, ratio=ratio, checked=held)


def _sync(folder: str) -> tuple[float, bool]:
    """Median seconds of a whole run, each against a server that has none of the contacts."""
    sheet = Path(folder) / "leads.csv"
    leads.write(sheet, ROWS)
    times, held = [], True
    for nth in range(3):
        server = subprocess.Popen([sys.executable, "-m", "callcamp_sync.sandbox"], stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            where = json.loads(server.stdout.readline())
            given = {
                "CALLCAMP_BASE_URL": where["base_url"],
                "CALLCAMP_TOKEN": where["token"],
                "CALLCAMP_STATE_DIR": f"state-{nth}",
            }
            args = [*_ME, "sync", str(sheet), "-c", "Spring renewals", "--region", "US", "--yes", "--json"]
            start = time.perf_counter()
            done = subprocess.run(args, env={**os.environ, **given}, cwd=folder, capture_output=True, text=True, check=False)
            times.append(time.perf_counter() - start)
            counts = json.loads(done.stdout)["counts"]
            held = held and counts.get("created", 0) > ROWS * 0.8 and sum(counts.values()) == ROWS
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()
            if server.stdout is not None:
                server.stdout.close()
    return statistics.median(times), held
