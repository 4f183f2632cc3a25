"""A worksheet read segment by segment, some of them at the same time -> every cell as text, and what bulk readers do not tell.

In:  a workbook (package.py) and one of its sheets.
Out: the cells from row 1 and column A on, and the facts of scan.py. Raises UnusualError for a sheet that no known program writes.
An edge: runs threads. Memory is bounded by the cells and not by what the file says; each part is proved before it is read.
"""

from __future__ import annotations

import os
import re
import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from callcamp_sync.errors import SheetError
from callcamp_sync.sheets import bulk, miniature, scan
from callcamp_sync.sheets.ahead import at_once
from callcamp_sync.sheets.limits import Limits
from callcamp_sync.sheets.miniature import Member
from callcamp_sync.sheets.package import Package, SheetPart
from callcamp_sync.sheets.scan import Inspection, Styled
from callcamp_sync.sheets.segments import Cut, Segment, halves, judged

#: Bytes of XML that are read at a time: enough that a reader's beginning does not count (each reads all shared strings), little
#: enough for the memory.
_SEGMENT, _LARGEST_SEGMENT = 4_000_000, 64_000_000
#: Cells between the first and the last one of what is read at a time, and bytes of the texts in them.
_MAX_EXTENT, _MAX_TEXT = 3_000_000, 100_000_000
#: With more shared strings than this, each of which every reader holds, one segment is read at a time.
_MUCH_SHARED = 32_000_000
#: Cells that a mostly blank sheet may span: each is a place in a column.
_SPARSE_GRID = 5_000_000
_SPAN_PER_CELL = 200
_SHORTEST_CELL = 24
_REFERENCE = re.compile(rb't="s"[^<>]*>[^<]*<v>([0-9]{1,9})<')
_MIDNIGHT = b" 00:00:00<"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """What all segments share. lengths: bytes of each shared string."""

    members: list[Member]
    size: int = 0
    lengths: array[int] = field(default_factory=lambda: array("L"))
    midnight: bool = False

    @property
    def longest(self) -> int:
        return max(self.lengths, default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A segment that was read. table: from its first row on; columns are named by their number from 0."""

    first: int
    table: pl.DataFrame
    text: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    parts: list[_Part]
    facts: Inspection


def read(package: Package, part: SheetPart, limits: Limits) -> tuple[pl.DataFrame, Inspection]:
    """Every cell of the sheet as text, and its facts; `styled` of them only where a format shows zeros.

    Raises UnusualError; SheetError where the sheet is damaged, or larger or wider than the limits.
    """
    job = _Job(package, part, _shared(package, limits), limits)
    cut = Cut(package.pieces(part.part), min(max(_SEGMENT, job.shared.size * 3), _LARGEST_SEGMENT), package.shown)
    facts = Inspection(styled={} if package.styles.zeros else None, midnight_text=job.shared.midnight)
    parts: list[_Part] = []
    held = text = 0
    began = time.monotonic()
    workers = 1 if job.shared.size > _MUCH_SHARED else min(os.cpu_count() or 1, 4)
    for done in at_once(job, cut, workers=workers):
        facts.add(done.facts)
        parts += done.parts
        limits.check_time(time.monotonic() - began, package.shown)
        text += sum(one.text for one in done.parts)
        held += sum(int(one.table.estimated_size()) for one in done.parts)
        check_held(max(held, text), package.shown, part.name, limits)
    facts.merged = cut.merged
    facts.check()
    table = _assembled(parts, package.shown, part.name, limits)
    return table, facts


def styled(package: Package, part: SheetPart) -> Styled:
    """The number cells in a telling style, as `Inspection.styled`, of a sheet that was read before."""
    found = Inspection(styled={})
    for segment in Cut(package.pieces(part.part), _SEGMENT, package.shown):
        known = judged(segment, formulas=not package.calculates_on_load)
        plain = Inspection(styled=scan.styled([known.rows], package.styles)) if known.plain else None
        found.add(plain or _facts(known, package, part))
    return found.styled or {}


def check_span(span: tuple[int, int], cells: int, shown: str, name: str, limits: Limits) -> None:
    """Raise SheetError where a sheet spans (rows, columns) far more cells than it has."""
    rows, columns = span
    if rows * columns > min(limits.cells, max(_SPARSE_GRID, cells * _SPAN_PER_CELL)):
        said = f"{rows:,} rows and {columns:,} columns, of which {cells:,} cells are filled"
        raise SheetError(
            f"sheet `{name}` of `{shown}` spans {said}", hint="delete stray cells far from the table, or save it as .csv"
        )


def check_held(size: int, shown: str, name: str, limits: Limits) -> None:
    """Raise SheetError where the cells take more memory than they may."""
    if size > limits.table_bytes:
        raise SheetError(
            f"sheet `{name}` of `{shown}` holds or repeats {size:,} bytes of text, more than fits into memory",
            hint="save it as .csv, or raise the setting `sheet_memory_mb`",
        )


def _shared(package: Package, limits: Limits) -> _Shared:
    if package.shared is None:
        return _Shared(members=miniature.common(package))
    size, midnight = 0, False
    lengths: array[int] = array("L")

    def watched() -> Iterator[bytes]:
        nonlocal size, midnight
        for piece in package.pieces(package.shared or ""):
            size += len(piece)
            midnight = midnight or _MIDNIGHT in piece
            if size + len(lengths) * bulk.STRING > limits.table_bytes:
                check_held(size + len(lengths) * bulk.STRING, package.shown, "shared texts", limits)
            yield piece

    scan.lengths(watched(), lengths)
    return _Shared(members=miniature.common(package), size=size, lengths=lengths, midnight=midnight)


@dataclass(frozen=True, slots=True)
class _Job:
    """What is the same for every segment of a sheet. Safe to call from several threads."""

    package: Package
    part: SheetPart
    shared: _Shared
    limits: Limits

    def __call__(self, segment: Segment) -> _Read:
        styles = self.package.styles
        facts = Inspection(styled={} if styles.zeros else None)
        parts: list[_Part] = []
        for one, text in self._fitting(segment):
            if not one.plain:
                facts.add(_facts(one, self.package, self.part))
            elif styles.zeros:
                facts.add(Inspection(styled=scan.styled([one.rows], styles)))
            facts.midnight_text = facts.midnight_text or bool(styles.dates and _MIDNIGHT in one.rows)
            book = miniature.workbook(self.shared.members, one.rows, one.first)
            parts.append(_Part(first=one.first, table=bulk.rows(book, one.first, self.package.shown), text=text))
        return _Read(parts=parts, facts=facts)

    def _fitting(self, segment: Segment) -> Iterator[tuple[Segment, int]]:
        """The segment in parts that are small enough to read, each proved, and the bytes of the texts that it refers to."""
        known = judged(segment, formulas=not self.package.calculates_on_load)
        text = self._text(known.rows)
        parts = [known] if known.extent <= _MAX_EXTENT and text <= _MAX_TEXT else halves(known)
        check_held(text, self.package.shown, self.part.name, self.limits)
        for one in parts if len(parts) > 1 else ():
            yield from self._fitting(one)
        if len(parts) == 1:
            yield known, text

    def _text(self, rows: bytes) -> int:
        """Bytes of the shared strings that the rows refer to, repeats counted; 0 where it cannot be much."""
        lengths = self.shared.lengths
        if self.shared.longest * (len(rows) // _SHORTEST_CELL) <= _MAX_TEXT:
            return 0
        indexes = map(int, _REFERENCE.findall(rows))
        return sum(lengths[i] for i in indexes if i < len(lengths))


def _facts(segment: Segment, package: Package, part: SheetPart) -> Inspection:
    pieces = iter([b"<rows>", segment.rows, b"</rows>"])
    return scan.inspect(pieces, part.part, styles=package.styles, on_load=package.calculates_on_load)


def _assembled(parts: list[_Part], shown: str, name: str, limits: Limits) -> pl.DataFrame:
    filled = [one for one in parts if one.table.height]
    width = max((int(column) + 1 for one in filled for column in one.table.columns), default=0)
    height = filled[-1].first - 1 + filled[-1].table.height if filled else 0
    cells = sum(one.table.height * one.table.width - sum(one.table.null_count().row(0)) for one in filled)
    check_span((height, width), cells, shown, name, limits)
    blank = pl.DataFrame(schema={str(i): pl.String for i in range(width)})
    frames, reached = [], 0
    for one in filled:
        if one.first - 1 > reached:
            frames.append(blank.clear(one.first - 1 - reached))
        missing = [pl.lit(None, pl.String).alias(column) for column in blank.columns if column not in one.table.columns]
        frames.append(one.table.with_columns(missing).select(blank.columns))
        reached = one.first - 1 + one.table.height
    return pl.concat(frames) if frames else blank
