"""What a row changes: field by field, mode by mode, rule by rule. Each case is one row against at most one order."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from core_cases import Cells, P, changed, codes, contacts, difference, ended, orders, rules_for, sheet

from callcamp_sync import frames
from callcamp_sync.fields import CLEAR
from callcamp_sync.issues import CATALOGUE
from callcamp_sync.model import ISSUE_SCHEMA, Mode
from callcamp_sync.rules import Overwrite

HERE: Cells = {"phone": P[0]}


def one(row: Cells, order: Cells | None = None, **given: Any) -> tuple[str, list[str]]:
    """Outcome and codes of one row against one order (or none)."""
    found = difference(sheet({**HERE, **row}), orders(*([{**HERE, **order}] if order is not None else [])), **given)
    return ended(found)[0], codes(found)


# --- values

#: words -> (wanted, standing, how the rule overwrites, the change or None)
VALUES: dict[str, tuple[str | None, str | None, Overwrite, tuple[str | None, str | None] | None]] = {
    "another value is a change": ("New", "Old", Overwrite.ALWAYS, ("Old", "New")),
    "the same value is none": ("Old", "Old", Overwrite.ALWAYS, None),
    "a value where nothing stands is a change": ("New", None, Overwrite.ALWAYS, (None, "New")),
    "a blank cell leaves alone": (None, "Old", Overwrite.ALWAYS, None),
    "clear empties": (CLEAR, "Old", Overwrite.ALWAYS, ("Old", None)),
    "clear where nothing stands is no change": (CLEAR, None, Overwrite.ALWAYS, None),
    "if_blank fills what is blank": ("New", None, Overwrite.IF_BLANK, (None, "New")),
    "if_blank keeps what stands": ("New", "Old", Overwrite.IF_BLANK, None),
    "if_blank does not clear": (CLEAR, "Old", Overwrite.IF_BLANK, None),
    "never keeps what stands": ("New", "Old", Overwrite.NEVER, None),
    "never fills nothing": ("New", None, Overwrite.NEVER, None),
}


@pytest.mark.parametrize("name", ["name", "instructions", "parameters.company"])
@pytest.mark.parametrize("words", VALUES)
def test_a_cell_changes_a_field_of_an_order(words: str, name: str) -> None:
    want, have, overwrite, change = VALUES[words]
    rules = rules_for(name, overwrite=overwrite)
    found = difference(sheet({**HERE, name: want}), orders({**HERE, name: have}), rules=rules)
    assert changed(found) == ({name: change} if change else {})
    assert ended(found) == ["updated" if change else "unchanged"]


def test_a_field_that_could_not_be_read_is_not_compared() -> None:
    found = difference(sheet({**HERE, "email": "a@example.com"}), orders(HERE), hidden=["email"])
    assert (ended(found), changed(found)) == (["unchanged"], {})


@pytest.mark.parametrize("overwrite", list(Overwrite))
def test_a_new_contact_gets_every_filled_cell_whatever_may_be_overwritten(overwrite: Overwrite) -> None:
    found = difference(
        sheet({**HERE, "email": "a@example.com", "name": None}), orders(), rules=rules_for("email", "name", overwrite=overwrite)
    )
    assert ended(found) == ["created"]
    assert changed(found) == {
        "phoneNumber": (None, P[0]),
        "status": (None, "registered"),
        "email": (None, "a@example.com"),
    }


def test_a_contact_that_is_linked_is_compared_with_what_it_holds() -> None:
    free = contacts({**HERE, "email": "a@example.com", "name": "Old"})
    found = difference(sheet({**HERE, "email": "a@example.com", "name": "New"}), orders(), free)
    assert ended(found) == ["associated"]
    assert changed(found) == {"status": (None, "registered"), "name": ("Old", "New")}


def test_another_number_for_a_known_order_is_a_change() -> None:
    found = difference(sheet({"phone": P[5], "order_uuid": "o0"}), orders(HERE))
    assert changed(found) == {"phoneNumber": (P[0], P[5])}


@pytest.mark.parametrize("overwrite", [Overwrite.IF_BLANK, Overwrite.NEVER])
def test_a_number_that_may_not_be_overwritten_stays_the_one_that_is_called(overwrite: Overwrite) -> None:
    rules = (*rules_for("phoneNumber", overwrite=overwrite), *rules_for("name"))
    row = sheet({"phone": P[5], "order_uuid": "o0", "name": "New"})
    found = difference(row, orders({**HERE, "name": "Old"}), rules=rules)
    assert changed(found) == {"name": ("Old", "New")}
    assert found.rows["phone"].to_list() == [P[0]]


def test_a_blank_number_is_filled_where_only_blanks_are() -> None:
    rules = rules_for("phoneNumber", overwrite=Overwrite.IF_BLANK)
    found = difference(sheet({"phone": P[5], "order_uuid": "o0"}), orders({"phone": None}), rules=rules)
    assert changed(found) == {"phoneNumber": (None, P[5])}


def test_a_row_that_sets_do_not_call_is_about_the_number_that_stands() -> None:
    """Its order is looked for by that number when the answer is lost."""
    found = difference(sheet({"phone": P[5], "order_uuid": "o0", "status": "do-not-call"}), orders(HERE))
    assert found.rows["phone"].to_list() == [P[0]]


def test_a_row_without_a_number_leaves_the_number_alone() -> None:
    found = difference(sheet({"order_uuid": "o0", "name": "New"}), orders({**HERE, "name": "Old"}))
    assert (changed(found), found.rows["phone"].to_list()) == ({"name": ("Old", "New")}, [P[0]])


# --- modes

MODES = {
    (Mode.CREATE, "new"): "created",
    (Mode.CREATE, "known"): "unchanged",
    (Mode.UPDATE, "new"): "unchanged",
    (Mode.UPDATE, "known"): "updated",
    (Mode.UPSERT, "new"): "created",
    (Mode.UPSERT, "known"): "updated",
    (Mode.MIRROR, "new"): "created",
    (Mode.MIRROR, "known"): "updated",
}


@pytest.mark.parametrize(("mode", "contact"), MODES, ids=[f"{mode}, {contact} contact" for mode, contact in MODES])
def test_each_mode_adds_and_changes_what_it_may(mode: Mode, contact: str) -> None:
    outcome, found = one({"name": "New"}, {"name": "Old"} if contact == "known" else None, mode=mode)
    assert outcome == MODES[mode, contact]
    assert found == ([f"mode-{mode}"] if outcome == "unchanged" else [])


@pytest.mark.parametrize("mode", list(Mode))
def test_a_known_contact_that_is_as_the_row_says_is_no_matter_of_the_mode(mode: Mode) -> None:
    assert one({"name": "Old"}, {"name": "Old"}, mode=mode) == ("unchanged", [])


# --- actions

ACTIONS = {
    ("cancel", "planned"): ("canceled", []),
    ("cancel", "canceled"): ("unchanged", []),
    ("cancel", "contacted"): ("protected", ["already-contacted"]),
    ("cancel", None): ("unchanged", ["nothing-to-cancel"]),
    ("remove", "planned"): ("removed", []),
    ("remove", "canceled"): ("removed", []),
    ("remove", "calling"): ("protected", ["in-call"]),
    ("remove", None): ("unchanged", ["nothing-to-cancel"]),
    ("skip", "planned"): ("unchanged", ["asked-skip"]),
    ("skip", None): ("unchanged", ["asked-skip"]),
}


@pytest.mark.parametrize(("action", "status"), ACTIONS, ids=[f"{action}, {status}" for action, status in ACTIONS])
def test_an_action_takes_the_order_out_or_leaves_it(action: str, status: str | None) -> None:
    order = {"status": status} if status else None
    assert one({"action": action}, order) == ACTIONS[action, status]


@pytest.mark.parametrize("status", ["planned", "scheduled", "registered"])
@pytest.mark.parametrize("standing", ["registered", "planned", "canceled"])
def test_an_action_stands_above_the_status_beside_it(status: str, standing: str) -> None:
    """An exported sheet has a status in every row: a row that is to be canceled must not be planned on the way."""
    found = difference(sheet({**HERE, "action": "cancel", "status": status}), orders({**HERE, "status": standing}), reopen=True)
    assert ended(found) == ["unchanged" if standing == "canceled" else "canceled"]
    assert changed(found) in ({}, {"status": (standing, "canceled")})


def test_a_status_canceled_is_an_action_as_well() -> None:
    found = difference(sheet({**HERE, "status": "canceled"}), orders({**HERE, "status": "planned"}))
    assert (ended(found), changed(found)) == (["canceled"], {"status": ("planned", "canceled")})


# --- rules

RULES: dict[str, tuple[Cells, Cells | None, dict[str, Any], str, list[str]]] = {
    "a callable status for someone who finished": (
        {"status": "planned"},
        {"status": "contacted"},
        {},
        "protected",
        ["already-contacted"],
    ),
    "the same, reopened": ({"status": "planned"}, {"status": "contacted"}, {"reopen": True}, "updated", []),
    "contact data of someone who finished": ({"name": "New"}, {"status": "contacted", "name": "Old"}, {}, "updated", []),
    "a running call": ({"name": "New"}, {"status": "calling", "name": "Old"}, {"reopen": True}, "protected", ["in-call"]),
    "a canceled order is not planned again": (
        {"status": "planned"},
        {"status": "canceled"},
        {},
        "protected",
        ["already-canceled"],
    ),
    "an odd status is left alone": ({"name": "New"}, {"status": "odd", "name": "Old"}, {}, "protected", ["status-unfamiliar"]),
    "Do Not Call is not lifted": ({"status": "planned"}, {"status": "DNC"}, {"reopen": True}, "protected", ["do-not-call"]),
    "Do Not Call that asks for nothing rests": ({}, {"status": "DNC"}, {}, "unchanged", []),
    "Do Not Call may be set": ({"status": "do-not-call"}, {"status": "planned"}, {}, "updated", []),
    "Do Not Call may be set on someone who finished": ({"status": "do-not-call"}, {"status": "contacted"}, {}, "updated", []),
    "Do Not Call for nobody in the campaign": ({"status": "do-not-call"}, None, {}, "protected", ["do-not-call"]),
    "a number of the ledger is not added": ({}, None, {"never": frozenset([P[0]])}, "protected", ["do-not-call"]),
    "a number of the ledger is not changed": (
        {"name": "New"},
        {"name": "Old"},
        {"never": frozenset([P[0]]), "reopen": True},
        "protected",
        ["do-not-call"],
    ),
    "a number of the ledger is not removed": (
        {"action": "remove"},
        {},
        {"never": frozenset([P[0]])},
        "protected",
        ["do-not-call"],
    ),
    "the dialer's own status cannot be asked for": (
        {"status": "busy"},
        {"status": "planned"},
        {},
        "held",
        ["status-not-askable"],
    ),
    "a new contact cannot start as busy": ({"status": "busy"}, None, {}, "held", ["status-not-askable"]),
    "a new contact cannot start canceled": ({"status": "canceled"}, None, {}, "unchanged", ["nothing-to-cancel"]),
    "a time in the past": ({"scheduledTime": "2026-05-01T11:59:59Z"}, {}, {}, "held", ["time-past"]),
    "a time that is still to come": ({"scheduledTime": "2026-05-01T12:00:01Z"}, {}, {}, "updated", []),
    "a past time that stands already": (
        {"scheduledTime": "2020-01-01T00:00:00Z"},
        {"scheduledTime": "2020-01-01T00:00:00Z"},
        {},
        "unchanged",
        [],
    ),
    "a number that an earlier run may have created": ({}, None, {"unsettled": frozenset([P[0]])}, "unknown", ["unsettled"]),
    "the same number, when its order stands": ({}, {}, {"unsettled": frozenset([P[0]])}, "unchanged", []),
}


@pytest.mark.parametrize("words", RULES)
def test_a_rule_decides(words: str) -> None:
    row, order, given, outcome, found = RULES[words]
    assert one(row, order, **given) == (outcome, found)


def test_a_row_that_sets_do_not_call_asks_for_nothing_else() -> None:
    found = difference(
        sheet({"phone": P[5], "order_uuid": "o0", "status": "do-not-call", "name": "New"}), orders({**HERE, "name": "Old"})
    )
    assert (ended(found), changed(found)) == (["updated"], {"status": ("registered", "do-not-call")})


def test_the_other_number_of_a_row_counts_as_well() -> None:
    """Neither may an order of someone who must not be called get another number, nor another order get theirs."""
    standing = orders({"phone": P[0], "status": "DNC"}, {"phone": P[1]})
    rows = sheet({"phone": P[5], "order_uuid": "o0"}, {"phone": P[0], "order_uuid": "o1"})
    assert ended(difference(rows, standing, never=frozenset([P[0]]))) == ["protected", "protected"]


def test_a_verdict_from_before_stands() -> None:
    rows = sheet({**HERE, "verdict": "rejected", "name": "New"}, {**HERE, "verdict": "duplicate", "action": "remove"})
    found = difference(rows, orders({**HERE, "name": "Old"}))
    assert (ended(found), found.rows["act"].to_list(), found.changes.height) == (["rejected", "duplicate"], [None, None], 0)


def test_a_required_cell_counts_only_for_a_new_contact() -> None:
    needed = frames.of_rows(ISSUE_SCHEMA, [{"row": row, "code": "value-required"} for row in (2, 3)])
    found = difference(sheet({"phone": P[5]}, {**HERE, "name": "New"}), orders({**HERE, "name": "Old"}), needed=needed)
    assert (ended(found), codes(found)) == (["rejected", "updated"], ["value-required"])


def test_a_required_parameter_without_a_column_stops_new_contacts_only() -> None:
    found = difference(
        sheet({"phone": P[5]}, {**HERE, "name": "New"}), orders({**HERE, "name": "Old"}), needed_unmapped=["Company"]
    )
    assert (ended(found), found.issues["heading"].to_list()) == (["rejected", "updated"], ["Company"])


@pytest.mark.parametrize("status", ["planned", "registered"])
def test_a_new_contact_starts_as_asked_else_as_the_run_says(status: str) -> None:
    found = difference(sheet({"phone": P[4], "status": "scheduled"}, {"phone": P[5]}), orders(), initial_status=status)
    assert found.rows["status"].to_list() == ["scheduled", status]


def test_whole_is_a_sheet_without_a_rejected_or_held_row() -> None:
    verdicts: list[str | None] = [None, "duplicate", "rejected", "held"]
    assert [difference(sheet({**HERE, "verdict": v}), orders(HERE)).whole for v in verdicts] == [True, True, False, False]


def test_every_code_that_a_rule_gives_stands_in_the_catalogue() -> None:
    assert {code for *_, found in RULES.values() for code in found} <= set(CATALOGUE)


def test_every_row_of_the_sheet_comes_out_once_and_in_its_order() -> None:
    rows = sheet(*({"phone": phone} for phone in P))
    found = difference(rows, orders({"phone": P[3]}, {"phone": P[1]}), contacts({"phone": P[2]}))
    assert found.rows.select(pl.first()).to_series().to_list() == list(range(2, 12))
