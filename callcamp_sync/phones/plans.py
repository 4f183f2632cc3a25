"""Numbering plans as tables, made of phonenumbers' own metadata when they are first asked for. Pure; nothing is copied by hand.

In:  a region (ISO 3166-1 alpha-2), or the digits that follow a "+".
Out: a Plan (how one region's numbers look, how they are dialled inside it), a Country (the plans that share a country code).
The patterns are those of the metadata, character for character; they fit `re` and polars' engine alike: no look-around, no back
references. Lengths, trunk prefixes and the order of kinds mean here what they mean in phonenumbers' `parse` and `number_type`.
Rule source: phonenumbers' PhoneMetadata and `_test_number_length`, `_number_type_helper`, `_region_code_for_number_from_list`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    SUPPORTED_REGIONS,
    NumberFormat,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberDesc,
    PhoneNumberType,
    is_possible_number_for_type_with_reason,
    is_possible_number_with_reason,
)
from phonenumbers import ValidationResult as Fit

#: phonenumbers' region of numbers that belong to no country.
NOWHERE = "001"
#: A national number has no more digits; `parse` refuses more.
MOST_DIGITS = 17
#: And no fewer.
SHORTEST = 2

#: A pattern that no digits fit.
NEVER = "never"

#: In the order in which a number's kind is decided: the first that matches. Fixed and mobile come last, see `_kinds`.
_SPECIAL = ("premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail")

_FIRST_GROUP = re.compile(r"(\\\d)")


#: (region, country code) of every plan; its place here is its number in the frames below.
PLANS: tuple[tuple[str, str], ...] = tuple(
    (region, str(code)) for code, regions in COUNTRY_CODE_TO_REGION_CODE.items() for region in regions
)


@dataclass(frozen=True, slots=True)
class Look:
    """How numbers of one kind look. lengths: empty where the pattern alone decides. kind: a PhoneNumberType."""

    kind: int
    pattern: str
    lengths: frozenset[int]


@dataclass(frozen=True, slots=True)
class Format:
    """How some numbers are written inside their country. leading: what they begin with, or None for all that fit the pattern.

    zero: whether the first digit written is "0"; where a group of the pattern is written first, its number instead.
    """

    pattern: str
    leading: str | None
    zero: bool | int


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """One region's numbers.

    code: country code, digits. idd: pattern of what is dialled for "+". prefix, transform: pattern of what is dialled before a
    national number, and the template of the digits that replace it. leading: what numbers of this region alone begin with.
    general: all numbers; kinds: of which a valid number is one, in the order of decision. local: lengths without the area code.
    same: fixed and mobile numbers look the same.
    """

    region: str
    code: str
    general: Look
    kinds: tuple[Look, ...]
    local: frozenset[int]
    idd: str | None
    prefix: str | None
    transform: str | None
    leading: str | None
    same: bool

    def too_long(self, length: int) -> bool:
        """Whether no number has so many digits."""
        return length not in self.local and length > max(self.general.lengths)

    def bears(self, length: int) -> bool:
        """Whether so many digits may be left when a prefix is taken off: those of a whole number, or too many."""
        return length not in self.local and (length in self.general.lengths or self.too_long(length))


@dataclass(frozen=True, slots=True, eq=False)
class Country:
    """The plans behind one country code, main one first, in the order in which a number is looked for.

    lengths: for 0 to MOST_DIGITS digits and one more, what phonenumbers says of a number that is not valid.
    formats: as the main plan writes numbers; the first that fits counts.
    """

    code: str
    plans: tuple[Plan, ...]
    lengths: tuple[int, ...]
    formats: tuple[Format, ...]

    @property
    def main(self) -> Plan:
        """The plan that reads numbers with a country code."""
        return self.plans[0]


@cache
def plan_of(region: str, code: str) -> Plan:
    """The plan of a supported region; for NOWHERE, of that country code."""
    meta = _metadata(region, code)
    general = _look(PhoneNumberType.UNKNOWN, meta.general_desc)
    return Plan(
        region=region,
        code=str(meta.country_code),
        general=general,
        kinds=_kinds(meta),
        local=frozenset(meta.general_desc.possible_length_local_only if meta.general_desc else ()),
        idd=meta.international_prefix or None,
        prefix=meta.national_prefix_for_parsing or None,
        transform=meta.national_prefix_transform_rule or None,
        leading=meta.leading_digits,
        same=meta.same_mobile_and_fixed_line_pattern,
    )


@cache
def codes() -> dict[str, str]:
    """Supported region -> its country code."""
    return {region: str(code) for code, regions in COUNTRY_CODE_TO_REGION_CODE.items() for region in regions if region != NOWHERE}


def supported(region: str | None) -> str | None:
    """The region as phonenumbers spells it, where it knows it."""
    return region.upper() if region is not None and region.upper() in SUPPORTED_REGIONS else None


def code_of(digits: str) -> str | None:
    """The country code at the start of an international number's digits. None is a prefix of another."""
    return next((digits[:size] for size in (1, 2, 3) if digits[:size] in _country_codes()), None)


@cache
def _country_codes() -> frozenset[str]:
    return frozenset(map(str, COUNTRY_CODE_TO_REGION_CODE))


@cache
def country(code: str) -> Country:
    """The country of a code that exists."""
    regions = COUNTRY_CODE_TO_REGION_CODE[int(code)]
    return Country(
        code=code,
        plans=tuple(plan_of(region, code) for region in regions),
        lengths=tuple(_fit(code, length) for length in range(MOST_DIGITS + 2)),
        formats=tuple(map(_format, _metadata(regions[0], code).number_format)),
    )


@cache
def may_be_longer(code: str, kind: int, length: int) -> bool:
    """Whether numbers of this country and kind exist with more than `length` digits."""
    return bool(is_possible_number_for_type_with_reason(_of_length(code, length + 1), kind) != Fit.TOO_LONG)


def _fit(code: str, length: int) -> int:
    return int(is_possible_number_with_reason(_of_length(code, length))) if length else int(Fit.TOO_SHORT)


def _of_length(code: str, length: int) -> PhoneNumber:
    return PhoneNumber(country_code=int(code), national_number=10 ** (length - 1))


def _metadata(region: str, code: str) -> PhoneMetadata:
    meta = PhoneMetadata.metadata_for_region_or_calling_code(int(code), region)
    if meta is None:
        raise KeyError(region)
    return meta


def _look(kind: int, desc: PhoneNumberDesc | None) -> Look:
    if desc is None or not desc.national_number_pattern:
        return Look(kind, NEVER, frozenset())
    return Look(kind, desc.national_number_pattern, frozenset(desc.possible_length))


def _kinds(meta: PhoneMetadata) -> tuple[Look, ...]:
    """Special kinds, then fixed, then mobile unless it looks the same; kinds without a pattern match nothing and are left out."""
    names = [*_SPECIAL, "fixed_line", *([] if meta.same_mobile_and_fixed_line_pattern else ["mobile"])]
    looks = [_look(getattr(PhoneNumberType, name.upper()), getattr(meta, name)) for name in names]
    return tuple(look for look in looks if look.pattern != NEVER)


def _format(form: NumberFormat) -> Format:
    """The first digit of the national format, brackets aside, read from the format's template."""
    rule, template = form.national_prefix_formatting_rule, form.format or ""
    written = (_FIRST_GROUP.sub(rule, template, count=1) if rule else template).lstrip("(")
    zero: bool | int = int(written[1]) if written.startswith("\\") else written.startswith("0")
    leading = form.leading_digits_pattern[-1] if form.leading_digits_pattern else None
    return Format(pattern=form.pattern or NEVER, leading=leading, zero=zero)
