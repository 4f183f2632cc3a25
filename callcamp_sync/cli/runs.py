"""`runs list`, `runs show`, `runs report`, `runs prune`: what earlier runs did."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from callcamp_sync.cli.options import Common, command
from callcamp_sync.errors import NotFoundError, UsageError
from callcamp_sync.report.terminal import counted

if TYPE_CHECKING:
    from callcamp_sync.chronicle import Line
    from callcamp_sync.journal import Journal
    from callcamp_sync.settings import Settings

app = typer.Typer(help="See what earlier runs did.", no_args_is_help=True, rich_markup_mode=None)

RunArg = Annotated[str, typer.Argument(metavar="RUN", help="The run's id, or its beginning.")]

_FILES = {"html": "report.html", "xlsx": "report.xlsx", "json": "report.json", "csv": "rows.csv", "md": "report.md"}


@app.command("list")
@command("state")
def show_all(
    limit: Annotated[int, typer.Option(min=0, help="How many, newest first.")] = 20, *, common: Common, flags: dict[str, Any]
) -> int:
    """List earlier runs, newest first: how they ended, how long they took, how many requests a second they sent."""
    from callcamp_sync import chronicle
    from callcamp_sync.cli import running
    from callcamp_sync.history import History

    settings = running.load_settings(common, flags)
    with _journal(settings) as journal, History.open(settings.state_dir, clock=_now) as history:
        lines = chronicle.runs(journal, history, limit=limit)
    if common.voice.as_json:
        common.voice.data([_listed(line) for line in lines])
        return 0
    for line in lines:
        common.voice.text(_told(line))
    if not lines:
        common.voice.text("no runs yet")
    return 0


@app.command("show")
@command("state")
def show(run: RunArg, *, common: Common, flags: dict[str, Any]) -> int:
    """Show one run: how it ended, and every step that did not end well."""
    row, steps = _with_journal(common, flags, lambda journal: (found := journal.run(run), journal.steps(found.run_id)))
    open_ = [step for step in steps if step.state != "done"]
    lines, wrong = _trail(row, steps)
    if common.voice.as_json:
        audit = {"lines": lines, "whole": lines is not None and wrong is None, "problem": wrong}
        common.voice.data(_document(row) | {"audit": audit, "steps": [_step(step) for step in steps]})
        return 0
    common.voice.text(f"run {row.run_id}: {row.command} on campaign {row.campaign} at {row.host}, by {row.who}")
    common.voice.text(f"started {row.started_at:%Y-%m-%d %H:%M:%S} UTC, " + _end_of(row))
    common.voice.text(f"report: {row.folder or 'none'}")
    common.voice.text(f"audit trail: {wrong}" if wrong else f"audit trail: {lines} lines, each follows from the one before it")
    common.voice.text(f"steps sent: {len(steps)}, of which {len(open_)} are not done")
    for step in open_[:50]:
        where = f"row {step.rows[0]}" if step.rows else f"order {step.order_uuid}"
        common.voice.text(f"  {step.kind} ({where}): {step.state}" + (f", {step.error}" if step.error else ""))
    return 0


@app.command("report")
@command("state")
def report(
    run: RunArg,
    form: Annotated[str, typer.Option("--format", help="html, xlsx, json, csv or md.")] = "json",
    *,
    common: Common,
    flags: dict[str, Any],
) -> int:
    """Print where a run's report is; with `--json` print the report itself."""
    from callcamp_sync.report import load_document

    if form not in _FILES:
        raise UsageError(f"`{form}` is not a form of the report", hint=f"use {', '.join(_FILES)}")
    row = _with_journal(common, flags, lambda journal: journal.run(run))
    path = Path(row.folder or "") / _FILES[form]
    if row.folder is None or not path.exists():
        raise NotFoundError(
            f"the report of run `{row.run_id}` is not there: `{path}`", hint="it was moved, or the run was killed"
        )
    if common.voice.as_json:
        common.voice.data(load_document(Path(row.folder)))
    else:
        common.voice.text(str(path))
    return 0


@app.command("prune")
@command("state")
def prune(
    older_than: Annotated[
        str | None,
        typer.Option(
            metavar="90d", help="Forget runs that began longer ago than this (the setting `retention`).", show_default=False
        ),
    ] = None,
    *,
    common: Common,
    flags: dict[str, Any],
) -> int:
    """Forget old runs, with the contacts in their steps and plans. Report folders are left; what is unsettled is kept."""
    from callcamp_sync.cli import running
    from callcamp_sync.history import History

    settings = running.load_settings(common, flags)
    seconds = settings.retention if older_than is None else _days(older_than) * 86_400
    before = _now() - timedelta(seconds=seconds)
    with _journal(settings) as journal, History.open(settings.state_dir, clock=_now) as history:
        count = max(journal.prune(before), history.prune(before))
    if common.voice.as_json:
        common.voice.data({"forgotten": count})
    else:
        common.voice.text(f"{counted(count, 'run')} forgotten")
    return 0


def _days(older_than: str) -> int:
    text = older_than.strip().lower().removesuffix("d")
    if not text.isascii() or not text.isdigit() or len(text) > 5:
        raise UsageError(f"`--older-than {older_than}` is not a number of days", hint="write it as `--older-than 90d`")
    return int(text)


def _now() -> datetime:
    return datetime.now(UTC)


def _journal(settings: Settings) -> Journal:
    from callcamp_sync.bench import open_journal

    return open_journal(settings, _now)


def _with_journal(common: Common, flags: dict[str, Any], read: Any) -> Any:
    from callcamp_sync.cli import running

    with _journal(running.load_settings(common, flags)) as journal:
        return read(journal)


def _told(line: Line) -> str:
    ended = "running or killed" if line.exit_code is None else f"exit {line.exit_code}"
    counts = ", ".join(f"{name} {count}" for name, count in line.counts.items()) or "-"
    took = f"{line.seconds:.1f} s" if line.seconds is not None else "-"
    rate = f"{line.rate:.0f}/s" if line.rate is not None else "-"
    name = f"{line.command} {line.job}" if line.job else line.command
    return f"{line.run_id}  {line.started_at:%Y-%m-%d %H:%M}  {name:<14} {ended:<17} {took:>8} {rate:>6}  {counts}"


def _listed(line: Line) -> dict[str, Any]:
    return {
        "run": line.run_id,
        "job": line.job,
        "command": line.command,
        "host": line.host,
        "campaign": line.campaign,
        "campaign_name": line.campaign_name,
        "who": line.who,
        "started_at": line.started_at.isoformat(),
        "finished_at": line.finished_at.isoformat() if line.finished_at else None,
        "exit": line.exit_code,
        "seconds": line.seconds,
        "rows": line.rows,
        "counts": dict(line.counts),
        "missing": dict(line.missing),
        "codes": dict(line.codes),
        "requests": line.sent,
        "rate": line.rate,
        "pending": line.pending,
        "folder": line.folder,
    }


def _trail(row: Any, steps: Any) -> tuple[int | None, str | None]:
    """Whether the run's audit trail hangs together. What a later run settled is told by that run's trail; of a run that was
    killed the last line may not have been written.
    """
    from callcamp_sync import audit

    if row.folder is None:
        return None, "this run kept no folder"
    ended = [step.step_id for step in steps if row.finished_at and step.outcome_at and step.note is None]
    return audit.verdict(Path(row.folder) / audit.FILE_NAME, ended)


def _end_of(row: Any) -> str:
    if row.finished_at is None:
        return "not ended: it is at work, or was killed (`callcamp-sync resume` settles it)"
    counts = ", ".join(f"{name} {count}" for name, count in row.counts.items())
    return f"ended {row.finished_at:%H:%M:%S} with exit {row.exit_code}: {counts}"


def _document(row: Any) -> dict[str, Any]:
    return {
        "run": row.run_id,
        "command": row.command,
        "host": row.host,
        "campaign": row.campaign,
        "who": row.who,
        "started_at": row.started_at.isoformat(),
        "finished_at": row.finished_at.isoformat() if row.finished_at else None,
        "exit": row.exit_code,
        "counts": dict(row.counts),
        "missing": dict(row.missing),
        "pending": row.pending,
        "folder": row.folder,
    }


def _step(step: Any) -> dict[str, Any]:
    return {
        "step": step.step_id,
        "kind": str(step.kind),
        "rows": list(step.rows),
        "order_uuid": step.order_uuid,
        "state": step.state,
        "attempts": step.attempts,
        "http_status": step.http_status,
        "error": step.error,
        "note": step.note,
    }
