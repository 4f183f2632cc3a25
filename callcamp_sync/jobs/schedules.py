"""Cron text with a zone: when a job is due, was due, and which times it missed. Pure: the clock is an argument.

In:  five fields of cron text, an IANA zone, a time. Out: aware datetimes in that zone.
cronsim reads the text: it follows Debian's cron, its rules at clock changes included.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

#: A job that began this long after it was due has begun on time: schedulers take turns, and a random delay is good manners.
TOLERANCE = timedelta(minutes=15)

#: Missed times are counted up to here.
MOST = 99


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a job is due. text: five fields. zone: IANA name. Made by `parse`."""

    text: str
    zone: str

    def after(self, moment: datetime) -> datetime | None:
        """The next time that is due, later than `moment`; null where there is none in 50 years."""
        return next(CronSim(self.text, moment.astimezone(ZoneInfo(self.zone))), None)

    def before(self, moment: datetime) -> datetime | None:
        """The last time that was due, `moment` itself included."""
        whole = moment.astimezone(ZoneInfo(self.zone)).replace(microsecond=0) + timedelta(seconds=1)
        return next(CronSim(self.text, whole, reverse=True), None)

    def missed(self, since: datetime, now: datetime) -> int:
        """How many times were due after `since` and up to `now` less TOLERANCE; MOST at most."""
        found = 0
        for due in CronSim(self.text, since.astimezone(ZoneInfo(self.zone))):
            if due > now - TOLERANCE or found == MOST:
                break
            found += 1
        return found

    @property
    def fields(self) -> Fields:
        """The times as sets of numbers."""
        read = CronSim(self.text, datetime(2000, 1, 1))  # noqa: DTZ001 - only the text is read
        days, weekdays = _whole(read.days, 31), _weekdays(read.weekdays)
        if not read.day_and and not (days and weekdays):
            days, weekdays = (), ()  # "every day of the month or Mondays" is every day
        return Fields(
            minutes=_whole(read.minutes, 60),
            hours=_whole(read.hours, 24),
            days=days,
            months=_whole(read.months, 12),
            weekdays=weekdays,
            plain=all(isinstance(day, int) and day >= 0 for day in (*read.days, *read.weekdays)),
            both=read.day_and,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """The times of a cron text as sorted numbers; () stands for every one. weekdays: 0 is Sunday.

    both: a day must fit days and weekdays; otherwise one of the two. plain: no L, LW or #, which other schedulers lack.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    plain: bool
    both: bool


def parse(text: str, zone: str) -> Schedule:
    """Raises ValueError, whose words say what to write."""
    if len(text.split()) != 5:
        raise ValueError("write five fields: minute, hour, day of the month, month, day of the week, such as `15 2 * * *`")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"`{zone}` is no time zone; write one such as `Europe/London`") from None
    try:
        CronSim(text, datetime(2000, 1, 1))  # noqa: DTZ001 - only the text is read
    except CronSimError as error:
        raise ValueError(f"cron text that cannot be read ({str(error).lower()}); write it such as `15 2 * * 1-5`") from None
    return Schedule(" ".join(text.split()), zone)


def _whole(numbers: set[int], size: int) -> tuple[int, ...]:
    return () if len(numbers) == size else tuple(sorted(numbers))


def _weekdays(numbers: set[int | tuple[int, int]]) -> tuple[int, ...]:
    days = {number % 7 for number in numbers if isinstance(number, int)}
    return () if len(days) == 7 else tuple(sorted(days))
