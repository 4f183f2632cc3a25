"""SIGKILL at every request and every journal write of a small run: afterwards every number once, no row lost."""

from __future__ import annotations

import pytest

from .broken import making, no_grace
from .kills import PHASES, SMALL, deaths_at_the_journal, deaths_in


@pytest.mark.parametrize("phase", PHASES)
async def test_a_run_survives_its_death_at_every_request(phase: str) -> None:
    points = [point async for point in deaths_in(phase, SMALL)]
    wrong = [f"{point.place}: {finding.code}: {finding.words}" for point in points for finding in point.found]
    assert not wrong, "\n".join(wrong)
    assert len(points) >= 8


async def test_a_run_survives_its_death_at_every_write_of_the_journal() -> None:
    points = [point async for point in deaths_at_the_journal(SMALL)]
    wrong = [f"{point.place}: {finding.code}: {finding.words}" for point in points for finding in point.found]
    assert not wrong, "\n".join(wrong)
    assert len(points) >= 16


async def test_the_kill_loop_has_teeth() -> None:
    """A client without a grace period creates again what lands after its death, and is caught."""
    with making(no_grace):
        found = [finding.code async for point in deaths_in(PHASES[2], {"new": 2}) for finding in point.found]
    assert "duplicate" in found
