"""Headings that the import knows, and a template that is imported without a mapping file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from callcamp_sync.errors import UsageError
from callcamp_sync.fields import FIELDS, Home
from callcamp_sync.headings import headings
from callcamp_sync.mapping import bind, plain_mapping
from callcamp_sync.model import CampaignInfo
from callcamp_sync.rows import read_rows
from callcamp_sync.schema import RecordSchema, read_record_type
from callcamp_sync.sheets import read_sheet
from callcamp_sync.template import check_target, template_form, write_template
from callcamp_sync.values import offered

CAMPAIGN = CampaignInfo(uuid="c_1", name="=Spring", status="active", timezone="UTC", record_type_uuid="type_1")
KINDS = ("text", "textarea", "number", "bool", "date", "datetime", "currency", "country", "select")


def record_type(*parameters: dict[str, Any]) -> RecordSchema:
    return read_record_type({"uuid": "type_1", "name": "Lead", "parameters": list(parameters)})


ALL = record_type(
    *({"id": f"p_{kind}", "type": kind, "title": f"A {kind}", "options": ["one", "two"], "required": True} for kind in KINDS),
    {
        "id": "code",
        "type": "text",
        "title": "Code",
        "validation": "^[A-Z]{2}-[0-9]{4}$",
        "error": "two letters",
        "required": True,
    },
    {"id": "odd", "type": "text", "title": "Odd", "validation": "^qqq$", "required": True},
)

PARAMETERS = {
    "a title is the heading": ([("plan", "Plan")], ["Plan"]),
    "a title that is Callcamp's own gives way to the id": ([("state", "Status")], ["state"]),
    "an id that is Callcamp's own, too, is spelled out": ([("currency", "Currency")], ["parameters.currency"]),
    "a title that two share": ([("a", "Plan"), ("b", "Plan")], ["a", "b"]),
    "a title that is another's id": ([("a", "b"), ("b", "B thing")], ["a", "B thing"]),
    "a title with an underscore in front": ([("a", "_hidden")], ["a"]),
    "an id with an underscore in front": ([("_a", "_hidden")], ["parameters._a"]),
    "ids that differ in case and hyphens only": ([("a-b", "Phone"), ("AB", "Name")], ["parameters.a-b", "parameters.AB"]),
    "a title of two lines": ([("a", "one\ntwo")], ["a"]),
}


@pytest.mark.parametrize(("given", "wanted"), PARAMETERS.values(), ids=PARAMETERS)
def test_a_heading_names_its_field_and_no_other(given: list[tuple[str, str]], wanted: list[str]) -> None:
    kind = record_type(*({"id": name, "title": title, "type": "text"} for name, title in given))
    fields = [*FIELDS, *(spec.field for spec in kind.parameters)]
    found = headings(fields)
    assert [found[spec.field.name] for spec in kind.parameters] == wanted
    if wanted[0] != "parameters.a-b":  # such ids are one to the import, whatever their heading
        feeds = bind(plain_mapping(), list(found.values()), kind.parameters, by_name=True).feeds
        assert {feed.rule.field.name: feed.headings[0] for feed in feeds} == found


def made(folder: Path, kind: RecordSchema = ALL) -> Path:
    write_template(CAMPAIGN, kind, folder / "t.xlsx")
    return folder / "t.xlsx"


def test_every_field_and_parameter_has_a_column_and_a_comment(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(made(tmp_path))["Contacts"]
    head = [cell.value for cell in sheet[1]]
    assert head == [*(f.title for f in FIELDS if f.home is not Home.KEY), *(s.field.title for s in ALL.parameters)]
    code = next(cell for cell in sheet[1] if cell.value == "Code")
    assert "^[A-Z]{2}-[0-9]{4}$" in code.comment.text
    assert "two letters" in code.comment.text
    assert "Required." in code.comment.text
    assert sheet.freeze_panes == "A2"


def test_the_phone_column_is_text_down_to_the_last_row_with_drop_downs(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(made(tmp_path))["Contacts"]
    column = next(cell for cell in sheet[1] if cell.value == "Phone").column_letter
    assert (sheet[f"{column}2"].number_format, sheet[f"{column}2"].value) == ("@", "+12015550123")
    form = template_form(ALL)
    assert (form.questions[1].heading, form.questions[1].kind) == ("Phone", "text")


def test_each_list_is_in_force_and_offers_only_what_the_import_takes(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(made(tmp_path))
    sheet = book["Contacts"]
    heads = {cell.column_letter: cell.value for cell in sheet[1]}
    kinds = {
        heads[str(rule.sqref).rstrip("0123456789:").split("2")[0]]: rule.type for rule in sheet.data_validations.dataValidation
    }
    lists = {"Action", "Status", "Country", "Currency", "Timezone", "A bool", "A select", "A country"}
    assert {name for name, kind in kinds.items() if kind == "list"} == lists
    assert {name: kind for name, kind in kinds.items() if kind != "list"} == {
        "Scheduled time": "date",
        "Duration": "decimal",
        "Price": "decimal",
        "A number": "decimal",
        "A date": "date",
        "A datetime": "date",
    }
    assert book.sheetnames == ["Contacts", "Read me", "Lists"]


def test_every_word_that_is_offered_is_read_as_good(tmp_path: Path) -> None:
    form = template_form(ALL)
    for place, question in enumerate(form.questions):
        words = question.check.words if question.check else ()
        frame = pl.DataFrame({"Phone": ["+12015550123"] * len(words), question.heading: words})
        path = tmp_path / f"{place}.csv"
        if words and question.heading != "Phone":
            frame.write_csv(path)
            sheet = read_sheet(path)
            binding = bind(plain_mapping(), sheet.headings, ALL.parameters, by_name=True)
            assert read_rows(sheet, binding, ALL).issues.filter(pl.col("code") != "duplicate-conflict").is_empty(), (
                question.heading
            )


def test_the_example_is_good_and_asks_to_be_skipped(tmp_path: Path) -> None:
    sheet = read_sheet(made(tmp_path))
    binding = bind(plain_mapping(), sheet.headings, ALL.parameters, by_name=True)
    desired = read_rows(sheet, binding, ALL)
    assert desired.frame.select("phone", "action", "want_status").rows() == [("+12015550123", "skip", "registered")]
    assert desired.issues.is_empty()
    assert binding.unmatched == ()
    values = dict(zip(sheet.headings, sheet.frame.row(0)[1:], strict=True))
    assert (values["Code"], values["Odd"]) == ("AB-0001", None)


def test_no_list_offers_what_has_none() -> None:
    kinds = {field.kind for field in FIELDS} - {f.kind for f in FIELDS if offered(f.kind)}
    assert sorted(kinds) == ["email", "id", "instant", "number", "phone", "text"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("t.csv", "is no name for a workbook", id="another ending"),
        pytest.param("there.xlsx", "somebody may have filled it in", id="a file that is there"),
    ],
)
def test_a_target_that_would_do_harm_is_refused(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "there.xlsx").write_bytes(b"x")
    with pytest.raises(UsageError, match=words):
        check_target(tmp_path / name)
    check_target(tmp_path / "new.xlsx")
