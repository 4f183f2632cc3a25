"""Ports of phonenumbers with one thing wrong, each made from the real one by the smallest change: the proof catches every one.

In:  a mistake. Out: a context in which callcamp_sync.phones makes it; afterwards it is whole again, tables and all.
Each mistake is one that a careful person makes, and its docstring says which. The reference makes none of them: it asks
phonenumbers, and shares nothing with the port but `text.judge`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import polars as pl
from phonenumbers import SUPPORTED_REGIONS, PhoneNumberType

from callcamp_sync import phones
from callcamp_sync.phones import columns, digits, lanes, patterns, plans, shapes, verdicts
from callcamp_sync.phones.digits import Number
from callcamp_sync.phones.plans import Country, Plan
from tests.faults.seams import Swap, swapped

Mistake = Callable[[], Sequence[Swap]]

#: What is made of the metadata once and kept.
_KEPT = (
    *(plans.plan_of, plans.codes, plans.country, plans.may_be_longer, plans._country_codes, digits._tests),
    *(lanes._by_digits, verdicts._lengths, columns._habit, patterns.portable),
)


@contextmanager
def making(mistake: Mistake) -> Iterator[None]:
    """callcamp_sync.phones, with that one mistake, tables made anew."""
    try:
        with swapped(mistake()):
            _forget()
            yield
    finally:
        _forget()


def _forget() -> None:
    for kept in _KEPT:
        kept.cache_clear()


def _with_tables(alter: Callable[[Plan], Plan]) -> Sequence[Swap]:
    return [(plans, "Plan", lambda **table: alter(Plan(**table)))]


# --- what a cell says


def digits_are_certain() -> Sequence[Swap]:
    """Bare digits are a number like any other: no second reading."""
    return [(shapes, "_BARE", "^never$")]


def a_float_is_a_number() -> Sequence[Swap]:
    """A point is punctuation, wherever it stands."""
    return [(shapes, "_ODD", "^never$")]


def a_day_is_a_number() -> Sequence[Swap]:
    """2026-05-10 has eight digits."""
    return [(shapes, "_ODD", shapes._ODD.partition("|")[0])]


def sixteen_digits_are_exact() -> Sequence[Swap]:
    """A spreadsheet keeps what is typed."""
    return [(shapes, "EXACT_DIGITS", 99)]


def any_word_is_a_label() -> Sequence[Swap]:
    """What stands before a number says what it is."""
    return [(shapes, "_LABEL", r"(?i-u)^[a-z]+[ :.]*")]


def regions_are_upper_case() -> Sequence[Swap]:
    """Nobody writes `us`."""
    return [(phones, "supported", lambda region: region if region in SUPPORTED_REGIONS else None)]


# --- the tables


def no_transform() -> Sequence[Swap]:
    """A prefix is taken off; nothing is put in its place (Argentina's 9, an island's area code)."""
    return _with_tables(lambda plan: replace(plan, transform=None))


def no_prefix() -> Sequence[Swap]:
    """Numbers have no trunk zero."""
    return _with_tables(lambda plan: replace(plan, prefix=None))


def no_other_way_abroad() -> Sequence[Swap]:
    """Everybody dials 00."""
    return _with_tables(lambda plan: replace(plan, idd="00"))


def premium_is_a_number() -> Sequence[Swap]:
    """A call is a call."""
    dear = PhoneNumberType.PREMIUM_RATE
    return _with_tables(lambda plan: replace(plan, kinds=tuple(replace(k, kind=0) if k.kind == dear else k for k in plan.kinds)))


def nothing_is_too_long() -> Sequence[Swap]:
    """The country's own code counts only where the plan fits without it."""
    return [(Plan, "too_long", lambda self, length: False)]


def anything_may_be_left() -> Sequence[Swap]:
    """A prefix is a prefix, whatever is left without it."""
    return [(Plan, "bears", lambda self, length: True)]


def one_plan_a_country() -> Sequence[Swap]:
    """+1 is the United States, +44 the United Kingdom."""
    return [(plans, "Country", lambda **table: Country(**{**table, "plans": table["plans"][:1]}))]


def nothing_grows() -> Sequence[Swap]:
    """A number that is valid has lost no zero."""
    return [(where, "may_be_longer", lambda *_: False) for where in (digits, columns)]


def everything_grows() -> Sequence[Swap]:
    """Every number may have had one more digit."""
    return [(where, "may_be_longer", lambda *_: True) for where in (digits, columns)]


# --- one number


def zeros_are_trunk_zeros() -> Sequence[Swap]:
    """E.164 has no zero after the country code (Italy's has)."""
    return [(Number, "e164", property(lambda self: f"+{self.country.code}{self.digits.lstrip('0')}"))]


def sixteen_digits_are_dialled() -> Sequence[Swap]:
    """What the plan has can be dialled."""
    return [(digits, "MOST_INTERNATIONAL", 17)]


def own_code_comes_off() -> Sequence[Swap]:
    """Digits that begin with the country's code begin with the country's code."""

    def shorter(text: str, plan: Plan) -> str | None:
        return text[len(plan.code) :] if text.startswith(plan.code) else None

    return [(digits, "without_own_code", shorter)]


def prefix_comes_off() -> Sequence[Swap]:
    """Digits that begin with a prefix begin with a prefix, also where they were a number with it."""

    def shorter(text: str, plan: Plan) -> str:
        found = re.match(plan.prefix, text) if plan.prefix and text else None
        if found is None:
            return text
        plain = plan.transform is None or found.group(found.re.groups) is None
        return ("" if plain else found.expand(plan.transform or "")) + text[found.end() :]

    return [(digits, "without_prefix", shorter)]


def nobody_writes_a_zero() -> Sequence[Swap]:
    """Bare digits of a country with trunk zeros lack nothing."""
    return [(digits, "written_with_zero", lambda number: False)]


# --- columns


def a_template_is_a_text() -> Sequence[Swap]:
    r"""`9\1` means in polars what it means in re."""
    return [(patterns, "_BACK", re.compile("(never)"))]


def beginning_is_enough() -> Sequence[Swap]:
    """A pattern that fits the beginning fits."""
    return [(patterns, "_whole", patterns._start)]


def the_first_kind_counts() -> Sequence[Swap]:
    """One kind of number is all kinds."""
    own = patterns.any_of
    return [(patterns, "any_of", lambda looks: own(list(looks)[:1]))]


def second_readings_are_for_one_by_one() -> Sequence[Swap]:
    """Columns need no second reading."""
    return [(columns, "_doubtful", lambda asked, found: verdicts.frame([]))]


def no_number_is_short() -> Sequence[Swap]:
    """Whatever is not valid is not in use."""
    own = plans.MOST_DIGITS + 2
    return [(verdicts, "_lengths", lambda home: [verdicts.Outcome.UNUSED] * own)]


def held_numbers_are_as_they_should_be() -> Sequence[Swap]:
    """What a server holds is E.164: "+44 (0)20" is somebody else."""
    return [(columns, "_with_prefix", lambda part: part.clear())]


def held_numbers_may_be_short() -> Sequence[Swap]:
    """A few digits after a plus are a number."""
    short = shapes.WRITTEN.replace("{6,", "{3,")
    return [(where, "WRITTEN", short) for where in (phones, columns)]


def the_wrong_row() -> Sequence[Swap]:
    """Rows come back in the order in which they were sent."""
    own = columns.read

    def read(asked: pl.DataFrame) -> pl.DataFrame:
        found = own(asked)
        return found.with_columns(pl.col("row").sort())

    return [(columns, "read", read)]


MISTAKES: tuple[Mistake, ...] = (
    *(digits_are_certain, a_float_is_a_number, a_day_is_a_number, sixteen_digits_are_exact),
    *(any_word_is_a_label, regions_are_upper_case, no_transform, no_prefix, no_other_way_abroad),
    *(premium_is_a_number, nothing_is_too_long, anything_may_be_left, one_plan_a_country, nothing_grows, everything_grows),
    *(zeros_are_trunk_zeros, sixteen_digits_are_dialled, own_code_comes_off, prefix_comes_off, nobody_writes_a_zero),
    *(a_template_is_a_text, beginning_is_enough, the_first_kind_counts, second_readings_are_for_one_by_one, no_number_is_short),
    *(held_numbers_are_as_they_should_be, held_numbers_may_be_short, the_wrong_row),
)
