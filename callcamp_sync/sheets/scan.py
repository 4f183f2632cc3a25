"""What a worksheet's XML says that bulk readers do not tell: extent, errors, formulas without a value, hidden rows, date cells.

In:  the pieces of a worksheet part (package.py).
Out: `inspect`: the close look, exact, tag by tag. It costs seconds on millions of cells, and most rows have nothing to tell: of
which rows that is proved, says grammar.py.
Pure: no I/O.
Rule source: ECMA-376, part 1, section 18.3; reliability notes, section 5.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeAlias
from xml.parsers import expat

from callcamp_sync.errors import SheetError
from callcamp_sync.sheets.package import Styles, local, parse

_VALUE = re.compile(rb"<(?:[A-Za-z]\w*:)?(?:v|is)[ >]")
_ITEM = re.compile(rb"<(?:[A-Za-z]\w*:)?si[ >]")
_MERGED = re.compile(rb"""<(?:\w+:)?mergeCell\s[^>]*?ref=["']\$?([A-Z]{1,3})\$?([0-9]{1,7}):\$?([A-Z]{1,3})\$?([0-9]{1,7})["']""")
#: Whole numbers from the first on have more digits than the 15 that a spreadsheet keeps; below the second 0 is read.
_HUGE, _TINY = 1e15, 1e-9

Area = tuple[int, int, int, int]
#: (column from 0, style) -> rows from 0.
Styled: TypeAlias = "dict[tuple[int, str], array[int]]"  # an array takes no brackets before Python 3.12

#: Cells with an error, without a value or with an uncertain number, and merged cells: each takes a line of a report.
MAX_TOLD = 500_000


@dataclass(slots=True, kw_only=True)
class Inspection:
    """Positions are (row, column), from 0. Cells without a value are not counted.

    errors: position -> text. uncalculated: formulas without a value. hidden: rows that are hidden and have a value.
    styled: number cells in a telling style, and that style; None when nobody looked. numbers: cells that hold a number which the
    bulk reader shows with digits that it has not -> what is certain of it. strings: bytes of shared strings that the cells refer
    to, repeats counted. merged: (first row, first column, last row, last column). midnight_text: a text may read like a midnight.
    """

    cells: int = 0
    columns: int = 0
    rows: int = 0
    strings: int = 0
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    uncalculated: list[tuple[int, int]] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    numbers: dict[tuple[int, int], str] = field(default_factory=dict)
    styled: Styled | None = None
    merged: list[Area] = field(default_factory=list)
    midnight_text: bool = False

    def add(self, other: Inspection) -> None:
        """Take in what was found in other rows of the same sheet."""
        self.cells += other.cells
        self.columns, self.rows = max(self.columns, other.columns), max(self.rows, other.rows)
        self.strings += other.strings
        self.errors |= other.errors
        self.uncalculated += other.uncalculated
        self.hidden |= other.hidden
        self.numbers |= other.numbers
        if self.styled is not None and other.styled is not None:
            for place, rows in other.styled.items():
                self.styled.setdefault(place, array("I")).extend(rows)
        self.merged += other.merged
        self.midnight_text = self.midnight_text or other.midnight_text
        self.check()

    def check(self) -> None:
        """Raise SheetError where there is more to tell than anybody reads."""
        told = len(self.errors) + len(self.uncalculated) + len(self.numbers)
        if max(told, len(self.merged)) > MAX_TOLD:
            kind = "merged cells" if told <= MAX_TOLD else "errors, formulas without a value and uncertain numbers"
            raise SheetError(f"the sheet has more than {MAX_TOLD:,} {kind}", hint="mend the sheet in Excel, or save it as .csv")


def merged(piece: bytes) -> list[Area]:
    """The merged cells that the piece names."""
    if b"mergeCell" not in piece:
        return []
    found = _MERGED.findall(piece)
    return [(int(top) - 1, column_number(left) - 1, int(end) - 1, column_number(right) - 1) for left, top, right, end in found]


def has_value(piece: bytes) -> bool:
    """Whether a cell of the piece has a value."""
    return _VALUE.search(piece) is not None


def lengths(pieces: Iterator[bytes], found: array[int]) -> None:
    """Append an upper bound of each shared string's bytes, in order."""
    open_length, begun = 0, False
    for piece in pieces:
        plain = b"<si " not in piece and b":si" not in piece
        head, *rest = piece.split(b"<si>") if plain else _ITEM.split(piece)
        open_length += len(head)
        if rest and begun:
            found.append(open_length)
        if rest:
            found.extend(map(len, rest[:-1]))
            open_length, begun = len(rest[-1]), True
    if begun:
        found.append(open_length)


def column_number(letters: bytes) -> int:
    """The column's number, from 1: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def styled(pieces: Iterable[bytes], styles: Styles) -> Styled:
    """The number cells in a telling style, as `Inspection.styled`, in rows that are plain (grammar.py)."""
    if not styles.telling:
        return {}
    alternatives = b"|".join(style.encode() for style in sorted(styles.telling))
    cell = re.compile(rb'<c r="([A-Z]+)([0-9]+)" s="(' + alternatives + rb')"(?: t="n")?>')
    number = cache(column_number)
    named = {style.encode(): style for style in styles.telling}
    found: Styled = {}
    for piece in pieces:
        for letters, row, style in cell.findall(piece):
            found.setdefault((number(letters) - 1, named[style]), array("I")).append(int(row) - 1)
    return found


def inspect(pieces: Iterator[bytes], part: str, *, styles: Styles, on_load: bool, lengths: Sequence[int] = ()) -> Inspection:
    """The close look.

    on_load: the workbook was written without calculating, so a formula's 0 is no value. lengths: bytes of each shared string.
    """
    look = _Look(styles, on_load, lengths)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = look.start
    parser.EndElementHandler = look.end
    parser.CharacterDataHandler = look.text
    parse(pieces, parser, part)
    return look.result


class _Look:
    """The state of one close look: where it is, and what it has found."""

    def __init__(self, styles: Styles, on_load: bool, lengths: Sequence[int]) -> None:
        self._styled: Styled = {}
        self.result = Inspection(styled=self._styled)
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
            result.check()
        elif not value:
            return
        result.cells += 1
        result.rows, result.columns = max(result.rows, at[0] + 1), max(result.columns, at[1] + 1)
        if self._row_hidden:
            result.hidden.add(at[0])
        if self._kind == "e":
            result.errors[at] = value
            result.check()
        elif self._kind == "n":
            self._number(at, value)
        elif self._kind == "s" and value.isdecimal() and int(value) < len(self._lengths):
            result.strings += self._lengths[int(value)]

    def _number(self, at: tuple[int, int], value: str) -> None:
        if self._style in self._styles.telling:
            self._styled.setdefault((at[1], self._style), array("I")).append(at[0])
        certain = certain_of(value)
        if certain is not None:
            self.result.numbers[at] = certain
            self.result.check()


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
