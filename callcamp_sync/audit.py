"""The audit trail of a run: who changed what, for which row, from what to what, and how it ended. Edge: touches the disk.

In:  the plan, then each outcome as it comes. Out: `audit.jsonl` in the run's folder, 0600: a head line, then one line a write.
Every line carries the sha256 of the line before it, so that a line that was changed or taken out is noticed (`check`).
The file is only ever appended to. It holds personal data, as the rest of the folder does; it explains, the journal protects.
Rule source: issue 3, item 7.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from callcamp_sync.errors import StateError
from callcamp_sync.model import Outcome, Plan, Step

FILE_NAME = "audit.jsonl"

_START = "0" * 64


class Audit:
    """The trail of one run; a context manager. Lines are handed to the system as they come, and to the disk at the end."""

    def __init__(self, stream: BinaryIO, plan: Plan, clock: Callable[[], datetime]) -> None:
        self._stream = stream
        self._clock = clock
        self._previous = _START
        self._steps = {step.id: step for step in plan.steps}
        self._changes: dict[int, list[dict[str, Any]]] = {}
        for row, field, old, new in plan.changes.iter_rows():
            self._changes.setdefault(row, []).append({"field": field, "old": old, "new": new})

    @classmethod
    def begin(cls, folder: Path, plan: Plan, *, head: Mapping[str, Any], clock: Callable[[], datetime]) -> Self:
        """Open the trail in a run's folder and write its head. Raises StateError: then nothing may be sent."""
        path = folder / FILE_NAME
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unwritable(path, error) from error
        trail = cls(os.fdopen(handle, "wb", buffering=0), plan, clock)
        trail._append({"head": dict(head), "digests": dict(plan.digests), "plan": plan.id, "campaign": plan.campaign.uuid})
        return trail

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.fsync(self._stream.fileno())
        self._stream.close()

    def note(self, outcome: Outcome) -> None:
        """Append how a step ended. Raises StateError when the disk refuses."""
        step = self._steps.get(outcome.step)
        self._append(
            {
                "step": outcome.step,
                "kind": str(outcome.kind),
                "row": outcome.row,
                "order": outcome.order_uuid,
                "record": outcome.record_uuid,
                "phone": step.phone if step else None,
                "changes": _of_kind(step, self._changes.get(outcome.row or 0, [])),
                "fate": str(outcome.fate),
                "http_status": outcome.http_status,
                "attempts": outcome.attempts,
                "error": outcome.error,
            }
        )

    def _append(self, words: dict[str, Any]) -> None:
        at = self._clock().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = json.dumps({"at": at, **words, "previous": self._previous}, ensure_ascii=False).encode("utf-8", "replace")
        try:
            self._stream.write(line + b"\n")
        except OSError as error:
            raise _unwritable(Path(str(self._stream.name)), error) from error
        self._previous = hashlib.sha256(line).hexdigest()


def check(path: Path) -> int:
    """How many lines a trail has. Raises StateError naming the first line that does not follow from the one before it."""
    previous = _START
    lines = path.read_bytes().splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            said = json.loads(line).get("previous")
        except (ValueError, AttributeError):
            said = None
        if said != previous:
            raise StateError(f"line {number} of `{path}` does not follow from the line before it", hint="the trail was changed")
        previous = hashlib.sha256(line).hexdigest()
    return len(lines)


def verdict(path: Path, ended: Iterable[str]) -> tuple[int | None, str | None]:
    """(how many lines hang together, what is wrong), null where there is no trail, or nothing is wrong.

    ended: ids of the steps that the journal says this run brought to an end: each has a line, unless lines were cut off.
    """
    try:
        count = check(path)
        told = {json.loads(line).get("step") for line in path.read_bytes().splitlines()}
    except OSError as error:
        return None, f"`{path}` cannot be read: {error.strerror}"
    except StateError as error:
        return None, f"{error.message}: {error.hint}"
    missing = sorted(set(ended) - told)
    return count, f"it does not tell how {missing[0]} ended: lines were taken off its end" if missing else None


def _of_kind(step: Step | None, changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The changes that this step's request carries: a row may have several steps."""
    if step is None or not step.body:
        return []
    inside = dict(step.body.get("record", step.body))
    names = {*inside, *step.body, *(f"parameters.{name}" for name in inside.get("parameters", ()) or ())}
    return [change for change in changes if change["field"] in names]


def _unwritable(path: Path, error: OSError) -> StateError:
    return StateError(
        f"the audit trail `{path}` cannot be written: {error.strerror}",
        hint="make room, or name another place with `--report-dir DIR`",
    )
