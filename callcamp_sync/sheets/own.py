"""How a workbook of ours is known again: marks in its custom document properties, which spreadsheet programs keep.

In:  what is to be written, or an opened package.
Out: the properties, or the marks that a package carries: which tab holds the rows, which hidden tab holds what they said when
     they were written (the baseline), and the zone of times without one.
Pure: no I/O. Rule source: ECMA-376, part 1, 15.2.12.2 (custom file properties).
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.parsers import expat

from callcamp_sync.sheets.package import Package, SheetPart, local, parse

_PART = "docprops/custom.xml"
_SHEET, _BASELINE, _ZONE = "callcamp-sheet", "callcamp-baseline", "callcamp-timezone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """sheet: the tab to read where none is named. baseline: the hidden tab. zone: IANA name, of times that have none."""

    sheet: str
    baseline: str | None = None
    zone: str | None = None

    def properties(self) -> dict[str, str]:
        """The marks as custom document properties."""
        said = {_SHEET: self.sheet, _BASELINE: self.baseline, _ZONE: self.zone}
        return {name: text for name, text in said.items() if text}


def marks_of(package: Package) -> Marks | None:
    """The marks of a package; None for a workbook that is not ours. Raises SheetError for XML that is not well-formed."""
    part = next((name for name in package.zip.namelist() if name.lower() == _PART), None)
    said = _properties(package, part) if part else {}
    if not said.get(_SHEET):
        return None
    return Marks(sheet=said[_SHEET], baseline=said.get(_BASELINE) or None, zone=said.get(_ZONE) or None)


def part_of(package: Package, name: str | None) -> SheetPart | None:
    """The sheet of that name, in any case; None where there is none."""
    return next((part for part in package.sheets if name is not None and part.name.casefold() == name.casefold()), None)


def _properties(package: Package, part: str) -> dict[str, str]:
    found: dict[str, str] = {}
    current = ""

    def start(tag: str, has: dict[str, str]) -> None:
        nonlocal current
        if local(tag) == "property":
            current = has.get("name", "")

    def text(data: str) -> None:
        if current and data.strip():
            found[current] = found.get(current, "") + data

    def end(tag: str) -> None:
        nonlocal current
        if local(tag) == "property":
            current = ""

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.CharacterDataHandler, parser.EndElementHandler = start, text, end
    parse(package.pieces(part), parser, part)
    return found
