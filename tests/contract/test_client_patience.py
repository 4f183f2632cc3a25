"""How the client waits: for a server that refuses for load, for what it says is left, and for all who share its account."""

from __future__ import annotations

import anyio
import pytest
from client_cases import BODY, ORDER, Clock, client
from scripted_server import ScriptedServer, answer, raw

from callcamp_sync.api import Client
from callcamp_sync.api.client import open_gate
from callcamp_sync.errors import UnreachableError
from callcamp_sync.model import Fate


@pytest.mark.parametrize(
    ("header", "waited"),
    [
        pytest.param({"retry_after": "3"}, 3, id="seconds"),
        pytest.param(
            {"retry_after": "Sun, 10 May 2026 09:00:04 GMT", "date": "Sun, 10 May 2026 09:00:00 GMT"}, 4, id="the server's clock"
        ),
        pytest.param({"retry_after": "86400"}, 60, id="a day is clamped"),
    ],
)
async def test_a_throttled_write_waits_as_long_as_asked_and_goes_again(header: dict[str, str], waited: float) -> None:
    clock = Clock()
    async with ScriptedServer([answer(429, b"", **header), answer(201, ORDER)]) as server, client(server, clock) as callcamp:
        reply = await callcamp.create_order("c1", BODY)
        assert (reply.fate, reply.attempts, clock.seconds) == (Fate.DONE, 2, waited)
        counts = callcamp.counts
        assert (counts.sent, counts.retried, counts.throttled) == (2, 1, 1)


async def test_one_throttled_answer_makes_every_worker_wait() -> None:
    clock = Clock()
    async with (
        ScriptedServer([answer(429, b"", retry_after="9"), answer(201, ORDER)]) as server,
        client(server, clock) as callcamp,
    ):
        await callcamp.create_order("c1", BODY)
        clock.waits.clear()
        async with anyio.create_task_group() as group:
            for _ in range(6):
                group.start_soon(callcamp.create_order, "c1", BODY)
        assert clock.waits == []
        assert clock.seconds == 9


async def test_a_server_that_throttles_for_ever_is_given_up_as_not_attempted() -> None:
    clock = Clock()
    async with ScriptedServer([answer(429, b"", retry_after="20")]) as server, client(server, clock) as callcamp:
        reply = await callcamp.create_order("c1", BODY)
        assert (reply.fate, reply.status) == (Fate.NOT_ATTEMPTED, 429)
        assert clock.seconds <= 180
        assert callcamp.broken
        with pytest.raises(UnreachableError, match="load"):
            await callcamp.me()


async def test_headers_that_a_server_repeats_are_all_heard() -> None:
    clock = Clock()
    twice = raw(b"HTTP/1.1 429 No\r\nRetry-After: 7\r\nretry-after: 3\r\ncontent-length: 0\r\n\r\n")
    async with ScriptedServer([twice, answer(201, ORDER)]) as server, client(server, clock) as callcamp:
        assert (await callcamp.create_order("c1", BODY)).fate is Fate.DONE
        assert clock.seconds == 7


async def test_what_the_server_says_is_left_is_not_overdrawn() -> None:
    clock = Clock()
    spent = answer(200, {"user": {}}, ratelimit='"a";r=0;t=20', ratelimit_policy='"a";q=5;w=60')
    async with ScriptedServer([spent]) as server, client(server, clock) as callcamp:
        await callcamp.me()
        await callcamp.me()
        assert 20 <= clock.seconds < 21


async def test_the_accounts_own_words_set_the_pace() -> None:
    clock = Clock()
    account = answer(200, {"user": {}, "rateLimit": {"limit": 10, "remaining": 9, "perSecond": 2}})
    async with ScriptedServer([account]) as server, client(server, clock) as callcamp:
        for _ in range(5):
            await callcamp.me()
        assert 1.5 <= clock.seconds <= 2.5


async def test_two_clients_of_one_account_pass_one_gate() -> None:
    clock = Clock()
    async with ScriptedServer([answer(201, ORDER)]) as server:
        shared = open_gate(base_url=server.url, token="secret-token", concurrency=4, runtime=clock.runtime())
        with shared as gate:
            first, second = (
                Client(base_url=server.url, token="secret-token", concurrency=4, gate=gate, runtime=clock.runtime()) for _ in "ab"
            )
            async with first, second:
                gate.pause(9)
                assert (await first.create_order("c1", BODY)).fate is Fate.DONE
                assert clock.seconds == 9
                gate.pause(5)
                assert (await second.create_order("c1", BODY)).fate is Fate.DONE
        assert clock.seconds == 14
