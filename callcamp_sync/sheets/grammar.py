"""What rows of a worksheet look like that need no second look, as patterns over the bytes of their XML. Pure: no I/O.

In:  the numbers of the first and last row that may occur. Out: patterns that fit the whole of such rows, or nothing.
Why: a pattern that says what *is* allowed proves more than a search for what is not, and one pass of a linear engine over every
byte costs less than any loop. What does not fit is looked at tag by tag (scan.py), or left to a process of its own.
Rule source: ECMA-376, part 1, section 18.3, as Excel, LibreOffice, Google Sheets, openpyxl and XlsxWriter write it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

_SPACE = r"[ \t\r\n]*"
_ATTRIBUTE = r' (?:[A-Za-z0-9]+:)?[A-Za-z]+="[^"<>]*"'
#: Of a row: everything that shows how it looks, and that it is not hidden.
_ROW_LOOKS = (
    r'(?: (?:(?:spans|s|customFormat|ht|customHeight|x14ac:dyDescent|thickBot|thickTop|outlineLevel|collapsed|ph)="[^"<>]*"'
    r'|hidden="(?:0|false)"))*'
)
#: A number that a bulk reader shows as it is: at most 15 digits before the point, no exponent, not tiny.
_NUMBER = r"-?(?:[1-9][0-9]{0,14}|[1-9][0-9]{0,13}\.[0-9]+|0(?:\.0{0,7}[1-9][0-9]*)?)"
_FORMULA = r"(?:<f(?: [^<>]*)?(?:/>|>[^<]*</f>))?"
#: What may stand in a cell beside its value: formulas, and the styles of letters. No cell, no row, nothing with a prefix.
_INNER = r"(?:[^<]|</?(?:[abd-qs-z][A-Za-z]*|r|rPr|rPh|rFont|color|charset|condense)(?: [^<>]*)?/?>)*"


@lru_cache(maxsize=64)
def plain(first: int, last: int, letters: str, *, formulas: bool) -> Any:
    """Rows without anything to tell: not hidden, no errors, numbers that are certain, formulas with their value.

    letters: pattern of a column's name. formulas: whether a formula's value counts.
    """
    rows = between(first, last)
    formula = _FORMULA if formulas else ""
    cell = (
        rf'<c r="{letters}{rows}"(?: s="[0-9]+")?(?:/>|(?: t="n")?>(?:{formula}<v>{_NUMBER}</v>)?</c>'
        rf'| t="s"><v>[0-9]+</v></c>| t="b">{formula}<v>[01]</v></c>| t="str">{formula}<v(?: xml:space="preserve")?>[^<]*</v></c>'
        r'| t="inlineStr"><is><t(?: xml:space="preserve")?>[^<]*</t></is></c>)'
    )
    return _compiled(rf'(?:<row r="{rows}"{_ROW_LOOKS}(?:/>|>{_SPACE}(?:{cell}{_SPACE})*</row>){_SPACE})*')


@lru_cache(maxsize=64)
def regular(first: int, last: int) -> Any:
    """Rows and cells that say where they are, whatever else they say."""
    rows = between(first, last)
    cell = rf'<c r="[A-Z]{{1,3}}{rows}"(?:{_ATTRIBUTE})*{_SPACE}(?:/>|>{_INNER}</c>)'
    return _compiled(rf'(?:<row r="{rows}"(?:{_ATTRIBUTE})*{_SPACE}(?:/>|>{_SPACE}(?:{cell}{_SPACE})*</row>){_SPACE})*')


def between(low: int, high: int) -> str:
    """A pattern of the whole numbers from `low` to `high`, both from 0 on and without zeros in front."""
    lengths = range(len(str(low)), len(str(high)) + 1)
    each = [_of_one_length(str(max(low, 10 ** (n - 1) if n > 1 else 0)), str(min(high, 10**n - 1))) for n in lengths]
    return f"(?:{'|'.join(each)})"


def _of_one_length(low: str, high: str) -> str:
    if low == high:
        return low
    if low[0] == high[0]:
        return low[0] + _of_one_length(low[1:], high[1:])
    rest = len(low) - 1
    if not rest:
        return f"[{low}-{high}]"
    begin, end, found = int(low[0]), int(high[0]), []
    if low[1:] != "0" * rest:
        found.append(low[0] + _of_one_length(low[1:], "9" * rest))
        begin += 1
    if high[1:] != "9" * rest:
        found.append(high[0] + _of_one_length("0" * rest, high[1:]))
        end -= 1
    if begin <= end:
        found.append(f"[{begin}-{end}][0-9]{{{rest}}}")
    return f"(?:{'|'.join(found)})"


def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    options.log_errors = False
    return re2.compile(pattern.encode(), options)
