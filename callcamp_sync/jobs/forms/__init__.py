"""The jobs' schedules as other schedulers write them: cron, systemd, Windows, GitHub Actions, Kubernetes, Airflow. Makes text.

In:  jobs, and the Site that they run at. Out: files, and notices about what a scheduler cannot do. Jobs that are due at the same
times stand in one command, so that they share one report; what comes after a job stands in its command, too.
There is no scheduler of our own: catching up, watching and logging are what the system's one is for.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from callcamp_sync.errors import StateError, UsageError
from callcamp_sync.jobs.document import Job
from callcamp_sync.jobs.forms import airflow, crontab, github, kubernetes, systemd, windows
from callcamp_sync.jobs.forms.groups import Group, Made, Site, grouped
from callcamp_sync.settings import Settings
from callcamp_sync.settings_layers import PREFIX

__all__ = ["FORMS", "Made", "Site", "here", "make", "only_in", "printed", "write"]

FORMS: Mapping[str, Callable[[Sequence[Group], Site], Made]] = {
    "cron": crontab.form,
    "systemd": systemd.form,
    "windows": windows.form,
    "github": github.form,
    "kubernetes": kubernetes.form,
    "airflow": airflow.form,
}


def here(settings: Settings, *, profile: str | None) -> Site:
    """The site of this call: this folder, this program."""
    program = shutil.which("callcamp-sync") or str(Path(sys.argv[0]).resolve())
    return Site(folder=str(Path.cwd()), program=program, profile=profile, state_dir=str(settings.state_dir.absolute()))


def make(form: str, jobs: Sequence[Job], site: Site) -> Made:
    """The files of that form. Raises UsageError: no such form, nothing is scheduled, a schedule that the form cannot hold."""
    if form not in FORMS:
        raise UsageError(f"`{form}` is no form of a schedule", hint=f"use {', '.join(FORMS)}")
    groups, left = grouped(jobs)
    if not groups:
        raise UsageError("no job has a schedule", hint='write `schedule = "15 2 * * *"` and `timezone` into the job')
    made = FORMS[form](groups, site)
    said = [f"the job `{name}` has no schedule and comes after none that has one: it is left out" for name in left]
    return Made(files=made.files, notices=(*said, *made.notices))


def only_in(environ: Mapping[str, str]) -> list[str]:
    """What a scheduler's run will not find of a shell: with another state folder, say, it has another ledger of Do Not Call."""
    names = sorted(name for name, value in environ.items() if name.startswith(PREFIX) and value.strip())
    told = ", ".join(f"`{name}`" for name in names)
    cure = "write it into `callcamp.toml` or `.env`"
    return [f"set in this shell, and not there when a scheduler runs: {told}; {cure}"] if names else []


def printed(made: Made) -> str:
    """All files as one text: a single one as it is, several with their names between."""
    if len(made.files) == 1:
        return made.files[0].text.rstrip("\n")
    return "\n".join(f"# ---- {file.name}\n{file.text}" for file in made.files).rstrip("\n")


def write(made: Made, folder: Path) -> list[Path]:
    """Write the files into the folder; returns their paths. Raises StateError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in made.files:
            (folder / file.name).write_text(file.text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise StateError(f"`{folder}` cannot be written to: {error.strerror or error}", hint="name another folder") from error
    return [folder / file.name for file in made.files]
