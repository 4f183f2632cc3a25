"""SIGKILL at every request and at every journal write of a run, until a run completes; then the next runs put it right.

In:  which rows the sheet has. Out: Kill points, each with what did not hold afterwards (nothing, if all is well).
After each kill the next run starts at once, within the grace period; what was under way at the server when the client died may
land before, between or after. Then the clock is put past the grace period, and after one more run the next plan is empty.
Real time, real processes: only the recovering runs live in this one. I/O: loopback, a scratch folder, child processes.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio

from callcamp_sync import pipeline
from callcamp_sync.bench import Bench, Request
from callcamp_sync.errors import SyncError
from callcamp_sync.sandbox.app import Service
from callcamp_sync.sandbox.front import Fault, Front, Heard, Wire

from .invariants import Finding, judge
from .play import Played, Run, snapshot_of, standing_of
from .profiles import CALM
from .scenario import Scenario, build
from .seams import without_workbook
from .victim import settings_of
from .witness import Witness

_ROOT = Path(__file__).parents[2]

#: Where in the life of a request its sender dies. Reads change nothing: one place is enough for them.
PHASES = ("before the server reads", "carried out, before the answer", "carried out after the death", "after the answer")

#: One row of each kind that sends something, for the small run.
SMALL: Mapping[str, int] = dict.fromkeys(("new", "new planned", "to plan", "link planned", "cancel", "remove"), 1)


@dataclass(frozen=True, slots=True)
class KillPoint:
    """One death and what came of it. place: for people. found: what did not hold."""

    place: str
    found: tuple[Finding, ...]


class RealClock:
    """The machine's time, which a recovering run may be told is later than it is."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        """The time of day."""
        return datetime.now(UTC) + self.ahead

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()


@asynccontextmanager
async def zygote() -> AsyncIterator[Process]:
    """The process that forks the victims."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.victim", cwd=_ROOT, stdin=PIPE, stdout=PIPE
    )
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def every_kill_point(mix: Mapping[str, int] | None = None) -> AsyncIterator[KillPoint]:
    """Every request of a run in each phase, then every edge of a journal transaction, until a run survives.

    mix: kind of row -> how many, instead of the usual sheet.
    """
    for phase in PHASES:
        async for point in deaths_in(phase, mix):
            yield point
    async for point in deaths_at_the_journal(mix):
        yield point


async def deaths_in(phase: str, mix: Mapping[str, int] | None) -> AsyncIterator[KillPoint]:
    """The kill points of one phase."""
    number = 0
    async with zygote() as victims:
        while (point := await _Stage(mix, victims).request(number := number + 1, phase)) is not None:
            yield point


async def deaths_at_the_journal(mix: Mapping[str, int] | None) -> AsyncIterator[KillPoint]:
    """The kill points at the edges of the journal's transactions."""
    edge = 0
    async with zygote() as victims:
        while (point := await _Stage(mix, victims).journal(edge := edge + 1)) is not None:
            yield point


class _Stage:
    """One world, one death, the recovery."""

    def __init__(self, mix: Mapping[str, int] | None, victims: Process) -> None:
        self._clock = RealClock()
        self._victims = victims
        self._scenario: Scenario = build(1, CALM, self._clock, mix)
        service = Service(self._scenario.world, self._scenario.behaviour)
        self._scenario.world.recording = True
        self._front = Front(service, self._clock, self._befall)
        self._choose: Callable[[Heard], tuple[str, Fault] | None] = lambda heard: None
        self._pid: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._left: Wire | None = None
        self._struck: Heard | None = None

    def _befall(self, heard: Heard) -> tuple[str, Fault] | None:
        return self._choose(heard)

    async def request(self, number: int, phase: str) -> KillPoint | None:
        """Die at the `number`-th request, or write where reads need not be tried; None if the run has fewer."""
        counted = 0

        def choose(heard: Heard) -> tuple[str, Fault] | None:
            nonlocal counted
            counted += heard.run == 0 and (heard.writes or phase == PHASES[0])
            if counted != number or self._struck is not None:
                return None
            self._struck = heard
            return phase, lambda wire: self._strike(wire, phase)

        self._choose = choose
        found = await self._die_and_recover(0)
        if self._struck is None:
            return None
        return KillPoint(f"{self._struck.method} {self._struck.route} ({number}), {phase}", found)

    async def journal(self, number: int) -> KillPoint | None:
        """Die at the `number`-th edge of a transaction of the journal; None if the run has fewer."""
        found = await self._die_and_recover(number)
        return KillPoint(f"edge {number} of the journal", found) if self._status == -signal.SIGKILL else None

    async def _strike(self, wire: Wire, phase: str) -> bool:
        if phase == PHASES[1]:
            await wire.carry_out()
        if phase == PHASES[3]:
            await wire.answer(await wire.carry_out())
            await asyncio.sleep(0.002)
        os.kill(await self._pid, signal.SIGKILL)
        if phase == PHASES[2]:
            self._left = wire
        return False

    async def _die_and_recover(self, edge: int) -> tuple[Finding, ...]:
        with tempfile.TemporaryDirectory(prefix="kills-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as name:
            folder = Path(name)
            witness = Witness(folder / "state")
            self._front.arrived = lambda heard: _testify(witness, heard)
            try:
                port = await self._front.listen("main")
                return await self._story(port, folder, edge)
            finally:
                await self._front.close()
                witness.close()

    async def _story(self, port: int, folder: Path, edge: int) -> tuple[Finding, ...]:
        scenario, front = self._scenario, self._front
        played = Played(1, scenario, front.log, scenario.world.commits, standing_of(scenario))
        scenario.write_sheet(folder / "sheet.csv", 0)
        await self._victim(played, port, folder, edge)
        await self._recover(played, port, folder)
        if self._left is not None:
            await self._left.carry_out()
        self._clock.ahead = timedelta(seconds=400)
        await self._recover(played, port, folder)
        if _sent(played):
            await self._recover(played, port, folder)
        played.settled_after = None if _sent(played) else len(played.runs) - 2
        played.lines += (folder / "said.txt").read_text(encoding="utf-8").splitlines()
        return tuple(judge(played))

    async def _victim(self, played: Played, port: int, folder: Path, edge: int) -> None:
        """One forked child, from birth to death."""
        stdin, stdout = self._victims.stdin, self._victims.stdout
        assert stdin is not None
        assert stdout is not None
        order = {"port": port, "folder": str(folder), "campaign": self._scenario.campaign.uuid, "journal": edge}
        run = Run(0, "sync", 0, 0, lied=False)
        played.runs.append(run)
        stdin.write(json.dumps(order).encode() + b"\n")
        self._pid.set_result(json.loads(await stdout.readline())["pid"])
        with anyio.fail_after(60):
            self._status = json.loads(await stdout.readline())["status"]
        if self._status not in (0, 3, -signal.SIGKILL):
            raise RuntimeError((folder / "said.txt").read_text(encoding="utf-8"))
        run.ends = len(self._scenario.world.commits)

    async def _recover(self, played: Played, port: int, folder: Path) -> None:
        nr = len(played.runs)
        self._front.runs["main"] = nr
        run = Run(nr, "sync", len(played.commits), len(played.log), lied=False)
        played.runs.append(run)
        with without_workbook():
            try:
                run.report = await pipeline.sync(self._request(folder), self._bench(port, folder))
            except SyncError as error:
                run.error = error
        run.ends, run.after = len(played.commits), snapshot_of(self._scenario)

    def _request(self, folder: Path) -> Request:
        return Request(sheet=str(folder / "sheet.csv"), campaign=self._scenario.campaign.uuid)

    def _bench(self, port: int, folder: Path) -> Bench:
        return Bench(settings=settings_of(port, folder), clock=self._clock.now)


def _sent(played: Played) -> bool:
    """Whether the last run had anything to send."""
    return any(heard.writes for heard in played.log[played.runs[-1].heard :])


def _testify(witness: Witness, heard: Heard) -> None:
    if heard.writes:
        heard.witness = witness.missing(heard)
