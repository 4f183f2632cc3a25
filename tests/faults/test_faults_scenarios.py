"""Whatever goes wrong: nobody twice, nobody against their will, nobody lost, and no untrue word. Judged by the server's log."""

from __future__ import annotations

import pytest

from .conftest import SEEDS, Plays
from .profiles import PROFILES

_PROFILES = [pytest.param(place, id=f"on days of the profile {profile.name}") for place, profile in enumerate(PROFILES)]


@pytest.mark.parametrize("place", _PROFILES)
def test_nothing_that_must_not_happen_happens(plays: Plays, place: int) -> None:
    """Reproduce one with `python -m tests.faults --first SEED --seeds 1 --no-kills --no-teeth`."""
    played = [plays.scenarios[seed].result() for seed in range(place, SEEDS, len(PROFILES))]
    wrong = [f"seed {one.seed}: {finding.code}: {finding.words}" for one in played for finding in one.findings]
    assert not wrong, "\n".join(wrong)


def test_the_days_are_really_bad(plays: Plays) -> None:
    """A simulator whose faults never strike proves nothing."""
    played = [future.result() for future in plays.scenarios.values()]
    assert sum(one.injected for one in played) > 5 * SEEDS
    assert len(frozenset().union(*(one.kinds for one in played))) > 40


def test_two_runs_are_enough_once_the_faults_have_stopped(plays: Plays) -> None:
    further = [future.result().further_runs for future in plays.scenarios.values()]
    assert all(runs is not None and runs <= 2 for runs in further)


def test_no_run_is_longer_than_its_patience(plays: Plays) -> None:
    """In the loop's time: a server that is gone, drips or asks for patience is given up in the end."""
    assert max(future.result().seconds for future in plays.scenarios.values()) < 900


def test_the_same_seed_has_the_same_outcomes(plays: Plays) -> None:
    other = [seed for seed, future in plays.again.items() if future.result().outcomes != plays.scenarios[seed].result().outcomes]
    assert not other
