"""The three-way merge by cell: what a person changed in an export is wanted, what the campaign changed meanwhile stays."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl
import pytest

from callcamp_sync.fields import BY_NAME, CLEAR, ROW
from callcamp_sync.merge import Merged, merge
from callcamp_sync.rules import Rule

A, B, C = "+12015550101", "+12015550102", "+12015550103"


class Case(NamedTuple):
    """was: what the export said; sheet: what the row says; stands: what the campaign says; left: what the row still asks for."""

    was: str | None
    sheet: str | None
    stands: str | None
    left: str | None
    held: bool = False


def _frame(**columns: str | None) -> pl.DataFrame:
    return pl.DataFrame({name: [value] for name, value in columns.items()}, schema=dict.fromkeys(columns, pl.String))


def _row(**wants: str | None) -> pl.DataFrame:
    keys = {"verdict": None, "phone": A, "order_uuid": "o1", "record_uuid": "r1", "action": None}
    return _frame(**(keys | wants)).with_columns(pl.lit(2, pl.UInt32).alias(ROW))


def _orders(**values: str | None) -> pl.DataFrame:
    return _frame(**({"order_uuid": "o1", "record_uuid": "r1", "phone": A, "status": "registered"} | values))


def _rules(*names: str) -> list[Rule]:
    return [Rule(field=BY_NAME[name], heading=BY_NAME[name].title) for name in names]


def _merged(name: str, case: Case, *, cell: str | None = None) -> Merged:
    """One row with one field. cell: the sheet's own text, where it is not the value itself."""
    standing = _orders(**{f"have_{name}": case.stands})
    cells = pl.DataFrame({ROW: [2], name: [cell or case.sheet]}, schema={ROW: pl.UInt32, name: pl.String})
    return merge(_row(**{f"want_{name}": case.sheet}), cells, _orders(**{f"have_{name}": case.was}), standing, _rules(name))


CASES = {
    "nobody changed it": Case("x", "x", "x", None),
    "the campaign changed it": Case("x", "x", "y", None),
    "the campaign cleared it": Case("x", "x", None, None),
    "the campaign filled it in": Case(None, None, "y", None),
    "the person changed it": Case("x", "z", "x", "z"),
    "the person filled it in": Case(None, "z", None, "z"),
    "the person cleared it": Case("x", CLEAR, "x", CLEAR),
    "the person blanked the cell": Case("x", None, "y", None),
    "both made the same of it": Case("x", "y", "y", "y"),
    "both cleared it": Case("x", CLEAR, None, CLEAR),
    "both changed it": Case("x", "z", "y", "z", held=True),
    "the person changed what the campaign cleared": Case("x", "z", None, "z", held=True),
    "the person cleared what the campaign changed": Case("x", CLEAR, "y", CLEAR, held=True),
    "both filled it in": Case(None, "z", "y", "z", held=True),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_cell_asks_for_what_the_person_changed(case: Case) -> None:
    found = _merged("instructions", case)
    assert found.frame["want_instructions"].to_list() == [case.left]
    assert found.frame["verdict"].to_list() == ["held" if case.held else None]
    assert found.issues["code"].to_list() == ["edited-meanwhile"] * case.held


def test_a_wish_never_to_be_called_is_not_held_for_another_cell() -> None:
    """Such a row asks for nothing else anyway; held, its order would stay in line for a call."""
    found = merge(
        _row(want_status="do-not-call", want_instructions="z"),
        pl.DataFrame({ROW: [2]}, schema={ROW: pl.UInt32}),
        _orders(status_wire="planned", have_instructions="x"),
        _orders(status_wire="planned", status="planned", have_instructions="y"),
        _rules("status", "instructions"),
    )
    assert found.frame.select("verdict", "want_status").row(0) == (None, "do-not-call")
    assert found.issues.is_empty()


def test_what_is_held_shows_all_three_values() -> None:
    issue = _merged("instructions", CASES["both changed it"]).issues.row(0, named=True)
    assert issue == {
        "row": 2,
        "code": "edited-meanwhile",
        "heading": "Instructions",
        "field": "instructions",
        "cell": "z",
        "detail": "it was `x`, the sheet says `z`, the campaign says `y`",
    }


def test_a_cell_that_has_the_exports_own_text_is_not_edited_whatever_it_is_read_as() -> None:
    """The reader may fold what the server does not: `basic` is read as the choice `Basic`."""
    assert _merged("instructions", Case("basic", "Basic", "basic", None), cell=" basic ").frame[
        "want_instructions"
    ].to_list() == [None]


STATUSES = {
    "the dialer went on": Case("Planned", "planned", "contacted", None),
    "a status in the server's spelling is not edited": Case("inReview", "in-review", "inReview", None),
    "the person plans a call": Case("registered", "planned", "registered", "planned"),
    "the call that the person plans is being tried already": Case("registered", "planned", "busy", "planned"),
    "the person plans a call, and somebody canceled": Case("registered", "planned", "canceled", "planned", held=True),
    "the person cancels, and the dialer went on": Case("planned", "canceled", "busy", "canceled", held=True),
    "never to be called, whatever happened meanwhile": Case("planned", "do-not-call", "contacted", "do-not-call"),
    "never to be called, and lifted in the campaign": Case("DNC", "do-not-call", "planned", "do-not-call"),
    "never to be called by the campaign: a rule tells": Case("registered", "planned", "DNC", "planned"),
}


@pytest.mark.parametrize("case", STATUSES.values(), ids=STATUSES)
def test_a_status_is_merged_by_its_meaning(case: Case) -> None:
    spelled = {"DNC": "do-not-call", "inReview": "in-review"}.get(case.stands or "", case.stands)
    found = merge(
        _row(want_status=case.sheet),
        pl.DataFrame({ROW: [2]}, schema={ROW: pl.UInt32}),
        _orders(status_wire=case.was),
        _orders(status_wire=case.stands, status=spelled),
        _rules("status"),
    )
    assert found.frame["want_status"].to_list() == [case.left]
    assert found.frame["verdict"].to_list() == ["held" if case.held else None]


PHONES = {
    "nobody changed it": Case(A, A, A, A),
    "the campaign changed it": Case(A, A, B, B),
    "the person changed it": Case(A, B, A, B),
    "both changed it": Case(A, C, B, C, held=True),
    "the person blanked the cell": Case(A, None, B, None),
}


@pytest.mark.parametrize("case", PHONES.values(), ids=PHONES)
def test_a_number_that_nobody_edited_is_the_one_that_stands(case: Case) -> None:
    cells = pl.DataFrame({ROW: [2]}, schema={ROW: pl.UInt32})
    found = merge(_row(phone=case.sheet), cells, _orders(phone=case.was), _orders(phone=case.stands), _rules("phoneNumber"))
    assert found.frame["phone"].to_list() == [case.left]
    assert found.frame["verdict"].to_list() == ["held" if case.held else None]


KEYS = {
    "its order id": ({"record_uuid": None, "phone": None}, True),
    "its record id, where somebody deleted the order ids": ({"order_uuid": None}, True),
    "its number, where both ids are gone": ({"order_uuid": None, "record_uuid": None}, True),
    "never by its number, where its order id is another": ({"order_uuid": "o9"}, False),
    "nothing, for a row that was typed in": ({"order_uuid": None, "record_uuid": None, "phone": B}, False),
}


@pytest.mark.parametrize(("keys", "known"), KEYS.values(), ids=KEYS)
def test_a_row_is_found_in_the_export_by(keys: dict[str, str | None], known: bool) -> None:
    cells = pl.DataFrame({ROW: [2]}, schema={ROW: pl.UInt32})
    row = _row(want_instructions="x", **keys)
    found = merge(row, cells, _orders(have_instructions="x"), _orders(have_instructions="y"), _rules("instructions"))
    assert found.frame["want_instructions"].to_list() == [None if known else "x"]


def test_a_field_that_the_export_left_out_is_left_to_the_diff() -> None:
    cells = pl.DataFrame({ROW: [2]}, schema={ROW: pl.UInt32})
    found = merge(_row(want_instructions="x"), cells, _orders(), _orders(have_instructions="y"), _rules("instructions"))
    assert found.frame["want_instructions"].to_list() == ["x"]


def test_an_order_that_is_gone_takes_part_in_no_conflict() -> None:
    """That it is gone is said by matching."""
    cells = pl.DataFrame({ROW: [2]}, schema={ROW: pl.UInt32})
    gone = _orders(have_instructions="y").clear()
    found = merge(_row(want_instructions="z"), cells, _orders(have_instructions="x"), gone, _rules("instructions"))
    assert found.frame["want_instructions"].to_list() == ["z"]
    assert found.issues.is_empty()


def test_a_row_that_is_wrong_already_stays_as_it_was_judged() -> None:
    cells = pl.DataFrame({ROW: [2]}, schema={ROW: pl.UInt32})
    row = _row(want_instructions="z", verdict="rejected")
    found = merge(row, cells, _orders(have_instructions="x"), _orders(have_instructions="y"), _rules("instructions"))
    assert found.frame["verdict"].to_list() == ["rejected"]
