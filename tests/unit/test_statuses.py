"""One name for every spelling of a status, and what each means for the person behind the number."""

from __future__ import annotations

import pytest

from callcamp_sync.statuses import ASKABLE, GROUPS, RELEASING, Group, fold_status, group_of, spellings

SPELLED = {
    "do-not-call": [
        "Do Not Call",
        "do-not-call",
        "do_not_call",
        "DNC",
        "doNotCall",
        "dnc",
        " DO NOT CALL ",
        "DoNotContact",
        "don't call",
        "do not call again",
        "On the Do-Not-Call list",
        "dnc_requested",
        "doNotCallAnymore",
    ],
    "canceled": ["Canceled", "cancelled", "CANCELED"],
    "no-answer": ["no-answer", "No Answer", "noAnswer", "no_answer"],
    "calling": ["calling", "in-call", "InCall"],
    "registered": ["Registered", "registered "],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in SPELLED.items() for text in texts])
def test_every_spelling_folds_to_one_name(name: str, text: str) -> None:
    assert fold_status(text) == name


@pytest.mark.parametrize("text", ["On Hold", "on_hold", " on-hold"])
def test_a_status_that_no_one_has_heard_of_is_kept_and_never_callable(text: str) -> None:
    assert (fold_status(text), group_of(text)) == ("on-hold", Group.UNKNOWN)


@pytest.mark.parametrize("name", [*GROUPS, "on-hold"])
def test_folding_again_changes_nothing(name: str) -> None:
    assert fold_status(name) == name


def test_no_status_at_all_is_unknown() -> None:
    assert group_of(None) is Group.UNKNOWN


@pytest.mark.parametrize(
    ("group", "names"),
    {
        Group.QUIET: {"registered"},
        Group.CALLABLE: {"planned", "scheduled", "busy", "no-answer", "failed"},
        Group.RUNNING: {"calling"},
        Group.FINAL: {"contacted", "completed"},
        Group.ENDED: {"canceled"},
        Group.FORBIDDEN: {"do-not-call"},
        Group.UNKNOWN: set(),
    }.items(),
)
def test_each_group_has_the_statuses_of_the_vendors_pages(group: Group, names: set[str]) -> None:
    assert {name for name, own in GROUPS.items() if own is group} == names


def test_a_sheet_may_ask_for_five_statuses_of_which_two_lead_to_a_call() -> None:
    assert set(ASKABLE) == {"registered", "planned", "scheduled", "canceled", "do-not-call"}
    assert set(RELEASING) == {name for name in ASKABLE if group_of(name) is Group.CALLABLE}


def test_a_status_is_written_as_seen_live_else_as_configured_else_with_hyphens() -> None:
    wire = spellings(["Do Not Call", "DNC", None, "On Hold"], {"do-not-call": "dnc", "canceled": "Cancelled"})
    assert [wire[name] for name in ("do-not-call", "canceled", "no-answer", "on-hold")] == [
        "Do Not Call",
        "Cancelled",
        "no-answer",
        "On Hold",
    ]
