"""The simulator has teeth: every client with one thing wrong is caught, within few seeds, by what it does to the campaign."""

from __future__ import annotations

import pytest

from .broken import MISTAKES, Mistake
from .conftest import MOST, Plays

_MISTAKES = [pytest.param(mistake, id=f"a client that {mistake.__name__.replace('_', ' ')}") for mistake in MISTAKES]


@pytest.mark.parametrize("mistake", _MISTAKES)
def test_a_broken_client_is_caught(plays: Plays, mistake: Mistake) -> None:
    found = plays.caught[mistake.__name__].result()
    assert found is not None, f"{MOST} days do not show it"
