"""`explain`: what it says of a row or a number is what then happens, and looking changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flow_stage import CANARY_TOKEN, EMPTY, SPRING, Stage, lead

from callcamp_sync.sandbox import Sandbox, bulk_phone, demo_world
from callcamp_sync.sandbox.mishaps import Mishaps

NEW = [bulk_phone(index) for index in range(900, 905)]
HEADINGS = {"Phone": "", "Company": "", "Name": "", "Status": "", "Order ID": "", "Action": ""}


def sheet(stage: Stage, *rows: dict[str, str]) -> str:
    return str(stage.sheet([HEADINGS | row for row in rows]))


def explained(stage: Stage, path: str, *args: str, campaign: str = SPRING) -> Any:
    """The document; that only reads were sent holds for every call."""
    mark = stage.forget()
    ended = stage.here("explain", path, "-c", campaign, *args, "--json")
    assert ended.code == 0, ended
    assert stage.methods(mark) == {"GET"}
    return ended.document


def only(document: Any) -> Any:
    assert len(document["rows"]) == 1
    return document["rows"][0]


# --- it tells what then happens -----------------------------------------------------------------------------------------


def test_the_requests_that_it_names_are_the_ones_that_are_sent(stage: Stage) -> None:
    """For every row of a mixed sheet: method, route and body, held against the server's own log."""
    rows = [
        lead(NEW[0], Name="Ann Example"),
        lead(NEW[1], Status="planned"),
        lead(bulk_phone(2), Company="Changed Example Ltd"),
        lead(bulk_phone(3), Company="Example 3 Ltd", Action="remove"),
        lead(bulk_phone(4), Company="Example 4 Ltd", Action="cancel"),
    ]
    path = sheet(stage, *rows)
    said = [only(explained(stage, path, "--row", str(row), "-v")) for row in range(2, 7)]
    mark = stage.forget()
    assert stage.here("sync", path, "-c", SPRING, "--yes").code == 0
    sent = [r for r in stage.since(mark) if r.method != "GET"]
    promised = [one for row in said for one in row["requests"]]
    assert len(sent) == len(promised) >= 6
    created = {str(r.body["record"]["phoneNumber"]): r for r in sent if r.method == "POST"}
    by_phone = {order.phone: order.uuid for order in stage.orders()}
    for row in said:
        for one in row["requests"]:
            route = one["route"].replace(f"{{order of {one['after']}}}", by_phone.get(row["phone"], ""))
            matching = [r for r in sent if r.method == one["method"] and r.path.endswith(route)]
            if one["method"] == "POST":
                matching = [created[row["phone"]]]
            assert matching, one
            assert any(_covers(r.body, one["body"]) for r in matching), (one, matching)


def _covers(sent: Any, promised: Any) -> bool:
    """The sent body says all that was promised; a contact's parameters are merged with those that stand."""
    if isinstance(promised, dict):
        return all(_covers((sent or {}).get(key), value) for key, value in promised.items())
    return bool(sent == promised)


def test_the_decision_is_the_one_of_the_plan(stage: Stage) -> None:
    rows = [
        lead(NEW[0]),
        lead(bulk_phone(2), Company="Changed Example Ltd"),
        lead(bulk_phone(1), Company="Example 1 Ltd"),
        lead("12"),
    ]
    path = sheet(stage, *rows)
    plan = stage.here("plan", path, "-c", SPRING, "--json").document
    outcomes = {row["row"]: row["outcome"] for row in plan["rows"]}
    for row in range(2, 6):
        decision = only(explained(stage, path, "--row", str(row)))["decision"]
        assert decision["outcome"] == outcomes.get(row, "unchanged")
    assert only(explained(stage, path, "--row", "3"))["decision"]["changes"] == [
        {"field": "parameters.company", "old": "Example 2 Ltd", "new": "Changed Example Ltd"}
    ]


# --- which order, and why -----------------------------------------------------------------------------------------------


def test_each_key_says_what_it_found_and_the_first_that_one_order_has_decides(stage: Stage) -> None:
    order = next(one for one in stage.orders() if one.phone == bulk_phone(2))
    row = only(explained(stage, sheet(stage, lead(bulk_phone(2))), "--row", "2"))
    assert row["match"]["order_uuid"] == order.uuid
    found = {one["key"]: (one["found"], [hit["order_uuid"] for hit in one["orders"]]) for one in row["match"]["candidates"]}
    assert found == {"order_uuid": ("the row says nothing", []), "phone": ("one order has it", [order.uuid])}
    assert "`phone` is the first key" in row["match"]["why"]


def test_two_orders_of_one_number_are_both_named_and_the_row_is_held(stage: Stage) -> None:
    world = stage.box.world
    campaign = next(one for one in world.campaigns.values() if one.name == SPRING)
    kind = world.record_types[str(campaign.record_type)]
    ids = [
        world.add_order(campaign, world.add_record(NEW[0], record_type=kind, parameters={"company": "x"}, name=name)).uuid
        for name in ("First Example", "Second Example")
    ]
    row = only(explained(stage, sheet(stage, lead(NEW[0])), "--row", "2"))
    assert (row["decision"]["outcome"], row["decision"]["rule"]) == ("held", "match-several")
    phone = next(one for one in row["match"]["candidates"] if one["key"] == "phone")
    assert ({hit["order_uuid"] for hit in phone["orders"]}, phone["found"]) == (set(ids), "2 orders have it")
    assert row["match"]["order_uuid"] is None
    assert row["requests"] == []
    assert [issue["cure"] for issue in row["issues"]] == ["name the one in a column `order id`"]


def test_a_wrong_cell_is_shown_with_its_steps_and_the_cure(stage: Stage) -> None:
    told = stage.here("explain", sheet(stage, lead("020 7946 0018")), "-c", SPRING, "--row", "2")
    assert told.code == 0
    assert "Phone: `020 7946 0018`" in told.out
    assert "read in none: it needs its country code: not accepted" in told.out
    assert "phone-region (rejected)" in told.out
    assert "cure: write it with + and its country code" in told.out
    assert "the row is rejected, so it means no order" in told.out
    assert "rejected, by the rule phone-region" in told.out


# --- by number ----------------------------------------------------------------------------------------------------------


def test_a_number_finds_its_rows_in_any_spelling_and_the_unreadable_ones_that_look_like_it(stage: Stage) -> None:
    path = sheet(stage, lead("+44 20 7946 0018"), lead("(020) 7946-0018"), lead(NEW[0]), lead("00442079460018"))
    document = explained(stage, path, "--phone", "+44 (0)20 7946 0018")
    assert document["asked"] == {"row": None, "phone": "+442079460018"}
    assert [row["row"] for row in document["rows"]] == [2, 3, 5]


def test_a_number_without_a_row_shows_its_order_and_what_becomes_of_it(stage: Stage) -> None:
    rows = [lead(bulk_phone(place), Company=f"Example {place} Ltd") for place in range(1, 30)]
    kept = next(order for order in stage.orders() if order.phone == bulk_phone(0))
    mode = ("--mode", "mirror", "--on-missing", "remove")
    order = explained(stage, sheet(stage, *rows), "--phone", kept.phone, *mode)["orders"][0]
    assert order["order_uuid"] == kept.uuid
    assert explained(stage, sheet(stage, *rows), "--phone", kept.phone)["orders"][0]["decision"]["outcome"] == "kept"
    assert order["decision"]["outcome"] == "removed"
    assert [(one["method"], one["route"].endswith(kept.uuid)) for one in order["requests"]] == [("DELETE", True)]


def test_a_number_that_is_nowhere_is_said_to_be_nowhere(stage: Stage) -> None:
    told = stage.here("explain", sheet(stage, lead(NEW[0])), "-c", EMPTY, "--phone", NEW[1])
    assert told.code == 0
    assert f"neither the sheet nor the campaign has {NEW[1]}" in told.out


# --- what is known of it ------------------------------------------------------------------------------------------------


def test_the_ledger_says_who_wrote_the_number_down(stage: Stage) -> None:
    stage.here("dnc", "add", NEW[0])
    document = explained(stage, sheet(stage, lead(NEW[0]), lead(NEW[1])), "--row", "2")
    assert [(entry["phone"], entry["source"]) for entry in document["ledger"]] == [(NEW[0], "cli")]
    assert (only(document)["decision"]["outcome"], only(document)["decision"]["rule"]) == ("protected", "do-not-call")
    assert explained(stage, sheet(stage, lead(NEW[0]), lead(NEW[1])), "--row", "3")["ledger"] == []


def test_the_journal_tells_of_earlier_requests_for_the_number_in_whatever_sheet(stage: Stage) -> None:
    stage.here("sync", sheet(stage, lead(NEW[0]), lead(NEW[1], Status="planned")), "-c", EMPTY, "--yes")
    other = str(stage.sheet([lead(NEW[2]), lead(NEW[3]), lead(NEW[1])], "other.csv"))
    document = explained(stage, other, "--row", "4", campaign=EMPTY)
    assert [run["exit"] for run in document["earlier"]] == [0]
    steps = {step["step"]: (step["state"], step["http_status"]) for step in document["earlier"][0]["steps"]}
    assert steps == {"create-3": ("done", 201), "release-3": ("done", 200)}
    assert explained(stage, other, "--row", "3", campaign=EMPTY)["earlier"] == []


def test_a_create_whose_answer_was_lost_is_told_as_unknown_and_not_planned_again(tmp_path: Path) -> None:
    world = demo_world(3)
    world.add_token(CANARY_TOKEN)
    with Sandbox(world, around=lambda app: Mishaps(app, lost={NEW[0]}, refused=set())) as box:
        stage = Stage(box=box, folder=tmp_path, token=CANARY_TOKEN)
        path = sheet(stage, lead(NEW[0]))
        assert stage.here("sync", path, "-c", EMPTY, "--yes").code == 6
        document = explained(stage, path, "--row", "2", campaign=EMPTY)
        step = document["earlier"][0]["steps"][0]
        assert (step["step"], step["state"], step["http_status"]) == ("create-2", "unknown", 502)
        assert (only(document)["decision"]["outcome"], only(document)["decision"]["rule"]) == ("unknown", "unsettled")
        assert only(document)["requests"] == []


# --- privacy, and asking for the right thing ----------------------------------------------------------------------------


def test_numbers_in_requests_are_masked_unless_more_is_asked_for(stage: Stage) -> None:
    path = sheet(stage, lead(NEW[0]))
    quiet, loud = (json.dumps(only(explained(stage, path, "--row", "2", *more))["requests"]) for more in ((), ("-v",)))
    assert (NEW[0] in quiet, NEW[0] in loud) == (False, True)
    text = stage.here("explain", path, "-c", SPRING, "--row", "2").out
    assert NEW[0] not in text.partition("\nrequests\n")[2]
    assert f"+{NEW[0][1:3]}•••••{NEW[0][-2:]}" in text.partition("\nrequests\n")[2]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        pytest.param([], "name one row or one number", id="neither"),
        pytest.param(["--row", "2", "--phone", NEW[0]], "name one row or one number", id="both"),
        pytest.param(["--row", "7"], "its rows are 2 to 2", id="a row that is not there"),
        pytest.param(["--phone", "hello"], "`hello`", id="no number"),
    ],
)
def test_a_question_that_cannot_be_answered_ends_in_2(stage: Stage, args: list[str], words: str) -> None:
    ended = stage.here("explain", sheet(stage, lead(NEW[0])), "-c", SPRING, *args)
    assert (ended.code, words in ended.err) == (2, True), ended
    assert not stage.box.requests


def test_a_guard_that_would_stop_the_run_is_told(stage: Stage) -> None:
    path = sheet(stage, lead(NEW[0]), lead(NEW[1]))
    told = stage.here("explain", path, "-c", SPRING, "--row", "2", "--max-create", "1")
    assert "the run would stop before its first write" in told.out


def test_without_a_column_for_the_number_an_order_id_is_enough(stage: Stage) -> None:
    order = stage.orders()[4]
    path = str(stage.sheet([{"Order ID": order.uuid, "Name": "Another Example"}]))
    row = only(explained(stage, path, "--row", "2"))
    assert row["match"]["order_uuid"] == order.uuid
    assert explained(stage, path, "--phone", order.phone)["rows"][0]["row"] == 2
