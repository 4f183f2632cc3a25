"""What goes over the wire, and what becomes of whole answers."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from scripted_server import Act, Request, ScriptedServer, answer, page

from callcamp_sync.api import Client
from callcamp_sync.errors import NotFoundError, SettingsError
from callcamp_sync.model import Fate

PHONE = "+12015550123"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def client(server: ScriptedServer, *, concurrency: int = 8) -> Client:
    return Client(base_url=f"{server.url}/api/", token="secret-token", concurrency=concurrency, timeout=5)


def order(number: int) -> dict[str, Any]:
    record = {"uuid": f"r{number}", "name": f"Name {number}", "phoneNumber": f"+1201555{number:04d}"}
    return {"uuid": f"o{number}", "status": "planned", "price": 10.5, "record": record}


def pages_of(orders: list[dict[str, Any]], name: str = "orders", limit: int = 100) -> Callable[[Request], Act]:
    """A server that keeps the contract, `limit` a page at most."""

    def respond(request: Request) -> Act:
        number, size = int(request.query["page"]), min(limit, int(request.query["limit"]))
        part = orders[(number - 1) * size : number * size]
        return answer(200, page(name, part, total=len(orders), number=number, limit=size))

    return respond


# --- settings


@pytest.mark.parametrize(
    ("url", "insecure", "fits"),
    [
        ("https://callcamp.example/api", False, True),
        ("http://127.0.0.1:8000/api", False, True),
        ("http://localhost:8000", False, True),
        ("http://[::1]:8000", False, True),
        ("http://callcamp.example/api", False, False),
        ("http://127.0.0.1.example.com", False, False),
        ("http://localhost.example.com", False, False),
        ("http://callcamp.example/api", True, True),
        ("ftp://callcamp.example", True, False),
        ("callcamp.example/api", True, False),
        ("https://user:pw@callcamp.example", False, False),
        ("https://callcamp.example/api?x=1", False, False),
        ("https://", False, False),
        ("https://callcamp.example:port", False, False),
        ("", False, False),
    ],
)
def test_plain_http_is_for_this_machine_alone(url: str, insecure: bool, fits: bool) -> None:
    if fits:
        assert Client(base_url=url, token="t", insecure_http=insecure).base_url == url
        return
    with pytest.raises(SettingsError):
        Client(base_url=url, token="t", insecure_http=insecure)


def test_plain_http_names_the_flag_that_lifts_it() -> None:
    with pytest.raises(SettingsError) as caught:
        Client(base_url="http://callcamp.example/api", token="t")
    assert caught.value.hint is not None
    assert "--insecure-http" in caught.value.hint


@pytest.mark.parametrize("token", ["", "secret token", "secret\n", "sécret", "secret\x7f"])
def test_a_token_that_cannot_stand_in_a_header_is_refused_unseen(token: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Client(base_url="https://callcamp.example", token=token)
    assert "cret" not in f"{caught.value!r}{caught.value.hint}"


# --- the wire


async def test_what_every_request_carries() -> None:
    async with ScriptedServer([answer(200, {"user": {"permissions": ["campaigns:read"], "client": None}})]) as server:
        async with client(server) as callcamp:
            account = await callcamp.me()
        assert account.user.permissions == ("campaigns:read",)
        (request,) = server.requests
        assert (request.method, request.target) == ("GET", "/api/auth/me")
        assert request.headers["authorization"] == "Bearer secret-token"
        assert "cookie" not in request.headers


async def test_a_cookie_that_the_server_sets_is_not_sent_back() -> None:
    async with ScriptedServer([answer(200, {"user": {}}, set_cookie="session=1; Path=/")]) as server, client(server) as callcamp:
        await callcamp.me()
        await callcamp.me()
        assert "cookie" not in server.requests[1].headers
        assert server.connections == 1


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    async with ScriptedServer([answer(200, {"user": {}})]) as server, client(server) as callcamp:
        await callcamp.me()


async def test_a_phone_number_is_searched_with_its_plus_sign() -> None:
    """A bare `+` is a space to the server, which then finds nobody: the next create would be a duplicate."""
    async with ScriptedServer([answer(200, page("orders", [], total=0))]) as server, client(server) as callcamp:
        await callcamp.search_orders("c1", PHONE)
        assert "search=%2B12015550123&" in server.requests[0].target
        assert server.requests[0].query["search"] == PHONE


@pytest.mark.parametrize(
    ("uuid", "path"),
    [
        ("order_9z8y", "order_9z8y"),
        ("a/b", "a%2Fb"),
        ("a b", "a%20b"),
        ("a?b#c", "a%3Fb%23c"),
        ("100%", "100%25"),
        ("ä", "%C3%A4"),
        ("../records", "..%2Frecords"),
    ],
)
async def test_an_id_stays_one_segment_of_the_path(uuid: str, path: str) -> None:
    async with ScriptedServer([answer(200, {"success": True})]) as server, client(server) as callcamp:
        await callcamp.remove_order("c1", uuid)
        assert server.requests[0].target == f"/api/campaigns/c1/orders/{path}"


@pytest.mark.parametrize("uuid", ["", ".", ".."])
async def test_an_id_that_would_change_the_path_is_not_sent(uuid: str) -> None:
    """DELETE /campaigns/c1/orders/.. would be resolved to DELETE /campaigns/c1, even when it is encoded."""
    async with ScriptedServer([answer(200, {"success": True})]) as server, client(server) as callcamp:
        assert (await callcamp.remove_order("c1", uuid)).fate is Fate.REFUSED
        with pytest.raises(NotFoundError):
            await callcamp.get_record(uuid)
        assert server.requests == []


async def test_the_bodies_of_the_writes() -> None:
    async with ScriptedServer([answer(200, {"success": True})]) as server, client(server) as callcamp:
        await callcamp.create_order("c1", {"record": {"phoneNumber": PHONE, "name": "Zoë [x] 😀\n"}})
        await callcamp.associate("c1", ["r1", "r2"])
        await callcamp.remove_order("c1", "o1")
        create, associate, remove = server.requests
        assert create.body.decode() == '{"record":{"phoneNumber":"+12015550123","name":"Zoë [x] 😀\\n"}}'
        assert create.headers["content-type"] == "application/json"
        assert (associate.target, associate.body) == ("/api/campaigns/c1/orders/associate", b'{"recordUuids":["r1","r2"]}')
        assert (remove.method, remove.body) == ("DELETE", b"")


# --- campaigns


CAMPAIGNS: list[dict[str, Any]] = [
    {"uuid": "c1", "name": "Spring", "recordTypeUuid": None, "surprise": {}},
    {"uuid": "c2", "name": "Summer 2026", "status": "active"},
    {"uuid": "c3", "name": "twice"},
    {"uuid": "c4", "name": "Twice "},
    {"uuid": "c5"},
]


def campaigns(request: Request) -> Act:
    path = request.target.partition("?")[0]
    if path == "/api/campaigns":
        return pages_of(CAMPAIGNS, "campaigns", limit=2)(request)
    found = [campaign for campaign in CAMPAIGNS if path == f"/api/campaigns/{campaign['uuid']}"]
    return answer(200, found[0]) if found else answer(404, {"error": "no such campaign"})


@pytest.mark.parametrize(
    ("wanted", "uuid"), [("c1", "c1"), ("spring", "c1"), (" SUMMER 2026 ", "c2"), ("c5", "c5")], ids=lambda text: f"`{text}`"
)
async def test_a_campaign_is_found_by_id_or_by_name(wanted: str, uuid: str) -> None:
    async with ScriptedServer([], campaigns) as server, client(server) as callcamp:
        assert (await callcamp.find_campaign(wanted)).uuid == uuid


async def test_a_name_that_several_campaigns_have_names_their_ids() -> None:
    async with ScriptedServer([], campaigns) as server, client(server) as callcamp:
        with pytest.raises(NotFoundError, match="2 campaigns are called `TWICE`: c3, c4"):
            await callcamp.find_campaign("TWICE")


async def test_a_name_that_no_campaign_has_suggests_the_nearest() -> None:
    async with ScriptedServer([], campaigns) as server, client(server) as callcamp:
        with pytest.raises(NotFoundError, match="Sumer 2026") as caught:
            await callcamp.find_campaign("Sumer 2026")
        assert caught.value.hint is not None
        assert "Summer 2026" in caught.value.hint


# --- listings


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


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 1234])
@pytest.mark.parametrize("limit", [100, 30])
async def test_all_pages_are_read_once_in_order(count: int, limit: int) -> None:
    orders = [order(number) for number in range(count)]
    seen: list[tuple[int, int]] = []
    async with ScriptedServer([], pages_of(orders, limit=limit)) as server, client(server) as callcamp:
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
