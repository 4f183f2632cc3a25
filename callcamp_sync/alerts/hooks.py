"""Webhooks and pings over HTTP. Edge: network.

A proxy of the environment is not used (it would read what is posted), redirects are not followed, an answer is not read.
The ping's forms are those of healthchecks.io and its kin: `URL/start`, `URL` for success, `URL/fail`.
"""

from __future__ import annotations

from typing import Any, Literal

import anyio
import httpx
import orjson

Sign = Literal["start", "success", "fail"]

_SECONDS = 10.0
_ATTEMPTS = 2
_PAUSE = 1.0


async def post(url: str, document: Any) -> str | None:
    """POST the document as JSON; twice, where the first time gets no answer or a server's error."""
    return await _sent(url, "the webhook", orjson.dumps(document), {"Content-Type": "application/json"})


async def ping(url: str, sign: Sign, words: str = "") -> str | None:
    """Tell a dead man's switch that a night has begun, went well, or did not. words: one line, kept there as its log."""
    base, query, rest = url.partition("?")
    address = base.rstrip("/") + ("" if sign == "success" else f"/{sign}") + query + rest
    return await _sent(address, "the ping", words.encode(), {"Content-Type": "text/plain; charset=utf-8"})


async def _sent(url: str, what: str, content: bytes, headers: dict[str, str]) -> str | None:
    problem = ""
    for attempt in range(_ATTEMPTS):
        if attempt:
            await anyio.sleep(_PAUSE)
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=_SECONDS, follow_redirects=False) as client:
                answer = await client.post(url, content=content, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            problem = f"{what} could not be reached ({type(error).__name__})"
            continue
        if answer.is_success:
            return None
        problem = f"{what} answered {answer.status_code}"
        if not answer.is_server_error:
            break
    return problem
