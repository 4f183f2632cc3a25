"""What the tests of jobs share: many campaigns, a `callcamp.toml`, and a listener that takes what is told about a night.

In:  a Stage. Out: campaigns in its world, files in its folder, letters as they came over HTTP.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from flow_stage import Stage, lead

from callcamp_sync.sandbox.seed import bulk_phone


def campaign(stage: Stage, name: str) -> None:
    """An empty campaign of the sandbox's record type."""
    world = stage.box.world
    world.add_campaign(name, next(iter(world.record_types.values())), status="active", timezone="UTC")


def people(first: int, count: int, **cells: str) -> list[dict[str, str]]:
    """Rows of fictional numbers."""
    return [lead(bulk_phone(index), **cells) for index in range(first, first + count)]


def project(stage: Stage, jobs: Sequence[Mapping[str, Any]], *, defaults: Mapping[str, Any] | None = None, top: str = "") -> Path:
    """Write `callcamp.toml`; files come to rest quickly here."""
    shared = {"stable_seconds": 0.01, **(defaults or {})}
    parts = [top, _table("[defaults]", shared), *(_table("[[job]]", job) for job in jobs)]
    return stage.file("callcamp.toml", "\n".join(parts))


def _table(head: str, values: Mapping[str, Any]) -> str:
    return "\n".join([head, *(f"{key} = {json.dumps(value)}" for key, value in values.items()), ""])


@dataclass(frozen=True, slots=True)
class Call:
    """One request that came: path with query, and body."""

    path: str
    body: str

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(slots=True)
class Listener:
    """A small server on loopback that keeps what it is told. answer: the status of every answer."""

    url: str
    calls: list[Call] = field(default_factory=list)
    answer: int = 200

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [call.path for call in self.calls]


@contextmanager
def listening() -> Iterator[Listener]:
    """A listener for the time of the block."""
    found = Listener("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            found.calls.append(Call(self.path, body.decode()))
            self.send_response(found.answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def night(stage: Stage) -> dict[str, Any]:
    """The last night.json."""
    folder = max((stage.folder / "reports").glob("*-jobs-*/night.json"), key=lambda path: path.stat().st_mtime_ns)
    found: dict[str, Any] = json.loads(folder.read_bytes())
    return found


def ends(document: Mapping[str, Any]) -> dict[str, int]:
    """Job -> exit code."""
    return {job["job"]: job["exit"]["code"] for job in document["jobs"]}
