"""Reads the client's journal at the moment at which its request arrives: is this write accounted for?

In:  a state folder, a Heard. Out: None, or a sentence that says what is missing.
It reads the file as another process would: only what was committed counts. What it wants is an intent that no outcome has
closed yet, for this very order, contact or number, whose step stands in the plan that the run has kept.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from pathlib import Path
from typing import Any

from callcamp_sync.sandbox.front import Heard

_OPEN = "SELECT run_id, step_id, kind FROM step WHERE state = 'intent' AND "

#: Steps that a request may carry out.
_KINDS = {
    ("POST", "orders"): {"create"},
    ("POST", "associate"): {"associate"},
    ("PATCH", "order"): {"update-order", "release", "cancel"},
    ("DELETE", "order"): {"remove"},
    ("PATCH", "record"): {"update-record"},
}


class Witness:
    """One state folder's journal, read from outside."""

    def __init__(self, state: Path) -> None:
        self._path = state / "journal.sqlite3"
        self._db: sqlite3.Connection | None = None
        self._plans: dict[str, dict[str, Any]] = {}

    def close(self) -> None:
        """Let go of the file."""
        if self._db is not None:
            self._db.close()

    def missing(self, heard: Heard) -> str | None:
        """Why a write is not accounted for; None when it is."""
        if self._db is None:
            if not self._path.exists():
                return "there is no journal"
            self._db = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)
        for what, value in _wanted(heard):
            found = self._db.execute(f"{_OPEN}{what} = ?", (value,)).fetchall()
            fitting = [row for row in found if row[2] in _KINDS.get((heard.method, heard.route), set())]
            if not fitting:
                return f"no open intent for a {heard.method} of {heard.route}"
            if not any(step in self._plan(run) for run, step, _ in fitting):
                return f"the intent for a {heard.method} of {heard.route} stands in no plan"
        return None

    def _plan(self, run: str) -> dict[str, Any]:
        """The steps of the plan that a run has kept, by id."""
        assert self._db is not None
        if run not in self._plans:
            row = self._db.execute("SELECT document FROM plan WHERE run_id = ?", (run,)).fetchone()
            steps = json.loads(zlib.decompress(row[0]))["steps"] if row else []
            self._plans[run] = {step["id"]: step for step in steps}
        return self._plans[run]


def _wanted(heard: Heard) -> list[tuple[str, str]]:
    """What each intent must name: the column of the journal, and its value."""
    if heard.route == "associate":
        return [("contact", uuid) for uuid in heard.body["recordUuids"]]
    if heard.route == "orders":
        return [("phone", heard.key)]
    return [("order_uuid" if heard.route == "order" else "record_uuid", heard.ids[-1])]
