"""What is proved of a worksheet's rows before a bulk reader gets them: the grammar, the cuts, and the miniatures."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import re2
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from callcamp_sync.sheets import assembly, grammar, read_sheet
from callcamp_sync.sheets.limits import STANDARD
from callcamp_sync.sheets.package import open_package
from callcamp_sync.sheets.segments import Cut, Segment, UnusualError, halves, judged

NUMBERS = st.integers(min_value=0, max_value=2_000_000)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_a_range_of_numbers_fits_these_numbers_and_no_others(one: int, other: int, tried: int) -> None:
    low, high = sorted((one, other))
    pattern = re2.compile(grammar.between(low, high))
    near = {tried, low, high, low - 1, high + 1, low * 10, high * 10, high // 10} - {-1}
    assert {number for number in near if pattern.fullmatch(str(number))} == {number for number in near if low <= number <= high}


PLAIN = {
    "a number": '<c r="A1"><v>12015550123</v></c>',
    "a number in a style": '<c r="A1" s="3"><v>1.5</v></c>',
    "a small number": '<c r="A1"><v>0.00000001</v></c>',
    "a shared string": '<c r="B1" s="1" t="s"><v>7</v></c>',
    "a text": '<c r="A1" t="inlineStr"><is><t xml:space="preserve"> a&amp;b </t></is></c>',
    "true": '<c r="A1" t="b"><v>1</v></c>',
    "a formula with its value": '<c r="A1" t="str"><f>B1&amp;"x"</f><v>yx</v></c>',
    "a formula with its number": '<c r="A1"><f aca="false">1+1</f><v>2</v></c>',
    "a blank cell": '<c r="A1" s="1"/>',
    "nothing": "",
}
TELLING = {
    "an error": '<c r="A1" t="e"><v>#N/A</v></c>',
    "a formula without a value": '<c r="A1"><f>B1</f></c>',
    "a formula with a blank value": '<c r="A1"><f>B1</f><v></v></c>',
    "an exponent": '<c r="A1"><v>4.4E+17</v></c>',
    "sixteen digits": '<c r="A1"><v>1234567890123456</v></c>',
    "fifteen digits and a fraction that round up": '<c r="A1"><v>999999999999999.99</v></c>',
    "a tiny number": '<c r="A1"><v>0.0000000001</v></c>',
    "text in two styles": '<c r="A1" t="inlineStr"><is><r><t>a</t></r><r><rPr><b/></rPr><t>b</t></r></is></c>',
    "an attribute that is not known": '<c r="A1" cm="1"><v>1</v></c>',
}
UNUSUAL = {
    "no place": "<c><v>1</v></c>",
    "a place in another row": '<c r="A2"><v>1</v></c>',
    "a place far away": '<c r="A1048576"><v>1</v></c>',
    "a column outside of the grid": '<c r="ZZZ1"><v>1</v></c>',
    "a place after other attributes": '<c s="1" r="A1"><v>1</v></c>',
    "a place as an entity": '<c r="A&#49;"><v>1</v></c>',
    "a comment": '<c r="A1"><!-- x --><v>1</v></c>',
    "text that is no XML": '<c r="A1"><![CDATA[<c r="Z9"/>]]></c>',
    "a cell in a cell": '<c r="A1"><c r="B1"/></c>',
    "a row in a row": '<row r="1"></row>',
    "a prefix": '<x:c r="A1"><v>1</v></x:c>',
    "another quote": "<c r='A1'><v>1</v></c>",
    "a cell that is not closed": '<c r="A1"><v>1</v>',
}


def judge(cells: str, row: str = "") -> Segment:
    return judged(Segment(rows=f'<row r="1"{row}>{cells}</row>'.encode(), first=1, last=1), formulas=True)


@pytest.mark.parametrize("cells", PLAIN.values(), ids=PLAIN)
def test_rows_with_nothing_to_tell_are_plain(cells: str) -> None:
    assert judge(cells).plain


@pytest.mark.parametrize("cells", TELLING.values(), ids=TELLING)
def test_rows_with_something_to_tell_are_looked_at_closely(cells: str) -> None:
    assert not judge(cells).plain


@pytest.mark.parametrize("cells", UNUSUAL.values(), ids=UNUSUAL)
def test_rows_whose_cells_could_be_anywhere_are_not_read_here(cells: str) -> None:
    with pytest.raises(UnusualError):
        judge(cells)


@pytest.mark.parametrize(("row", "plain"), {' spans="1:2" ht="15"': True, ' hidden="false"': True, ' hidden="1"': False}.items())
def test_a_row_is_plain_unless_it_may_be_hidden(row: str, plain: bool) -> None:
    assert judge('<c r="A1"><v>1</v></c>', row).plain is plain


def test_a_formulas_value_does_not_count_where_nobody_calculated_it() -> None:
    rows = b'<row r="1"><c r="A1"><f>1+1</f><v>0</v></c></row>'
    assert not judged(Segment(rows=rows, first=1, last=1), formulas=False).plain


def test_the_columns_are_known_exactly_where_they_are_many() -> None:
    assert judge('<c r="A1"><v>1</v></c><c r="ABC1"><v>1</v></c>').columns == 731


def lines(*numbers: int) -> bytes:
    return b"".join(b'<row r="%d"><c r="B%d"><v>%d</v></c></row>' % (n, n, n) for n in numbers)


def part(rows: bytes, before: bytes = b"", after: bytes = b"") -> Iterator[bytes]:
    """The part in pieces that begin with a tag, each of a few bytes."""
    text = b"<worksheet>" + before + b"<sheetData>" + rows + b"</sheetData>" + after + b"</worksheet>"
    return iter([b"<" + piece for piece in text.split(b"<")[1:]])


def test_a_part_is_cut_between_rows_and_nothing_of_it_is_lost() -> None:
    rows = lines(*range(3, 200, 4))
    cut = list(Cut(part(rows), 200, "x"))
    assert len(cut) > 5
    assert b"".join(segment.rows for segment in cut) == rows
    assert all(early.last < late.first for early, late in pairwise(cut))


def test_merged_cells_are_read_behind_the_rows() -> None:
    cut = Cut(part(lines(1), after=b'<mergeCells><mergeCell ref="A1:B2"/></mergeCells>'), 200, "x")
    assert (len(list(cut)), cut.merged) == (1, [(0, 0, 1, 1)])


ODD_PARTS = {
    "rows that go back": part(lines(5, 6, 1, 2, 3, 4)),
    "rows that stand twice": part(lines(1, 2) * 20),
    "rows outside of the grid": part(lines(1, 1_048_577)),
    "rows behind the rows": part(lines(1), after=b"<sheetData>" + lines(2) + b"</sheetData>"),
    "rows before the rows": part(lines(1), before=lines(2)),
    "a comment before the rows": part(lines(1), before=b"<!-- <sheetData> -->"),
    "rows without numbers": part(b'<row><c r="A1"><v>1</v></c></row>'),
    "no rows and no end": iter([b"<worksheet><sheetData>"]),
    "no sheet data": iter([b"<worksheet>", b"</worksheet>"]),
}


@pytest.mark.parametrize("pieces", ODD_PARTS.values(), ids=ODD_PARTS)
def test_a_part_that_no_program_writes_is_not_read_here(pieces: Iterator[bytes]) -> None:
    with pytest.raises(UnusualError):
        list(Cut(pieces, 100, "x"))


def test_halves_are_whole_rows_and_one_row_stays_whole() -> None:
    both = halves(Segment(rows=lines(2, 3, 9), first=2, last=9))
    assert [(half.first, half.last) for half in both] == [(2, 3), (9, 9)]
    assert len(halves(Segment(rows=lines(4), first=4, last=4))) == 1


@pytest.mark.parametrize("seed", range(6))
def test_read_in_segments_of_any_size_a_sheet_is_the_same(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Random cells: gaps between rows and columns, texts, numbers, dates, errors, hidden rows."""
    chance = random.Random(seed)
    path = tmp_path / "s.xlsx"
    with xlsxwriter.Workbook(path, {"constant_memory": bool(seed % 2)}) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        for row in sorted(chance.sample(range(400), 90)):
            for column in sorted(chance.sample(range(40), 5)):
                kind = chance.randrange(5)
                if kind == 0:
                    sheet.write_string(row, column, f"text {chance.randrange(50)}")
                elif kind == 1:
                    sheet.write_number(row, column, chance.choice([7, 1.25, 4.4e17, 12015550123]))
                elif kind == 2:
                    sheet.write_number(row, column, 46152, day)
                elif kind == 3:
                    sheet.write_formula(row, column, "=1/0", None, "#DIV/0!")
                else:
                    sheet.write_boolean(row, column, True)
    package = open_package(path.read_bytes(), "s")
    whole, facts = assembly.read(package, package.sheets[0], STANDARD)
    monkeypatch.setattr(assembly, "_SEGMENT", 700)
    monkeypatch.setattr(assembly, "_MAX_EXTENT", 90)
    pieces, same = assembly.read(package, package.sheets[0], STANDARD)
    assert pieces.height > 300
    assert pieces.equals(whole, null_equal=True)
    assert (same.errors, same.numbers, same.hidden) == (facts.errors, facts.numbers, facts.hidden)


def test_a_sheet_far_from_the_corner_keeps_its_place(tmp_path: Path) -> None:
    path = tmp_path / "s.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for row, (one, two) in enumerate([("Phone", "Note"), ("+12015550123", "x"), ("+12015550124", "y")], 1000):
            sheet.write_string(row, 700, one)
            sheet.write_string(row, 701, two)
    assert read_sheet(path).frame.rows() == [(1002, "+12015550123", "x"), (1003, "+12015550124", "y")]
