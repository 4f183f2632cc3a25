"""How a command runs its work: one event loop, signals, progress, the question before writing.

First Ctrl-C or SIGTERM: before the first write the work is dropped; after it nothing new is sent, what is under way ends, and the
report is written. The second leaves at once: the journal knows what was under way.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import anyio

from callcamp_sync import Bench, Plan, Settings
from callcamp_sync import load_settings as load
from callcamp_sync.bench import Progress, Silent
from callcamp_sync.cli.options import Common
from callcamp_sync.cli.voice import Voice, can_ask
from callcamp_sync.errors import ExitCode, StoppedError, UsageError, ungrouped
from callcamp_sync.report import plan_table

if TYPE_CHECKING:
    from types import TracebackType

    from callcamp_sync.tally import Stop

T = TypeVar("T")

_CODES = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}


def load_settings(common: Common, flags: dict[str, Any]) -> Settings:
    """The settings of this call; from here on messages have the form that they ask for."""
    settings = load(common.profile, **common.flags(flags))
    common.voice = replace(common.voice, json_lines=settings.log_format == "json")
    return settings


def run(work: Callable[[], Awaitable[T]], stop: Stop, voice: Voice) -> T:
    """Run `work` to its end. Raises what it raises, and StoppedError when a signal came before the first write."""
    with ungrouped():
        return anyio.run(_watched, work, stop, voice)


async def _watched(work: Callable[[], Awaitable[T]], stop: Stop, voice: Voice) -> T:
    answers: list[T] = []
    async with anyio.create_task_group() as group:
        group.start_soon(_listen, stop, voice, group.cancel_scope)
        try:
            answers.append(await work())
        finally:
            group.cancel_scope.cancel()
    if not answers:
        raise StoppedError(stop.exit_code)
    return answers[0]


async def _listen(stop: Stop, voice: Voice, scope: anyio.CancelScope) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for caught in signals:
            if stop.reason is not None and stop.exit_code in _CODES.values():
                os._exit(stop.exit_code)
            stop.because("interrupted" if caught == signal.SIGINT else "terminated", _CODES[caught])
            if not stop.sending:
                scope.cancel()
                return
            voice.warn("stopping: what is under way ends first (again to leave at once)")


def bench(settings: Settings, common: Common, progress: Progress | None = None, *, yes: bool = True) -> Bench:
    """A bench for this call. yes: nothing is asked."""
    shown = progress or Silent()
    made = Bench(settings=settings, progress=shown)

    def ask(plan: Plan) -> bool:
        if isinstance(shown, Bars):
            shown.rest()
        return _asked(plan, common, made)

    return made if yes else replace(made, confirm=ask)


def _asked(plan: Plan, common: Common, bench: Bench) -> bool:
    """Show the plan and ask. Raises UsageError where nobody can answer."""
    if common.no_input or not can_ask():
        raise UsageError(
            "the plan changes the campaign, and there is nobody to ask", hint="pass `--yes`, or look first with `--dry-run`"
        )
    common.voice.say(plan_table(plan))
    sys.stderr.write(f"Change the campaign {plan.campaign.name!r} as shown? [y/N] ")
    sys.stderr.flush()
    return _answer(bench).strip().lower() in {"y", "yes"}


def _answer(bench: Bench) -> str:
    """What the person types; nothing after a signal. It looks, rather than waits: Python would not end while a thread reads."""
    while bench.stop.reason is None:
        if select.select([sys.stdin], [], [], 0.1)[0]:
            return sys.stdin.readline()
    return ""


class Bars:
    """A Progress as bars on standard error; a context manager."""

    def __init__(self, *, colour: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bars = Progress(*columns, console=Console(stderr=True, no_color=not colour), transient=True)
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> Bars:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bars.stop()

    def rest(self) -> None:
        """Take the bars off the screen until there is news: they would paint over a question, and hold back its line."""
        self._bars.stop()

    def reading(self, what: str, done: int, total: int) -> None:
        """Pages of a list that were read."""
        self._show(f"reading {what}", done, total)

    def sending(self, done: int, total: int) -> None:
        """Steps of the plan that ended."""
        self._show("sending", done, total)

    def _show(self, what: str, done: int, total: int) -> None:
        self._bars.start()
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=total)
        self._bars.update(self._tasks[what], completed=done, total=total)


class Lines:
    """A Progress for logs: one line for each tenth of the work."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._tenths: dict[str, int] = {}

    def reading(self, what: str, done: int, total: int) -> None:
        """Pages of a list that were read."""
        self._show(f"reading {what}", done, total)

    def sending(self, done: int, total: int) -> None:
        """Steps of the plan that ended."""
        self._show("sending", done, total)

    def _show(self, what: str, done: int, total: int) -> None:
        tenth = done * 10 // max(total, 1)
        if total >= 100 and tenth > self._tenths.get(what, 0):
            self._tenths[what] = tenth
            self._voice.detail(f"{what}: {done} of {total}")


def progress(voice: Voice) -> AbstractContextManager[Progress]:
    """Bars on a terminal, lines for `-v` elsewhere."""
    return Bars(colour=voice.colour) if voice.shows_progress else nullcontext(Lines(voice))
