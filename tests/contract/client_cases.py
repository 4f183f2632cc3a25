"""A client of a scripted server, whose waits only move a clock, and the bodies that it sends and gets."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import anyio.lowlevel
from scripted_server import ScriptedServer

from callcamp_sync.api import Client, Runtime

PHONE = "+12015550123"
ORDER = {"uuid": "o1", "status": "registered", "record": {"uuid": "r1", "phoneNumber": PHONE}}
BODY = {"status": "registered", "record": {"phoneNumber": PHONE}}


class Clock:
    """Real requests, but waits that only move the clock."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.waits: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds
        await anyio.lowlevel.checkpoint()

    def runtime(self) -> Runtime:
        return Runtime(
            monotonic=lambda: self.seconds,
            now=lambda: datetime(2026, 5, 10, tzinfo=UTC),
            sleep=self.sleep,
            rng=random.Random(7),
        )


def client(server: ScriptedServer, clock: Clock | None = None, *, timeout: float = 5.0, concurrency: int = 4) -> Client:
    runtime = (clock or Clock()).runtime()
    return Client(base_url=f"{server.url}/api", token="secret-token", timeout=timeout, concurrency=concurrency, runtime=runtime)
