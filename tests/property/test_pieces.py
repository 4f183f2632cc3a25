"""A file in pieces is the file: whatever its quotes, line ends and blank lines, each row has its cells, number and faults."""

from __future__ import annotations

import contextlib
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from callcamp_sync.errors import SheetError
from callcamp_sync.model import Sheet
from callcamp_sync.sheets import read_sheet
from callcamp_sync.sheets.cutting import cut, read_piece

_BITS = [
    "a",
    "+12025550101",
    '"',
    '""',
    ",",
    "\n",
    "\r\n",
    "\r",
    " ",
    "é",
    "'=1",
    "Total",
    "7",
    '"x\ny"',
    '"p""q\r\nr"',
    ",,",
    "\n\n",
]
_HEADS = [
    "Phone,Name,Note",
    "\ufeffPhone,Name,Note",
    "\n\nPhone,Name,Note",
    'Phone,"Na\nme",Note',
    "sep=;\nPhone;Name;Note",
    "Phone",
]


@st.composite
def _texts(draw: st.DrawFn) -> str:
    head = draw(st.sampled_from(_HEADS))
    return head + draw(st.sampled_from(["\n", "\r\n"])) + "".join(draw(st.lists(st.sampled_from(_BITS), max_size=60)))


def _joined(path: Path, size: int) -> Sheet | None:
    made = cut(path, size=size)
    if made is None:
        return None
    parts = [read_piece(made.head, piece) for piece in made.pieces]
    assert all(one.end == two.start for one, two in zip(made.pieces, made.pieces[1:], strict=False))
    first = parts[0]
    return Sheet(
        frame=pl.concat([part.frame for part in parts]),
        headings=first.headings,
        issues=pl.concat([part.issues for part in parts]),
        info=first.info,
    )


def _whole(path: Path) -> Sheet | str:
    try:
        return read_sheet(path)
    except SheetError as error:
        return error.message


@given(_texts(), st.integers(1, 40), st.sampled_from(["utf-8", "cp1252"]))
def test_pieces_are_the_whole(text: str, size: int, encoding: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "leads.csv"
        path.write_bytes(text.removeprefix("\ufeff" if encoding == "cp1252" else "").encode(encoding))
        whole = _whole(path)
        if isinstance(whole, str):
            with contextlib.suppress(SheetError):
                assert _joined(path, size) is None
            return
        joined = _joined(path, size)
        if joined is None:
            return
        assert joined.headings == whole.headings
        assert joined.frame.equals(whole.frame)
        assert joined.issues.equals(whole.issues), (joined.issues, whole.issues)
