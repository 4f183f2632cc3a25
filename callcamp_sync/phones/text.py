"""What a cell's text says before it is a number: Excel's damage, two numbers, letters, an extension.

Pure; knows no numbering plan.

In:  one cell's text, in any script and punctuation.
Out: a Spelling: the text to dial in plain ASCII, or the code of the issue. A number is never repaired by guessing: `N.0` is N,
an exponent counts only where its mantissa carries every digit, everything else that a spreadsheet shortens is `phone-damaged`.
Rule source: design, section 4.4; what Excel, LibreOffice and data frames make of numbers (15 digits, floats, exponents).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spelling:
    """A cell's text, judged.

    dialled: ASCII digits, at most one "+" at the start, and spaces or -.()/~[] as they stood; "" where nothing can be dialled.
    code: the issue, or None. With `phone-extension`, `dialled` is the number before the extension.
    bare: nothing but digits stood there (or a float of them), so a spreadsheet may have taken a "+" or a "0" away.
    """

    dialled: str
    code: str | None = None
    bare: bool = False


#: A spreadsheet number holds this many digits; more have become zeros.
EXACT_DIGITS = 15
#: From so many digits on Excel shows an exponent of at most so many; saved as .csv and opened again, the others are zeros.
LONG_DIGITS, SHOWN_DIGITS = 12, 6
#: No cell with one number is longer, whatever stands around it.
_LONGEST_TEXT = 100
#: "0011" or "810", then 15 digits, then a "(0)": no single number is longer.
_LONGEST = 20

_SIMPLE = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_FORMULA = re.compile(r'="([^"]*)"')
_PREFIX = re.compile(r"(?:(?:tel(?:ephone)?|phone|mobile|mob|cell)\b|(?:ph|[tmp])\s*[.:])[\s:.]*", re.ASCII | re.IGNORECASE)
_BARE = re.compile(r"\d+", re.ASCII)
_FLOAT = re.compile(r"(\d+)[.,]0{1,2}", re.ASCII)
_EXPONENT = re.compile(r"\+?(\d+)(?:[.,](\d+))?E\+?(\d{1,3})", re.ASCII | re.IGNORECASE)
_EXPONENT_LIKE = re.compile(r"[+-]?\d+(?:[.,]\d*)?E[+-]?\d+", re.ASCII | re.IGNORECASE)
_DECIMAL = re.compile(r"[+-]?\d+[.,]\d+", re.ASCII)
#: "+1.2015550123" is how domain registries write; "030.1234567" has a trunk zero: no float prints either.
_DOTTED = re.compile(r"\+\d{1,3}\.\d{4,}|0\d+\.\d{3,}", re.ASCII)
_NEGATIVE = re.compile(r"-\d+", re.ASCII)
#: Of Excel's calendar, which ends in 9999: a number of seven digits in a format of dates shows a late year.
_DATE = re.compile(r"(?:1899|19\d\d|[2-9]\d{3})-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:[T ].*)?", re.ASCII)
_EXTENSION = re.compile(
    r"(.*?\d[\s).]*?)[\s(,;]*(?:;ext=|(?<![a-z])(?:ext(?:ension|n)?|x|durchwahl|dw|poste|anexo|int(?:erno)?)(?![a-wyz])|#|,,+)"
    r"[\s.:#]*\d{1,7}[\s)#]*",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
_SEPARATORS = re.compile(r"[\r\n\t;,|&\\]|\b(?:or|and|oder|und|ou|et|y|o)\b", re.IGNORECASE)
_PLAIN = re.compile(r"[(\[]?\+?[\d \-.()\[\]/~]+", re.ASCII)
_DIGITS = re.compile(r"\d", re.ASCII)

_SLASHES = "\uff0f\u2044\u2215"
_PUNCTUATION = {"\uff0b": "+", "\ufe62": "+", "\uff08": "(", "\uff09": ")", "\uff0e": ".", "\u30fc": "-", "\u2212": "-"}
_QUOTES = "'\u2018\u2019`\u00b4"


def judge(text: str) -> Spelling:
    """Judge one cell's text. Never raises.

    Issue codes: phone-blank, phone-unreadable, phone-damaged, phone-several, phone-extension, phone-letters.
    """
    if _SIMPLE.fullmatch(text):
        return Spelling(text)
    plain = _unwrapped(text)
    if not plain:
        return Spelling("", "phone-blank")
    if len(plain) > _LONGEST_TEXT:
        return Spelling("", "phone-several" if len(_DIGITS.findall(plain)) > _LONGEST else "phone-unreadable")
    if not _DIGITS.search(plain) or _DATE.fullmatch(plain):
        return Spelling("", "phone-unreadable")
    return _as_number(plain) or _as_words(plain)


def _unwrapped(text: str) -> str:
    """ASCII digits and punctuation, without what merely surrounds a number: quotes, `="…"`, "Tel:", invisible characters."""
    plain = text if text.isascii() else "".join(map(_ascii, text))
    plain = plain.strip().lstrip(_QUOTES).strip()
    if formula := _FORMULA.fullmatch(plain):
        plain = formula[1].strip()
    if prefix := _PREFIX.match(plain):
        plain = plain[prefix.end() :]
    return plain


def _ascii(char: str) -> str:
    """One character as a keyboard has it; superscripts and fractions stay, so that they are refused."""
    if char.isascii():
        return char
    if (digit := unicodedata.decimal(char, None)) is not None:
        return str(digit)
    if char in _PUNCTUATION:
        return _PUNCTUATION[char]
    if char in _SLASHES:
        return "/"
    category = unicodedata.category(char)
    return {"Zs": " ", "Zl": "\n", "Zp": "\n", "Pd": "-", "Cf": ""}.get(category, char)


def _as_number(plain: str) -> Spelling | None:
    """The cell as a spreadsheet's number; None where it is not one."""
    if _BARE.fullmatch(plain):
        return _whole(plain)
    if float_ := _FLOAT.fullmatch(plain.removeprefix("+")):
        return _whole(float_[1]) if plain[0] != "+" else Spelling("+" + float_[1])
    if exponent := _EXPONENT.fullmatch(plain):
        return _from_exponent(exponent[1], exponent[2] or "", int(exponent[3]))
    decimal = _DECIMAL.fullmatch(plain) and not _DOTTED.fullmatch(plain)
    if decimal or _EXPONENT_LIKE.fullmatch(plain) or _NEGATIVE.fullmatch(plain):
        return Spelling("", "phone-damaged")
    return None


def _whole(digits: str) -> Spelling:
    """Digits alone. A leading zero says that the cell was text, so nothing was rounded."""
    shortened = len(digits) >= LONG_DIGITS and len(digits.rstrip("0")) <= SHOWN_DIGITS
    if digits[0] != "0" and (shortened or len(digits) > EXACT_DIGITS):
        return Spelling("", "phone-damaged")
    return Spelling(digits, bare=True)


def _from_exponent(whole: str, fraction: str, power: int) -> Spelling:
    """1.4155550123E+10 carries every digit of the number; 1.41555E+10 does not."""
    if len(fraction) < power or fraction[power:].strip("0") or len(whole) + power > EXACT_DIGITS:
        return Spelling("", "phone-damaged")
    return _whole(whole + fraction[:power])


def _as_words(plain: str) -> Spelling:
    """The cell as people write numbers."""
    if plain.count("+") > 1 and not plain.startswith("++"):
        return Spelling("", "phone-several")
    if extension := _EXTENSION.fullmatch(plain):
        before = _as_words(extension[1].strip())
        return Spelling(before.dialled, before.code or "phone-extension")
    if _several(plain):
        return Spelling("", "phone-several")
    if _PLAIN.fullmatch(plain):
        return Spelling(plain, bare=bool(_BARE.fullmatch(plain)))
    letters = any(char.isalpha() for char in plain)
    return Spelling("", "phone-letters" if letters else "phone-unreadable")


def _several(plain: str) -> bool:
    """Whether more than one number stands there. A slash also stands between area code and number: "030/1234567"."""
    parts = [part for part in _SEPARATORS.split(plain) if _DIGITS.search(part)]
    if len(parts) > 1 or len(_DIGITS.findall(plain)) > _LONGEST:
        return True
    around = [part.strip() for part in plain.split("/") if _DIGITS.search(part)]
    return len(around) > 2 or (len(around) == 2 and not _area_and_number(*around))


def _area_and_number(area: str, number: str) -> bool:
    """Whether "area/number" is one number: the first part is too short to be one, and the second does not start another."""
    first, second = len(_DIGITS.findall(area)), len(_DIGITS.findall(number))
    if number.startswith(("+", "(")) or not 4 <= second <= 9:
        return False
    if area.startswith(("0", "+", "(")):
        return first <= 5 or (first <= 7 and not number.startswith("0"))
    return first == 3 and second >= 7
