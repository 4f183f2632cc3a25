"""What a file may take: each limit ends as a line that names it, and what a child reads is what would be read here."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import corpus_books
import corpus_text
import large
import make
import pytest

from callcamp_sync.cli import main
from callcamp_sync.errors import SheetError
from callcamp_sync.sheets import SheetLimits, read_sheet, scan
from callcamp_sync.sheets.package import zeros_of

TEXT = corpus_text.PLAIN.encode()
#: Its cells do not say where they are, so it is read by a process of its own.
ODD = make.xlsx(make.sheet_xml(corpus_books.LINES.replace(' r="', ' x="')))


LIMITS: dict[str, tuple[Callable[[], bytes], SheetLimits, str]] = {
    "the file's size": (lambda: TEXT + b"x" * 1_000_000, SheetLimits(megabytes=1), "larger than 1 MB.*sheet_max_mb"),
    "the size of what is packed": (
        lambda: make.gzipped(b"x\n" * 600_000),
        SheetLimits(megabytes=1),
        "larger than 1 MB.*sheet_max_mb",
    ),
    "rows of a text": (lambda: TEXT, SheetLimits(rows=1), "has 2 rows, more than 1.*sheet_max_rows"),
    "cells of a text": (lambda: TEXT, SheetLimits(cells=3), "2 rows and 2 columns, more than 3 cells.*sheet_max_cells"),
    "rows of a workbook": (lambda: corpus_books.BOOK, SheetLimits(rows=1), "has 2 rows, more than 1.*sheet_max_rows"),
    "rows of an old workbook": (lambda: corpus_books.XLS, SheetLimits(rows=1), "has 2 rows, more than 1.*sheet_max_rows"),
    "a child's memory": (lambda: ODD, SheetLimits(memory=30), "more than 30 MB of memory.*sheet_memory_mb"),
    "a child's time": (lambda: ODD, SheetLimits(seconds=0.01), "longer than 0.01 seconds.*sheet_seconds"),
}


@pytest.mark.parametrize(("data", "limits", "words"), LIMITS.values(), ids=LIMITS)
def test_a_limit_is_named_with_the_setting_that_lifts_it(
    tmp_path: Path, data: Callable[[], bytes], limits: SheetLimits, words: str
) -> None:
    (tmp_path / "leads").write_bytes(data())
    with pytest.raises(SheetError) as refused:
        read_sheet(tmp_path / "leads", limits=limits)
    assert re.search(words, f"{refused.value} {refused.value.hint}")


def test_a_limit_comes_from_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "leads.csv").write_bytes(TEXT)
    (tmp_path / "lead.json").write_text(json.dumps({"uuid": "1", "name": "Lead", "parameters": []}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CALLCAMP_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("CALLCAMP_SHEET_MAX_ROWS", "1")
    monkeypatch.setattr("sys.argv", ["callcamp-sync", "validate", "leads.csv", "--record-type", "lead.json"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code, "sheet_max_rows" in capfd.readouterr().err) == (2, True)


FORMATS = {
    "00000000000": (11, ""),
    '"+"0': (1, "+"),
    "\\+00000000000": (11, "+"),
    "(000) 000-0000": (10, ""),
    "000-000-0000;@": (10, ""),
    "0": None,
    "#,##0": None,
    "0.00": None,
    "0.00E+00": None,
    "0%": None,
    "General": None,
    "yyyy-mm-dd": None,
    '00" kg"': None,
}


@pytest.mark.parametrize(("code", "shown"), FORMATS.items(), ids=FORMATS)
def test_a_number_format_puts_zeros_or_a_plus_in_front(code: str, shown: tuple[int, str] | None) -> None:
    assert zeros_of(code) == shown


HEAD = make.grid(("Phone",))
AREAS = "".join(f'<mergeCell ref="A{n}:B{n}"/>' for n in range(4, 9))
TOLD = {
    "errors": HEAD + make.row(2, *[make.cell(f"{letter}2", "#N/A", kind="e") for letter in "ABCD"]),
    "formulas without a value": HEAD + make.row(2, *[make.cell(f"{letter}2", formula="A1") for letter in "ABCD"]),
    "merged cells": corpus_books.LINES,
}


@pytest.mark.parametrize(("words", "rows"), TOLD.items(), ids=TOLD)
def test_more_notices_than_anybody_reads_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, rows: str
) -> None:
    monkeypatch.setattr(scan, "MAX_TOLD", 3)
    after = f"<mergeCells>{AREAS}</mergeCells>" if words == "merged cells" else ""
    (tmp_path / "leads.xlsx").write_bytes(make.xlsx(make.sheet_xml(rows, after=after)))
    with pytest.raises(SheetError, match=f"more than 3 .*{words}"):
        read_sheet(tmp_path / "leads.xlsx")


def test_a_zip_that_lies_about_a_size_is_damaged(tmp_path: Path) -> None:
    """Python's reader stops where the zip says so; another one would go on."""
    large.liar(tmp_path / "leads.xlsx", 1)
    with pytest.raises(SheetError, match=r"is damaged \(`xl/sharedStrings.xml`\)"):
        read_sheet(tmp_path / "leads.xlsx")
