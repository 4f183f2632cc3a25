"""The vendor's front door, byte by byte: reads a request off a socket, lets a fault have its way, and keeps the log.

In:  a sandbox Service, a clock, and `choose`: which fault befalls a request (None: none).
Out: `log`, one Heard a request in the order of arrival: what was asked, what befell it, what the server committed for it.
The sandbox's own ASGI app carries requests out, in this loop and in one go; everything before and after it are bytes that this
module writes itself, so that it can break off, drip, lie or come late wherever a real server does.
I/O: sockets on loopback.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson

from callcamp_sync.sandbox.app import Service, build_app
from callcamp_sync.sandbox.entities import Commit


@dataclass(slots=True)
class Heard:
    """One request as it arrived, and what became of it.

    client: who sent it ("main", "rival", "elsewhere"); run: the number of that client's run. key: the phone that it is about,
    else the page. attempt: from 1, of requests with the same method, route and key. fault: the name of what befell it.
    commits: what the server changed for it, however late. status, said: what was answered, None if nothing whole. known: how
    many commits there were when it arrived. witness: None, or why the journal does not account for it.
    """

    nr: int
    at: float
    client: str
    run: int
    method: str
    route: str
    ids: tuple[str, ...]
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    key: str
    attempt: int
    known: int
    fault: str | None = None
    commits: list[Commit] = field(default_factory=list)
    status: int | None = None
    said: Any = None
    witness: str | None = None

    @property
    def writes(self) -> bool:
        """Whether it may change anything."""
        return self.method != "GET"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer before it becomes bytes."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Wire:
    """One request in the hands of a fault: it may carry the request out, edit it, answer in any form, or not at all."""

    front: Front
    heard: Heard
    writer: asyncio.StreamWriter
    raw: bytes
    target: str

    async def carry_out(self) -> Answer:
        """Let the sandbox do it, now."""
        return await self.front.carry_out(self.heard, self.target, self.raw)

    async def answer(self, answer: Answer) -> bool:
        """Send a whole answer; the connection stays."""
        self.heard.status, self.heard.said = answer.status, _parsed(answer.body)
        self.writer.write(_head(answer.status, {"content-length": str(len(answer.body)), **answer.headers}) + answer.body)
        await self.writer.drain()
        return True

    async def send(self, data: bytes) -> None:
        """Send some bytes."""
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> bool:
        """Break the connection so that the other side gets an error, not an end."""
        sock: socket.socket = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.writer.transport.abort()
        return False

    def later(self, seconds: float) -> None:
        """Carry the request out that much later, whoever is still there to hear of it."""
        self.front.later(seconds, self.carry_out)


Fault = Callable[[Wire], Awaitable[bool]]
"""Plays one request's misfortune; returns whether the connection stays open."""

Asked = tuple[str, str, dict[str, str], bytes]
"""Method, target, headers, body."""

Choose = Callable[[Heard], tuple[str, Fault] | None]


class Ticks(Protocol):
    """Whatever counts seconds."""

    def monotonic(self) -> float:
        """Seconds that never go back."""


class Front:
    """Listens for one or several clients and serves them from one sandbox.

    choose: the fault of a request. arrived, answered: told of every request before anything is done, and after. page_size: the
    most items that a page holds, whatever is asked for. tokens: bearer token -> the client who is known by it, not by the port.
    """

    def __init__(self, service: Service, clock: Ticks, choose: Choose) -> None:
        self.service = service
        self.log: list[Heard] = []
        self.choose = choose
        self.arrived: Callable[[Heard], None] = lambda heard: None
        self.answered: Callable[[Heard], None] = lambda heard: None
        self.runs: Counter[str] = Counter()
        self.page_size = 100
        self.tokens: dict[str, str] = {}
        self._clock = clock
        self._app = build_app(service)
        self._attempts: Counter[tuple[str, str, str]] = Counter()
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._late: set[asyncio.Task[Any]] = set()

    async def listen(self, client: str, at: socket.socket | None = None) -> int:
        """A port for that client; `at`, a socket that listens already, else a new one on loopback."""
        place = {"sock": at} if at else {"host": "127.0.0.1", "port": 0}
        server = await asyncio.start_server(lambda r, w: self._connected(client, r, w), **place)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Hang up on everybody; nothing late happens any more."""
        for server in self._servers:
            server.close()
        for task in [*self._tasks, *self._late]:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._late, return_exceptions=True)

    async def settled(self) -> None:
        """Returns when everything late has happened."""
        while self._late:
            await asyncio.wait(self._late)

    def later(self, seconds: float, act: Callable[[], Awaitable[object]]) -> None:
        """Do something that much later, in the server's own time."""

        async def wait() -> None:
            await asyncio.sleep(seconds)
            await act()

        task = asyncio.create_task(wait())
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def carry_out(self, heard: Heard, target: str, raw: bytes) -> Answer:
        """Call the sandbox's app. It never waits, so nothing else happens meanwhile and its commits are those of this request."""
        world = self.service.world
        before = len(world.commits)
        answer = await _call(self._app, heard, target.replace("limit=100", f"limit={self.page_size}"), raw)
        heard.commits += world.commits[before:]
        return answer

    async def _connected(self, client: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a connection is served by a task")
        self._tasks.add(task)
        try:
            while (asked := await _read(reader)) is not None:
                wire = self._heard(client, writer, asked)
                self.arrived(wire.heard)
                found = self.choose(wire.heard)
                wire.heard.fault = found[0] if found else None
                stays = await found[1](wire) if found else await wire.answer(await wire.carry_out())
                self.answered(wire.heard)
                if not stays:
                    break
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self._tasks.discard(task)

    def _heard(self, client: str, writer: asyncio.StreamWriter, asked: Asked) -> Wire:
        method, target, headers, raw = asked
        parts = urlsplit(target)
        route, ids = _route(parts.path)
        query = dict(parse_qsl(parts.query))
        body = _parsed(raw)
        key = self._key(route, ids, query, body)
        client = self.tokens.get(headers.get("authorization", "").removeprefix("Bearer "), client)
        self._attempts[method, route, key] += 1
        heard = Heard(
            nr=len(self.log) + 1,
            at=self._clock.monotonic(),
            client=client,
            run=self.runs[client],
            method=method,
            route=route,
            ids=ids,
            query=query,
            headers=headers,
            body=body,
            key=key,
            attempt=self._attempts[method, route, key],
            known=len(self.service.world.commits),
        )
        self.log.append(heard)
        return Wire(self, heard, writer, raw, target)

    def _key(self, route: str, ids: tuple[str, ...], query: dict[str, str], body: Any) -> str:
        """What a request is about, in words that do not depend on the order in which ids were given out."""
        world = self.service.world
        if route == "order" and ids[-1] in world.orders:
            return world.orders[ids[-1]].phone
        if route == "record" and ids[-1] in world.records:
            return world.records[ids[-1]].phone
        try:
            if route == "associate":
                return world.records[body["recordUuids"][0]].phone
            if route == "orders" and body is not None:
                return str(body["record"]["phoneNumber"])
        except (KeyError, TypeError, IndexError):
            return "unreadable"
        return f"{query.get('search', '')}/{query.get('page', '')}"


# --- bytes -----------------------------------------------------------------------------------------------------------


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    """Method, target, headers and body of the next request; None at the end."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return method, target, headers, await reader.readexactly(int(headers.get("content-length", "0")))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def _route(path: str) -> tuple[str, tuple[str, ...]]:
    """The kind of a request, and the ids in its path."""
    parts = [unquote(part) for part in path.removeprefix("/api").strip("/").split("/")]
    known = {
        ("campaigns", 3): ("orders", parts[1:2]),
        ("campaigns", 4): ("associate" if parts[-1] == "associate" else "order", parts[1::2]),
        ("records", 2): ("record", parts[1:]),
    }
    route, ids = known.get((parts[0], len(parts)), (parts[0] if len(parts) == 1 else parts[0].removesuffix("s"), parts[1:]))
    return route, tuple(part for part in ids if part != "associate")


def _parsed(raw: bytes) -> Any:
    try:
        return orjson.loads(raw) if raw else None
    except orjson.JSONDecodeError:
        return None


def _head(status: int, headers: dict[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} Because\r\n{lines}\r\n".encode()


async def _call(app: Any, heard: Heard, target: str, raw: bytes) -> Answer:
    """One request through an ASGI app, without a server."""
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": heard.method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in heard.headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 1),
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": raw, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start, *rest = sent
    headers = {name.decode(): value.decode("latin-1") for name, value in start["headers"] if name != b"content-length"}
    return Answer(start["status"], headers, b"".join(message.get("body", b"") for message in rest))
