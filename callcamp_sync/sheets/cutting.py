"""A large delimited file cut into pieces at record boundaries, without being held in memory. An edge: reads a file.

In:  a path, and what the mapping says of encoding, delimiter and header row.
Out: a Cut: the Head that all pieces share, and the Pieces in order; `read_piece` reads one into the rows that the whole file has
there, with the whole file's row numbers. None for a file that is better read as a whole: a workbook, an archive, UTF-16, and
whatever is wrong with it, so that there is one reader who says what.
Boundaries are those of records.py: a line end inside quotes is none, a quote that never closes swallows nothing.
Rule source: issue 6, item 6.
"""

from __future__ import annotations

import codecs
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TypeAlias

from callcamp_sync.errors import SheetError
from callcamp_sync.model import Sheet
from callcamp_sync.sheets.csv_in import heading_names, read_header, read_rows
from callcamp_sync.sheets.dialect import find_delimiter
from callcamp_sync.sheets.encoding import cuttable, decode, western
from callcamp_sync.sheets.grid import Grid, Notice, Origin, to_sheet, totals
from callcamp_sync.sheets.packed import GZIP
from callcamp_sync.sheets.records import records, well_formed
from callcamp_sync.sheets.source import Source, kind_of

#: Bytes of a piece, about; and of the beginning that delimiter and header are found in.
PIECE, _HEAD = 32_000_000, 4_000_000
_UNCLOSED = "the quote is never closed"

#: Lines from the end of a block that may lie inside quotes.
_TRIES = 64

#: Records that the delimiter is found by, and one more.
_LOOKED_AT = 202


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What all pieces share. path: absolute. size, modified, sha256: of the file as it was cut. names: the header's cells.

    total: the last row, where it sums up the others.
    """

    path: str
    size: int
    modified: int
    sha256: str
    encoding: str
    delimiter: str
    header_row: int
    names: tuple[str, ...]
    warnings: tuple[str, ...]
    total: Notice | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Bytes `start` to `end` of the file: whole records. first_row: the spreadsheet's number of the first one.

    quotes: (row, what is wrong) of quotes that were judged by what stands behind the piece, too.
    """

    start: int
    end: int
    first_row: int
    quotes: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A file in pieces; one without rows has a piece without any."""

    head: Head
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scan:
    """What a look at every byte says."""

    encoding: str
    sha256: str
    warnings: tuple[str, ...] = ()


def cut(
    path: Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    header_row: int | None = None,
    size: int = PIECE,
) -> Cut | None:
    """Cut the file into pieces of about `size` bytes; None where it has to be read as a whole.

    Raises SheetError: no header, a delimiter that is none, or the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            before = os.fstat(file.fileno())
            head = file.read(_HEAD)
            scan = _scan(file, head, encoding) if _is_text(str(path), head) else None
            if scan is None:
                return None
            found = _begun(head, scan, delimiter, header_row, whole=len(head) == before.st_size)
            if found is None:
                return None
            made, start = found
            made = replace(made, path=str(path.absolute()), size=before.st_size, modified=before.st_mtime_ns)
            pieces = tuple(_pieces(file, start, made.delimiter.encode(), made.header_row + 1, size))
    except OSError as error:
        raise SheetError(f"`{path}` cannot be read: {error.strerror or error}", hint="check the path") from error
    return Cut(head=replace(made, total=_total(made, pieces)), pieces=pieces)


def read_piece(head: Head, piece: Piece) -> Sheet:
    """The rows of a piece as a Sheet; its info counts them alone. Raises SheetError where the file changed since it was cut."""
    path = Path(head.path)
    try:
        with path.open("rb") as file:
            now = os.fstat(file.fileno())
            file.seek(piece.start)
            data = file.read(piece.end - piece.start)
    except OSError as error:
        raise SheetError(f"`{path}` cannot be read: {error.strerror or error}", hint="check the path") from error
    if (now.st_size, now.st_mtime_ns) != (head.size, head.modified):
        raise SheetError(f"`{path}` changed while it was read", hint="wait until it is written and run again")
    text = decode(data, encoding=head.encoding).utf8 if data else b""
    body, notices = read_rows(text, head.delimiter.encode(), len(head.names), piece.first_row)
    judged = dict(piece.quotes)
    notices = [replace(one, detail=judged[one.row]) if one.row in judged and one.code == "row-quote" else one for one in notices]
    if head.total is not None and piece.first_row <= head.total.row < piece.first_row + body.height:
        notices.append(head.total)
    grid = Grid(
        header=head.names,
        header_row=head.header_row,
        first_column=0,
        body=body,
        notices=tuple(notices),
        skipped=piece.first_row - head.header_row - 1,
    )
    origin = Origin(path=head.path, sheet=None, sha256=head.sha256, encoding=head.encoding, delimiter=head.delimiter)
    return to_sheet(grid, origin, is_piece=True)


def _is_text(shown: str, head: bytes) -> bool:
    """Raises SheetError for what is no sheet at all."""
    if not head or head.startswith((GZIP, b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0")):
        return False
    return kind_of(Source(path=shown, sheet=None, data=head, sha256="")) == "text"


# --- the whole file, block by block -------------------------------------------------------------------------------------


def _scan(file: BinaryIO, head: bytes, encoding: str | None) -> _Scan | None:
    """Encoding and digest, by every byte of the file; None where the whole has to be decoded, or is wrong."""
    name = cuttable(head, encoding)
    if name is None:
        return None
    digest, wrong = _decoded(file, name)
    if wrong is None:
        return _Scan(encoding=name, sha256=digest)
    if encoding is not None or wrong < 1 or head.startswith(codecs.BOM_UTF8):
        return None
    digest, again = _decoded(file, "cp1252")
    return _Scan(encoding="cp1252", sha256=digest, warnings=(western(wrong),)) if again is None else None


def _decoded(file: BinaryIO, encoding: str) -> tuple[str, int | None]:
    """(sha256, None), or the line that is not in this encoding; line 0 for a NUL."""
    digest, decoder = hashlib.sha256(), codecs.getincrementaldecoder(encoding)("strict")
    file.seek(0)
    lines = 0
    while block := file.read(_HEAD):
        digest.update(block)
        if b"\0" in block:
            return "", 0
        before = len(decoder.getstate()[0])
        try:
            decoder.decode(block)
        except UnicodeDecodeError as error:
            return "", lines + block.count(b"\n", 0, max(error.start - before, 0)) + 1
        lines += block.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "", lines + 1
    return digest.hexdigest(), None


def _begun(head: bytes, scan: _Scan, delimiter: str | None, header_row: int | None, *, whole: bool) -> tuple[Head, int] | None:
    """The Head, and where the rows begin; None where the beginning does not show it for sure."""
    skipped = len(codecs.BOM_UTF8) if scan.encoding.startswith("utf") and head.startswith(codecs.BOM_UTF8) else 0
    text = head[skipped:] if whole else head[skipped : head.rfind(b"\n") + 1]
    mark, start = find_delimiter(text, delimiter=delimiter, header_row=header_row)
    first = list(islice(records(text, mark, start), (header_row or 1) + _LOOKED_AT))
    if not whole and (len(first) < _LOOKED_AT or any(one.quote == _UNCLOSED for one in first)):
        return None
    _, raw = read_header(text, mark, start, header_row)
    plain = decode(text[: raw.end], encoding=scan.encoding).utf8
    number, header = read_header(plain, mark, start, header_row)
    names = heading_names(header)
    made = Head(
        path="",
        size=0,
        modified=0,
        sha256=scan.sha256,
        encoding=scan.encoding,
        delimiter=mark.decode(),
        header_row=number,
        names=names,
        warnings=scan.warnings,
    )
    return made, skipped + raw.end


def _pieces(file: BinaryIO, start: int, mark: bytes, row: int, size: int) -> Iterator[Piece]:
    """Whole records, about `size` bytes of them at a time."""
    file.seek(start)
    held, begun = b"", False
    while True:
        block = file.read(size)
        held += block
        last = not block
        end, count, quotes = _whole_records(held, mark, last=last)
        if end or (last and not begun):
            yield Piece(start=start, end=start + end, first_row=row, quotes=tuple((row + nth, why) for nth, why in quotes))
            begun, start, row, held = True, start + end, row + count, held[end:]
        if last:
            return


#: Bytes and records from the beginning on, and (number, what is wrong) of those with a quote that is.
_Found: TypeAlias = tuple[int, int, list[tuple[int, str]]]


def _whole_records(held: bytes, mark: bytes, *, last: bool) -> _Found:
    """The records whose end does not depend on what follows. last: nothing follows."""
    sure = _sure_end(held)
    if sure and b"\r" not in held[:sure].replace(b"\r\n", b"") and well_formed(held[:sure], mark):
        inside = sum(part.count(b"\n") for part in held[:sure].split(b'"')[1::2])
        end, count = sure, held.count(b"\n", 0, sure) - inside
        if not last:
            return end, count, []
        rest, more, quotes = _one_by_one(held[end:], mark, last=True)
        return end + rest, count + more, [(count + nth, why) for nth, why in quotes]
    return _one_by_one(held, mark, last=last)


def _sure_end(held: bytes) -> int:
    """Behind the last line end that stands outside quotes, as far as their number tells; 0 where none is near the end."""
    end = held.rfind(b"\n") + 1
    for _ in range(_TRIES):
        if held.count(b'"', 0, end) % 2 == 0:
            return end
        end = held.rfind(b"\n", 0, end - 1) + 1
    return 0


def _one_by_one(held: bytes, mark: bytes, *, last: bool) -> _Found:
    end, count, quotes = 0, 0, list[tuple[int, str]]()
    for record in records(held, mark):
        # A CR at the very end may be half of a CRLF, a quote that is open here may close in what follows.
        if not last and (record.end >= len(held) or record.quote == _UNCLOSED):
            break
        if record.quote:
            quotes.append((count, record.quote))
        end, count = record.end, count + 1
    return end, count, quotes


def _total(head: Head, pieces: tuple[Piece, ...]) -> Notice | None:
    """The last row, where it sums up the others: told by the last piece that has rows."""
    for piece in reversed(pieces):
        frame = read_piece(head, piece).frame
        if frame.height > 1 or (frame.height == 1 and piece is pieces[0]):
            return next(iter(totals(frame)), None)
        if frame.height == 1:
            before = read_piece(head, pieces[pieces.index(piece) - 1]).frame
            return next(iter(totals(before.tail(1).vstack(frame))), None)
    return None
