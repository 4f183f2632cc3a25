"""The running count of an application: what ended how, whether to go on, and workers that give up rather than drop.

Every step that is given in ends in an outcome here, whatever happens. I/O: none of its own; the work that it runs has.
"""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import anyio

from callcamp_sync.errors import ExitCode, SyncError
from callcamp_sync.model import Fate, Outcome, Step, StepKind
from callcamp_sync.sending import Sender, not_sent

OnOutcome = Callable[[Outcome], None]


@dataclass(slots=True)
class Stop:
    """Why no further step may be sent; the first reason stands. Set by a signal, or by what the server answers.

    sending: writes may have begun, so that stopping means to drain, not to leave.
    """

    reason: str | None = None
    exit_code: ExitCode = ExitCode.OK
    sending: bool = False

    def because(self, reason: str, exit_code: ExitCode) -> None:
        """Stop, unless the run is stopped already."""
        if self.reason is None:
            self.reason, self.exit_code = reason, exit_code


@dataclass(slots=True)
class Tally:
    """What one application has come to. outcomes: in the order in which they came; of a resumed plan, earlier ones first."""

    sender: Sender
    stop: Stop
    workers: int
    on_outcome: OnOutcome = lambda _: None
    outcomes: list[Outcome] = field(default_factory=list)
    _forbidden: dict[StepKind, str] = field(default_factory=dict)

    def take(self, outcome: Outcome) -> Outcome:
        """Enter how a step ended. A token that is no longer accepted stops the run; a missing permission, steps of that kind."""
        self.outcomes.append(outcome)
        self.on_outcome(outcome)
        if outcome.http_status == 401:
            self.stop.because("the server no longer accepts the token", ExitCode.ACCESS)
        if outcome.http_status == 403 and outcome.fate is Fate.REFUSED:
            self._forbidden.setdefault(outcome.kind, f"the token may not {outcome.kind.value.replace('-', ' ')}: {outcome.error}")
        return outcome

    def replace(self, outcome: Outcome, known: Outcome) -> None:
        """Put what a later look showed in the place of an outcome that nobody knew."""
        self.outcomes[self.outcomes.index(outcome)] = self.sender.note(known)
        self.on_outcome(known)

    def give_up(self, step: Step, fate: Fate, why: str) -> None:
        """Enter that a step was not sent."""
        for outcome in not_sent(step, fate, why):
            self.take(outcome)

    def give_up_rest(self, steps: Iterable[Step], why: str) -> None:
        """Enter every step, and every contact of a link, that has not ended as not attempted: the run ends before its time."""
        over = {(one.step, one.row) for one in self.outcomes}
        for outcome in (one for step in steps for one in not_sent(step, Fate.NOT_ATTEMPTED, why)):
            if (outcome.step, outcome.row) not in over:
                self.take(outcome)

    def fates(self, *kinds: StepKind) -> dict[int, Outcome]:
        """Row -> the outcome of its step of these kinds."""
        return {one.row: one for one in self.outcomes if one.kind in kinds and one.row is not None}

    def stopped(self) -> str | None:
        """Why nothing more may be sent; null while it may."""
        client = self.sender.client
        if client.broken is not None:
            self.stop.because(f"the server is out of reach: {client.broken}", ExitCode.UNREACHABLE)
        if client.moved is not None:
            self.stop.because(f"the server sends requests on to {client.moved}", ExitCode.REFUSED)
        return self.stop.reason

    async def each(self, items: Iterable[Step], work: Callable[[Step], Awaitable[None]]) -> None:
        """Do `work` for each item, as many at once as there are workers; after a stop the rest is given up, not dropped."""
        waiting = iter(list(items))

        async def worker() -> None:
            for step in waiting:
                reason = self.stopped() or self._forbidden.get(step.kind)
                if reason is not None:
                    self.give_up(step, Fate.NOT_ATTEMPTED, reason)
                    continue
                try:
                    await work(step)
                except SyncError as error:
                    self.stop.because(error.message, error.exit_code)
                    self.give_up(step, Fate.NOT_ATTEMPTED, error.message)

        with _spared():
            async with anyio.create_task_group() as group:
                for _ in range(self.workers):
                    group.start_soon(worker)


@contextmanager
def _spared() -> Iterator[None]:
    """Spare what is there already from garbage collection: a plan of a hundred thousand steps is needed to the end, and each
    full pass over it would hold every request up for a tenth of a second.
    """
    ours = gc.get_freeze_count() == 0
    if ours:
        gc.freeze()
    try:
        yield
    finally:
        if ours:
            gc.unfreeze()
