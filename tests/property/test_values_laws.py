"""Laws of values: canonical text is canonical for good, also by way of a server's JSON, and instants keep their moment."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from callcamp_sync.fields import Field, Home, Kind, to_json
from callcamp_sync.rules import Rule
from callcamp_sync.values import canonical, fold_status, read_column

KINDS = [kind for kind in Kind if kind is not Kind.PHONE]
WORDS = [
    "yes",
    "0",
    "GB",
    "usd",
    "UTC",
    "Europe/London",
    "Do Not Call",
    "cancel",
    "a@example.com",
    "2026-05-10",
    "2026-05-10T14:30Z",
]
numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**14), max_value=10**14, places=None).map(
    lambda number: format(number, "f")
)
cells = st.one_of(
    st.text(max_size=20),
    st.text("0123456789.,-+:TZe /", max_size=24),
    numbers.filter(lambda text: len(text) < 40),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.datetimes().map(str),
    st.sampled_from(WORDS),
)

FIRST, LAST = map(datetime.fromisoformat, ("1990-01-01", "2035-01-01"))
#: Days on which clocks go forward or back, in London, New York and on Lord Howe Island.
CHANGES = [datetime.fromisoformat(f"2026-{day}") for day in ("03-29", "10-25", "03-08", "11-01", "04-05", "10-04")]
minutes = st.integers(0, 240).map(lambda count: timedelta(minutes=count))


def whole_seconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def rule(kind: Kind, timezone: str | None = "America/New_York") -> Rule:
    return Rule(field=Field("parameters.x", kind, Home.PARAMETER, "X"), heading="X", timezone=timezone)


def printed(value: object) -> str:
    """A JSON value as the listing turns it into text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


@given(st.sampled_from(KINDS), st.lists(cells, max_size=8))
def test_a_value_stands_by_way_of_json_as_it_was_read(kind: Kind, texts: list[str]) -> None:
    read = read_column(pl.Series(texts, dtype=pl.String), rule(kind))["value"]
    values = [value for value in read.to_list() if value is not None]
    back = [printed(json.loads(json.dumps(to_json(kind, value)))) for value in values]
    assert canonical(pl.Series(back, dtype=pl.String), kind).to_list() == values


@given(st.sampled_from(list(Kind)), st.lists(cells, max_size=8))
def test_canonical_text_is_canonical(kind: Kind, texts: list[str]) -> None:
    once = canonical(pl.Series(texts, dtype=pl.String), kind)
    assert canonical(once, kind).to_list() == once.to_list()


@given(st.sampled_from(KINDS), st.lists(cells, max_size=8))
def test_a_cell_is_a_value_or_an_issue_and_only_blank_is_neither(kind: Kind, texts: list[str]) -> None:
    found = read_column(pl.Series(texts, dtype=pl.String), rule(kind))
    blank = pl.Series(texts, dtype=pl.String).str.strip_chars() == ""
    for (value, code, _), nothing in zip(found.rows(), blank, strict=True):
        assert (value is None) + (code is None) == (2 if nothing else 1)


@given(st.sampled_from(KINDS), st.lists(cells, max_size=8))
def test_what_was_read_reads_as_itself(kind: Kind, texts: list[str]) -> None:
    """An exported value, imported unedited, is no change."""
    values = read_column(pl.Series(texts, dtype=pl.String), rule(kind))["value"].drop_nulls()
    assert read_column(values, rule(kind))["value"].to_list() == values.to_list()


@given(numbers.filter(lambda text: len(text) < 40))
def test_a_number_keeps_its_value_to_fifteen_digits(text: str) -> None:
    value = read_column(pl.Series([text]), rule(Kind.NUMBER))["value"][0]
    assert value is not None
    assert abs(Decimal(value) - Decimal(text)) <= abs(Decimal(text)) * Decimal("1e-14")


@given(
    st.one_of(st.datetimes(FIRST, LAST), st.builds(datetime.__add__, st.sampled_from(CHANGES), minutes)).map(whole_seconds),
    st.sampled_from(["Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Sao_Paulo", "UTC"]),
)
def test_a_local_time_is_its_only_moment_or_an_issue(moment: datetime, zone: str) -> None:
    """Judged by walking every quarter of an hour of UTC around it and reading the zone's clock."""
    value, code, _ = read_column(pl.Series([str(moment)]), rule(Kind.INSTANT, zone)).row(0)
    utc = moment.replace(tzinfo=UTC)
    moments = [utc + timedelta(minutes=15 * step) for step in range(-60, 61)]
    shown = [at for at in moments if at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == moment]
    expected = {0: "time-nonexistent", 1: None}.get(len(shown), "time-ambiguous")
    assert code == expected
    assert value == (shown[0].strftime("%Y-%m-%dT%H:%M:%SZ") if expected is None else None)


@given(st.text(max_size=20))
def test_folding_a_status_twice_changes_nothing(text: str) -> None:
    assert fold_status(fold_status(text)) == fold_status(text)
