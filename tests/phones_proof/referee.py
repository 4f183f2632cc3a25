"""Who is right: the column reader, the reference that asks phonenumbers for every cell, or phonenumbers alone.

In:  cells with regions. Out: a Verdict: how many were compared, and the first differences of each kind. Three comparisons:
- `normalise_phones` says of every cell what `normalise_phone` says, by polars, one by one, and mixed;
- `read_e164` says what the oracle says of what others hold;
- where a cell is calm, so that nothing but phonenumbers has a say, `normalise_phone` says what phonenumbers says: the reference
  cannot drift away with its port.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import phonenumbers
import polars as pl
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from callcamp_sync.phones import normalise_phone, normalise_phones, oracle, patterns, read_e164
from callcamp_sync.phones.plans import supported
from callcamp_sync.phones.text import judge

from .corpora import Cell

Reading = tuple[str | None, str | None, str | None]

#: How many numbers of a plan make a group for polars: all go through it, those of large groups, none.
GROUPS = (1, 1_000, 10**9)
#: Differences that are kept of each kind.
_KEPT = 5

#: Digits, one "+" and punctuation that no spreadsheet and no second number brings; no float, no day.
_CALM = re.compile(r"\(?\+?\d[\d ()]*(?:-[\d ()]+)?", re.ASCII)
_CALM_DIGITS = range(3, 16)
_BARE = re.compile(r"[1-9]\d*", re.ASCII)
_SECOND_READINGS = frozenset({"phone-region", "phone-damaged"})


@dataclass(slots=True)
class Verdict:
    """cells, distinct: how many were compared. calm: by phonenumbers alone as well. numbers: cells that are one.

    asked: distinct cells for which the column reader asked phonenumbers' parser. wrong: how often something differed;
    differences: the first of them, in words.
    """

    cells: int = 0
    distinct: int = 0
    calm: int = 0
    numbers: int = 0
    asked: int = 0
    wrong: int = 0
    differences: list[str] = field(default_factory=list)

    def add(self, other: Verdict) -> None:
        """Take another part's counts and differences."""
        for name in ("cells", "distinct", "calm", "numbers", "asked", "wrong"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.differences += other.differences

    def note(self, differences: Iterator[str]) -> None:
        """Count differences, keep the first."""
        found = list(differences)
        self.wrong += len(found)
        self.differences += found[:_KEPT]


def reference(cells: Sequence[Cell]) -> list[Reading]:
    """What `normalise_phone` says of each cell."""
    return [normalise_phone(text, region=region) for text, region in cells]


def compared(cells: Sequence[Cell], groups: Sequence[int] = GROUPS) -> Verdict:
    """All three comparisons, over the distinct cells."""
    distinct = list(dict.fromkeys(cells))
    known = reference(distinct)
    found = Verdict(cells=len(cells), distinct=len(distinct), numbers=sum(phone is not None for phone, _, _ in known))
    for many in groups:
        found.note(differing(distinct, known, many))
    found.asked = asked_for(distinct)
    found.note(held_differing([text for text, _ in distinct]))
    calm = [(cell, reading) for cell, reading in zip(distinct, known, strict=True) if is_calm(*cell)]
    found.calm = len(calm)
    found.note(drifting(calm))
    return found


def differing(cells: Sequence[Cell], known: Sequence[Reading], many: int = patterns.MANY) -> Iterator[str]:
    """Cells of which the column reader says something else than the reference. many: see GROUPS."""
    own, patterns.MANY = patterns.MANY, many
    try:
        text = pl.Series([text for text, _ in cells], dtype=pl.String)
        read = normalise_phones(text, pl.Series([region for _, region in cells], dtype=pl.String)).rows()
    finally:
        patterns.MANY = own
    for cell, ours, theirs in zip(cells, read, known, strict=True):
        if ours != theirs:
            yield f"{cell}: {ours} by column (groups of {many}), not {theirs}"


def asked_for(cells: Sequence[Cell]) -> int:
    """For how many cells the column reader asks phonenumbers' parser."""
    count, own = 0, oracle.read

    def counting(text: str, *, region: str | None, bare: bool) -> Reading:
        nonlocal count
        count += 1
        return own(text, region=region, bare=bare)

    oracle.read = counting
    try:
        normalise_phones(pl.Series([text for text, _ in cells]), pl.Series([region for _, region in cells], dtype=pl.String))
    finally:
        oracle.read = own
    return count


def held_differing(texts: Sequence[str]) -> Iterator[str]:
    """Texts of which `read_e164` says something else than the oracle."""
    read = read_e164(pl.Series(texts, dtype=pl.String))
    for text, ours in zip(texts, read, strict=True):
        spelling = judge(text)
        theirs = oracle.held(spelling.dialled) if spelling.code in {None, "phone-extension"} else None
        if ours != theirs:
            yield f"{text!r}: held as {ours}, not {theirs}"


def is_calm(text: str, region: str | None) -> bool:
    """Whether phonenumbers alone decides: no damage, no second number, and a region where one is needed."""
    return (
        _CALM.fullmatch(text) is not None
        and sum(char.isdigit() for char in text) in _CALM_DIGITS
        and ("+" in text or supported(region) is not None)
    )


def drifting(calm: Sequence[tuple[Cell, Reading]]) -> Iterator[str]:
    """Calm cells of which the reference says something else than phonenumbers, for no reason that it may have."""
    for (text, region), (phone, code, detail) in calm:
        plain, premium = plainly(text, region)
        cautious = code in _SECOND_READINGS and _BARE.fullmatch(text.strip()) is not None
        refused = cautious or (detail == "premium rate" and premium) or (detail == "too long" and len(plain or "") > 16)
        if phone != plain and not (phone is None and refused):
            yield f"{(text, region)}: {(phone, code, detail)}, but phonenumbers says {plain}"


def plainly(text: str, region: str | None) -> tuple[str | None, bool]:
    """What phonenumbers makes of a cell: its E.164 if it is valid, and whether it is a premium-rate number."""
    try:
        number = phonenumbers.parse(text, supported(region))
    except NumberParseException:
        return None, False
    if not phonenumbers.is_valid_number(number):
        return None, False
    premium = phonenumbers.number_type(number) == PhoneNumberType.PREMIUM_RATE
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164)), premium
