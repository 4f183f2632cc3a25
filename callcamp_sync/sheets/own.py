"""How an export of ours is known again: marks in its custom document properties, which spreadsheet programs keep.

In:  what is to be written, or the bytes of a workbook.
Out: the properties; or the marks that a workbook carries, and what its hidden tab says of the export (the baseline).
Pure: works on bytes, no I/O. Rule source: ECMA-376, part 1, 22.3 (custom file properties).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from callcamp_sync.errors import SheetError
from callcamp_sync.model import Exported
from callcamp_sync.sheets.choice import Asked
from callcamp_sync.sheets.provenance import custom_properties
from callcamp_sync.sheets.xlsx_in import read_workbook

#: How the hidden tab is called.
BASELINE_TAB = "callcamp-baseline"

_SHEET, _BASELINE, _ZONE = "callcamp-sheet", "callcamp-baseline", "callcamp-timezone"
_LOST = "the workbook has lost what it remembers of its export, so it is compared with the campaign as any sheet is"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """sheet: the tab to read where none is named. baseline: the hidden tab. zone: IANA name, of times that have none."""

    sheet: str
    baseline: str
    zone: str | None = None

    def properties(self) -> dict[str, str]:
        """The marks as custom document properties."""
        zone = {_ZONE: self.zone} if self.zone else {}
        return {_SHEET: self.sheet, _BASELINE: self.baseline} | zone


def marks_of(data: bytes) -> Marks | None:
    """The marks of a workbook; None for one that is no export of ours."""
    said = {name: text.strip() for name, text in custom_properties(data).items()}
    if not said.get(_SHEET) or not said.get(_BASELINE):
        return None
    return Marks(sheet=said[_SHEET], baseline=said[_BASELINE], zone=said.get(_ZONE) or None)


def read_baseline(data: bytes, shown: str, marks: Marks) -> tuple[Exported | None, tuple[str, ...]]:
    """What the export remembers, or None and a warning where somebody deleted or changed that."""
    try:
        grid = read_workbook(data, shown, Asked(sheet=marks.baseline, header_row=1, hidden_rows="include")).grid
    except SheetError:
        return None, (_LOST,)
    if "order_uuid" not in grid.header or len(set(grid.header)) < len(grid.header):
        return None, (_LOST,)
    stripped = pl.all().str.strip_chars()
    texts = grid.body.select(pl.when(stripped != "").then(stripped).name.keep())
    named = texts.rename(dict(zip(texts.columns, grid.header, strict=True)))
    whole = named["order_uuid"].null_count() == 0 and bool(named["order_uuid"].is_unique().all())
    return (Exported(baseline=named, zone=marks.zone), ()) if whole else (None, (_LOST,))
