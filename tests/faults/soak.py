"""Thousands of creates on a bad network, with a death every few hundred: then `resume` until nothing is open.

    python -m tests.faults.soak [--creates 8000] [--rate 0.045] [--kills 10]      prints one table; exit 1 if anything is not zero

In:  how many creates, which share of the writes meets a fault, how many deaths.
Out: Soaked: duplicates, missing, requests beside those of the same sheet in good weather.
Real time, real processes: each run is a child that SIGKILL ends in the middle, in another phase of a request each time. The late
commits take up to ten client time-outs, all shorter than the grace period. I/O: loopback, a scratch folder, child processes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
from asyncio.subprocess import Process
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio

from callcamp_sync.sandbox.app import Service
from callcamp_sync.sandbox.front import Fault, Front, Heard, Wire
from callcamp_sync.sandbox.keyed import happens, pick
from callcamp_sync.sandbox.mischief import late, throttle

from .kills import PHASES, RealClock, zygote
from .profiles import CALM, LOST
from .scenario import Scenario, build

#: In client time-outs: the wait before a second look, and the grace period, which is longer than the latest commit takes.
_SETTLE, _LATE, _GRACE = 0.5, (0.3, 1.5, 10.0), 15.0
#: After so many runs without a death something must have been settled; else the soak has failed.
_PATIENCE = 6


@dataclass(slots=True)
class Soaked:
    """What was counted, from the server's own log and its orders. calm: requests of the same sheet without faults and deaths."""

    creates: int
    kills: int = 0
    runs: int = 0
    duplicates: int = 0
    missing: int = 0
    requests: int = 0
    calm: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    last_exit: int = -1

    @property
    def extra(self) -> float:
        """Share of requests more than in good weather."""
        return self.requests / self.calm - 1

    @property
    def clean(self) -> bool:
        """Whether nobody was doubled, nobody is missing, and the last run left nothing open."""
        return not self.duplicates and not self.missing and self.last_exit == 0


async def soak(*, creates: int, rate: float, kills: int, seed: int = 1, timeout: float = 1.0) -> Soaked:
    """Play it: in good weather first, then in bad. timeout: the client's, seconds; all other times are multiples of it."""
    calm = await _Stage(creates, 0.0, 0, seed, timeout).play()
    stormy = await _Stage(creates, rate, kills, seed, timeout).play()
    stormy.calm = calm.requests
    return stormy


class _Stage:
    """One campaign, one sheet, as many runs as it takes."""

    def __init__(self, creates: int, rate: float, kills: int, seed: int, timeout: float) -> None:
        self._clock = RealClock()
        self._rate, self._seed, self._timeout = rate, seed, timeout
        self._faults: dict[str, Fault] = {
            **LOST,
            **{f"late {multiple:g}x": late(multiple * timeout) for multiple in _LATE},
            **{f"429 {form!r}": throttle(form) for form in ("1", "0", None)},
        }
        self._scenario: Scenario = build(seed, CALM, self._clock, {"new": creates})
        self._front = Front(Service(self._scenario.world, self._scenario.behaviour), self._clock, self._befall)
        # A death comes a little before the work is over, so that the last one too leaves something to do.
        self._deaths = [(at + 1) * creates // (kills + 1) for at in range(kills)]
        self._seen = 0
        self._pid = 0
        self._soaked = Soaked(creates)

    async def play(self) -> Soaked:
        """All runs."""
        with tempfile.TemporaryDirectory(prefix="soak-") as name:
            folder = Path(name)
            self._scenario.write_sheet(folder / "sheet.csv", 0)
            try:
                port = await self._front.listen("main")
                async with zygote() as victims:
                    await self._runs(victims, port, folder)
                await self._front.settled()
            finally:
                await self._front.close()
        return self._counted()

    async def _runs(self, victims: Process, port: int, folder: Path) -> None:
        survived = 0
        while survived < _PATIENCE:
            status = await self._run(victims, port, folder, "resume" if self._soaked.runs else "sync")
            self._soaked.runs += 1
            if status == -signal.SIGKILL:
                self._soaked.kills += 1
                continue
            survived += 1
            self._soaked.last_exit = status
            if status not in (0, 5, 6):
                raise RuntimeError((folder / "said.txt").read_text(encoding="utf-8")[-2000:])
            if status == 0:
                return
            await asyncio.sleep(_GRACE * self._timeout)

    async def _run(self, victims: Process, port: int, folder: Path, command: str) -> int:
        assert victims.stdin is not None
        assert victims.stdout is not None
        times = {"timeout": 1.0, "settle_seconds": _SETTLE, "grace_seconds": _GRACE}
        more = {name: factor * self._timeout for name, factor in times.items()} | {"concurrency": 16}
        campaign = self._scenario.campaign.uuid
        order: dict[str, Any] = {"port": port, "folder": str(folder), "campaign": campaign, "journal": 0}
        victims.stdin.write(json.dumps({**order, "command": command, "settings": more}).encode() + b"\n")
        self._pid = json.loads(await victims.stdout.readline())["pid"]
        with anyio.fail_after(600):
            return int(json.loads(await victims.stdout.readline())["status"])

    def _befall(self, heard: Heard) -> tuple[str, Fault] | None:
        if not heard.writes:
            return None
        self._seen += 1
        if self._deaths and self._seen >= self._deaths[0]:
            self._deaths.pop(0)
            phase = PHASES[len(self._deaths) % len(PHASES)]
            return "death", lambda wire: self._strike(wire, phase)
        key = (self._seed, heard.method, heard.route, heard.key, heard.attempt)
        if not happens(self._rate, "soak", *key):
            return None
        name = pick(tuple(self._faults), *key)
        self._soaked.faults[name] += 1
        return name, self._faults[name]

    async def _strike(self, wire: Wire, phase: str) -> bool:
        """Kill the client in that phase of this request."""
        if phase == PHASES[1]:
            await wire.carry_out()
        if phase == PHASES[3]:
            await wire.answer(await wire.carry_out())
        os.kill(self._pid, signal.SIGKILL)
        if phase == PHASES[2]:
            wire.later(self._timeout)
        return False

    def _counted(self) -> Soaked:
        orders = Counter(order.phone for order in self._scenario.world.orders_of(self._scenario.campaign))
        wanted = [row.phone for row in self._scenario.rows]
        self._soaked.duplicates = sum(orders[phone] - 1 for phone in wanted if orders[phone] > 1)
        self._soaked.missing = sum(not orders[phone] for phone in wanted)
        self._soaked.requests = len(self._front.log)
        return self._soaked


def shown(soaked: Soaked) -> str:
    """The figures as Markdown."""
    figures = {
        "creates wanted": f"{soaked.creates:,}",
        "faults injected": f"{soaked.faults.total():,} of {len(soaked.faults)} kinds",
        "deaths (SIGKILL)": soaked.kills,
        "runs": soaked.runs,
        "duplicate orders": soaked.duplicates,
        "missing after the last `resume`": soaked.missing,
        "requests, against good weather": f"{soaked.requests:,} against {soaked.calm:,} ({soaked.extra:+.1%})",
        "exit code of the last run": soaked.last_exit,
    }
    return "\n".join(["| figure | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in figures.items())])


def main() -> int:
    """Play what was asked for, print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__.partition("\n")[0])
    parser.add_argument("--creates", type=int, default=8000)
    parser.add_argument("--rate", type=float, default=0.045, help="share of the writes that meet a fault (0.045)")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    soaked = asyncio.run(soak(creates=asked.creates, rate=asked.rate, kills=asked.kills, seed=asked.seed))
    sys.stdout.write(shown(soaked) + "\n")
    return int(not soaked.clean or soaked.kills < asked.kills)


if __name__ == "__main__":
    sys.exit(main())
