"""The simulator's own parts: keys instead of chance, a clock that jumps, a witness that reads what is durable."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from callcamp_sync.journal import FILE_NAME, Journal
from callcamp_sync.model import Step, StepKind
from callcamp_sync.sandbox.front import Heard
from callcamp_sync.sandbox.keyed import happens, pick, share, shuffled

from . import clockwork
from .clockwork import Clock
from .invariants import CODES, Finding
from .profiles import PROFILES, TIMING
from .witness import Witness


def test_a_key_gives_the_same_share_whenever_it_is_asked() -> None:
    assert [share(1, "PATCH", n) for n in range(5)] == [share(1, "PATCH", n) for n in range(5)]


def test_shares_are_evenly_spread() -> None:
    tenths = [int(share("spread", n) * 10) for n in range(10_000)]
    assert all(900 < tenths.count(tenth) < 1100 for tenth in range(10))


def test_rates_are_kept() -> None:
    assert 2_300 < sum(happens(0.25, "rate", n) for n in range(10_000)) < 2_700


def test_every_option_is_picked_and_nothing_is_lost_in_a_shuffle() -> None:
    assert {pick("abc", n) for n in range(50)} == set("abc")
    assert sorted(shuffled(range(20), 7)) == list(range(20)) != shuffled(range(20), 7)


def test_an_hour_of_waiting_takes_no_time_and_shows_on_the_clock() -> None:
    async def wait(clock: Clock) -> tuple[float, timedelta]:
        began, at = clock.monotonic(), clock.now()
        await anyio.sleep(3600)
        return clock.monotonic() - began, clock.now() - at

    seconds, told = clockwork.run(wait)
    assert seconds == pytest.approx(3600)
    assert told == pytest.approx(timedelta(hours=1), abs=timedelta(seconds=1))


def test_time_stands_still_while_a_thread_works() -> None:
    at: list[float] = []

    async def work(clock: Clock) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep, 50)
            await anyio.to_thread.run_sync(Path().exists)
            at.append(clock.monotonic())

    clockwork.run(work)
    assert at == [0]


def test_the_grace_period_is_longer_than_the_server_ever_takes() -> None:
    assert TIMING.latest < TIMING.grace


def test_profiles_have_names_of_their_own() -> None:
    assert len({profile.name for profile in PROFILES}) == len(PROFILES)


def test_findings_have_a_code_that_is_explained() -> None:
    assert Finding("duplicate", "").code in CODES


def _heard(phone: str) -> Heard:
    return Heard(1, 0.0, "main", 0, "POST", "orders", ("c",), {}, {}, {"record": {"phoneNumber": phone}}, phone, 1, 0)


async def test_the_witness_misses_an_intent_that_is_not_there_and_one_without_a_plan(tmp_path: Path) -> None:
    """The order of things: no journal, no intent, an intent whose step stands in no plan."""
    witness = Witness(tmp_path)
    assert witness.missing(_heard("+12015550123")) == "there is no journal"
    with Journal.open(tmp_path / FILE_NAME, clock=lambda: clockwork.EPOCH) as journal:
        journal.start_run(
            run_id="r",
            host="h",
            campaign="c",
            command="sync",
            version="0",
            plan_id=None,
            digests={},
            valid_rows=1,
            folder=None,
            who="w",
        )
        assert witness.missing(_heard("+12015550123")) == "no open intent for a POST of orders"
        await journal.intent("r", Step(id="create-2", kind=StepKind.CREATE, rows=(2,), phone="+12015550123"), 1)
        assert witness.missing(_heard("+12015550123")) == "the intent for a POST of orders stands in no plan"
        journal.save_plan("r", '{"steps": [{"id": "create-2"}]}')
        assert witness.missing(_heard("+12015550123")) is not None, "plans are read once a run"
        with closing(Witness(tmp_path)) as later:
            assert later.missing(_heard("+12015550123")) is None
    witness.close()
