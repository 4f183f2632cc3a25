"""The sandbox's records: create, read, update, delete, and values against the record type, for every listed type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from callcamp_sync.sandbox import Behaviour, Record, RecordType, Sandbox, World

PHONE = "+12015550123"
TYPES = ("text", "input", "string", "textarea", "number", "decimal", "bool", "date", "datetime", "currency", "country")
PARAMETERS: list[dict[str, Any]] = [
    *({"id": f"a_{kind}", "type": kind} for kind in TYPES),
    {"id": "a_select", "type": "select", "options": ["Basic", {"value": "pro", "label": "Pro"}]},
    {"id": "a_code", "type": "string", "validation": "^[A-Z]{2}$", "error": "Use two capitals"},
    {"id": "a_lookahead", "type": "string", "validation": "^(?=never)x$"},
    {"id": "a_must", "type": "text", "required": True},
    {"id": "a_default", "type": "text", "required": True, "default": "usual"},
]


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox() as box:
        yield box


@pytest.fixture(scope="module")
def http(box: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=box.base_url, headers={"authorization": f"Bearer {box.token}"}, trust_env=False) as http:
        yield http


@pytest.fixture
def kind(box: Sandbox) -> RecordType:
    box.reset(World())
    return box.world.add_record_type("Lead", PARAMETERS)


@pytest.fixture
def record(box: Sandbox, kind: RecordType) -> Record:
    return box.world.add_record(
        PHONE, record_type=kind, name="Contact 1", email="c1@example.com", parameters={"a_must": "here", "a_text": "old"}
    )


def create(http: httpx.Client, kind: RecordType, parameters: dict[str, Any], **fields: Any) -> httpx.Response:
    body = {"recordTypeUuid": kind.uuid, "phoneNumber": PHONE, "parameters": {"a_must": "here"} | parameters}
    return http.post("/records", json=body | fields)


# --- values against the record type, on create and on patch

GOOD: list[tuple[str, Any]] = [
    ("a_text", ""),
    ("a_input", "x"),
    ("a_string", "ünïcode 🎉"),
    ("a_textarea", "two\nlines"),
    ("a_number", 5),
    ("a_number", -0.5),
    ("a_decimal", 10.5),
    ("a_bool", False),
    ("a_date", "2028-02-29"),
    ("a_datetime", "2026-05-10T14:30:00Z"),
    ("a_datetime", "2026-05-10T14:30:00.123+02:00"),
    ("a_currency", "USD"),
    ("a_currency", 10.5),
    ("a_country", "GB"),
    ("a_select", "Basic"),
    ("a_select", "pro"),
    ("a_code", "AB"),
    ("a_lookahead", "a pattern that the engine cannot run is not held against the value"),
]
BAD: list[tuple[str, Any]] = [
    ("a_text", 5),
    ("a_input", True),
    ("a_string", ["x"]),
    ("a_textarea", {}),
    ("a_number", "5"),
    ("a_number", True),
    ("a_decimal", "10.5"),
    ("a_bool", "true"),
    ("a_bool", 1),
    ("a_date", "2027-02-29"),
    ("a_date", "2026-05-10T00:00:00Z"),
    ("a_date", "10.05.2026"),
    ("a_datetime", "2026-05-10T14:30:00"),
    ("a_datetime", "2026-05-10"),
    ("a_currency", "usd"),
    ("a_currency", True),
    ("a_country", "GBR"),
    ("a_select", "Pro"),
    ("a_select", "basic"),
    ("a_code", "abc"),
    ("a_must", ""),
    ("a_must", None),
    ("not_a_parameter", "x"),
]


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_a_value_that_fits_is_kept_as_it_came(http: httpx.Client, kind: RecordType, name: str, value: Any) -> None:
    answer = create(http, kind, {name: value})
    assert (answer.status_code, answer.json()["parameters"][name]) == (201, value)


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_value_that_does_not_fit_is_refused_on_create(
    box: Sandbox, http: httpx.Client, kind: RecordType, name: str, value: Any
) -> None:
    answer = create(http, kind, {name: value})
    assert (answer.status_code, answer.json()["field"], box.world.records) == (422, f"parameters.{name}", {})


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_value_that_does_not_fit_is_refused_on_patch(http: httpx.Client, record: Record, name: str, value: Any) -> None:
    answer = http.patch(f"/records/{record.uuid}", json={"parameters": {"a_text": "new", name: value}})
    assert (answer.status_code, answer.json()["field"], record.parameters["a_text"]) == (422, f"parameters.{name}", "old")


def test_the_record_types_own_message_is_shown(http: httpx.Client, kind: RecordType) -> None:
    assert create(http, kind, {"a_code": "abc"}).json()["error"] == "Use two capitals"


def test_a_required_parameter_must_come_with_a_create(http: httpx.Client, kind: RecordType) -> None:
    answer = http.post("/records", json={"recordTypeUuid": kind.uuid, "phoneNumber": PHONE})
    assert (answer.status_code, answer.json()["field"]) == (422, "parameters.a_must")


def test_a_required_parameter_need_not_come_with_a_patch(http: httpx.Client, record: Record) -> None:
    assert http.patch(f"/records/{record.uuid}", json={"parameters": {"a_text": "new"}}).status_code == 200


def test_a_default_is_filled_in_on_create(http: httpx.Client, kind: RecordType) -> None:
    assert create(http, kind, {}).json()["parameters"]["a_default"] == "usual"


def test_a_default_is_not_filled_in_on_patch(http: httpx.Client, record: Record) -> None:
    assert "a_default" not in http.patch(f"/records/{record.uuid}", json={"name": "New"}).json()["parameters"]


def test_parameters_are_the_record_types_or_none(box: Sandbox, http: httpx.Client, kind: RecordType) -> None:
    plain = box.world.add_campaign("No record type")
    contact = {"phoneNumber": PHONE, "parameters": {"a_must": "x"}}
    answer = http.post(f"/campaigns/{plain.uuid}/orders", json={"record": contact})
    assert (answer.status_code, answer.json()["field"]) == (422, "parameters.a_must")


# --- create, read, update, delete


def test_a_created_record_is_read_back_as_it_was_answered(http: httpx.Client, kind: RecordType) -> None:
    answered = create(http, kind, {"a_text": "x"}, name="Contact 1", country="GB").json()
    assert http.get(f"/records/{answered['uuid']}").json() == answered


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({"phoneNumber": PHONE}, 422, id="no record type"),
        pytest.param({"recordTypeUuid": "x", "phoneNumber": PHONE}, 422, id="an unknown record type"),
        pytest.param({"recordTypeUuid": "x", "phoneNumber": PHONE, "status": "active"}, 400, id="an undocumented field"),
    ],
)
def test_a_wrong_record_is_refused(http: httpx.Client, kind: RecordType, body: dict[str, Any], status: int) -> None:
    assert http.post("/records", json=body).status_code == status


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({"phoneNumber": None}, 422, id="the number cannot be cleared"),
        pytest.param({"phoneNumber": "0201"}, 422, id="a number that is not E.164"),
        pytest.param({"email": "nobody"}, 422, id="no e-mail address"),
        pytest.param({"parameters": None}, 422, id="all parameters at once"),
        pytest.param({"uuid": "x"}, 400, id="a field that is not to be set"),
    ],
)
def test_a_wrong_update_of_a_record_is_refused(http: httpx.Client, record: Record, body: dict[str, Any], status: int) -> None:
    answer = http.patch(f"/records/{record.uuid}", json={"name": "New"} | body)
    assert (answer.status_code, record.name) == (status, "Contact 1")


def test_an_update_leaves_what_it_does_not_name(http: httpx.Client, record: Record) -> None:
    http.patch(f"/records/{record.uuid}", json={"lastName": "Example"})
    assert (record.name, record.fields["email"], record.fields["lastName"]) == ("Contact 1", "c1@example.com", "Example")


def test_null_clears_a_field(http: httpx.Client, record: Record) -> None:
    assert http.patch(f"/records/{record.uuid}", json={"email": None}).json()["email"] is None


def test_a_cleared_name_is_generated_again(http: httpx.Client, record: Record) -> None:
    assert http.patch(f"/records/{record.uuid}", json={"name": None, "firstName": "Ann"}).json()["name"] == "Ann"


@pytest.mark.parametrize(
    ("behaviour", "left"),
    [
        pytest.param(Behaviour(), {"a_must": "here", "a_text": "new"}, id="merged"),
        pytest.param(Behaviour(parameters_patch="replace"), {"a_text": "new"}, id="replaced whole"),
    ],
)
def test_patched_parameters_are_merged_or_replace_the_whole(
    box: Sandbox, http: httpx.Client, record: Record, behaviour: Behaviour, left: dict[str, str]
) -> None:
    box.behaviour = behaviour
    assert http.patch(f"/records/{record.uuid}", json={"parameters": {"a_text": "new"}}).json()["parameters"] == left


def test_null_clears_a_parameter(http: httpx.Client, record: Record) -> None:
    http.patch(f"/records/{record.uuid}", json={"parameters": {"a_text": None}})
    assert record.parameters == {"a_must": "here"}


def test_a_patched_number_is_the_number_of_every_order(box: Sandbox, http: httpx.Client, record: Record) -> None:
    kind = box.world.record_types[str(record.record_type)]
    campaigns = [box.world.add_campaign(name, kind) for name in ("One", "Two")]
    for campaign in campaigns:
        box.world.add_order(campaign, record)
    http.patch(f"/records/{record.uuid}", json={"phoneNumber": "+12015550199"})
    phones = [
        order["record"]["phoneNumber"]
        for campaign in campaigns
        for order in http.get(f"/campaigns/{campaign.uuid}/orders").json()["orders"]
    ]
    assert phones == ["+12015550199"] * 2


def test_a_deleted_record_takes_its_orders_along(box: Sandbox, http: httpx.Client, record: Record) -> None:
    campaign = box.world.add_campaign("Spring", box.world.record_types[str(record.record_type)])
    box.world.add_order(campaign, record)
    http.delete(f"/records/{record.uuid}")
    total = http.get(f"/campaigns/{campaign.uuid}/orders", params={"search": PHONE}).json()["total"]
    assert (total, box.world.orders, http.get(f"/records/{record.uuid}").status_code) == (0, {}, 404)
