"""Creates against a 50 ms server on loopback: the whole way of a step with its journal, beside other transports alone.

The ideal is concurrency by latency (Little's law). The others send the same bodies and journal nothing; bare sockets show what
the machine has left for anybody.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import anyio
import httpx
import orjson
from httpx_aiohttp import AiohttpTransport

from benchmarks.loopback import loopback
from benchmarks.table import Line
from callcamp_sync.api.client import Client
from callcamp_sync.journal import Journal
from callcamp_sync.model import Fate, Outcome, Step, StepKind
from callcamp_sync.sending import Sender
from callcamp_sync.tally import Stop, Tally

MILLISECONDS = 50.0
CONCURRENCY = (32, 64, 128)

#: Requests of a run, for each that is under way at once: ten seconds at best; of one that only shows another's cost, fewer.
ROUNDS = 200
BARE_ROUNDS = 50
RUNS = 3

#: The stock pool sends 20 to 90 requests a second at 64 and 128 at once: few are enough to show it.
STOCK_REQUESTS = 300

CANCELED, HEALTHY = 2_000, 30


@dataclass(frozen=True, slots=True)
class Measured:
    """per_second: answers, once a run is under way. cpu: microseconds of this process a request. checked: all answers right."""

    per_second: float
    cpu: float
    checked: bool


def _body(number: int) -> dict[str, object]:
    record = {
        "phoneNumber": f"+1201555{number % 10_000:04d}",
        "firstName": "Ada",
        "lastName": "Example",
        "email": f"ada{number}@example.com",
        "country": "US",
        "parameters": {"company": "Example Ltd", "seats": 12, "renewal": "2026-09-01"},
    }
    return {"status": "registered", "price": 10.5, "currencyCode": "EUR", "record": record}


def _steps(count: int) -> list[Step]:
    return [
        Step(
            id=f"create-{number}",
            kind=StepKind.CREATE,
            rows=(number + 2,),
            phone=f"+1201555{number % 10_000:04d}",
            body=_body(number),
        )
        for number in range(count)
    ]


@contextmanager
def _journal() -> Iterator[Journal]:
    with (
        tempfile.TemporaryDirectory() as folder,
        Journal.open(Path(folder) / "j.sqlite3", clock=lambda: datetime.now(UTC)) as journal,
    ):
        journal.start_run(
            run_id="bench",
            host="h",
            campaign="c",
            command="sync",
            version="0",
            plan_id="p",
            digests={},
            valid_rows=0,
            folder=None,
            who="b",
        )
        yield journal


def _under_way(times: list[float]) -> float:
    """Answers a second without the first quarter, in which a run feels its way, and the last tenth, where work runs out."""
    middle = times[len(times) // 4 : -(len(times) // 10)]
    return (len(middle) - 1) / (middle[-1] - middle[0])


async def ours(url: str, concurrency: int) -> Measured:
    """Steps through Tally, Sender, Journal and Client, as `apply` sends its creates."""
    requests = concurrency * ROUNDS
    steps, times = _steps(requests), list[float]()
    with _journal() as journal:
        async with Client(base_url=url, token="bench-token", concurrency=concurrency) as client:
            tally = Tally(
                sender=Sender(client=client, journal=journal, run_id="bench", campaign="c"),
                stop=Stop(),
                workers=concurrency,
                on_outcome=lambda _: times.append(time.perf_counter()),
            )

            async def send(step: Step) -> None:
                tally.take(await tally.sender.send(step))

            cpu = time.process_time()
            await tally.each(steps, send)
            await journal.flush()
            cpu = time.process_time() - cpu
        right = len(tally.outcomes) == requests and all(map(_right, tally.outcomes)) and len(journal.steps("bench")) == requests
    return Measured(_under_way(times), cpu / requests * 1e6, right)


def _right(outcome: Outcome) -> bool:
    return outcome.fate is Fate.DONE and bool(outcome.order_uuid) and outcome.attempts == 1


Post = Callable[[bytes], Awaitable[int]]


async def _bare(posts: list[Post], requests: int) -> Measured:
    """One worker for each post."""
    bodies = iter([orjson.dumps(_body(number)) for number in range(requests)])
    statuses: list[int] = []
    times: list[float] = []

    async def work(post: Post) -> None:
        for body in bodies:
            statuses.append(await post(body))
            times.append(time.perf_counter())

    cpu = time.process_time()
    async with anyio.create_task_group() as group:
        for post in posts:
            group.start_soon(work, post)
    cpu = time.process_time() - cpu
    return Measured(_under_way(times), cpu / requests * 1e6, statuses == [201] * requests)


def _post(client: httpx.AsyncClient, url: str) -> Post:
    target, headers = httpx.URL(f"{url}/campaigns/c/orders"), {"content-type": "application/json"}

    async def post(body: bytes) -> int:
        return (await client.post(target, content=body, headers=headers)).status_code

    return post


async def stock(url: str, concurrency: int) -> Measured:
    """httpx as it comes, with a pool as large as the concurrency."""
    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:
        return await _bare([_post(client, url)] * concurrency, STOCK_REQUESTS)


async def shards(url: str, concurrency: int) -> Measured:
    """httpx with one client, and one connection, for each worker."""
    context = httpx.create_ssl_context()
    async with AsyncExitStack() as stack:
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
        clients = [
            await stack.enter_async_context(httpx.AsyncClient(limits=limits, verify=context, timeout=60))
            for _ in range(concurrency)
        ]
        return await _bare([_post(client, url) for client in clients], concurrency * BARE_ROUNDS)


async def bridged(url: str, concurrency: int) -> Measured:
    """httpx over aiohttp."""
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency))
    async with httpx.AsyncClient(transport=AiohttpTransport(client=session), timeout=60) as client:
        return await _bare([_post(client, url)] * concurrency, concurrency * BARE_ROUNDS)


class _Wire(asyncio.Protocol):
    """One connection that writes what it is given and hands on what comes."""

    def __init__(self) -> None:
        self._answer: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(data)

    async def ask(self, request: bytes) -> bytes:
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self._answer


async def sockets(url: str, concurrency: int) -> Measured:
    """Bytes over sockets, one connection a worker: what machine and server can do just now."""
    host, port = url.removeprefix("http://").split(":")
    loop = asyncio.get_running_loop()
    wires = [(await loop.create_connection(_Wire, host, int(port)))[1] for _ in range(concurrency)]

    def post(wire: _Wire) -> Post:
        async def send(body: bytes) -> int:
            head = b"POST /campaigns/c/orders HTTP/1.1\r\nhost: loopback\r\ncontent-length: %d\r\n\r\n" % len(body)
            return int((await wire.ask(head + body))[9:12])

        return send

    try:
        return await _bare([post(wire) for wire in wires], concurrency * ROUNDS)
    finally:
        for wire in wires:
            wire.transport.close()


async def healthy_after_canceled(url: str, canceled: int = CANCELED, healthy: int = HEALTHY) -> int:
    """How many of `healthy` requests are answered after `canceled` were canceled at every point of their life."""
    async with Client(base_url=url, token="bench-token", concurrency=10, timeout=10) as client:
        for number in range(canceled):
            with anyio.move_on_after(number % 60 / 1000):
                await client.me()
        done = 0
        async with anyio.create_task_group() as group:

            async def one() -> None:
                nonlocal done
                await client.me()
                done += 1

            for _ in range(healthy):
                group.start_soon(one)
    return done


BASELINES = {
    "bare sockets": sockets,
    "httpx as it comes": stock,
    "one httpx client a worker": shards,
    "httpx over aiohttp, nothing else": bridged,
}


def _lines(url: str, concurrency: int) -> Iterator[Line]:
    ideal = concurrency / (MILLISECONDS / 1000)
    runs = [anyio.run(ours, url, concurrency) for _ in range(RUNS)]
    mine = statistics.median(run.per_second for run in runs)
    cpu = statistics.median(run.cpu for run in runs)
    for name, measure in BASELINES.items():
        base = anyio.run(measure, url, concurrency)
        yield Line(
            what=f"creates with journal, 50 ms server, {concurrency} at once",
            ours=f"{mine:,.0f}/s = {mine / ideal:.3f} of {ideal:,.0f}, {cpu:.0f} µs CPU each",
            baseline=f"{base.per_second:,.0f}/s = {base.per_second / ideal:.3f}, {base.cpu:.0f} µs",
            against=f"{name}, no journal",
            ratio=mine / base.per_second,
            checked=base.checked and all(run.checked for run in runs),
        )


def lines() -> list[Line]:
    """Four lines a concurrency, and one of canceled requests."""
    with loopback(MILLISECONDS) as url:
        found = [line for concurrency in CONCURRENCY for line in _lines(url, concurrency)]
    with loopback(20.0) as url:
        healthy = anyio.run(healthy_after_canceled, url)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return [
        *found,
        Line(
            what=f"{CANCELED:,} canceled requests, then {HEALTHY} healthy ones (load {load})",
            ours=f"{healthy} answered",
            baseline=f"{HEALTHY}",
            against="all of them",
            ratio=healthy / HEALTHY,
            checked=healthy == HEALTHY,
        ),
    ]
