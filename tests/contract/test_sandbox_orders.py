"""The sandbox's order requests against the vendor's page: create, update, associate, remove, and the log of changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from callcamp_sync.sandbox import Behaviour, Campaign, RecordType, Sandbox, World

PHONE = "+12015550123"
LIST_KEYS = {
    "uuid",
    "campaignUuid",
    "status",
    "scheduledTime",
    "scheduledTimeTimezone",
    "scheduledDurationSeconds",
    "price",
    "currencyCode",
    "instructions",
    "record",
}


@dataclass
class Bench:
    """A server with one campaign, and a client that is let in."""

    box: Sandbox
    http: httpx.Client
    campaign: Campaign
    kind: RecordType

    @property
    def world(self) -> World:
        return self.box.world

    @property
    def orders(self) -> str:
        return f"/campaigns/{self.campaign.uuid}/orders"

    def order(self, **fields: Any) -> str:
        record = self.world.add_record(PHONE, record_type=self.kind, name="Contact 1")
        return self.world.add_order(self.campaign, record, **fields).uuid


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox() as box:
        yield box


@pytest.fixture(scope="module")
def http(box: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=box.base_url, headers={"authorization": f"Bearer {box.token}"}, trust_env=False) as http:
        yield http


@pytest.fixture
def bench(box: Sandbox, http: httpx.Client) -> Bench:
    world = World()
    box.reset(world)
    kind = world.add_record_type("Lead", [{"id": "company", "type": "text"}])
    return Bench(box, http, world.add_campaign("Spring", kind), kind)


# --- create


def test_a_create_answers_the_fields_of_the_vendors_page(bench: Bench) -> None:
    body = {
        "status": "registered",
        "record": {"name": "Contact 1", "email": "c1@example.com", "phoneNumber": PHONE, "parameters": {"company": "Acme"}},
    }
    answer = bench.http.post(bench.orders, json=body)
    data = answer.json()
    (order,) = bench.world.orders_of(bench.campaign)
    assert (answer.status_code, data) == (
        201,
        {
            "uuid": order.uuid,
            "status": "registered",
            "record": {
                "uuid": order.record.uuid,
                "name": "Contact 1",
                "email": "c1@example.com",
                "phoneNumber": PHONE,
                "parameters": {"company": "Acme"},
            },
        },
    )


def test_a_create_inherits_the_record_type_of_its_campaign(bench: Bench) -> None:
    bench.http.post(bench.orders, json={"record": {"phoneNumber": PHONE}})
    (order,) = bench.world.orders_of(bench.campaign)
    assert order.record.record_type == bench.kind.uuid


def test_a_second_create_of_a_number_makes_a_second_record_and_order(bench: Bench) -> None:
    for _ in range(2):
        bench.http.post(bench.orders, json={"record": {"phoneNumber": PHONE}})
    orders = bench.world.orders_of(bench.campaign, PHONE)
    assert len({order.record.uuid for order in orders}) == len({order.uuid for order in orders}) == 2


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [
        pytest.param(Behaviour(), "planned", id="planned, if nothing is said"),
        pytest.param(Behaviour(created_status="scheduled"), "scheduled", id="what is said"),
    ],
)
def test_a_create_without_a_status_gets_the_configured_one(bench: Bench, behaviour: Behaviour, status: str) -> None:
    bench.box.behaviour = behaviour
    assert bench.http.post(bench.orders, json={"record": {"phoneNumber": PHONE}}).json()["status"] == status


@pytest.mark.parametrize(
    ("record", "name"),
    [
        pytest.param({"firstName": "Ann", "lastName": "Example"}, "Ann Example", id="from the two halves"),
        pytest.param({"lastName": "Example"}, "Example", id="from one half"),
        pytest.param({"name": "Given", "firstName": "Ann"}, "Given", id="a given name stands"),
        pytest.param({}, "Contact 3", id="made up when there is nothing"),
    ],
)
def test_the_name_is_generated_when_it_is_not_given(bench: Bench, record: dict[str, str], name: str) -> None:
    answer = bench.http.post(bench.orders, json={"record": record | {"phoneNumber": PHONE}})
    assert answer.json()["record"]["name"] == name


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        pytest.param({}, 422, "record", id="no record"),
        pytest.param({"record": {"name": "x"}}, 422, "phoneNumber", id="no number"),
        pytest.param({"record": {"phoneNumber": None}}, 422, "phoneNumber", id="the number null"),
        pytest.param({"record": {"phoneNumber": "2015550123"}}, 422, "phoneNumber", id="a number without plus"),
        pytest.param({"record": {"phoneNumber": "+1 201 555 0123"}}, 422, "phoneNumber", id="a number with spaces"),
        pytest.param({"record": {"phoneNumber": "+12015550123\n"}}, 422, "phoneNumber", id="a number with a line end"),
        pytest.param({"record": {"phoneNumber": "+0123456789"}}, 422, "phoneNumber", id="a number that begins with 0"),
        pytest.param({"record": {"phoneNumber": "+1234567890123456"}}, 422, "phoneNumber", id="sixteen digits"),
        pytest.param({"record": {"phoneNumber": 12015550123}}, 422, "phoneNumber", id="a number that is a number"),
        pytest.param({"record": {"phoneNumber": PHONE, "email": "x@y"}}, 422, "email", id="no e-mail address"),
        pytest.param({"record": {"phoneNumber": PHONE, "country": "gb"}}, 422, "country", id="a country in lower case"),
        pytest.param({"record": {"phoneNumber": PHONE, "parameters": []}}, 422, "parameters", id="parameters that are a list"),
        pytest.param({"record": {"phoneNumber": PHONE}, "status": "Planned"}, 422, "status", id="a status in upper case"),
        pytest.param({"record": {"phoneNumber": PHONE}, "status": None}, 422, "status", id="a status that is null"),
        pytest.param({"record": {"phoneNumber": PHONE}, "price": 1}, 400, "price", id="a field that only PATCH has"),
        pytest.param({"record": {"phoneNumber": PHONE, "tag": 1}}, 400, "record.tag", id="a record field that is not documented"),
    ],
)
def test_a_wrong_create_is_refused_by_field_and_changes_nothing(
    bench: Bench, body: dict[str, Any], status: int, field: str
) -> None:
    answer = bench.http.post(bench.orders, json=body)
    assert (answer.status_code, answer.json()["field"], bench.world.records) == (status, field, {})


# --- update


def test_an_update_answers_the_order_in_the_shape_of_the_list(bench: Bench) -> None:
    uuid = bench.order()
    answer = bench.http.patch(f"{bench.orders}/{uuid}", json={"status": "planned", "price": 10.5})
    data = answer.json()
    assert (answer.status_code, set(data), data["status"], data["price"]) == (200, LIST_KEYS, "planned", 10.5)


def test_an_update_leaves_what_it_does_not_name(bench: Bench) -> None:
    uuid = bench.order(status="busy", instructions="Be brief.")
    bench.http.patch(f"{bench.orders}/{uuid}", json={"price": 1})
    order = bench.world.orders[uuid]
    assert (order.status, order.properties["instructions"]) == ("busy", "Be brief.")


def test_null_clears_a_property(bench: Bench) -> None:
    uuid = bench.order(instructions="Be brief.")
    bench.http.patch(f"{bench.orders}/{uuid}", json={"instructions": None})
    assert bench.world.orders[uuid].properties["instructions"] is None


@pytest.mark.parametrize(
    ("behaviour", "shown"),
    [
        pytest.param(Behaviour(), "2026-05-10T14:30:00Z", id="to the second"),
        pytest.param(Behaviour(time_form="millis"), "2026-05-10T14:30:00.000Z", id="with milliseconds"),
    ],
)
def test_an_instant_comes_back_in_utc(bench: Bench, behaviour: Behaviour, shown: str) -> None:
    bench.box.behaviour = behaviour
    uuid = bench.order()
    answer = bench.http.patch(f"{bench.orders}/{uuid}", json={"scheduledTime": "2026-05-10T16:30:00+02:00"})
    assert answer.json()["scheduledTime"] == shown


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({"name": "New"}, 400, id="a field of the record"),
        pytest.param({"status": None}, 422, id="a status cannot be cleared"),
        pytest.param({"status": "ringing"}, 422, id="a status that nobody knows"),
        pytest.param({"scheduledTime": "2026-05-10T14:30:00"}, 422, id="a time without a zone"),
        pytest.param({"scheduledTime": "2026-02-30T14:30:00Z"}, 422, id="a day that does not exist"),
        pytest.param({"scheduledTimeTimezone": "Europe/Lundon"}, 422, id="a zone that does not exist"),
        pytest.param({"scheduledDurationSeconds": "600"}, 422, id="a duration that is text"),
        pytest.param({"price": True}, 422, id="a price that is a bool"),
        pytest.param({"price": -1}, 422, id="a price below zero"),
        pytest.param({"currencyCode": "usd"}, 422, id="a currency in lower case"),
        pytest.param({"instructions": 5}, 422, id="instructions that are a number"),
    ],
)
def test_a_wrong_update_is_refused_and_changes_nothing(bench: Bench, body: dict[str, Any], status: int) -> None:
    uuid = bench.order()
    answer = bench.http.patch(f"{bench.orders}/{uuid}", json={"price": 7} | body)
    assert (answer.status_code, bench.world.orders[uuid].properties["price"]) == (status, None)


def test_do_not_call_is_spelled_on_the_wire_as_configured(bench: Bench) -> None:
    bench.box.behaviour = Behaviour(do_not_call="DNC")
    uuid = bench.order()
    bench.http.patch(f"{bench.orders}/{uuid}", json={"status": "DNC"})
    listed = bench.http.get(bench.orders).json()["orders"][0]["status"]
    assert (bench.world.orders[uuid].status, listed) == ("do-not-call", "DNC")


def test_another_spelling_of_do_not_call_is_refused(bench: Bench) -> None:
    bench.box.behaviour = Behaviour(do_not_call="DNC")
    assert bench.http.patch(f"{bench.orders}/{bench.order()}", json={"status": "do-not-call"}).status_code == 422


def test_an_order_of_another_campaign_is_not_found(bench: Bench) -> None:
    other = bench.world.add_campaign("Other", bench.kind)
    path = f"/campaigns/{other.uuid}/orders/{bench.order()}"
    assert [bench.http.patch(path, json={"price": 1}).status_code, bench.http.delete(path).status_code] == [404, 404]


# --- associate


def loose(bench: Bench, count: int) -> list[str]:
    """Records of the campaign's type that are in no campaign."""
    return [bench.world.add_record(f"+120155501{n:02}", record_type=bench.kind).uuid for n in range(count)]


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [
        pytest.param(Behaviour(), "registered", id="registered, if nothing is said"),
        pytest.param(Behaviour(associated_status="planned"), "planned", id="a callable one"),
    ],
)
def test_associated_orders_start_in_the_configured_status(bench: Bench, behaviour: Behaviour, status: str) -> None:
    bench.box.behaviour = behaviour
    answer = bench.http.post(f"{bench.orders}/associate", json={"recordUuids": loose(bench, 2)})
    statuses = [order.status for order in bench.world.orders_of(bench.campaign)]
    assert (answer.json(), statuses) == ({"success": True}, [status, status])


def test_a_record_that_is_linked_already_is_skipped_without_a_word(bench: Bench) -> None:
    uuids = loose(bench, 2)
    bench.http.post(f"{bench.orders}/associate", json={"recordUuids": uuids[:1]})
    answer = bench.http.post(f"{bench.orders}/associate", json={"recordUuids": [*uuids, uuids[1]]})
    assert (answer.status_code, len(bench.world.orders_of(bench.campaign))) == (200, 2)


def stranger(bench: Bench) -> str:
    """A record of another type."""
    return bench.world.add_record(PHONE, record_type=bench.world.add_record_type("Other")).uuid


@pytest.mark.parametrize(
    ("behaviour", "status", "linked"),
    [
        pytest.param(Behaviour(), 422, 0, id="the whole batch is refused"),
        pytest.param(Behaviour(associate_foreign="skip"), 200, 2, id="it is skipped without a word"),
        pytest.param(Behaviour(associate_foreign="partial"), 422, 1, id="what stands before it is linked all the same"),
    ],
)
@pytest.mark.parametrize("foreign", [stranger, lambda bench: "no-such-record"], ids=["another type", "unknown"])
def test_a_record_that_does_not_fit_is_met_as_configured(
    bench: Bench, behaviour: Behaviour, status: int, linked: int, foreign: Any
) -> None:
    bench.box.behaviour = behaviour
    first, last = loose(bench, 2)
    answer = bench.http.post(f"{bench.orders}/associate", json={"recordUuids": [first, foreign(bench), last]})
    assert (answer.status_code, len(bench.world.orders_of(bench.campaign))) == (status, linked)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({}, 422, id="no list"),
        pytest.param({"recordUuids": []}, 422, id="an empty list"),
        pytest.param({"recordUuids": [1]}, 422, id="a number in the list"),
        pytest.param({"recordUuids": ["x"] * 101}, 400, id="more than a hundred"),
        pytest.param({"recordUuids": ["x"], "status": "registered"}, 400, id="a field that is not documented"),
    ],
)
def test_a_wrong_associate_is_refused(bench: Bench, body: dict[str, Any], status: int) -> None:
    assert bench.http.post(f"{bench.orders}/associate", json=body).status_code == status


# --- remove


def test_a_removed_order_is_gone_and_its_record_stays(bench: Bench) -> None:
    uuid = bench.order()
    answer = bench.http.delete(f"{bench.orders}/{uuid}")
    assert answer.json() == {"success": True, "message": "Record removed from campaign successfully"}
    assert (bench.world.orders, len(bench.world.records)) == ({}, 1)


def test_a_second_removal_is_not_found(bench: Bench) -> None:
    path = f"{bench.orders}/{bench.order()}"
    assert [bench.http.delete(path).status_code for _ in range(2)] == [200, 404]


def test_a_removed_record_can_be_associated_again(bench: Bench) -> None:
    uuid = bench.order()
    record = bench.world.orders[uuid].record.uuid
    bench.http.delete(f"{bench.orders}/{uuid}")
    bench.http.post(f"{bench.orders}/associate", json={"recordUuids": [record]})
    (order,) = bench.world.orders_of(bench.campaign)
    assert (order.record.uuid, order.uuid != uuid) == (record, True)


# --- the log of changes


def test_every_change_is_a_commit_with_before_and_after(bench: Bench) -> None:
    created = bench.http.post(bench.orders, json={"status": "registered", "record": {"phoneNumber": PHONE}}).json()["uuid"]
    bench.http.patch(f"{bench.orders}/{created}", json={"status": "planned"})
    bench.http.delete(f"{bench.orders}/{created}")
    told = [
        (commit.kind, commit.phone, commit.before and commit.before["status"], commit.after and commit.after["status"])
        for commit in bench.world.commits
        if commit.order_uuid == created
    ]
    assert told == [
        ("create-order", PHONE, None, "registered"),
        ("update-order", PHONE, "registered", "planned"),
        ("remove-order", PHONE, "planned", None),
    ]


def test_a_commit_names_the_request_that_made_it(bench: Bench) -> None:
    bench.http.get("/auth/me")
    bench.http.post(bench.orders, json={"record": {"phoneNumber": PHONE}})
    bench.world.change_order(bench.world.orders_of(bench.campaign)[0], status="contacted")
    assert [(commit.kind, commit.request) for commit in bench.world.commits[-3:]] == [
        ("create-record", 2),
        ("create-order", 2),
        ("update-order", None),
    ]


def test_a_refused_request_leaves_no_commit(bench: Bench) -> None:
    uuid = bench.order()
    so_far = len(bench.world.commits)
    bench.http.patch(f"{bench.orders}/{uuid}", json={"price": 7, "status": "ringing"})
    assert len(bench.world.commits) == so_far


def test_a_commit_keeps_what_was_true_then(bench: Bench) -> None:
    uuid = bench.order()
    bench.http.patch(f"{bench.orders}/{uuid}", json={"price": 1})
    bench.http.patch(f"{bench.orders}/{uuid}", json={"price": 2})
    prices = [commit.after["price"] for commit in bench.world.commits if commit.kind == "update-order" and commit.after]
    assert prices == [1, 2]
