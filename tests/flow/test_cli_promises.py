"""What a run promises, seen from outside: only reads where only reads are promised, round trips that change nothing.

In: the command line against a sandbox whose campaigns hold what real ones hold. The server's own log and truth are the judges.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flow_stage import EMPTY, SPRING, Stage, balanced, lead, read_sheet, write_sheet

from callcamp_sync.sandbox import Behaviour, World, bulk_phone

NEW = [bulk_phone(index) for index in range(900, 904)]


def _mixed(stage: Stage) -> Path:
    """New contacts, one for a call, an update, a known one, a wrong one."""
    rows = [lead(phone, Name="Ann Example", Status="") for phone in NEW]
    rows[1]["Status"] = "planned"
    rows += [lead(bulk_phone(2), Company="Changed Example Ltd"), lead(bulk_phone(1), Company="Example 1 Ltd"), lead("12")]
    return stage.sheet([{"Phone": "", "Company": "", "Name": "", "Status": ""} | row for row in rows])


# --- only reads where only reads are promised ---------------------------------------------------------------------------


def test_the_same_sheet_twice_sends_only_reads_the_second_time(stage: Stage) -> None:
    sheet = _mixed(stage)
    first = stage.here("sync", sheet, "-c", SPRING, "--yes")
    assert first.code == 3
    assert stage.report()["counts"] == {"created": 4, "updated": 1, "unchanged": 1, "rejected": 1}
    mark = stage.forget()
    second = stage.here("sync", sheet, "-c", SPRING, "--yes")
    assert second.code == 3
    assert stage.methods(mark) == {"GET"}
    assert stage.report()["counts"] == {"unchanged": 6, "rejected": 1}
    assert all(balanced(json.loads((folder / "report.json").read_bytes())) for folder in stage.folders)


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(["plan"], id="plan"),
        pytest.param(["plan", "-o", "plan.json"], id="plan saved"),
        pytest.param(["sync", "--dry-run"], id="sync --dry-run"),
        pytest.param(["sync", "--dry-run", "--yes"], id="sync --dry-run --yes"),
        pytest.param(["validate"], id="validate"),
    ],
)
def test_looking_sends_only_reads_and_leaves_no_report(stage: Stage, args: list[str]) -> None:
    command, *flags = args
    ended = stage.here(command, _mixed(stage), "-c", SPRING, *flags, "--json")
    assert ended.code == 3
    assert ended.document["run"]["dry_run"]
    assert balanced(ended.document)
    assert stage.methods() == {"GET"}
    assert not stage.folders


def test_validate_with_a_record_type_sends_nothing_at_all_and_needs_no_token(stage: Stage) -> None:
    kind = next(iter(stage.box.world.record_types.values()))
    stage.file("lead.json", json.dumps({"uuid": kind.uuid, "name": kind.name, "parameters": kind.parameters}))
    stage.token = None
    ended = stage.here("validate", _mixed(stage), "--record-type", "lead.json", "--json")
    assert ended.code == 3
    assert ended.document["counts"]["rejected"] == 1
    assert balanced(ended.document)
    assert not stage.box.requests


def test_detailed_exit_codes_tell_pending_changes_from_none(stage: Stage) -> None:
    pending = stage.here("plan", stage.sheet([lead(NEW[0])]), "-c", SPRING, "--detailed-exitcode")
    none = stage.here("plan", stage.sheet([lead(bulk_phone(1), Company="Example 1 Ltd")]), "-c", SPRING, "--detailed-exitcode")
    assert (pending.code, none.code) == (10, 0)


# --- there and back -----------------------------------------------------------------------------------------------------

ODD_NAMES = (
    "[bold]Ann[/bold] [/red]",
    "Zoë 🦆 Example",
    "two\nlines",
    'says "hello"',
    "=1+1",
    "'leading apostrophe",
    "@import",
    "-5",
    "+44",
    "x" * 3000,
    "  spaces around  ",
    "semi;colon, comma\ttab",
    "00123",
    "TRUE",
    "1e5",
    "n/a",
)


def _plain(world: World) -> None:
    """The demo's campaign, as it is."""


def _duplicates(world: World) -> None:
    """Two orders for one number."""
    campaign = next(one for one in world.campaigns.values() if one.name == SPRING)
    kind = world.record_types[str(campaign.record_type)]
    for name in ("First Example", "Second Example"):
        record = world.add_record(bulk_phone(700), record_type=kind, parameters={"company": "Example Ltd"}, name=name)
        world.add_order(campaign, record)


def _odd_statuses(world: World) -> None:
    """Statuses in other spellings, and words that no page has."""
    orders = list(world.orders.values())
    for order, status in zip(orders, ("Registered", "PLANNED", "In Review", "no_answer", "ünknown", "doNotCall"), strict=False):
        world.change_order(order, status=status)


def _odd_numbers(world: World) -> None:
    """Numbers that cannot be dialled, as the vendor's own sample has one."""
    for record, phone in zip(list(world.records.values()), ("+1234567890", "12345", "not a number", "+0"), strict=False):
        world.change_record(record, phoneNumber=phone)


def _odd_names(world: World) -> None:
    """Names that formulas, markup, terminals and CSV are made of; and one that is only blanks."""
    for record, name in zip(list(world.records.values()), ODD_NAMES, strict=False):
        world.change_record(record, name=name, lastName=name)


def _blank_names(world: World) -> None:
    """Contacts without names, with blanks and nulls instead."""
    for record in list(world.records.values())[:3]:
        world.change_record(record, name=None, firstName="", lastName=None, email="  ", country=None)


def _lacking(world: World) -> None:
    """Contacts without what their record type requires today."""
    lacking: list[dict[str, Any]] = [{}, {"company": ""}, {"company": None}, {"company": "  "}]
    for record, parameters in zip(list(world.records.values()), lacking, strict=False):
        world.change_record(record, parameters=parameters)


def _wrong_parameters(world: World) -> None:
    """Values that their own record type would refuse today."""
    wrong: list[dict[str, Any]] = [
        {"company": "x", "reference": "no reference"},
        {"company": "x", "plan": "Platinum"},
        {"company": "x", "employees": "many"},
        {"company": "x", "vip": "perhaps"},
        {"company": "x", "renewal_date": "31.12.2027"},
        {"company": ["a", "list"], "notes": {"an": "object"}},
        {"company": "x", "last_contact": "yesterday"},
        {"company": "x", "budget": "1.234,50"},
        {"company": 5, "deal_currency": "ZZZ", "billing_country": "Utopia"},
        {"company": True, "unheard_of": "x"},
    ]
    for record, parameters in zip(list(world.records.values()), wrong, strict=False):
        world.change_record(record, parameters=parameters, email="not an address", country="Utopia")


def _odd_properties(world: World) -> None:
    """Orders with all their properties, in the notations that a server may use."""
    odd: list[dict[str, Any]] = [
        {"scheduledTime": "2020-05-10T14:30:00Z", "scheduledTimeTimezone": "UTC"},
        {"scheduledTime": "2031-05-10T16:30:00+02:00", "scheduledTimeTimezone": "Europe/Berlin", "price": 10.5},
        {"scheduledTime": "2031-10-26T00:30:00.123Z", "scheduledTimeTimezone": "Mars/Olympus"},
        {"scheduledTime": "soon", "price": "ten", "currencyCode": "usd", "scheduledDurationSeconds": 600.0},
        {"instructions": "line one\n\nline three\t=1+1", "price": 0, "currencyCode": "ZZZ"},
    ]
    for order, properties in zip(list(world.orders.values()), odd, strict=False):
        world.change_order(order, **properties)


WORLDS = [
    _plain,
    _duplicates,
    _odd_statuses,
    _odd_numbers,
    _odd_names,
    _blank_names,
    _lacking,
    _wrong_parameters,
    _odd_properties,
]


@pytest.mark.parametrize("form", ["xlsx", "csv"])
@pytest.mark.parametrize("prepare", [pytest.param(one, id=(one.__doc__ or "").split("\n")[0]) for one in WORLDS])
def test_an_unedited_export_plans_nothing(stage: Stage, prepare: Callable[[World], None], form: str) -> None:
    prepare(stage.box.world)
    exported = stage.here("export", "-c", SPRING, "-o", f"status.{form}")
    assert exported.code == 0, exported
    planned = stage.here("plan", f"status.{form}", "-c", SPRING, "--detailed-exitcode", "--json", "-o", "plan.json")
    saved = json.loads((stage.folder / "plan.json").read_bytes())
    assert saved["steps"] == []
    assert planned.code == 0, planned.document["rows"]
    assert stage.methods() == {"GET"}


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_three_edited_cells_of_an_export_are_the_only_change(stage: Stage, form: str) -> None:
    _odd_names(stage.box.world)
    path = stage.folder / f"status.{form}"
    assert stage.here("export", "-c", SPRING, "-o", path).code == 0
    before = {order.uuid: _truth(order) for order in stage.orders()}
    wanted = [
        (stage.orders()[20].uuid, "Company", "Edited Example Ltd"),
        (stage.orders()[21].uuid, "Instructions", "Call after five"),
        (stage.orders()[22].uuid, "Email", "edited@example.com"),
    ]
    (_edit_workbook if form == "xlsx" else _edit_csv)(path, wanted)
    mark = stage.forget()
    assert stage.here("sync", path, "-c", SPRING, "--yes").code == 0
    writes = [request for request in stage.since(mark) if request.method != "GET"]
    assert {request.method for request in writes} == {"PATCH"}
    assert len(writes) == 3
    after = {order.uuid: _truth(order) for order in stage.orders()}
    assert {uuid: _differing(before[uuid], after[uuid]) for uuid in before if before[uuid] != after[uuid]} == {
        wanted[0][0]: {"company": "Edited Example Ltd"},
        wanted[1][0]: {"instructions": "Call after five"},
        wanted[2][0]: {"email": "edited@example.com"},
    }
    assert stage.report()["counts"]["updated"] == 3


def _truth(order: Any) -> dict[str, Any]:
    return {"status": order.status, **order.properties, **order.record.fields, **order.record.parameters}


def _differing(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in after.items() if before.get(name) != value}


def _edit_csv(path: Path, edits: list[tuple[str, str, str]]) -> None:
    rows = read_sheet(path)
    for order, heading, value in edits:
        next(row for row in rows if row["Order ID"] == order)[heading] = value
    write_sheet(path, rows)


def _edit_workbook(path: Path, edits: list[tuple[str, str, str]]) -> None:
    """As a person does it in a spreadsheet program: the other cells stay as they are."""
    book = openpyxl.load_workbook(path)
    tab = book["Status"] if "Status" in book.sheetnames else book.worksheets[0]
    headings = {cell.value: cell.column for cell in tab[1]}
    rows = {row[headings["Order ID"] - 1].value: row[0].row for row in tab.iter_rows(min_row=2)}
    for order, heading, value in edits:
        tab.cell(rows[order], headings[heading]).value = value
    book.save(path)


@pytest.mark.parametrize(
    ("heading", "value"),
    [
        pytest.param("Email", None, id="an e-mail address"),
        pytest.param("Instructions", None, id="instructions"),
        pytest.param("Job title", None, id="a parameter"),
    ],
)
def test_a_cell_that_says_clear_is_cleared_once_and_not_again(stage: Stage, heading: str, value: str | None) -> None:
    order = stage.orders()[3]
    stage.box.world.change_record(order.record, parameters={**order.record.parameters, "job_title": "Example"})
    sheet = stage.sheet([lead(order.phone, **{"Company": "Example 3 Ltd", heading: "__CLEAR__"})])
    assert stage.here("sync", sheet, "-c", SPRING, "--yes").code == 0
    wire = {"Email": "email", "Instructions": "instructions", "Job title": "job_title"}[heading]
    assert _truth(stage.orders()[3]).get(wire) == value
    mark = stage.forget()
    assert stage.here("sync", sheet, "-c", SPRING, "--yes").code == 0
    assert stage.methods(mark) == {"GET"}


def test_a_name_cannot_be_cleared_because_the_server_makes_one_up_again(stage: Stage) -> None:
    sheet = stage.sheet([lead(stage.orders()[3].phone, Company="Example 3 Ltd", Name="__CLEAR__")])
    mark = stage.forget()
    ended = stage.here("sync", sheet, "-c", SPRING, "--yes", "--json")
    assert "value-clear" in ended.out
    assert stage.methods(mark) <= {"GET"}


# --- what the server does with new contacts -----------------------------------------------------------------------------


def test_new_contacts_start_without_a_call_where_neither_sheet_nor_flag_asks_for_one(stage: Stage) -> None:
    """The sandbox's own default for a create without a status is `planned`."""
    assert stage.here("sync", stage.sheet([lead(phone) for phone in NEW]), "-c", EMPTY, "--yes").code == 0
    assert {order.status for order in stage.orders(EMPTY)} == {"registered"}


def test_a_contact_that_exists_already_is_linked_not_created(stage: Stage) -> None:
    known = bulk_phone(1)
    assert stage.here("sync", stage.sheet([lead(known, Company="Example 1 Ltd")]), "-c", EMPTY, "--yes").code == 0
    assert stage.report()["counts"] == {"associated": 1}
    assert {order.record.uuid for order in stage.orders(EMPTY)} == {stage.orders()[1].record.uuid}


def test_do_not_call_in_another_spelling_is_protected_whatever_the_sheet_asks(stage: Stage) -> None:
    stage.box.behaviour = Behaviour(do_not_call="Do Not Call")
    never = bulk_phone(5)
    stage.box.world.change_order(stage.orders()[5], status="do-not-call")
    spelled = f"001 {never[2:5]} {never[5:8]}-{never[8:]}"
    sheet = stage.sheet([lead(spelled, Status="planned"), lead(NEW[0], Status="registered")])
    ended = stage.here("sync", sheet, "-c", SPRING, "--reopen", "--region", "GB", "--yes")
    assert ended.code == 0
    assert stage.report()["counts"] == {"created": 1, "protected": 1}
    assert stage.orders()[5].status == "do-not-call"
    assert never in stage.here("dnc", "list").out
    assert stage.here("sync", stage.sheet([lead(spelled)]), "-c", EMPTY, "--region", "GB", "--yes").code == 0
    assert stage.orders(EMPTY) == []
