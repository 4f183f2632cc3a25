"""What becomes of the orders that no row points at: each status under keep, cancel and remove."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from core_cases import Cells, P, difference, orders, sheet

from callcamp_sync.missing import absent
from callcamp_sync.model import Mode, OnMissing

#: status -> outcome under keep, cancel, remove
TABLE = {
    "registered": ("kept", "canceled", "removed"),
    "planned": ("kept", "canceled", "removed"),
    "scheduled": ("kept", "canceled", "removed"),
    "busy": ("kept", "canceled", "removed"),
    "no-answer": ("kept", "canceled", "removed"),
    "failed": ("kept", "canceled", "removed"),
    "canceled": ("kept", "kept", "removed"),
    "contacted": ("kept", "protected", "protected"),
    "completed": ("kept", "protected", "protected"),
    "calling": ("kept", "protected", "protected"),
    "doNotCall": ("kept", "protected", "protected"),
    "odd": ("kept", "protected", "protected"),
}
CASES = [(status, on, TABLE[status][at]) for status in TABLE for at, on in enumerate(OnMissing)]


def missing(rows: tuple[Cells, ...], *standing: Cells, on: OnMissing = OnMissing.REMOVE, **given: Any) -> list[tuple[str, str]]:
    """(order, outcome) of each order without a row."""
    found = difference(sheet(*rows), orders(*standing), mode=Mode.MIRROR, on_missing=on, **given)
    return list(found.orders.select("order_uuid", "outcome").iter_rows())


@pytest.mark.parametrize(("status", "on", "outcome"), CASES, ids=[f"{status}, {on}" for status, on, _ in CASES])
def test_each_status_under_each_wish(status: str, on: OnMissing, outcome: str) -> None:
    assert missing(({"phone": P[0]},), {"phone": P[0]}, {"phone": P[1], "status": status}, on=on) == [("o1", outcome)]


def test_reopen_does_not_open_an_order_without_a_row() -> None:
    """--reopen says what a row may do; nobody wrote a row for these."""
    found = missing(({"phone": P[0]},), {"phone": P[0]}, {"phone": P[1], "status": "contacted"}, reopen=True)
    assert found == [("o1", "protected")]


def test_a_number_of_the_ledger_is_protected_whatever_its_order_says() -> None:
    assert missing((), {"phone": P[1], "status": "planned"}, never=frozenset([P[1]])) == [("o0", "protected")]


@pytest.mark.parametrize("verdict", ["rejected", "held"])
@pytest.mark.parametrize("on", [OnMissing.CANCEL, OnMissing.REMOVE])
def test_a_row_that_is_wrong_keeps_every_order_without_a_row(verdict: str, on: OnMissing) -> None:
    rows: tuple[Cells, ...] = ({"phone": P[0]}, {"phone": P[2], "verdict": verdict})
    assert missing(rows, {"phone": P[0]}, {"phone": P[1]}, on=on) == [("o1", "kept")]


def test_a_duplicate_row_makes_no_sheet_less_whole() -> None:
    rows: tuple[Cells, ...] = ({"phone": P[0]}, {"phone": P[0], "verdict": "duplicate"})
    assert missing(rows, {"phone": P[0]}, {"phone": P[1]}) == [("o1", "removed")]


def test_an_incomplete_listing_keeps_them_and_says_why() -> None:
    found = difference(sheet(), orders({"phone": P[1]}), mode=Mode.MIRROR, on_missing=OnMissing.REMOVE, keep_because="it moved")
    assert found.orders.select("outcome", "message").rows() == [("kept", "it moved")]


#: What a row may carry that points at the order o1 with contact r1 and number P1.
POINTING: dict[str, Cells] = {
    "by its number": {"phone": P[1]},
    "by its order id": {"order_uuid": "o1"},
    "by its record id": {"record_uuid": "r1"},
    "by order id, under another number": {"phone": P[5], "order_uuid": "o1"},
    "by number, though rejected": {"phone": P[1], "verdict": "rejected"},
    "by order id, though held": {"order_uuid": "o1", "verdict": "held"},
    "by number, though to be skipped": {"phone": P[1], "action": "skip"},
}


@pytest.mark.parametrize("words", POINTING)
def test_an_order_that_a_row_points_at_is_not_missing(words: str) -> None:
    assert missing((POINTING[words],), {"phone": P[0]}, {"phone": P[1]})[0][0] == "o0"
    assert len(missing((POINTING[words],), {"phone": P[0]}, {"phone": P[1]})) == 1


def test_a_row_to_be_skipped_points_at_its_order_under_another_spelling_of_the_number() -> None:
    """The two numbers reach one subscriber: to skip a row is not to take its order out."""
    row: Cells = {"phone": "+5215512345678", "action": "skip"}
    assert missing((row,), {"phone": "+525512345678"}, {"phone": P[1]}) == [("o1", "removed")]


def test_an_order_under_another_spelling_of_a_number_that_has_its_own_row_and_order_stays_in_the_books() -> None:
    standing: tuple[Cells, ...] = ({"phone": "+525512345678"}, {"phone": "+5215512345678"})
    assert missing(({"phone": "+525512345678"},), *standing, on=OnMissing.KEEP) == [("o1", "kept")]


def test_every_order_is_a_rows_or_missing_never_both() -> None:
    standing = orders(*({"phone": phone} for phone in P[:6]))
    found = difference(sheet({"phone": P[2]}, {"order_uuid": "o4"}), standing, mode=Mode.MIRROR, on_missing=OnMissing.KEEP)
    ours = set(found.rows["order_uuid"].drop_nulls())
    assert (ours, set(found.orders["order_uuid"])) == ({"o2", "o4"}, {"o0", "o1", "o3", "o5"})
    assert found.orders.select(pl.col("outcome").unique()).to_series().to_list() == ["kept"]


@pytest.mark.parametrize("on", OnMissing)
@pytest.mark.parametrize("shared", [{"phone": P[1]}, {"phone": P[2], "record_uuid": "r1"}], ids=["its number", "its contact"])
def test_of_two_orders_the_one_that_no_row_names_is_kept_and_told(shared: Cells, on: OnMissing) -> None:
    """Which of them is too many nobody can know: to end none silently, and to let none vanish from the report."""
    standing = orders({"phone": P[1], "record_uuid": "r1"}, {"record_uuid": "r2", **shared})
    row: Cells = {"phone": P[1], "order_uuid": "o0", "record_uuid": "r1"}
    found = difference(sheet(row), standing, mode=Mode.MIRROR, on_missing=on)
    assert found.rows["order_uuid"].to_list() == ["o0"]
    assert found.orders.select("order_uuid", "outcome").rows() == [("o1", "kept")]
    assert "another order" in found.orders["message"][0]
    assert absent(found.orders) == (), "and so no file that comes counts it as gone"


WAITING = [
    pytest.param({}, False, 1, "removed", id="without patience once is enough"),
    pytest.param({}, False, 2, "kept", id="the first time it waits"),
    pytest.param({"o1": 1}, False, 2, "removed", id="the second time it goes"),
    pytest.param({"o1": 1}, True, 2, "kept", id="the same file again is no second time"),
    pytest.param({"o1": 2}, True, 2, "removed", id="and what was due stays due"),
    pytest.param({"o1": 1}, False, 3, "kept", id="of three it is the second"),
    pytest.param({"o7": 5}, False, 2, "kept", id="the absences of another order are not its own"),
]


@pytest.mark.parametrize(("absent", "again", "absences", "outcome"), WAITING)
def test_in_a_job_an_order_goes_only_after_several_good_files(
    absent: dict[str, int], again: bool, absences: int, outcome: str
) -> None:
    rows: tuple[Cells, ...] = ({"phone": P[0]},)
    standing = ({"phone": P[0]}, {"phone": P[1]})
    assert missing(rows, *standing, absent=absent, again=again, absences=absences) == [("o1", outcome)]


def test_an_order_that_waits_says_how_long() -> None:
    found = difference(
        sheet({"phone": P[0]}),
        orders({"phone": P[0]}, {"phone": P[1]}, {"phone": P[2], "status": "contacted"}),
        mode=Mode.MIRROR,
        on_missing=OnMissing.CANCEL,
        absences=3,
        absent={"o1": 1, "o2": 1},
    )
    assert found.orders.select("order_uuid", "outcome", "message").rows() == [
        ("o1", "kept", "absent from 2 of 3 good files in a row, so it waits"),
        ("o2", "protected", None),
    ]


def test_an_order_that_waits_counts_for_no_guard() -> None:
    from callcamp_sync.guards import Limits, Sizes, check

    standing = orders(*({"phone": phone} for phone in P))
    found = difference(sheet({"phone": P[0]}), standing, mode=Mode.MIRROR, on_missing=OnMissing.REMOVE, absences=2)
    guards = check(found, Sizes(rows=1, orders=10, standing=10, last_valid=None), Limits())
    assert {guard.name: guard.actual for guard in guards}["max-remove"] == 0
