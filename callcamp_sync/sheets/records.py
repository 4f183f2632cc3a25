"""Delimited text -> records, exactly, one line's mistake never swallowing the next. Pure: no I/O.

In:  UTF-8 bytes and the delimiter (one ASCII byte).
Out: records in the file's order, blank lines included: the cells, where the next record begins, and what was wrong with quotes.
Line ends are CRLF, LF and CR, outside quotes. A cell is quoted when it begins with a quote; elsewhere a quote is text (5" pipe).
A quote that never closes, or that closes on a later line in the middle of text, is taken as text: its line is read literally.
Rule source: RFC 4180, and what Excel does where the RFC is silent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_QUOTED = re.compile(rb'"([^"]*+(?:""[^"]*+)*+)"')
_LINE = re.compile(rb"([^\r\n]*+)(?:\r\n|\n|\r|\Z)")
_ENDS = (b"\r", b"\n", b"")


class Record(NamedTuple):
    """One record. cells: bytes of each, unquoted. end: offset behind its line end. quote: what is wrong with a quote, or None."""

    cells: list[bytes]
    end: int
    quote: str | None


def records(data: bytes, delimiter: bytes, start: int = 0) -> Iterator[Record]:
    """Every record from offset `start` on. A line end at the very end of the file begins no further record."""
    plain = re.compile(rb"[^" + re.escape(delimiter) + rb"\r\n]*+")
    while start < len(data):
        line = _LINE.match(data, start)
        assert line is not None  # the pattern matches everywhere
        if b'"' in line[1]:
            record = _quoted_record(data, start, delimiter, plain)
        else:
            record = Record(line[1].split(delimiter), line.end(), None)
        yield record
        start = record.end


def well_formed(data: bytes, delimiter: bytes, start: int = 0) -> bool:
    """Whether every quote from `start` on stands as RFC 4180 has it, and every line ends with LF or CRLF."""
    if b"\r" in data and data.count(b"\r", start) != data.count(b"\r\n", start):
        return _well_formed_cell_by_cell(data, delimiter, start)
    # Every CR is part of a line end, so only quotes are left to judge; what lies between them is passed over at once.
    mark = re.escape(delimiter)
    quoted = rb"(?:\A|(?<=[\r\n" + mark + rb']))"[^"]*+(?:""[^"]*+)*+"(?=[\r\n' + mark + rb"]|\Z)"
    match = re.compile(rb'(?:[^"]*+' + quoted + rb')*+[^"]*+').match(data, start)
    return match is not None and match.end() == len(data)


def _well_formed_cell_by_cell(data: bytes, delimiter: bytes, start: int) -> bool:
    mark = re.escape(delimiter)
    cell = rb'(?:"[^"]*+(?:""[^"]*+)*+"|[^"\r\n' + mark + rb"]*+)"
    whole = re.compile(rb"(?:" + cell + rb"(?:" + mark + rb"|\r?\n))*+" + cell)
    match = whole.match(data, start)
    return match is not None and match.end() == len(data)


def _quoted_record(data: bytes, start: int, delimiter: bytes, plain: re.Pattern[bytes]) -> Record:
    cells: list[bytes] = []
    at, wrong = start, None
    while True:
        quoted = _QUOTED.match(data, at) if data.startswith(b'"', at) else None
        if quoted is None:
            if data.startswith(b'"', at):
                return _literal(data, start, delimiter, "the quote is never closed")
            rest = plain.match(data, at)
            cells.append(rest[0] if rest else b"")
        else:
            rest = plain.match(data, quoted.end())
            tail = rest[0] if rest else b""
            if tail and (b"\n" in quoted[1] or b"\r" in quoted[1]):
                return _literal(data, start, delimiter, "the quote closes only on a later line, in the middle of text")
            cells.append(quoted[1].replace(b'""', b'"') if not tail else quoted[0] + tail)
            wrong = "text follows the closing quote" if tail else wrong
        at = rest.end() if rest else at
        ahead = data[at : at + 1]
        if ahead in _ENDS:
            return Record(cells, at + (2 if data.startswith(b"\r\n", at) else len(ahead)), wrong)
        at += 1


def _literal(data: bytes, start: int, delimiter: bytes, wrong: str) -> Record:
    line = _LINE.match(data, start)
    assert line is not None  # the pattern matches everywhere
    return Record(line[1].split(delimiter), line.end(), wrong)
