"""For systemd: a service and a timer for each group. Persistent: what was due while the machine was off is done when it is on
again.

Rule source: systemd.time(7), systemd.timer(5), systemd.service(5), systemd.syntax(7).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from callcamp_sync.jobs.forms.groups import GOOD_ENOUGH, File, Group, Made, Site, plain_fields, spans
from callcamp_sync.jobs.schedules import Fields

_DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")

_SERVICE = """\
[Unit]
Description=callcamp-sync jobs: {title}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
WorkingDirectory={folder}
ExecStart={command}
# Settings and secrets, such as CALLCAMP_TOKEN_FILE=; may be missing.
EnvironmentFile=-/etc/callcamp-sync.env
# Rows were rejected or held, all else is done.
SuccessExitStatus={good}
# After SIGTERM what is under way ends and the report is written.
TimeoutStopSec=120
NoNewPrivileges=true
PrivateTmp=true
UMask=0077
"""

_TIMER = """\
[Unit]
Description=When callcamp-sync runs: {title}

[Timer]
{calendar}
Persistent=true
RandomizedDelaySec=5min
AccuracySec=1min
Unit={unit}.service

[Install]
WantedBy=timers.target
"""


def form(groups: Sequence[Group], site: Site) -> Made:
    """Two units a group, for /etc/systemd/system or ~/.config/systemd/user."""
    files: list[File] = []
    for group in groups:
        unit = f"callcamp-sync-{group.name}"
        title = group.title.replace("%", "%%")
        calendar = "\n".join(f"OnCalendar={line} {group.schedule.zone}" for line in calendars(group))
        command = " ".join(_quoted(word) for word in [site.program, *group.words(site)])
        folder = site.folder.replace("%", "%%")
        service = _SERVICE.format(title=title, folder=folder, command=command, good=GOOD_ENOUGH)
        timer = _TIMER.format(title=title, calendar=calendar, unit=unit)
        files += [File(f"{unit}.service", service), File(f"{unit}.timer", timer)]
    timers = " ".join(file.name for file in files if file.name.endswith(".timer"))
    return Made(files=tuple(files), notices=(f"copy them to /etc/systemd/system, then: systemctl enable --now {timers}",))


def calendars(group: Group) -> list[str]:
    """The times as OnCalendar has them, without the zone. systemd wants day and weekday at once; cron's "or" is two lines."""
    fields = plain_fields(group, "systemd", both=True)
    if fields.days and fields.weekdays and not fields.both:
        return [_calendar(fields, days=fields.days, weekdays=()), _calendar(fields, days=(), weekdays=fields.weekdays)]
    return [_calendar(fields, days=fields.days, weekdays=fields.weekdays)]


def _calendar(fields: Fields, *, days: tuple[int, ...], weekdays: tuple[int, ...]) -> str:
    named = ",".join(_DAYS[day] for day in weekdays)
    date = f"*-{_numbers(fields.months)}-{_numbers(days)}"
    time = f"{_numbers(fields.hours)}:{_numbers(fields.minutes)}:00"
    return " ".join(part for part in (named, date, time) if part)


def _numbers(numbers: tuple[int, ...]) -> str:
    return spans(numbers, "..", "{:02}") if numbers else "*"


def _quoted(word: str) -> str:
    """A word of ExecStart: no specifier, no variable, no white space that would part it."""
    word = word.replace("%", "%%").replace("$", "$$")
    if re.fullmatch(r"[\w./%$@:+=-]+", word):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
