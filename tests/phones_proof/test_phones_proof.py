"""The short form of the proof: some cells of every kind, new ones each time unless CI is set; the seed stands in the message."""

from __future__ import annotations

import os
import random
import re
from dataclasses import replace

import pytest

from callcamp_sync.phones import patterns
from callcamp_sync.phones.plans import country, plan_of
from tests.faults.seams import swapped

from .corpora import CODES, CORPORA
from .grammar import drawn, lengths
from .referee import compared, differing, reference

PLANS = [plan for code in CODES for plan in country(str(code)).plans]

#: Cells of each kind.
EACH = 5_000


def fresh_seed() -> int:
    """A new one each time; where CI is set, the same: a change is judged by what it changed."""
    return 0 if os.environ.get("CI") else int.from_bytes(os.urandom(4))


def test_columns_say_what_the_reference_says_and_the_reference_what_phonenumbers_says() -> None:
    seed = fresh_seed()
    chance = random.Random(seed)
    found = compared([cell for corpus in CORPORA.values() for cell in corpus(chance, EACH)])
    assert found.differences == [], f"seed {seed}"
    assert min(found.numbers, found.calm) > EACH, "cells that are all refused prove nothing"
    assert found.asked < found.distinct / 5, "columns that ask phonenumbers for everything prove nothing"


@pytest.mark.parametrize("seed", range(3))
def test_what_is_drawn_from_a_pattern_fits_it(seed: int) -> None:
    chance = random.Random(seed)
    known = {look.pattern for plan in PLANS for look in (plan.general, *plan.kinds)}
    assert [pattern for pattern in known if not re.fullmatch(pattern, drawn(pattern, chance))] == []


def test_polars_takes_every_plan() -> None:
    odd = [plan.region for plan in PLANS if not patterns.portable(plan)]
    assert odd == [], "these are read one by one: right, but slow"


@pytest.mark.parametrize("strange", [r"(?!900)\d+", r"(\d)\1", r"(?P<area>2)\d+"], ids=["look-ahead", "back reference", "name"])
def test_a_plan_that_polars_cannot_take_is_known(strange: str) -> None:
    """As metadata of another year might have it."""
    assert not patterns.portable(replace(plan_of("US", "1"), leading=strange))


def test_a_plan_that_polars_cannot_take_is_read_one_by_one() -> None:
    seed = fresh_seed()
    cells = list(CORPORA["mutations"](random.Random(seed), EACH // 5))
    with swapped([(patterns, "portable", lambda plan: False)]):
        assert list(differing(cells, reference(cells), 1)) == [], f"seed {seed}"


# Two things that phonenumbers looks at change nothing today. The port looks at them too; were they to matter in other metadata,
# no test of equality would have tried them, so these say when.


def test_lengths_without_an_area_code_are_never_those_of_whole_numbers() -> None:
    odd = [p.region for p in PLANS if p.local & p.general.lengths or max(p.local, default=0) > max(p.general.lengths)]
    assert odd == [], "without these lengths the port would be another: plant that mistake in broken.py"


def test_the_lengths_of_a_kind_are_those_of_its_pattern() -> None:
    odd = [(p.region, look.kind) for p in PLANS for look in p.kinds if not lengths(look.pattern) <= look.lengths]
    assert odd == [], "without these lengths the port would be another: plant that mistake in broken.py"
