"""Runs that are cut off by SIGKILL, Ctrl-C, SIGTERM, while reading and while writing. In the end every contact is there once.

In: the command line in a process of its own, a sandbox in this one. A gate holds requests back, so that a signal falls where the
test wants it to, not where the machine's speed lets it fall.
"""

from __future__ import annotations

import os
import pty
import re
import resource
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from flow_stage import CANARY_TOKEN, EMPTY, SPRING, Stage, balanced, lead, wait_until
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from callcamp_sync.sandbox import Behaviour, Sandbox, bulk_phone, demo_world

CONTACTS = [bulk_phone(index) for index in range(1000, 1200)]


class Gate:
    """Holds requests of one method back while it is shut, then carries them out, also when their client is gone by then.

    held: how many it has held. passed: how many of those were carried out.
    """

    def __init__(self) -> None:
        self.app: ASGIApp | None = None
        self.method = ""
        self.held = 0
        self.passed = 0
        self._open = threading.Event()
        self._open.set()

    def around(self, app: ASGIApp) -> ASGIApp:
        """Stand before the app."""
        self.app = app
        return self

    def shut(self, method: str) -> None:
        """Hold back requests of that method from now on."""
        self.method = method
        self._open.clear()

    def open(self) -> None:
        """Let through what waits, and all that comes."""
        self._open.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        if self._open.is_set() or scope["type"] != "http" or scope["method"] != self.method or "/orders" not in scope["path"]:
            await self.app(scope, receive, send)
            return
        body = await receive()
        assert not body.get("more_body")
        self.held += 1
        while not self._open.is_set():
            await anyio.sleep(0.01)
        await self.app(scope, _once(body), send)
        self.passed += 1


def _once(message: Message) -> Receive:
    async def receive() -> Message:
        return message

    return receive


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def stage(gate: Gate, tmp_path: Path) -> Iterator[Stage]:
    """A server of the test's own: requests that a killed client left behind must not reach into another test."""
    world = demo_world(30)
    world.add_token(CANARY_TOKEN)
    with Sandbox(world, around=gate.around) as box:
        yield Stage(box=box, folder=tmp_path, token=CANARY_TOKEN)
        gate.open()


def _sync(stage: Stage) -> list[str]:
    sheet = stage.sheet([lead(phone, Name=f"Contact {phone[-4:]}") for phone in CONTACTS])
    return ["sync", str(sheet), "-c", EMPTY, "--yes"]


def _slow(stage: Stage) -> None:
    """So slow that a signal falls in the middle: 200 creates, eight at once, take more than a second."""
    stage.box.behaviour = Behaviour(latency_ms=50)


def test_killed_in_the_middle_of_200_creates_and_run_again_every_phone_stands_there_once(stage: Stage) -> None:
    args = [*_sync(stage), "--settle-seconds", "0.1", "--grace-seconds", "1"]
    _slow(stage)
    with stage.begin(*args) as running:
        wait_until(lambda: len(stage.box.writes) >= 60, "60 contacts are created")
        running.signal(signal.SIGKILL)
        assert running.wait().code == -signal.SIGKILL
    assert 60 <= len(stage.orders(EMPTY)) < 200
    stage.box.behaviour = Behaviour()
    codes: list[int] = []
    while len(codes) < 5 and codes[-1:] != [0]:
        codes.append(stage.here(*args).code)
        anyio.run(anyio.sleep, 0.5)
    assert codes[-1] == 0, codes
    assert stage.phones(EMPTY) == sorted(CONTACTS)
    assert stage.here("plan", "leads.csv", "-c", EMPTY, "--detailed-exitcode").code == 0


def test_killed_while_creates_are_under_way_those_are_not_sent_again_before_the_grace_period_is_over(
    stage: Stage, gate: Gate
) -> None:
    """The server carries them out only after the client is dead, and after the second run has looked."""
    args = [*_sync(stage), "--settle-seconds", "0", "--concurrency", "4"]
    gate.shut("POST")
    with stage.begin(*args) as running:
        wait_until(lambda: gate.held == 4, "four creates are under way")
        running.signal(signal.SIGKILL)
        running.wait()
    gate.method = ""  # those four stay where they are; what comes now passes
    second = stage.here(*args, "--grace-seconds", "60")
    assert second.code == 6
    assert stage.report()["counts"] == {"created": 196, "unknown": 4}
    gate.open()
    wait_until(lambda: gate.passed == gate.held, "what was held back is carried out")
    assert stage.here(*args).code == 0
    assert stage.report()["counts"] == {"unchanged": 200}
    assert stage.phones(EMPTY) == sorted(CONTACTS)


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [pytest.param(signal.SIGINT, 130, "interrupted", id="Ctrl-C"), pytest.param(signal.SIGTERM, 143, "terminated", id="SIGTERM")],
)
def test_a_signal_in_the_middle_drains_reports_and_can_be_resumed(
    stage: Stage, number: signal.Signals, code: int, word: str
) -> None:
    args = _sync(stage)
    _slow(stage)
    with stage.begin(*args) as running:
        wait_until(lambda: len(stage.box.writes) >= 40, "40 contacts are created")
        running.signal(number)
        ended = running.wait()
    assert ended.code == code, ended
    assert "Traceback" not in ended.err
    report = stage.report()
    assert report["run"]["exit"] == {"code": code, "name": word}
    assert balanced(report)
    assert report["counts"].keys() == {"created", "not-attempted"}
    assert report["counts"]["created"] == len(stage.orders(EMPTY))
    assert f"callcamp-sync resume {report['run']['id']}" in ended.out
    stage.box.behaviour = Behaviour()
    resumed = stage.here("resume")
    assert resumed.code == 0, resumed
    assert stage.report()["counts"] == {"created": 200}
    assert stage.phones(EMPTY) == sorted(CONTACTS)
    assert stage.here("resume").code == 7


def test_resume_does_not_bring_back_an_older_sheet_than_the_last_one_that_was_synced(stage: Stage) -> None:
    args = _sync(stage)
    _slow(stage)
    with stage.begin(*args) as running:
        wait_until(lambda: len(stage.box.writes) >= 40, "40 contacts are created")
        running.signal(signal.SIGINT)
        running.wait()
    stage.box.behaviour = Behaviour()
    interrupted = stage.report()["run"]["id"]
    sheet = stage.sheet([lead(CONTACTS[0], Name="Contact once more")], "other.csv")
    assert stage.here("sync", sheet, "-c", EMPTY, "--yes").code == 0
    mark = stage.forget()
    assert [stage.here("resume").code, stage.here("resume", interrupted).code] == [7, 7]
    assert not stage.since(mark)


def test_a_second_ctrl_c_leaves_at_once_and_the_next_run_settles_what_was_under_way(stage: Stage, gate: Gate) -> None:
    args = _sync(stage)
    gate.shut("POST")
    with stage.begin(*args) as running:
        wait_until(lambda: gate.held == 8, "eight creates are under way")
        running.signal(signal.SIGINT)
        wait_until(lambda: running.said("again to leave at once"), "the first Ctrl-C is heard")
        assert running.process.poll() is None
        running.signal(signal.SIGINT)
        ended = running.wait()
    assert ended.code == 130
    assert "Traceback" not in ended.err
    assert stage.box.writes == []
    gate.open()
    wait_until(lambda: gate.passed == gate.held, "what was held back is carried out")
    assert stage.here("resume").code == 0
    assert stage.phones(EMPTY) == sorted(CONTACTS)


@pytest.mark.parametrize(
    ("number", "code"), [pytest.param(signal.SIGINT, 130, id="Ctrl-C"), pytest.param(signal.SIGTERM, 143, id="SIGTERM")]
)
def test_a_signal_while_the_campaign_is_read_ends_at_once_with_nothing_sent(
    stage: Stage, gate: Gate, number: signal.Signals, code: int
) -> None:
    args = _sync(stage)
    gate.shut("GET")
    with stage.begin(*args) as running:
        wait_until(lambda: gate.held == 1, "the campaign is being read")
        running.signal(number)
        ended = running.wait()
    assert ended.code == code
    assert "nothing was sent" in ended.err
    assert ended.err.count("\n") <= 2
    assert stage.box.writes == []
    assert not stage.folders


def test_a_second_process_on_the_same_campaign_ends_in_9_and_names_the_first(stage: Stage, gate: Gate) -> None:
    args = _sync(stage)
    gate.shut("POST")
    with stage.begin(*args) as running:
        wait_until(lambda: gate.held == 8, "the first run is writing")
        second = stage.here(*args)
        resumed = stage.here("resume")
        gate.open()
        assert running.wait().code == 0
    assert second.code == 9
    assert f"process {running.process.pid}" in second.err
    assert resumed.code == 9
    assert stage.phones(EMPTY) == sorted(CONTACTS)


def test_a_journal_that_cannot_be_written_any_more_stops_the_run_and_the_report_says_so(stage: Stage, gate: Gate) -> None:
    """The disk is full, as far as the journal is concerned: no file may grow beyond what it has grown to."""
    args = _sync(stage)
    gate.shut("POST")
    with stage.begin(*args) as running:
        wait_until(lambda: gate.held == 8, "the run is writing")
        # The report's files are smaller than that, the journal's log of 200 creates is not.
        size = 300_000 + max(file.stat().st_size for file in (stage.folder / "state").iterdir() if file.is_file())
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (size, size))
        gate.open()
        ended = running.wait()
    assert "Traceback" not in ended.err
    assert ended.code == 6, ended
    assert "journal" in ended.out
    report = stage.report()
    assert balanced(report)
    assert report["counts"].get("created", 0) + report["counts"].get("unknown", 0) == len(stage.orders(EMPTY))
    assert len(stage.orders(EMPTY)) < 200
    assert stage.here(*args, "--grace-seconds", "0").code == 0
    assert stage.phones(EMPTY) == sorted(CONTACTS)


# --- on a terminal ------------------------------------------------------------------------------------------------------


#: Makes standard input the terminal that Ctrl-C comes from, as a shell does, and becomes the command.
_AS_A_SHELL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "os.execv(sys.executable, [sys.executable, '-m', 'callcamp_sync', *sys.argv[1:]])"
)


def _on_a_terminal(stage: Stage, args: list[str], answer: str) -> tuple[int, str]:
    """Run a command on a terminal of its own and answer its question; returns its exit code and what the terminal showed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", _AS_A_SHELL, *args],
        cwd=stage.folder,
        env=stage.environ | {"TERM": "xterm"},
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown, until = b"", time.monotonic() + 30
    try:
        while time.monotonic() < until and (chunk := _read(ours)):
            shown += chunk
            if b"[y/N] " in shown and answer:
                os.write(ours, answer.encode())
                answer = ""
        return process.wait(timeout=10), shown.decode()
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _read(handle: int) -> bytes:
    """What the terminal shows next; nothing when the other side is closed (which Linux tells by an error), or silent for long."""
    if not select.select([handle], [], [], 20)[0]:
        return b""
    try:
        return os.read(handle, 65_536)
    except OSError:
        return b""


@pytest.mark.parametrize(
    ("answer", "code", "orders"),
    [
        pytest.param("y\n", 0, 1, id="yes"),
        pytest.param("\n", 130, 0, id="a blank answer is no"),
        pytest.param("\x03", 130, 0, id="Ctrl-C"),
    ],
)
def test_on_a_terminal_it_asks_and_does_what_the_answer_says(stage: Stage, answer: str, code: int, orders: int) -> None:
    stage.sheet([lead(CONTACTS[0])])
    ended, shown = _on_a_terminal(stage, ["sync", "leads.csv", "-c", EMPTY], answer)
    assert "Traceback" not in shown
    assert ended == code, shown
    assert len(stage.orders(EMPTY)) == orders
    assert EMPTY in shown


def test_on_a_terminal_no_input_does_not_ask(stage: Stage) -> None:
    stage.sheet([lead(CONTACTS[0])])
    code, shown = _on_a_terminal(stage, ["sync", "leads.csv", "-c", SPRING, "--no-input"], "")
    assert (code, "[y/N]" in shown, "`--yes`" in shown) == (2, False, True)


@pytest.mark.parametrize(
    ("flags", "environ"), [pytest.param(["--no-color"], {}, id="--no-color"), pytest.param([], {"NO_COLOR": "1"}, id="NO_COLOR")]
)
def test_on_a_terminal_colours_can_be_switched_off(stage: Stage, flags: list[str], environ: dict[str, str]) -> None:
    stage.sheet([lead(CONTACTS[0])])
    stage.more = environ
    code, shown = _on_a_terminal(stage, ["plan", "leads.csv", "-c", SPRING, *flags], "")
    assert code == 0
    assert "reading orders" in shown
    assert not re.search(r"\x1b\[[\d;]*(3|4|9|10)\d[\d;]*m", shown)
