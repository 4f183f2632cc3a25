"""A server on loopback that answers every request after so many milliseconds: `python -m benchmarks.loopback MILLISECONDS`.

Out: its port, one line on stdout; then answers to creates as Callcamp gives them, until its standard input ends.
It reads only what it must (where a request ends, the phone number in it), so that the client is what is measured.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_PHONE = re.compile(rb'"phoneNumber": ?"([^"]*)"')
_NUMBERS = count(1)


def _answer(request: bytes) -> bytes:
    number = next(_NUMBERS)
    found = _PHONE.search(request)
    body = (
        b'{"uuid":"order_%d","status":"registered","scheduledTime":null,"duration":120,"price":10.5,"currencyCode":"EUR",'
        b'"record":{"uuid":"record_%d","name":"Ada Example","firstName":"Ada","lastName":"Example","phoneNumber":"%s",'
        b'"country":"US","parameters":{"company":"Example Ltd","seats":12}},"createdAt":"2026-05-10T09:00:00.000Z"}'
    ) % (number, number, found[1] if found else b"")
    return b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


class _Connection(asyncio.Protocol):
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._buffer = b""
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            found = _LENGTH.search(self._buffer, 0, end)
            whole = end + 4 + (int(found[1]) if found else 0)
            if len(self._buffer) < whole:
                return
            request, self._buffer = self._buffer[:whole], self._buffer[whole:]
            self._loop.call_later(self._seconds, self._send, _answer(request))

    def _send(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


async def _serve(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(seconds), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


@contextmanager
def loopback(milliseconds: float) -> Iterator[str]:
    """The server's base URL; the server ends with the block, or with this process."""
    command = [sys.executable, "-m", "benchmarks.loopback", str(milliseconds)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
    finally:
        server.stdin.close()
        server.wait(timeout=10)
        server.stdout.close()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1]) / 1000))
