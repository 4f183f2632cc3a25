"""Phone columns against a loop over phonenumbers with its pattern cache, in the same process, on the same cells.

The baseline does the plain job: parse, is_valid_number, E.164. Ours also looks for what a spreadsheet did to the cell, for second
readings of bare digits, premium rates, extensions; a cell that it refuses for such a reason may be a number to the baseline.
Times are CPU seconds of the process, all threads: the wall clock depends on the neighbours.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Sequence

import phonenumbers
import polars as pl
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from benchmarks.table import Line
from callcamp_sync.phones import normalise_phones, read_e164

ROWS, RUNS = 500_000, 3
SIZES = (10_000, 100_000, 1_000_000)
SEED = 20_261_125

#: Regions of a book and their weights; "*" is every other region, evenly.
MIXED = {"US": 40, "GB": 14, "DE": 10, "FR": 6, "CA": 5, "IT": 4, "ES": 3, "NL": 2, "AU": 2, "BR": 1, "IN": 1, "*": 12}
BOOKS = {
    "one region (US)": {"US": 1},
    "one region (DE)": {"DE": 1},
    "mixed, 40 % US": MIXED,
    "245 regions evenly": {"*": 1},
}

#: Codes with which our caution refuses what the plain job takes.
_CAUTION = frozenset({"phone-region", "phone-damaged", "phone-extension", "phone-several", "phone-letters"})

Cell = tuple[str, str]


def book(weights: dict[str, int], rows: int) -> list[Cell]:
    """Cells with their regions: example numbers of each region with other digits at their end, in the spellings people use."""
    chance = random.Random(SEED)
    tail = [region for region in sorted(phonenumbers.SUPPORTED_REGIONS) if region not in weights]
    drawn = chance.choices([*weights], [*weights.values()], k=rows)
    regions = [chance.choice(tail) if region == "*" else region for region in drawn]
    spellings = {region: _spellings(region) for region in set(regions)}
    return [(_varied(chance, *chance.choice(spellings[region])), region) for region in regions]


def _spellings(region: str) -> list[tuple[str, int]]:
    """(spelling of an example number, how many of its last digits may be others), as often as people write so."""
    found = []
    for kind in (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE):
        number = phonenumbers.example_number_for_type(region, kind)
        if number is None:
            continue
        e164, abroad, home = (phonenumbers.format_number(number, how) for how in (0, 1, 2))
        free = min(6, len(phonenumbers.national_significant_number(number)) - 3)
        digits = "".join(filter(str.isdigit, home))
        written = [e164] * 5 + [abroad] * 3 + [home] * 5 + [home.replace(" ", "-")] * 2 + [digits] * 3
        written += [home.replace("-", " "), abroad.replace(" ", "-"), home.replace("-", "."), f"Tel: {abroad}"]
        found += [(text, free) for text in written]
    return found


def _varied(chance: random.Random, text: str, free: int) -> str:
    chars = list(text)
    places = [place for place, char in enumerate(chars) if char.isdigit()][-free:]
    for place in places:
        chars[place] = chance.choice("0123456789")
    return "".join(chars)


def plainly(cells: Sequence[Cell]) -> list[str | None]:
    """The plain job: E.164 of what phonenumbers finds valid."""
    found: list[str | None] = []
    for cell, region in cells:
        try:
            number = phonenumbers.parse(cell, region)
        except NumberParseException:
            found.append(None)
            continue
        valid = phonenumbers.is_valid_number(number)
        found.append(phonenumbers.format_number(number, PhoneNumberFormat.E164) if valid else None)
    return found


def agree(ours: pl.DataFrame, library: Sequence[str | None]) -> bool:
    """Whether both found the same numbers, those aside that our caution refuses with a reason of its own."""
    return all(
        phone == theirs or (phone is None and (code in _CAUTION or detail == "premium rate"))
        for (phone, code, detail), theirs in zip(ours.iter_rows(), library, strict=True)
    )


def _in_turn(ours: Callable[[], object], library: Callable[[], object]) -> tuple[float, float]:
    """Median CPU seconds of both, run in turn: neighbours on the machine slow both down alike, and count for neither."""
    times: list[tuple[float, float]] = []
    for _ in range(RUNS):
        marks = [time.process_time()]
        for work in (ours, library):
            work()
            marks.append(time.process_time())
        times.append((marks[1] - marks[0], marks[2] - marks[1]))
    return statistics.median(mine for mine, _ in times), statistics.median(theirs for _, theirs in times)


def _compared(name: str, weights: dict[str, int]) -> Line:
    cells = book(weights, ROWS)
    text, region = pl.Series([cell for cell, _ in cells]), pl.Series([region for _, region in cells])
    same = agree(normalise_phones(text, region), plainly(cells))
    ours, library = _in_turn(lambda: normalise_phones(text, region), lambda: plainly(cells))
    shown = {"ours": f"{ours:.2f} CPU s", "baseline": f"{library:.1f} CPU s"}
    what = f"phones to E.164, {ROWS:,} cells, {name}"
    return Line(what=what, **shown, against="phonenumbers, cached", ratio=library / ours, checked=same)


def _held() -> Line:
    """Numbers of a campaign, which are E.164 already, against the same loop."""
    numbers = [number for number in plainly(book(MIXED, ROWS)) if number is not None]
    text = pl.Series(numbers)
    same = read_e164(text).to_list() == numbers
    ours, library = _in_turn(lambda: read_e164(text), lambda: plainly([(number, "ZZ") for number in numbers]))
    shown = {"ours": f"{ours:.2f} CPU s", "baseline": f"{library:.1f} CPU s"}
    what = f"numbers that a campaign holds, {len(numbers):,}"
    return Line(what=what, **shown, against="phonenumbers, cached", ratio=library / ours, checked=same)


def _growth() -> Line:
    """Time per cell by size; the ratio is that of the largest to the smallest."""
    cells = book(MIXED, max(SIZES))
    text, region = pl.Series([cell for cell, _ in cells]), pl.Series([region for _, region in cells])
    whole = normalise_phones(text, region)
    parts = {size: (text.head(size), region.head(size)) for size in SIZES}
    same = all(normalise_phones(*part).equals(whole.head(size)) for size, part in parts.items())
    each = [_micros(size, *part) for size, part in parts.items()]
    shown = {"ours": f"{each[-1]:.2f} µs a cell", "baseline": f"{each[0]:.2f} µs a cell"}
    what = f"phones to E.164, mixed: {SIZES[-1]:,} cells ({each[1]:.2f} µs at {SIZES[1]:,})"
    return Line(what=what, **shown, against=f"itself, {SIZES[0]:,} cells", ratio=each[-1] / each[0], checked=same)


def _micros(size: int, text: pl.Series, region: pl.Series) -> float:
    ours, _ = _in_turn(lambda: normalise_phones(text, region), lambda: None)
    return ours / size * 1e6


def lines() -> list[Line]:
    """One line a book, one for what a campaign holds, and how the time grows."""
    phonenumbers.enable_pattern_cache()
    return [*(_compared(name, weights) for name, weights in BOOKS.items()), _held(), _growth()]
