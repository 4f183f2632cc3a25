"""`map suggest`, `check`, `explain`, `schema`: from the command line, against a campaign and against a Record Type file."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from flow_stage import EMPTY, SPRING, Stage, lead

from callcamp_sync.mapping import json_schema
from callcamp_sync.sandbox import bulk_phone

SAMPLES = Path(__file__).parents[2] / "sample_data"
NEW = [bulk_phone(index) for index in range(900, 903)]


def _record_type(stage: Stage) -> Path:
    kind = next(iter(stage.box.world.record_types.values()))
    return stage.file("lead.json", json.dumps({"uuid": kind.uuid, "name": kind.name, "parameters": kind.parameters}))


def test_a_suggested_mapping_carries_the_sheet_into_the_campaign_as_it_is(stage: Stage) -> None:
    """Headings that no field has: without the suggestion nothing would fit."""
    rows = [
        {"Mobile no.": phone, "Firm / company": "Example Ltd", "Their e-mail": f"c{place}@example.com"}
        for place, phone in enumerate(NEW)
    ]
    stage.sheet(rows)
    assert stage.here("sync", "leads.csv", "-c", EMPTY, "--yes").code == 2
    made = stage.here("map", "suggest", "leads.csv", "-c", EMPTY, "-o", "leads.toml")
    assert (made.code, made.out) == (0, "")
    mapping = stage.folder / "leads.toml"
    sure = mapping.read_text("utf-8").replace('# company = "Firm / company"', 'company = "Firm / company"')
    mapping.write_text(sure, encoding="utf-8")
    assert stage.here("map", "check", mapping, "leads.csv", "-c", EMPTY).code == 0
    assert stage.methods() == {"GET"}
    ended = stage.here("sync", "leads.csv", "-m", mapping, "--yes")
    assert ended.code == 0, ended
    assert stage.report()["counts"] == {"created": 3}
    assert stage.phones(EMPTY) == sorted(NEW)


@pytest.mark.parametrize("name", ["leads.csv", "leads.xlsx", "hubspot-contacts.csv", "salesforce-leads.xlsx"])
def test_each_sample_sheet_gets_a_mapping_that_reads_its_rows(stage: Stage, name: str) -> None:
    """As good as the ready mappings: what a person would reject is rejected, not whole columns."""
    kind = _record_type(stage)
    stage.token = None
    made = stage.here("map", "suggest", SAMPLES / name, "--record-type", kind, "-o", "made.toml")
    assert made.code == 0, made
    text = (stage.folder / "made.toml").read_text("utf-8")
    text = text.replace('# company = "Company / Account"', 'company = "Company / Account"')
    stage.file("made.toml", text)
    checked = stage.here("map", "check", "made.toml", SAMPLES / name, "--record-type", kind, "--json")
    assert checked.code in (0, 3), checked
    assert checked.document["rejected"] < checked.document["rows"] * 0.1
    assert str(SAMPLES) not in text


def test_a_mapping_that_is_there_keeps_its_comments_and_gets_only_what_it_lacks(stage: Stage) -> None:
    stage.sheet([{"Phone": NEW[0], "Company": "Example Ltd", "Mail": "a@example.com"}])
    mine = stage.file("mine.toml", "# mine\nversion = 1\n\n[record]\nphoneNumber = 'Phone'   # by hand\n")
    args = ("map", "suggest", "leads.csv", "-c", EMPTY, "-o", mine)
    assert "added [record] email, [parameters] company" in stage.here(*args).err
    text = mine.read_text("utf-8")
    assert "# mine\n" in text
    assert "phoneNumber = 'Phone'   # by hand\n" in text
    assert tomllib.loads(text)["record"] == {"phoneNumber": "Phone", "email": "Mail"}
    assert "nothing to add" in stage.here(*args).err
    assert mine.read_text("utf-8") == text


def test_a_file_that_is_no_mapping_is_not_touched(stage: Stage) -> None:
    stage.sheet([lead(NEW[0])])
    for text in ("version = [", "[record]\nfax = 'Fax'\n"):
        other = stage.file("other.toml", text)
        assert stage.here("map", "suggest", "leads.csv", "-c", EMPTY, "-o", other).code == 2
        assert other.read_text("utf-8") == text


def test_a_suggestion_that_does_not_hold_a_number_says_so(stage: Stage) -> None:
    stage.sheet([{"Colour": "red"}])
    ended = stage.here("map", "suggest", "leads.csv", "-c", EMPTY)
    assert ended.code == 0
    assert "not settled yet" in ended.err
    assert "no column holds the phone number" in ended.err
    assert tomllib.loads(ended.out)["version"] == 1


def test_suggest_needs_to_know_what_the_columns_are_for(stage: Stage) -> None:
    stage.sheet([lead(NEW[0])])
    ended = stage.here("map", "suggest", "leads.csv")
    assert (ended.code, "--record-type" in ended.err) == (2, True)


MAPPING = """\
version = 1
[source]
null_words = ["n/a"]
[phone]
region_from = "Land"
[record]
phoneNumber = { from = ["Mobile", "Phone"] }
country = { from = "Land", values = { Britain = "GB" }, on_unknown = "keep" }
[parameters]
company = "Firm"
budget = { from = "Budget", decimal = ",", thousands = "." }
renewal_date = { from = "Renewal", formats = ["%d/%m/%Y"] }
"""
ROW = {
    "Mobile": "n/a",
    "Phone": "020 7946 0018",
    "Land": "Britain",
    "Firm": "Example Ltd",
    "Budget": "1.234,50",
    "Renewal": "31/12/2027",
}


def test_explain_tells_every_step_from_the_cell_to_the_value(stage: Stage) -> None:
    stage.sheet([ROW, ROW | {"Renewal": "tomorrow"}])
    stage.file("m.toml", MAPPING)
    told = stage.here("map", "explain", "m.toml", "leads.csv", "--row", "2", "-c", EMPTY, "--json")
    assert told.code == 0, told
    fields = {one["field"]: one for one in told.document["fields"]}
    assert told.document["cells"] == ROW
    assert {name: one["value"] for name, one in fields.items()} == {
        "phoneNumber": "+442079460018",
        "country": "GB",
        "parameters.company": "Example Ltd",
        "parameters.budget": "1234.5",
        "parameters.renewal_date": "2027-12-31",
    }
    steps = {name: " | ".join(one["steps"]) for name, one in fields.items()}
    assert "`n/a` stands for nothing, so the next column counts" in steps["phoneNumber"]
    assert "are read in GB, from `Land`: `+442079460018`" in steps["phoneNumber"]
    assert "the mapping's values: `Britain` is `GB`" in steps["country"]
    assert "thousands sign `.`: `1234.5`" in steps["parameters.budget"]
    assert "formats `%d/%m/%Y`, then ISO 8601: `2027-12-31`" in steps["parameters.renewal_date"]


def test_explain_of_a_wrong_row_ends_in_3_with_the_issue_and_its_cure(stage: Stage) -> None:
    stage.sheet([ROW, ROW | {"Renewal": "tomorrow"}])
    stage.file("m.toml", MAPPING)
    told = stage.here("map", "explain", "m.toml", "leads.csv", "--row", "3")
    assert told.code == 3
    assert "date-unreadable (rejected): `tomorrow` is not a date" in told.out
    assert "cure: write it as 2026-05-10" in told.out
    assert "the row is rejected" in told.out
    assert not stage.box.requests


@pytest.mark.parametrize("row", ["1", "9"])
def test_explain_of_a_row_that_is_not_there_names_the_rows_that_are(stage: Stage, row: str) -> None:
    stage.sheet([ROW])
    stage.file("m.toml", MAPPING)
    ended = stage.here("map", "explain", "m.toml", "leads.csv", "--row", row)
    assert (ended.code, "its rows are 2 to 2" in ended.err) == (2, True)


def test_check_without_a_sheet_and_without_a_campaign_judges_the_file_alone(stage: Stage) -> None:
    stage.token = None
    stage.file("m.toml", MAPPING)
    ended = stage.here("map", "check", "m.toml")
    assert ended.code == 0, ended
    assert "sound" in ended.out
    assert "parameters are not checked" in ended.out


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(('"Firm"', '"Firma"'), "did you mean `Firm`?", id="a heading that the sheet lacks"),
        pytest.param(("company =", "companyy ="), "did you mean `company`?", id="a parameter that the campaign lacks"),
        pytest.param(('"%d/%m/%Y"', '"tomorrow"'), "`tomorrow` is no format", id="a format that is none"),
    ],
)
def test_check_names_what_does_not_fit(stage: Stage, change: tuple[str, str], words: str) -> None:
    stage.sheet([ROW])
    stage.file("m.toml", MAPPING.replace(*change))
    ended = stage.here("map", "check", "m.toml", "leads.csv", "-c", EMPTY)
    assert (ended.code, words in ended.err) == (2, True), ended


def test_check_names_what_new_contacts_would_lack(stage: Stage) -> None:
    """The record type asks for a company: a sheet without one can change contacts, and make none."""
    stage.sheet([{"Phone": NEW[0]}])
    stage.file("m.toml", "version = 1\n[record]\nphoneNumber = 'Phone'\n")
    ended = stage.here("map", "check", "m.toml", "leads.csv", "-c", SPRING)
    assert ended.code == 0, ended
    assert "requires `Company`, which no column feeds" in ended.out + ended.err


def test_check_counts_what_each_column_holds(stage: Stage) -> None:
    stage.sheet([ROW, ROW | {"Renewal": "tomorrow"}, ROW | {"Renewal": ""}])
    stage.file("m.toml", MAPPING)
    ended = stage.here("map", "check", "m.toml", "leads.csv", "-c", SPRING, "--json")
    assert ended.code == 3
    feed = next(one for one in ended.document["feeds"] if one["field"] == "parameters.renewal_date")
    assert (feed["filled"], feed["blank"], feed["unread"]) == (2, 1, {"date-unreadable": 1})


def test_schema_is_printed_or_written(stage: Stage) -> None:
    assert stage.here("map", "schema").document == json_schema()
    assert stage.here("map", "schema", "-o", "mapping.schema.json").code == 0
    assert json.loads((stage.folder / "mapping.schema.json").read_bytes()) == json_schema()
    stage.sheet([lead(NEW[0])])
    stage.here("map", "suggest", "leads.csv", "-c", EMPTY, "-o", "new.toml")
    assert (stage.folder / "new.toml").read_text("utf-8").startswith("#:schema mapping.schema.json\n")
