"""Phone text: what is read, what is refused, and with which code. Numbers are examples or reserved for fiction."""

from __future__ import annotations

import phonenumbers
import polars as pl
import pytest

from callcamp_sync.issues import CATALOGUE
from callcamp_sync.phones import normalise_phone, normalise_phones, read_e164

US, LONDON, BERLIN, MILAN = "+12015550123", "+442079460018", "+49301234567", "+390236618300"

READ = {
    "E.164 stays E.164": (US, None, US),
    "spaces, brackets and hyphens are punctuation": ("+1 (201) 555-0123", None, US),
    "dots are punctuation": ("+1.201.555.0123", None, US),
    "a registry writes one dot after the country code": ("+1.2015550123", None, US),
    "a national number takes the region": ("(201) 555-0123", "US", US),
    "the region may be in lower case": ("201-555-0123", "us", US),
    "the region does not touch a number with a plus": (LONDON, "US", LONDON),
    "a zero in brackets belongs to the national spelling": ("+44 (0)20 7946 0018", None, LONDON),
    "an Italian zero belongs to the number": ("+39 (0)2 36618300", None, MILAN),
    "00 is a plus where it is dialled so": ("0044 20 7946 0018", "DE", LONDON),
    "a slash stands after an area code": ("030/1234567", "DE", BERLIN),
    "a slash stands after an American area code": ("201/555-0123", "US", US),
    "a dot after a trunk zero is no decimal sign": ("030.1234567", "DE", BERLIN),
    "own country code without plus, as phonenumbers reads it": ("442079460018", "GB", LONDON),
    "a float without fraction is its integer": ("2015550123.0", "US", US),
    "a float with a decimal comma is its integer": ("2015550123,00", "US", US),
    "an exponent with every digit is its integer": ("1.2015550123E+10", "US", US),
    "an exponent in small letters without sign": ("1.2015550123e10", "US", US),
    "Excel's apostrophe is no digit": ("'" + US, None, US),
    "an export's text formula is its text": ('="+12015550123"', None, US),
    "no-break spaces are spaces": ("+1\u00a0201\u202f555\u00a00123", None, US),
    "full-width digits are digits": (
        "\uff0b\uff11\uff12\uff10\uff11\uff15\uff15\uff15\uff10\uff11\uff12\uff13",
        None,
        US,
    ),
    "Arabic digits are digits": ("+\u0661\u0662\u0660\u0661\u0665\u0665\u0665\u0660\u0661\u0662\u0663", None, US),
    "dashes of every length are hyphens": ("+1\u2013201\u2014555\u22120123", None, US),
    "marks of direction are invisible": ("\u202a+1 201 555 0123\u202c", None, US),
    "a label before the number": ("Tel: +1 201 555 0123", None, US),
    "a telephone link": ("tel:+1-201-555-0123", None, US),
    "an Italian mobile of ten digits is complete": ("3123456789", "IT", "+393123456789"),
    "a Chinese mobile has no zero to lose": ("13123456789", "CN", "+8613123456789"),
}

REFUSED = {
    "blank": ("  ", "US", "phone-blank", None),
    "only an apostrophe": ("'", "US", "phone-blank", None),
    "clearing a phone": ("__CLEAR__", "US", "value-clear", None),
    "no digits": ("n/a", "US", "phone-unreadable", None),
    "a date": ("2026-05-10 00:00:00", "DK", "phone-unreadable", None),
    "a day, which Denmark's plan has as a number": ("2026-05-10", "DK", "phone-unreadable", None),
    "a question mark": ("+1 201 555 0123?", None, "phone-unreadable", None),
    "superscript digits": ("\u00b2\u2070\u00b9 5550123", "US", "phone-unreadable", None),
    "a plus in the middle": ("1+2015550123", "US", "phone-unreadable", None),
    "a single digit": ("7", "US", "phone-unreadable", None),
    "national without region": ("(201) 555-0123", None, "phone-region", None),
    "00 without region": ("0044 20 7946 0018", None, "phone-region", None),
    "a region that is no region": ("2015550123", "UK", "phone-region", None),
    "digits that are a Swedish or a foreign number": ("468123456", "SE", "phone-region", None),
    "digits that lost a zero or a plus": ("15123456789", "DE", "phone-region", None),
    "digits that may have lost the zero that makes another number": ("6031234", "GA", "phone-damaged", None),
    "an exponent that lost digits": ("1.20156E+10", "US", "phone-damaged", None),
    "an exponent with a decimal comma that lost digits": ("1,20156E+10", "US", "phone-damaged", None),
    "an exponent with nothing but its first digit": ("1E+10", "US", "phone-damaged", None),
    "a negative exponent": ("1.2E-5", "US", "phone-damaged", None),
    "an exponent with a fraction left": ("1.20155501234E+10", "US", "phone-damaged", None),
    "a fraction": ("2015550123.5", "US", "phone-damaged", None),
    "what a formula made of hyphens": ("-878", "US", "phone-damaged", None),
    "three digits and zeros, as Excel saves 442071838750 that it shows as 4.42E+11": (
        "442000000000",
        "GB",
        "phone-damaged",
        None,
    ),
    "six digits and zeros, as a float": ("442072000000.0", "GB", "phone-damaged", None),
    "an exponent that carries no more than it shows": ("4.42072000000E+11", "GB", "phone-damaged", None),
    "more digits than a spreadsheet keeps": ("12345678901234567", "US", "phone-damaged", None),
    "two numbers and a slash": ("+12015550123 / +12015550199", None, "phone-several", None),
    "two national numbers and a slash": ("201-555-0123/201-555-0199", "US", "phone-several", None),
    "two numbers and a semicolon": ("2015550123; 2015550199", "US", "phone-several", None),
    "two numbers and a comma": ("2015550123, 2015550199", "US", "phone-several", None),
    "two numbers and a word": ("2015550123 or 2015550199", "US", "phone-several", None),
    "two numbers on two lines": ("2015550123\n2015550199", "US", "phone-several", None),
    "two numbers and a space": ("+12015550123 +12015550199", None, "phone-several", None),
    "two long numbers and a space": ("12015550123 12015550199", "US", "phone-several", None),
    "two short numbers and a space": ("+6834002 +6834003", None, "phone-several", None),
    "two local numbers and a slash": ("1234567/7654321", "DE", "phone-several", None),
    "two local numbers with zeros and a slash": ("0301234/0307654", "DE", "phone-several", None),
    "an alternative ending": ("+1 201 555 0123/24", None, "phone-several", None),
    "a very long cell of numbers": ("+1 201 555 0123 " * 300, None, "phone-several", None),
    "a very long cell of words": ("call 1 " + "x " * 2000, None, "phone-unreadable", None),
    "an extension with x": ("+1 201 555 0123 x12", None, "phone-extension", None),
    "an extension in words": ("+1 201 555 0123, ext. 3", None, "phone-extension", None),
    "an extension in brackets": ("+1 201 555 0123 (ext 12)", None, "phone-extension", None),
    "an extension in a link": ("tel:+1-201-555-0123;ext=12", None, "phone-extension", None),
    "an extension after pauses": ("+12015550123,,12", None, "phone-extension", None),
    "a vanity number": ("1-800-FLOWERS", "US", "phone-letters", None),
    "a remark": ("(201) 555-0123 (mobile)", "US", "phone-letters", None),
    "an e-mail address with digits": ("alex2@example.com", "US", "phone-letters", None),
    "too short": ("+1 201 555", None, "phone-invalid", "too short"),
    "too long": ("+1 201 555 01234", None, "phone-invalid", "too long"),
    "not in use": ("+1 000 555 0123", None, "phone-invalid", "not in use"),
    "no area code": ("555-0123", "US", "phone-invalid", "the area code is missing"),
    "no such country": ("+999 123 4567", None, "phone-invalid", "no such country code"),
    "00 where it is not dialled": ("0044 20 7946 0018", "US", "phone-invalid", "too long"),
    "an emergency number": ("911", "US", "phone-invalid", "too short"),
    "a premium-rate number": ("+44 909 879 0000", None, "phone-invalid", "premium rate"),
}


@pytest.mark.parametrize(("text", "region", "phone"), READ.values(), ids=READ.keys())
def test_is_read(text: str, region: str | None, phone: str) -> None:
    assert normalise_phone(text, region=region) == (phone, None, None)


@pytest.mark.parametrize(("text", "region", "code", "detail"), REFUSED.values(), ids=REFUSED.keys())
def test_is_refused(text: str, region: str | None, code: str, detail: str | None) -> None:
    assert normalise_phone(text, region=region) == (None, code, detail)


def test_digits_that_excel_did_not_show_are_never_dialled() -> None:
    """4.42E+11 in a CSV that is opened and saved again is 442000000000, and valid in a thousand such cases."""
    examples = [
        number
        for region in phonenumbers.SUPPORTED_REGIONS
        for kind in phonenumbers.PhoneNumberType.values()
        if (number := phonenumbers.example_number_for_type(region, kind)) is not None
    ]
    told = {phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:] for number in examples}
    shown = {str(int(float(f"{float(digits):.{places}e}"))) for digits in told if len(digits) >= 12 for places in range(6)}
    assert len(shown) > 500
    found = normalise_phones(pl.Series(sorted(shown)), "GB")
    assert found["code"].unique().to_list() == ["phone-damaged"]


def test_a_number_that_ends_in_zeros_is_dialled_where_it_has_its_plus() -> None:
    assert normalise_phone("+44 20 7000 0000", region=None) == ("+442070000000", None, None)
    assert normalise_phone("442070000000", region="GB") == (None, "phone-damaged", None)


def test_every_code_is_catalogued() -> None:
    assert {code for _, _, code, _ in REFUSED.values()} <= CATALOGUE.keys()


def test_a_column_keeps_its_order_and_its_nulls() -> None:
    found = normalise_phones(pl.Series(["201 555 0123", None, "n/a", "201 555 0123"]), "US")
    assert found.rows() == [(US, None, None), (None, None, None), (None, "phone-unreadable", None), (US, None, None)]


def test_each_row_has_its_own_region() -> None:
    found = normalise_phones(pl.Series(["020 7946 0018"] * 3), pl.Series(["GB", None, "US"]))
    assert found["phone"].to_list() == [LONDON, None, None]
    assert found["code"].to_list() == [None, "phone-region", "phone-invalid"]


@pytest.mark.parametrize("region", [None, "GB", pl.Series([], dtype=pl.String)], ids=["no region", "one", "a column"])
def test_an_empty_column_has_the_shape_of_a_full_one(region: pl.Series | str | None) -> None:
    found = normalise_phones(pl.Series([], dtype=pl.String), region)
    assert found.schema == pl.Schema({"phone": pl.String, "code": pl.String, "detail": pl.String})
    assert found.height == 0


def test_a_column_of_nulls_alone_is_blank() -> None:
    assert normalise_phones(pl.Series([None, None]), "US").rows() == [(None, None, None)] * 2


HELD = {
    "E.164": (US, US),
    "punctuation": ("+1 (201) 555-0123", US),
    "00 for the plus": ("0044 20 7946 0018", LONDON),
    "a zero in brackets, so that no spelling hides a Do Not Call": ("+44 (0)20 7946 0018", LONDON),
    "an extension hangs on the number": ("+1 201 555 0123 x12", US),
    "a premium-rate number is there all the same": ("+44 909 879 0000", "+449098790000"),
    "a number that is not in use is kept as written": ("+1234567890", "+1234567890"),
    "an unknown country code is kept as written": ("+999 123 4567", "+9991234567"),
    "no plus": ("2015550123", None),
    "no number": ("n/a", None),
    "blank": ("", None),
    "too long for E.164": ("+1234567890123456", None),
    "two numbers": ("+12015550123 +12015550199", None),
    "null": (None, None),
}


@pytest.mark.parametrize(("text", "phone"), HELD.values(), ids=HELD.keys())
def test_numbers_that_a_server_holds(text: str | None, phone: str | None) -> None:
    assert read_e164(pl.Series("held", [text], dtype=pl.String)).to_list() == [phone]


def test_a_held_column_keeps_its_name_and_order() -> None:
    found = read_e164(pl.Series("held", ["x", US, None, LONDON]))
    assert (found.name, found.to_list()) == ("held", [None, US, None, LONDON])
