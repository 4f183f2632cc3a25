"""A task on its way to a worker: absolute paths, and no secret more than it needs.

In:  a Task, what its account agreed on, whether the way is private. Out: a Parcel, picklable.
Rules: the token travels inside the task, and only where nobody else can read it: to the cluster of this very call, whose
connections are encrypted with a key made for it, or to a scheduler with `tls://`. To any other the worker needs a token of its
own, in its environment. It stands in no key, no name and no argument, and a Parcel shows nothing of itself. Addresses of people
who are told of a night never travel.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from callcamp_sync.errors import SyncError
from callcamp_sync.jobs.work import Agreed, Task
from callcamp_sync.settings import Settings, token_of

#: Where a worker may have a token and a proxy of its own.
_TOKEN, _PROXY = "CALLCAMP_TOKEN", "CALLCAMP_PROXY"

_TOLD = {"webhook": None, "notify_command": None, "notify_urls": (), "ping": None, "metrics_file": None}
_TOKENS = ("token", "token_file", "token_command", "token_keyring")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What a worker gets. night, job: numbers that mean nothing outside. seal: see witness.py."""

    night: str
    job: str
    task: Task = field(repr=False)
    agreed: Agreed = field(repr=False)
    seal: str = field(repr=False)


def packed(task: Task, *, private: bool, cwd: Path) -> Task:
    """The task as it travels. Its source stays where it is when the job is done: whoever takes the result archives it."""
    job = task.job
    source = None if job.source is None else str(cwd / Path(job.source).expanduser())
    paths = {"mapping": job.mapping, "output": job.output}
    here: dict[str, Any] = {name: cwd / path.expanduser() for name, path in paths.items() if path is not None}
    return Task(
        job=job.model_copy(update={**here, "source": source, "archive": None, "settings": {}}),
        settings=_settings(task.settings, private=private, cwd=cwd),
        past=task.past,
        dry_run=task.dry_run,
    )


def _settings(settings: Settings, *, private: bool, cwd: Path) -> Settings:
    folders = {name: cwd / getattr(settings, name) for name in ("state_dir", "report_dir")}
    files = {name: cwd / path for name in ("ca_file", "token_file") if (path := getattr(settings, name)) is not None}
    changed: dict[str, Any] = {**_TOLD, **folders, **files}
    if private:
        with suppress(SyncError):  # The job says so itself, where it runs.
            changed |= {**dict.fromkeys(_TOKENS), "token": SecretStr(token_of(settings))}
    else:
        changed |= {"token": None, "token_command": None, "proxy": None}
    return settings.model_copy(update=changed)


def at_home(settings: Settings, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings as this worker completes them, where the way here was not private."""
    own: dict[str, Any] = {}
    if settings.token is None and environ.get(_TOKEN):
        own["token"] = SecretStr(environ[_TOKEN])
    if settings.proxy is None and environ.get(_PROXY):
        own["proxy"] = SecretStr(environ[_PROXY])
    return settings.model_copy(update=own)
