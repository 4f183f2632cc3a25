"""Twelve campaigns as jobs on two worker processes, one killed in the middle: end state, and the rate by the server's log.

    python -m benchmarks.cluster_night [--rows 100] [--rate 40] [--engine dask|local] [--calm]

In:  nothing; a sandbox on loopback and a temporary folder. Out: jobs by exit code, duplicates, and the requests a second that the
server saw, over all and over the fastest stretches. Exit 1 where an order is missing or double, or the rate was exceeded by more
than 5 %. --calm kills nobody. Bounded: it ends by itself.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from callcamp_sync.sandbox import Sandbox, demo_world
from callcamp_sync.sandbox.seed import bulk_phone

_NAMES = [f"Campaign {number:02}" for number in range(1, 13)]
_MOST_SECONDS = 900


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rows", type=int, default=100)
    asked.add_argument("--rate", type=float, default=40.0)
    asked.add_argument("--engine", default="dask")
    asked.add_argument("--calm", action="store_true")
    given = asked.parse_args()
    world = demo_world(30)
    for name in _NAMES:
        world.add_campaign(name, next(iter(world.record_types.values())), status="active", timezone="UTC")
    with tempfile.TemporaryDirectory(prefix="callcamp-night-") as place, Sandbox(world) as box:
        folder = Path(place)
        _project(folder, given.rows)
        seconds, killed = _run(box, folder, given)
        night = json.loads((folder / "out.json").read_text(encoding="utf-8"))
        codes = Counter(job["exit"]["code"] for job in night["jobs"])
        again = sum("a worker was lost" in words for job in night["jobs"] for words in job["notices"])
        print(f"{given.engine}: {seconds:.1f} s, jobs by exit code {dict(codes)}, killed {killed}, begun again {again}")
        right = _right(box, given.rows)
        return 0 if _rate(box, given.rate) and right and set(codes) == {0} else 1


def _project(folder: Path, rows: int) -> None:
    jobs = ["[defaults]\nstable_seconds = 0.01\n"]
    for number, name in enumerate(_NAMES):
        lines = [f"{bulk_phone(1_000 + number * rows + nth)},Example Ltd" for nth in range(rows)]
        (folder / f"c{number}.csv").write_text("\n".join(["Phone,Company", *lines, ""]), encoding="utf-8")
        jobs.append(f'[[job]]\nname = "c{number}"\nsource = "c{number}.csv"\ncampaign = "{name}"\n')
    (folder / "callcamp.toml").write_text("\n".join(jobs), encoding="utf-8")


def _run(box: Sandbox, folder: Path, given: argparse.Namespace) -> tuple[float, bool]:
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "CALLCAMP_BASE_URL": box.base_url,
        "CALLCAMP_TOKEN": box.token,
        "CALLCAMP_STATE_DIR": str(folder / "state"),
        "CALLCAMP_GRACE_SECONDS": "3",
    }
    command = ["jobs", "run", "--json", "--engine", given.engine, "--parallel", "2", "--rate", str(given.rate)]
    began, killed = time.monotonic(), given.calm or given.engine == "local"
    calm = killed
    with (folder / "out.json").open("wb") as out:
        run = subprocess.Popen([sys.executable, "-m", "callcamp_sync", *command], cwd=folder, env=environ, stdout=out)
        while run.poll() is None and time.monotonic() - began < _MOST_SECONDS:
            time.sleep(0.05)
            if not killed and len(box.writes) > 4 * given.rows:
                killed = _killed(folder)
        run.kill()
        run.wait()
    return time.monotonic() - began, killed and not calm


def _killed(folder: Path) -> bool:
    for note in (folder / "state" / "locks").glob("*.json"):
        try:
            os.kill(int(json.loads(note.read_text(encoding="utf-8"))["pid"]), signal.SIGKILL)
        except (OSError, ValueError):
            continue
        return True
    return False


def _right(box: Sandbox, rows: int) -> bool:
    """Each campaign has each number of its sheet once."""
    right = True
    for number, name in enumerate(_NAMES):
        campaign = next(one for one in box.world.campaigns.values() if one.name == name)
        found = Counter(order.phone for order in box.world.orders.values() if order.campaign == campaign.uuid)
        right &= found == Counter(bulk_phone(1_000 + number * rows + nth) for nth in range(rows))
    print("every order is there once" if right else "orders are MISSING or DOUBLE")
    return right


def _rate(box: Sandbox, rate: float) -> bool:
    times = sorted(request.at for request in box.requests)
    whole = (len(times) - 1) / (times[-1] - times[0])
    fastest = {seconds: _fastest(times, seconds) for seconds in (1.0, 2.0, 5.0, 10.0)}
    said = ", ".join(f"{found / rate:.3f} over {seconds:g} s" for seconds, found in fastest.items())
    print(f"{len(times)} requests, {whole:.1f}/s of {rate:g} ({whole / rate:.3f}); the fastest stretches: {said}")
    return max(fastest[5.0], fastest[10.0]) <= 1.05 * rate


def _fastest(times: list[float], seconds: float) -> float:
    best, end = 0, 0
    for begin, at in enumerate(times):
        while end < len(times) and times[end] < at + seconds:
            end += 1
        best = max(best, end - begin - 1)
    return best / seconds


if __name__ == "__main__":
    sys.exit(main())
