"""Which column is probably which field, and that as a mapping file that keeps what a person has written."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcamp_sync import frames, mapping_text
from callcamp_sync.fields import ROW
from callcamp_sync.likeness import SURE, Likeness, liken
from callcamp_sync.mapping import bind, parse_mapping
from callcamp_sync.model import ISSUE_SCHEMA, Sheet, SourceInfo
from callcamp_sync.schema import read_record_type

KIND = read_record_type(
    {
        "uuid": "u",
        "name": "Lead",
        "parameters": [
            {"id": "company", "title": "Company", "type": "text", "required": True},
            {"id": "renewal", "title": "Renewal date", "type": "date"},
            {"id": "budget", "title": "Budget", "type": "number"},
            {"id": "plan", "title": "Plan", "type": "select", "options": ["Basic", "Plus", "Pro"]},
        ],
    }
)
PHONES = ["+12015550100", "+12015550101", "+12015550102"]


def sheet(**columns: Sequence[str | None]) -> Sheet:
    return of({name.replace("_", " "): cells for name, cells in columns.items()})


def of(columns: Mapping[str, Sequence[str | None]]) -> Sheet:
    height = len(next(iter(columns.values())))
    frame = pl.DataFrame(
        {ROW: pl.Series(range(2, height + 2), dtype=pl.UInt32)} | dict(columns),
        schema_overrides=dict.fromkeys(columns, pl.String),
    )
    info = SourceInfo(path="x.csv", sheet=None, sha256="", rows=height, blank_rows=0, encoding=None, delimiter=None)
    return Sheet(frame=frame, headings=tuple(columns), issues=frames.empty(ISSUE_SCHEMA), info=info)


def found(columns: Mapping[str, Sequence[str | None]]) -> dict[str, tuple[str, ...]]:
    """Field -> headings, of what is sure."""
    return {guess.field.name: guess.headings for guess in liken(of(columns), KIND.parameters).guesses if guess.score >= SURE}


@pytest.mark.parametrize(
    ("heading", "cells", "field"),
    [
        pytest.param("Phone", PHONES, "phoneNumber", id="an everyday heading"),
        pytest.param("Contact mobile number", PHONES, "phoneNumber", id="a heading with one word more"),
        pytest.param("Number of the phone", PHONES, "phoneNumber", id="words in another order"),
        pytest.param("mobilePhone", PHONES, "phoneNumber", id="words run together"),
        pytest.param("Reach me at", ["a@example.com", "b@example.com", "c@example.com"], "email", id="e-mail under any heading"),
        pytest.param("Country of residence", ["GB", "FR", "US"], "country", id="country codes"),
        pytest.param("Country", ["United Kingdom", "France", "Deutschland"], "country", id="country names"),
        pytest.param(
            "Where the clock is", ["Europe/London", "Europe/Paris", "UTC"], "scheduledTimeTimezone", id="zones under any heading"
        ),
        pytest.param("Company name", ["A Ltd", "B Ltd", "C Ltd"], "parameters.company", id="a parameter by its title"),
        pytest.param(
            "Date of renewal", ["2027-01-01", "2027-02-01", "2027-03-01"], "parameters.renewal", id="a date by its title"
        ),
        pytest.param("Chosen plan", ["Basic", "Pro", "Plus"], "parameters.plan", id="choices by their words"),
    ],
)
def test_a_column_is_recognised(heading: str, cells: list[str], field: str) -> None:
    assert found({heading: cells})[field] == (heading,)


@pytest.mark.parametrize(
    ("heading", "cells"),
    [
        pytest.param("Record ID", ["1", "2", "3"], id="ids of another system"),
        pytest.param("Status", ["Open", "Working", "Nurturing"], id="statuses of another system"),
        pytest.param("Phone type", ["home", "work", "mobile"], id="words about phones"),
        pytest.param("Invoice number", ["10002345", "10002346", "10002347"], id="numbers that look like phones"),
        pytest.param("Favourite colour", ["red", "blue", "green"], id="nothing that we know"),
        pytest.param("Country of birth date", ["x", "y", "z"], id="words of a field over other cells"),
    ],
)
def test_a_foreign_column_is_left_over(heading: str, cells: list[str]) -> None:
    assert found({heading: cells}) == {}
    assert [name for name, _ in liken(of({heading: cells}), ()).leftover] == [heading]


def test_each_column_and_each_field_is_used_once() -> None:
    same = {"Email": ["a@example.com"], "E-mail": ["b@example.com"], "Mail": ["c@example.com"]}
    guesses = liken(of(same), KIND.parameters).guesses
    assert len({guess.field.name for guess in guesses}) == len(guesses) == 1


def test_several_phone_columns_are_tried_one_after_the_other() -> None:
    assert set(found({"Phone": PHONES, "Mobile": PHONES})["phoneNumber"]) == {"Phone", "Mobile"}


def test_a_column_that_forbids_calls_becomes_do_not_call_where_it_says_yes() -> None:
    guess = liken(of({"Phone": PHONES, "Do Not Call": ["yes", "no", None]}), ()).of("status")
    assert guess is not None
    assert guess.values == {"yes": "do-not-call", "no": ""}


def test_words_for_nothing_and_national_numbers_are_told() -> None:
    seen = liken(sheet(Phone=["+12015550100", "020 7946 0018", "n/a"], Name=["-", "x", "y"]), ())
    assert (seen.null_words, seen.national) == (("-", "n/a"), 1)
    assert liken(sheet(Phone=PHONES), KIND.parameters).required == ("Company",)


@pytest.mark.parametrize(
    ("cells", "formats", "either"),
    [
        pytest.param(["2027-01-31", "2027-02-01"], (), (), id="ISO needs none"),
        pytest.param(["31/01/2027", "01/02/2027"], ("%d/%m/%Y",), (), id="one cell decides"),
        pytest.param(["01/31/2027", "02/01/2027"], ("%m/%d/%Y",), (), id="the other way round"),
        pytest.param(["03/01/2027", "01/02/2027"], (), ("%d/%m/%Y", "%m/%d/%Y"), id="both ways fit, so neither is chosen"),
    ],
)
def test_day_and_month_are_never_guessed(cells: list[str], formats: tuple[str, ...], either: tuple[str, ...]) -> None:
    guess = liken(of({"Renewal date": cells}), KIND.parameters).of("parameters.renewal")
    assert guess is not None
    assert (guess.formats, guess.either) == (formats, either)


@pytest.mark.parametrize(
    ("cells", "signs"),
    [
        pytest.param(["1234.5", "7"], (None, None), id="plain"),
        pytest.param(["1.234,50", "7,25"], (",", "."), id="comma for fractions"),
        pytest.param(["1,234.50", "7.25"], (".", ","), id="comma for thousands"),
        pytest.param(["1,234", "7"], (None, None), id="a comma that may be either"),
    ],
)
def test_signs_of_numbers_are_taken_only_where_a_cell_decides(cells: list[str], signs: tuple[str | None, str | None]) -> None:
    guess = liken(of({"Budget": cells}), KIND.parameters).of("parameters.budget")
    assert guess is not None
    assert (guess.decimal, guess.thousands) == signs


# --- as a file --------------------------------------------------------------------------------------------------------

ODD: dict[str, list[str]] = {
    'Tel "work"': PHONES,
    "Country\\Land": ["Germany", "France", "Spain"],
    "Renewal date": ["31/01/2027", "n/a", "01/02/2027"],
    "Company = [x]": ["A", "B", "C"],
    "Budget": ["1.234,50", "2", "3"],
    "Mail # 1": ["a@example.com", "b@example.com", "c@example.com"],
    "Nothing\nat all": ["x", "y", "z"],
}


def likeness(columns: Mapping[str, Sequence[str | None]] = ODD) -> Likeness:
    return liken(of(columns), KIND.parameters)


def read(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


def test_what_is_written_is_a_mapping_that_fits_the_sheet() -> None:
    text = mapping_text.composed(likeness(), sheet="odd.csv", campaign="Spring renewals", schema=True)
    assert text.startswith("#:schema mapping.schema.json\n")
    binding = bind(parse_mapping(read(text), path="x.toml"), list(ODD), KIND.parameters, by_name=False)
    fed = {feed.rule.field.name: feed.headings for feed in binding.feeds}
    assert fed == {guess.field.name: guess.headings for guess in likeness().guesses if guess.score >= SURE}
    assert fed["phoneNumber"] == ('Tel "work"',)


def test_what_is_doubtful_stands_in_a_comment_that_counts_when_the_sign_is_taken_away() -> None:
    columns = {"Phone": PHONES, "Company / Account": ["A", "B", "C"]}
    text = mapping_text.composed(likeness(columns), sheet="x", campaign=None)
    assert "parameters" not in read(text) or "company" not in read(text)["parameters"]
    uncommented = text.replace('# company = "Company / Account"', 'company = "Company / Account"')
    assert read(uncommented)["parameters"]["company"] == "Company / Account"


def test_no_cell_of_a_contact_is_in_the_file() -> None:
    text = mapping_text.composed(likeness(), sheet="x", campaign=None)
    cells = [cell for heading, column in ODD.items() for cell in column if heading != "Country\\Land" and len(cell) > 3]
    assert [cell for cell in cells if cell in text] == []


HANDMADE = """\
# ours, do not touch
version = 1   # one

[record]
phoneNumber   =   'Phone'  # odd spacing
# the address is doubtful
[record.country]
from = "Land"
[record.country.values]
Germany = "DE" # as HR spells it

[sync]
mode = "update"
"""


def test_a_file_that_is_there_keeps_every_line_and_gets_only_what_it_lacks() -> None:
    columns = {"Phone": PHONES, "Land": ["Germany"] * 3, "E-mail": ["a@example.com"] * 3, "Plan": ["Basic", "Pro", "Plus"]}
    new = mapping_text.extended(HANDMADE, likeness(columns), path="x.toml")
    assert set(new.added) == {"[record] email", "[parameters] plan"}
    kept = iter(new.text.splitlines())
    assert [line for line in HANDMADE.splitlines() if line not in kept] == []
    before, after = read(HANDMADE), read(new.text)
    assert after["record"].pop("email") == "E-mail"
    assert after.pop("parameters") == {"plan": "Plan"}
    assert after == before


def test_a_second_time_nothing_is_added_and_no_byte_changes() -> None:
    columns = {"Phone": PHONES, "E-mail": ["a@example.com"] * 3}
    once = mapping_text.extended(HANDMADE, likeness(columns), path="x.toml").text
    again = mapping_text.extended(once, likeness(columns), path="x.toml")
    assert (again.text, again.added) == (once, ())


def test_a_heading_that_feeds_a_field_is_not_given_to_another() -> None:
    text = 'version = 1\n[record]\nphoneNumber = "Phone"\nname = "E-mail"\n'
    columns = {"Phone": PHONES, "E-mail": ["a@example.com"] * 3}
    assert mapping_text.extended(text, likeness(columns), path="x").added == ()


#: Text of strangers: what ends a line, a string, a comment, a table's head.
HOSTILE = st.text(alphabet=st.sampled_from(list("ab \n\r\t\x00\x07\x85\u2028\\\"'#=[]{}.,é")), min_size=1, max_size=12)


@settings(deadline=None, max_examples=25)
@given(headings=st.lists(HOSTILE, min_size=1, max_size=4, unique=True), names=st.lists(HOSTILE, max_size=3, unique=True))
def test_no_heading_and_no_parameter_writes_a_line_of_its_own(headings: list[str], names: list[str]) -> None:
    parameters = [{"id": name, "title": name, "type": "date"} for name in names]
    kind = read_record_type({"uuid": "u", "name": "n", "parameters": parameters})
    columns = {"Phone": PHONES} | {heading: ["03/01/2027", "01/02/2027", "x"][: len(PHONES)] for heading in headings}
    seen = liken(of(columns), kind.parameters)
    written = read(mapping_text.composed(seen, sheet=headings[0], campaign=headings[-1]))
    sure = {guess.field.wire for guess in seen.guesses if guess.score >= SURE}
    fed = {key for table in ("record", "parameters", "order") for key in written.get(table, {})}
    assert fed == sure
    assert set(written) <= {"version", "campaign", "description", "source", "phone", "record", "parameters", "order"}
    added = mapping_text.extended("version = 1\n", seen, path="x")
    assert {key for table in ("record", "parameters", "order") for key in read(added.text).get(table, {})} == sure


def test_a_table_that_takes_the_rest_by_name_gets_no_line() -> None:
    text = 'version = 1\n[record]\n"*" = "match"\n'
    assert mapping_text.extended(text, likeness({"Phone": PHONES}), path="x").added == ()
