"""The two doors of a sandbox: a proper HTTP server, and one at which requests meet faults. I/O: sockets, a thread of each own.

In:  the sandbox's service and a socket that listens. Out: a door that is open between `open` and `close`.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from typing import Protocol

import uvicorn
from starlette.types import ASGIApp

from callcamp_sync.errors import StateError
from callcamp_sync.sandbox.app import Service
from callcamp_sync.sandbox.front import Choose, Front

_POLL = 0.005
_GRACE_SECONDS = 1


class Door(Protocol):
    """A way in."""

    def open(self, listener: socket.socket) -> None:
        """Answer what comes in; returns when that is so."""

    def close(self) -> None:
        """Answer nothing any more; returns when that is so."""


class PlainDoor:
    """uvicorn: HTTP as it should be. Requests in flight are answered before it closes."""

    def __init__(self, app: ASGIApp) -> None:
        self._server = uvicorn.Server(_config(app))
        self._thread: threading.Thread | None = None

    def open(self, listener: socket.socket) -> None:
        """Raises StateError where the server does not start."""
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="sandbox", daemon=True)
        self._thread.start()
        _wait(lambda: self._server.started, self._thread)
        if not self._server.started:
            listener.close()
            raise StateError("the sandbox's server did not start", hint="see what was logged before this")

    def close(self) -> None:
        """Ask the server to end, and wait."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()


class FaultyDoor:
    """front.py: what befalls each request, `choose` says. Connections are hung up when it closes."""

    def __init__(self, service: Service, choose: Choose) -> None:
        self._service, self._choose = service, choose
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    def open(self, listener: socket.socket) -> None:
        """Raises StateError where the server does not start."""
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(listener)), name="sandbox", daemon=True)
        self._thread.start()
        _wait(lambda: self._ended is not None, self._thread)
        if self._ended is None:
            raise StateError("the sandbox's server did not start", hint="see what was logged before this")

    def close(self) -> None:
        """Hang up on everybody, and wait."""
        if self._loop is not None and self._ended is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._ended.set)
            self._thread.join()

    async def _serve(self, listener: socket.socket) -> None:
        front, ended = Front(self._service, time, self._choose), asyncio.Event()
        await front.listen("main", listener)
        self._loop, self._ended = asyncio.get_running_loop(), ended
        await ended.wait()
        await front.close()


def _wait(ready: Callable[[], bool], thread: threading.Thread) -> None:
    while not ready() and thread.is_alive():
        time.sleep(_POLL)


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
