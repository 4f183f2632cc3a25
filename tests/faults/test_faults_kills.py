"""SIGKILL at every request and every journal write of a small run: afterwards every number once, no row lost."""

from __future__ import annotations

from .conftest import Plays
from .kills import PHASES, SMALL, every_kill_point


async def test_a_run_survives_its_death_at_every_point(plays: Plays) -> None:
    """The pool plays scenarios meanwhile."""
    points = [point async for point in every_kill_point(SMALL)]
    wrong = [f"{point.place}: {finding.code}: {finding.words}" for point in points for finding in point.found]
    assert not wrong, "\n".join(wrong)
    assert all(any(point.place.endswith(phase) for point in points) for phase in PHASES)
    assert sum("journal" in point.place for point in points) > 10
