"""Which delimiter a text has, by evidence. Pure: no I/O.

In:  UTF-8 bytes, the delimiter if the user named one, and the header's row if the user named it.
Out: the delimiter, and the offset at which the sheet begins (behind a `sep=` line).
Evidence: the header has the delimiter outside quotes, and the first rows have as many cells as the header. A text without any
delimiter in its header has one column. A `sep=;` line decides; Excel does not show it, so it counts in no row number.
"""

from __future__ import annotations

import re
from itertools import islice

from callcamp_sync.errors import SheetError
from callcamp_sync.sheets.records import Record, records

_CANDIDATES = (b",", b";", b"\t", b"|")
_SEP_LINE = re.compile(rb'"?sep=([\x01-\x09\x20\x21\x23-\x7f])"?(?:\r\n|\n|\r|\Z)', re.IGNORECASE)
_ROWS = 200


def find_delimiter(data: bytes, *, delimiter: str | None = None, header_row: int | None = None) -> tuple[bytes, int]:
    """(delimiter, offset of row 1).

    Raises SheetError for a delimiter that is not one ASCII character, or is a quote or a line end.
    """
    line = _SEP_LINE.match(data)
    start = line.end() if line else 0
    if delimiter is not None:
        return _checked(delimiter), start
    if line:
        return line[1], start
    scores = [(_score(data, candidate, header_row), candidate) for candidate in _CANDIDATES]
    best = max(scores, key=lambda item: item[0])
    return (best[1] if best[0] > (0.0, 0) else b","), start


def _checked(delimiter: str) -> bytes:
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\0':
        raise SheetError(f"`{delimiter}` cannot be a delimiter", hint="use one character, such as , or ; or a tab")
    return delimiter.encode()


def _score(data: bytes, delimiter: bytes, header_row: int | None) -> tuple[float, int]:
    """(share of the first rows that are as wide as the header, its width); a shorter row counts half, a wrong quote nothing."""
    first = list(islice(records(data, delimiter), (header_row or 1) + _ROWS))
    rows = first[header_row - 1 :] if header_row else first
    filled = [record for record in rows if any(cell.strip() for cell in record.cells)]
    width = _width(filled[0]) if filled else 0
    if width < 2 or filled[0].quote:  # A header with a wrong quote is refused, so it speaks for no delimiter.
        return 0.0, 0
    return sum(_fit(record, width) for record in filled) / len(filled), width


def _fit(record: Record, width: int) -> float:
    if record.quote or not 1 < _width(record) <= width:
        return 0.0
    return 1.0 if _width(record) == width else 0.5


def _width(record: Record) -> int:
    """Cells up to the last filled one: programs add or drop delimiters at the end of a line."""
    width = len(record.cells)
    while width and not record.cells[width - 1].strip():
        width -= 1
    return width
