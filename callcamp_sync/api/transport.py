"""One attempt over the wire: bytes out, an Answer or a Lost back. It decides nothing and repeats nothing.

In:  method, URL, body bytes, a total deadline in seconds.
Out: Answer (status, headers, the decoded body) or Lost (what happened, and whether the request may have arrived).
Rules: redirects, cookies, proxies and .netrc of the environment are off; the whole attempt has one deadline (read time-outs
     alone let a slow drip run for ever); a decoded body holds at most BODY_LIMIT bytes; no text made here holds a URL, because
     a URL may hold a phone number.
Two traps of the libraries are closed here. httpx-aiohttp names a connection that broke *after* the request was sent
     `ConnectTimeout`, so the cause is asked instead. aiohttp sends GET and DELETE again by itself when a kept connection turns
     out closed; the middleware `_once` turns that error into one that it does not repeat.
Requests go to httpx's transport, not through its client: redirects, cookies, authentication and hooks, all of them off, cost a
     third of a request there. What every request carries is made once.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import anyio
import anyio.lowlevel
import httpx
from httpx_aiohttp import AiohttpTransport

from callcamp_sync.api.route import DIRECT, Route

#: Largest decoded body, bytes. A page of 100 orders is under 1 MB; a small gzip can hold 300 MB.
BODY_LIMIT = 16 * 1024 * 1024

#: A kept connection is closed after this many idle seconds: below the 5 s that servers commonly use, so that ours acts first.
_KEEPALIVE = 4.0

_CONNECT_TIMEOUT = 10.0

#: Both log every URL at INFO, a phone number in `search=` included.
for _name in ("httpx", "httpcore", "aiohttp", "aiohttp.client"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. headers: lower-case names; of repeated ones, all values joined by ", ". body: None if it is too large or
    in an encoding that was not asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Lost:
    """No whole answer. words: for people. maybe_sent: False only if no byte of the request left us. distrusted: the server's
    certificate was refused, which no retry cures."""

    words: str
    maybe_sent: bool
    distrusted: bool = False


class _BrokenError(aiohttp.ClientPayloadError):
    """The connection broke after the request may have been sent."""


class Transport:
    """An open pool of connections. Made by `opened`. headers: sent with every request."""

    def __init__(self, wire: httpx.AsyncBaseTransport, headers: Mapping[str, str]) -> None:
        self._wire = wire
        self._headers = httpx.Headers(dict(headers))
        self._headers_of_json = httpx.Headers({**headers, "content-type": "application/json"})

    async def send(self, method: str, url: httpx.URL, body: bytes | None, *, seconds: float) -> Answer | Lost:
        """One attempt, ended after `seconds` at the latest. Raises nothing but cancellation."""
        connect = min(_CONNECT_TIMEOUT, seconds * 0.8)
        request = httpx.Request(
            method,
            url,
            content=body,
            headers=self._headers if body is None else self._headers_of_json,
            extensions={"timeout": {"connect": connect, "pool": connect}},
        )
        try:
            with anyio.fail_after(seconds):
                return await self._exchange(request)
        except TimeoutError:
            return Lost(f"no whole answer within {seconds:.3g} s", maybe_sent=True)

    async def _exchange(self, request: httpx.Request) -> Answer | Lost:
        try:
            response = await self._wire.handle_async_request(request)
        except (httpx.HTTPError, aiohttp.ClientError, OSError) as error:
            return _lost(error)
        try:
            try:
                headers = _joined(response.headers.raw)
                return Answer(response.status_code, headers, await _body(response, headers.get("content-encoding", "")))
            finally:
                await response.aclose()
        except (httpx.HTTPError, httpx.StreamError, aiohttp.ClientError, OSError):
            return Lost("the connection broke in the middle of the answer", maybe_sent=True)


def _joined(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Lower-case names; values of repeated ones joined."""
    headers: dict[str, str] = {}
    for name_bytes, value_bytes in raw:
        name, value = name_bytes.decode("latin-1").lower(), value_bytes.decode("utf-8", "replace")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


@asynccontextmanager
async def opened(*, token: str, connections: int, agent: str, base_url: str, route: Route = DIRECT) -> AsyncIterator[Transport]:
    """A transport whose connections close with the block.

    token: sent as bearer. connections: the most at once; the caller lets no more requests pass, so the pool never queues.
    base_url: where all requests go. route: the way there. Raises SettingsError for a certificate file that cannot be used.
    """
    context = route.context(secure=base_url.startswith("https:"))
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=_KEEPALIVE, ssl=context),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        middlewares=(_once,),
    )
    headers = {
        "authorization": f"Bearer {token}",
        "accept": "application/json",
        "accept-encoding": "gzip",
        "user-agent": agent,
    }
    proxy = route.proxy_to(base_url)
    async with AiohttpTransport(client=session, verify=context, trust_env=False, proxy=proxy) as wire:
        yield Transport(wire, headers)
    # A closed socket is torn down by the loop's next turn; without it Python warns of an unclosed transport.
    await anyio.lowlevel.checkpoint()


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Let no request be sent again by the library: a broken connection becomes an error that aiohttp does not repeat."""
    try:
        return await handler(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise
    except (aiohttp.ClientConnectionError, OSError) as error:
        raise _BrokenError from error


#: What an error means, the first that fits: its class, words for people, whether the request may have been sent.
_MEANINGS: tuple[tuple[type[BaseException], str, bool], ...] = (
    (aiohttp.ClientConnectorCertificateError, "the server's certificate is not trusted", False),
    (aiohttp.ClientProxyConnectionError, "the proxy could not be reached", False),
    (aiohttp.ClientHttpProxyError, "the proxy did not let the connection through", False),
    (aiohttp.ClientConnectorDNSError, "the host name is not known", False),
    (aiohttp.ClientSSLError, "no secure connection could be made", False),
    (aiohttp.ConnectionTimeoutError, "no connection within the time allowed", False),
    (aiohttp.ClientConnectorError, "no connection could be made", False),
    (aiohttp.ClientResponseError, "the answer is not HTTP", True),
    (BaseException, "the connection broke before the answer", True),
)


def _lost(error: Exception) -> Lost:
    """What an error before the answer means. The library's own texts hold URLs and are not passed on."""
    cause = error.__cause__ or error
    words, maybe_sent = next((words, sent) for kind, words, sent in _MEANINGS if isinstance(cause, kind))
    return Lost(words, maybe_sent, distrusted=isinstance(cause, aiohttp.ClientConnectorCertificateError))


async def _body(response: httpx.Response, encoding: str) -> bytes | None:
    """The decoded body; None when it outgrows BODY_LIMIT or its encoding was not asked for.

    httpx's own decoding has no limit, and stacked encodings multiply: hence raw bytes and one bounded gzip here.
    """
    encoding = encoding.strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        return None
    unzip = zlib.decompressobj(wbits=31) if encoding.endswith("gzip") else None
    body = bytearray()
    assert isinstance(response.stream, httpx.AsyncByteStream)
    async for chunk in response.stream:
        try:
            body += unzip.decompress(chunk, BODY_LIMIT + 1 - len(body)) if unzip else chunk
        except zlib.error:
            return None
        if len(body) > BODY_LIMIT:
            return None
    if unzip is not None and body and not unzip.eof:
        return None
    return bytes(body)
