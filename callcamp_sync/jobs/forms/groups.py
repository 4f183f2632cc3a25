"""Jobs that are due together, and what every form of a schedule needs to know. Pure: no I/O."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import count

from callcamp_sync.errors import UsageError
from callcamp_sync.jobs.document import Job
from callcamp_sync.jobs.listing import scheduled
from callcamp_sync.jobs.schedules import Fields, Schedule

#: Exit 3 (rows were rejected or held, the others are done) is no failure of a night: the alerts tell it.
GOOD_ENOUGH = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where the jobs run. folder: the one with callcamp.toml. program: the path of callcamp-sync. state_dir: as set there."""

    folder: str
    program: str
    profile: str | None
    state_dir: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Jobs of one schedule. name: fit for the name of a unit or an object, each once; that of a single job, else made of the
    schedule.
    """

    name: str
    jobs: tuple[str, ...]
    schedule: Schedule

    @property
    def title(self) -> str:
        """The jobs in words."""
        return ", ".join(self.jobs)

    def words(self, site: Site) -> list[str]:
        """The command line, without the program."""
        profile = ["--profile", site.profile] if site.profile else []
        return ["jobs", "run", *self.jobs, "--no-input", *profile]

    def shell(self, site: Site, program: str | None = None) -> str:
        """The command line for a POSIX shell."""
        return shlex.join([program or site.program, *self.words(site)])


@dataclass(frozen=True, slots=True)
class File:
    """A file of a form."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was made. notices: sentences about what this scheduler does otherwise."""

    files: tuple[File, ...]
    notices: tuple[str, ...] = ()


def grouped(jobs: Sequence[Job]) -> tuple[list[Group], list[str]]:
    """The groups in the file's order, and the names of jobs that are in none."""
    by_name = {job.name: job for job in jobs}
    together: dict[Schedule, list[str]] = {}
    left = []
    for job in jobs:
        schedule = scheduled(job, by_name)
        if schedule is None:
            left.append(job.name)
        else:
            together.setdefault(schedule, []).append(job.name)
    groups: list[Group] = []
    for schedule, names in together.items():
        name = _free(_name(names, schedule), {group.name for group in groups})
        groups.append(Group(name=name, jobs=tuple(names), schedule=schedule))
    return groups, left


def _free(name: str, taken: Collection[str]) -> str:
    """The name, numbered where another group has it: two of one name would be one file, and one night would never come."""
    return next(free for number in count(1) if (free := name if number == 1 else f"{name}-{number}") not in taken)


def _name(names: Sequence[str], schedule: Schedule) -> str:
    if len(names) == 1:
        return names[0].lower().replace("_", "-").strip("-")
    text = schedule.text.lower().replace("*/", "every-").replace("*", "x")
    return re.sub(r"[^a-z0-9]+", "-", f"{text} {schedule.zone.lower()}").strip("-")


def plain_fields(group: Group, form: str, *, both: bool = False) -> Fields:
    """The times, for a form that knows nothing but numbers. both: whether it can ask for a day and a weekday at once.

    Raises UsageError where it would run at other times than cron does.
    """
    fields = group.schedule.fields
    if not fields.plain:
        raise UsageError(
            f"{form} has no `L` and no `#` as in `{group.schedule.text}`", hint="write days as numbers, or use another scheduler"
        )
    if fields.both and fields.days and fields.weekdays and not both:
        raise UsageError(
            f"{form} cannot ask for a day of the month and a day of the week at once, as `{group.schedule.text}` does",
            hint="leave one of the two `*`, or use cron or systemd",
        )
    return fields


def posix(fields: Fields) -> str:
    """Five fields in the form that every cron reads: numbers, lists, ranges; Sunday is 0."""
    parts = (fields.minutes, fields.hours, fields.days, fields.months, fields.weekdays)
    return " ".join(spans(numbers, "-") if numbers else "*" for numbers in parts)


def spans(numbers: Sequence[int], sign: str, form: str = "{}") -> str:
    """`1,3,5-9`: runs of three and more as a range. sign: stands in a range."""
    return ",".join(
        sign.join(form.format(end) for end in (run[0], run[-1])) if len(run) > 2 else ",".join(form.format(n) for n in run)
        for run in _runs(numbers)
    )


def _runs(numbers: Iterable[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs
