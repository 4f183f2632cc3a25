"""The pace against servers that limit rates, in virtual time. Laws and sanity only: the figures are in `make bench`."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from benchmarks.pacing import CASES, Case, lawful, relearned, run
from benchmarks.quota_servers import Bucket, Crowd, FixedWindow, Heard, Server, SlidingLog, Words, plain, policy, trial
from callcamp_sync.api.pace import Pace
from callcamp_sync.api.quota import Turn

BY_NAME = {case.name: case for case in CASES}


@pytest.mark.parametrize("case", [case for case in CASES if "100/s" not in case.name], ids=lambda case: case.name)
def test_most_of_what_a_server_allows_is_got_and_little_is_refused(case: Case) -> None:
    kept = run(case, seed=7)
    assert kept.got > 0.75
    assert kept.wasted < 0.05
    assert lawful(kept)


@pytest.mark.parametrize("seed", range(5))
def test_nobody_leaves_while_any_answer_asked_for_quiet(seed: int) -> None:
    """Judged from the pauses as the server asked for them, against every request that left."""
    kept = trial(SlidingLog(10, 1.0, costs=True), Pace(concurrency=16), seconds=60, seed=seed)
    assert len(kept.pauses) >= 3
    for at, _ in kept.sent:
        assert not any(begin < at < end - 1e-9 for begin, end in kept.pauses)


@pytest.mark.parametrize("rate", [2.0, 20.0, 90.0])
@pytest.mark.parametrize("share", [1.0, 0.25])
@pytest.mark.parametrize("words", [plain, policy], ids=["a silent server", "a server that offers more"])
def test_never_faster_than_the_rate_that_the_user_set(rate: float, share: float, words: Words) -> None:
    server = Bucket([(0, 1000)])
    kept = trial(server, Pace(concurrency=64, rate=rate, share=share, known=500.0), words=words, seconds=30)
    gaps = [later - at for (at, _), (later, _) in itertools.pairwise(kept.sent)]
    assert min(gaps) >= 1 / (rate * share) - 1e-9
    assert len(kept.sent) > 0.9 * rate * share * 30


def test_the_rate_that_the_user_set_wins_over_what_the_server_says_and_over_what_was_learned() -> None:
    """A server may say less than it allows: who names a rate has tried."""

    def little(server: Server, heard: Heard) -> Mapping[str, str]:
        return {"ratelimit-policy": '"a";q=1;w=1', "ratelimit": '"a";r=0;t=30'}

    kept = trial(Bucket([(0, 1000)]), Pace(concurrency=16, rate=20, known=2.0), words=little, seconds=20)
    assert len(kept.sent) == pytest.approx(400, rel=0.05)


def test_a_rate_of_the_user_that_is_too_high_still_slows_down_for_refusals() -> None:
    kept = trial(Bucket([(0, 10)]), Pace(concurrency=16, rate=40), seconds=120)
    assert kept.got > 0.9
    assert kept.wasted < 0.05


def test_one_cut_for_all_refusals_of_one_epoch() -> None:
    """Sixteen leave at once, sixteen are refused: that is one piece of news."""
    pace = Pace(concurrency=16)
    for number in range(40):
        turn = pace.leave(number * 0.05)
        pace.back()
        pace.accepted(turn, number * 0.05 + 0.04)
    turns = [pace.leave(2.0) for _ in range(16)]
    cuts = []
    for turn in turns:
        pace.throttled(turn, 2.1, 1.0)
        cuts.append((pace.quota.cuts, pace.quota.pace))
    assert set(cuts) == {(1, cuts[0][1])}
    after = pace.leave(3.2)
    pace.throttled(after, 3.3, 1.0)
    assert pace.quota.cuts == 2


def test_a_late_refusal_of_an_old_epoch_lengthens_the_pause_and_cuts_nothing() -> None:
    pace = Pace(concurrency=8)
    first = [pace.leave(0.0) for _ in range(8)]
    for turn in first[:6]:
        pace.accepted(turn, 0.1)
    pace.throttled(first[6], 0.1, 1.0)
    learned = pace.quota.pace
    pace.throttled(first[7], 0.9, 5.0)
    assert pace.quota.pace == learned
    for _ in first:
        pace.back()
    assert pace.wait(1.0) == pytest.approx(4.9)


def test_a_quota_that_falls_and_rises_is_learned_anew() -> None:
    kept = run(BY_NAME["bucket 20/s, then 5/s, then 100/s"], seed=4)
    assert relearned(kept, 100, 5) < 60
    assert relearned(kept, 200, 100) < 60


def test_a_server_that_says_its_limit_refuses_next_to_nothing() -> None:
    kept = run(BY_NAME["bucket 5/s, RateLimit headers"], seed=2)
    assert kept.refused == 0
    assert kept.got > 0.9


def test_a_server_without_a_limit_is_never_paced_and_soon_gets_all_workers() -> None:
    kept = trial(Crowd(10_000, 0.05), Pace(concurrency=64), seconds=3)
    assert {pace for _, pace in kept.sent} == {float("inf")}
    in_the_third_second = sum(2 <= at < 3 for at in kept.accepted)
    assert in_the_third_second > 0.85 * 64 / 0.09
    assert sum(at < 1 for at in kept.accepted) > 0.5 * in_the_third_second


def test_a_server_that_only_queues_is_not_sent_everything_at_once() -> None:
    """One that works on four at a time answers 64 no sooner: the window stays small."""
    pace, free_at, now, most = Pace(concurrency=64), 0.0, 0.0, 0
    waiting: list[tuple[float, Turn]] = []
    while now < 20:
        while pace.wait(now) <= 0:
            free_at = max(free_at, now) + 0.02
            waiting.append((free_at, pace.leave(now)))
            most = max(most, pace.under_way) if now > 10 else most
        now, turn = waiting.pop(0)
        pace.back()
        pace.accepted(turn, now)
    assert most <= 16


def test_what_an_earlier_run_learned_is_where_this_one_begins() -> None:
    new, old = (trial(Bucket([(0, 20)], 1), Pace(concurrency=16, known=known), seconds=8) for known in (None, 19.0))
    assert old.got > 0.85
    assert new.got < 0.5
    assert old.pace is not None
    assert old.pace.learned is None or old.pace.learned == pytest.approx(19, rel=0.1)


def test_several_processes_with_a_share_each_keep_to_the_limit_together() -> None:
    """Four that know the account's limit send a quarter each."""
    kept = trial(Bucket([(0, 20)], 5), Pace(concurrency=16, share=0.25, known=20.0), seconds=1.9)
    assert 4.5 * 1.9 <= len(kept.sent) <= 5.5 * 1.9 + 1


@dataclass
class Whim:
    """Refuses by chance, with and without words."""

    rng: random.Random
    share: float
    limit: float = 10.0
    window: float = 1.0

    def hear(self, now: float) -> Heard:
        return Heard(self.rng.random() > self.share, self.rng.choice([-1.0, 0.2, 2.0]), 3.0, 1.0)

    def allows(self, seconds: float) -> float:
        return seconds


@pytest.mark.parametrize("seed", range(5))
def test_the_rate_that_the_user_set_stands_also_after_refusals(seed: int) -> None:
    """What was cut climbs again, but not beyond."""
    kept = trial(Whim(random.Random(seed), 0.02), Pace(concurrency=8, rate=20), seconds=120, seed=seed)
    assert kept.refused > 5
    assert min(later - at for (at, _), (later, _) in itertools.pairwise(kept.sent)) >= 0.05 - 1e-9


@pytest.mark.parametrize("seed", range(20))
def test_whatever_a_server_does_requests_go_on_and_counts_add_up(seed: int) -> None:
    """The pace never stops and never falls to nothing."""
    rng = random.Random(seed)
    kept = trial(Whim(rng, rng.choice([0.01, 0.1, 0.5])), Pace(concurrency=8), seconds=120, seed=seed)
    assert len(kept.sent) > 20
    assert lawful(kept)
    assert kept.pace is not None
    assert 0 <= kept.pace.under_way <= 8


def test_a_fixed_window_that_says_nothing_is_spread_over_its_minute() -> None:
    kept = trial(FixedWindow(300, 60), Pace(concurrency=8), seconds=300)
    assert kept.got > 0.95
    assert kept.wasted < 0.03


def test_a_pace_that_nobody_sends_at_is_not_learned() -> None:
    """One request a second proves nothing about twenty."""
    pace = Pace(concurrency=8, known=10.0)
    for second in range(300):
        turn = pace.leave(float(second))
        pace.back()
        pace.accepted(turn, second + 0.1)
    assert pace.quota.pace == 10.0
