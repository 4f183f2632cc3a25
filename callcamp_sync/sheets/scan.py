"""What a worksheet's XML says that bulk readers do not tell: extent, errors, formulas without a value, hidden rows, date cells.

In:  the pieces of a worksheet part (package.py).
Out: `survey`: a quick look at every byte that says whether a close one is needed. `inspect`: the close look, exact, tag by tag.
Pure: no I/O.
Why two: tag by tag costs seconds on millions of cells, and most sheets have nothing to tell.
Rule source: ECMA-376, part 1, section 18.3; reliability notes, section 5.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from xml.parsers import expat

from callcamp_sync.sheets.package import Styles, local, parse

#: A cell further than column Z or row 999,999, or one that is not written the way Excel writes it.
_UNUSUAL = re.compile(rb'<c(?: (?!r="[A-Z][0-9]{1,6}")|[>\t\r\n])')
#: Of these, the second kind: only the close look can tell where it is.
_ODD = re.compile(rb'<c(?: (?!r="[A-Z]{1,3}[0-9]{1,7}")|[>\t\r\n])')
_PLACE = re.compile(rb'<c r="([A-Z]+)([0-9]+)"')
_FORMULA = re.compile(rb"<(?:[A-Za-z]\w*:)?f[ />]")
_VALUE = re.compile(rb"<(?:[A-Za-z]\w*:)?(?:v|is)[ >]")
_ITEM = re.compile(rb"<(?:[A-Za-z]\w*:)?si[ >]")
_MERGED = re.compile(rb"""<(?:\w+:)?mergeCell\s[^>]*?ref=["']\$?([A-Z]{1,3})\$?([0-9]{1,7}):\$?([A-Z]{1,3})\$?([0-9]{1,7})["']""")
_EXPONENTS = (b"E+", b"E-", b"e+", b"e-")
_NEAR_COLUMNS, _NEAR_ROWS = 26, 999_999
#: Whole numbers from the first on have more digits than the 15 that a spreadsheet keeps; below the second 0 is read.
_HUGE, _TINY = 1e15, 1e-9

Area = tuple[int, int, int, int]


@dataclass(slots=True, kw_only=True)
class Survey:
    """cells: how many are written. columns, rows: bounds of the extent; the close look knows it. merged: see Inspection."""

    cells: int = 0
    columns: int = 0
    rows: int = 0
    odd: bool = False
    errors: bool = False
    formulas: bool = False
    hidden: bool = False
    inline: bool = False
    exponents: bool = False
    merged: list[Area] = field(default_factory=list)

    @property
    def notable(self) -> bool:
        """Whether there is something that only the close look shows in full."""
        return self.odd or self.errors or self.formulas or self.hidden or self.exponents


@dataclass(slots=True, kw_only=True)
class Inspection:
    """Positions are (row, column), from 0. Cells without a value are not counted.

    errors: position -> text. uncalculated: formulas without a value. hidden: rows that are hidden and have a value.
    styled: number cells in a telling style, and that style; None when nobody looked. numbers: cells that hold a number which the
    bulk reader shows with digits that it has not -> what is certain of it. strings: bytes of shared strings that the cells refer
    to, repeats counted. merged: (first row, first column, last row, last column). plain: no text but shared strings, no formula.
    """

    cells: int = 0
    columns: int = 0
    rows: int = 0
    strings: int = 0
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    uncalculated: list[tuple[int, int]] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    numbers: dict[tuple[int, int], str] = field(default_factory=dict)
    styled: list[tuple[int, int, str]] | None = None
    merged: list[Area] = field(default_factory=list)
    plain: bool = False
    close: bool = False


def survey(pieces: Iterator[bytes]) -> Survey:
    """The quick look. Its extent is never smaller than the real one, unless `odd` says that it is unknown."""
    seen = Survey(columns=_NEAR_COLUMNS)
    far = False
    for nth, piece in enumerate(pieces):
        seen.cells += piece.count(b"<c ")
        # A search for one rare byte is many times faster than one for two bytes, and mostly the only one that is needed.
        prefixed = nth == 0 and re.search(rb"<\w+:worksheet\b", piece) is not None
        unusual = _UNUSUAL.search(piece) is not None
        seen.odd = (
            seen.odd
            or prefixed
            or (b"!" in piece and b"<!" in piece)
            or b':c r="' in piece
            or (unusual and _ODD.search(piece) is not None)
        )
        seen.errors = seen.errors or b't="e"' in piece
        seen.formulas = seen.formulas or (b"f" in piece and b"<f" in piece and _FORMULA.search(piece) is not None)
        seen.hidden = seen.hidden or b"hidden=" in piece
        seen.inline = seen.inline or (b"i" in piece and b"<is" in piece) or b't="str"' in piece
        seen.exponents = seen.exponents or any(mark[1:] in piece and mark in piece for mark in _EXPONENTS)
        seen.merged += merged(piece)
        far = far or unusual
        _widen(seen, piece, far)
    return seen


def _widen(seen: Survey, piece: bytes, far: bool) -> None:
    """Reading every position is slow, so a piece without a far cell counts as reaching to the bounds of `near`."""
    if not far:
        seen.rows = max(seen.rows, _NEAR_ROWS)
        return
    places = _PLACE.findall(piece)
    seen.columns = max([seen.columns, *map(column_number, {letters for letters, _ in places})])
    seen.rows = max([seen.rows, *(int(number) for number in {number for _, number in places})])


def merged(piece: bytes) -> list[Area]:
    """The merged cells that the piece names."""
    if b"mergeCell" not in piece:
        return []
    found = _MERGED.findall(piece)
    return [(int(top) - 1, column_number(left) - 1, int(end) - 1, column_number(right) - 1) for left, top, right, end in found]


def has_value(piece: bytes) -> bool:
    """Whether a cell of the piece has a value."""
    return _VALUE.search(piece) is not None


def lengths(pieces: Iterator[bytes]) -> list[int]:
    """An upper bound of each shared string's bytes, in order."""
    found: list[int] = []
    open_length = 0
    for piece in pieces:
        plain = b"<si " not in piece and b":si" not in piece
        head, *rest = piece.split(b"<si>") if plain else _ITEM.split(piece)
        open_length += len(head)
        for text in rest:
            found.append(open_length)
            open_length = len(text)
    return [*found[1:], open_length]


def column_number(letters: bytes) -> int:
    """The column's number, from 1: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def styled(pieces: Iterator[bytes], styles: Styles) -> list[tuple[int, int, str]]:
    """The number cells in a telling style, as `Inspection.styled`, in a sheet whose survey is not `odd`."""
    if not styles.telling:
        return []
    alternatives = b"|".join(style.encode() for style in sorted(styles.telling))
    cell = re.compile(rb'<c r="([A-Z]+)([0-9]+)" s="(' + alternatives + rb')"(?: t="n")?>')
    number = cache(column_number)
    named = {style.encode(): style for style in styles.telling}
    return [(int(row) - 1, number(letters) - 1, named[style]) for piece in pieces for letters, row, style in cell.findall(piece)]


def inspect(pieces: Iterator[bytes], part: str, *, styles: Styles, on_load: bool, lengths: list[int] | None = None) -> Inspection:
    """The close look.

    on_load: the workbook was written without calculating, so a formula's 0 is no value. lengths: bytes of each shared string.
    """
    look = _Look(styles, on_load, lengths or [])
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = look.start
    parser.EndElementHandler = look.end
    parser.CharacterDataHandler = look.text
    parse(pieces, parser, part)
    return look.result


class _Look:
    """The state of one close look: where it is, and what it has found."""

    def __init__(self, styles: Styles, on_load: bool, lengths: list[int]) -> None:
        self._styled: list[tuple[int, int, str]] = []
        self.result = Inspection(styled=self._styled, close=True)
        self._styles, self._on_load, self._lengths = styles, on_load, lengths
        self._row, self._column, self._row_hidden = -1, -1, False
        self._kind, self._style = "n", "0"
        self._formula = self._in_value = False
        self._value: list[str] = []

    def start(self, tag: str, has: dict[str, str]) -> None:
        tag = local(tag)
        if tag == "c":
            self._place(has.get("r"))
            self._kind, self._style = has.get("t", "n"), has.get("s", "0")
            self._formula, self._value = False, []
        elif tag in ("v", "t"):
            self._in_value = True
        elif tag == "f":
            self._formula = True
        elif tag == "row":
            number = has.get("r", "")
            self._row = int(number) - 1 if number.isdecimal() else self._row + 1
            self._column = -1
            self._row_hidden = has.get("hidden") in ("1", "true")

    def text(self, data: str) -> None:
        if self._in_value:
            self._value.append(data)

    def end(self, tag: str) -> None:
        tag = local(tag)
        if tag in ("v", "t"):
            self._in_value = False
        elif tag == "c":
            self._close("".join(self._value))

    def _place(self, reference: str | None) -> None:
        match = re.fullmatch(r"([A-Z]{1,4})([0-9]{1,9})", (reference or "").replace("$", "").upper())
        if match is None:
            self._column += 1
        else:
            self._column, self._row = column_number(match[1].encode()) - 1, int(match[2]) - 1

    def _close(self, value: str) -> None:
        at, result = (self._row, self._column), self.result
        if self._formula and self._kind == "n" and (not value or (self._on_load and value == "0")):
            result.uncalculated.append(at)
        elif not value:
            return
        result.cells += 1
        result.rows, result.columns = max(result.rows, at[0] + 1), max(result.columns, at[1] + 1)
        if self._row_hidden:
            result.hidden.add(at[0])
        if self._kind == "e":
            result.errors[at] = value
        elif self._kind == "n":
            self._number(at, value)
        elif self._kind == "s" and value.isdecimal() and int(value) < len(self._lengths):
            result.strings += self._lengths[int(value)]

    def _number(self, at: tuple[int, int], value: str) -> None:
        if self._style in self._styles.telling:
            self._styled.append((*at, self._style))
        certain = certain_of(value)
        if certain is not None:
            self.result.numbers[at] = certain


def certain_of(value: str) -> str | None:
    """What is certain of a number that the bulk reader would show with digits it has not; None for all others.

    Digits stay as the file has them; an exponent is written as Excel shows it, so that nobody takes it for a whole number.
    """
    try:
        number = float(value)
    except ValueError:
        return None
    exponent = "e" in value.lower()
    if abs(number) >= _HUGE and math.isfinite(number):
        mantissa, _, power = f"{number:.14E}".partition("E")
        return f"{mantissa.rstrip('0').rstrip('.')}E{power}" if exponent else value.strip()
    return f"{number!r}".upper() if 0 < abs(number) < _TINY else None
