"""For the Windows Task Scheduler: one task a group, as XML for `schtasks /Create /XML`. A task that was missed is caught up.

A task has no zone but the machine's, and 48 triggers at most: times of a day that lie evenly become one trigger that repeats.
Rule source: Task Scheduler schema (MS-TSCH 2.5); the order of elements is that of a task which Windows exports.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from itertools import pairwise
from xml.etree import ElementTree as Xml

from callcamp_sync.errors import UsageError
from callcamp_sync.jobs.forms.groups import File, Group, Made, Site, plain_fields
from callcamp_sync.jobs.schedules import Fields

_SPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_MOST_TRIGGERS = 48
#: The day that triggers count from; any in the past will do.
_FIRST_DAY = "2026-01-01"


def form(groups: Sequence[Group], site: Site) -> Made:
    """One file a group."""
    files = tuple(File(f"callcamp-sync-{group.name}.xml", _task(group, site)) for group in groups)
    zones = ", ".join(sorted({group.schedule.zone for group in groups}))
    names = "; ".join(
        f'schtasks /Create /TN "callcamp-sync\\{group.name}" /XML callcamp-sync-{group.name}.xml' for group in groups
    )
    return Made(
        files=files, notices=(f"the machine's clock must be in the zone {zones}: a task knows no other", f"then: {names}")
    )


def _task(group: Group, site: Site) -> str:
    task = Xml.Element("Task", {"version": "1.2", "xmlns": _SPACE})
    about = Xml.SubElement(task, "RegistrationInfo")
    Xml.SubElement(about, "Description").text = f"callcamp-sync jobs: {group.title} ({group.schedule.zone})"
    triggers = Xml.SubElement(task, "Triggers")
    for trigger in _triggers(group):
        triggers.append(trigger)
    principal = Xml.SubElement(Xml.SubElement(task, "Principals"), "Principal", {"id": "Author"})
    Xml.SubElement(principal, "LogonType").text = "S4U"
    Xml.SubElement(principal, "RunLevel").text = "LeastPrivilege"
    settings = Xml.SubElement(task, "Settings")
    for name, value in (
        ("MultipleInstancesPolicy", "IgnoreNew"),
        ("DisallowStartIfOnBatteries", "false"),
        ("StopIfGoingOnBatteries", "false"),
        ("StartWhenAvailable", "true"),
        ("RunOnlyIfNetworkAvailable", "true"),
        ("Enabled", "true"),
        ("ExecutionTimeLimit", "PT12H"),
    ):
        Xml.SubElement(settings, name).text = value
    command = Xml.SubElement(Xml.SubElement(task, "Actions", {"Context": "Author"}), "Exec")
    Xml.SubElement(command, "Command").text = site.program
    Xml.SubElement(command, "Arguments").text = subprocess.list2cmdline(group.words(site))
    Xml.SubElement(command, "WorkingDirectory").text = site.folder
    Xml.indent(task)
    # Without an encoding in its head, and in ASCII, the file is read alike whatever it is saved as.
    text: str = Xml.tostring(task, encoding="us-ascii", xml_declaration=False).decode("ascii")
    return f'<?xml version="1.0"?>\n{text}\n'


def _triggers(group: Group) -> Iterator[Xml.Element]:
    fields = plain_fields(group, "the Task Scheduler")
    times = [hour * 60 + minute for hour in fields.hours or range(24) for minute in fields.minutes or range(60)]
    every = _even(times)
    if every is None and len(times) * len(_kinds(fields)) > _MOST_TRIGGERS:
        raise UsageError(
            f"`{group.schedule.text}` has {len(times)} times a day, and a task of Windows has {_MOST_TRIGGERS} triggers",
            hint="take fewer times, or such as lie evenly",
        )
    for kind in _kinds(fields):
        for time in times[:1] if every else times:
            # The repetition ends a minute after its last time, so that no day reaches into the next.
            lasting = times[-1] - times[0] + 1
            yield _trigger(time, (every, lasting) if every else None, fields, kind)


def _kinds(fields: Fields) -> list[str]:
    """By day of the month, by weekday, by both (either is enough), or daily."""
    kinds = (["days"] if fields.days or (fields.months and not fields.weekdays) else []) + (
        ["weekdays"] if fields.weekdays else []
    )
    if fields.weekdays and fields.months:
        raise UsageError("a weekly task of Windows knows no months", hint="leave months or weekdays `*`")
    return kinds or ["daily"]


def _even(times: list[int]) -> int | None:
    """Minutes between two times of a day, where three and more lie evenly."""
    steps = {later - earlier for earlier, later in pairwise(times)}
    return steps.pop() if len(times) > 2 and len(steps) == 1 else None


def _trigger(time: int, repeated: tuple[int, int] | None, fields: Fields, kind: str) -> Xml.Element:
    trigger = Xml.Element("CalendarTrigger")
    if repeated:
        repetition = Xml.SubElement(trigger, "Repetition")
        Xml.SubElement(repetition, "Interval").text = f"PT{repeated[0]}M"
        Xml.SubElement(repetition, "Duration").text = f"PT{repeated[1]}M"
    Xml.SubElement(trigger, "StartBoundary").text = f"{_FIRST_DAY}T{time // 60:02}:{time % 60:02}:00"
    Xml.SubElement(trigger, "Enabled").text = "true"
    if kind == "daily":
        Xml.SubElement(Xml.SubElement(trigger, "ScheduleByDay"), "DaysInterval").text = "1"
    elif kind == "weekdays":
        week = Xml.SubElement(trigger, "ScheduleByWeek")
        Xml.SubElement(week, "WeeksInterval").text = "1"
        days = Xml.SubElement(week, "DaysOfWeek")
        for day in fields.weekdays:
            Xml.SubElement(days, _DAYS[day])
    else:
        month = Xml.SubElement(trigger, "ScheduleByMonth")
        numbers = Xml.SubElement(month, "DaysOfMonth")
        for day in fields.days or range(1, 32):
            Xml.SubElement(numbers, "Day").text = str(day)
        names = Xml.SubElement(month, "Months")
        for number in fields.months or range(1, 13):
            Xml.SubElement(names, _MONTHS[number - 1])
    return trigger
