"""One scenario from its first run to the empty plan: the real pipeline, over real sockets, with the world against it.

In:  a seed, a profile. Out: Played: what the server heard and committed, every run's report, what was logged.
Three runs at most have bad weather (a sync, then syncs or resumes, sometimes within the grace period, sometimes with the sheet
sorted anew); then the faults stop, everything late lands, and two more runs have to be enough. I/O: loopback, a scratch folder.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import anyio
from pydantic import SecretStr

from callcamp_sync import pipeline
from callcamp_sync.bench import Bench, Request, Silent
from callcamp_sync.errors import ExitCode, SyncError
from callcamp_sync.model import Limit, Mode, OnMissing, Plan, Report
from callcamp_sync.sandbox import Commit
from callcamp_sync.sandbox.app import Service
from callcamp_sync.sandbox.front import Fault, Front, Heard
from callcamp_sync.sandbox.keyed import happens, pick, share
from callcamp_sync.settings import Settings
from callcamp_sync.tally import Stop

from . import clockwork
from .actors import Actors
from .clockwork import Clock
from .profiles import PROFILES, TIMING, Profile, Weather
from .scenario import TOKEN, Scenario, build
from .seams import lending, without_workbook
from .witness import Witness

RIVAL_TOKEN = "rival-token"

#: Seconds in the loop's time after which a run counts as hung.
_TOO_LONG = 3000.0

_NO_LIMIT = Limit(count=10_000)


@dataclass(slots=True)
class Played:
    """What happened, as the server has it, and what the client said of it.

    before: phone -> (order, status) of what stood at first. commits: every change of the world, actors' included. settled_after:
    how many runs had something to send once the faults had stopped; None if even the third had.
    """

    seed: int
    scenario: Scenario
    log: list[Heard]
    commits: list[Commit]
    before: dict[str, list[tuple[str, str]]]
    runs: list[Run] = field(default_factory=list)
    rivals: list[Run] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    injected: dict[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    settled_after: int | None = None


@dataclass(slots=True)
class Run:
    """One run. begins, ends: how many commits there were. heard: how many requests there were before it.

    after: phone -> orders as the truth has them when the run ends. lied: every list had a wrong total. sheet: the run whose sheet
    the plan was made from.
    """

    nr: int
    command: str
    begins: int
    heard: int
    lied: bool
    report: Report | None = None
    error: SyncError | None = None
    ends: int = 0
    seconds: float = 0.0
    after: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    calm: bool = False
    sheet: int = 0
    hung: bool = False


class _Impatience(Silent):
    """Stops the run at a certain step, as Ctrl-C would."""

    def __init__(self, stop: Stop, at: int) -> None:
        self._stop = stop
        self._at = at

    def sending(self, done: int, total: int) -> None:
        if done >= self._at:
            self._stop.because("interrupted, as by Ctrl-C", ExitCode.INTERRUPTED)


def play(seed: int, profile: Profile | None = None, *, calm: bool = False) -> Played:
    """Play the scenario of a seed; the profile follows from it unless given. calm: the same rows in good weather."""
    chosen = profile or PROFILES[seed % len(PROFILES)]
    folder = Path(tempfile.mkdtemp(prefix="faults-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    try:
        with _listening() as lines:
            played = clockwork.run(lambda clock: _Stage(seed, chosen, clock, folder).play(calm=calm))
        played.lines += lines
        return played
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _listening() -> Iterator[list[str]]:
    """Everything that is logged meanwhile, by whomever, at every level."""
    lines: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    root, keeper = logging.getLogger(), Keeper(logging.DEBUG)
    level = root.level
    root.addHandler(keeper)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(keeper)
        root.setLevel(level)


def standing_of(scenario: Scenario) -> dict[str, list[tuple[str, str]]]:
    """Phone -> order and status of what stands in the campaign."""
    found: dict[str, list[tuple[str, str]]] = {}
    for order in scenario.world.orders_of(scenario.campaign):
        found.setdefault(order.phone, []).append((order.uuid, order.status))
    return found


def snapshot_of(scenario: Scenario) -> dict[str, list[dict[str, Any]]]:
    """Phone -> its orders, with everything that a row can ask for, as the truth has them now."""
    found: dict[str, list[dict[str, Any]]] = {row.phone: [] for row in scenario.rows}
    for order in scenario.world.orders_of(scenario.campaign):
        truth = {"uuid": order.uuid, "status": order.status, **order.properties, **order.record.fields}
        found.setdefault(order.phone, []).append(truth)
    return found


class _Stage:
    """Where one scenario is played."""

    def __init__(self, seed: int, profile: Profile, clock: Clock, folder: Path) -> None:
        self._clock = clock
        self._folder = folder
        self._profile = profile
        self._scenario = scenario = build(seed, profile, clock)
        scenario.world.add_token(RIVAL_TOKEN)
        service = Service(scenario.world, scenario.behaviour)
        scenario.world.recording = True
        self._actors = Actors(scenario)
        self._front = Front(service, clock, self._befall)
        self._front.tokens[RIVAL_TOKEN] = "rival"
        self._front.page_size = 7 if profile.small_pages else 100
        self._weather = Weather(seed, profile, "")
        self._witness = Witness(folder / "state")
        self._played = Played(seed, scenario, self._front.log, scenario.world.commits, standing_of(scenario))
        self._rival: anyio.abc.TaskGroup | None = None
        self._sheets: dict[str, int] = {}

    async def play(self, *, calm: bool) -> Played:
        """All runs, in order."""
        seed, front = self._played.seed, self._front
        elsewhere = await front.listen("elsewhere")
        self._weather = Weather(seed, self._profile, f"http://127.0.0.1:{elsewhere}")
        self._weather.calm = self._actors.calm = calm
        self._port = await front.listen("main")
        front.arrived, front.answered = self._arrived, self._actors.answered
        try:
            with lending(self._clock, seed), without_workbook():
                async with anyio.create_task_group() as group:
                    self._rival = group
                    await self._stormy()
                await self._calm()
        finally:
            await front.close()
            self._witness.close()
        self._played.touched = self._actors.touched
        self._played.injected = self._weather.injected
        return self._played

    async def _stormy(self) -> None:
        seed = self._played.seed
        await self._run("sync")
        self._actors.between(0)
        for nr in range(1, 3):
            if share(seed, "goes on", nr) > 0.7:
                return
            await anyio.sleep(pick((1.0, 20.0, TIMING.grace + 20.0), seed, "gap", nr))
            await self._run(pick(("sync", "resume"), seed, "command", nr))

    async def _calm(self) -> None:
        """Everything late lands; then runs until one has nothing to send, three at most."""
        self._weather.calm = self._actors.calm = True
        await self._front.settled()
        await anyio.sleep(TIMING.grace + TIMING.latest)
        for further in range(3):
            await self._run("sync")
            if not any(heard.writes for heard in self._played.log[self._played.runs[-1].heard :]):
                self._played.settled_after = further
                return

    def _befall(self, heard: Heard) -> tuple[str, Fault] | None:
        return self._weather.choose(heard)

    def _arrived(self, heard: Heard) -> None:
        if heard.writes and heard.client != "elsewhere":
            heard.witness = self._witness.missing(heard)
        if self._profile.rival and heard.client == "main" and heard.route == "orders" and self._rival is not None:
            group, self._rival = self._rival, None
            group.start_soon(self._run, "sync", "rival")

    async def _run(self, command: str, client: str = "main") -> None:
        played, commits = self._played, self._played.commits
        book = played.runs if client == "main" else played.rivals
        nr = len(played.runs)
        self._front.runs[client] = nr
        if client == "main":
            self._weather.begin(nr)
            self._scenario.write_sheet(self._folder / "sheet.csv", nr)
            self._sheets.setdefault(sha256((self._folder / "sheet.csv").read_bytes()).hexdigest(), nr)
        run = Run(nr, command, len(commits), len(self._front.log), self._weather.lies, calm=self._weather.calm)
        book.append(run)
        started = self._clock.monotonic()
        bench = self._bench(RIVAL_TOKEN if client == "rival" else TOKEN, nr)
        with anyio.move_on_after(_TOO_LONG) as scope:
            try:
                work = pipeline.resume(None, bench) if command == "resume" else pipeline.sync(self._request(), bench)
                run.report = await work
            except SyncError as error:
                run.error = error
        run.hung = scope.cancelled_caught
        run.sheet = self._sheet_of(run)
        run.ends, run.seconds = len(commits), self._clock.monotonic() - started
        run.after = snapshot_of(self._scenario)

    def _sheet_of(self, run: Run) -> int:
        """A resumed plan was made from an earlier sheet; every other from its own."""
        return self._sheets[run.report.source.sha256] if run.report is not None else run.nr

    def _request(self) -> Request:
        return Request(sheet=str(self._folder / "sheet.csv"), campaign=self._scenario.campaign.uuid)

    def _bench(self, token: str = TOKEN, nr: int | None = None) -> Bench:
        stop = Stop()
        seed, mirror = self._played.seed, self._scenario.mirror
        hurried = nr == 0 and self._profile.stops
        settings = Settings(
            base_url=f"http://127.0.0.1:{self._port}/api",
            token=SecretStr(token),
            state_dir=self._folder / "state",
            report_dir=self._folder / "reports",
            timeout=TIMING.timeout,
            settle_seconds=TIMING.settle,
            grace_seconds=TIMING.grace,
            concurrency=pick((1, 4, 8), seed, "concurrency"),
            mode=Mode.MIRROR if mirror else Mode.UPSERT,
            on_missing=OnMissing(mirror) if mirror else None,
            max_create=_NO_LIMIT,
            max_update=_NO_LIMIT,
            max_remove=_NO_LIMIT,
            max_invalid=_NO_LIMIT,
            max_shrink=_NO_LIMIT,
        )
        return Bench(
            settings=settings,
            clock=self._clock.now,
            stop=stop,
            progress=_Impatience(stop, int(share(seed, "impatience") * 25)) if hurried else Silent(),
            confirm=self._confirm if nr is not None and self._profile.dialer and happens(0.8, seed, "asks", nr) else None,
        )

    def _confirm(self, _: Plan) -> bool:
        self._actors.planned(len(self._played.runs))
        return True
