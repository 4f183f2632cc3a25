"""Delimited text as people and programs write it, read with the row numbers that Excel shows."""

from __future__ import annotations

import hashlib
import io
import sys
from pathlib import Path

import polars as pl
import pytest

from callcamp_sync.errors import SheetError
from callcamp_sync.fields import ROW
from callcamp_sync.model import Sheet
from callcamp_sync.sheets import csv_in, read_sheet
from callcamp_sync.sheets.encoding import decode


def read(folder: Path, data: bytes, **how: str | int) -> Sheet:
    path = folder / "leads.csv"
    path.write_bytes(data)
    return read_sheet(path, **how)  # type: ignore[arg-type]  # a table of keyword arguments


def same(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    """Whether two frames hold the same text; "" and null are both a blank cell."""
    return one.select(pl.all().replace("", None)).equals(other.select(pl.all().replace("", None)))


READ = {
    "a comma separated file": (b"a,b\n1,2\n", [(2, "1", "2")]),
    "no line end after the last row": (b"a,b\n1,2", [(2, "1", "2")]),
    "CRLF line ends": (b"a,b\r\n1,2\r\n", [(2, "1", "2")]),
    "CR line ends only": (b"a,b\r1,2\r\r3,4", [(2, "1", "2"), (4, "3", "4")]),
    "CR line ends and quotes": (b'a,b\r"1\n,",2\r3,4', [(2, "1\n,", "2"), (3, "3", "4")]),
    "blank lines count in the row numbers": (b"a,b\n\n1,2\n\n\n3,4\n\n", [(3, "1", "2"), (6, "3", "4")]),
    "blank lines before the header count too": (b"\n\na,b\n1,2", [(4, "1", "2")]),
    "a line of delimiters and spaces is blank": (b"a,b\n , \n1,2", [(3, "1", "2")]),
    "a quoted newline makes one row of two lines": (b'a,b\n"1\r\nx",2\n3,4\n', [(2, "1\r\nx", "2"), (3, "3", "4")]),
    "leading zeros and plus signs are kept": (b"a,b\n007,+12015550123", [(2, "007", "+12015550123")]),
    "numbers with exponents stay as they are written": (b"a,b\n1E5,4.4E+11", [(2, "1E5", "4.4E+11")]),
    "outer spaces of a cell are kept": (b"a,b\n 1 ,2", [(2, " 1 ", "2")]),
    "a cell of spaces is blank": (b"a,b\n   ,2", [(2, None, "2")]),
    "semicolons, with decimal commas": (b"a;b\n1,5;2,5\n3;4,1", [(2, "1,5", "2,5"), (3, "3", "4,1")]),
    "tabs, with commas in the cells": (b"a\tb\n1,1\t2", [(2, "1,1", "2")]),
    "vertical bars": (b"a|b\n1|2", [(2, "1", "2")]),
    "a sep= line, which Excel does not show": (b"sep=;\r\na;b\r\n1;2", [(2, "1", "2")]),
    "quoted delimiters do not mislead": (b'"a;x","b;y"\n"1;1",2', [(2, "1;1", "2")]),
    "a doubled quote is a quote": (b'a,b\n"say ""hi""",2', [(2, 'say "hi"', "2")]),
    "a quote inside of text is text": (b'a,b\n5" pipe,6"\n7,8', [(2, '5" pipe', '6"'), (3, "7", "8")]),
    "a short line has blank cells": (b"a,b\n1\n3,4", [(2, "1", None), (3, "3", "4")]),
    "extra delimiters at the end of a line are nothing": (b"a,b\n1,2,,\n3,4", [(2, "1", "2"), (3, "3", "4")]),
    "a blank column without heading is left out": (b"a,,b\n1, ,2", [(2, "1", "2")]),
    "our own formula escape is undone": (b"a,b\n'=1,''=1", [(2, "=1", "'=1")]),
    "an apostrophe before other text stays": (b"a,b\n'x,o'=1", [(2, "'x", "o'=1")]),
    "a header alone": (b"a,b\n", []),
    "other Unicode line ends are text": ("a,b\n1\u2028x\x0b\x85,2\n".encode(), [(2, "1\u2028x\x0b\x85", "2")]),
    "UTF-8 with a byte order mark": ("\ufeffa,b\né,ü".encode(), [(2, "é", "ü")]),
    "UTF-16 with a byte order mark": ("a,b\né,ü".encode("utf-16"), [(2, "é", "ü")]),
    "UTF-16, big end first": ("\ufeffa,b\né,ü".encode("utf-16-be"), [(2, "é", "ü")]),
    "UTF-16 without a mark": ("a,b\né,ü".encode("utf-16-le"), [(2, "é", "ü")]),
    "UTF-16 big end first, without a mark": ("a,b\né,ü".encode("utf-16-be"), [(2, "é", "ü")]),
    "Windows-1252": ("a,b\né,€".encode("cp1252"), [(2, "é", "€")]),
}


@pytest.mark.parametrize(("data", "rows"), READ.values(), ids=READ)
def test_it_reads(tmp_path: Path, data: bytes, rows: list[tuple[object, ...]]) -> None:
    sheet = read(tmp_path, data)
    assert (sheet.frame.rows(), sheet.frame.columns, sheet.issues.height) == (rows, [ROW, *sheet.headings], 0)


@pytest.mark.parametrize("data", [data for data, _ in READ.values()], ids=READ)
def test_the_fast_way_says_what_the_exact_way_says(data: bytes) -> None:
    text = decode(data).utf8.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    width = text.partition(b"\n")[0].count(b",") + 1
    fast = csv_in._fast(text, b",", 0, width)
    exact, _ = csv_in._exact(text, b",", 0, width, 1)
    assert fast is None or same(fast, exact)


WRONG_ROWS = {
    "more filled cells than headings": (b"a,b\n1,2,3\n4,5", [(2, "row-ragged")], [(2, "1", "2"), (3, "4", "5")]),
    "a blank row with a cell too far right": (b"a,b\n,,3\n4,5", [(2, "row-ragged")], [(2, None, None), (3, "4", "5")]),
    "a quote that never closes": (b'a,b\n"x,1\n3,4', [(2, "row-quote")], [(2, '"x', "1"), (3, "3", "4")]),
    "a quote that another row closes": (
        b'a,b\n"x,1\n3,4\n5,"6"\n',
        [(2, "row-quote")],
        [(2, '"x', "1"), (3, "3", "4"), (4, "5", "6")],
    ),
    "a quote that an empty quoted cell does not close": (
        b'a,b\n"x,1\n3,""',
        [(2, "row-quote")],
        [(2, '"x', "1"), (3, "3", None)],
    ),
    "text behind a closing quote": (b'a,b\n"x" y,1\n3,4', [(2, "row-quote")], [(2, '"x" y', "1"), (3, "3", "4")]),
    "a cell that holds whole rows": (
        b'a,b,c\n1,"x\n1,2,3\n4,y",5\n',
        [(2, "row-quote")],
        [(2, "1", "x\n1,2,3\n4,y", "5")],
    ),
}


@pytest.mark.parametrize(("data", "issues", "rows"), WRONG_ROWS.values(), ids=WRONG_ROWS)
def test_only_the_wrong_row_has_an_issue(
    tmp_path: Path, data: bytes, issues: list[tuple[int, str]], rows: list[tuple[object, ...]]
) -> None:
    sheet = read(tmp_path, data)
    assert (sheet.issues.select("row", "code").rows(), sheet.frame.rows()) == (issues, rows)


def test_an_address_of_three_lines_is_no_swallowed_row(tmp_path: Path) -> None:
    data = b'a,b,c,d\n1,"12 High St,\nFlat 3,\nTown",3,4\n'
    assert read(tmp_path, data).issues.is_empty()


REFUSED = {
    "an empty file": (b"", "is empty (0 bytes)"),
    "blank lines only": (b"\n \n", "no header row"),
    "a heading that stands twice": (b"a,b,a\n1,2,3", "`a` (columns A, C)"),
    "data under a blank heading": (b"a,,b\n1,2,3", "column B has data (row 2)"),
    "our own column's name": (b"a,__row__\n1,2", "`__row__` is reserved"),
    "a NUL character": (b"a,b\n1,2\x00", "line 2 of the file has a NUL"),
    "bytes that Windows-1252 does not have": (b"a,b\n\x81,2", "byte offset 4"),
    "a byte order mark that lies": (b"\xef\xbb\xbfa,b\n\xff,2", "says it is UTF-8"),
    "a quote left open in the header": (b'a,"b\n1,2', "quote in the header"),
    "a picture": (b"\x89PNG\r\n\x1a\n....", "is a picture"),
    "a PDF": (b"%PDF-1.7", "is a PDF"),
    "a web page": (b"\r\n<!DOCTYPE HTML><html>", "is a web page"),
    "an XML file": (b"<?xml version='1.0'?><Workbook/>", "is an XML file"),
    "a zip archive": (b"PK\x05\x06" + bytes(18), "is a zip archive"),
    "an old workbook": (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(100), "without a sheet"),
    "a protected workbook": (bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le"), "password"),
}


@pytest.mark.parametrize(("data", "words"), REFUSED.values(), ids=REFUSED)
def test_it_refuses_with_one_clear_line(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(SheetError) as caught:
        read(tmp_path, data)
    assert words in caught.value.message
    assert "\n" not in caught.value.message


def test_windows_1252_is_said(tmp_path: Path) -> None:
    info = read(tmp_path, "a,b\nx,1\né,2".encode("cp1252")).info
    assert (info.encoding, info.warnings) == (
        "cp1252",
        ("the file is not UTF-8 (line 3); it was read as Windows-1252: check letters with accents",),
    )


def test_a_lead_byte_at_the_end_of_a_block_is_no_error(tmp_path: Path) -> None:
    text = "a\n" + "x" * ((1 << 22) - 3) + "é" * 10 + "\n"
    assert read(tmp_path, text.encode()).info.encoding == "utf-8"


def test_the_header_row_may_be_named(tmp_path: Path) -> None:
    sheet = read(tmp_path, b"Leads of May\n\na;b\n1;2", header_row=3)
    assert sheet.frame.rows() == [(4, "1", "2")]


@pytest.mark.parametrize("row", [2, 9], ids=["a blank row", "a row that is not there"])
def test_a_header_row_that_is_none_is_refused(tmp_path: Path, row: int) -> None:
    with pytest.raises(SheetError, match=f"row {row}, where the header shall be"):
        read(tmp_path, b"a,b\n\n1,2", header_row=row)


def test_what_the_user_says_outranks_the_evidence(tmp_path: Path) -> None:
    sheet = read(tmp_path, "a|b;c\né|2;3".encode("cp1250"), delimiter="|", encoding="cp1250")
    assert (sheet.frame.rows(), sheet.info.encoding, sheet.info.delimiter) == ([(2, "é", "2;3")], "cp1250", "|")


@pytest.mark.parametrize("encoding", ["klingon", "hex", "rot13"], ids=str)
def test_an_encoding_that_is_none_is_refused(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(SheetError, match="is not an encoding of text"):
        read(tmp_path, b"a,b\n1,2", encoding=encoding)


@pytest.mark.parametrize("delimiter", ["", "ab", '"', "\n", "é"], ids=repr)
def test_a_delimiter_that_is_none_is_refused(tmp_path: Path, delimiter: str) -> None:
    with pytest.raises(SheetError, match="cannot be a delimiter"):
        read(tmp_path, b"a,b\n1,2", delimiter=delimiter)


def test_the_source_is_described(tmp_path: Path) -> None:
    info = read(tmp_path, b"a;b\n\n1;2\n").info
    assert (info.path, info.sheet, info.rows, info.blank_rows, info.delimiter) == (str(tmp_path / "leads.csv"), None, 1, 1, ";")
    assert info.sha256 == hashlib.sha256(b"a;b\n\n1;2\n").hexdigest()


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a,b\n1,2")))
    sheet = read_sheet("-")
    assert (sheet.frame.rows(), sheet.info.path) == ([(2, "1", "2")], "-")


def test_a_pattern_that_fits_one_file(tmp_path: Path) -> None:
    (tmp_path / "may-1.csv").write_bytes(b"a\n1")
    (tmp_path / "~$may-1.csv").write_bytes(b"lock")
    assert read_sheet(str(tmp_path / "*may-*.csv")).info.path == str(tmp_path / "may-1.csv")


def test_a_pattern_that_fits_several_files_names_them(tmp_path: Path) -> None:
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_bytes(b"a\n1")
    with pytest.raises(SheetError, match=r"matches 2 files: .*one\.csv.*two\.csv"):
        read_sheet(str(tmp_path / "*.csv"))


def test_a_file_name_may_hold_a_number_sign(tmp_path: Path) -> None:
    (tmp_path / "leads#2.csv").write_bytes(b"a\n1")
    assert read_sheet(tmp_path / "leads#2.csv").frame.height == 1


def test_a_sheet_name_for_delimited_text_is_ignored_aloud(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_bytes(b"a\n1")
    assert read_sheet(f"{tmp_path}/leads.csv#May").info.warnings == ("delimited text has no sheets: `May` was ignored",)


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="needs a file that is longer than it says")
def test_a_file_that_grows_while_it_is_read_is_refused() -> None:
    with pytest.raises(SheetError, match="changed while it was read"):
        read_sheet("/proc/version")


NOT_THERE = {
    "a missing file": ("none.csv", "there is no file"),
    "a folder": (".", "is a folder"),
    "no match": ("*.tsv", "no file matches"),
}


@pytest.mark.parametrize(("name", "words"), NOT_THERE.values(), ids=NOT_THERE)
def test_a_source_that_is_not_there(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(SheetError, match=words):
        read_sheet(f"{tmp_path}/{name}")


def test_a_million_unclosed_quotes_cost_no_time(tmp_path: Path) -> None:
    """Each quote is looked for once: a search to the end of the file from every line would take minutes."""
    sheet = read(tmp_path, b"a,b\n" + b'"x"" ,y\n' * 20_001)
    assert sheet.issues.height > 0
