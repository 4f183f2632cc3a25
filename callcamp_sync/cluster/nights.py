"""A night whose jobs are done by workers: the same night, with another one to do each task.

In:  jobs, a Crew, where to send them. Out: the Night that `shift` writes down; history and news are kept here, and only here.
A job whose worker dies is sent to another one by dask, up to three times. Stopping sends nothing more, tells the jobs that run,
and waits for what they say. I/O: the network; whatever a night touches.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import anyio
from distributed import Client, Future, wait

from callcamp_sync import journal
from callcamp_sync.cluster import opened, witness
from callcamp_sync.cluster.bureau import Bureau
from callcamp_sync.cluster.duty import work_off
from callcamp_sync.cluster.parcels import Parcel, packed
from callcamp_sync.errors import ExitCode
from callcamp_sync.jobs import work
from callcamp_sync.jobs.document import Job
from callcamp_sync.jobs.shift import Crew
from callcamp_sync.jobs.shift import run_night as run_shift
from callcamp_sync.jobs.work import Place, Task
from callcamp_sync.night import JobResult, Night


async def run_night(jobs: Sequence[Job], crew: Crew, *, scheduler: str | None = None) -> Night:
    """Run the jobs on a cluster. scheduler: its address; null for processes of this machine, `parallel` of them.

    Raises what a night raises that cannot begin, and UnreachableError where there is no scheduler.
    """
    name = secrets.token_hex(4)
    state = Path.cwd() / crew.settings.state_dir
    async with opened.opened(scheduler, processes=crew.settings.parallel) as client:
        with witness.sealed(state, name) as seal:
            if scheduler is not None:
                journal.make_portable(state / journal.FILE_NAME)
                crew = replace(crew, settings=await _wide(crew, client))
            await client.register_plugin(Bureau())
            await client.scheduler.callcamp_open(night=name, client=client.id)
            sender = _Sender(client, name, seal, private=opened.is_private(scheduler))
            try:
                return await run_shift(jobs, replace(crew, worker=sender.send))
            finally:
                if client.status == "running":  # a scheduler that is gone has forgotten the night
                    with suppress(OSError):
                        await client.scheduler.callcamp_close(night=name)


async def _wide(crew: Crew, client: Client) -> Any:
    """As many jobs at once as the cluster has threads, where nobody said how many."""
    if "parallel" in crew.settings.model_fields_set:
        return crew.settings
    threads = sum((await client.nthreads()).values())
    return crew.settings.model_copy(update={"parallel": max(threads, 1)})


@dataclass(slots=True)
class _Sender:
    """What does a task: elsewhere. Its keys are numbers: they are seen by everybody who sees the cluster."""

    client: Client
    night: str
    seal: str
    private: bool
    numbers: Any = field(default_factory=count)

    async def send(self, task: Task, place: Place) -> JobResult:
        """Have the task done. Never raises but what cancels it from outside."""
        assert place.agreed is not None
        job = str(next(self.numbers))
        sent = packed(task, private=self.private, cwd=Path.cwd())
        parcel = Parcel(night=self.night, job=job, task=sent, agreed=place.agreed, seal=self.seal)
        blank = work.begun(task.job, task.settings.host, place.clock(), dry_run=task.dry_run)
        if self.client.status not in ("running", "connecting"):
            return await _lost(None, blank)
        future = self.client.submit(work_off, parcel, key=f"callcamp-{self.night}-{job}", pure=False)
        async with anyio.create_task_group() as group:
            group.start_soon(self._pass_on, place, f"{self.night}-{job}")
            with suppress(CancelledError):  # the scheduler is gone
                await wait(future)
            group.cancel_scope.cancel()
        made = await future if future.status == "finished" else await _lost(future, blank)
        made = _as_here(made, blank, Path.cwd(), place)
        return work.archive(made, task, place.clock())

    async def _pass_on(self, place: Place, job: str) -> None:
        """A signal reaches the job where it runs."""
        while place.stop.reason is None:  # noqa: ASYNC110 - a Stop is a plain value: signals, answers and clocks set it
            await anyio.sleep(0.1)
        said = {"reason": place.stop.reason, "code": int(place.stop.exit_code)}
        if self.client.status == "running":
            with suppress(OSError):
                await self.client.scheduler.callcamp_stop(night=self.night, job=job, **said)


def _as_here(made: JobResult, blank: JobResult, cwd: Path, place: Place) -> JobResult:
    """The result in the sender's own words: its clock, and its paths as they would stand there."""
    home = f"{cwd}/"
    return replace(
        made,
        started_at=blank.started_at,
        finished_at=place.clock(),
        source=made.source and made.source.removeprefix(home),
        folder=made.folder and made.folder.removeprefix(home),
    )


async def _lost(future: Future | None, blank: JobResult) -> JobResult:
    """The result of a job that no worker brought to an end."""
    error = await future.exception() if future is not None and future.status == "error" else None
    kind = type(error).__name__ if error is not None else "the scheduler is gone"
    return work.ended(
        blank,
        ExitCode.INCOMPLETE,
        code="cluster",
        message=f"no worker brought the job to an end ({kind}); what was sent is in the journal",
        hint="look at the workers' own logs (memory, machines), then run the job again",
    )
