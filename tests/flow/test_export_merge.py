"""Export, edit, sync, while the campaign goes on: only what the person changed is sent. Over HTTP, files edited as people do."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from flow_stage import SPRING, Stage

from callcamp_sync.sandbox import Order

Edits = Iterable[tuple[str, str, Any]]


def export(stage: Stage, *more: str, name: str = "status.xlsx") -> Path:
    path = stage.folder / name
    ended = stage.here("export", "-c", SPRING, "-o", path, *more)
    assert ended.code == 0, ended
    return path


def status_rows(path: Path) -> list[dict[str, Any]]:
    """The tab Status as openpyxl reads it: typed cells under their headings."""
    head, *rows = openpyxl.load_workbook(path)["Status"].iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


def edit(path: Path, edits: Edits) -> None:
    book = openpyxl.load_workbook(path)
    tab = book["Status"]
    headings = {cell.value: cell.column for cell in tab[1]}
    rows = {row[headings["Order ID"] - 1].value: row[0].row for row in tab.iter_rows(min_row=2)}
    for order, heading, value in edits:
        tab.cell(rows[order], headings[heading]).value = value
    book.save(path)


def dialer(stage: Stage, changes: Mapping[int, Mapping[str, Any]]) -> list[Order]:
    """The campaign goes on: orders by their place, with what becomes of them."""
    orders = stage.orders()
    for place, properties in changes.items():
        stage.box.world.change_order(orders[place], **properties)
    return orders


def planned(stage: Stage, path: Path, *more: str) -> tuple[int, list[dict[str, Any]], list[dict[str, Any]]]:
    """(exit code, steps, rows of the report that are not unchanged)."""
    ended = stage.here("plan", path, "-c", SPRING, "--detailed-exitcode", "--json", "-o", "plan.json", *more)
    steps: list[dict[str, Any]] = json.loads((stage.folder / "plan.json").read_bytes())["steps"]
    return ended.code, steps, ended.document["rows"]


MOVED: Mapping[int, Mapping[str, Any]] = {
    0: {"status": "completed"},
    1: {"status": "registered", "price": 9.5},
    2: {"status": "canceled"},
    3: {"status": "planned", "scheduledTime": "2031-05-10T14:30:00Z", "scheduledTimeTimezone": "Europe/Berlin"},
    4: {"instructions": "typed in Callcamp"},
}


def test_an_unedited_workbook_plans_nothing_after_the_campaign_went_on(stage: Stage) -> None:
    path = export(stage)
    dialer(stage, MOVED)
    code, steps, rows = planned(stage, path)
    assert (code, steps, rows) == (0, [], [])


def test_three_edited_cells_are_the_only_change_after_the_campaign_went_on(stage: Stage) -> None:
    path = export(stage)
    orders = dialer(stage, MOVED)
    edit(
        path,
        [(orders[0].uuid, "Company", "Edited Ltd"), (orders[4].uuid, "Price", 12.5), (orders[9].uuid, "Email", "e@example.com")],
    )
    mark = stage.forget()
    ended = stage.here("sync", path, "-c", SPRING, "--yes")
    assert ended.code == 0, ended
    assert len([request for request in stage.since(mark) if request.method != "GET"]) == 3
    changed = {(row["order_uuid"], change["field"], change["new"]) for row in stage.report()["rows"] for change in row["changes"]}
    assert changed == {
        (orders[0].uuid, "parameters.company", "Edited Ltd"),
        (orders[4].uuid, "price", "12.5"),
        (orders[9].uuid, "email", "e@example.com"),
    }
    assert stage.orders()[4].properties["instructions"] == "typed in Callcamp"


def test_a_cell_that_both_changed_holds_its_row_and_shows_both_values(stage: Stage) -> None:
    path = export(stage)
    orders = dialer(stage, {4: {"instructions": "typed in Callcamp"}})
    edit(path, [(orders[4].uuid, "Instructions", "typed in Excel"), (orders[4].uuid, "Price", 7), (orders[5].uuid, "Price", 8)])
    code, steps, rows = planned(stage, path)
    assert [step["body"] for step in steps] == [{"price": 8}]
    [held] = [row for row in rows if row["outcome"] == "held"]
    assert [issue["code"] for issue in held["issues"]] == ["edited-meanwhile"]
    assert "`typed in Excel`" in held["issues"][0]["message"]
    assert "`typed in Callcamp`" in held["issues"][0]["message"]
    assert code == 3


def test_never_to_be_called_is_taken_from_an_old_export_too(stage: Stage) -> None:
    path = export(stage)
    orders = dialer(stage, {0: {"status": "busy"}, 1: {"status": "do-not-call"}})
    edit(path, [(orders[0].uuid, "Status", "do-not-call"), (orders[1].uuid, "Status", "planned")])
    _, steps, rows = planned(stage, path)
    assert [(step["order_uuid"], step["body"]) for step in steps] == [(orders[0].uuid, {"status": "do-not-call"})]
    assert {row["order_uuid"]: row["outcome"] for row in rows}[orders[1].uuid] == "protected"


def test_without_its_hidden_tab_a_workbook_is_compared_as_any_sheet_and_says_so(stage: Stage) -> None:
    path = export(stage)
    dialer(stage, {4: {"instructions": "typed in Callcamp"}})
    book = openpyxl.load_workbook(path)
    del book["callcamp-baseline"]
    book.save(path)
    ended = stage.here("plan", path, "-c", SPRING)
    assert "has lost what it remembers" in ended.out + ended.err


def test_deleted_id_columns_do_not_bring_old_statuses_back(stage: Stage) -> None:
    path = export(stage)
    dialer(stage, {6: {"instructions": "typed in Callcamp"}})
    book = openpyxl.load_workbook(path)
    book["Status"].delete_cols(1, 2)
    book.save(path)
    assert planned(stage, path)[1] == []


# --- real dates ---------------------------------------------------------------------------------------------------------

ZONES: Mapping[int, Mapping[str, Any]] = {
    0: {"scheduledTime": "2031-05-10T14:30:00Z", "scheduledTimeTimezone": "Europe/Berlin"},
    1: {"scheduledTime": "2031-10-26T00:30:00Z", "scheduledTimeTimezone": "Europe/Berlin"},
    2: {"scheduledTime": "2031-10-26T01:30:00Z", "scheduledTimeTimezone": "Europe/Berlin"},
    3: {"scheduledTime": "2031-01-10T05:00:00Z", "scheduledTimeTimezone": "America/New_York"},
    4: {"scheduledTime": "2031-07-10T05:00:00Z"},
    5: {"scheduledTime": "2031-07-09T23:00:00Z", "scheduledTimeTimezone": "Europe/London"},
}


def test_times_are_real_dates_on_the_rows_own_clock(stage: Stage) -> None:
    orders = dialer(stage, ZONES)
    rows = {row["Order ID"]: row for row in status_rows(export(stage))}
    shown = [rows[orders[place].uuid]["Scheduled time"] for place in ZONES]
    assert shown == [
        datetime(2031, 5, 10, 16, 30),  # noqa: DTZ001 - Excel's dates have no zone
        "2031-10-26 02:30:00 +02:00",
        "2031-10-26 02:30:00 +01:00",
        datetime(2031, 1, 10),  # noqa: DTZ001
        datetime(2031, 7, 10, 6),  # noqa: DTZ001 - in the campaign's zone, where the order names none
        datetime(2031, 7, 10),  # noqa: DTZ001
    ]


@pytest.mark.parametrize("saved", [False, True], ids=["as written", "saved again by another program"])
@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_times_come_back_as_the_same_times(stage: Stage, form: str, *, saved: bool) -> None:
    dialer(stage, ZONES)
    path = export(stage, name=f"status.{form}")
    if saved and form == "xlsx":
        edit(path, [])
    assert planned(stage, path)[:2] == (0, [])


MAPPING = """
version = 1
[record]
"*" = "match"
[order]
"*" = "match"
scheduledTime = { from = "Scheduled time", timezone = "America/New_York" }
price = { from = "Price", decimal = ",", thousands = "." }
"""


def test_a_mappings_zone_and_decimal_sign_do_not_change_what_our_own_workbook_says(stage: Stage) -> None:
    orders = dialer(stage, {**ZONES, 6: {"price": 1.125}})
    path = export(stage)
    edit(path, [(orders[0].uuid, "Scheduled time", datetime(2031, 5, 11, 9))])  # noqa: DTZ001
    _, steps, _ = planned(stage, path, "-m", str(stage.file("map.toml", MAPPING)))
    assert [step["body"]["scheduledTime"] for step in steps] == ["2031-05-11T07:00:00Z"]


# --- what else is written -----------------------------------------------------------------------------------------------


def test_orders_that_an_export_left_out_are_not_missing(stage: Stage) -> None:
    path = export(stage, "--status", "registered")
    code, steps, _ = planned(stage, path, "--mode", "mirror", "--max-remove", "100%")
    assert (code, steps) == (0, [])


def test_a_status_that_nobody_knows_is_told(stage: Stage) -> None:
    ended = stage.here("export", "-c", SPRING, "-o", "odd.csv", "--status", "plannned", "--status", "Do Not Call")
    assert ended.code == 0
    assert "`--status plannned` is no known status and no order has it; the orders have: " in ended.err
    assert "Do Not Call" not in ended.err


def test_what_changed_since_the_last_export_is_told(stage: Stage) -> None:
    export(stage)
    orders = dialer(stage, {4: {"status": "completed", "instructions": "typed"}, 7: {"price": 3}})
    path = export(stage, name="later.xlsx")
    head, *rows = openpyxl.load_workbook(path)["Changes since last export"].iter_rows(values_only=True)
    assert head == ("Order ID", "Phone", "Name", "Field", "Was", "Is")
    assert [(row[0], row[3], row[5]) for row in rows] == [
        (orders[7].uuid, "Price", "3"),
        (orders[4].uuid, "Status", "completed"),
        (orders[4].uuid, "Instructions", "typed"),
    ]


def test_since_a_run_only_what_changed_after_it_is_exported(stage: Stage) -> None:
    export(stage)
    sheet = stage.sheet([{"Phone": stage.orders()[8].phone, "Company": "Changed Ltd"}])
    assert stage.here("sync", sheet, "-c", SPRING, "--yes").code == 0
    run = stage.report()["run"]["id"]
    rows = status_rows(export(stage, "--since", run, name="later.xlsx"))
    assert [row["Company"] for row in rows] == ["Changed Ltd"]


@pytest.mark.parametrize("since", ["2020-01-01", "2020-01-01T10:00:00"])
def test_since_a_time_before_the_first_export_is_refused(stage: Stage, since: str) -> None:
    export(stage)
    ended = stage.here("export", "-c", SPRING, "-o", "later.xlsx", "--since", since)
    assert (ended.code, "no export of this campaign is remembered from" in ended.err) == (2, True), ended


@pytest.mark.parametrize("since", ["2020-13-01", "2020-01-01x"])
def test_a_since_that_is_no_date_is_refused(stage: Stage, since: str) -> None:
    assert stage.here("export", "-c", SPRING, "-o", "later.xlsx", "--since", since).code == 2


def test_calls_are_summed_up_by_order(stage: Stage) -> None:
    orders = stage.orders()
    for status, seconds, price in (("no-answer", 0, 0.0), ("completed", 90, 0.125)):
        stage.box.world.add_call(orders[3], status=status, duration=seconds, price=price)
    path = export(stage, "--calls")
    row = next(row for row in status_rows(path) if row["Order ID"] == orders[3].uuid)
    assert [row[name] for name in ("_Calls", "_Last call status", "_Call minutes", "_Call price")] == [2, "completed", 1.5, 0.125]
    assert isinstance(row["_Last call"], datetime)
    assert planned(stage, path)[:2] == (0, [])


def test_chosen_columns_stand_alone_and_in_their_order(stage: Stage) -> None:
    path = export(stage, "--columns", "status,Phone", "--columns", "order_uuid", name="s.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.reader(file)) == ["Status", "Phone", "Order ID"]


READERS: Mapping[str, Callable[[Path], pl.DataFrame]] = {"parquet": pl.read_parquet, "jsonl": pl.read_ndjson}


@pytest.mark.parametrize("form", READERS)
def test_programs_get_names_and_types(stage: Stage, form: str) -> None:
    dialer(stage, {0: {"scheduledTime": "2031-05-10T14:30:00Z", "price": 1.5}, 1: {"price": 2}})
    frame = READERS[form](export(stage, name=f"status.{form}"))
    assert {"order_uuid", "phoneNumber", "status", "parameters.company"} <= set(frame.columns)
    row = frame.row(by_predicate=pl.col("price") == 1.5, named=True)
    instant = datetime(2031, 5, 10, 14, 30, tzinfo=UTC)
    assert row["scheduledTime"] == (instant if form == "parquet" else "2031-05-10T14:30:00Z")


def test_the_raw_dialect_escapes_nothing(stage: Stage) -> None:
    dialer(stage, {0: {"instructions": "=1+1"}})
    assert ",'=1+1" in export(stage, name="a.csv").read_text("utf-8")
    raw = export(stage, "--csv-dialect", "raw", name="b.csv").read_bytes()
    assert raw[:3] != b"\xef\xbb\xbf"
    assert b",=1+1" in raw


def test_the_workbook_has_its_tabs_its_drop_down_and_a_chart(stage: Stage) -> None:
    book = openpyxl.load_workbook(export(stage))
    assert [(tab.title, tab.sheet_state) for tab in book.worksheets] == [
        ("Summary", "visible"),
        ("Status", "visible"),
        ("Changes since last export", "visible"),
        ("Info", "visible"),
        ("callcamp-baseline", "veryHidden"),
    ]
    assert len(book["Summary"]._charts) == 1
    status = book["Status"]
    assert (status.freeze_panes, status.auto_filter.ref is not None) == ("A2", True)
    [rule] = status.data_validations.dataValidation
    assert rule.formula1 == '"registered,planned,scheduled,canceled,do-not-call"'


def test_what_earlier_exports_saw_is_for_the_owner_only(stage: Stage) -> None:
    export(stage)
    [kept] = (stage.folder / "state" / "exports").glob("*/*.parquet")
    assert kept.stat().st_mode & 0o077 == 0
    assert kept.parent.stat().st_mode & 0o077 == 0


def test_a_fix_file_of_an_edited_export_brings_nothing_back_that_nobody_edited(stage: Stage) -> None:
    """A colleague calmed the order; the row is held for another cell. Its old status must not plan the call again."""
    dialer(stage, {0: {"status": "planned"}})
    path = export(stage)
    orders = dialer(stage, {0: {"status": "registered", "price": 3, "instructions": "typed in Callcamp"}})
    edit(path, [(orders[0].uuid, "Instructions", "typed in Excel")])
    assert stage.here("sync", path, "-c", SPRING, "--yes").code == 3
    fix = stage.folders[-1] / "fix.xlsx"
    assert planned(stage, fix)[1] == []  # nobody has decided yet
    book = openpyxl.load_workbook(fix)
    tab = book.worksheets[0]
    [problem] = [cell.column for cell in tab[1] if cell.value == "_problem"]
    tab.cell(2, problem).value = None
    book.save(fix)
    assert [step["body"] for step in planned(stage, fix)[1]] == [{"instructions": "typed in Excel"}]
    dialer(stage, {0: {"instructions": "typed once more"}})
    assert planned(stage, fix)[1] == []
