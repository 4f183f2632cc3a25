"""What goes over the wire, and what becomes of whole answers."""

from __future__ import annotations

from typing import Any

import pytest
from scripted_server import Act, Request, ScriptedServer, answer, page, pages_of

from callcamp_sync.api import Client
from callcamp_sync.errors import NotFoundError, SettingsError
from callcamp_sync.model import Fate

PHONE = "+12015550123"


def client(server: ScriptedServer, *, concurrency: int = 8) -> Client:
    return Client(base_url=f"{server.url}/api/", token="secret-token", concurrency=concurrency, timeout=5)


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
