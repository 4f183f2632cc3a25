"""Who must never be called again: an append-only file of phone numbers. Edge: touches the disk.

In:  entries (phone in E.164, where the wish comes from), a clock.
Out: `do-not-call.jsonl`: one JSON object a line, written with O_APPEND and fsync, 0600; all phones of it as a set.
There is no way to take a number out, on purpose: a wish not to be called outlives campaigns, orders and records.
A line that was cut off by a kill or a full disk still counts when its number is whole; `warning` tells of it, and the next append
marks it with CUT_OFF. Any other line that cannot be read stops everything: a number may be hidden in it. Nothing is ever deleted.
Rule source: design, section 4, promise 2; reliability notes, R7. Writers and readers take turns by a lock file beside it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Self

import orjson
from filelock import FileLock, Timeout

from callcamp_sync.errors import StateError
from callcamp_sync.private import FILE_MODE, make_file, unusable

#: The ledger's name inside the state folder.
FILE_NAME = "do-not-call.jsonl"
#: How long to wait for another process to end its append.
TURN_SECONDS = 30.0

#: Ends a line that was cut off, so that it is not taken for damage once others follow it.
CUT_OFF = b" #cut-off"

_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
#: A line that was cut off still names its phone when the closing quote is there: `phone` is always written first.
_CUT_OFF_PHONE = re.compile(rb'\{"phone":\s*"(\+[1-9][0-9]{6,14})"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One wish not to be called.

    phone: E.164. source: "campaign <uuid> order <id>", "import FILE" or "cli". note: free text. at: when it was entered; None
    in an entry that is still to be added, and in one whose line was cut off.
    """

    phone: str
    source: str
    note: str | None = None
    at: datetime | None = None


class _Content(NamedTuple):
    """The file, read. closing: what an append has to put first, so that its own line begins on a new one."""

    entries: list[Entry]
    warnings: list[str]
    closing: bytes


class Ledger:
    """The ledger of a state folder. Made by `Ledger.open`; holds no handle, so there is nothing to close.

    warning: what is wrong with the file but did not stop it, for people; None when nothing is.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self.warning: str | None = None
        self._path = path
        self._clock = clock
        self._size = -1
        self._closing = b""
        self._entries: tuple[Entry, ...] = ()
        self._phones: frozenset[str] = frozenset()

    @classmethod
    def open(cls, path: Path, *, clock: Callable[[], datetime]) -> Self:
        """Read the file, making it (0600) where it is missing.

        clock: aware datetimes. Raises StateError when a line is damaged (naming its number) or the disk refuses.
        """
        make_file(path)
        ledger = cls(path, clock)
        ledger._refresh()
        return ledger

    def phones(self) -> frozenset[str]:
        """Every phone that must not be called, those that other processes added meanwhile included. Raises StateError."""
        self._refresh()
        return self._phones

    def entries(self) -> tuple[Entry, ...]:
        """Every entry, oldest first. Raises StateError."""
        self._refresh()
        return self._entries

    def find(self, phone: str) -> list[Entry]:
        """The entries of one phone (E.164), oldest first; empty when the ledger does not have it. Raises StateError."""
        return [entry for entry in self.entries() if entry.phone == phone]

    def add(self, entries: Iterable[Entry]) -> int:
        """Append the phones that are new, in the order given; on the disk when it returns. Returns how many were new.

        Raises ValueError, before anything is written, for a phone that is not E.164; StateError when the disk refuses.
        """
        wanted: dict[str, Entry] = {}
        for entry in entries:
            if not _E164.fullmatch(entry.phone):
                raise ValueError("the ledger takes phone numbers as + and 7 to 15 digits only")
            wanted.setdefault(entry.phone, entry)
        with self._turn():
            self._read()
            new = [self._line(entry) for phone, entry in wanted.items() if phone not in self._phones]
            if new:
                self._append(self._closing + b"".join(new))
                self._read()
        return len(new)

    def _line(self, entry: Entry) -> bytes:
        at = (entry.at or self._clock()).astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return json.dumps({"phone": entry.phone, "at": at, "source": entry.source, "note": entry.note}).encode() + b"\n"

    def _append(self, data: bytes) -> None:
        """All of `data`, fsynced. What a full disk leaves half-written is a line that was cut off."""
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
            try:
                view = memoryview(data)
                while view:
                    view = view[os.write(handle, view) :]
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise unusable(self._path, error) from error

    def _refresh(self) -> None:
        """Read the file again if it has grown. An append-only file of the same size is the same file."""
        try:
            size = self._path.stat().st_size
        except OSError as error:
            raise unusable(self._path, error) from error
        if size != self._size:
            with self._turn():
                self._read()

    def _read(self) -> None:
        try:
            data = self._path.read_bytes()
        except OSError as error:
            raise unusable(self._path, error) from error
        if len(data) < self._size:
            raise StateError(
                f"the ledger `{self._path}` became shorter while it was in use",
                hint="put back the copy that has all lines: the numbers in it must not be called",
            )
        if len(data) == self._size:
            return
        content = _parse(data, self._path)
        self._size = len(data)
        self._closing = content.closing
        self._entries = tuple(content.entries)
        self._phones = frozenset(entry.phone for entry in content.entries)
        self.warning = "; ".join(content.warnings) or None

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One process at a time: appends do not mix, and no reader takes a line that is being written for a damaged one."""
        turn = FileLock(self._path.with_name(self._path.name + ".lock"), mode=FILE_MODE, fallback_to_soft=False)
        try:
            turn.acquire(timeout=TURN_SECONDS)
        except Timeout as error:
            raise StateError(
                f"the ledger `{self._path}` has been locked by another process for {TURN_SECONDS:g} s", hint="run again later"
            ) from error
        except OSError as error:
            raise unusable(self._path, error) from error
        try:
            yield
        finally:
            turn.release()


def _parse(data: bytes, path: Path) -> _Content:
    """The whole file; a last line without a line end was cut off, unless it is whole all the same."""
    *lines, tail = data.split(b"\n")
    entries: list[Entry] = []
    warnings: list[str] = []
    for number, line in enumerate([*lines, tail], start=1):
        if not line.strip():
            continue
        entry = _entry(line)
        if entry is None and (number > len(lines) or line.endswith(CUT_OFF)):
            entry, warning = _rescue(line, number, path)
            warnings.append(warning)
        elif entry is None:
            raise StateError(
                f"line {number} of the ledger `{path}` is damaged",
                hint="correct that line by hand, or put back a copy of the file: the number in it must not be called",
            )
        if entry is not None:
            entries.append(entry)
    whole = _entry(tail) is not None
    return _Content(entries, warnings, b"" if not tail else b"\n" if whole else CUT_OFF + b"\n")


def _entry(line: bytes) -> Entry | None:
    """One line as an entry; None when it is no JSON object with a phone in E.164."""
    try:
        words = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    phone = words.get("phone") if isinstance(words, dict) else None
    if not isinstance(phone, str) or not _E164.fullmatch(phone):
        return None
    note = words.get("note")
    return Entry(phone=phone, source=str(words.get("source", "")), note=None if note is None else str(note), at=_moment(words))


def _moment(words: dict[str, object]) -> datetime | None:
    """When the entry was made; None for a line that someone wrote by hand without it. The phone is what counts."""
    try:
        return datetime.fromisoformat(str(words["at"]))
    except (KeyError, ValueError):
        return None


def _rescue(line: bytes, number: int, path: Path) -> tuple[Entry | None, str]:
    """What a line that was cut off still says, and the sentence about it. Numbers are not repeated in words for people."""
    found = _CUT_OFF_PHONE.match(line)
    if found is None:
        return None, f"line {number} of the ledger `{path}` was cut off before its number was whole: add that number again"
    entry = Entry(phone=found[1].decode(), source=f"line {number}, cut off")
    return entry, f"line {number} of the ledger `{path}` was cut off; its number is whole and counts"
