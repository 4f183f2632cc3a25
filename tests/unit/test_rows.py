"""The sheet's side, composed: what each row asks for, all that is wrong with it, and rows that mean the same contact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest
from core_cases import P, orders

from callcamp_sync import frames, schema
from callcamp_sync.fields import CLEAR, ROW
from callcamp_sync.mapping import bind, parse_mapping, plain_mapping
from callcamp_sync.model import ISSUE_SCHEMA, OnDuplicate, Sheet, SourceInfo
from callcamp_sync.rows import Desired, forgiven, phones_that_said_never, read_rows

TYPE = {
    "uuid": "t",
    "name": "Lead",
    "parameters": [
        {"id": "company", "type": "text", "title": "Company", "required": True},
        {"id": "ref", "type": "string", "title": "Ref", "validation": "^[A-Z]{2}$", "error": "Two capitals"},
        {"id": "odd", "type": "text", "title": "Odd", "validation": "(?<!x)y"},
        {"id": "plan", "type": "select", "title": "Plan", "options": ["Basic"], "required": True, "default": "Basic"},
    ],
}
Line = Mapping[str, str | None]


def desired(
    *lines: Line,
    mapping: dict[str, Any] | None = None,
    region: str | None = "US",
    on_duplicate: OnDuplicate = OnDuplicate.HOLD,
    found: pl.DataFrame | None = None,
) -> Desired:
    """The rows of a sheet with these cells by heading; every heading that occurs is a column."""
    headings = list(dict.fromkeys(heading for line in lines for heading in line))
    data = [{ROW: at, **{heading: line.get(heading) for heading in headings}} for at, line in enumerate(lines, start=2)]
    frame = pl.DataFrame(data, schema={ROW: pl.UInt32, **dict.fromkeys(headings, pl.String)})
    info = SourceInfo(path="a.csv", sheet=None, sha256="0", rows=len(lines), blank_rows=0, encoding=None, delimiter=None)
    issues = frames.empty(ISSUE_SCHEMA) if found is None else found
    sheet = Sheet(frame=frame, headings=tuple(headings), issues=issues, info=info)
    kind = schema.read_record_type(TYPE)
    rules = plain_mapping() if mapping is None else parse_mapping(mapping, path="a.toml")
    bound = bind(rules, headings, kind.parameters, by_name=mapping is None)
    return read_rows(sheet, bound, kind, region=region, on_duplicate=on_duplicate)


def verdicts(read: Desired) -> list[str | None]:
    return read.frame["verdict"].to_list()


def said(read: Desired, row: int = 2) -> list[str]:
    """The codes of one row."""
    return read.issues.filter(pl.col("row") == row)["code"].to_list()


GOOD: Line = {"Phone": P[0], "Company": "Acme"}


def test_each_cell_stands_as_canonical_text() -> None:
    cells = {
        "Phone": "(201) 555-0100",
        "Price": "10.50",
        "Status": "Do Not Call",
        "Scheduled": "2026-06-10T16:30:00+02:00",
        "Ref": "__CLEAR__",
    }
    row = desired({**GOOD, **cells, "Name": None}).frame.row(0, named=True)
    assert row["phone"] == P[0]
    names = ("price", "status", "scheduledTime", "parameters.ref", "name")
    assert [row[f"want_{name}"] for name in names] == ["10.5", "do-not-call", "2026-06-10T14:30:00Z", CLEAR, None]


def test_all_faults_of_a_row_are_told_at_once() -> None:
    read = desired({**GOOD, "Phone": "12", "Email": "x", "Price": "cheap", "Ref": "ab", "Plan": "Best"})
    assert verdicts(read) == ["rejected"]
    assert sorted(said(read)) == ["choice-unknown", "email-invalid", "number-unreadable", "phone-invalid", "value-pattern"]


def test_an_issue_names_heading_cell_and_field_as_the_sheet_has_them() -> None:
    issue = desired({**GOOD, "Ref": "ab"}).issues.row(0, named=True)
    assert issue == {
        "row": 2,
        "code": "value-pattern",
        "heading": "Ref",
        "field": "parameters.ref",
        "cell": "ab",
        "detail": "Two capitals",
    }


def test_what_the_reader_found_wrong_counts() -> None:
    ragged = frames.of_rows(ISSUE_SCHEMA, [{"row": 2, "code": "row-ragged"}])
    assert verdicts(desired(GOOD, {**GOOD, "Phone": P[1]}, found=ragged)) == ["rejected", None]


def test_a_pattern_that_cannot_run_here_makes_no_row_wrong() -> None:
    read = desired({**GOOD, "Odd": "anything"})
    assert (verdicts(read), said(read)) == ([None], [])
    assert any("Odd" in notice and "not checked" in notice for notice in read.notices)


def test_a_column_that_fits_no_field_is_named() -> None:
    assert any("`Shoe size`" in notice for notice in desired({**GOOD, "Shoe size": "9"}).notices)


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        ({"Phone": None}, "rejected"),
        ({"Phone": None, "Order ID": "o1"}, None),
        ({"Phone": None, "Record ID": "r1"}, None),
    ],
    ids=["nothing to find it by", "an order id", "a record id"],
)
def test_a_blank_number_is_wrong_only_where_nothing_else_finds_the_row(line: Line, outcome: str | None) -> None:
    other = {"Phone": P[5], "Order ID": None, "Record ID": None}
    read = desired(line, other)
    assert verdicts(read)[0] == outcome
    assert (2 in read.needed["row"].to_list()) == (outcome is None)


def test_the_record_types_required_cells_count_for_new_contacts_only() -> None:
    read = desired({"Phone": P[0], "Company": None, "Plan": None})
    assert verdicts(read) == [None]
    assert read.needed.select("row", "code", "field").rows() == [(2, "value-required", "parameters.company")]


def test_a_required_value_cannot_be_cleared() -> None:
    read = desired({"Phone": P[0], "Company": "__CLEAR__"})
    assert (verdicts(read), said(read)) == (["rejected"], ["value-clear"])


def test_a_required_parameter_without_a_column_is_named_and_one_with_a_default_is_not() -> None:
    assert desired({"Phone": P[0]}).needed_unmapped == ("Company",)


# --- phones and regions


@pytest.mark.parametrize(
    ("region", "row", "phone"),
    [("US", None, P[0]), (None, "US", P[0]), ("GB", "US", P[0]), (None, None, None), ("US", "Atlantis", None)],
    ids=["the flag's", "the row's", "the row's before the flag's", "none", "a country that is none"],
)
def test_a_national_number_is_read_in_the_rows_region_else_in_the_runs(
    region: str | None, row: str | None, phone: str | None
) -> None:
    mapping = {"phone": {"region_from": "Land"}, "record": {"phoneNumber": "Phone"}}
    read = desired({"Phone": "201 555 0100", "Land": row}, mapping=mapping, region=region)
    assert read.frame["phone"].to_list() == [phone]


# --- duplicates

#: words -> (rows, verdicts under hold, first, last)
TWINS: dict[str, tuple[tuple[Line, ...], list[str | None], list[str | None], list[str | None]]] = {
    "two rows that are equal": (
        ({**GOOD}, {**GOOD, "Phone": "(201) 555-0100"}),
        [None, "duplicate"],
        [None, "duplicate"],
        ["duplicate", None],
    ),
    "two rows that contradict": (
        ({**GOOD}, {**GOOD, "Company": "Other"}),
        ["held", "held"],
        [None, "duplicate"],
        ["duplicate", None],
    ),
    "a blank beside a filled cell contradicts": (
        ({**GOOD}, {**GOOD, "Company": None}),
        ["held", "held"],
        [None, "duplicate"],
        ["duplicate", None],
    ),
    "two equal rows and one that contradicts": (
        ({**GOOD}, {**GOOD}, {**GOOD, "Company": "Other"}),
        ["held", "held", "held"],
        [None, "duplicate", "duplicate"],
        ["duplicate", "duplicate", None],
    ),
    "two forms of one Brazilian number": (
        ({**GOOD, "Phone": "+5511961234567"}, {**GOOD, "Phone": "+551136123456"}),
        [None, None],
        [None, None],
        [None, None],
    ),
    "a wrong row is no duplicate": (
        ({**GOOD}, {**GOOD, "Email": "x"}),
        [None, "rejected"],
        [None, "rejected"],
        [None, "rejected"],
    ),
    "two orders of one number, as a campaign may hold them": (
        ({**GOOD, "Order ID": "o1"}, {**GOOD, "Order ID": "o2"}),
        [None, None],
        [None, None],
        [None, None],
    ),
    "two rows for one order": (
        ({**GOOD, "Order ID": "o1"}, {**GOOD, "Phone": P[1], "Order ID": "o1"}),
        ["held", "held"],
        [None, "duplicate"],
        ["duplicate", None],
    ),
    "two contacts": (({**GOOD}, {**GOOD, "Phone": P[1]}), [None, None], [None, None], [None, None]),
}


@pytest.mark.parametrize("at", range(3), ids=list(OnDuplicate))
@pytest.mark.parametrize("words", TWINS)
def test_rows_for_one_contact(words: str, at: int) -> None:
    lines, *expected = TWINS[words]
    assert verdicts(desired(*lines, on_duplicate=list(OnDuplicate)[at])) == expected[at]


def test_a_duplicate_names_the_row_that_counts_and_a_conflict_names_them_all() -> None:
    copied, contradicting = desired(GOOD, GOOD), desired(GOOD, {**GOOD, "Company": "Other"})
    assert copied.issues.select("row", "code", "detail").rows() == [(3, "duplicate-row", "2")]
    assert contradicting.issues.select("row", "code", "detail").rows() == [
        (2, "duplicate-conflict", "2, 3"),
        (3, "duplicate-conflict", "2, 3"),
    ]


# --- Do Not Call, and cells that say what stands


@pytest.mark.parametrize("status", ["Do Not Call", "do-not-call", "do_not_call", "DNC", "doNotCall"])
def test_a_row_that_says_never_is_heard_even_when_it_is_wrong_otherwise(status: str) -> None:
    read = desired({**GOOD, "Status": status, "Email": "x"}, {**GOOD, "Phone": P[1], "Status": "planned"})
    assert verdicts(read) == ["rejected", None]
    assert phones_that_said_never(read.frame, orders()).to_list() == [P[0]]


def test_a_row_that_says_never_by_an_id_means_the_number_of_its_order() -> None:
    read = desired({"Phone": None, "Order ID": "o1", "Status": "DNC"}, {"Phone": P[5], "Order ID": None, "Status": None})
    assert phones_that_said_never(read.frame, orders({"phone": P[0]}, {"phone": P[1]})).to_list() == [P[1]]


def test_a_sheet_without_a_status_says_never_of_nobody() -> None:
    assert phones_that_said_never(desired(GOOD).frame, orders()).to_list() == []


def test_a_cell_that_says_what_stands_in_the_named_order_is_not_wrong() -> None:
    """A sheet that was exported and not edited has nothing wrong with it, whatever the server holds."""
    lines: list[Line] = [
        {**GOOD, "Phone": "+1234567890", "Ref": "ab", "Order ID": "o0"},
        {**GOOD, "Phone": P[1], "Ref": "zz", "Order ID": "o1"},
    ]
    standing = orders({"phone": "+1234567890", "parameters.ref": "ab"}, {"phone": P[1], "parameters.ref": "ab"})
    read = forgiven(desired(*lines), standing)
    assert (verdicts(read), read.frame["phone"].to_list()) == ([None, "rejected"], ["+1234567890", P[1]])
    assert said(read) == []


def test_nothing_is_forgiven_without_the_order_id() -> None:
    read = forgiven(desired({**GOOD, "Phone": "+1234567890"}), orders({"phone": "+1234567890"}))
    assert verdicts(read) == ["rejected"]
