"""The proof has teeth: every port with one thing wrong is told from the real one, by a part of the short form's cells."""

from __future__ import annotations

import random
from functools import cache
from itertools import islice

import pytest

from .broken import MISTAKES, Mistake, making
from .corpora import CORPORA, Cell
from .referee import Reading, differing, held_differing, reference

#: Regions of every sort: shared country codes, prefixes that put digits in, odd ways to dial abroad, zeros that stay.
REGIONS = frozenset(
    {
        *(
            "US",
            "CA",
            "AG",
            "GB",
            "JE",
            "IT",
            "SM",
            "AR",
            "BR",
            "MX",
            "DE",
            "RU",
            "KZ",
            "AU",
            "CX",
            "FR",
            "GP",
            "CN",
            "GA",
            "FI",
            "NO",
        ),
        *("HU", "SG", "DK", "AT", "SE", "us", "XX"),
    }
)
EACH = 1_500

_MISTAKES = [pytest.param(mistake, id=mistake.__name__.replace("_", " ")) for mistake in MISTAKES]


@cache
def cells() -> tuple[Cell, ...]:
    """The same cells each time, those of REGIONS and of none."""
    chance = random.Random(1)
    drawn = (
        islice((c for c in corpus(chance, EACH * 20) if c[1] is None or c[1] in REGIONS), EACH) for corpus in CORPORA.values()
    )
    return tuple(dict.fromkeys(cell for part in drawn for cell in part))


@cache
def known() -> list[Reading]:
    """What is right."""
    return reference(cells())


def caught() -> bool:
    """Whether something differs: all by polars, all one by one, or what others hold."""
    return any(any(differing(cells(), known(), many)) for many in (10**9, 1)) or any(
        held_differing([text for text, _ in cells()])
    )


@pytest.mark.parametrize("mistake", _MISTAKES)
def test_a_broken_port_is_caught(mistake: Mistake) -> None:
    known()
    with making(mistake):
        assert caught()


def test_the_real_one_is_not() -> None:
    assert not caught()


def test_there_are_enough_of_them() -> None:
    assert len(MISTAKES) >= 12
