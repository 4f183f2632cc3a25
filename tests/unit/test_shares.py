"""Shares of an account's limit: whoever asks and whenever, what may be in use is never more than all of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from callcamp_sync.api.hints import Hint
from callcamp_sync.api.pace import Gate, Pace
from callcamp_sync.cluster.bureau import Bureau
from callcamp_sync.cluster.duty import _Duty
from callcamp_sync.cluster.shares import Shares

JOBS = ("a", "b", "c", "d")


class Office(RuleBasedStateMachine):
    """Jobs that ask in any order, apply what they heard later or never, end, and lose their workers."""

    def __init__(self) -> None:
        super().__init__()
        self.shares = Shares()
        self.holds: dict[str, float] = {}
        self.heard: dict[str, float] = {}

    @rule(job=st.sampled_from(JOBS), wants=st.booleans())
    def asks(self, job: str, *, wants: bool) -> None:
        """The answer is heard; the part is kept to a little later."""
        given_ = self.shares.ask("account", job, place=f"at-{job}", holds=self.holds.get(job, 0.0), wants=wants)
        self.holds.setdefault(job, 0.0)
        self.heard[job] = given_

    @rule(job=st.sampled_from(JOBS))
    def applies(self, job: str) -> None:
        if job in self.heard:
            self.holds[job] = self.heard[job]

    @rule(job=st.sampled_from(JOBS))
    def ends(self, job: str) -> None:
        self.shares.leave("account", job)
        self.holds.pop(job, None)
        self.heard.pop(job, None)

    @rule(job=st.sampled_from(JOBS))
    def dies(self, job: str) -> None:
        self.shares.lose(f"at-{job}")
        self.holds.pop(job, None)
        self.heard.pop(job, None)

    @invariant()
    def never_more_than_all(self) -> None:
        assert sum(self.holds.values()) <= 1 + 1e-9
        assert self.shares.used("account") <= 1 + 1e-9


TestOffice: Any = Office.TestCase


@dataclass
class Worker:
    """A job that applies at once what it hears."""

    shares: Shares
    name: str
    holds: float = 0.0

    def asks(self, *, wants: bool = True) -> float:
        self.holds = self.shares.ask("account", self.name, place=f"at-{self.name}", holds=self.holds, wants=wants)
        return self.holds


@given(st.integers(1, 6))
def test_whoever_wants_to_send_soon_has_an_even_part(count: int) -> None:
    shares = Shares()
    workers = [Worker(shares, f"w{number}") for number in range(count)]
    for _ in range(3):
        for worker in workers:
            worker.asks()
    assert [worker.holds for worker in workers] == [pytest.approx(1 / count)] * count


def test_who_does_not_send_leaves_its_part_to_the_others() -> None:
    shares = Shares()
    one, two = Worker(shares, "one"), Worker(shares, "two")
    assert one.asks() == 1
    assert two.asks() == 0  # the other one has to make room first
    assert one.asks() == 0.5
    assert two.asks() == 0
    one.asks()
    assert two.asks() == 0.5
    two.asks(wants=False)
    two.asks(wants=False)
    assert one.asks() == 1


def test_a_lost_worker_holds_nothing() -> None:
    shares = Shares()
    one, two = Worker(shares, "one"), Worker(shares, "two")
    one.asks()
    shares.lose("at-one")
    assert two.asks() == 1


def test_a_job_of_a_night_that_is_gone_is_to_stop() -> None:
    bureau = Bureau()
    bureau.callcamp_open(night="n", client="c")
    assert (bureau.callcamp_begin(night="n", job="0"), bureau.callcamp_begin(night="n", job="0")) == (1, 2)
    call_in = partial(bureau.callcamp_call_in, night="n", job="n-0", account="a", place="p", holds=0.0, wants=True)
    assert call_in()["stop"] is None
    bureau.callcamp_stop(night="n", job="n-0", reason="interrupted", code=130)
    assert call_in()["stop"] == ("interrupted", 130)
    bureau.remove_client(None, "c")
    assert call_in()["stop"] == ("whoever sent the job is gone", 130)


@dataclass
class Clock:
    """Time that passes when somebody sleeps."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


async def test_a_gate_passes_at_its_part_of_the_rate_and_not_at_all_without_one() -> None:
    clock = Clock()
    gate = Gate(Pace(concurrency=8, rate=10.0), monotonic=clock.monotonic, sleep=clock.sleep)

    async def passes(count: int) -> float:
        began = clock.now
        for _ in range(count):
            await gate.enter()
            gate.leave()
        return clock.now - began

    await passes(1)
    assert await passes(10) == pytest.approx(1.0)
    gate.take(0.5)
    await passes(1)
    assert await passes(10) == pytest.approx(2.0)
    gate.take(0)
    assert gate.pace.wait(clock.now) == float("inf")
    gate.take(0.25)
    await passes(1)
    assert await passes(10) == pytest.approx(4.0)
    assert gate.pace.window.most == 2


def test_what_is_known_of_the_whole_limit_outlives_a_change_of_the_part() -> None:
    pace = Pace(concurrency=8, known=40.0)
    assert pace.pace(0.0) == pytest.approx(40.0)
    pace.take(0.5)
    assert pace.pace(0.0) == pytest.approx(20.0)
    pace.take(0)
    pace.take(1.0)
    assert pace.pace(0.0) == pytest.approx(40.0)
    said = Pace(concurrency=8)
    turn = said.leave(0.0)
    said.told(Hint(limit=10.0, window=1.0), turn, 0.1)
    whole = said.pace(0.2)
    said.take(0.25)
    assert said.pace(0.2) == pytest.approx(whole / 4)
    assert said.learned == pytest.approx(10.0)


async def test_a_worker_keeps_its_gate_to_what_the_scheduler_says_and_shuts_it_when_that_is_out_of_reach() -> None:
    parcel: Any = SimpleNamespace(night="n", job="0", agreed=SimpleNamespace(account="a"))
    worker: Any = SimpleNamespace(address="at")
    said: list[dict[str, Any]] = []
    answers: list[Any] = [{"share": 0.5, "stop": None}, {"share": 0.25, "stop": ("interrupted", 130)}, OSError("gone")]

    class Told(_Duty):
        async def _call(self, name: str, **words: Any) -> Any:
            said.append(words)
            answer = answers.pop(0)
            if isinstance(answer, OSError):
                raise answer
            return answer

    clock = Clock()
    gate = Gate(Pace(concurrency=8, rate=40.0), monotonic=clock.monotonic, sleep=clock.sleep)
    gate.take(0)
    duty = Told(parcel, worker)
    assert not await duty._called_in(gate, wants=True)
    assert gate.pace.pace(0.0) == pytest.approx(20.0)
    assert await duty._called_in(gate, wants=True)  # to say at once that it keeps to less
    assert gate.pace.pace(0.0) == pytest.approx(10.0)
    assert duty.stop.reason == "interrupted"
    assert not await duty._called_in(gate, wants=True)
    assert gate.pace.closed
    assert [words["holds"] for words in said] == [0.0, 0.5, 0.25]
