"""A worksheet part cut into runs of rows, each proved to stay in its place. Pure: no I/O.

In:  the pieces of the part (package.py). Out: Segments in order, and what stands around the rows: the merged cells.
Why: a bulk reader allocates every cell between the first and the last one that it meets. Of a segment that is known before, and
the memory that a whole sheet needs does not depend on how large the file says that it is.
Rule source: ECMA-376, part 1, section 18.3.1; reliability notes, section 5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, pairwise
from xml.parsers import expat

from callcamp_sync.errors import SheetError
from callcamp_sync.sheets import grammar, scan
from callcamp_sync.sheets.package import parse

MAX_ROW, MAX_COLUMN = 1_048_576, 16_384
#: Of one row.
MAX_BYTES = 100_000_000
_BEGIN, _END = b"<sheetData>", b"</sheetData>"
_NUMBER = re.compile(rb'<row r="([0-9]{1,7})"')
_NESTED = re.compile(rb"<!|<(?:sheetData|row|c)[ />\t\r\n]")
_FAR_COLUMN = re.compile(rb'<c r="([A-Z]{2,3})')
_NEAR = "[A-Z]"


class UnusualError(Exception):
    """The part is not written as any known program writes it: only a reader of every tag can tell where its cells are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Whole rows. first, last: the least and the greatest number that a row or a cell in them can have, once `judged`.

    columns: the greatest number of a column, from 1; 26 stands for everything up to Z. plain: there is nothing to tell.
    """

    rows: bytes
    first: int
    last: int
    columns: int = 0
    plain: bool = False

    @property
    def extent(self) -> int:
        """How many cells lie between the first and the last place."""
        return (self.last - self.first + 1) * self.columns


@dataclass(slots=True)
class Cut:
    """One pass over a part. size: of a segment, in bytes. merged: areas, complete when the segments are through."""

    pieces: Iterator[bytes]
    size: int
    shown: str
    merged: list[scan.Area] = field(default_factory=list)

    def __iter__(self) -> Iterator[Segment]:
        """The segments, of about `size` bytes. Raises UnusualError, also in the middle; SheetError for XML that is none."""
        head, rest = self._head()
        parser, last = expat.ParserCreate(), 0
        for rows in self._runs(rest, head, parser):
            found = _segment(rows)
            if found is not None:
                if found.first <= last or found.last > MAX_ROW:
                    raise UnusualError
                last = found.last
                yield found

    def _head(self) -> tuple[bytes, Iterator[bytes]]:
        head = b""
        for piece in self.pieces:
            head += piece
            at = head.find(_BEGIN)
            if at >= 0:
                rest = head[at + len(_BEGIN) :]
                return head[: at + len(_BEGIN)], chain([rest], self.pieces)
            if b"<sheetData" in head or len(head) > self.size:
                break
        raise UnusualError

    def _runs(self, rest: Iterator[bytes], head: bytes, parser: expat.XMLParserType) -> Iterator[bytes]:
        """Runs of whole rows; around them, the part must be XML without anything that could be taken for rows."""
        if _NESTED.search(head[: -len(_BEGIN)]):
            raise UnusualError
        held: list[bytes] = []
        for piece in rest:
            # After the last row of the piece: what stands before it cannot be the end, or the grammar does not fit.
            at = piece.find(_END, max(piece.rfind(b"<row "), 0))
            held.append(piece if at < 0 else piece[:at])
            if at >= 0:
                yield b"".join(held)
                parse(self._around(head, chain([piece[at:]], rest)), parser, "the sheet")
                return
            if sum(map(len, held)) >= self.size:
                run = b"".join(held)
                cut = run.rfind(b"<row ")
                if cut > 0:
                    yield run[:cut]
                    run = run[cut:]
                elif len(run) > MAX_BYTES:
                    raise SheetError(f"`{self.shown}` has a row of more than {MAX_BYTES:,} bytes", hint="save it as .csv")
                held = [run]
        raise UnusualError

    def _around(self, head: bytes, tail: Iterator[bytes]) -> Iterator[bytes]:
        yield head
        for piece in tail:
            if _NESTED.search(piece):
                raise UnusualError
            self.merged += scan.merged(piece)
            scan.Inspection(merged=self.merged).check()
            yield piece


def judged(segment: Segment, *, formulas: bool) -> Segment:
    """The segment with its columns and whether it is plain. formulas: see grammar.plain. Raises UnusualError."""
    place = (segment.first, segment.last)
    if grammar.plain(*place, _NEAR, formulas=formulas).fullmatch(segment.rows):
        return _with(segment, 26, plain=True)
    plain = bool(grammar.plain(*place, "[A-Z]{1,3}", formulas=formulas).fullmatch(segment.rows))
    if not plain and not grammar.regular(*place).fullmatch(segment.rows):
        raise UnusualError
    columns = max((scan.column_number(letters) for letters in set(_FAR_COLUMN.findall(segment.rows))), default=26)
    if columns > MAX_COLUMN:
        raise UnusualError
    return _with(segment, columns, plain=plain)


def halves(segment: Segment) -> list[Segment]:
    """The segment in two, each half with its own first and last row; one that is a single row stays as it is."""
    rows = segment.rows
    at = rows.find(b"<row ", len(rows) // 2)
    at = at if at > 0 else rows.rfind(b"<row ")
    parts = [_segment(rows[:at]), _segment(rows[at:])] if at > 0 else [segment]
    found = [part for part in parts if part is not None]
    if any(late.first <= early.last for early, late in pairwise(found)):
        raise UnusualError
    return found


def _segment(rows: bytes) -> Segment | None:
    """The numbers of the first and the last row as they stand there; None where there is no row."""
    if not rows.strip():
        return None
    begin, end = _NUMBER.search(rows), _NUMBER.match(rows, max(rows.rfind(b"<row "), 0))
    if begin is None or end is None or int(begin[1]) < 1 or int(end[1]) < int(begin[1]):
        raise UnusualError
    return Segment(rows=rows, first=int(begin[1]), last=int(end[1]))


def _with(segment: Segment, columns: int, *, plain: bool) -> Segment:
    return Segment(rows=segment.rows, first=segment.first, last=segment.last, columns=columns, plain=plain)
