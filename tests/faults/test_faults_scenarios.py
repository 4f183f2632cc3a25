"""Whatever goes wrong: nobody twice, nobody against their will, nobody lost, and no untrue word. Judged by the server's log.

Reproduce a seed with `python -m tests.faults --first SEED --seeds 1 --no-kills --no-teeth`.
"""

from __future__ import annotations

import pytest

from .batch import summarize
from .profiles import PROFILES

#: Four days of each kind at a time, four times over: 160 scenarios.
_DAYS = [
    pytest.param(
        range(place + first * len(PROFILES), place + (first + 4) * len(PROFILES), len(PROFILES)),
        id=f"days {first} to {first + 3} of the kind {profile.name}",
    )
    for place, profile in enumerate(PROFILES)
    for first in range(0, 16, 4)
]


@pytest.mark.parametrize("seeds", _DAYS)
def test_nothing_that_must_not_happen_happens(seeds: range) -> None:
    """And once the faults have stopped, two runs are enough; no run is longer than its patience; and the days were really bad."""
    played = [summarize(seed) for seed in seeds]
    wrong = [f"seed {one.seed}: {finding.code}: {finding.words}" for one in played for finding in one.findings]
    assert not wrong, "\n".join(wrong)
    assert all(one.further_runs is not None for one in played)
    assert max(one.seconds for one in played) < 900
    assert sum(one.injected for one in played) > 0


@pytest.mark.parametrize("first", [0, 5, 10, 15])
def test_the_same_seed_has_the_same_outcomes(first: int) -> None:
    for seed in range(first, first + 5):
        assert summarize(seed).outcomes == summarize(seed).outcomes, f"seed {seed}"
