"""Workbooks that people fill in and correct, all the way: written by a command, edited as a person would, synced."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flow_stage import EMPTY, SPRING, Stage, lead


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


# --- fix.xlsx


def cells(path: Path, tab: str) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in openpyxl.load_workbook(path)[tab].iter_rows()]


WRONG = [
    lead("+1 201 555 0150", Plan="Pro", Note="=1+1"),
    lead("call me", Plan="Pro", Note="keep"),
    lead("+1 201 555 0151", Plan="Gold", Note=""),
    lead("+1 201 555 0152", Plan="Basic", Note="twice"),
    lead("+1 201 555 0152", Plan="Pro", Note="twice"),
]


def test_a_run_that_left_rows_out_leaves_them_to_correct(stage: Stage) -> None:
    stage.sheet(WRONG)
    ended = stage.here("sync", "leads.csv", "-c", EMPTY, "--yes")
    assert ended.code == 3
    path = stage.folders[-1] / "fix.xlsx"
    assert "4 rows to correct, then to be synced as a sheet: `fix.xlsx` in the report's folder" in ended.out
    head, *rows = cells(path, "Fix")
    assert head == ["Phone", "Company", "Plan", "Note", "_row", "_problem", "_hint"]
    assert [row[:5] for row in rows] == [
        ["call me", "Example Ltd", "Pro", "keep", 3],
        ["+1 201 555 0151", "Example Ltd", "Gold", None, 4],
        ["+1 201 555 0152", "Example Ltd", "Basic", "twice", 5],
        ["+1 201 555 0152", "Example Ltd", "Pro", "twice", 6],
    ]
    assert rows[0][5:] == ["`call me` is not a phone number", "enter one number with its country code"]
    book = openpyxl.load_workbook(path)
    said = {p.name: p.value for p in book.custom_doc_props.props}
    assert said["callcamp_run"] == stage.report()["run"]["id"]
    assert said["callcamp_source_sha256"] == stage.report()["source"]["sha256"]
    assert (book["Fix"]["A2"].comment.text, book["Fix"]["A2"].fill.fgColor.rgb, book["Fix"]["A2"].number_format) == (
        "`call me` is not a phone number\nenter one number with its country code",
        "FFFBDCDC",
        "@",
    )
    assert [(str(r.sqref), r.formula1) for r in book["Fix"].data_validations.dataValidation] == [("C2:C5", '"Basic,Plus,Pro"')]


def test_a_fix_file_brings_in_exactly_the_rows_that_were_corrected(stage: Stage) -> None:
    stage.sheet(WRONG)
    stage.here("sync", "leads.csv", "-c", EMPTY, "--yes")
    path = stage.folders[-1] / "fix.xlsx"
    fill(path, [{"Phone": "+1 201 555 0160"}, {"Plan": "Plus"}], tab="Fix", start=2)
    ended = stage.here("sync", path, "-c", EMPTY, "--yes")
    assert ended.code == 3
    assert stage.report()["counts"] == {"created": 2, "held": 2}
    assert stage.phones(EMPTY) == ["+12015550150", "+12015550151", "+12015550160"]
    assert any("only its rows count" in notice for notice in stage.report()["notices"])
    again = cells(stage.folders[-1] / "fix.xlsx", "Fix")
    assert [row[0] for row in again] == ["Phone", "+1 201 555 0152", "+1 201 555 0152"]
    assert again[0] == ["Phone", "Company", "Plan", "Note", "_row", "_problem", "_hint"]


def test_no_fix_file_where_nothing_is_wrong(stage: Stage) -> None:
    stage.sheet(WRONG[:1])
    assert stage.here("sync", "leads.csv", "-c", EMPTY, "--yes").code == 0
    assert not (stage.folders[-1] / "fix.xlsx").exists()


@pytest.mark.parametrize("how", ["property", "headings", "csv"])
def test_a_fix_file_takes_nobody_out_in_mode_mirror(stage: Stage, how: str) -> None:
    """By the file's property where somebody removed our columns; by our columns where another program dropped the property."""
    stage.sheet([*({"Phone": order.phone, "Company": ""} for order in stage.orders()[:25]), lead("call me")])
    assert stage.here("sync", "leads.csv", "-c", SPRING, "--yes").code == 3
    before = [(order.phone, order.status) for order in stage.orders()]
    path = stage.folders[-1] / "fix.xlsx"
    fill(path, [{"Phone": "+1 201 555 0160"}], tab="Fix", start=2)
    if how == "csv":
        path = stage.sheet([dict(zip(*cells(path, "Fix"), strict=True))], name="fixed.csv")
    else:
        book = openpyxl.load_workbook(path)
        if how == "property":
            book["Fix"].delete_cols(3, 3)
        else:
            del book.custom_doc_props["callcamp_kind"]
        book.save(path)
    ended = stage.here("sync", path, "-c", SPRING, "--mode", "mirror", "--max-remove", "100%", "--yes")
    assert ended.code == 0, ended.out + ended.err
    report = stage.report()
    assert (report["counts"], set(report["missing"])) == ({"created": 1}, {"kept", "protected"})
    assert sorted((order.phone, order.status) for order in stage.orders()) == sorted([*before, ("+12015550160", "registered")])


def test_a_fix_file_is_no_measure_for_the_next_whole_sheet(stage: Stage) -> None:
    """The guard against shrunken sheets compares with the last whole sheet."""
    rows = [{"Phone": order.phone, "Company": ""} for order in stage.orders()]
    stage.sheet([*rows, lead("call me")])
    stage.here("sync", "leads.csv", "-c", SPRING, "--yes")
    path = stage.folders[-1] / "fix.xlsx"
    fill(path, [{"Phone": "+1 201 555 0160"}], tab="Fix", start=2)
    assert stage.here("sync", path, "-c", SPRING, "--yes").code == 0
    stage.sheet(rows[:15])
    ended = stage.here("sync", "leads.csv", "-c", SPRING, "--mode", "mirror", "--max-remove", "100%", "--yes")
    assert ended.code == 8
    assert "fewer than in the last run" in ended.out + ended.err


def test_a_line_that_was_damaged_in_the_file_is_not_washed_clean(stage: Stage) -> None:
    stage.file("leads.csv", "Phone,Company\n+1 201 555 0150,A,extra\n+1 201 555 0151,B\n")
    assert stage.here("sync", "leads.csv", "-c", EMPTY, "--yes").code == 3
    path = stage.folders[-1] / "fix.xlsx"
    untouched = stage.here("sync", path, "-c", EMPTY, "--yes")
    assert (untouched.code, stage.phones(EMPTY)) == (8, ["+12015550151"])
    assert stage.report()["rows"][0]["issues"][0]["code"] == "fix-open"
    again = stage.folders[-1] / "fix.xlsx"
    fill(again, [{"_problem": None}], tab="Fix", start=2)
    assert stage.here("sync", again, "-c", EMPTY, "--yes").code == 0
    assert stage.phones(EMPTY) == ["+12015550150", "+12015550151"]


def test_a_cell_that_a_workbook_cannot_hold_keeps_its_row_closed(stage: Stage) -> None:
    stage.sheet([lead("call me", Company="Ex\x07ample"), lead("+1 201 555 0151")])
    stage.here("sync", "leads.csv", "-c", EMPTY, "--yes")
    path = stage.folders[-1] / "fix.xlsx"
    assert cells(path, "Fix")[1][1] == "Ex␇ample"
    fill(path, [{"Phone": "+1 201 555 0150"}], tab="Fix", start=2)
    assert stage.here("sync", path, "-c", EMPTY, "--yes").code == 8
    assert stage.phones(EMPTY) == ["+12015550151"]


def test_rows_that_nobody_has_corrected_yet_stop_no_run_of_a_fix_file(stage: Stage) -> None:
    stage.sheet([lead("call me") for _ in range(25)])
    assert stage.here("sync", "leads.csv", "-c", EMPTY, "--yes").code == 8
    path = stage.folders[-1] / "fix.xlsx"
    fill(path, [{"Phone": "+1 201 555 0150"}], tab="Fix", start=2)
    assert stage.here("sync", path, "-c", EMPTY, "--yes").code == 3
    assert stage.report()["counts"] == {"created": 1, "rejected": 24}


def test_the_same_mapping_reads_the_fix_file(stage: Stage) -> None:
    """By the tab's name and the header row that it names, and with the words that it lists."""
    book = openpyxl.Workbook()
    book.active.title = "Leads 2026"
    for row in ([], ["title"], ["Tel no.", "Firm", "Level"], ["call me", "Example", "Top"], ["+1 201 555 0151", "Example", "x"]):
        book.active.append(row)
    book.create_sheet("Other").append(["x"])
    book.save(stage.folder / "leads.xlsx")
    mapping = (
        "version = 1\n[source]\nsheet = 'Leads 2026'\nheader_row = 3\n[record]\nphoneNumber = 'Tel no.'\n"
        "[parameters]\ncompany = 'Firm'\nplan = { from = 'Level', values = { Top = 'Pro', Low = 'Basic' } }\n"
    )
    stage.file("m.toml", mapping)
    assert stage.here("sync", "leads.xlsx", "-c", EMPTY, "-m", "m.toml", "--yes").code == 8
    path = stage.folders[-1] / "fix.xlsx"
    fixed = openpyxl.load_workbook(path)
    assert fixed["Leads 2026"].data_validations.dataValidation[0].formula1 == '"Top,Low"'
    fixed["Leads 2026"]["A4"], fixed["Leads 2026"]["C5"] = "+1 201 555 0150", "Low"
    fixed.save(path)
    assert stage.here("sync", path, "-c", EMPTY, "-m", "m.toml", "--yes").code == 0
    assert stage.phones(EMPTY) == ["+12015550150", "+12015550151"]


def test_validate_writes_the_rows_to_correct_where_it_is_told(stage: Stage) -> None:
    stage.sheet(WRONG)
    ended = stage.here("validate", "leads.csv", "-c", EMPTY, "--fix-file", "mine.xlsx")
    assert ended.code == 3
    assert len(cells(stage.folder / "mine.xlsx", "Fix")) == 5
    stage.sheet(WRONG[:1])
    fine = stage.here("validate", "leads.csv", "-c", EMPTY, "--fix-file", "none.xlsx")
    assert (fine.code, (stage.folder / "none.xlsx").exists()) == (0, False)
    assert "`none.xlsx` is not written" in fine.out


def test_a_fix_file_never_replaces_the_sheet_that_is_read(stage: Stage) -> None:
    stage.here("template", "-c", EMPTY, "-o", "t.xlsx")
    before = (stage.folder / "t.xlsx").read_bytes()
    for asked in ("t.xlsx", "t.xlsx#Contacts"):
        assert stage.here("validate", asked, "-c", EMPTY, "--fix-file", "t.xlsx").code == 2
    assert (stage.folder / "t.xlsx").read_bytes() == before


# --- --annotate


def own_workbook(stage: Stage, name: str = "leads.xlsx") -> Path:
    book = openpyxl.Workbook()
    book.active.title = "Leads"
    rows = [["Phone", "Company"], ["+1 201 555 0150", "Example Ltd"], [], ["call me", "Example Ltd"]]
    for row in rows:
        book.active.append(row)
    book.save(stage.folder / name)
    return stage.folder / name


def test_the_annotated_copy_says_how_each_row_ended_and_is_synced_like_the_original(stage: Stage) -> None:
    before = own_workbook(stage).read_bytes()
    ended = stage.here("sync", "leads.xlsx", "-c", EMPTY, "--yes", "--annotate", "done.xlsx")
    assert ended.code == 3, ended.err
    order = stage.orders(EMPTY)[0]
    assert cells(stage.folder / "done.xlsx", "Leads") == [
        ["Phone", "Company", "_outcome", "_order_id", "_record_id", "_message"],
        ["+1 201 555 0150", "Example Ltd", "created", order.uuid, order.record.uuid, None],
        [None] * 6,
        ["call me", "Example Ltd", "rejected", None, None, "`call me` is not a phone number"],
    ]
    assert (stage.folder / "leads.xlsx").read_bytes() == before
    assert stage.here("sync", "done.xlsx", "-c", EMPTY, "--yes").code == 3
    assert stage.report()["counts"] == {"unchanged": 1, "rejected": 1}


def test_a_dry_run_annotates_what_is_planned(stage: Stage) -> None:
    own_workbook(stage)
    stage.here("sync", "leads.xlsx", "-c", EMPTY, "--dry-run", "--annotate", "plan.xlsx")
    assert [row[2] for row in cells(stage.folder / "plan.xlsx", "Leads")] == ["_outcome", "created", None, "rejected"]


@pytest.mark.parametrize(
    ("sheet", "target", "words"),
    [
        pytest.param("leads.csv", "x.xlsx", "copies a workbook", id="of a CSV file"),
        pytest.param("leads.xlsx", "x.csv", "must end in", id="into another format"),
        pytest.param("leads.xlsx", "leads.xlsx", "is the sheet that is read", id="over the workbook itself"),
        pytest.param("leads.xlsx#Leads", "./leads.xlsx", "is the sheet that is read", id="over it by another name"),
        pytest.param("leads.xlsx", "nowhere/x.xlsx", "is not there", id="into no folder"),
    ],
)
def test_a_copy_that_cannot_be_is_refused_before_anything_is_sent(stage: Stage, sheet: str, target: str, words: str) -> None:
    own_workbook(stage)
    stage.sheet([lead("+1 201 555 0150")])
    mark = stage.forget()
    ended = stage.here("sync", sheet, "-c", EMPTY, "--yes", "--annotate", target)
    assert (ended.code, words in ended.err, stage.methods(mark)) == (2, True, set())


def test_a_copy_that_cannot_be_written_is_told_and_the_run_stands(stage: Stage) -> None:
    own_workbook(stage)
    (stage.folder / "there.xlsx").mkdir()
    ended = stage.here("sync", "leads.xlsx", "-c", EMPTY, "--yes", "--annotate", "there.xlsx")
    assert ended.code == 6
    assert "`there.xlsx` is not written" in ended.out
    assert stage.phones(EMPTY) == ["+12015550150"]
