"""What is said to people (standard error) and to machines (standard output). Knows nothing of what it talks about.

Text that came from a sheet or a server is cleaned before it reaches a terminal: no control characters, no markup.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TextIO

from callcamp_sync.errors import ExitCode, SyncError
from callcamp_sync.report.terminal import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """How one command talks. as_json: results are one JSON document. json_lines: messages are JSON, one a line."""

    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    json_lines: bool = False
    colour: bool = True

    def say(self, words: str) -> None:
        """Something worth knowing."""
        if not self.quiet:
            self._tell("info", words)

    def detail(self, words: str) -> None:
        """Something that only `-v` wants to know."""
        if self.verbose:
            self._tell("debug", words)

    def warn(self, words: str) -> None:
        """Something that went wrong, or may."""
        self._tell("warning", words)

    def fail(self, error: SyncError) -> ExitCode:
        """Say why the run cannot go on and what to do; returns the exit code."""
        self._tell("error", f"error: {error.message}" + (f"\nhint: {error.hint}" if error.hint else ""))
        if self.as_json:
            ended = {"code": int(error.exit_code), "name": error.exit_code.label}
            self.data({"error": {"code": error.code, "message": error.message, "hint": error.hint, "exit": ended}})
        return error.exit_code

    def data(self, document: Any) -> None:
        """One JSON document on standard output."""
        import orjson

        with _heard(sys.stdout):
            sys.stdout.flush()
            sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
            sys.stdout.buffer.flush()

    def text(self, words: str) -> None:
        """A result for people, on standard output."""
        with _heard(sys.stdout):
            sys.stdout.write("".join(f"{clean(line)}\n" for line in words.split("\n")))
            sys.stdout.flush()

    @property
    def shows_progress(self) -> bool:
        """Whether a progress bar is wanted."""
        return sys.stderr.isatty() and not self.quiet and not self.json_lines

    def _tell(self, level: str, words: str) -> None:
        if self.json_lines:
            at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
            said = json.dumps({"at": at, "level": level, "message": words}) + "\n"
        else:
            said = "".join(f"{clean(line)}\n" for line in words.split("\n"))
        with _heard(sys.stderr):
            sys.stderr.write(said)
            sys.stderr.flush()


@contextmanager
def _heard(stream: TextIO) -> Iterator[None]:
    """Write to a stream whose reader may leave at any time (`| head`): what is said then goes nowhere, and the run goes on."""
    try:
        yield
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def can_ask() -> bool:
    """Whether a person can see a question and answer it."""
    return sys.stdin.isatty() and sys.stderr.isatty()
