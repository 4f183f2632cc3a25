"""The campaign as it stands, in the same canonical text as the sheet's side."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from core_cases import COMPANY, P

from callcamp_sync.fields import FIELDS
from callcamp_sync.policy import person_keys
from callcamp_sync.snapshot import ORDER_TEXTS, contacts, existing_orders, fingerprint, forbidden_phones

RECORD = ("name", "firstName", "lastName", "email", "phoneNumber", "country", "parameters.company")


def listed(*orders: dict[str, Any]) -> pl.DataFrame:
    """Orders as the API room lists them: String columns, the server's own text."""
    names = ("order_uuid", "record_uuid", "status", "name", "phoneNumber", *ORDER_TEXTS)
    plain = {"order_uuid": "o0", "record_uuid": "r0", "status": "planned", "phoneNumber": P[0]}
    return pl.DataFrame([{n: (plain | order).get(n) for n in names} for order in orders], schema=dict.fromkeys(names, pl.String))


def records(*given: dict[str, Any]) -> pl.DataFrame:
    names = ("record_uuid", *RECORD)
    plain = {"record_uuid": "r0", "phoneNumber": P[0]}
    return pl.DataFrame([{n: (plain | one).get(n) for n in names} for one in given], schema=dict.fromkeys(names, pl.String))


def read(order: dict[str, Any], record: dict[str, Any] | None = None) -> dict[str, Any]:
    """One order as it stands; a record is given unless the token may not read them."""
    held = None if record is None else records(record)
    return existing_orders(listed(order), held, [*FIELDS, COMPANY]).row(0, named=True)


@pytest.mark.parametrize("spelling", ["Do Not Call", "do-not-call", "do_not_call", "DNC", "doNotCall"])
def test_a_status_has_one_name_and_keeps_its_spelling(spelling: str) -> None:
    found = read({"status": spelling})
    assert (found["status"], found["status_wire"]) == ("do-not-call", spelling)


def test_an_order_without_a_status_has_none() -> None:
    assert read({"status": None})["status"] is None


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        (P[0], P[0]),
        ("+1 (201) 555-0100", P[0]),
        ("001 201 555 0100", P[0]),
        ("+1234567890", "+1234567890"),
        (" unknown ", "unknown"),
        (None, None),
    ],
)
def test_a_number_is_e164_and_an_odd_one_still_matches_itself(text: str | None, phone: str | None) -> None:
    assert read({"phoneNumber": text})["phone"] == phone


@pytest.mark.parametrize(
    ("name", "text", "canonical"),
    [
        ("scheduledTime", "2026-06-10T16:30:00+02:00", "2026-06-10T14:30:00Z"),
        ("scheduledTime", "2026-06-10T14:30:00.000Z", "2026-06-10T14:30:00Z"),
        ("price", "10.50", "10.5"),
        ("price", "1e3", "1000"),
        ("currencyCode", "usd", "USD"),
        ("instructions", "  ", None),
        ("instructions", "Be brief", "Be brief"),
    ],
)
def test_a_property_stands_in_canonical_text(name: str, text: str, canonical: str | None) -> None:
    assert read({name: text})[f"have_{name}"] == canonical


def test_what_the_list_does_not_show_comes_from_the_record() -> None:
    found = read({"name": "Shown"}, {"name": "Ada", "email": "A@example.com ", "country": "gb", "parameters.company": "Acme"})
    assert [found[f"have_{name}"] for name in ("name", "country", "parameters.company")] == ["Ada", "GB", "Acme"]
    assert found["have_email"].casefold() == "a@example.com"


def test_without_records_only_what_orders_show_is_there() -> None:
    found = read({"name": "Shown"})
    assert found["have_name"] == "Shown"
    assert not {"have_email", "have_country", "have_parameters.company"} & found.keys()


def test_an_order_whose_record_was_not_listed_keeps_what_it_shows() -> None:
    found = read({"name": "Shown"}, {"record_uuid": "other"})
    assert (found["have_name"], found["have_email"], found["phone"]) == ("Shown", None, P[0])


def test_the_orders_own_number_counts_before_the_records() -> None:
    assert read({"phoneNumber": P[1]}, {"phoneNumber": P[2]})["phone"] == P[1]
    assert read({"phoneNumber": None}, {"phoneNumber": P[2]})["phone"] == P[2]


def test_one_row_an_order_in_their_order_also_when_a_record_is_listed_twice() -> None:
    orders = listed(*({"order_uuid": f"o{at}", "record_uuid": f"r{at % 2}"} for at in range(4)))
    found = existing_orders(orders, records({}, {}, {"record_uuid": "r1"}), FIELDS)
    assert found["order_uuid"].to_list() == ["o0", "o1", "o2", "o3"]


def test_contacts_carry_their_number_and_the_fields_asked_for() -> None:
    found = contacts(records({"phoneNumber": "+1 201 555 0100", "email": "", "parameters.company": "Acme"}), [COMPANY])
    assert found.row(0, named=True) == {"record_uuid": "r0", "phone": P[0], "have_parameters.company": "Acme"}


def test_whom_nobody_may_call_is_known_by_the_campaign_and_by_the_ledger() -> None:
    orders = listed({"status": "DNC"}, {"order_uuid": "o1", "phoneNumber": P[1]}, {"status": "Do Not Call", "phoneNumber": None})
    found = forbidden_phones(existing_orders(orders, None, ()), [P[5], "+5491123456789"])
    assert found == person_keys([P[0], P[5], "+541123456789"])


def test_the_fingerprint_does_not_depend_on_the_order_of_the_list() -> None:
    one, other = {"order_uuid": "o1"}, {"order_uuid": "o2", "status": "Planned"}
    prints = [fingerprint(existing_orders(listed(*pair), None, ())) for pair in ((one, other), (other, one))]
    assert prints[0].equals(prints[1])


@pytest.mark.parametrize("change", [{"status": "busy"}, {"phoneNumber": P[5]}, {"order_uuid": "o9"}], ids=str)
def test_the_fingerprint_tells_every_drift(change: dict[str, Any]) -> None:
    before, after = (fingerprint(existing_orders(listed(order), None, ())) for order in ({}, change))
    assert not before.equals(after)
