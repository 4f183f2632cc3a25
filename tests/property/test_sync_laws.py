"""Laws of a whole run, over real HTTP: the books, the state judged by the sheet itself, the second run, the dry run.

Each example is a random campaign, sheet, set of flags and server (tests/property/worlds.py). What a row wants is known from the
table its cells were drawn from; what happened is read from the sandbox's own truth and commit log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import anyio
import pytest
from hypothesis import given
from worlds import HELD_IN_ORDER, HELD_IN_RECORD, PHONES, Case, Contact, Row, Stage, cases, lines_by_row, runs, staged

from callcamp_sync import pipeline
from callcamp_sync.model import Report
from callcamp_sync.report import balance
from callcamp_sync.sandbox import Behaviour, Order, Sandbox

ACTED = {"created", "associated", "updated", "canceled", "removed"}

#: Codes of rows that end as `unchanged` because nothing was to be done for them, not because all is as they say.
ASIDE = {"asked-skip", "mode-create", "mode-update", "nothing-to-cancel"}


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


# --- 1: the books


@runs(20)
@given(case=cases())
def test_every_row_and_every_order_ends_in_one_line(box: Sandbox, case: Case) -> None:
    with staged(box, case) as stage:
        before = stage.orders
        report = stage.sync()
        assert balance(report) == []
        assert set(lines_by_row(report)) == {row.number for row in case.rows}
        assert sum(report.counts.values()) == report.source.rows == len(case.rows)
        meant, without = {uuid for uuid, order in before.items() if _is_meant(order, report)}, _without_row(report)
        assert meant | without == set(before)
        assert meant & without == _beside(report), "an order whose number or contact stands in a row about another order"
        assert not without & {line["order_uuid"] for line in lines_by_row(report).values()}


def _without_row(report: Report) -> set[str]:
    return set(report.orders["order_uuid"])


def _beside(report: Report) -> set[str]:
    return set(report.orders.filter(report.orders["message"].str.contains("another order"))["order_uuid"])


def _is_meant(order: Order, report: Report) -> bool:
    """Whether a line of the sheet names this order: by its id, its contact, or the number it had."""
    lines = lines_by_row(report).values()
    return any(
        order.uuid == line["order_uuid"] or order.record.uuid == line["record_uuid"] or order.phone == line["phone"]
        for line in lines
    )


# --- 2: the state, judged by the sheet


@runs(30)
@given(case=cases())
def test_afterwards_the_campaign_says_what_the_sheet_says(box: Sandbox, case: Case) -> None:
    with staged(box, case) as stage:
        report = stage.sync()
        lines = lines_by_row(report)
        assert not set(report.counts) & {"failed", "unknown", "drifted"}, report.lines
        for row in case.rows:
            _assert_carried_out(row, lines[row.number], stage)
        for line in report.orders.iter_rows(named=True):
            order = stage.orders.get(line["order_uuid"])
            assert (order is None) == (line["outcome"] == "removed")
            assert line["outcome"] != "canceled" or (order is not None and order.status == "canceled")


def _assert_carried_out(row: Row, line: Mapping[str, Any], stage: Stage) -> None:
    """What the row's line claims, held against the truth."""
    order = stage.orders.get(line["order_uuid"] or "")
    if line["outcome"] == "removed":
        assert order is None
    if line["outcome"] == "canceled":
        assert order is not None
        assert order.status == "canceled"
    if line["outcome"] in ("created", "associated", "updated", "canceled") or (
        line["outcome"] == "unchanged" and not ASIDE & set(line["codes"])
    ):
        assert order is not None, line
        new = line["outcome"] in ("created", "associated")
        _assert_says(order, row, stage.case.flags["initial_status"] if new else None)


def _assert_says(order: Order, row: Row, start: str | None) -> None:
    """The order has what the row's filled cells say. start: the status of a new contact whose row names none."""
    told = row.told("Status")
    asked = "canceled" if row.action == "cancel" else told.get("Status", start)
    if told.get("Status") == "do-not-call":
        assert order.status == "do-not-call"
        return  # such a row asks for nothing else
    under_way = order.status == "busy" and asked in ("planned", "scheduled")  # the dialer is at the call that is asked for
    assert asked is None or order.status == asked or under_way, (order.status, row)
    assert row.person is None or order.phone == PHONES[row.person]
    held = {heading: order.properties[name] for heading, name in HELD_IN_ORDER.items()}
    held |= {heading: order.record.fields[name] for heading, name in HELD_IN_RECORD.items()}
    held |= {"Company": order.record.parameters.get("company")}
    held["Scheduled time"] = (held["Scheduled time"] or "").replace(".000", "") or None
    wanted = row.told(*held)
    assert {heading: held[heading] for heading in wanted} == wanted, row


@runs(20)
@given(case=cases())
def test_only_lines_that_claim_a_change_left_a_trace(box: Sandbox, case: Case) -> None:
    with staged(box, case) as stage:
        report = stage.sync()
        acting = [line for line in lines_by_row(report).values() if line["outcome"] in ACTED]
        leaving = report.orders.filter(report.orders["outcome"].is_in(["canceled", "removed"]))
        orders = {line["order_uuid"] for line in acting} | set(leaving["order_uuid"])
        records = {line["record_uuid"] for line in acting}
        strays = [c for c in stage.commits if (c.order_uuid not in orders if c.order_uuid else c.record_uuid not in records)]
        assert strays == []


@runs(20)
@given(case=cases())
def test_no_number_gets_a_second_order(box: Sandbox, case: Case) -> None:
    with staged(box, case) as stage:
        before = Counter(order.phone for order in stage.orders.values())
        stage.sync()
        after = Counter(order.phone for order in stage.orders.values())
        assert {phone: count for phone, count in after.items() if count > max(before[phone], 1)} == {}


#: words -> (contacts, rows by their filled cells): each would give one number a second order.
SECOND_ORDERS: dict[str, tuple[tuple[Contact, ...], tuple[dict[str, str], ...]]] = {
    "one order's new number is another row's new contact": (
        (Contact(0, "planned"),),
        ({"Order ID": "order-0", "Phone": PHONES[5]}, {"Phone": PHONES[5], "Status": "planned"}),
    ),
    "two orders are to get the same number": (
        (Contact(0, "planned"), Contact(1, "planned")),
        ({"Order ID": "order-0", "Phone": PHONES[5]}, {"Order ID": "order-1", "Phone": PHONES[5]}),
    ),
    "an order is to get the number of another order": (
        (Contact(0, "planned"), Contact(1, "planned")),
        ({"Order ID": "order-0", "Phone": PHONES[1]},),
    ),
    "a contact named by its id has the number of an order": (
        (Contact(0, "planned"), Contact(0, None)),
        ({"Record ID": "record-1", "Status": "planned"},),
    ),
    "two contacts named by their ids have one number": (
        (Contact(3, None), Contact(3, None)),
        ({"Record ID": "record-0"}, {"Record ID": "record-1"}),
    ),
}


@pytest.mark.parametrize("release", ["staged", "direct"])
@pytest.mark.parametrize("words", SECOND_ORDERS)
def test_rows_that_would_give_a_number_two_orders_are_held(box: Sandbox, words: str, release: str) -> None:
    standing, filled = SECOND_ORDERS[words]
    blank = dict.fromkeys(("Phone", "Status", "Order ID", "Record ID"), "")
    sheet = tuple(Row(number, None, blank | cells) for number, cells in enumerate(filled, start=2))
    with staged(box, Case(standing, sheet, {"release": release}, Behaviour())) as stage:
        report = stage.sync()
        assert (dict(report.counts), box.writes) == ({"held": len(sheet)}, [])


# --- 3: the second run


@runs(20)
@given(case=cases())
def test_the_same_sheet_again_only_reads(box: Sandbox, case: Case) -> None:
    with staged(box, case) as stage:
        first = stage.sync()
        sent = len(box.writes)
        second = stage.sync()
        assert [(w.method, w.path, w.body) for w in box.writes[sent:]] == []
        lines = lines_by_row(second)
        for row in case.rows:
            before, now = lines_by_row(first)[row.number]["outcome"], lines[row.number]["outcome"]
            if before in ACTED and row.cells.get("Status") == "do_not_call":
                assert now in ("unchanged", "protected")  # other cells of such a row are not carried, and now it is told so
            else:
                assert now == ("unchanged" if before in ACTED else before), row


# --- 6: the plan


@runs(20)
@given(case=cases())
def test_a_plan_only_reads_and_tells_how_it_will_end(box: Sandbox, case: Case) -> None:
    with staged(box, case) as stage:
        plan, said = anyio.run(pipeline.plan, stage.request(), stage.bench())
        assert box.writes == []
        assert stage.commits == []
        done = stage.sync()
        if not any(guard.tripped for guard in plan.guards):
            assert (done.counts, done.missing) == (said.counts, said.missing)
            assert done.lines["outcome"].to_list() == plan.lines["outcome"].to_list()
