"""The way to the server: a proxy that was named, a certificate authority that was named, and nothing from the environment."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from client_cases import Clock
from scripted_server import ScriptedServer, answer

from callcamp_sync.api import Client
from callcamp_sync.api.route import Route
from callcamp_sync.errors import RefusedError, SettingsError, UnreachableError
from callcamp_sync.model import Fate

#: A certificate for `callcamp.test` that signs itself, and its key; it is worth nothing and protects nothing.
KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg18RFlEZcw2bfnj6Z
XvbSji7JGbr59PI4En0KoAbOLl6hRANCAAQFiGGzpjnDzzFAUP9cymlTSXz/lzh/
bz6WPpGe61/axyc8hu6JQnarkQHSbzBiTNvri+UONaSqFoV9PtL5aX34
-----END PRIVATE KEY-----
"""
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBbDCCAROgAwIBAgIBATAKBggqhkjOPQQDAjAYMRYwFAYDVQQDDA1jYWxsY2Ft
cC50ZXN0MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjYwMTAxMDAwMDAwWjAYMRYwFAYD
VQQDDA1jYWxsY2FtcC50ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEBYhh
s6Y5w88xQFD/XMppU0l8/5c4f28+lj6Rnutf2scnPIbuiUJ2q5EB0m8wYkzb64vl
DjWkqhaFfT7S+Wl9+KNMMEowDwYDVR0TAQH/BAUwAwEB/zAYBgNVHREEETAPgg1j
YWxsY2FtcC50ZXN0MB0GA1UdDgQWBBQBWeSR8N1QO+Fa3twwF6NvT6pCjTAKBggq
hkjOPQQDAgNHADBEAiBHqodSzI/o03NX0NbjfbZ0HD77QZ4MnkJ20iK4U6+8UwIg
J/UGgY40xdUubL2xYSus6yFwgGUPsK/ByB4NA+OGbZI=
-----END CERTIFICATE-----
"""

ACCOUNT = {"user": {"email": "a@example.com", "permissions": []}}
BODY = {"status": "registered", "record": {"phoneNumber": "+12015550123"}}


@dataclass
class Proxy:
    """Opens a tunnel to one server, whatever host is asked for, to those who bring the password, if there is one."""

    port_behind: int
    password: str | None = None
    asked: list[str] = field(default_factory=list)
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(head)
        wanted = f"Basic {base64.b64encode(f'ann:{self.password}'.encode()).decode()}"
        if self.password is not None and wanted not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
            writer.close()
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.port_behind)
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while data := await source.read(65_536):
        target.write(data)
        await target.drain()
    target.close()


@asynccontextmanager
async def proxy_to(server: ScriptedServer, password: str | None = None) -> AsyncIterator[Proxy]:
    proxy = Proxy(port_behind=int(server.url.rpartition(":")[2]), password=password)
    listener = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.url = f"127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        listener.close()


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    path = tmp_path / "authority.pem"
    path.write_text(CERTIFICATE)
    return path


@asynccontextmanager
async def tls_server(tmp_path: Path) -> AsyncIterator[ScriptedServer]:
    (tmp_path / "server.pem").write_text(KEY + CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    async with ScriptedServer([answer(200, ACCOUNT)], tls=context) as server:
        yield server


def client(route: Route, base_url: str = "https://callcamp.test/api") -> Client:
    return Client(base_url=base_url, token="t", timeout=2, route=route, runtime=Clock().runtime())


async def test_https_goes_through_the_proxy_as_a_tunnel_that_never_sees_the_token(tmp_path: Path, authority: Path) -> None:
    async with tls_server(tmp_path) as server, proxy_to(server) as proxy:
        async with client(Route(proxy=f"http://{proxy.url}", ca_file=authority)) as callcamp:
            await callcamp.me()
        assert [request.target for request in server.requests] == ["/api/auth/me"]
        assert proxy.asked[0].startswith("CONNECT callcamp.test:443 ")
        assert "authorization: bearer" not in proxy.asked[0].lower()


async def test_the_password_of_the_proxy_reaches_the_proxy_and_nobody_else(tmp_path: Path, authority: Path) -> None:
    async with tls_server(tmp_path) as server, proxy_to(server, password="p:w") as proxy:
        route = Route(proxy=f"http://ann:p%3Aw@{proxy.url}", ca_file=authority)
        async with client(route) as callcamp:
            await callcamp.me()
        assert "proxy-authorization" not in server.requests[0].headers
        assert "p%3Aw" not in repr(route) + repr(callcamp)


async def test_a_proxy_that_does_not_open_is_named_and_nothing_was_sent(tmp_path: Path, authority: Path) -> None:
    async with tls_server(tmp_path) as server, proxy_to(server, password="other") as proxy:
        async with client(Route(proxy=f"http://ann:secret-9@{proxy.url}", ca_file=authority)) as callcamp:
            reply = await callcamp.create_order("c1", BODY)
            assert (reply.fate, "proxy" in (reply.error or "")) == (Fate.NOT_ATTEMPTED, True)
            with pytest.raises(UnreachableError) as caught:
                await callcamp.me()
        assert (server.requests, "secret-9" in str(caught.value)) == ([], False)


async def test_a_proxy_that_is_not_there_is_named(authority: Path) -> None:
    async with client(Route(proxy="http://127.0.0.1:9", ca_file=authority)) as callcamp:
        reply = await callcamp.create_order("c1", BODY)
    assert (reply.fate, "the proxy could not be reached" in (reply.error or "")) == (Fate.NOT_ATTEMPTED, True)


async def test_this_machine_is_reached_without_the_proxy() -> None:
    async with ScriptedServer([answer(200, ACCOUNT)]) as server:
        async with client(Route(proxy="http://127.0.0.1:9"), base_url=server.url) as callcamp:
            await callcamp.me()
        assert len(server.requests) == 1


async def test_proxies_and_authorities_of_the_environment_are_not_used(
    tmp_path: Path, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    async with tls_server(tmp_path) as server, proxy_to(server) as proxy:
        async with client(Route(proxy=f"http://{proxy.url}")) as callcamp:
            with pytest.raises(RefusedError, match="certificate"):
                await callcamp.me()
        assert (server.requests, len(proxy.asked)) == ([], 1)


async def test_the_named_authority_stands_in_the_place_of_the_usual_ones(authority: Path) -> None:
    context = Route(ca_file=authority).context(secure=True)
    assert [found["subject"] for found in context.get_ca_certs()] == [((("commonName", "callcamp.test"),),)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(None, "No such file", id="not there"),
        pytest.param("", "no certificate", id="empty"),
        pytest.param("not a certificate", "no certificate", id="some text"),
    ],
)
async def test_a_certificate_file_that_is_none_is_refused(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "authority.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SettingsError, match=words):
        async with client(Route(ca_file=path)):
            pass
