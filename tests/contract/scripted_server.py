"""A server that answers from a script, byte by byte, so that it can break off wherever a real one does.

In:  one act a request, in the order of arrival; the last act serves all further requests.
Out: the requests as they arrived, for the test to look at.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

Act = Callable[[asyncio.StreamWriter], Awaitable[bool]]
"""Plays one answer; returns whether the connection stays open."""


@dataclass
class Request:
    """A request as it arrived. target: path and query, as on the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}


@dataclass
class ScriptedServer:
    """Serves `acts` on a free port of 127.0.0.1. An act may also be a function from the Request to an act."""

    acts: list[Act]
    respond: Callable[[Request], Act] | None = None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    tls: ssl.SSLContext | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self.tls)
        self.url = f"http{'s' if self.tls else ''}://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            while (request := await _read(reader)) is not None:
                self.requests.append(request)
                act = self.respond(request) if self.respond else self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
                if not await act(writer):
                    break
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self._tasks.discard(task)


async def _read(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, target, headers, body)


def answer(status: int = 200, body: bytes | object = b"", **headers: str) -> Act:
    """A whole answer. body: bytes, or what becomes JSON. Header names are written with `_` for `-`."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"content-type": "application/json", "content-length": str(len(content))}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())

    async def act(writer: asyncio.StreamWriter) -> bool:
        writer.write(f"HTTP/1.1 {status} Because\r\n{head}\r\n".encode() + content)
        await writer.drain()
        return True

    return act


def raw(content: bytes) -> Act:
    """These bytes, and then the end of the connection."""

    async def act(writer: asyncio.StreamWriter) -> bool:
        writer.write(content)
        await writer.drain()
        return False

    return act


def cut(body: bytes) -> Act:
    """An answer that promises more than it brings."""
    return raw(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n" + body)


def cut_chunked(body: bytes) -> Act:
    """A chunked answer without its last chunk."""
    return raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + f"{len(body):x}\r\n".encode() + body + b"\r\n")


async def reset(writer: asyncio.StreamWriter) -> bool:
    """The request was read; then the connection is reset."""
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    return False


async def leave(writer: asyncio.StreamWriter) -> bool:
    """The request was read; then the connection is closed without a byte."""
    return False


async def hang(writer: asyncio.StreamWriter) -> bool:
    """The request was read; nothing ever comes."""
    await asyncio.sleep(3600)
    return False


async def drip(writer: asyncio.StreamWriter) -> bool:
    """One byte at a time, for ever: each read succeeds, the whole never does."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


def page(name: str, items: list[Any], *, total: int, number: int = 1, limit: int = 100) -> dict[str, Any]:
    """The contract's envelope of one page."""
    return {name: items, "total": total, "page": number, "limit": limit, "totalPages": -(-total // limit)}


def order(number: int) -> dict[str, Any]:
    record = {"uuid": f"r{number}", "name": f"Name {number}", "phoneNumber": f"+1201555{number:04d}"}
    return {"uuid": f"o{number}", "status": "planned", "price": 10.5, "record": record}


def pages_of(
    orders: list[dict[str, Any]], name: str = "orders", limit: int = 100, unsaid: tuple[str, ...] = ()
) -> Callable[[Request], Act]:
    """A server that keeps the contract, `limit` a page at most, apart from what it leaves `unsaid`."""

    def respond(request: Request) -> Act:
        number, size = int(request.query["page"]), min(limit, int(request.query["limit"]))
        part = orders[(number - 1) * size : number * size]
        envelope = page(name, part, total=len(orders), number=number, limit=size)
        return answer(200, {key: value for key, value in envelope.items() if key not in unsaid})

    return respond
