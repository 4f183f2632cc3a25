"""SIGKILL at every request and every journal write of a small run: afterwards every number once, no row lost."""

from __future__ import annotations

from .broken import making, no_grace
from .conftest import Plays
from .kills import PHASES, SMALL, deaths_in, every_kill_point


async def test_a_run_survives_its_death_at_every_point(plays: Plays) -> None:
    """The pool plays scenarios meanwhile."""
    points = [point async for point in every_kill_point(SMALL)]
    wrong = [f"{point.place}: {finding.code}: {finding.words}" for point in points for finding in point.found]
    assert not wrong, "\n".join(wrong)
    assert all(any(point.place.endswith(phase) for point in points) for phase in PHASES)
    assert sum("journal" in point.place for point in points) > 10


async def test_the_kill_loop_has_teeth() -> None:
    """A client without a grace period creates again what lands after its death, and is caught."""
    with making(no_grace):
        found = [finding.code async for point in deaths_in(PHASES[2], {"new": 2}) for finding in point.found]
    assert "duplicate" in found
