"""A job at a worker: the same function as here, behind a gate that keeps to its share of the account's pace.

In:  a Parcel. Out: a JobResult, always. Runs in a worker's thread, in an event loop of its own; dask's loop carries its calls.
Rules: nobody passes the gate before a share was given, nor while the scheduler cannot be reached. A job that was begun before, on
a worker that was lost, waits for the campaign's lock, and for the grace of creates whose end nobody knows; then it converges as
every second run does. I/O: the network, the state folder, and all that a job does.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import anyio
from distributed import Worker, get_worker
from distributed.comm import CommClosedError

from callcamp_sync.api.client import open_gate
from callcamp_sync.api.pace import Gate
from callcamp_sync.bench import PACE_FOLDER
from callcamp_sync.cluster import witness
from callcamp_sync.cluster.bureau import Answer
from callcamp_sync.cluster.parcels import Parcel, at_home
from callcamp_sync.errors import ExitCode, LockedError, SyncError
from callcamp_sync.jobs import work
from callcamp_sync.jobs.work import Place, Task
from callcamp_sync.night import JobResult
from callcamp_sync.settings import Settings, token_of
from callcamp_sync.tally import Stop

#: Seconds between two looks at the gate, and between two calls when nothing changed; how long a part is kept that nobody uses:
#: a run that sends one request after the other is not to wait for its part before each.
_LOOK, _CALL, _KEPT = 0.02, 0.25, 0.3

#: Seconds that a lost worker's lock may take to be free: at once where its process died, later where only its machine is gone.
_LOCK_SECONDS, _LOCK_LOOK = 120.0, 1.0

#: Seconds after the grace period before the campaign is looked at again.
_MARGIN = 0.5


def work_off(parcel: Parcel) -> JobResult:
    """Do the job of a parcel; called by dask, in a thread of a worker."""
    return anyio.run(_Duty(parcel, get_worker()).done)


@dataclass(slots=True)
class _Duty:
    """One job at one worker. share: the part of the account's pace that the gate keeps to."""

    parcel: Parcel
    worker: Worker
    stop: Stop = field(default_factory=Stop)
    share: float = 0.0

    async def done(self) -> JobResult:
        """The result."""
        task = replace(self.parcel.task, settings=at_home(self.parcel.task.settings))
        blank = work.begun(task.job, task.settings.host, datetime.now(UTC), dry_run=task.dry_run)
        try:
            witness.check(task.settings.state_dir, self.parcel.seal)
            times = await self._call("callcamp_begin", night=self.parcel.night, job=self.parcel.job)
        except SyncError as error:
            return work.failed(blank, error)
        except OSError as error:  # dask's own connection errors are of this kind
            words = f"the scheduler cannot be reached: {error}; nothing was sent"
            return work.ended(blank, ExitCode.UNREACHABLE, code="cluster", message=words, hint="run the job again")
        with _gate(task.settings, self.parcel) as gate:
            gate.take(0)
            async with anyio.create_task_group() as group:
                group.start_soon(self._keep_to_share, gate)
                place = Place(gate=gate, agreed=self.parcel.agreed, stop=self.stop)
                made = await self._repeated(task, place, times) if times > 1 else await work.run_job(task, place)
                group.cancel_scope.cancel()
        with suppress(OSError):
            await self._call("callcamp_leave", account=self.parcel.agreed.account, job=self._job)
        return made

    @property
    def _job(self) -> str:
        return f"{self.parcel.night}-{self.parcel.job}"

    # --- the share ------------------------------------------------------------------------------------------------------

    async def _keep_to_share(self, gate: Gate) -> None:
        """Call in often enough, and at once when somebody comes to the gate, or when our part has become smaller."""
        told, due, wanted = False, 0.0, -math.inf
        while True:
            wanted = anyio.current_time() if gate.wanted else wanted
            wants = anyio.current_time() - wanted < _KEPT
            if wants != told or anyio.current_time() >= due:
                due = anyio.current_time() + (_LOOK if await self._called_in(gate, wants=wants) else _CALL)
                told = wants
            await anyio.sleep(_LOOK)

    async def _called_in(self, gate: Gate, *, wants: bool) -> bool:
        """Whether to call again at once: to say that we keep to less now, or because our part is not there yet."""
        held = self.share
        try:
            answer: Answer = await self._call(
                "callcamp_call_in",
                night=self.parcel.night,
                job=self._job,
                account=self.parcel.agreed.account,
                place=self.worker.address,
                holds=held,
                wants=wants,
            )
        except OSError:
            self._keep_to(gate, 0.0)
            return False
        self._keep_to(gate, answer["share"])
        if answer["stop"] is not None:
            reason, code = answer["stop"]
            self.stop.because(reason, ExitCode(code))
        return self.share < held or (wants and self.share == 0)

    def _keep_to(self, gate: Gate, share: float) -> None:
        if share != self.share:
            self.share = share
            gate.take(share)

    async def _call(self, name: str, **said: Any) -> Any:
        """One call to the scheduler, carried by dask's loop. Raises OSError where it cannot be reached."""

        async def called() -> Any:
            return await getattr(self.worker.scheduler, name)(**said)

        loop = self.worker.loop.asyncio_loop
        try:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(called(), loop))
        except CommClosedError as error:
            raise OSError(str(error)) from error

    # --- a second time --------------------------------------------------------------------------------------------------

    async def _repeated(self, task: Task, place: Place, times: int) -> JobResult:
        """The job once more, because the worker that had it was lost."""
        until = anyio.current_time() + _LOCK_SECONDS
        made = await self._until(lambda one: one.code != LockedError.code, task, place, until, _LOCK_LOOK)
        if made.counts.get("unknown"):
            grace = task.settings.grace_seconds + _MARGIN
            await self._rest(grace)
            if self.stop.reason is None:
                made = await work.run_job(task, place)
        said = f"a worker was lost on the way: the job was begun {times} times, and its counts are those of the last one"
        return replace(made, notices=(*made.notices, said))

    async def _until(
        self, fits: Callable[[JobResult], bool], task: Task, place: Place, until: float, seconds: float
    ) -> JobResult:
        made = await work.run_job(task, place)
        while not fits(made) and self.stop.reason is None and anyio.current_time() < until:
            await self._rest(seconds)
            made = await work.run_job(task, place)
        return made

    async def _rest(self, seconds: float) -> None:
        until = anyio.current_time() + seconds
        while self.stop.reason is None and anyio.current_time() < until:  # noqa: ASYNC110 - a Stop is a plain value
            await anyio.sleep(0.1)


def _gate(settings: Settings, parcel: Parcel) -> Any:
    try:
        token = token_of(settings)
    except SyncError:
        token = ""  # The job says so itself; nothing passes this gate.
    return open_gate(
        base_url=settings.base_url,
        token=token,
        concurrency=parcel.agreed.concurrency,
        rate=parcel.agreed.rate,
        folder=settings.state_dir / PACE_FOLDER if token else None,
    )
