"""The gate in a time of its own: sleeping moves the clock, nothing waits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel
import pytest

from callcamp_sync.api.pace import Gate, Pace


class Clock:
    """Seconds that pass only by sleeping."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        await anyio.lowlevel.checkpoint()


async def request() -> None:
    """Something that takes long enough for the others to come to the gate."""
    for _ in range(20):
        await anyio.lowlevel.checkpoint()


def gate(clock: Clock, concurrency: int = 8, rate: float | None = None) -> Gate:
    return Gate(Pace(concurrency=concurrency, rate=rate), monotonic=clock.monotonic, sleep=clock.sleep)


@asynccontextmanager
async def turn(door: Gate) -> AsyncIterator[None]:
    """A turn whose request is answered well."""
    mine = await door.enter()
    try:
        yield
        door.accepted(mine)
    finally:
        door.leave()


async def most_at_once(door: Gate, clock: Clock, requests: int = 40) -> int:
    most = 0

    async def work() -> None:
        nonlocal most
        async with turn(door):
            most = max(most, door.pace.under_way)
            await request()
            clock.seconds += 0.001

    async with anyio.create_task_group() as group:
        for _ in range(requests):
            group.start_soon(work)
    return most


async def test_no_more_are_under_way_than_allowed() -> None:
    clock = Clock()
    assert await most_at_once(gate(clock, concurrency=3), clock) == 3


async def test_one_is_sent_alone_before_many_are_sent_at_once() -> None:
    """Its answer may say that the limit is small."""
    door, clock = gate(Clock(), concurrency=64), Clock()
    first = await door.enter()
    with anyio.move_on_after(0.01):
        await door.enter()
        pytest.fail("the second must wait for the first answer")
    door.accepted(first)
    door.leave()
    assert await most_at_once(door, clock) > 1


async def test_turns_come_in_the_order_in_which_they_were_asked_for() -> None:
    door, order = gate(Clock(), concurrency=2), []

    async def work(number: int) -> None:
        async with turn(door):
            order.append(number)
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(work, number)
    assert order == list(range(20))


async def test_a_rate_spaces_the_turns_evenly() -> None:
    clock = Clock()
    door, starts = gate(clock, rate=4.0), []
    for _ in range(5):
        async with turn(door):
            starts.append(clock.seconds)
    assert starts == [0, 0.25, 0.5, 0.75, 1.0]


async def test_time_that_was_not_used_is_not_caught_up() -> None:
    clock = Clock()
    door, starts = gate(clock, rate=1.0), []
    for idle in (0, 10, 0):
        clock.seconds += idle
        async with turn(door):
            starts.append(clock.seconds)
    assert starts == [0, 10, 11]


async def test_a_pause_holds_everybody() -> None:
    clock = Clock()
    door, starts = gate(clock), []
    door.pause(5)

    async def work() -> None:
        async with turn(door):
            starts.append(clock.seconds)

    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(work)
    assert starts == [5, 5, 5, 5]


async def test_a_shorter_pause_never_shortens_a_longer_one() -> None:
    clock = Clock()
    door = gate(clock)
    door.pause(5)
    door.pause(1)
    async with turn(door):
        assert clock.seconds == 5


async def test_a_pause_that_comes_while_one_waits_counts() -> None:
    clock = Clock()
    sleeps: list[float] = []

    async def sleep(seconds: float) -> None:
        sleeps.append(seconds)
        if len(sleeps) == 1:
            door.pause(7)
        await clock.sleep(seconds)

    door = Gate(Pace(concurrency=1), monotonic=clock.monotonic, sleep=sleep)
    door.pause(2)
    async with turn(door):
        assert clock.seconds == 7


async def test_a_turn_that_fails_is_given_back() -> None:
    door = gate(Clock(), concurrency=1)
    with pytest.raises(RuntimeError, match="broke"):
        async with turn(door):
            raise RuntimeError("broke")
    async with turn(door):
        assert door.pace.under_way == 1


async def test_one_that_stops_waiting_leaves_the_gate_usable() -> None:
    door = gate(Clock(), concurrency=1)
    async with turn(door):
        with anyio.move_on_after(0.01):
            async with turn(door):
                pytest.fail("there was no turn to have")
    with anyio.fail_after(1):
        async with turn(door):
            assert door.pace.under_way == 1


async def test_a_run_that_has_read_a_little_begins_to_write_with_eight_at_once() -> None:
    door = gate(clock := Clock(), concurrency=8)
    for _ in range(3):
        async with turn(door):
            clock.seconds += 0.05
    with anyio.move_on_after(0.01):
        for _ in range(9):
            await door.enter()
    assert door.pace.under_way == 8
