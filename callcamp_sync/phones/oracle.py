"""What phonenumbers says of a spelling: which number it is, whether it exists, how it is written. Pure.

In:  text that `text.judge` found fit to dial, and a region.
Out: E.164, or the issue's code and words. Valid means phonenumbers' `is_valid_number`; its pattern cache is on (the same answers,
two to ten times faster). Premium-rate numbers are refused: nobody asks a campaign to call them, and a call there costs. Emergency
and short numbers (112, 911, 5-digit services) are never valid in E.164, so they are refused as they stand.
Rule source: ITU-T E.164 (at most 15 digits); design, section 4.4.
"""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
    enable_pattern_cache,
)

enable_pattern_cache()

_E164 = re.compile(r"\+[1-9]\d{1,14}", re.ASCII)
_WRITTEN = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)

_REFUSED = {
    NumberParseException.INVALID_COUNTRY_CODE: ("phone-invalid", "no such country code"),
    NumberParseException.NOT_A_NUMBER: ("phone-unreadable", None),
    NumberParseException.TOO_SHORT_AFTER_IDD: ("phone-invalid", "too short"),
    NumberParseException.TOO_SHORT_NSN: ("phone-invalid", "too short"),
    NumberParseException.TOO_LONG: ("phone-invalid", "too long"),
}
UNFIT = {
    ValidationResult.INVALID_COUNTRY_CODE: "no such country code",
    ValidationResult.TOO_SHORT: "too short",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "the area code is missing",
    ValidationResult.TOO_LONG: "too long",
    ValidationResult.INVALID_LENGTH: "wrong length",
}


def read(text: str, *, region: str | None, bare: bool) -> tuple[str | None, str | None, str | None]:
    """Read `text` as one number: (phone, code, detail).

    text: as Spelling.dialled. region: upper or lower case; unknown ones count as None.
    bare: nothing but digits stood there, so the readings "a + was lost" and "a 0 was lost" are looked at too; where one of them
        is another number, it is not certain which is meant, and the cell is an issue.
    Issue codes: phone-unreadable, phone-region, phone-invalid, phone-damaged.
    """
    where = region.upper() if region is not None and region.upper() in phonenumbers.SUPPORTED_REGIONS else None
    if where is None and "+" not in text:
        return None, "phone-region", None
    try:
        number = phonenumbers.parse(text, where)
    except NumberParseException as error:
        code, detail = _REFUSED[error.error_type]
        return None, code, detail
    phone, unfit = _judged(number)
    if phone is None:
        return None, "phone-invalid", unfit
    doubt = _doubt(text, where, number, phone) if bare and where is not None else None
    return (None, doubt, None) if doubt is not None else (phone, None, None)


def _judged(number: PhoneNumber) -> tuple[str | None, str | None]:
    """(E.164, None), or (None, why it cannot be dialled)."""
    if not phonenumbers.is_valid_number(number):
        return None, UNFIT.get(phonenumbers.is_possible_number_with_reason(number), "not in use")
    if phonenumbers.number_type(number) == PhoneNumberType.PREMIUM_RATE:
        return None, "premium rate"
    phone = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return (phone, None) if _E164.fullmatch(phone) else (None, "too long")


def _doubt(digits: str, region: str, number: PhoneNumber, phone: str) -> str | None:
    """The issue's code where bare digits are also another valid number, once a lost "+" or "0" is put back.

    A number that its country writes with a trunk "0" has lost something for certain where that "0" is missing: then any
    country's number counts. Else the digits may be complete, and only the region's own country code speaks for a lost "+".
    A number as long as its kind can be has lost no "0": an Italian mobile of ten digits is one, of nine it may be a landline.
    """
    if digits.startswith("0"):
        return None
    own = str(phonenumbers.country_code_for_region(region))
    if (digits.startswith(own) or _written_with_zero(number)) and _valid("+" + digits, None) not in {None, phone}:
        return "phone-region"
    if _may_be_longer(number) and _valid("0" + digits, region) not in {None, phone}:
        return "phone-damaged"
    return None


def _written_with_zero(number: PhoneNumber) -> bool:
    """Whether the country writes this number with a "0" in front."""
    return str(phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)).lstrip("(").startswith("0")


def _may_be_longer(number: PhoneNumber) -> bool:
    """Whether numbers of this kind (mobile, fixed line, ...) exist with more digits."""
    longer = PhoneNumber(
        country_code=number.country_code,
        national_number=(number.national_number or 0) * 10,
        italian_leading_zero=number.italian_leading_zero,
        number_of_leading_zeros=number.number_of_leading_zeros,
    )
    reason = phonenumbers.is_possible_number_for_type_with_reason(longer, phonenumbers.number_type(number))
    return bool(reason != ValidationResult.TOO_LONG)


def _valid(text: str, region: str | None) -> str | None:
    """The E.164 of `text` where it is a valid number, of whatever tariff; else None."""
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164) if phonenumbers.is_valid_number(number) else None


def held(text: str) -> str | None:
    """The E.164 of a number that someone else holds: the valid number, else the digits as written, else None.

    text: as Spelling.dialled; "00" at its start stands for "+". Without either there is no E.164.
    """
    international = re.sub(r"^00", "+", text)
    if "+" not in international:
        return None
    written = "+" + "".join(re.findall(r"\d", international, re.ASCII))
    return _valid(international, None) or (written if _WRITTEN.fullmatch(written) else None)
