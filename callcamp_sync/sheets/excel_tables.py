"""Excel's named tables (Insert > Table): where they stand on which sheet. Pure: no I/O.

In:  a workbook's package. Out: its tables, and a grid cut to one of them.
Rule source: ECMA-376, part 1, section 18.5 (tables).
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from callcamp_sync.errors import SheetError
from callcamp_sync.sheets.package import Package, SheetPart, elements
from callcamp_sync.sheets.scan import column_number

_REF = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})(?::\$?([A-Z]{1,3})\$?([0-9]{1,7}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTable:
    """top, left, bottom, right: of the whole, from 0; the header is the top row. totals: rows of totals at the end."""

    name: str
    sheet: SheetPart
    top: int
    left: int
    bottom: int
    right: int
    totals: int


def find(package: Package, wanted: str) -> NamedTable | None:
    """The table of this name, in any letter case; None where there is none. Raises SheetError for one without a header row."""
    for sheet in package.sheets:
        for part in _parts(package, sheet):
            for _, _, has in elements(package.zip, part, package.shown, "table"):
                names = {has.get(key, "").casefold() for key in ("name", "displayName")}
                if wanted.strip().casefold() in names:
                    return _table(package, sheet, has)
    return None


def _parts(package: Package, sheet: SheetPart) -> list[str]:
    folder, name = posixpath.split(sheet.part)
    names = {name.lower(): name for name in package.zip.namelist()}
    links = names.get(f"{folder}/_rels/{name}.rels".lower())
    if links is None:
        return []
    targets = [
        posixpath.normpath(posixpath.join("/", folder, has.get("Target", ""))).lstrip("/").lower()
        for _, _, has in elements(package.zip, links, package.shown, "Relationship")
        if has.get("Type", "").endswith("/table")
    ]
    return [names[target] for target in targets if target in names]


def _table(package: Package, sheet: SheetPart, has: dict[str, str]) -> NamedTable:
    shown = has.get("displayName", has.get("name", ""))
    place = _REF.fullmatch(has.get("ref", ""))
    if place is None:
        raise SheetError(f"table `{shown}` of `{package.shown}` does not say where it is", hint="save it again in Excel")
    if has.get("headerRowCount", "1") == "0":
        raise SheetError(f"table `{shown}` of `{package.shown}` has no header row", hint="turn on its header row in Excel")
    left, top = column_number(place[1].encode()) - 1, int(place[2]) - 1
    return NamedTable(
        name=shown,
        sheet=sheet,
        top=top,
        left=left,
        bottom=int(place[4] or place[2]) - 1,
        right=column_number((place[3] or place[1]).encode()) - 1,
        totals=int(has.get("totalsRowCount", "0")) if has.get("totalsRowCount", "0").isdecimal() else 0,
    )
