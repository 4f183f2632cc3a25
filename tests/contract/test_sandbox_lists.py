"""The sandbox's lists: pages, order, search, filters, shapes; for orders, records, campaigns, record types and calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from callcamp_sync.sandbox import Behaviour, Campaign, Order, RecordType, Sandbox, World, bulk_phone, demo_world, lead

COUNT = 25


@dataclass
class Bench:
    """A campaign with 25 orders: Contact 00 … Contact 24, oldest first."""

    box: Sandbox
    http: httpx.Client
    campaign: Campaign
    kind: RecordType
    orders: list[Order]

    @property
    def path(self) -> str:
        return f"/campaigns/{self.campaign.uuid}/orders"

    def get(self, path: str | None = None, **query: Any) -> dict[str, Any]:
        answer = self.http.get(path or self.path, params=query)
        data: dict[str, Any] = answer.json()
        return data

    def names(self, **query: Any) -> list[str]:
        return [order["record"]["name"] for order in self.get(**query)["orders"]]


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
    world = World(clock=lambda: datetime(2026, 5, 10, 12, tzinfo=UTC))
    box.reset(world)
    kind = world.add_record_type("Lead", [{"id": "company", "type": "text"}])
    campaign = world.add_campaign("Spring", kind, timezone="Europe/London")
    orders = []
    for n in range(COUNT):
        record = world.add_record(bulk_phone(n), record_type=kind, name=f"Contact {n:02}", parameters={"company": "Acme"})
        orders.append(world.add_order(campaign, record, status="busy" if n % 5 == 0 else "registered"))
    return Bench(box, http, campaign, kind, orders)


# --- pages


def test_a_list_of_orders_has_the_documented_fields_and_no_others(bench: Bench) -> None:
    data = bench.get(limit=1)
    (order,) = data.pop("orders")
    truth = bench.orders[-1]
    assert data == {"total": COUNT, "page": 1, "limit": 1, "totalPages": COUNT}
    assert order == {
        "uuid": truth.uuid,
        "campaignUuid": bench.campaign.uuid,
        "status": "registered",
        "scheduledTime": None,
        "scheduledTimeTimezone": None,
        "scheduledDurationSeconds": None,
        "price": None,
        "currencyCode": None,
        "instructions": None,
        "record": {"uuid": truth.record.uuid, "name": "Contact 24", "phoneNumber": bulk_phone(24)},
    }


def test_ten_items_are_a_page_unless_said_otherwise(bench: Bench) -> None:
    data = bench.get()
    assert (len(data["orders"]), data["limit"], data["totalPages"]) == (10, 10, 3)


def test_beyond_the_last_page_the_list_is_empty(bench: Bench) -> None:
    data = bench.get(page=4)
    assert (data["orders"], data["total"], data["page"]) == ([], COUNT, 4)


@pytest.mark.parametrize(
    "query",
    [
        pytest.param({"limit": 101}, id="more than a hundred"),
        pytest.param({"limit": 0}, id="none"),
        pytest.param({"page": 0}, id="page nought"),
        pytest.param({"page": -1}, id="a page below nought"),
        pytest.param({"limit": "ten"}, id="a word"),
        pytest.param({"page": "1.0"}, id="a broken number"),
    ],
)
@pytest.mark.parametrize("path", ["orders", "records", "campaigns", "calls"])
def test_a_query_that_makes_no_sense_is_refused(bench: Bench, path: str, query: dict[str, Any]) -> None:
    address = bench.path if path == "orders" else f"/{path}"
    assert bench.http.get(address, params=query).status_code == 400


@pytest.mark.parametrize("status", ["contacted", "canceled", "do-not-call", "scheduled", "Registered"])
def test_a_status_that_is_not_among_the_seven_is_no_filter(bench: Bench, status: str) -> None:
    assert bench.http.get(bench.path, params={"status": status}).status_code == 400


@pytest.mark.parametrize("order", ["newest", "oldest", "shuffled"])
def test_pages_together_show_everything_once(bench: Bench, order: Any) -> None:
    bench.box.behaviour = Behaviour(order=order)
    shown = [name for page in (1, 2, 3) for name in bench.names(page=page)]
    assert sorted(shown) == [f"Contact {n:02}" for n in range(COUNT)]


@pytest.mark.parametrize(("order", "first"), [("newest", ["Contact 24", "Contact 23"]), ("oldest", ["Contact 00", "Contact 01"])])
def test_the_order_of_a_list_is_configurable(bench: Bench, order: Any, first: list[str]) -> None:
    bench.box.behaviour = Behaviour(order=order)
    assert bench.names(limit=2) == first


def test_a_shuffled_list_keeps_its_order_while_things_come_and_go(bench: Bench) -> None:
    bench.box.behaviour = Behaviour(order="shuffled")
    before = bench.names(limit=100)
    bench.box.world.remove_order(bench.orders[7])
    record = bench.box.world.add_record(bulk_phone(99), record_type=bench.kind, name="Late")
    bench.box.world.add_order(bench.campaign, record)
    after = bench.names(limit=100)
    assert [name for name in after if name != "Late"] == [name for name in before if name != "Contact 07"]
    assert before != sorted(before)


def test_a_removal_moves_what_follows_to_an_earlier_place(bench: Bench) -> None:
    """Pages are cut from the list as it stands: this is how a reader comes to miss one."""
    bench.box.world.remove_order(bench.orders[24])
    assert bench.names(page=2)[0] == "Contact 13"


# --- search and filter


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        pytest.param(f"search=%2B{bulk_phone(3)[1:]}", ["Contact 03"], id="a whole number, its plus encoded"),
        pytest.param(f"search=+{bulk_phone(3)[1:]}", [], id="a raw plus is read as a space"),
        pytest.param(f"search={bulk_phone(3)[1:]}", ["Contact 03"], id="a number without plus"),
        pytest.param(f"search=%2B{bulk_phone(3)[1:8]}", ["Contact 03"], id="the beginning of a number"),
        pytest.param("search=%2B0", [], id="a number that nobody has"),
        pytest.param("search=tact%2007", ["Contact 07"], id="part of a name"),
        pytest.param("search=CONTACT%2007", ["Contact 07"], id="a name in another case"),
        pytest.param("search=", [f"Contact {n}" for n in range(24, 14, -1)], id="an empty search is none"),
        pytest.param("status=busy", [f"Contact {n:02}" for n in (20, 15, 10, 5, 0)], id="by status"),
        pytest.param(f"status=busy&search=%2B{bulk_phone(3)[1:]}", [], id="by both, and neither fits"),
        pytest.param(f"status=busy&search=%2B{bulk_phone(5)[1:]}", ["Contact 05"], id="by both, and one fits"),
        pytest.param("status=completed", [], id="by a status that no order has"),
    ],
)
def test_orders_are_found_by_name_number_and_status(bench: Bench, raw: str, names: list[str]) -> None:
    data = bench.http.get(f"{bench.path}?{raw}").json()
    assert [order["record"]["name"] for order in data["orders"]] == names


def test_a_plus_in_a_name_is_found_too(bench: Bench) -> None:
    record = bench.box.world.add_record(bulk_phone(99), record_type=bench.kind, name="Line +1201")
    bench.box.world.add_order(bench.campaign, record)
    assert "Line +1201" in bench.names(search="+1201")


def test_the_pages_of_a_search_belong_together(bench: Bench) -> None:
    shown = [name for page in (1, 2, 3) for name in bench.names(search="Contact 1", page=page, limit=4)]
    assert (len(shown), len(set(shown))) == (10, 10)


@pytest.mark.parametrize("search", [bulk_phone(3), "Contact 03"], ids=["by number", "by name"])
def test_a_search_sees_what_changed_since_the_last_one(bench: Bench, search: str) -> None:
    assert bench.names(search=search) == ["Contact 03"]
    bench.box.world.remove_order(bench.orders[3])
    assert bench.names(search=search) == []


def test_a_number_that_was_changed_is_found_under_the_new_one_only(bench: Bench) -> None:
    bench.box.world.change_record(bench.orders[3].record, phoneNumber=bulk_phone(99))
    assert (bench.names(search=bulk_phone(3)), bench.names(search=bulk_phone(99))) == ([], ["Contact 03"])


def test_a_duplicate_number_is_found_twice(bench: Bench) -> None:
    record = bench.box.world.add_record(bulk_phone(3), record_type=bench.kind, name="Twin")
    bench.box.world.add_order(bench.campaign, record)
    assert bench.names(search=bulk_phone(3)) == ["Twin", "Contact 03"]


# --- records


def test_a_list_of_records_shows_every_field(bench: Bench) -> None:
    (record,) = bench.get("/records", limit=1)["records"]
    assert record == {
        "uuid": bench.orders[-1].record.uuid,
        "name": "Contact 24",
        "firstName": None,
        "lastName": None,
        "email": None,
        "phoneNumber": bulk_phone(24),
        "country": None,
        "status": "active",
        "parameters": {"company": "Acme"},
        "createdAt": "2026-05-10T12:00:00.000Z",
        "updatedAt": "2026-05-10T12:00:00.000Z",
    }


@pytest.mark.parametrize(
    ("which", "total"),
    [
        pytest.param({}, COUNT + 2, id="all there are"),
        pytest.param({"campaignUuid": "campaign"}, COUNT, id="of the campaign"),
        pytest.param({"recordTypeUuid": "kind"}, COUNT + 1, id="of the type, in no campaign too"),
        pytest.param({"campaignUuid": "campaign", "recordTypeUuid": "kind"}, COUNT, id="of both"),
        pytest.param({"campaignUuid": "campaign", "recordTypeUuid": "other"}, 0, id="of the campaign but another type"),
        pytest.param({"campaignUuid": "unknown"}, 0, id="of an unknown campaign"),
        pytest.param({"recordTypeUuid": "kind", "search": "loose"}, 1, id="of the type, by name"),
        pytest.param({"campaignUuid": "campaign", "search": bulk_phone(50)}, 0, id="by number, but not in the campaign"),
        pytest.param({"recordTypeUuid": "kind", "search": bulk_phone(50)}, 1, id="by number, of the type"),
    ],
)
def test_records_are_listed_by_campaign_and_type(bench: Bench, which: dict[str, str], total: int) -> None:
    world = bench.box.world
    other = world.add_record_type("Other")
    world.add_record(bulk_phone(50), record_type=bench.kind, name="Loose")
    world.add_record(bulk_phone(51), record_type=other)
    meant = {"campaign": bench.campaign.uuid, "kind": bench.kind.uuid, "other": other.uuid}
    query = {name: meant.get(value, value) for name, value in which.items()}
    data = bench.get("/records", limit=100, **query)
    assert (data["total"], len(data["records"])) == (total, total)


def test_a_removed_order_takes_its_record_out_of_the_campaigns_list(bench: Bench) -> None:
    bench.box.world.remove_order(bench.orders[0])
    assert bench.get("/records", campaignUuid=bench.campaign.uuid)["total"] == COUNT - 1


# --- campaigns, record types, calls


def test_a_campaign_is_shown_with_its_record_type(bench: Bench) -> None:
    data = bench.get(f"/campaigns/{bench.campaign.uuid}")
    assert (data["name"], data["status"], data["recordTypeUuid"]) == ("Spring", "active", bench.kind.uuid)


@pytest.mark.parametrize("query", [{"search": "spr"}, {"status": "active"}], ids=["part of the name", "status"])
def test_campaigns_are_found_by_name_and_status(bench: Bench, query: dict[str, str]) -> None:
    bench.box.world.add_campaign("Autumn", status="draft")
    assert [campaign["name"] for campaign in bench.get("/campaigns", **query)["campaigns"]] == ["Spring"]


def test_record_types_are_a_bare_list(bench: Bench) -> None:
    data = bench.http.get("/record-types").json()
    assert [(kind["uuid"], kind["parameters"]) for kind in data] == [(bench.kind.uuid, [{"id": "company", "type": "text"}])]


@pytest.mark.parametrize(
    "path", ["/campaigns/x", "/campaigns/x/orders", "/record-types/x", "/records/x", "/nothing", "/campaigns/x/orders/y"]
)
def test_what_is_not_there_is_a_404_in_json(bench: Bench, path: str) -> None:
    answer = bench.http.get(path)
    assert (answer.status_code, "error" in answer.json()) == (404, True)


def test_calls_are_totalled_over_all_that_fit(bench: Bench) -> None:
    for n, status in enumerate(["completed", "busy", "completed"]):
        bench.box.world.add_call(bench.orders[n], status=status, duration=30, price=0.25)
    data = bench.get("/calls", campaignUuid=bench.campaign.uuid, status="completed", limit=1, startDate="2026-05-10")
    told = (len(data["calls"]), data["total"], data["totalPages"], data["totalDuration"], data["totalPrice"])
    assert told == (1, 2, 2, 60, 0.5)


@pytest.mark.parametrize(
    ("query", "total"),
    [
        pytest.param({"endDate": "2026-05-09"}, 0, id="until the day before"),
        pytest.param({"endDate": "2026-05-10"}, 1, id="until the day itself"),
        pytest.param({"startDate": "2026-05-10"}, 1, id="from the day itself"),
        pytest.param({"startDate": "2026-05-11"}, 0, id="from the day after"),
    ],
)
def test_calls_are_found_by_day_both_ends_included(bench: Bench, query: dict[str, str], total: int) -> None:
    bench.box.world.add_call(bench.orders[0])
    assert bench.get("/calls", **query)["total"] == total


def test_a_day_that_does_not_exist_is_refused(bench: Bench) -> None:
    assert bench.http.get("/calls", params={"startDate": "2026-02-30"}).status_code == 400


# --- the seeded world


def test_the_demo_world_has_the_orders_that_were_asked_for(bench: Bench) -> None:
    bench.box.reset(demo_world(120))
    campaigns = {campaign["name"]: campaign for campaign in bench.get("/campaigns")["campaigns"]}
    totals = {name: bench.get(f"/campaigns/{shown['uuid']}/orders")["total"] for name, shown in campaigns.items()}
    assert totals == {"Spring renewals": 120, "Empty pilot": 0, "No record type": 0}


def test_the_demo_world_is_the_same_every_time() -> None:
    def moment() -> datetime:
        return datetime(2026, 5, 10, tzinfo=UTC)

    assert demo_world(30, clock=moment).state() == demo_world(30, clock=moment).state()


def test_the_demo_record_type_has_a_parameter_of_every_type(bench: Bench) -> None:
    bench.box.reset(demo_world())
    (kind,) = bench.http.get("/record-types").json()
    listed = "text input string number decimal textarea bool date datetime currency country select"
    assert " ".join(parameter["type"] for parameter in kind["parameters"]) == listed


def test_every_demo_contact_would_pass_a_create(bench: Bench) -> None:
    bench.box.reset(demo_world())
    (empty,) = bench.get("/campaigns", search="Empty")["campaigns"]
    answers = [bench.http.post(f"/campaigns/{empty['uuid']}/orders", json={"record": lead(n)}).status_code for n in range(12)]
    assert answers == [201] * 12
