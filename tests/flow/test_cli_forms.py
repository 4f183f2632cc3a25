"""Workbooks that people fill in and correct, all the way: written by a command, edited as a person would, synced."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
from flow_stage import EMPTY, Stage


def fill(path: Path, rows: list[dict[str, Any]], tab: str = "Contacts", start: int = 3) -> None:
    """Type rows into a workbook below its headings."""
    book = openpyxl.load_workbook(path)
    sheet = book[tab]
    columns = {cell.value: cell.column for cell in sheet[1]}
    for row, cells in enumerate(rows, start):
        for heading, value in cells.items():
            sheet.cell(row, columns[heading]).value = value
    book.save(path)


def test_a_template_that_was_filled_in_creates_its_contacts_and_not_the_example(stage: Stage) -> None:
    made = stage.here("template", "-c", EMPTY, "-o", "t.xlsx")
    assert (made.code, made.err) == (0, "")
    row = {"Phone": "+1 201 555 0140", "Company": "Example Ltd", "Renewal date": "2030-05-10", "VIP": "yes", "Employees": 12}
    fill(stage.folder / "t.xlsx", [row, {**row, "Phone": "+1 201 555 0141", "Plan": "Pro"}])
    ended = stage.here("sync", "t.xlsx", "-c", EMPTY, "--yes")
    assert ended.code == 0, ended.err
    assert stage.report()["counts"] == {"created": 2, "unchanged": 1}
    assert stage.phones(EMPTY) == ["+12015550140", "+12015550141"]
    assert {order.status for order in stage.orders(EMPTY)} == {"registered"}


def test_an_untouched_template_sends_nothing(stage: Stage) -> None:
    stage.here("template", "-c", EMPTY, "-o", "t.xlsx")
    mark = stage.forget()
    assert stage.here("sync", "t.xlsx", "-c", EMPTY, "--yes").code == 0
    assert stage.methods(mark) == {"GET"}


def test_a_template_is_not_written_over_one_that_somebody_filled_in(stage: Stage) -> None:
    stage.file("t.xlsx", "mine")
    mark = stage.forget()
    ended = stage.here("template", "-c", EMPTY, "-o", "t.xlsx")
    assert (ended.code, stage.methods(mark)) == (2, set())
    assert (stage.folder / "t.xlsx").read_text() == "mine"


def test_the_columns_are_told_to_programs(stage: Stage) -> None:
    document = stage.here("template", "-c", EMPTY, "-o", "t.xlsx", "--json").document
    assert document["columns"][:3] == ["Action", "Phone", "Name"]
    assert document["columns"][-1] == "Plan"
