"""Laws of phones, judged by phonenumbers' own example numbers: no spelling and no spreadsheet makes another number of one."""

from __future__ import annotations

from collections.abc import Callable

import phonenumbers
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from callcamp_sync.phones import normalise_phone, normalise_phones, read_e164

Example = tuple[str, PhoneNumber, str]


def _examples() -> list[Example]:
    """(region, number, E.164) of every region and kind; premium-rate ones, which are refused on purpose, left out."""
    found: list[Example] = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in PhoneNumberType.values():
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None and phonenumbers.number_type(number) != PhoneNumberType.PREMIUM_RATE:
                found.append((region, number, phonenumbers.format_number(number, PhoneNumberFormat.E164)))
    return found


EXAMPLES = _examples()


def _international(number: PhoneNumber) -> str:
    return str(phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL))


def _national(number: PhoneNumber) -> str:
    return str(phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL))


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())


def _exponent(digits: str, kept: int) -> str:
    return f"{digits[0]}.{digits[1 : 1 + kept]}E+{len(digits) - 1}"


def _full_width(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) for char in text)


#: Ways in which the whole number survives.
SPELLINGS: dict[str, Callable[[PhoneNumber, str], str]] = {
    "E.164": lambda number, e164: e164,
    "international": lambda number, e164: _international(number),
    "national": lambda number, e164: _national(number),
    "an apostrophe": lambda number, e164: "'" + e164,
    "no-break spaces": lambda number, e164: _international(number).replace(" ", "\u00a0"),
    "full-width": lambda number, e164: _full_width(e164),
    "a label": lambda number, e164: "Tel.: " + _international(number),
    "a float that kept its plus": lambda number, e164: e164 + ".0",
}

#: What a spreadsheet does to a number. The plus or the zero may be gone, so the cell is the number again, or an issue.
DAMAGE: dict[str, Callable[[PhoneNumber, str], str]] = {
    "an integer without its plus": lambda number, e164: e164[1:],
    "a float without its plus": lambda number, e164: e164[1:] + ".0",
    "a full exponent without its plus": lambda number, e164: _exponent(e164[1:], 20),
    "an integer without its zero": lambda number, e164: _digits(_national(number)).lstrip("0"),
    "a float without its zero": lambda number, e164: _digits(_national(number)).lstrip("0") + ".0",
    "a full exponent without its zero": lambda number, e164: _exponent(_digits(_national(number)).lstrip("0"), 20),
    "the significant number as a float": lambda number, e164: phonenumbers.national_significant_number(number) + ".0",
}

#: What nobody can read for certain.
HOPELESS: dict[str, tuple[Callable[[PhoneNumber, str], str], str]] = {
    "a short exponent": (lambda number, e164: _exponent(e164[1:], 4), "phone-damaged"),
    "a fraction": (lambda number, e164: e164[1:] + ".5", "phone-damaged"),
    "an extension": (lambda number, e164: e164 + " x12", "phone-extension"),
    "an extension in words": (lambda number, e164: _international(number) + " ext. 3", "phone-extension"),
    "two numbers and a slash": (lambda number, e164: f"{e164} / {e164}", "phone-several"),
    "two numbers and a comma": (lambda number, e164: f"{_national(number)}, {_national(number)}", "phone-several"),
    "two numbers on two lines": (lambda number, e164: f"{e164}\n{e164}", "phone-several"),
}


def _read(cells: list[tuple[str, str]]) -> pl.DataFrame:
    """Cells with their regions; 001 (numbers of no country) is none."""
    regions = [None if region == "001" else region for _, region in cells]
    return normalise_phones(pl.Series([cell for cell, _ in cells]), pl.Series(regions, dtype=pl.String))


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_a_whole_number_is_itself_however_it_is_spelt(spell: Callable[[PhoneNumber, str], str]) -> None:
    found = _read([(spell(number, e164), region) for region, number, e164 in EXAMPLES])
    assert found["phone"].to_list() == [e164 for _, _, e164 in EXAMPLES]


@pytest.mark.parametrize("mangle", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_number_is_itself_or_an_issue(mangle: Callable[[PhoneNumber, str], str]) -> None:
    found = _read([(mangle(number, e164), region) for region, number, e164 in EXAMPLES])
    strangers = [(e164, phone) for (_, _, e164), phone in zip(EXAMPLES, found["phone"], strict=True) if phone not in {None, e164}]
    assert strangers == []
    assert found["phone"].is_null().sum() < len(EXAMPLES) / 20, "a rule that refuses everything is no rule"


@pytest.mark.parametrize(("mangle", "code"), HOPELESS.values(), ids=HOPELESS.keys())
def test_what_is_not_certain_is_an_issue_whatever_the_number(mangle: Callable[[PhoneNumber, str], str], code: str) -> None:
    long = [(region, number, e164) for region, number, e164 in EXAMPLES if len(e164) > 7]
    found = _read([(mangle(number, e164), region) for region, number, e164 in long])
    assert found["code"].unique().to_list() == [code]
    assert found["phone"].null_count() == len(long)


@pytest.mark.parametrize("region", ["AT", "AU", "BE", "CH", "DE", "FI", "FR", "GB", "ID", "JP", "NL", "SE"])
def test_a_foreign_number_without_its_plus_is_no_stranger_where_numbers_begin_with_zero(region: str) -> None:
    """As it would be otherwise: Germany's plan alone reads 84 of 100 foreign numbers as German ones."""
    found = _read([(e164[1:], region) for _, _, e164 in EXAMPLES])
    strangers = [(e164, phone) for (_, _, e164), phone in zip(EXAMPLES, found["phone"], strict=True) if phone not in {None, e164}]
    assert strangers == []


def test_held_numbers_are_read_once_and_for_all() -> None:
    numbers = pl.Series([e164 for _, _, e164 in EXAMPLES])
    spelt = pl.Series([_international(number) for _, number, _ in EXAMPLES])
    assert read_e164(numbers).to_list() == numbers.to_list()
    assert read_e164(spelt).to_list() == numbers.to_list()


ALPHABET = "0123456789++ ()-./,;xXeE'\u00a0\uff10\u0660\n\u2013ab#"
cells = st.one_of(
    st.text(ALPHABET, max_size=24),
    st.text(max_size=12),
    st.sampled_from(EXAMPLES).flatmap(lambda example: st.text(ALPHABET, max_size=3).map(lambda more: example[2] + more)),
)
regions = st.one_of(st.none(), st.sampled_from(["US", "GB", "DE", "IT", "xx", ""]))


@given(cells, regions)
def test_any_text_is_a_number_or_an_issue_and_a_number_stays_what_it_is(text: str, region: str | None) -> None:
    phone, code, _ = normalise_phone(text, region=region)
    assert (phone is None) != (code is None)
    if phone is not None:
        assert phone[0] == "+"
        assert phone[1:].isdecimal()
        assert len(phone) <= 16
        assert phonenumbers.is_valid_number(phonenumbers.parse(phone))
        assert normalise_phone(phone, region=None) == (phone, None, None)
        assert read_e164(pl.Series([phone])).to_list() == [phone]


@given(st.lists(st.tuples(cells, regions), max_size=12))
def test_a_column_says_what_its_cells_say(rows: list[tuple[str, str | None]]) -> None:
    found = normalise_phones(
        pl.Series([text for text, _ in rows], dtype=pl.String), pl.Series([region for _, region in rows], dtype=pl.String)
    )
    assert found.rows() == [normalise_phone(text, region=region) for text, region in rows]


@given(st.one_of(cells, st.text(max_size=40)))
def test_reading_held_text_twice_changes_nothing(text: str) -> None:
    once = read_e164(pl.Series([text]))
    assert read_e164(once).to_list() == once.to_list()
