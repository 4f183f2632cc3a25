"""Nothing hangs and nothing is hammered: a dead server, a drip, a door that closes are given up in time, and said so."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from callcamp_sync import pipeline
from callcamp_sync.bench import Bench, Request
from callcamp_sync.errors import SyncError
from callcamp_sync.sandbox import mischief
from callcamp_sync.sandbox.app import Service
from callcamp_sync.sandbox.front import Fault, Front, Heard

from . import clockwork
from .clockwork import Clock
from .profiles import CALM
from .scenario import build
from .seams import lending, without_workbook
from .victim import settings_of


class _Day:
    """One sync against a server that has one misfortune for all requests that `befalls` names."""

    def __init__(self, folder: Path, befalls: Callable[[Heard], bool], fault: Fault) -> None:
        self.log: list[Heard] = []
        self.exit: int | None = None
        self.seconds = 0.0
        self.counts: dict[str, int] = {}
        clockwork.run(lambda clock: self._run(clock, folder, befalls, fault))

    async def _run(self, clock: Clock, folder: Path, befalls: Callable[[Heard], bool], fault: Fault) -> None:
        scenario = build(3, CALM, clock)
        service = Service(scenario.world, scenario.behaviour)
        front = Front(service, clock, lambda heard: ("the misfortune", fault) if befalls(heard) else None)
        scenario.write_sheet(folder / "sheet.csv", 0)
        bench = Bench(settings=settings_of(await front.listen("main"), folder, timeout=30.0), clock=clock.now)
        with lending(clock, 3), without_workbook():
            try:
                report = await pipeline.sync(Request(sheet=str(folder / "sheet.csv"), campaign=scenario.campaign.uuid), bench)
                self.exit, self.counts = report.exit_code, dict(report.counts)
            except SyncError as error:
                self.exit = int(error.exit_code)
        self.seconds, self.log = clock.monotonic(), front.log
        await front.close()


def _everything(_: Heard) -> bool:
    return True


def _writes(heard: Heard) -> bool:
    return heard.writes


DEAD = [
    pytest.param(mischief.reset_before, id="a server that resets every connection"),
    pytest.param(mischief.late(10_000.0), id="a server that never answers"),
    pytest.param(mischief.drip, id="a server that drips for ever"),
    pytest.param(mischief.status(503, after=False), id="a server that is always down"),
]


@pytest.mark.parametrize("fault", DEAD)
def test_a_dead_server_is_given_up_within_a_minute(tmp_path: Path, fault: Fault) -> None:
    day = _Day(tmp_path, _everything, fault)
    assert day.exit == 5
    assert day.seconds < 60


@pytest.mark.parametrize("fault", DEAD)
def test_a_server_that_dies_before_the_first_write_is_not_hammered(tmp_path: Path, fault: Fault) -> None:
    """What was not sent is said not to have been: no row is lost, and far fewer requests leave than there are rows."""
    day = _Day(tmp_path, _writes, fault)
    assert day.exit in (5, 6)
    assert day.seconds < 240
    assert sum(heard.writes for heard in day.log) <= 40
    assert day.counts["not-attempted"] > 5


def test_a_closed_port_is_given_up_at_once_in_the_loops_time_of_a_minute(tmp_path: Path) -> None:
    """Nobody listens there: every attempt certainly did not arrive."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    async def sync(clock: Clock) -> float:
        scenario = build(3, CALM, clock)
        scenario.write_sheet(tmp_path / "sheet.csv", 0)
        bench = Bench(settings=settings_of(port, tmp_path), clock=clock.now)
        with lending(clock, 3), pytest.raises(SyncError) as caught:
            await pipeline.sync(Request(sheet=str(tmp_path / "sheet.csv"), campaign="c"), bench)
        assert caught.value.exit_code == 5
        return clock.monotonic()

    assert clockwork.run(sync) < 60


def test_a_token_that_expires_in_the_middle_stops_the_run_at_once(tmp_path: Path) -> None:
    day = _Day(tmp_path, _writes, mischief.refuse(401, "token expired"))
    assert day.exit == 4
    assert sum(heard.writes for heard in day.log) <= 4, "no more than the requests that were under way together"
