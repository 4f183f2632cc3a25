"""What headers and account say about a limit: every dialect that is about, and every way of getting it wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcamp_sync.api.allowance import Allowance
from callcamp_sync.api.hints import Hint, from_account, from_headers
from callcamp_sync.api.quota import Turn

NOW = datetime(2026, 5, 10, 9, tzinfo=UTC)
STAMP = int(NOW.timestamp())

HEADERS: list[Any] = [
    pytest.param(
        {"ratelimit-policy": '"default";q=100;w=60', "ratelimit": '"default";r=50;t=30'},
        Hint(limit=100, window=60, remaining=50, reset=30),
        id="the draft",
    ),
    pytest.param(
        {"ratelimit-policy": '"a";q=100;w=60, "b";q=10;w=1, "c";q=1000;w=3600'},
        Hint(limit=100, window=60),
        id="the tightest pace",
    ),
    pytest.param({"ratelimit": '"a";r=9;t=60, "b";r=2;t=1'}, Hint(remaining=2, reset=1), id="what is nearest to its end"),
    pytest.param({"ratelimit": "limit=100, remaining=50, reset=30"}, Hint(limit=100, remaining=50, reset=30), id="draft 07"),
    pytest.param({"ratelimit-policy": "100;w=60"}, Hint(limit=100, window=60), id="a bare number"),
    pytest.param(
        {"ratelimit-limit": "100, 100;w=60", "ratelimit-remaining": "7", "ratelimit-reset": "3"},
        Hint(limit=100, window=60, remaining=7, reset=3),
        id="draft 06 with a window",
    ),
    pytest.param(
        {"x-ratelimit-limit": "60", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(STAMP + 20)},
        Hint(limit=60, remaining=0, reset=20),
        id="an instant in seconds",
    ),
    pytest.param(
        {"x-rate-limit-remaining": "3", "x-rate-limit-reset": str((STAMP + 20) * 1000)},
        Hint(remaining=3, reset=20),
        id="in milliseconds, with another dash",
    ),
    pytest.param(
        {"x-ratelimit-remaining": "3", "x-ratelimit-reset": "Sun, 10 May 2026 09:00:05 GMT"},
        Hint(remaining=3, reset=5),
        id="a date",
    ),
    pytest.param(
        {
            "x-ratelimit-remaining": "3",
            "x-ratelimit-reset": str(STAMP + 500),
            "date": "Sun, 10 May 2026 09:08:00 GMT",
        },
        Hint(remaining=3, reset=20),
        id="by the server's own clock",
    ),
    pytest.param(
        {"x-ratelimit-remaining": "3", "x-ratelimit-reset": str(STAMP - 5)}, Hint(remaining=3, reset=0), id="one that is over"
    ),
    *(
        pytest.param(headers, None, id=f"nothing: {headers}")
        for headers in (
            {},
            {"retry-after": "3"},
            {"x-ratelimit-limit": "60"},
            {"x-ratelimit-remaining": "many", "x-ratelimit-reset": "soon"},
            {"x-ratelimit-remaining": "-1", "x-ratelimit-reset": "5"},
            {"x-ratelimit-remaining": "nan", "x-ratelimit-reset": "inf"},
            {"x-ratelimit-remaining": "5", "x-ratelimit-reset": "99999999"},
            {"ratelimit": "", "ratelimit-policy": ""},
            {"ratelimit-policy": '"a";q=0;w=0'},
            {"ratelimit": ";;==,,"},
        )
    ),
]


@pytest.mark.parametrize(("headers", "hint"), HEADERS)
def test_every_dialect_says_the_same(headers: dict[str, str], hint: Hint | None) -> None:
    assert from_headers(headers, now=NOW) == hint


@given(
    st.dictionaries(st.sampled_from(["ratelimit", "ratelimit-policy", "ratelimit-limit", "x-ratelimit-reset", "date"]), st.text())
)
def test_no_header_breaks_anything(headers: dict[str, str]) -> None:
    hint = from_headers(headers, now=NOW)
    assert hint is None or hint.rate is None or hint.rate > 0


@pytest.mark.parametrize(
    ("said", "rate"),
    [
        ({"rateLimit": {"limit": 5, "remaining": 5, "perSecond": 5.0}}, 5.0),
        ({"user": {"rate_limit": {"limit": 600, "window": 60}}}, 10.0),
        ({"user": {"client": {"rateLimits": {"api": {"requestsPerMinute": 300, "requestsPerSecond": 10}}}}}, 5.0),
        ({"usage": {"rate-limit": {"quota": "100", "periodSeconds": "10"}}}, 10.0),
        ({"quota": {"rpm": 6, "perDay": 100}}, 0.1),
    ],
)
def test_the_accounts_usage_is_found_whatever_holds_it(said: object, rate: float) -> None:
    hint = from_account(said)
    assert hint is not None
    assert hint.rate == pytest.approx(rate)


@pytest.mark.parametrize(
    "said",
    [
        *(None, [], "x", {}, {"limit": 5, "window": 1}),
        *({"rateLimit": value} for value in (None, 5, {"limit": True, "window": 1}, {"limit": 0, "window": 60})),
        *(
            {"rateLimit": value}
            for value in ({"perSecond": -1}, {"limit": 60}, {"limit": 60, "window": 3600}, {"perDay": 86_400})
        ),
    ],
)
def test_an_account_that_says_nothing_usable_says_nothing(said: object) -> None:
    assert from_account(said) is None


def turn(number: int, at: float = 0.0) -> Turn:
    return Turn(number, at, float("inf"))


def test_a_window_is_spent_evenly_over_the_time_that_is_left() -> None:
    allowance = Allowance()
    allowance.told(Hint(limit=60, remaining=30, reset=10), turn(1), 0.0)
    assert allowance.pace(turn(1), 0.0) == pytest.approx(3)
    assert allowance.pace(turn(11), 5.0) == pytest.approx(4)


def test_when_nothing_is_left_nobody_passes_before_the_reset() -> None:
    allowance = Allowance()
    allowance.told(Hint(limit=60, remaining=2, reset=10), turn(1), 0.0)
    assert allowance.opens_at(turn(2), 1.0) < 1
    assert allowance.opens_at(turn(3), 1.0) >= 10
    assert allowance.opens_at(turn(3), 10.1) < 10.1


def test_an_answer_to_an_earlier_request_says_nothing_new() -> None:
    allowance = Allowance()
    allowance.told(Hint(remaining=1, reset=10), turn(5), 0.0)
    allowance.told(Hint(remaining=9, reset=10), turn(4), 0.1)
    assert allowance.opens_at(turn(6), 0.2) >= 10


def test_a_bucket_whose_end_moves_is_taken_from_as_it_fills() -> None:
    """100 tokens, 5 a second: after a burst of 90, `remaining / reset` would say 10 / 18 a second."""
    allowance = Allowance()
    for number, left in enumerate((90, 50, 10), start=1):
        allowance.told(Hint(limit=100, remaining=left, reset=(100 - left) / 5), turn(number), number * 0.1)
    assert allowance.pace(turn(3), 0.4) == pytest.approx(5, rel=0.1)


def test_what_was_said_long_ago_counts_no_more() -> None:
    allowance = Allowance()
    allowance.told(Hint(limit=60, remaining=0, reset=10), turn(1), 0.0)
    assert allowance.pace(turn(2), 100.0) == float("inf")


def test_an_hours_store_is_no_pace_and_when_it_is_spent_one_a_minute_asks_again() -> None:
    allowance = Allowance()
    allowance.told(Hint(limit=5000, remaining=4000, reset=3000), turn(1), 0.0)
    assert allowance.pace(turn(2), 1.0) == float("inf")
    assert allowance.opens_at(turn(2), 1.0) < 1
    allowance.told(Hint(limit=5000, remaining=0, reset=2000), turn(3, at=1000.0), 1000.1)
    assert allowance.opens_at(turn(3), 1000.1) == 1060


def test_a_share_is_a_share_of_what_is_left() -> None:
    allowance = Allowance(share=0.5)
    allowance.told(Hint(limit=60, remaining=4, reset=10), turn(1), 0.0)
    assert allowance.opens_at(turn(2), 1.0) < 1
    assert allowance.opens_at(turn(3), 1.0) >= 10
