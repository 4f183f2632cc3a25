"""Changes -> requests: what each act sends, in which order, and that equal plans have equal digests."""

from __future__ import annotations

import hashlib
from typing import Any

import polars as pl
import pytest
from core_cases import Cells, P, contacts, difference, orders, rules_for, sheet

from callcamp_sync import steps as steps_module
from callcamp_sync.fields import CLEAR
from callcamp_sync.model import Mode, OnMissing, Release, Step, StepKind
from callcamp_sync.statuses import spellings
from callcamp_sync.steps import BATCH, count_kinds, digest, frame_digest, steps

TIME, ZONE = "2026-06-10T14:30:00Z", "Europe/Berlin"


def planned(
    *rows: Cells, at: tuple[Cells, ...] = (), free: tuple[Cells, ...] = (), release: Release = Release.STAGED, **given: Any
) -> tuple[Step, ...]:
    """The steps of these rows against these orders and free contacts."""
    desired, standing = sheet(*rows), orders(*at)
    names = [column.removeprefix("want_") for column in desired.columns if column.startswith("want_")]
    found = difference(desired, standing, contacts(*free), **given)
    return steps(found, rules_for(*names), spellings(standing["status_wire"]), release)


def sent(*rows: Cells, **given: Any) -> list[tuple[str, dict[str, Any]]]:
    """(kind, body) of each step."""
    return [(str(step.kind), dict(step.body)) for step in planned(*rows, **given)]


# --- creating


def test_a_create_carries_the_contact_and_starts_registered() -> None:
    row = {"phone": P[0], "name": "Ada", "email": None, "parameters.company": "Acme"}
    record = {"phoneNumber": P[0], "name": "Ada", "parameters": {"company": "Acme"}}
    assert sent(row) == [("create", {"status": "registered", "record": record})]


@pytest.mark.parametrize("status", ["planned", "scheduled"])
def test_a_callable_status_is_staged(status: str) -> None:
    record = {"phoneNumber": P[0]}
    assert sent({"phone": P[0], "status": status}) == [
        ("create", {"status": "registered", "record": record}),
        ("release", {"status": status}),
    ]
    assert sent({"phone": P[0], "status": status}, release=Release.DIRECT) == [("create", {"status": status, "record": record})]


@pytest.mark.parametrize("release", list(Release))
def test_properties_that_a_create_cannot_take_follow_with_the_status_in_one_request(release: Release) -> None:
    row = {"phone": P[0], "status": "planned", "price": "10.5", "instructions": "Be brief"}
    first, second = sent(row, release=release)
    assert first[1]["status"] == ("registered" if release is Release.STAGED else "planned")
    assert second == ("release", {"price": 10.5, "instructions": "Be brief", "status": "planned"})


def test_a_release_belongs_to_its_create_and_names_no_order_yet() -> None:
    create, release = planned({"phone": P[0], "status": "planned"})
    assert (release.after, release.order_uuid, create.expect) == (create.id, None, {"absent": P[0]})


def test_what_is_to_be_cleared_is_not_sent_with_a_new_contact() -> None:
    assert sent({"phone": P[0], "email": CLEAR}) == [("create", {"status": "registered", "record": {"phoneNumber": P[0]}})]


# --- updating


def test_contact_and_order_are_two_requests_and_the_order_waits() -> None:
    record, order = planned({"phone": P[0], "name": "New", "price": "7"}, at=({"phone": P[0]},))
    assert (record.kind, record.body, record.record_uuid) == (StepKind.UPDATE_RECORD, {"name": "New"}, "r0")
    assert (order.kind, order.body, order.order_uuid, order.after) == (StepKind.UPDATE_ORDER, {"price": 7}, "o0", record.id)


def test_only_what_differs_is_sent() -> None:
    standing = {"phone": P[0], "name": "Ada", "price": "7", "instructions": "Be brief"}
    assert sent({"phone": P[0], "name": "Ada", "price": "8", "instructions": None}, at=(standing,)) == [
        ("update-order", {"price": 8})
    ]


def test_clearing_sends_null() -> None:
    standing = {"phone": P[0], "price": "7", "parameters.company": "Acme"}
    row = {"phone": P[0], "price": CLEAR, "parameters.company": CLEAR}
    assert sent(row, at=(standing,)) == [
        ("update-record", {"parameters": {"company": None}}),
        ("update-order", {"price": None}),
    ]


#: words -> (row, what stands, the two properties as sent)
TOGETHER: dict[str, tuple[Cells, Cells, tuple[str | None, str | None]]] = {
    "a new time takes the zone that stands": ({"scheduledTime": TIME}, {"scheduledTimeTimezone": ZONE}, (TIME, ZONE)),
    "a new zone takes the time that stands": ({"scheduledTimeTimezone": ZONE}, {"scheduledTime": TIME}, (TIME, ZONE)),
    "both are new": ({"scheduledTime": TIME, "scheduledTimeTimezone": ZONE}, {}, (TIME, ZONE)),
    "a time where no zone is known": ({"scheduledTime": TIME}, {}, (TIME, None)),
    "a cleared time": (
        {"scheduledTime": CLEAR, "scheduledTimeTimezone": None},
        {"scheduledTime": TIME, "scheduledTimeTimezone": ZONE},
        (None, ZONE),
    ),
}


@pytest.mark.parametrize("words", TOGETHER)
def test_time_and_zone_go_together(words: str) -> None:
    row, standing, (time, zone) = TOGETHER[words]
    body = {"scheduledTime": time, "scheduledTimeTimezone": zone}
    assert sent({"phone": P[0], **row}, at=({"phone": P[0], **standing},)) == [("update-order", body)]


def test_neither_is_sent_when_neither_changes() -> None:
    standing = {"phone": P[0], "scheduledTime": TIME, "scheduledTimeTimezone": ZONE, "price": "1"}
    row = {"phone": P[0], "scheduledTime": TIME, "scheduledTimeTimezone": ZONE, "price": "2"}
    assert sent(row, at=(standing,)) == [("update-order", {"price": 2})]


def test_a_step_expects_the_order_as_the_plan_saw_it() -> None:
    (step,) = planned({"phone": P[5], "order_uuid": "o0"}, at=({"phone": P[0], "status": "Planned"},))
    assert (step.expect, step.phone, step.body) == ({"status": "Planned", "phone": P[0]}, P[5], {"phoneNumber": P[5]})


def test_statuses_are_written_in_the_spelling_seen_live() -> None:
    standing = ({"phone": P[0], "status": "Planned"}, {"phone": P[1], "status": "DNC"})
    assert sent({"phone": P[0], "status": "do-not-call"}, at=standing) == [("update-order", {"status": "DNC"})]


# --- taking out


def test_cancel_and_remove() -> None:
    rows = ({"phone": P[0], "action": "cancel"}, {"phone": P[1], "action": "remove"})
    assert sent(*rows, at=({"phone": P[0]}, {"phone": P[1]})) == [("cancel", {"status": "canceled"}), ("remove", {})]


def test_a_row_that_cancels_still_brings_its_data() -> None:
    row = {"phone": P[0], "action": "cancel", "price": "7", "status": "planned"}
    assert sent(row, at=({"phone": P[0]},)) == [("update-order", {"price": 7}), ("cancel", {"status": "canceled"})]


@pytest.mark.parametrize(
    ("on", "kind", "body"), [(OnMissing.CANCEL, "cancel", {"status": "canceled"}), (OnMissing.REMOVE, "remove", {})]
)
def test_orders_without_a_row(on: OnMissing, kind: str, body: dict[str, str]) -> None:
    found = planned({"phone": P[0]}, at=({"phone": P[0]}, {"phone": P[1]}), mode=Mode.MIRROR, on_missing=on)
    (step,) = found
    assert (str(step.kind), dict(step.body), step.rows, step.order_uuid) == (kind, body, (), "o1")
    assert step.expect == {"status": "registered", "phone": P[1]}


# --- linking


def linking(count: int) -> tuple[Step, ...]:
    phones = [f"+1201555{line:04}" for line in range(count)]
    return planned(*({"phone": phone} for phone in phones), free=tuple({"phone": phone} for phone in phones))


@pytest.mark.parametrize(
    ("count", "sizes"), [(1, [1]), (2, [1, 1]), (101, [1, 100]), (102, [1, 100, 1]), (250, [1, 100, 100, 49])]
)
def test_links_go_in_batches_behind_one_canary(count: int, sizes: list[int]) -> None:
    batches = [step for step in linking(count) if step.kind is StepKind.ASSOCIATE]
    assert [len(step.body["recordUuids"]) for step in batches] == sizes
    assert max(sizes) <= BATCH
    assert [row for step in batches for row in step.rows] == list(range(2, count + 2))


def test_a_linked_contact_gets_its_data_before_and_its_status_after() -> None:
    found = planned({"phone": P[0], "name": "New", "price": "7"}, free=({"phone": P[0], "name": "Old"},))
    assert [(str(step.kind), dict(step.body)) for step in found] == [
        ("update-record", {"name": "New"}),
        ("associate", {"recordUuids": ["c0"]}),
        ("release", {"price": 7, "status": "registered"}),
    ]


# --- the whole


def everything() -> tuple[Step, ...]:
    rows = (
        {"phone": P[0], "action": "remove"},
        {"phone": P[1], "action": "cancel", "name": "New"},
        {"phone": P[2], "status": "planned", "name": "New"},
        {"phone": P[3], "name": "New"},
        {"phone": P[4], "name": "New", "price": "7"},
    )
    at = ({"phone": P[0]}, {"phone": P[1]}, {"phone": P[4]}, {"phone": P[6]})
    return planned(*rows, at=at, free=({"phone": P[3]},), mode=Mode.MIRROR, on_missing=OnMissing.REMOVE)


def test_steps_come_sorted_by_kind_and_removals_last() -> None:
    assert [str(step.kind) for step in everything()] == [
        *["update-record"] * 3,
        "update-order",
        "create",
        "associate",
        *["release"] * 2,
        "cancel",
        *["remove"] * 2,
    ]


def test_step_ids_are_unique() -> None:
    ids = [step.id for step in everything()]
    assert len(set(ids)) == len(ids)


def test_the_same_input_gives_the_same_steps_and_digest() -> None:
    assert everything() == everything()
    assert digest(everything()) == digest(everything())


def test_any_change_of_a_step_changes_the_digest() -> None:
    first, *rest = everything()
    other = Step(id=first.id, kind=first.kind, rows=first.rows, body={**first.body, "x": 1})
    assert digest([other, *rest]) != digest([first, *rest])


def test_a_digest_does_not_depend_on_the_order_of_keys() -> None:
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1}) != digest({"a": 1, "b": [2, 1]})


@pytest.mark.parametrize("other", [{"a": ["x", None]}, {"a": ["x", "\\N"]}, {"a": ["x,", ""]}, {"b": ["x", ""]}], ids=str)
def test_the_digest_of_a_frame_tells_values_apart(other: dict[str, list[str | None]]) -> None:
    assert frame_digest(pl.DataFrame({"a": ["x", ""]})) != frame_digest(pl.DataFrame(other))


@pytest.mark.parametrize("rows", [0, 1, 7, 8, 20])
def test_a_digest_in_slices_is_that_of_the_whole(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    frame = pl.DataFrame({"a": [f"ä {n}" for n in range(rows)], "b": [None] * rows}, schema={"a": pl.String, "b": pl.String})
    whole = hashlib.sha256(frame.write_csv(null_value="\\N", quote_style="always").encode()).hexdigest()
    monkeypatch.setattr(steps_module, "_SLICE", 7)
    assert frame_digest(frame) == whole


def test_kinds_are_counted() -> None:
    assert count_kinds(everything())["remove"] == 2


def test_nothing_to_do_is_no_step() -> None:
    assert planned({"phone": P[0], "name": "Ada"}, at=({"phone": P[0], "name": "Ada"},)) == ()
