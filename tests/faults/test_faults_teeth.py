"""The simulator has teeth: every client with one thing wrong is caught, within few days, by what it does to the campaign."""

from __future__ import annotations

import pytest

from .broken import MISTAKES, Mistake, best_seeds, caught_after

#: Days of the kind on which a mistake shows best, within which it has to be caught.
_MOST = 8

_MISTAKES = [pytest.param(mistake, id=mistake.__name__.replace("_", " ")) for mistake in MISTAKES]


@pytest.mark.parametrize("mistake", _MISTAKES)
def test_a_broken_client_is_caught(mistake: Mistake) -> None:
    assert caught_after(mistake, best_seeds(mistake, _MOST)) is not None, f"{_MOST} days do not show it"


def test_there_are_enough_of_them() -> None:
    assert len(MISTAKES) >= 12
