"""Delimited text -> Grid. Pure: no I/O; one of the two modules that know polars' reader.

In:  the file's bytes, and encoding, delimiter and header row where the user named them.
Out: a Grid whose row numbers are what Excel shows when it opens the file: records are counted, not lines, blank ones included.
Two ways that agree on every well-formed text: polars' reader (fast), and records.py (exact, and the only one that knows which row
is wrong). The fast one is taken only for texts whose quotes are proved to stand as RFC 4180 has them.
A line with fewer cells than the header is read as if its last cells were blank, as many programs write it; one with more filled
cells is an issue of that row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import polars as pl
from polars.exceptions import PolarsError

from callcamp_sync.errors import SheetError
from callcamp_sync.sheets import formulas
from callcamp_sync.sheets.dialect import find_delimiter
from callcamp_sync.sheets.encoding import Decoded, decode
from callcamp_sync.sheets.grid import Grid, Notice
from callcamp_sync.sheets.records import MAX_CELLS, Record, records, well_formed

#: Told of rows and columns before they are read; raises for too many.
Check = Callable[[int, int], None]

#: Records in memory as Python lists: so many cells.
_BATCH_CELLS = 400_000


def read_delimited(
    data: bytes,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    header_row: int | None = None,
    check: Check = lambda rows, columns: None,
) -> tuple[Grid, Decoded, str]:
    """(grid, how it was decoded, delimiter).

    header_row: counted from 1; None takes the first row that is not blank. check: told of rows and columns before they are read,
    raises for too many. Raises SheetError: see encoding.py, dialect.py; no header row, one with more cells than any spreadsheet.
    """
    decoded = decode(data, encoding=encoding)
    text = decoded.utf8
    mark, start = find_delimiter(text, delimiter=delimiter, header_row=header_row)
    if b'"' not in text and text.count(b"\r") > text.count(b"\r\n"):
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    number, header = read_header(text, mark, start, header_row)
    width = len(header.cells)
    if b'"' not in text:
        check(text.count(b"\n", header.end), width)
    # A plain header in the very first line may stay in front of the rows; the reader then needs no copy of the text.
    whole = number == 1 and start == 0 and b'"' not in text[: header.end]
    body, notices = _body(text, mark, header.end, width, number + 1, whole=whole, check=check)
    grid = Grid(header=heading_names(header), header_row=number, first_column=0, body=body, notices=tuple(notices))
    return grid, decoded, mark.decode()


def read_rows(text: bytes, mark: bytes, width: int, first_row: int) -> tuple[pl.DataFrame, list[Notice]]:
    """The rows of a piece of a text, cut at record boundaries. text: UTF-8. first_row: the spreadsheet's number of its first."""
    if b'"' not in text and text.count(b"\r") > text.count(b"\r\n"):
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return _body(text, mark, 0, width, first_row)


def heading_names(header: Record) -> tuple[str, ...]:
    """The header's cells as text."""
    return tuple(formulas.unescape_text(cell.decode().lstrip("\ufeff").strip()) for cell in header.cells)


def _nothing(rows: int, columns: int) -> None:
    """Any number of rows is fine."""


def _body(
    text: bytes, mark: bytes, start: int, width: int, first_row: int, *, whole: bool = False, check: Check = _nothing
) -> tuple[pl.DataFrame, list[Notice]]:
    body = _fast(text, mark, start, width, whole=whole)
    notices: list[Notice] = []
    if body is None:
        body, notices = _exact(text, mark, start, width, first_row, check=check)
    if _has_tall_cells(text, start, body.height):
        notices += _swallowed(body, width, mark.decode(), first_row, {notice.row for notice in notices})
    quoted = [column.name for column in body if column.str.starts_with("'").any()]
    return (body.with_columns(formulas.unescape(pl.col(quoted))) if quoted else body), notices


def read_header(text: bytes, mark: bytes, start: int, header_row: int | None) -> tuple[int, Record]:
    """Number and record of the header. Raises SheetError: there is none, a quote in it is wrong, too many cells."""
    number, header = _header(text, mark, start, header_row)
    if header.quote:
        raise SheetError(f"a quote in the header (row {number}) is wrong: {header.quote}", hint="correct the header row")
    if len(header.cells) > MAX_CELLS:
        raise SheetError(
            f"the header (row {number}) has more than {MAX_CELLS:,} cells",
            hint="is it delimited text? pass the right `delimiter`",
        )
    return number, header


def _header(text: bytes, mark: bytes, start: int, header_row: int | None) -> tuple[int, Record]:
    for number, record in enumerate(records(text, mark, start), start=1):
        filled = any(cell.decode().strip() for cell in record.cells)
        if number == header_row and not filled:
            break
        if number == header_row or (header_row is None and filled):
            return number, record
    if header_row is None:
        raise SheetError("the sheet is empty: it has no header row", hint="export the sheet again, with its header row")
    raise SheetError(f"row {header_row}, where the header shall be, is blank or not there")


def _schema(width: int) -> dict[str, type[pl.String]]:
    return {f"c{i}": pl.String for i in range(width)}


def _fast(text: bytes, mark: bytes, start: int, width: int, *, whole: bool = False) -> pl.DataFrame | None:
    """The rows by polars' reader, or None where only the exact way can say what the text means.

    whole: the header, one plain line, is all that stands before `start`.
    """
    if start >= len(text):
        return pl.DataFrame(schema=_schema(width))
    if b'"' in text and not well_formed(text, mark, start):
        return None
    # polars takes the width from the first line, so one of full width stands before the rows, and is taken off again.
    guard = mark * (width - 1) + b"\n" if width > 1 else b"x\n"
    rows = text if whole else b"".join((guard, memoryview(text)[start:]))
    try:
        frame = pl.read_csv(rows, has_header=False, infer_schema=False, schema=_schema(width), separator=mark.decode())
    except PolarsError:
        return None
    return frame.slice(1)


def _exact(
    text: bytes, mark: bytes, start: int, width: int, first_row: int, *, check: Check = lambda rows, columns: None
) -> tuple[pl.DataFrame, list[Notice]]:
    notices: list[Notice] = []
    parts = [pl.DataFrame(schema=_schema(width))]
    numbered = enumerate(records(text, mark, start), start=first_row)
    most = max(1, _BATCH_CELLS // width)
    while batch := list(_shaped(islice(numbered, most), width, notices)):
        check(sum(part.height for part in parts) + len(batch), width)
        columns = zip(*batch, strict=True)
        parts.append(
            pl.DataFrame([pl.Series(f"c{i}", column, dtype=pl.Binary).cast(pl.String) for i, column in enumerate(columns)])
        )
    return pl.concat(parts), notices


def _shaped(numbered: Iterator[tuple[int, Record]], width: int, notices: list[Notice]) -> Iterator[list[bytes | None]]:
    """Each record's cells at the header's width; what is wrong with it goes to `notices`."""
    for row, (cells, _, quote) in numbered:
        if quote:
            notices.append(Notice(row=row, code="row-quote", detail=quote))
        elif len(cells) > width and any(cell.strip() for cell in cells[width:]):
            notices.append(Notice(row=row, code="row-ragged", detail=f"{len(cells)} cells, the header has {width}"))
        yield [*cells[:width], *[None] * (width - len(cells))]


def _has_tall_cells(text: bytes, start: int, rows: int) -> bool:
    """Whether a cell may hold two line ends: there are that many more of them than rows."""
    ends = text.count(b"\n", start)
    if b"\r" in text:
        ends += text.count(b"\r", start) - text.count(b"\r\n", start)
    return ends > rows


def _swallowed(body: pl.DataFrame, width: int, mark: str, first_row: int, known: set[int]) -> list[Notice]:
    """Rows with a cell that holds whole lines of the sheet: a quote was left open and closed by another row's quote.

    Told by every inner line of the cell having exactly the delimiters of a row. Such a cell cannot be parted with certainty.
    """
    if width < 3:
        return []
    lines = pl.all().str.replace_all("\r\n|\r", "\n").str.split("\n")
    inner = lines.list.slice(1, lines.list.len().cast(pl.Int64) - 2)
    tall = body.with_row_index("row", first_row).filter(pl.any_horizontal(pl.exclude("row").str.count_matches("\n|\r") >= 2))
    if tall.is_empty():
        return []
    rowlike = inner.list.eval(pl.element().str.count_matches(mark, literal=True) == width - 1).list.all()
    found = tall.select("row").filter(tall.drop("row").select(hit=pl.any_horizontal(rowlike & (inner.list.len() > 0)))["hit"])
    return [
        Notice(row=row, code="row-quote", detail="a quoted cell holds whole lines of the sheet")
        for row in found["row"].to_list()
        if row not in known
    ]
