"""One pool of processes plays the scenarios while this one does the rest; whoever asks first waits for what is not done yet."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass

import pytest

from .batch import Summary, catch, processes, submit, summarize
from .broken import MISTAKES
from .invariants import Finding

#: Scenarios of `make test`; the long form plays as many as it is told.
SEEDS = 160

#: Scenarios that are played twice.
TWICE = 20

#: Seeds of its kind of day within which a broken client has to be caught.
MOST = 8


@dataclass(frozen=True, slots=True)
class Plays:
    """What the pool is working on."""

    pool: ProcessPoolExecutor
    scenarios: dict[int, Future[Summary]]
    again: dict[int, Future[Summary]]
    caught: dict[str, Future[tuple[int, Finding] | None]]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def plays() -> Iterator[Plays]:
    with processes(2) as pool:
        scenarios = submit(pool, range(SEEDS))
        again = {seed: pool.submit(summarize, seed) for seed in range(TWICE)}
        caught = {mistake.__name__: pool.submit(catch, mistake.__name__, MOST, best=True) for mistake in MISTAKES}
        yield Plays(pool, scenarios, again, caught)
