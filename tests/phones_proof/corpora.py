"""Cells to read: what is right, what is nearly right, what the metadata itself allows, what spreadsheets do, and rubbish.

In:  a source of chance, how many. Out: cells with the regions to read them in. A friendly corpus finds a third of planted faults,
so most of these are unfriendly.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import cache
from itertools import product

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from callcamp_sync.phones.plans import Plan, country

from .grammar import drawn

Cell = tuple[str, str | None]

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
_DIGITS = "0123456789"


@cache
def examples() -> tuple[tuple[str, PhoneNumber], ...]:
    """(region, example number) of every region and kind, numbers of no country too."""
    found = [(region, kind, phonenumbers.example_number_for_type(region, kind)) for region in REGIONS for kind in _kinds()]
    nowhere = [("001", 0, phonenumbers.example_number_for_non_geo_entity(code)) for code in CODES]
    return tuple((region, number) for region, _, number in found + nowhere if number is not None)


def _kinds() -> list[int]:
    return [kind for kind in PhoneNumberType.values() if kind != PhoneNumberType.UNKNOWN]


def _significant(number: PhoneNumber) -> str:
    return str(phonenumbers.national_significant_number(number))


def _formatted(number: PhoneNumber, how: int) -> str:
    return str(phonenumbers.format_number(number, how))


def _exponent(digits: str) -> str:
    return f"{digits[0]}.{digits[1:]}E+{len(digits) - 1}"


def spellings(number: PhoneNumber) -> list[str]:
    """One number in the ways in which people, machines and spreadsheets write it."""
    code, own = str(number.country_code), _significant(number)
    e164, abroad = _formatted(number, PhoneNumberFormat.E164), _formatted(number, PhoneNumberFormat.INTERNATIONAL)
    home, link = _formatted(number, PhoneNumberFormat.NATIONAL), _formatted(number, PhoneNumberFormat.RFC3966)
    plain = "".join(filter(str.isdigit, home))
    return [
        *(e164, abroad, home, link, plain, own, "0" + own, "1" + own, "8" + own, code + own, code + plain),
        *("00" + code + own, "011" + code + own, "810" + code + own, "0011" + code + own, "+00" + code + own, "+" + own),
        *(
            home.replace(" ", "-"),
            home.replace(" ", "."),
            home.replace("-", " "),
            abroad.replace(" ", "-"),
            f"({own[:3]}) {own[3:]}",
        ),
        *(abroad.replace(" ", "."), abroad.replace(" ", ""), abroad.replace(" ", " (0)", 1), abroad.replace(" ", " 0", 1)),
        *(
            "'" + e164,
            "'" + plain,
            "Tel: " + abroad,
            "mobile " + home,
            "ph. " + home,
            "t " + home,
            f'="{e164}"',
            " " + home + " ",
        ),
        *(
            e164[1:] + ".0",
            own + ".0",
            plain + ".00",
            e164 + ".0",
            own + ",00",
            own + ".5",
            _exponent(own),
            _exponent(code + own),
        ),
        *(
            home + " x12",
            abroad + " ext. 3",
            home + "/" + home,
            abroad.replace(" ", "\u00a0"),
            abroad.replace(" ", "/"),
            own[:-1],
        ),
        *(
            own + "0",
            "(" + e164 + ")",
            e164 + "-",
            "[" + home + "]",
            own[:-4] + "." + own[-4:],
            plain + "~1",
            "+" + code + "-" + own,
        ),
    ]


def rendered(chance: random.Random, count: int) -> Iterator[Cell]:
    """Every example in every spelling, in its own region, in those with its country code, in others, in none.

    count: of cells; the pairs of spelling and region are drawn, so that a small number still sees all regions.
    """
    for number in range(count):
        region, example = examples()[number % len(examples())]
        yield chance.choice(spellings(example)), _some_region(chance, region, example)


def all_rendered(chance: random.Random, share: int, shares: int) -> Iterator[Cell]:
    """One of `shares` parts of all examples in all spellings, each in twelve regions."""
    for region, example in examples()[share::shares]:
        regions = [region, region, None, "US", *(_some_region(chance, region, example) for _ in range(8))]
        yield from ((spelling, where) for spelling, where in product(spellings(example), regions))


def _some_region(chance: random.Random, region: str, number: PhoneNumber) -> str | None:
    kin = phonenumbers.region_codes_for_country_code(number.country_code or 0)
    return chance.choice(
        [region] * 5 + [chance.choice(kin), chance.choice(kin), chance.choice(REGIONS), region.lower(), None, "XX"]
    )


def mutated(chance: random.Random, count: int) -> Iterator[Cell]:
    """Spellings with up to three digits changed, added or lost, and now and then another sign."""
    for _ in range(count):
        region, example = chance.choice(examples())
        text = _damaged(chance, chance.choice(spellings(_varied(chance, example))))
        yield text, _some_region(chance, region, example)


def _varied(chance: random.Random, number: PhoneNumber) -> PhoneNumber:
    """The number with other digits, some lost or new, mostly at its end."""
    digits = list(_significant(number))
    for _ in range(chance.choice((0, 1, 1, 2, 4))):
        digits[-1 - int(len(digits) * chance.random() ** 2)] = chance.choice(_DIGITS)
    if chance.random() < 0.3:
        digits = (
            digits[: chance.choice((-1, -2))] if chance.random() < 0.5 and len(digits) > 4 else [*digits, chance.choice(_DIGITS)]
        )
    text = "".join(digits)
    zeros = len(text) - len(text.lstrip("0"))
    return PhoneNumber(
        country_code=number.country_code,
        national_number=int(text),
        italian_leading_zero=zeros > 0 or None,
        number_of_leading_zeros=zeros if zeros > 1 else None,
    )


def _damaged(chance: random.Random, text: str) -> str:
    for _ in range(chance.choice((0, 0, 0, 1, 1, 2))):
        place = chance.randrange(len(text) + 1)
        text = text[:place] + chance.choice("0123456789 -.()+/ 00x'") + text[place + chance.choice((0, 1)) :]
    return text


def patterned(chance: random.Random, count: int) -> Iterator[Cell]:
    """Numbers drawn from the metadata's own patterns, dialled with the prefixes that the metadata itself has."""
    plans = [plan for code in CODES for plan in country(str(code)).plans]
    for _ in range(count):
        plan = chance.choice(plans)
        look = chance.choice([plan.general, *plan.kinds])
        yield chance.choice(_DIALLED)(chance, plan, drawn(look.pattern, chance)), None if plan.region == "001" else plan.region


def _with_prefix(chance: random.Random, plan: Plan, digits: str) -> str:
    return (drawn(plan.prefix, chance) if plan.prefix else "0") + digits


def _from_abroad(chance: random.Random, plan: Plan, digits: str) -> str:
    return _abroad(chance, plan) + plan.code + digits


def _elsewhere(chance: random.Random, plan: Plan, _: str) -> str:
    """A number of another country, dialled as from here."""
    other = country(str(chance.choice(CODES))).main
    return _abroad(chance, plan) + other.code + drawn(other.general.pattern, chance)


def _abroad(chance: random.Random, plan: Plan) -> str:
    return drawn(plan.idd, chance) if plan.idd else "00"


_DIALLED: tuple[Callable[[random.Random, Plan, str], str], ...] = (
    lambda chance, plan, digits: digits,
    lambda chance, plan, digits: digits,
    lambda chance, plan, digits: f"+{plan.code}{digits}",
    lambda chance, plan, digits: f"+{plan.code} {digits}",
    lambda chance, plan, digits: f"{plan.code}{digits}",
    lambda chance, plan, digits: f"({digits[:2]}) {digits[2:]}",
    lambda chance, plan, digits: f"+{plan.code}{_with_prefix(chance, plan, digits)}",
    lambda chance, plan, digits: f"{plan.code} {_with_prefix(chance, plan, digits)}",
    lambda chance, plan, digits: f"{digits}.0",
    _with_prefix,
    _with_prefix,
    _from_abroad,
    _elsewhere,
)


def floats(chance: random.Random, count: int) -> Iterator[Cell]:
    """Numbers as a spreadsheet or a data frame prints them, digits lost or not."""
    for _ in range(count):
        region, example = chance.choice(examples())
        varied = _varied(chance, example)
        digits = chance.choice(("", "", str(varied.country_code))) + _significant(varied)
        yield chance.choice(_PRINTED)(chance, digits), _some_region(chance, region, example)


def _rounded(chance: random.Random, digits: str) -> str:
    return f"{float(digits):.{chance.randint(0, 14)}{chance.choice('eEg')}}"


_PRINTED: tuple[Callable[[random.Random, str], str], ...] = (
    lambda chance, digits: digits + chance.choice((".0", ".00", ",0", ",00", ".000", ".", ".5", ".10")),
    lambda chance, digits: "+" + digits + chance.choice((".0", ".00")),
    lambda chance, digits: _exponent(digits),
    lambda chance, digits: _exponent(digits).replace(".", chance.choice(".,")).replace("E+", chance.choice(("E", "e+", "E+0"))),
    lambda chance, digits: str(float(digits)),
    lambda chance, digits: repr(float(digits) / chance.choice((1, 10, 1000))),
    lambda chance, digits: digits + "0" * chance.randint(1, 8),
    lambda chance, digits: "-" + digits,
    lambda chance, digits: f"{int(digits):,}",
    _rounded,
)

_SIGNS = "0123456789" * 6 + "+ -.()/ ,;xXeE'\u00a0\uff10\u0660\n\u2013ab#~[]*"
_WORDS = (
    "n/a",
    "",
    " ",
    "-",
    "Tel:",
    "tel.",
    "none",
    "2026-05-10",
    "2026-05-10 00:00:00",
    "#N/A",
    "0",
    "00",
    "+",
    "(",
    "__CLEAR__",
    "ext",
)


def junk(chance: random.Random, count: int) -> Iterator[Cell]:
    """Whatever stands in a column of phones by mistake."""
    for _ in range(count):
        text = "".join(chance.choices(_SIGNS, k=chance.randint(0, 22)))
        if chance.random() < 0.2:
            text = chance.choice(_WORDS) + text[: chance.randint(0, 14)]
        yield text, chance.choice([*REGIONS, None, "xx", "us", "de"])


CORPORA: dict[str, Callable[[random.Random, int], Iterator[Cell]]] = {
    "examples": rendered,
    "mutations": mutated,
    "patterns": patterned,
    "floats": floats,
    "junk": junk,
}
