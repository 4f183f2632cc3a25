"""The stage of the flow tests: a sandbox over real HTTP, a run's folders, and the command line as users and schedulers call it.

In:  a World and a folder of the test. Out: `Stage`, whose methods call commands and read what they left.
`here` runs a command in this process (fast, the whole `main` included); `apart` and `begin` in one of its own, where signals,
start-up and streams are real. Nothing is replaced: settings travel through the environment, as a scheduler passes them.
"""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from callcamp_sync.cli import main
from callcamp_sync.sandbox import Order, Request, Sandbox
from callcamp_sync.sandbox.seed import DEMO_CAMPAIGN, EMPTY_CAMPAIGN

SPRING, EMPTY = DEMO_CAMPAIGN, EMPTY_CAMPAIGN

#: Names that only these tests use, so that a leak is found by searching for them.
CANARY_TOKEN = "canary-token-7Q2x9"

_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended: its exit code, and what it wrote to each stream."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document of standard output; whatever else stands there is an error."""
        return json.loads(self.out)


def lead(phone: str, **cells: str) -> dict[str, str]:
    """A row as a sheet has it: the number, the one required parameter, and what the test adds."""
    return {"Phone": phone, "Company": "Example Ltd", **cells}


def write_sheet(path: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    """Rows as CSV, as a spreadsheet program writes it; every row has the headings of the first."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def read_sheet(path: Path) -> list[dict[str, str]]:
    """A CSV of ours as rows; our byte order mark is not part of the first heading."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@contextmanager
def _streams(stdin: str) -> Iterator[tuple[io.BytesIO, io.BytesIO]]:
    """The three streams as pipes would be: bytes below text, no terminal."""
    out, err = io.BytesIO(), io.BytesIO()
    kept = sys.stdin, sys.stdout, sys.stderr, sys.argv
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
    sys.stdout = io.TextIOWrapper(out, encoding="utf-8", newline="\n")
    sys.stderr = io.TextIOWrapper(err, encoding="utf-8", newline="\n")
    try:
        yield out, err
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            stream.detach()
        sys.stdin, sys.stdout, sys.stderr, sys.argv = kept


@contextmanager
def _place(folder: Path, environ: Mapping[str, str]) -> Iterator[None]:
    """Another current folder (for temporary files, too) and another environment, for the time being."""
    before, cwd, temporary = dict(os.environ), Path.cwd(), tempfile.tempdir
    tempfile.tempdir = str(folder)
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(cwd)
        tempfile.tempdir = temporary
        os.environ.clear()
        os.environ.update(before)


@dataclass(slots=True)
class Running:
    """A command in a process of its own, whose streams go into files, so that they can be read while it runs."""

    process: subprocess.Popen[bytes]
    out: Path
    err: Path

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def said(self, words: str) -> bool:
        """Whether it has written these words to standard error by now."""
        return words in self.err.read_text(encoding="utf-8")

    def wait(self) -> Ended:
        """Wait until it has ended."""
        code = self.process.wait(timeout=_PATIENCE_SECONDS)
        return Ended(code=code, out=self.out.read_text(encoding="utf-8"), err=self.err.read_text(encoding="utf-8"))


@dataclass(slots=True)
class Stage:
    """A sandbox, a folder that is the current one of every command, and an environment without anything of the machine's."""

    box: Sandbox
    folder: Path
    token: str | None
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        """What a command finds in its environment."""
        given = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            "CALLCAMP_BASE_URL": self.box.base_url,
            "CALLCAMP_STATE_DIR": str(self.folder / "state"),
            "CALLCAMP_SETTLE_SECONDS": "0.1",
            **({"CALLCAMP_TOKEN": self.token} if self.token else {}),
        }
        return given | self.more

    # --- commands

    def here(self, *args: str | Path, stdin: str = "") -> Ended:
        """Run a command in this process, by the same `main` that the script calls."""
        with _streams(stdin) as (out, err), _place(self.folder, self.environ):
            sys.argv = ["callcamp-sync", *map(str, args)]
            try:
                main()
            except SystemExit as ended:
                code = ended.code
        return Ended(code=int(code or 0), out=out.getvalue().decode(), err=err.getvalue().decode())

    def apart(self, *args: str | Path, stdin: str = "") -> Ended:
        """Run a command in a process of its own."""
        ended = subprocess.run(
            [sys.executable, "-m", "callcamp_sync", *map(str, args)],
            cwd=self.folder,
            env=self.environ,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS * 2,
            check=False,
        )
        return Ended(code=ended.returncode, out=ended.stdout, err=ended.stderr)

    @contextmanager
    def begin(self, *args: str | Path) -> Iterator[Running]:
        """Begin a command in a process of its own; it does not outlive the block."""
        out, err = self.folder / "stdout.txt", self.folder / "stderr.txt"
        with out.open("wb") as to_out, err.open("wb") as to_err:
            process = subprocess.Popen(
                [sys.executable, "-m", "callcamp_sync", *map(str, args)],
                cwd=self.folder,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=to_out,
                stderr=to_err,
            )
        try:
            yield Running(process, out, err)
        finally:
            process.kill()
            process.wait()

    # --- what is there

    def sheet(self, rows: Sequence[Mapping[str, str]], name: str = "leads.csv") -> Path:
        """Write a sheet into the folder."""
        return write_sheet(self.folder / name, rows)

    def file(self, name: str, text: str) -> Path:
        """Write a text file into the folder."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    @property
    def folders(self) -> list[Path]:
        """The folders of the runs that left a report, oldest first."""
        return sorted((self.folder / "reports").glob("*/"), key=lambda path: path.stat().st_mtime_ns)

    def report(self) -> dict[str, Any]:
        """The last run's report.json."""
        found: dict[str, Any] = json.loads((self.folders[-1] / "report.json").read_bytes())
        return found

    def orders(self, campaign: str = SPRING) -> list[Order]:
        """The campaign's orders as the server has them, oldest first."""
        where = next(one for one in self.box.world.campaigns.values() if one.name == campaign)
        return self.box.world.orders_of(where)

    def phones(self, campaign: str = SPRING) -> list[str]:
        """The numbers of the campaign's orders, sorted."""
        return sorted(order.phone for order in self.orders(campaign))

    def forget(self) -> int:
        """How many requests were answered so far: `since` it, later ones are seen."""
        return len(self.box.requests)

    def since(self, mark: int) -> list[Request]:
        """The requests that were answered since `forget` was called."""
        return list(self.box.requests)[mark:]

    def methods(self, mark: int = 0) -> set[str]:
        """The methods of those requests."""
        return {request.method for request in self.since(mark)}


def wait_until(true: Callable[[], bool], what: str) -> None:
    """Wait until something has happened in another process; fail with its name when it does not."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while not true():
        if time.monotonic() > until:
            raise AssertionError(f"waited in vain until {what}")
        time.sleep(0.005)


def balanced(report: Mapping[str, Any]) -> bool:
    """Whether every row of the sheet ended in exactly one outcome."""
    return bool(sum(report["counts"].values()) == report["source"]["rows"])
