"""What the client makes of every way in which an answer can go wrong, over real sockets."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from client_cases import BODY, ORDER, PHONE, Clock, client
from scripted_server import Act, ScriptedServer, answer, cut, cut_chunked, drip, hang, leave, page, raw, reset

from callcamp_sync.api import Client, ForbiddenError, Reply
from callcamp_sync.errors import AccessError, ContractError, NotFoundError, RefusedError, StateError, SyncError, UnreachableError
from callcamp_sync.model import Fate

#: A key and a certificate for 127.0.0.1 that signs itself; it is worth nothing and protects nothing.
SELF_SIGNED = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgvxa69kVkf+fYEB0H
qgxxtx6ABs/VDosPVjIeScB41byhRANCAATLuP4/eDtXLmKQDj1+nmLaLQhcoMFy
Z7xhjmfCzXD17dJ0IZoGs/Op4yS/AqdwCAjhuqFkESLQrGvhIk2qxT9s
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUTcOkrembOAawLI7kjj5t/eFa5fAwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzE3NTczMVoYDzIxMjYxMDMw
MTc1NzMxWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATLuP4/eDtXLmKQDj1+nmLaLQhcoMFyZ7xhjmfCzXD17dJ0IZoGs/Op
4yS/AqdwCAjhuqFkESLQrGvhIk2qxT9so28wbTAdBgNVHQ4EFgQUdcomHnUsx042
zFPJ3TdiX49kXcgwHwYDVR0jBBgwFoAUdcomHnUsx042zFPJ3TdiX49kXcgwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARhwR/AAABgglsb2NhbGhvc3QwCgYIKoZI
zj0EAwIDSAAwRQIhAMAIFh/TCowZgnTKVN8MPDTgRgkdpyhINVfTZxqUIw85AiBV
XDVby+CZFKF3k9bwqiQOG+qx1uXISQuaYhQX7t/ORQ==
-----END CERTIFICATE-----
"""

Write = Callable[[Client], Awaitable[Reply]]
WRITES: dict[str, tuple[Write, Any]] = {
    "create": (lambda client: client.create_order("c1", BODY), ORDER),
    "associate": (lambda client: client.associate("c1", ["r1"]), {"success": True}),
    "update order": (lambda client: client.update_order("c1", "o1", {"price": 1}), ORDER),
    "update record": (lambda client: client.update_record("r1", {"name": "A"}), {"uuid": "r1"}),
    "remove": (lambda client: client.remove_order("c1", "o1"), {"success": True}),
}


#: Answers that never end: these alone are waited for no longer than a test likes, so that a busy machine fails no other.
ENDLESS: tuple[Act, ...] = (hang, drip)

LOST: list[Any] = [
    pytest.param(reset, None, id="reset after it was read"),
    pytest.param(leave, None, id="closed without an answer"),
    pytest.param(hang, None, id="no answer in time"),
    pytest.param(drip, None, id="an answer that drips for ever"),
    pytest.param(cut(b'{"uuid": "o1"'), None, id="an answer cut by its length"),
    pytest.param(cut_chunked(b'{"uuid": "o1"'), None, id="an answer cut between chunks"),
    pytest.param(raw(b"gibberish\r\n\r\n"), None, id="an answer that is not HTTP"),
    pytest.param(answer(500, {"error": "oops"}), 500, id="500"),
    pytest.param(answer(502, b"<html><title>Bad gateway</title>", content_type="text/html"), 502, id="502 of a proxy"),
    pytest.param(answer(503, b"", retry_after="1"), 503, id="503 with Retry-After"),
    pytest.param(answer(504), 504, id="504"),
    pytest.param(answer(408), 408, id="408"),
    pytest.param(answer(200), 200, id="200 and nothing"),
    pytest.param(answer(204), 204, id="204"),
    pytest.param(answer(200, b"<html><title>Log in</title>", content_type="text/html"), 200, id="200 and a login page"),
    pytest.param(answer(200, b'{"uuid": "o1"'), 200, id="200 and half an object"),
    pytest.param(answer(200, {"success": False, "message": "no"}), 200, id="200 and no success"),
    pytest.param(answer(200, {"orders": [], "total": 0}), 200, id="200 and a list"),
    pytest.param(answer(200, []), 200, id="200 and an array"),
    pytest.param(answer(200, {"uuid": "", "record": {"uuid": ""}}), 200, id="200 and empty ids"),
    pytest.param(answer(200, gzip.compress(b" " * 20_000_000), content_encoding="gzip"), 200, id="200 and a bomb"),
    pytest.param(answer(200, b"damaged", content_encoding="gzip"), 200, id="200 and damaged gzip"),
    pytest.param(answer(200, b"x", content_encoding="gzip, gzip"), 200, id="200 in an encoding nobody asked for"),
    *(
        pytest.param(answer(status, b"", location="https://elsewhere.example/api"), status, id=f"a redirect by {status}")
        for status in (301, 302, 303, 307, 308)
    ),
]


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize(("act", "status"), LOST)
async def test_a_write_that_may_have_arrived_is_unknown_and_sent_once(write: str, act: Act, status: int | None) -> None:
    async with ScriptedServer([act]) as server, client(server, timeout=0.2 if act in ENDLESS else 10.0) as callcamp:
        reply = await WRITES[write][0](callcamp)
        assert (reply.fate, reply.status, reply.data, reply.attempts) == (Fate.UNKNOWN, status, None, 1)
        assert reply.error
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "said", [{"uuid": "o1"}, {"uuid": "o1", "record": {}}, {"uuid": "o1", "record": "r1"}, {"record": {"uuid": "r1"}}]
)
async def test_a_create_without_the_ids_of_order_and_record_is_unknown(said: object) -> None:
    async with ScriptedServer([answer(201, said)]) as server, client(server) as callcamp:
        assert (await callcamp.create_order("c1", BODY)).fate is Fate.UNKNOWN


async def test_an_update_that_answers_for_another_order_is_unknown() -> None:
    async with ScriptedServer([answer(200, ORDER | {"uuid": "o2"})]) as server, client(server) as callcamp:
        assert (await callcamp.update_order("c1", "o1", {"price": 1})).fate is Fate.UNKNOWN


@pytest.mark.parametrize("packed", [True, False], ids=["gzip", "plain"])
async def test_a_body_is_read_up_to_its_limit_and_no_further(packed: bool) -> None:
    body = json.dumps(ORDER | {"filler": "x" * 17 * 1024 * 1024}).encode()
    act = answer(200, gzip.compress(body), content_encoding="gzip") if packed else answer(200, body)
    async with ScriptedServer([act]) as server, client(server) as callcamp:
        reply = await callcamp.create_order("c1", BODY)
        assert (reply.fate, reply.error) == (Fate.UNKNOWN, "the answer is too large or damaged")


@pytest.mark.parametrize("write", WRITES)
async def test_a_write_that_is_answered_by_the_contract_is_done(write: str) -> None:
    async with ScriptedServer([answer(200, WRITES[write][1])]) as server, client(server) as callcamp:
        reply = await WRITES[write][0](callcamp)
        assert (reply.fate, reply.data, reply.error) == (Fate.DONE, WRITES[write][1], None)


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 422])
async def test_a_write_that_is_answered_no_is_refused_in_the_servers_words(write: str, status: int) -> None:
    async with (
        ScriptedServer([answer(status, {"error": {"message": ["no\x1b[31m", "way"]}})]) as server,
        client(server) as callcamp,
    ):
        reply = await WRITES[write][0](callcamp)
        assert (reply.fate, reply.status, reply.error, reply.attempts) == (Fate.REFUSED, status, "no [31m; way", 1)


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("act", [leave, reset])
async def test_a_kept_connection_that_breaks_does_not_send_a_write_twice(write: str, act: Act) -> None:
    """aiohttp would send a DELETE again by itself; a second DELETE that finds nothing would look like drift."""
    async with ScriptedServer([answer(200, {"user": {}}), act]) as server, client(server) as callcamp:
        await callcamp.me()
        assert (await WRITES[write][0](callcamp)).fate is Fate.UNKNOWN
        assert (len(server.requests), server.connections) == (2, 1)


async def test_each_attempt_of_a_write_is_announced_when_its_turn_has_come_and_not_before() -> None:
    """A journal that noted a write when it queued would count its grace period from there, and know of writes that never left."""
    told: list[tuple[int, int, float]] = []
    clock = Clock()
    async with (
        ScriptedServer([answer(429, b"", retry_after="30"), answer(201, ORDER)]) as server,
        client(server, clock) as callcamp,
    ):

        async def before(attempt: int) -> None:
            told.append((attempt, len(server.requests), clock.seconds))

        ended = await callcamp.create_order("c1", BODY, before=before)
    assert (ended.fate, ended.attempts) == (Fate.DONE, 2)
    assert [(attempt, seen) for attempt, seen, _ in told] == [(1, 0), (2, 1)]
    assert told[1][2] - told[0][2] >= 30


async def test_a_write_that_its_announcement_refuses_never_leaves() -> None:
    async with ScriptedServer([answer(201, ORDER)]) as server, client(server) as callcamp:

        async def before(_: int) -> None:
            raise StateError("the disk is full")

        with pytest.raises(StateError):
            await callcamp.create_order("c1", BODY, before=before)
    assert server.requests == []


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://127.0.0.1:9", id="nobody listens"),
        pytest.param("https://callcamp.invalid", id="a host name that does not exist"),
    ],
)
async def test_a_write_that_never_left_us_is_not_attempted(url: str) -> None:
    async with Client(base_url=url, token="t", timeout=5, runtime=Clock().runtime()) as callcamp:
        reply = await callcamp.create_order("c1", BODY)
        assert (reply.fate, reply.status, reply.attempts) == (Fate.NOT_ATTEMPTED, None, 4)


async def test_talking_tls_to_a_plain_server_never_sent_the_request() -> None:
    async with ScriptedServer([answer(200)]) as server:
        url = server.url.replace("http:", "https:")
        async with Client(base_url=url, token="t", timeout=0.2, runtime=Clock().runtime()) as callcamp:
            assert (await callcamp.create_order("c1", BODY)).fate is Fate.NOT_ATTEMPTED
        assert server.requests == []


async def test_a_certificate_that_nobody_vouches_for_stops_everything_at_once(tmp_path: Path) -> None:
    (tmp_path / "self-signed.pem").write_text(SELF_SIGNED)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "self-signed.pem")
    async with ScriptedServer([answer(200, ORDER)], tls=context) as server, client(server) as callcamp:
        reply = await callcamp.create_order("c1", BODY)
        assert (reply.fate, reply.attempts) == (Fate.NOT_ATTEMPTED, 1)
        with pytest.raises(RefusedError, match="certificate"):
            await callcamp.me()
        assert (server.requests, callcamp.counts.sent) == ([], 1)


async def test_a_listener_that_never_accepts_ends_in_the_connect_time_out() -> None:
    """The kernel accepts for it, so the request is on its way and a write is unknown: never the unsafe side."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", backlog=1)
    async with listener:
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        async with Client(base_url=f"http://127.0.0.1:{port}", token="t", timeout=0.2, runtime=Clock().runtime()) as callcamp:
            assert (await callcamp.create_order("c1", BODY)).fate is Fate.UNKNOWN


async def test_a_server_that_dies_in_the_middle_is_not_hammered() -> None:
    """200 writes against a server that only answers 500: a few are unknown, all others are certainly not attempted."""
    async with ScriptedServer([answer(500)]) as server, client(server) as callcamp:
        replies = [await callcamp.create_order("c1", BODY) for _ in range(200)]
        fates = [reply.fate for reply in replies]
        assert fates == [Fate.UNKNOWN] * 8 + [Fate.NOT_ATTEMPTED] * 192
        assert len(server.requests) == 8
        assert callcamp.broken


async def test_a_dead_server_gives_up_within_a_minute_whatever_is_asked() -> None:
    clock = Clock()
    async with Client(base_url="http://127.0.0.1:9", token="t", concurrency=4, runtime=clock.runtime()) as callcamp:
        for _ in range(20):
            with pytest.raises(UnreachableError):
                await callcamp.list_orders("c1")
        assert clock.seconds < 60
        assert callcamp.counts.sent <= 8


READS: list[Any] = [
    pytest.param(answer(401, {"message": "expired"}), AccessError, "expired", id="401 is the token"),
    pytest.param(answer(403), ForbiddenError, "may not", id="403 is the permission"),
    pytest.param(answer(404), NotFoundError, "GET /campaigns/{uuid}/orders", id="404 names the route"),
    pytest.param(answer(400, {"error": "bad"}), RefusedError, "400: bad", id="400 is refused"),
    pytest.param(answer(200, b"<html><title>Portal</title>"), ContractError, "Portal", id="a web page is no empty list"),
    pytest.param(answer(200), ContractError, "not JSON", id="nothing is no empty list"),
    pytest.param(answer(200, []), ContractError, "contract", id="an array is no page"),
    pytest.param(answer(200, {"total": 0}), ContractError, "contract", id="a page without orders is no empty list"),
    pytest.param(answer(200, {"orders": {}}), ContractError, "contract", id="orders that are no list"),
    pytest.param(answer(302, b"", location="https://login.example/?x=1"), ContractError, "https://login.example", id="moved"),
    pytest.param(answer(200, gzip.compress(b" " * 20_000_000), content_encoding="gzip"), ContractError, "large", id="a bomb"),
    pytest.param(answer(503), UnreachableError, "503", id="503 for ever"),
    pytest.param(reset, UnreachableError, "broke", id="resets for ever"),
    pytest.param(drip, UnreachableError, "0.2 s", id="an answer that drips for ever"),
]


@pytest.mark.parametrize(("act", "error", "words"), READS)
async def test_a_read_that_cannot_be_answered_says_why(act: Act, error: type[SyncError], words: str) -> None:
    async with ScriptedServer([act]) as server, client(server, timeout=0.2 if act in ENDLESS else 10.0) as callcamp:
        with pytest.raises(error, match=words) as caught:
            await callcamp.list_orders("c1")
        assert type(caught.value) is error
        assert len(server.requests) == (4 if error is UnreachableError else 1)


@pytest.mark.parametrize("act", [reset, leave, cut(b"{"), answer(502), answer(503, b"", retry_after="1"), answer(429)])
async def test_a_read_goes_again_after_a_passing_fault(act: Act) -> None:
    async with ScriptedServer([act, act, answer(200, page("orders", [], total=0))]) as server, client(server) as callcamp:
        assert (await callcamp.list_orders("c1")).complete
        assert callcamp.counts.retried == 2


async def test_retries_have_a_budget_for_the_whole_run() -> None:
    """Every second answer is 503, so every read needs one retry: ten are granted before a hundred requests are made."""
    ill = answer(503)
    script = [act for _ in range(10) for act in (ill, answer(200, {"user": {}}))]
    async with ScriptedServer([*script, ill]) as server, client(server) as callcamp:
        for _ in range(10):
            await callcamp.me()
        with pytest.raises(UnreachableError):
            await callcamp.me()
        assert (len(server.requests), callcamp.counts.retried) == (21, 10)


async def test_after_a_redirect_nothing_more_is_sent() -> None:
    async with ScriptedServer([answer(307, b"", location="http://elsewhere.example/x")]) as server, client(server) as callcamp:
        assert (await callcamp.create_order("c1", BODY)).fate is Fate.UNKNOWN
        assert callcamp.moved == "http://elsewhere.example"
        assert (await callcamp.create_order("c1", BODY)).fate is Fate.NOT_ATTEMPTED
        with pytest.raises(ContractError, match=r"elsewhere\.example"):
            await callcamp.me()
        assert len(server.requests) == 1


async def test_no_phone_number_and_no_token_reach_a_log_or_a_message(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with ScriptedServer([reset]) as server, client(server) as callcamp:
        with pytest.raises(UnreachableError) as caught:
            await callcamp.search_orders("c1", PHONE)
        said = f"{caplog.text} {caught.value!r} {caught.value.hint} {callcamp!r} {callcamp.__dict__} {caught.value.__cause__!r}"
        assert "2015550123" not in said
        assert "secret-token" not in said


async def test_requests_that_were_canceled_at_any_point_take_nothing_with_them() -> None:
    """A pool that loses a connection with each canceled request is empty in the end, and then every request waits for ever."""

    async def slowly(writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(0.004)
        return await answer(200, {"user": {}})(writer)

    async with ScriptedServer([slowly]) as server, client(server, concurrency=4) as callcamp:
        for number in range(200):
            with anyio.move_on_after(number % 10 / 1000):
                await callcamp.me()
        async with anyio.create_task_group() as group:
            for _ in range(30):
                group.start_soon(callcamp.me)


async def test_an_answer_that_is_not_read_to_its_end_takes_its_connection_with_it() -> None:
    """Else the rest of a body that was too large would be read as the next answer."""
    large = answer(200, b'{"uuid": "o1"}' + b" " * 17 * 1024 * 1024)
    async with ScriptedServer([large, answer(200, ORDER)]) as server, client(server, concurrency=1) as callcamp:
        assert (await callcamp.create_order("c1", BODY)).fate is Fate.UNKNOWN
        assert (await callcamp.create_order("c1", BODY)).fate is Fate.DONE
        assert server.connections == 2


async def test_an_answer_that_was_read_leaves_its_connection_to_the_next_request() -> None:
    async with ScriptedServer([answer(200, ORDER)]) as server, client(server, concurrency=1) as callcamp:
        for _ in range(5):
            assert (await callcamp.create_order("c1", BODY)).fate is Fate.DONE
        assert server.connections == 1
