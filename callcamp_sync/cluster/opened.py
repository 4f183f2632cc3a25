"""A cluster to send work to: processes of this machine, or the scheduler at an address. Edge: processes, network.

In:  how many processes, or an address. Out: dask's client, connected, until the context ends.
Our own cluster listens on loopback behind TLS with a key that is made for it: whoever else works on this machine can neither read
what is sent nor send work. Imports dask; `check` says so before anything else does.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import dask
from distributed import Client, LocalCluster
from distributed.security import Security

from callcamp_sync import __version__
from callcamp_sync.errors import SettingsError, UnreachableError

#: What dask is told besides. Its web pages, which it cannot do without altogether, show nothing.
_QUIET = {
    "distributed.comm.timeouts.connect": "10s",
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}


def check(scheduler: str | None) -> None:
    """Raise SettingsError where the address is none."""
    if scheduler is not None and not scheduler.startswith(("tcp://", "tls://")):
        raise SettingsError(
            f"`{scheduler}` is not the address of a dask scheduler", hint="write `tls://host:8786`, or `tcp://host:8786`"
        )


def is_private(scheduler: str | None) -> bool:
    """Whether nobody else can read what is sent there."""
    return scheduler is None or scheduler.startswith("tls://")


@asynccontextmanager
async def opened(scheduler: str | None, *, processes: int, memory: str | None = None) -> AsyncIterator[Client]:
    """The client of a cluster. processes: of our own cluster, one thread each. memory: a limit for each of them, such as `2GB`.

    Raises SettingsError for an address that is none, UnreachableError where no scheduler answers.
    """
    check(scheduler)
    with dask.config.set(_QUIET):
        if scheduler is None:
            async with _own(processes, memory) as client:
                yield client
        else:
            async with _connected(scheduler) as client:
                yield client


@asynccontextmanager
async def _own(processes: int, memory: str | None) -> AsyncIterator[Client]:
    security = Security.temporary()
    with tempfile.TemporaryDirectory(prefix="callcamp-sync-") as scratch:
        async with (
            LocalCluster(
                n_workers=processes,
                threads_per_worker=1,
                processes=True,
                memory_limit=memory or 0,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
                preload=["callcamp_sync.cluster.deaf"],
                local_directory=scratch,
                protocol="tls",
                security=security,
                silence_logs=logging.CRITICAL,
                asynchronous=True,
            ) as cluster,
            Client(cluster, asynchronous=True, security=security) as client,
        ):
            yield client


@asynccontextmanager
async def _connected(scheduler: str) -> AsyncIterator[Client]:
    client = Client(scheduler, asynchronous=True, name="callcamp-sync")
    try:
        await client
    except (OSError, TimeoutError) as error:
        raise UnreachableError(
            f"no dask scheduler answers at `{scheduler}`", hint="start one with `dask scheduler`, or leave `--scheduler` out"
        ) from error
    try:
        await _same_version(client)
        yield client
    finally:
        await client.close()


async def _same_version(client: Client) -> None:
    """Two versions may read a sheet differently: which worker takes a job must not matter."""
    said = await client.run(_version)
    others = sorted({version for version in said.values() if version != __version__})
    if not said or others:
        words = (
            f"workers at `{client.scheduler.address}` have callcamp-sync {', '.join(others)}" if said else "no worker is there"
        )
        raise SettingsError(f"{words}; this is {__version__}", hint="start workers with the same version, then run again")


def _version() -> str:
    return __version__
