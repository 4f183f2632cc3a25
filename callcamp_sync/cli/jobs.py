"""`jobs run`, `jobs list`, `jobs schedule`: what `callcamp.toml` says is to be done every night."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from callcamp_sync.cli.engines import EngineOpt, SchedulerOpt
from callcamp_sync.cli.options import GROUPS, Common, command
from callcamp_sync.errors import UsageError

if TYPE_CHECKING:
    from callcamp_sync.jobs.listing import Standing
    from callcamp_sync.night import JobResult

app = typer.Typer(help="Run and schedule the jobs of callcamp.toml.", no_args_is_help=True, rich_markup_mode=None)

NamesArg = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME…]", help="Jobs of callcamp.toml; all of them without a name.")
]


@app.command("run")
@command("lifting", "connection")
def run(
    name: NamesArg = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Plan only; send nothing but GET, tell nobody.")] = False,
    parallel: Annotated[int | None, typer.Option(min=1, max=64, help="Jobs at once (4).", show_default=False)] = None,
    engine: EngineOpt = "local",
    scheduler: SchedulerOpt = None,
    *,
    common: Common,
    flags: dict[str, Any],
) -> int:
    """Run jobs, many at a time; one report over all, and the gravest exit code."""
    from callcamp_sync.cli import engines, running, showing
    from callcamp_sync.jobs.document import chosen, read_jobs
    from callcamp_sync.jobs.shift import Crew

    run_night = engines.of_nights(engine, scheduler)
    lifted = [name for name in GROUPS["lifting"] if flags[name] is not None and name != "report_dir"]
    if lifted and len(name or []) != 1:
        flag = f"--{lifted[0].replace('_', '-')}"
        raise UsageError(f"`{flag}` lifts a guard, and {len(name or [])} jobs are named", hint="name the one job that it is for")
    settings = running.load_settings(common, {**flags, "parallel": parallel})
    jobs = chosen(read_jobs(Path()), name or [])
    crew = Crew(
        settings=settings,
        flags={key: value for key, value in flags.items() if value is not None},
        profile=common.profile,
        dry_run=dry_run,
        say=lambda result: common.voice.say(_ended(result)),
    )
    night = running.run(lambda: run_night(jobs, crew), crew.stop, common.voice)
    return showing.night(night, common.voice)


@app.command("list")
@command("state")
def show_all(*, common: Common, flags: dict[str, Any]) -> int:
    """Show when each job ran last, when it is due next, and which are late or were missed."""
    from callcamp_sync.cli import running
    from callcamp_sync.history import History
    from callcamp_sync.jobs.document import read_jobs
    from callcamp_sync.jobs.listing import document, standings

    settings = running.load_settings(common, flags)
    jobs, now = read_jobs(Path()), datetime.now(UTC)
    with History.open(settings.state_dir, clock=lambda: now) as history:
        found = standings(jobs, history.lasts(), now)
    if common.voice.as_json:
        common.voice.data([document(one) for one in found])
        return 0
    wide = max(len(one.job.name) for one in found)
    for one in found:
        common.voice.text(_line(one, wide))
    return 0


@app.command("schedule")
@command("state")
def schedule(
    form: Annotated[str, typer.Argument(metavar="FORM", help="cron, systemd, windows, github, kubernetes or airflow.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Write the files into this folder instead of printing them."),
    ] = None,
    *,
    common: Common,
    flags: dict[str, Any],
) -> int:
    """Print what makes a scheduler run the jobs at their times."""
    from callcamp_sync.cli import running
    from callcamp_sync.jobs import forms
    from callcamp_sync.jobs.document import read_jobs

    settings = running.load_settings(common, flags)
    made = forms.make(form, read_jobs(Path()), forms.here(settings, profile=common.profile))
    for notice in (*made.notices, *forms.only_in(os.environ)):
        common.voice.warn(notice)
    if output is not None:
        for path in forms.write(made, output):
            common.voice.text(str(path))
    elif common.voice.as_json:
        common.voice.data([{"name": file.name, "text": file.text} for file in made.files])
    else:
        common.voice.text(forms.printed(made))
    return 0


def _ended(result: JobResult) -> str:
    words = f": {result.message}" if result.message else ""
    return f"{result.job}: {result.exit_name}, {result.seconds:.1f} s{words}"


def _line(one: Standing, wide: int) -> str:
    last = f"{one.last.started_at:%Y-%m-%d %H:%M} UTC, exit {one.last.exit_code}" if one.last else "-"
    coming = f"{one.next:%Y-%m-%d %H:%M %Z}" if one.next else "-"
    return f"{one.job.name:<{wide}}  last {last:<28}  next {coming:<22}  {one.words}"
