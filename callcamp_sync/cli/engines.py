"""Where work is done: in this process, or by dask (`--engine dask`), and what both commands that offer it say of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from callcamp_sync.errors import SettingsError, UsageError

if TYPE_CHECKING:
    from types import ModuleType

    from callcamp_sync.jobs.document import Job
    from callcamp_sync.jobs.shift import Crew
    from callcamp_sync.night import Night
    from callcamp_sync.preparing import Engine

    Nights: TypeAlias = Callable[[Sequence[Job], Crew], Awaitable[Night]]

EngineOpt = Annotated[str, typer.Option("--engine", help="local, or dask: processes of this machine, or a cluster.")]
SchedulerOpt = Annotated[
    str | None,
    typer.Option(
        "--scheduler", metavar="ADDRESS", help="A dask scheduler: tls://HOST:PORT or tcp://HOST:PORT.", show_default=False
    ),
]


def of_nights(engine: str, scheduler: str | None) -> Nights:
    """What runs a night. Raises UsageError for an engine that is none, SettingsError without the extra."""
    if uses_dask(engine, scheduler):
        return partial(_cluster(scheduler).run_night, scheduler=scheduler)
    from callcamp_sync.jobs.shift import run_night

    return run_night


def of_pieces(engine: str, scheduler: str | None, *, processes: int, memory: str | None) -> Engine:
    """What reads the pieces of a sheet. Raises as `of_nights`."""
    if uses_dask(engine, scheduler):
        made: Engine = _cluster(scheduler).Partitions(scheduler=scheduler, processes=processes, memory=memory)
        return made
    if memory is not None:
        raise UsageError("`--memory` needs `--engine dask`")
    from callcamp_sync.preparing import in_turn

    return in_turn


def uses_dask(engine: str, scheduler: str | None) -> bool:
    """Whether dask was asked for. Raises UsageError."""
    if engine not in ("local", "dask"):
        raise UsageError(f"`--engine {engine}` is neither `local` nor `dask`")
    if scheduler is not None and engine != "dask":
        raise UsageError("`--scheduler` needs `--engine dask`")
    return engine == "dask"


def _cluster(scheduler: str | None) -> ModuleType:
    try:
        from callcamp_sync import cluster
    except ImportError as error:
        raise SettingsError(
            "`--engine dask` needs the extra `cluster`", hint="install it: `pip install 'callcamp-sync[cluster]'`"
        ) from error
    cluster.check(scheduler)
    return cluster
