"""What sits beside the scheduler: the shares of each account's pace, which jobs are to stop, how often each was begun.

In:  calls of workers and of whoever sent the jobs, as messages of dask's own connections. Out: short answers.
It lives where workers do not die: in the scheduler. A worker that is lost loses its shares at once; a night whose sender is gone
stops its jobs. Nothing here is secret: accounts are digests, jobs are numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict

from distributed.diagnostics.plugin import SchedulerPlugin

from callcamp_sync import __version__
from callcamp_sync.cluster.shares import Shares
from callcamp_sync.errors import ExitCode

if TYPE_CHECKING:
    from distributed.scheduler import Scheduler

NAME = f"callcamp-sync-{__version__}"


class Answer(TypedDict):
    """To a job that calls in. share: of the account's limit. stop: why it is to end, and with which exit code; null to go on."""

    share: float
    stop: tuple[str, int] | None


@dataclass(slots=True)
class _Night:
    """client: who sent it, by dask's id. begun: job -> how often. stops: job -> reason and code."""

    client: str
    begun: dict[str, int] = field(default_factory=dict)
    stops: dict[str, tuple[str, int]] = field(default_factory=dict)


class Bureau(SchedulerPlugin):  # type: ignore[misc]  # distributed has no types of its own
    """The plugin. Every night brings it along; the first one stays."""

    name = NAME
    idempotent = True

    def __init__(self) -> None:
        self._shares = Shares()
        self._nights: dict[str, _Night] = {}

    async def start(self, scheduler: Scheduler) -> None:
        """Called by dask where the scheduler is."""
        calls = (self.callcamp_open, self.callcamp_close, self.callcamp_stop, self.callcamp_begin, self.callcamp_call_in)
        scheduler.handlers.update({call.__name__: call for call in (*calls, self.callcamp_leave)})

    def remove_worker(self, scheduler: Scheduler, worker: str, **_: Any) -> None:
        """Called by dask: the worker is gone."""
        self._shares.lose(worker)

    def remove_client(self, scheduler: Scheduler, client: str) -> None:
        """Called by dask: who sent a night is gone. Its jobs will hear of it when they call in."""
        for name in [name for name, night in self._nights.items() if night.client == client]:
            del self._nights[name]

    # --- calls of whoever sends a night ---------------------------------------------------------------------------------

    def callcamp_open(self, night: str, client: str) -> None:
        """A night begins."""
        self._nights[night] = _Night(client)

    def callcamp_close(self, night: str) -> None:
        """A night has ended."""
        self._nights.pop(night, None)

    def callcamp_stop(self, night: str, job: str, reason: str, code: int) -> None:
        """The job is to end."""
        if night in self._nights:
            self._nights[night].stops.setdefault(job, (reason, code))

    # --- calls of workers -----------------------------------------------------------------------------------------------

    def callcamp_begin(self, night: str, job: str) -> int:
        """How often the job was begun, this time included."""
        begun = self._nights[night].begun if night in self._nights else {}
        begun[job] = begun.get(job, 0) + 1
        return begun[job]

    def callcamp_call_in(self, night: str, job: str, account: str, place: str, holds: float, *, wants: bool) -> Answer:
        """A job says how it does, and hears which part of its account's limit is its own."""
        share = self._shares.ask(account, job, place=place, holds=holds, wants=wants)
        known = self._nights.get(night)
        gone = ("whoever sent the job is gone", int(ExitCode.INTERRUPTED))
        return Answer(share=share, stop=gone if known is None else known.stops.get(job))

    def callcamp_leave(self, account: str, job: str) -> None:
        """A job has ended."""
        self._shares.leave(account, job)
