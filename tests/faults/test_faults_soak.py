"""A small soak: creates on a bad network, two deaths, `resume` until nothing is open. The long form: `make soak`."""

from __future__ import annotations

from .soak import soak


async def test_after_faults_and_deaths_everybody_stands_in_the_campaign_once() -> None:
    soaked = await soak(creates=150, rate=0.08, kills=2, timeout=0.4)
    assert soaked.kills == 2
    assert soaked.faults.total() >= 5
    assert (soaked.duplicates, soaked.missing, soaked.last_exit) == (0, 0, 0)
