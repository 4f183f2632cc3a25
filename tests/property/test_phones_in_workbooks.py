"""What Excel makes of every example number that phonenumbers knows: stored as a number, and read back from the workbook."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
from test_phones_laws import EXAMPLES, _digits, _national

from callcamp_sync.phones import normalise_phones
from callcamp_sync.sheets import read_sheet

Stored = tuple[float, str]
"""A cell's number, and the format that shows it."""


def _zeros(text: str) -> str:
    return "0" * max(len(text), 2)


#: How a number gets into a cell that holds numbers; Excel keeps 15 digits.
CELLS: dict[str, Callable[[str, str], Stored]] = {
    "an integer that lost its plus": lambda e164, national: (float(e164[1:]), "General"),
    "an integer that lost its zero": lambda e164, national: (float(national), "0"),
    "a format that shows the zeros": lambda e164, national: (float(national), _zeros(national)),
    "a format that shows the plus": lambda e164, national: (float(e164[1:]), '"+"0'),
    "thousands that are parted": lambda e164, national: (float(e164[1:]), "#,##0"),
    "an exponent that is only shown": lambda e164, national: (float(e164[1:]), "0.00E+00"),
    "a fraction": lambda e164, national: (float(e164[1:]) + 0.5, "0.0"),
    "a date": lambda e164, national: (float(national) % 2_000_000, "yyyy-mm-dd"),
}


def _stored(path: Path, cells: list[Stored]) -> pl.Series:
    """The cells as the reader gives them, in order."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        formats = {form: book.add_format({"num_format": form}) for _, form in cells}
        sheet.write_row(0, 0, ["Phone", "nr"])
        for row, (number, form) in enumerate(cells, 1):
            sheet.write_number(row, 0, number, formats[form])
            sheet.write_string(row, 1, "x")
    return read_sheet(path).frame["Phone"]


@pytest.mark.parametrize("store", CELLS.values(), ids=CELLS)
def test_a_number_that_excel_stored_is_itself_or_an_issue(store: Callable[[str, str], Stored], tmp_path: Path) -> None:
    """Zeros in front are no digits of a number: what they were is known only where a format shows them."""
    texts = _stored(tmp_path / "s.xlsx", [store(e164, _digits(_national(number))) for _, number, e164 in EXAMPLES])
    regions = pl.Series([None if region == "001" else region for region, _, _ in EXAMPLES], dtype=pl.String)
    found = normalise_phones(texts, regions)["phone"]
    strangers = [
        (text, e164, phone) for text, (_, _, e164), phone in zip(texts, EXAMPLES, found, strict=True) if phone not in {None, e164}
    ]
    assert strangers == []


def test_zeros_that_a_format_shows_are_read_in_every_region(tmp_path: Path) -> None:
    texts = _stored(
        tmp_path / "s.xlsx", [CELLS["a format that shows the zeros"]("", _digits(_national(n))) for _, n, _ in EXAMPLES]
    )
    assert texts.to_list() == [_digits(_national(number)) for _, number, _ in EXAMPLES]
