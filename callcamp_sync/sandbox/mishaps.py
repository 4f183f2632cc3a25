"""Mishaps on cue: what goes wrong between a client and the vendor, scripted by phone number. For the demo.

In:  an ASGI app (the sandbox's) and the phones of the contacts that shall have bad luck. Out: an ASGI app that behaves as told.
It shows a person what a run looks like when the world is not kind.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

Message = MutableMapping[str, Any]


class Mishaps:
    """Wraps an app; both sets are the caller's, who may fill them while it runs.

    lost: phones whose create gets a 502 and is not carried out, once each. refused: phones whose create gets a 422.
    """

    def __init__(self, app: ASGIApp, *, lost: set[str], refused: set[str]) -> None:
        self._app = app
        self._lost = lost
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].endswith("/orders"):
            await self._app(scope, receive, send)
            return
        body = await _body(receive)
        phone = _phone(body)
        if phone in self._lost:
            self._lost.discard(phone)
            await _answer(send, 502, b"<html><title>502 Bad Gateway</title></html>", b"text/html")
        elif phone in self._refused:
            words = orjson.dumps({"error": "this number cannot be assigned to the campaign"})
            await _answer(send, 422, words, b"application/json")
        else:
            await self._app(scope, _again(body), send)


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _again(body: bytes) -> Callable[[], Awaitable[Message]]:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _phone(body: bytes) -> str | None:
    try:
        record = orjson.loads(body).get("record")
    except (orjson.JSONDecodeError, AttributeError):
        return None
    return record.get("phoneNumber") if isinstance(record, dict) else None


async def _answer(send: Send, status: int, body: bytes, kind: bytes) -> None:
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
