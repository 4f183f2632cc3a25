"""What the client makes of lists: their columns, their pages, and what proves that none was missed."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from scripted_server import Act, Request, ScriptedServer, answer, order, page, pages_of

from callcamp_sync.api import Client
from callcamp_sync.errors import NotFoundError

PHONE = "+12015550123"


def client(server: ScriptedServer, *, concurrency: int = 8) -> Client:
    return Client(base_url=f"{server.url}/api/", token="secret-token", concurrency=concurrency, timeout=5)


async def test_a_listing_has_every_order_as_text() -> None:
    full = order(1) | {
        "record": {"uuid": "r1", "name": "N", "phoneNumber": PHONE},
        "scheduledTime": "2026-05-10T14:30:00Z",
        "scheduledDurationSeconds": 600,
        "price": 1e-7,
        "currencyCode": 1e22,
        "instructions": {"say": ["hi"]},
        "scheduledTimeTimezone": True,
        "unheard": 1,
    }
    old = {"uuid": "o2", "record": {"phone": PHONE, "name": ""}}
    odd = {"uuid": 3, "record": None, "status": None}
    async with ScriptedServer([answer(200, page("orders", [full, old, odd], total=3))]) as server, client(server) as callcamp:
        listing = await callcamp.list_orders("c1")
    assert listing.complete
    assert set(listing.frame.dtypes) == {pl.String}
    assert listing.frame.rows() == [
        ("o1", "planned", "2026-05-10T14:30:00Z", "true", "600", "0.0000001", "1" + 22 * "0", '{"say":["hi"]}', "r1", "N", PHONE),
        ("o2", None, None, None, None, None, None, None, None, "", PHONE),
        ("3", None, None, None, None, None, None, None, None, None, None),
    ]


async def test_contacts_have_a_column_for_each_parameter_asked_for() -> None:
    items = [
        {"uuid": "r1", "firstName": "A", "phoneNumber": PHONE, "phone": "x", "parameters": {"company": "Acme", "size": 5}},
        {"uuid": "r2", "parameters": None},
    ]
    async with ScriptedServer([answer(200, page("records", items, total=2))]) as server, client(server) as callcamp:
        listing = await callcamp.list_records(parameters=["company", "size", "none"], campaign="c1")
        assert server.requests[0].query == {"campaignUuid": "c1", "page": "1", "limit": "100"}
    assert listing.frame.columns[-3:] == ["parameters.company", "parameters.size", "parameters.none"]
    shown = listing.frame.select("record_uuid", "phoneNumber", "parameters.company", "parameters.size", "parameters.none")
    assert shown.rows() == [("r1", PHONE, "Acme", "5", None), ("r2", None, None, None, None)]


@pytest.mark.parametrize("dated", [True, False])
async def test_when_contacts_were_made_is_kept_where_it_is_asked_for(dated: bool) -> None:
    """A sync has no use for it, and of a million contacts it is forty megabytes."""
    items = [{"uuid": "r1", "createdAt": "2026-05-10T12:00:00.000Z", "updatedAt": "later", "status": "active"}]
    async with ScriptedServer([answer(200, page("records", items, total=1))]) as server, client(server) as callcamp:
        listing = await callcamp.list_records(parameters=[], record_type="t", dated=dated)
    told = ["createdAt"] if dated else []
    assert listing.frame.columns == ["record_uuid", "name", "firstName", "lastName", "email", "phoneNumber", "country", *told]
    assert listing.frame.rows()[0][7:] == (("2026-05-10T12:00:00.000Z",) if dated else ())


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 1234])
@pytest.mark.parametrize("limit", [100, 30])
@pytest.mark.parametrize("unsaid", [(), ("totalPages",), ("limit", "page", "totalPages")])
async def test_all_pages_are_read_once_in_order(count: int, limit: int, unsaid: tuple[str, ...]) -> None:
    orders = [order(number) for number in range(count)]
    seen: list[tuple[int, int]] = []
    async with ScriptedServer([], pages_of(orders, limit=limit, unsaid=unsaid)) as server, client(server) as callcamp:
        listing = await callcamp.list_orders("c1", on_page=lambda done, pages: seen.append((done, pages)))
        wanted = max(1, -(-count // limit))
        assert len(server.requests) == wanted
    assert (listing.complete, listing.total, listing.notes) == (True, count, ())
    assert listing.frame["order_uuid"].to_list() == [one["uuid"] for one in orders]
    assert seen[-1] == (wanted, wanted)


async def test_a_list_that_moves_while_it_is_read_is_read_again_until_it_stands_still() -> None:
    """A new order at the head shifts every page after the second answer."""
    orders = [order(number) for number in range(350)]
    answers = 0

    def respond(request: Request) -> Act:
        nonlocal answers
        answers += 1
        if answers == 3:
            orders.insert(0, order(999))
        return pages_of(orders)(request)

    async with ScriptedServer([], respond) as server, client(server, concurrency=1) as callcamp:
        listing = await callcamp.list_orders("c1")
    assert listing.complete
    assert set(listing.frame["order_uuid"]) == {one["uuid"] for one in orders}
    assert listing.frame.height == 351


async def test_an_order_that_goes_while_the_list_is_read_hides_no_other() -> None:
    """The first order goes after page 1: page 2 then skips one. What was seen is as many as the last `total`, and still wrong."""
    orders = [order(number) for number in range(200)]
    answers = 0

    def respond(request: Request) -> Act:
        nonlocal answers
        answers += 1
        if answers == 2:
            orders.pop(0)
        return pages_of(orders)(request)

    async with ScriptedServer([], respond) as server, client(server, concurrency=1) as callcamp:
        listing = await callcamp.list_orders("c1")
    assert listing.complete
    assert listing.frame["order_uuid"].to_list() == [one["uuid"] for one in orders]


async def test_a_list_that_never_stands_still_is_a_union_and_not_complete() -> None:
    orders = [order(number) for number in range(350)]
    rng = random.Random(3)

    def respond(request: Request) -> Act:
        orders.insert(0, order(rng.randrange(1000, 9999)))
        orders.pop(rng.randrange(5, len(orders)))
        return pages_of(orders)(request)

    async with ScriptedServer([], respond) as server, client(server, concurrency=1) as callcamp:
        listing = await callcamp.list_orders("c1")
    assert not listing.complete
    assert listing.notes
    assert listing.frame["order_uuid"].is_unique().all()


async def test_what_any_of_the_passes_saw_is_listed_while_none_is_proved() -> None:
    seen = [(1, 2), (1, 3), (2, 3)]
    script = [answer(200, page("orders", [order(number) for number in numbers], total=4)) for numbers in seen]
    script = [act for one in script for act in (one, answer(200, page("orders", [], total=4, number=2)))]
    async with ScriptedServer(script) as server, client(server) as callcamp:
        listing = await callcamp.list_orders("c1")
    assert (listing.complete, listing.total) == (False, 4)
    assert set(listing.frame["order_uuid"]) == {"o1", "o2", "o3"}


async def test_an_order_seen_twice_stands_as_it_was_seen_last() -> None:
    moved = [
        answer(200, page("orders", [order(number) for number in range(100)], total=101)),
        answer(200, page("orders", [order(99) | {"status": "contacted"}], total=101, number=2)),
    ]
    async with ScriptedServer(moved * 3) as server, client(server) as callcamp:
        listing = await callcamp.list_orders("c1")
    assert not listing.complete
    assert listing.frame.filter(pl.col("order_uuid") == "o99")["status"].to_list() == ["contacted"]


ODD_LISTS: list[Any] = [
    pytest.param(lambda request: answer(200, page("orders", [order(1)], total=900)), 1, "same page", id="`page` is ignored"),
    pytest.param(
        lambda request: answer(200, page("orders", [order(1)] if request.query["page"] == "1" else [], total=10**9)),
        1,
        "last said 1000000000",
        id="`total` promises too much",
    ),
    pytest.param(lambda request: answer(200, {"orders": [order(1)]}), 1, "does not say how many", id="no `total`"),
    pytest.param(
        lambda request: answer(200, page("orders", [order(1), {"status": "planned"}, 7], total=1)), 1, "2 items", id="no ids"
    ),
    pytest.param(
        lambda request: answer(200, page("orders", [order(1), order(2)], total=1)), 2, "last said 1", id="more than said"
    ),
]


@pytest.mark.parametrize(("respond", "rows", "note"), ODD_LISTS)
async def test_a_list_that_cannot_be_proved_ends_and_says_so(respond: Callable[[Request], Act], rows: int, note: str) -> None:
    async with ScriptedServer([], respond) as server, client(server) as callcamp:
        listing = await callcamp.list_orders("c1")
        assert len(server.requests) <= 60
    assert not listing.complete
    assert listing.frame.height == rows
    assert any(note in one for one in listing.notes)


async def test_an_empty_page_in_the_middle_is_not_the_end() -> None:
    orders = [order(number) for number in range(450)]

    def respond(request: Request) -> Act:
        empty = answer(200, page("orders", [], total=450, number=2))
        return empty if request.query["page"] == "2" else pages_of(orders)(request)

    async with ScriptedServer([], respond) as server, client(server) as callcamp:
        listing = await callcamp.list_orders("c1")
    assert not listing.complete
    assert listing.frame.height == 350


async def test_part_of_a_list_is_never_passed_off_as_the_list() -> None:
    orders = [order(number) for number in range(450)]

    def respond(request: Request) -> Act:
        return answer(404) if request.query["page"] == "4" else pages_of(orders)(request)

    async with ScriptedServer([], respond) as server, client(server) as callcamp:
        with pytest.raises(NotFoundError):
            await callcamp.list_orders("c1")


async def test_counts_say_what_went_over_the_wire() -> None:
    orders = [order(number) for number in range(450)]
    async with ScriptedServer([], pages_of(orders)) as server, client(server) as callcamp:
        await callcamp.list_orders("c1")
        counts = callcamp.counts
        assert (counts.sent, counts.retried, counts.throttled) == (len(server.requests), 0, 0)
        assert 0 < counts.seconds < 5
