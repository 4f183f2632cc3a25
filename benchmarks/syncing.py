"""A sync that finds nothing to change: its time outside HTTP, and its memory; the sandbox is in another process.

Against a sandbox that answers at once, and against one that takes 50 ms, as a server far away does: what is done outside HTTP is
the same.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import anyio
import polars as pl

from benchmarks.table import Line
from callcamp_sync import export
from callcamp_sync.bench import Bench
from callcamp_sync.settings import Settings
from callcamp_sync.sheets import write_csv

ORDERS = 100_000
COLUMNS = 12
RUNS = 3
MILLISECONDS = (0, 50)

_CHILD = """
import json, sys, time
from pathlib import Path
import anyio
from benchmarks.memory import peak
from callcamp_sync import pipeline
from callcamp_sync.bench import Bench, Request
from callcamp_sync.settings import Settings
given = json.loads(sys.argv[1])
folder = Path(given["folder"])
settings = Settings(base_url=given["base_url"], token=given["token"], state_dir=folder / "state", report_dir=folder / "reports")
start = time.perf_counter()
report = anyio.run(pipeline.sync, Request(sheet=given["sheet"], campaign="Spring renewals"), Bench(settings=settings))
wall = time.perf_counter() - start
print(json.dumps({"wall": wall, "http": report.requests.seconds, "peak": peak(), "counts": dict(report.counts)}))
"""


def _run(given: dict[str, str]) -> dict[str, object]:
    done = subprocess.run([sys.executable, "-c", _CHILD, json.dumps(given)], check=True, capture_output=True, text=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def lines() -> list[Line]:
    """For each server a line of seconds, outside HTTP and in all; and one of peak memory."""
    found: list[Line] = []
    for milliseconds in MILLISECONDS:
        runs = _runs(milliseconds)
        middle = sorted(runs, key=lambda run: float(str(run["wall"])))[RUNS // 2]
        wall, http, peak = (float(str(middle[name])) for name in ("wall", "http", "peak"))
        same = middle["counts"] == {"unchanged": ORDERS}
        what = f"sync without a change, {ORDERS:,} rows x {COLUMNS} columns, {ORDERS:,} orders, answers in {milliseconds} ms"
        outside = wall - http
        found.append(
            Line(
                what=what,
                ours=f"{outside:.1f} s",
                baseline=f"{wall:.1f} s",
                against="outside HTTP / in all",
                ratio=outside / wall,
                checked=same,
            )
        )
    memory = Line(
        what=f"{what}: peak memory",
        ours=f"{peak:.0f} MB",
        baseline="1024 MB",
        against="limit",
        ratio=peak / 1024,
        checked=same,
    )
    return [*found, memory]


def _runs(milliseconds: int) -> list[dict[str, object]]:
    """RUNS syncs against a sandbox that takes so long for an answer."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "callcamp_sync.sandbox", "--orders", str(ORDERS), "--latency-ms", str(milliseconds)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            where = json.loads(server.stdout.readline())
            sheet = Path(folder) / "sheet.csv"
            _export(where, sheet)
            given = {**where, "folder": folder, "sheet": str(sheet)}
            return [_run(given) for _ in range(RUNS)]
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()
            if server.stdout is not None:
                server.stdout.close()


def _export(where: dict[str, str], sheet: Path) -> None:
    """The campaign as a sheet of twelve columns: ids, number, names, e-mail, country, status and five parameters at most."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(base_url=where["base_url"], token=where["token"], state_dir=Path(folder))
        found, _ = anyio.run(export.read_status, Bench(settings=settings), "Spring renewals")
    wanted = ["Order ID", "Phone", "First name", "Last name", "Email", "Country", "Status"]
    rest = [name for name in reversed(found.frame.columns) if name not in wanted]
    write_csv(sheet, found.frame.select(pl.col([*wanted, *rest[: COLUMNS - len(wanted)]])), dialect="excel")
