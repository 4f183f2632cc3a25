"""What an export shows: times that an import reads as the same time, headings, values with their types."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcamp_sync.errors import UsageError
from callcamp_sync.export.view import chosen, columns_of, local_time, local_times, zones_of
from callcamp_sync.fields import FIELDS
from callcamp_sync.values.times import read_instant

BERLIN, LONDON, NEW_YORK = "Europe/Berlin", "Europe/London", "America/New_York"

TIMES = {
    "winter": ("2030-01-10T13:30:00Z", LONDON, "2030-01-10T13:30:00"),
    "summer": ("2030-05-10T13:30:00Z", LONDON, "2030-05-10T14:30:00"),
    "the day before, over there": ("2030-05-10T02:30:00Z", NEW_YORK, "2030-05-09T22:30:00"),
    "the first of two equal times keeps its offset": ("2031-10-26T00:30:00Z", BERLIN, "2031-10-26 02:30:00 +02:00"),
    "the second of two equal times keeps its offset": ("2031-10-26T01:30:00Z", BERLIN, "2031-10-26 02:30:00 +01:00"),
    "the first second behind them": ("2031-10-26T02:00:00Z", BERLIN, "2031-10-26T03:00:00"),
    "the first second behind a gap": ("2031-03-30T01:00:00Z", BERLIN, "2031-03-30T03:00:00"),
    "a fraction keeps its offset": ("2031-05-10T00:30:00.25Z", BERLIN, "2031-05-10 02:30:00.250000 +02:00"),
    "without a zone": ("2031-05-10T00:30:00Z", None, "2031-05-10 00:30:00 Z"),
    "no time at all": ("soon", BERLIN, "soon"),
    "a time of day without a date": ("14:30", BERLIN, "14:30"),
}


@pytest.mark.parametrize(("instant", "zone", "shown"), TIMES.values(), ids=TIMES)
def test_a_time_is_shown_on_the_rows_own_clock(instant: str, zone: str | None, shown: str) -> None:
    assert local_time(instant, zone) == shown


@given(
    moment=st.datetimes(min_value=datetime(1971, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - `timezones` adds it
    zone=st.sampled_from([BERLIN, LONDON, NEW_YORK, "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "UTC", None]),
    whole=st.booleans(),
)
def test_every_time_that_is_shown_is_read_as_the_same_time(moment: datetime, zone: str | None, *, whole: bool) -> None:
    """Judged by the import's own reader, with the zone that it will find in the row."""
    asked = moment.replace(microsecond=0) if whole else moment
    canonical = read_instant(asked.isoformat(), (), None)[0]
    assert canonical is not None
    assert read_instant(local_time(canonical, zone), (), zone)[0] == canonical


def test_times_keep_their_places() -> None:
    shown = local_times(pl.Series(["2030-05-10T13:30:00Z", None, "2030-05-10T13:30:00Z"]), pl.Series([LONDON, LONDON, None]))
    assert shown.to_list() == ["2030-05-10T14:30:00", None, "2030-05-10 13:30:00 Z"]


def test_the_zone_is_the_rows_own_where_it_is_known_else_the_campaigns() -> None:
    orders = pl.DataFrame({"have_scheduledTimeTimezone": [LONDON, None, "Mars/Olympus", "localtime"]})
    assert zones_of(orders, BERLIN).to_list() == [LONDON, BERLIN, BERLIN, BERLIN]
    assert zones_of(orders, None).to_list() == [LONDON, None, None, None]


SHOWN = columns_of(
    pl.DataFrame(schema=dict.fromkeys(["order_uuid", "phone", "status_wire", "have_scheduledTime", "calls"], pl.String)), FIELDS
)


def test_what_could_not_be_read_has_no_column() -> None:
    assert [shown.heading for shown in SHOWN] == ["Order ID", "Phone", "Status", "Scheduled time", "_Calls"]


def test_columns_are_chosen_by_heading_or_name_in_the_order_that_was_asked_for() -> None:
    assert [shown.name for shown in chosen(SHOWN, ["STATUS", "phone-number", "order id", "Status"])] == [
        "status",
        "phoneNumber",
        "order_uuid",
    ]


def test_a_column_that_there_is_not_is_named_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match="`Colour`") as raised:
        chosen(SHOWN, ["Status", "Colour"])
    assert "`Scheduled time`" in str(raised.value.hint)
