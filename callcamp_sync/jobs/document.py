"""`callcamp.toml`: `[defaults]` and `[[job]]`, read, checked and told apart from settings. Edge: reads the file.

In:  the project's folder. Out: the jobs in the file's order, or SettingsError with the line and what was probably meant.
A job is a command that somebody wrote down: its keys stand for that command's flags, so they are stronger than environment and
files, and weaker than what is typed after `jobs run`. Keys of `[defaults]` are those of every job that does not say otherwise.
Rule source: issue 6, item 1.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from callcamp_sync.errors import SettingsError
from callcamp_sync.jobs.lines import line_of
from callcamp_sync.jobs.schedules import Schedule, parse
from callcamp_sync.settings import Folder, Settings, Span, load
from callcamp_sync.settings_layers import PROJECT_FILE, Found, nearest, refuse_exposed

#: Settings that are no business of one job: the token never stands among flags, and all jobs share one state folder.
_SHARED = ("token", "state_dir", "profile", "timeout", "log_format", "parallel", "retention", "metrics_file")
_SETTINGS = tuple(name for name in Settings.model_fields if name not in _SHARED)
#: Keys of a job that make no sense for all of them.
_OWN = ("name", "source", "output", "campaign", "after")


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,47}", text):
        raise ValueError("use letters, digits, `-` and `_`, at most 48 of them")
    return text


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_several)]


class Job(BaseModel):
    """One job. source: a path or glob, with `#Sheet` behind it where needed; output: of an export; exactly one of the two.

    campaign: null for the mapping's. archive: a folder that the source is moved to after success. timeout: seconds for the whole
    job. after: jobs that must have done their work before, where they are part of the same run. settings: key -> value and
    origin. status, columns, since, calls, format, csv_dialect: of an export, as its flags.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, arbitrary_types_allowed=True)

    name: Annotated[str, AfterValidator(_name)]
    source: str | None = Field(default=None, min_length=1)
    output: Folder | None = None
    campaign: str | None = Field(default=None, min_length=1)
    mapping: Folder | None = None
    archive: Path | None = None
    schedule: str | None = None
    timezone: str = "UTC"
    timeout: Span | None = None
    after: Names = ()
    profile: str | None = None
    status: Names = ()
    columns: Names = ()
    since: str | None = None
    calls: bool = False
    format: str | None = None
    csv_dialect: str = "excel"
    settings: dict[str, Found] = Field(default_factory=dict)

    @property
    def kind(self) -> str:
        """sync or export."""
        return "export" if self.output is not None else "sync"

    @property
    def due(self) -> Schedule | None:
        """When it is due; null without a schedule."""
        return parse(self.schedule, self.timezone) if self.schedule else None

    @property
    def target(self) -> str:
        """The campaign in words."""
        return self.campaign or (f"that of {self.mapping}" if self.mapping else "none")

    def load(self, flags: Mapping[str, object], *, profile: str | None = None, project: Path | None = None) -> Settings:
        """The settings of this job. flags: what was typed. Raises SettingsError."""
        return load(flags, profile=profile or self.profile, project=project, job=self.settings)


_KEYS = tuple(name for name in Job.model_fields if name != "settings")


def read_jobs(project: Path) -> list[Job]:
    """The jobs of the folder's `callcamp.toml`, in its order. Raises SettingsError: no file, no job, anything wrong in it."""
    path = project / PROJECT_FILE
    try:
        with path.open(encoding="utf-8") as file:
            text, status = file.read(), os.fstat(file.fileno())
        values = tomllib.loads(text)
    except FileNotFoundError:
        raise SettingsError(
            f"there is no `{path}`, so there are no jobs", hint="write `[[job]]` there: see docs/nightly.md"
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        words = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)
        raise SettingsError(f"`{path}` cannot be read: {words}", hint="correct the file") from None
    made = _Reader(path, text).jobs(values)
    for table in (values.get("defaults", {}), *values["job"]):
        refuse_exposed(path, status, table)
    return made


def chosen(jobs: Sequence[Job], names: Sequence[str]) -> list[Job]:
    """The jobs of these names, in the file's order; all where none is named. Raises SettingsError for a name that no job has."""
    known = [job.name for job in jobs]
    for name in names:
        if name not in known:
            close = nearest(name, known)
            hint = f"did you mean `{close}`?" if close else f"the jobs are: {', '.join(known)}"
            raise SettingsError(f"there is no job `{name}`", hint=hint)
    return [job for job in jobs if not names or job.name in names]


class _Reader:
    """One file being read: what every message needs."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text

    def jobs(self, values: Mapping[str, Any]) -> list[Job]:
        """Every job, checked alone and together."""
        defaults = values.get("defaults", {})
        entries = values.get("job", [])
        if not isinstance(defaults, dict):
            raise self._wrong("`defaults` is not a table", "defaults", "write `[defaults]`")
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise self._wrong("`job` is not a list of tables", "job", "write `[[job]]` before each job")
        if not entries:
            raise SettingsError(f"`{self._path}` has no job", hint="write `[[job]]` there: see docs/nightly.md")
        shared = tuple(key for key in _KEYS if key not in _OWN)
        self._known(defaults, (*shared, *_SETTINGS), "`[defaults]`", "defaults")
        jobs = [self._job(entry, nth, defaults) for nth, entry in enumerate(entries)]
        self._together(jobs)
        return jobs

    def _job(self, entry: Mapping[str, Any], nth: int, defaults: Mapping[str, Any]) -> Job:
        label = f"the job `{entry['name']}`" if isinstance(entry.get("name"), str) else f"job {nth + 1}"
        self._known(entry, (*_KEYS, *_SETTINGS), label, "job", nth)
        own = {key: defaults[key] for key in defaults if key in _KEYS} | {key: entry[key] for key in entry if key in _KEYS}
        settings: dict[str, Found] = {}
        for table, values, words in (("defaults", defaults, "`[defaults]`"), ("job", entry, label)):
            for key in values.keys() & set(_SETTINGS):
                settings[key] = Found(values[key], f"`{key}` of {words} in `{self._path}`{self._line(table, key, nth)}")
        try:
            job = Job.model_validate({**own, "settings": settings})
        except ValidationError as error:
            problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
            key = str(problem["loc"][0])
            table = "job" if key in entry or key not in defaults else "defaults"
            hint = re.sub(r"^Input", "the value", problem["msg"].removeprefix("Value error, "))
            words = (
                f"{label} has no `{key}`" if problem["type"] == "missing" else f"the value of `{key}` of {label} is not usable"
            )
            raise self._wrong(words, table, hint, None if problem["type"] == "missing" else key, nth) from None
        return self._sound(job, label, nth)

    def _sound(self, job: Job, label: str, nth: int) -> Job:
        """What one key says of another."""
        if (job.source is None) == (job.output is None):
            words = "both `source` and `output`" if job.source else "neither `source` nor `output`"
            raise self._wrong(f"{label} has {words}", "job", "a sync names its `source`, an export its `output`", None, nth)
        if job.campaign is None and (job.mapping is None or job.output is not None):
            raise self._wrong(f"{label} names no campaign", "job", 'write `campaign = "…"`, the name or the id', None, nth)
        if job.archive is not None and job.output is not None:
            raise self._wrong(f"{label} is an export and has nothing to archive", "job", "leave `archive` out", "archive", nth)
        try:
            if job.schedule is not None:
                parse(job.schedule, job.timezone)
        except ValueError as error:
            raise self._wrong(f"the schedule of {label} is not usable", "job", str(error), "schedule", nth) from None
        return job

    def _together(self, jobs: Sequence[Job]) -> None:
        names = [job.name for job in jobs]
        for nth, job in enumerate(jobs):
            if names.index(job.name) != nth:
                raise self._wrong(f"two jobs are called `{job.name}`", "job", "give each its own name", "name", nth)
            for other in job.after:
                if other not in names or other == job.name:
                    close = nearest(other, [name for name in names if name != job.name])
                    hint = f"did you mean `{close}`?" if close else "name another job of this file"
                    raise self._wrong(
                        f"the job `{job.name}` comes after `{other}`, which is no other job", "job", hint, "after", nth
                    )
        circle = circular({job.name: job.after for job in jobs})
        if circle:
            raise self._wrong(f"the jobs wait for each other: {' → '.join(circle)}", "job", "take one `after` out")

    def _known(self, table: Iterable[str], known: Sequence[str], label: str, name: str, nth: int = 0) -> None:
        for key in table:
            if key in known:
                continue
            close = nearest(key, known)
            hint = f"did you mean `{close}`?" if close else "the keys are in docs/nightly.md"
            if key in _SHARED:
                hint = "it is one for all jobs: write it at the top of the file, or into the environment"
            raise self._wrong(f"{label} has the key `{key}`, which is none", name, hint, key, nth)

    def _line(self, table: str, key: str | None, nth: int) -> str:
        line = line_of(self._text, table, key, nth if table == "job" else 0)
        return f", line {line}" if line else ""

    def _wrong(self, words: str, table: str, hint: str, key: str | None = None, nth: int = 0) -> SettingsError:
        return SettingsError(f"`{self._path}`{self._line(table, key, nth)}: {words}", hint=hint)


def circular(after: Mapping[str, Sequence[str]]) -> list[str]:
    """A circle of jobs that wait for each other, its first name repeated at the end; [] where there is none."""
    settled: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name not in settled:
            for other in after.get(name, ()):
                if found := walk(other, [*path, name]):
                    return found
            settled.add(name)
        return []

    return next((found for name in after if (found := walk(name, []))), [])
