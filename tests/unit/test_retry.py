"""The verdicts as a table, waits, and when a run gives up."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from callcamp_sync.api.health import PATIENCE, ROUNDS, THROTTLE_PATIENCE, Budget, Health
from callcamp_sync.api.retry import LONGEST_WAIT, Verdict, delay, judge, retry_after

WRITES = ("POST", "PATCH", "DELETE")
NOW = datetime(2026, 5, 10, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize("method", ["GET", *WRITES])
@pytest.mark.parametrize(
    ("status", "maybe_sent", "readable", "verdicts"),
    [
        pytest.param(200, True, True, (Verdict.DONE, Verdict.DONE), id="an answer that keeps the contract is done"),
        pytest.param(201, True, True, (Verdict.DONE, Verdict.DONE), id="created is done"),
        pytest.param(200, True, False, (Verdict.REFUSED, Verdict.UNKNOWN), id="a 2xx off the contract proves no write"),
        pytest.param(None, False, True, (Verdict.RETRY, Verdict.RETRY), id="what never left us may be sent again"),
        pytest.param(None, True, True, (Verdict.RETRY, Verdict.UNKNOWN), id="a lost answer leaves a write unknown"),
        pytest.param(429, True, True, (Verdict.RETRY, Verdict.RETRY), id="throttled means not executed"),
        pytest.param(425, True, True, (Verdict.RETRY, Verdict.RETRY), id="too early means not executed"),
        pytest.param(408, True, True, (Verdict.RETRY, Verdict.UNKNOWN), id="a proxy's 408 proves no write"),
        pytest.param(500, True, True, (Verdict.RETRY, Verdict.UNKNOWN), id="500 proves no write"),
        pytest.param(502, True, True, (Verdict.RETRY, Verdict.UNKNOWN), id="502 proves no write"),
        pytest.param(503, True, True, (Verdict.RETRY, Verdict.UNKNOWN), id="503 proves no write"),
        pytest.param(504, True, True, (Verdict.RETRY, Verdict.UNKNOWN), id="504 proves no write"),
        pytest.param(301, True, True, (Verdict.REFUSED, Verdict.UNKNOWN), id="a redirect is not the API's answer"),
        pytest.param(307, True, True, (Verdict.REFUSED, Verdict.UNKNOWN), id="a redirect that keeps the method is not followed"),
        pytest.param(400, True, True, (Verdict.REFUSED, Verdict.REFUSED), id="400 is a no"),
        pytest.param(401, True, True, (Verdict.REFUSED, Verdict.REFUSED), id="401 is a no"),
        pytest.param(404, True, True, (Verdict.REFUSED, Verdict.REFUSED), id="404 is a no"),
        pytest.param(422, True, True, (Verdict.REFUSED, Verdict.REFUSED), id="422 is a no"),
    ],
)
def test_verdict(method: str, status: int | None, maybe_sent: bool, readable: bool, verdicts: tuple[Verdict, Verdict]) -> None:
    """verdicts: on a read, on a write."""
    assert judge(method, status, maybe_sent=maybe_sent, readable=readable) is verdicts[method != "GET"]


@pytest.mark.parametrize("method", WRITES)
def test_only_proof_of_no_execution_repeats_a_write(method: str) -> None:
    """Stated against the contract, not the code: of all statuses, 425 and 429 alone say that nothing was done."""
    repeated = {status for status in range(100, 600) if judge(method, status) is Verdict.RETRY}
    assert repeated == {425, 429}
    assert judge(method, None) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({}, None, id="absent"),
        pytest.param({"retry-after": "7"}, 7, id="seconds"),
        pytest.param({"retry-after": " 1.5 "}, 1.5, id="a fraction of a second"),
        pytest.param({"retry-after": "0"}, 0, id="zero"),
        pytest.param({"retry-after": "-3"}, 0, id="a negative number is now"),
        pytest.param({"retry-after": "99999999999"}, LONGEST_WAIT, id="absurdly long is clamped"),
        pytest.param({"retry-after": "inf"}, LONGEST_WAIT, id="infinite is clamped"),
        pytest.param({"retry-after": "nan"}, None, id="not a number"),
        pytest.param({"retry-after": "2, 5"}, 5, id="of two headers the longer wait"),
        pytest.param({"retry-after": "soon"}, None, id="words"),
        pytest.param({"retry-after": "Sun, 10 May 2026 14:30:20 GMT"}, 20, id="a date against our clock"),
        pytest.param(
            {"retry-after": "Sun, 10 May 2026 09:00:20 GMT", "date": "Sun, 10 May 2026 09:00:00 GMT"},
            20,
            id="a date against the server's own clock",
        ),
        pytest.param({"retry-after": "Sun, 10 May 2026 14:00:00 GMT"}, 0, id="a date that has passed is now"),
        pytest.param({"retry-after": "Sun, 99 May 2026 14:00:00 GMT"}, None, id="a date that does not exist"),
        pytest.param({"retry-after": "9" * 400}, LONGEST_WAIT, id="more digits than a float holds"),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, now=NOW) == seconds


def test_a_wait_that_the_server_asks_for_is_kept() -> None:
    assert delay(1, 7.0, random.Random(1)) == 7.0


def test_full_jitter_spreads_from_zero_to_a_doubling_ceiling() -> None:
    rng = random.Random(1)
    for attempt, ceiling in [(1, 0.5), (2, 1.0), (3, 2.0), (20, 8.0), (5000, 8.0)]:
        waits = [delay(attempt, None, rng) for _ in range(500)]
        assert 0 <= min(waits) < 0.05 * ceiling
        assert 0.95 * ceiling < max(waits) <= ceiling


def test_zero_seconds_does_not_make_us_hammer() -> None:
    assert max(delay(1, 0.0, random.Random(seed)) for seed in range(20)) > 0.2


@pytest.mark.parametrize(("sent", "retries"), [(0, 10), (100, 10), (1000, 100)])
def test_retries_are_a_tenth_of_the_requests_and_always_ten(sent: int, retries: int) -> None:
    budget = Budget()
    assert [budget.spend(sent) for _ in range(retries + 1)] == [True] * retries + [False]


def test_failures_one_after_the_other_end_in_a_server_that_is_gone() -> None:
    health = Health()
    for moment in range(ROUNDS - 1):
        health.failed("status 500", started=moment, now=moment + 0.5)
    assert health.gone is None
    health.failed("status 500", started=ROUNDS, now=ROUNDS + 0.5)
    assert health.gone is not None
    assert "status 500" in health.gone


def test_one_blip_over_sixteen_requests_in_flight_is_one_round() -> None:
    health = Health()
    for worker in range(16):
        health.failed("reset", started=0, now=1 + worker / 1000)
    assert (health.gone, health.rounds) == (None, 1)


def test_a_good_answer_starts_the_count_afresh() -> None:
    health = Health()
    for moment in range(100):
        health.failed("reset", started=moment, now=moment + 0.1)
        if moment % 5 == 4:
            health.succeeded()
    assert health.gone is None


def test_a_server_that_only_hangs_is_given_up_within_a_minute() -> None:
    health, now = Health(), 0.0
    while health.gone is None:
        seconds = health.seconds_for(30.0, now=now)
        health.failed("no answer", started=now, now=now + seconds)
        now += seconds
    assert PATIENCE <= now < 60


def test_one_volley_of_throttled_answers_is_one_round() -> None:
    """Else eight workers that are throttled together would wait as if the server had refused eight times in a row."""
    health = Health()
    for worker in range(8):
        health.throttled(started=0, now=1 + worker / 1000)
    assert health.throttled_rounds == 1
    health.throttled(started=2, now=3)
    assert health.throttled_rounds == 2
    health.succeeded()
    assert health.throttled_rounds == 0


def test_nothing_but_throttling_is_given_up_in_the_end() -> None:
    health = Health()
    health.throttled(started=0, now=1)
    health.throttled(started=1, now=THROTTLE_PATIENCE)
    assert health.gone is None
    health.throttled(started=1, now=THROTTLE_PATIENCE + 1)
    assert health.gone is not None
    assert "load" in health.gone
