"""Which row means which order: every way of being certain, and every way of not being."""

from __future__ import annotations

import pytest
from core_cases import Cells, P, contacts, orders, sheet

from callcamp_sync.matching import link, match

TWO = ({"phone": P[0]}, {"phone": P[1]})
BRAZIL = ("+5511961234567", "+551161234567")

#: words -> (rows, orders, place of each row, code of each row)
MATCHED: dict[str, tuple[tuple[Cells, ...], tuple[Cells, ...], list[int | None], list[str | None]]] = {
    "the number finds its order": (({"phone": P[1]},), TWO, [1], [None]),
    "a number that nobody has finds nothing": (({"phone": P[5]},), TWO, [None], [None]),
    "the order id finds its order, and the number is to change": (({"phone": P[5], "order_uuid": "o1"},), TWO, [1], [None]),
    "the order id alone is enough": (({"order_uuid": "o0"},), TWO, [0], [None]),
    "the record id finds the contact's order": (({"record_uuid": "r1"},), TWO, [1], [None]),
    "a record id without an order leaves it to the number": (({"record_uuid": "r9", "phone": P[5]},), TWO, [None], [None]),
    "a wrong order id holds the row": (({"phone": P[0], "order_uuid": "o9"},), TWO, [None], ["match-missing"]),
    "a number that stands twice holds the row": (
        ({"phone": P[0]},),
        ({"phone": P[0]}, {"phone": P[0]}),
        [None],
        ["match-several"],
    ),
    "the order id tells the two apart": (
        ({"phone": P[0], "order_uuid": "o1"},),
        ({"phone": P[0]}, {"phone": P[0]}),
        [1],
        [None],
    ),
    "ids of two orders hold the row": (({"order_uuid": "o0", "record_uuid": "r1"},), TWO, [0], ["match-conflict"]),
    "a record id against the number holds the row": (({"record_uuid": "r9", "phone": P[0]},), TWO, [0], ["match-conflict"]),
    "a number that another order has holds the row": (({"order_uuid": "o0", "phone": P[1]},), TWO, [0], ["phone-taken"]),
    "another form of a number that stands holds the row": (
        ({"phone": BRAZIL[0]},),
        ({"phone": BRAZIL[1]},),
        [None],
        ["phone-taken"],
    ),
    "an order may get the other form of its own number": (
        ({"phone": BRAZIL[0], "order_uuid": "o0"},),
        ({"phone": BRAZIL[1]},),
        [0],
        [None],
    ),
    "two rows for one order are both held": (
        ({"phone": P[0]}, {"order_uuid": "o0"}),
        TWO,
        [0, 0],
        ["match-shared", "match-shared"],
    ),
    "one order's new number and a new contact of that number are both held": (
        ({"phone": P[5], "order_uuid": "o0"}, {"phone": P[5]}),
        TWO,
        [0, None],
        ["phone-shared", "phone-shared"],
    ),
    "two orders that are to get one number are both held": (
        ({"phone": P[5], "order_uuid": "o0"}, {"phone": P[5], "order_uuid": "o1"}),
        TWO,
        [0, 1],
        ["phone-shared", "phone-shared"],
    ),
    "an exported number that stands twice is as it was": (
        ({"phone": P[0], "order_uuid": "o0"}, {"phone": P[0], "order_uuid": "o1"}),
        ({"phone": P[0]}, {"phone": P[0]}),
        [0, 1],
        [None, None],
    ),
    "an order without a number is found by its id": (({"order_uuid": "o0", "phone": P[3]},), ({"phone": None},), [0], [None]),
}


@pytest.mark.parametrize("words", MATCHED)
def test_a_row_finds_its_order_or_is_held(words: str) -> None:
    rows, standing, places, found = MATCHED[words]
    matched = match(sheet(*rows), orders(*standing))
    assert (matched["place"].to_list(), matched["code"].to_list()) == (places, found)


def test_a_chosen_parameter_finds_the_order_before_the_number() -> None:
    row = sheet({"phone": P[5], "parameters.ref": "B"})
    standing = orders({"phone": P[0], "parameters.ref": "A"}, {"phone": P[1], "parameters.ref": "B"})
    assert match(row, standing, ("parameters.ref", "phone"))["place"].to_list() == [1]


def test_the_first_key_that_finds_something_decides() -> None:
    row = sheet({"phone": P[0], "record_uuid": "r0"})
    standing = orders({"phone": P[1]}, {"phone": P[0], "record_uuid": "rx"})
    assert match(row, standing, ("record_uuid", "phone"))["place"].to_list() == [0]


def test_what_is_held_names_the_orders() -> None:
    held = match(sheet({"phone": P[0]}), orders({"phone": P[0]}, {"phone": P[0]}))
    assert held["detail"].to_list() == ["o0, o1"]


FREE = ({"phone": P[3]}, {"phone": P[4]})

#: words -> (rows, contacts, record of each row, code of each row); two orders stand, P0 and P1.
LINKED: dict[str, tuple[tuple[Cells, ...], tuple[Cells, ...], list[str | None], list[str | None]]] = {
    "the number finds the contact": (({"phone": P[4]},), FREE, ["c1"], [None]),
    "nobody has the number": (({"phone": P[5]},), FREE, [None], [None]),
    "two contacts with the number hold the row": (({"phone": P[3]},), (*FREE, {"phone": P[3]}), [None], ["record-several"]),
    "the record id tells them apart": (({"phone": P[3], "record_uuid": "c2"},), (*FREE, {"phone": P[3]}), ["c2"], [None]),
    "a wrong record id holds the row": (({"phone": P[5], "record_uuid": "c9"},), FREE, [None], ["record-missing"]),
    "a contact that has an order is not free": (({"phone": P[5]},), ({"phone": P[5], "record_uuid": "r0"},), [None], [None]),
    "a contact whose number has an order already holds the row": (
        ({"record_uuid": "c0"},),
        ({"phone": P[0]},),
        ["c0"],
        ["phone-taken"],
    ),
    "two rows for one contact are both held": (
        ({"record_uuid": "c0"}, {"phone": P[3]}),
        FREE,
        ["c0", "c0"],
        ["match-shared", "match-shared"],
    ),
    "two contacts with one number are both held": (
        ({"record_uuid": "c0"}, {"record_uuid": "c1"}),
        ({"phone": P[3]}, {"phone": P[3]}),
        ["c0", "c1"],
        ["phone-shared", "phone-shared"],
    ),
    "a contact whose number an order is to get is held": (
        ({"record_uuid": "c0"}, {"phone": P[3], "order_uuid": "o0"}),
        FREE,
        ["c0"],
        ["phone-shared"],
    ),
}


@pytest.mark.parametrize("words", LINKED)
def test_a_row_without_an_order_finds_its_contact_or_is_held(words: str) -> None:
    rows, free, records, found = LINKED[words]
    live, standing = sheet(*rows), orders(*TWO)
    linked = link(live, live, match(live, standing), contacts(*free), standing)
    assert (linked["record_uuid"].to_list(), linked["code"].to_list()) == (records, found)


@pytest.mark.parametrize(("named", "code"), [("o1", "match-conflict"), ("o9", None)])
def test_a_row_that_names_an_order_is_no_new_contact_where_the_chosen_key_does_not_find_it(named: str, code: str | None) -> None:
    """Matched by number alone: who stands in the campaign under another number must not be called twice."""
    found = match(sheet({"phone": P[5], "order_uuid": named}, {"phone": P[0]}), orders(*TWO), ("phone",))
    assert (found["place"].to_list(), found["code"].to_list()) == ([None, 0], [code, None])
