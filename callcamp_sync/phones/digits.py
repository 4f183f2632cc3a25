"""One number's digits -> E.164 or the issue: what `oracle.read` says of them, without phonenumbers' own parser. Pure.

In:  ASCII digits without punctuation, whether a "+" stood before them, whether nothing else stood there, and a region.
Out: the oracle's answer, or None where this room is not certain: then the oracle itself is asked.
This is phonenumbers' `parse` and `is_valid_number`, step by step on precompiled patterns, and the oracle's second readings of
bare digits. tests/phones_proof holds both rooms to the same answers.
Rule source: phonenumbers' `parse`, `_maybe_extract_country_code`, `_maybe_strip_national_prefix_carrier_code`, `number_type`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from phonenumbers import PhoneNumberType

from callcamp_sync.phones.oracle import UNFIT
from callcamp_sync.phones.plans import (
    MOST_DIGITS,
    NEVER,
    SHORTEST,
    Country,
    Look,
    Plan,
    code_of,
    codes,
    country,
    may_be_longer,
    plan_of,
)

#: A pattern's full match.
Test = Callable[[str], re.Match[str] | None]
#: (E.164 or None, issue code or None, words of the case or None), as the room's front door gives it.
Reading = tuple[str | None, str | None, str | None]

#: phonenumbers takes no fewer digits for a number, two bare ones aside; more than the other are two numbers.
FEWEST, MOST = 3, 20
#: E.164, country code included.
MOST_INTERNATIONAL = 15


@dataclass(frozen=True, slots=True)
class Number:
    """A parsed number: which country, and the national significant number's digits, leading zeros included."""

    country: Country
    digits: str

    @property
    def e164(self) -> str:
        """As it is dialled from anywhere."""
        return f"+{self.country.code}{self.digits}"


def read(digits: str, *, plus: bool, bare: bool, region: str | None) -> Reading | None:
    """Read FEWEST to MOST digits as one number.

    plus: a "+" stood before them. bare: nothing but these digits stood there. region: a supported one, or None.
    None where phonenumbers has to be asked itself. Issue codes: phone-region, phone-invalid, phone-damaged.
    """
    if plus:
        number = international(digits)
    elif region is None:
        return None, "phone-region", None
    else:
        number = national(digits, plan_of(region, codes()[region]))
    if number is None:
        return None
    plan = plan_having(number)
    unfit = _unfit(number, plan)
    if plan is None or unfit is not None:
        return None, "phone-invalid", unfit
    doubt = _doubt(digits, region, number, plan) if bare and region is not None else None
    return (number.e164, None, None) if doubt is None else (None, doubt, None)


def held(digits: str) -> str | None:
    """The E.164 of an international number that is valid, of whatever tariff; else None."""
    number = international(digits)
    return number.e164 if number is not None and plan_having(number) is not None else None


def international(digits: str) -> Number | None:
    """The number after a "+"; None where phonenumbers would refuse it or read it in another way."""
    code = code_of(digits)
    return None if code is None else settled(digits[len(code) :], country(code), country(code).main)


def national(digits: str, plan: Plan) -> Number | None:
    """The number that is dialled so in the plan's region; None where phonenumbers would refuse it."""
    abroad = _matched(plan.idd, digits) if plan.idd is not None else None
    if abroad is not None and not digits.startswith("0", abroad.end()):
        rest = digits[abroad.end() :]
        return international(rest) if len(rest) > SHORTEST else None
    home = country(plan.code)
    shorter = without_own_code(digits, plan)
    return settled(digits, home, plan) if shorter is None else settled(shorter, home, home.main)


def without_own_code(digits: str, plan: Plan) -> str | None:
    """What follows the country's own code, where digits make more sense so; else None."""
    if not digits.startswith(plan.code):
        return None
    shorter = without_prefix(digits[len(plan.code) :], plan)
    better = not _fits(plan.general.pattern, digits) and _fits(plan.general.pattern, shorter)
    return shorter if better or plan.too_long(len(digits)) else None


def settled(digits: str, home: Country, plan: Plan) -> Number | None:
    """Without the plan's prefix, unless too little is left."""
    if len(digits) < SHORTEST:
        return None
    shorter = without_prefix(digits, plan)
    kept = shorter if plan.bears(len(shorter)) else digits
    return Number(home, kept) if SHORTEST <= len(kept) <= MOST_DIGITS else None


def without_prefix(digits: str, plan: Plan) -> str:
    """The digits without what is dialled before a national number, unless they were a number with it and are none without."""
    found = _matched(plan.prefix, digits) if plan.prefix is not None and digits else None
    if found is None:
        return digits
    if plan.transform is None or found.group(found.re.groups) is None:
        shorter = digits[found.end() :]
    else:
        shorter = found.expand(plan.transform) + digits[found.end() :]
    if _fits(plan.general.pattern, digits) and not _fits(plan.general.pattern, shorter):
        return digits
    return shorter


def plan_having(number: Number) -> Plan | None:
    """The plan of which this is a valid number: of several with one country code, the first that claims it, if it has it."""
    plans = number.country.plans
    if len(plans) == 1:
        return plans[0] if _has(plans[0], number.digits) else None
    for plan in plans:
        if plan.leading is not None:
            if _matched(plan.leading, number.digits) is not None:
                return plan if _has(plan, number.digits) else None
        elif _has(plan, number.digits):
            return plan
    return None


def _has(plan: Plan, digits: str) -> bool:
    """Whether the plan has this number, of whatever kind."""
    general, any_kind, _ = _tests(plan, len(digits))
    return general(digits) is not None and any_kind(digits) is not None


def is_premium(digits: str, plan: Plan) -> bool:
    """Whether a number that the plan has costs more than a call; this is decided before every other kind."""
    return _tests(plan, len(digits))[2](digits) is not None


@cache
def _tests(plan: Plan, length: int) -> tuple[Test, Test, Test]:
    """What a number of this length has to fit: the plan's general look; one of its kinds; the premium kind."""
    looks = [look for look in plan.kinds if not look.lengths or length in look.lengths]
    premium = [look.pattern for look in looks if look.kind == PhoneNumberType.PREMIUM_RATE]
    general = plan.general.pattern if not plan.general.lengths or length in plan.general.lengths else NEVER
    patterns = (general, "|".join(look.pattern for look in looks) or NEVER, "|".join(premium) or NEVER)
    first, second, third = (_compiled(pattern).fullmatch for pattern in patterns)
    return first, second, third


def _kind(digits: str, plan: Plan) -> int:
    """The PhoneNumberType of a number that the plan has."""
    found = next(look.kind for look in plan.kinds if _is(digits, look))
    if found == PhoneNumberType.FIXED_LINE and (plan.same or _mobile(digits, plan.kinds[-1])):
        return int(PhoneNumberType.FIXED_LINE_OR_MOBILE)
    return found


def _mobile(digits: str, last: Look) -> bool:
    return last.kind == PhoneNumberType.MOBILE and _is(digits, last)


def _is(digits: str, look: Look) -> bool:
    return (not look.lengths or len(digits) in look.lengths) and _fits(look.pattern, digits)


def _unfit(number: Number, plan: Plan | None) -> str | None:
    """Why a number cannot be dialled."""
    if plan is None:
        return UNFIT.get(number.country.lengths[len(number.digits)], "not in use")
    if is_premium(number.digits, plan):
        return "premium rate"
    return "too long" if len(number.country.code) + len(number.digits) > MOST_INTERNATIONAL else None


def _doubt(digits: str, region: str, number: Number, plan: Plan) -> str | None:
    """As the oracle's: the issue's code where bare digits are another number too, once a lost "+" or "0" is put back."""
    if digits.startswith("0"):
        return None
    own = codes()[region]
    if (digits.startswith(own) or written_with_zero(number)) and held(digits) not in {None, number.e164}:
        return "phone-region"
    if may_be_longer(number.country.code, _kind(number.digits, plan), len(number.digits)):
        longer = national("0" + digits, plan_of(region, own))
        if longer is not None and plan_having(longer) is not None and longer.e164 != number.e164:
            return "phone-damaged"
    return None


def written_with_zero(number: Number) -> bool:
    """Whether the country writes this number with a "0" in front."""
    for form in number.country.formats:
        if form.leading is not None and _matched(form.leading, number.digits) is None:
            continue
        if _fits(form.pattern, number.digits):
            if isinstance(form.zero, bool):
                return form.zero
            found = _compiled(form.pattern).search(number.digits)
            return found is not None and found.group(form.zero).startswith("0")
    return number.digits.startswith("0")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def _fits(pattern: str, digits: str) -> bool:
    return _compiled(pattern).fullmatch(digits) is not None


def _matched(pattern: str, digits: str) -> re.Match[str] | None:
    return _compiled(pattern).match(digits)
