"""The sandbox over real HTTP: uvicorn on 127.0.0.1, in a thread of this process or until a signal comes.

In:  a world, a behaviour, a port (0: any free one). Out: `Sandbox` with its address, token, log and truth; `serve` for commands.
Nothing is printed at start or stop. The address is loopback and cannot be another: whatever stands in the world stays here.
"""

from __future__ import annotations

import signal
import socket
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

import orjson
from starlette.types import ASGIApp

from callcamp_sync.errors import UsageError
from callcamp_sync.sandbox.app import Service, build_app
from callcamp_sync.sandbox.behaviour import Behaviour
from callcamp_sync.sandbox.doors import Door, FaultyDoor, PlainDoor
from callcamp_sync.sandbox.entities import Request
from callcamp_sync.sandbox.script import Script
from callcamp_sync.sandbox.world import TOKEN, World

_HOST = "127.0.0.1"


class Sandbox:
    """A small Callcamp on loopback, as a context manager.

    world: the truth, shared with the caller. behaviour: how open points are answered; may be exchanged while it runs.
    port: 0 takes a free one. around: wraps the ASGI app. faults: what befalls requests on the wire (script.py); `around` has no
    part in that, and requests in flight are hung up on at the end.
    Entering raises UsageError if the port is taken. Leaving takes well under a second; requests in flight are answered first.
    """

    def __init__(
        self,
        world: World | None = None,
        *,
        behaviour: Behaviour | None = None,
        port: int = 0,
        around: Callable[[ASGIApp], ASGIApp] | None = None,
        faults: Script | None = None,
    ) -> None:
        self._service = Service(world or World(), behaviour or Behaviour())
        self._around, self._faults = around, faults
        self._door: Door | None = None
        self.token = TOKEN
        self.port = port

    @property
    def base_url(self) -> str:
        """Where the API is, with its prefix and without a slash at the end."""
        return f"http://{_HOST}:{self.port}/api"

    @property
    def world(self) -> World:
        """The truth."""
        return self._service.world

    @property
    def behaviour(self) -> Behaviour:
        """How open points are answered from the next request on."""
        return self._service.behaviour

    @behaviour.setter
    def behaviour(self, behaviour: Behaviour) -> None:
        self._service.behaviour = behaviour

    @property
    def requests(self) -> list[Request]:
        """Every request under /api that was answered, by completion; only ever appended to."""
        return self._service.requests

    @property
    def arrived(self) -> int:
        """How many requests have come in so far, those under way included."""
        return self._service.arrived

    @property
    def writes(self) -> list[Request]:
        """The requests that were not GET."""
        return [request for request in list(self._service.requests) if request.method != "GET"]

    def reset(self, world: World | None = None, *, behaviour: Behaviour | None = None) -> None:
        """Go on with another world, behaviour and an empty log: cheaper than another server, when no request is in flight."""
        fresh = Service(world or World(), behaviour or Behaviour())
        fresh.world.recording = self._door is not None
        service = self._service
        service.world, service.behaviour, service.meter = fresh.world, fresh.behaviour, fresh.meter
        service.requests, service.arrived = fresh.requests, 0

    def __enter__(self) -> Sandbox:
        listener = _listen(self.port)
        self.port = listener.getsockname()[1]
        app: ASGIApp = build_app(self._service)
        if self._faults is None:
            self._door = PlainDoor(self._around(app) if self._around else app)
        else:
            self._door = FaultyDoor(self._service, self._faults)
        self._service.world.recording = True
        self._door.open(listener)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._service.closing = True
        if self._door is not None:
            self._door.close()
        self._service.closing = False


def _listen(port: int) -> socket.socket:
    """A listening socket on loopback. Connections that come before uvicorn is up wait in its queue."""
    # The protocol is named because asyncio turns Nagle off only where it reads it: without it every answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, port))
        listener.listen(2048)
    except (OSError, OverflowError) as error:
        listener.close()
        raise UsageError(f"port {port} cannot be used: {error}", hint="choose another port, or 0 for any free one") from error
    return listener


def announce(box: Sandbox) -> None:
    """Write where the sandbox is as one line of JSON to stdout."""
    sys.stdout.buffer.write(orjson.dumps({"base_url": box.base_url, "token": box.token}) + b"\n")
    sys.stdout.buffer.flush()


def serve(
    world: World,
    *,
    behaviour: Behaviour | None = None,
    port: int = 0,
    faults: Script | None = None,
    say: Callable[[Sandbox], None] = announce,
) -> None:
    """Serve until SIGINT or SIGTERM, then return. Call it from the main thread; the former signal handlers come back.

    say: called once, when requests are answered. Raises UsageError if the port is taken.
    """
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> Any:
        stop.set()

    former = {number: signal.signal(number, ask_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with Sandbox(world, behaviour=behaviour, port=port, faults=faults) as box:
            say(box)
            while not stop.wait(0.5):
                continue
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
