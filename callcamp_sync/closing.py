"""How a run ends: the books, the exit code, the report on disk and in the journal.

In:  a Desk, a plan, the books that were read back. Out: a Report, written. I/O: disk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from callcamp_sync import __version__, chronicle, fixes, frames, planning, reconcile, report
from callcamp_sync.bench import Bench, Desk
from callcamp_sync.errors import ExitCode, StateError, gravest
from callcamp_sync.fields import ROW
from callcamp_sync.model import CHANGE_SCHEMA, ORDER_LINE_SCHEMA, Fate, Forecast, Outcome, Plan, Report, RequestCounts, Took
from callcamp_sync.reconcile import Books
from callcamp_sync.schema import RecordSchema

#: Planned outcomes that something must be sent for.
_ACTING = ("created", "associated", "updated", "canceled", "removed")

_OPEN = ("failed", "unknown", "drifted", "not-attempted")


def planned(desk: Desk, command: str, plan: Plan) -> Report:
    """The report of a plan or a dry run: the outcomes that are planned."""
    books = _books(plan, plan.lines, plan.orders)
    codes = [_rows_code(books.counts)]
    if any(guard.tripped for guard in plan.guards):
        codes.append(ExitCode.GUARD)
    return _report(desk, command, plan, books, gravest(*codes), dry_run=True)


def validated(subject: planning.Subject, record_type: RecordSchema, bench: Bench) -> Report:
    """The report of a sheet that was held against a Record Type alone: every row counts as a new contact."""
    desired = planning.desire(subject, record_type)
    new = (pl.col("action") != "skip").fill_null(value=True) & pl.col("verdict").is_null()
    rejected = pl.col(ROW).is_in(desired.needed["row"].unique().implode()) & new
    outcome = pl.when(rejected).then(pl.lit("rejected")).otherwise(pl.coalesce("verdict", pl.lit("unchanged")))
    rows = desired.frame.with_columns(outcome=outcome)
    live = desired.needed.join(desired.frame.filter(new), left_on="row", right_on=ROW, how="semi")
    issues = pl.concat([desired.issues, live]).sort("row", maintain_order=True)
    lines = planning.lines(rows, issues)
    now = bench.clock()
    counts = reconcile.count(lines)
    code = _rows_code(counts)
    return Report(
        run_id="offline",
        command="validate",
        version=__version__,
        started_at=now,
        finished_at=now,
        exit_code=int(code),
        exit_name=code.label,
        dry_run=True,
        folder=None,
        campaign=None,
        source=subject.sheet.info,
        settings=subject.shown,
        counts=counts,
        missing={},
        lines=lines,
        changes=frames.empty(CHANGE_SCHEMA),
        orders=frames.empty(ORDER_LINE_SCHEMA),
        issues=issues,
        guards=(),
        notices=desired.notices,
        requests=RequestCounts(),
        checked=0,
        mismatches=(),
    )


def not_begun(desk: Desk, command: str, plan: Plan, exit_code: ExitCode, original: fixes.Original | None = None) -> Report:
    """The report of a run that was stopped before its first write: what was planned is `not-attempted`."""
    acting = pl.col("outcome").is_in(_ACTING)
    why = "a guard stopped the run" if exit_code is ExitCode.GUARD else "the run was not confirmed"
    changed = {
        "outcome": pl.when(acting).then(pl.lit("not-attempted")).otherwise("outcome"),
        "message": pl.when(acting).then(pl.lit(why)).otherwise("message"),
    }
    lines, orders = plan.lines.with_columns(**changed), plan.orders.with_columns(**changed)
    folder = report.prepare_folder(
        desk.settings.report_dir, run_id=desk.run_id, campaign=plan.campaign.name, started_at=desk.started
    )
    made = _report(desk, command, plan, _books(plan, lines, orders), exit_code, folder=folder)
    return _kept(desk, _written(made, folder, original))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How the sending went. expected, took: what it was foretold to take, and took."""

    outcomes: Sequence[Outcome]
    notices: Sequence[str]
    expected: Forecast | None
    took: Took


def ended(
    desk: Desk,
    command: str,
    plan: Plan,
    books: Books,
    folder: Path,
    *,
    how: Ended,
    original: fixes.Original | None = None,
) -> Report:
    """The report of a run that sent something, on disk; the journal knows how it ended.

    A step that the server forbade (403) is a matter of the token's permissions, whatever else went wrong with it. A run that a
    full disk stopped is incomplete: the exit code of a wrong call would say that nothing was sent. original: the sheet, where it
    was read by this run: its rows to correct become fix.xlsx.
    """
    stop = desk.bench.stop
    codes = [_rows_code(books.counts), ExitCode.INCOMPLETE if stop.exit_code is ExitCode.USAGE else stop.exit_code]
    if any(outcome.http_status == 403 and outcome.fate is Fate.REFUSED for outcome in how.outcomes):
        codes.append(ExitCode.ACCESS)
    if any(books.counts.get(name) or books.missing.get(name) for name in _OPEN) or books.mismatches:
        codes.append(ExitCode.INCOMPLETE)
    told = (*([f"stopped: {stop.reason}"] if stop.reason else []), *how.notices)
    made = _report(desk, command, replace(plan, notices=(*plan.notices, *told)), books, gravest(*codes), folder=folder)
    made = replace(made, forecast=how.expected, took=how.took)
    wrong = report.balance(made)
    if wrong:
        made = replace(made, exit_code=int(ExitCode.BUG), exit_name=ExitCode.BUG.label, notices=(*made.notices, *wrong))
    made = _written(made, folder, original)
    try:
        desk.journal.finish_run(desk.run_id, exit_code=made.exit_code, counts=made.counts, missing=made.missing)
    except StateError as error:
        made = replace(made, notices=(*made.notices, error.message))
    return _kept(desk, made)


def _kept(desk: Desk, made: Report) -> Report:
    """The report, when the history has its run. A job's runs are kept by who runs the jobs, with what the job knows besides."""
    if desk.bench.past is not None:
        return made
    said = chronicle.keep(made, desk.settings, desk.bench.clock)
    return replace(made, notices=(*made.notices, *said)) if said else made


def _written(made: Report, folder: Path, original: fixes.Original | None) -> Report:
    try:
        warnings = report.write_report(made, folder)
    except StateError as error:
        return replace(
            made, exit_code=int(ExitCode.USAGE), exit_name=ExitCode.USAGE.label, notices=(*made.notices, error.message)
        )
    return replace(made, notices=(*fixes.write_beside(made, original, folder), *made.notices, *warnings))


def _books(plan: Plan, lines: pl.DataFrame, orders: pl.DataFrame) -> Books:
    return Books(
        lines=lines, orders=orders, counts=reconcile.count(lines), missing=reconcile.count(orders), checked=0, mismatches=()
    )


def _rows_code(counts: Mapping[str, int]) -> ExitCode:
    if counts.get("unknown"):
        return ExitCode.INCOMPLETE
    return ExitCode.ROWS if counts.get("rejected") or counts.get("held") else ExitCode.OK


def _report(
    desk: Desk, command: str, plan: Plan, books: Books, exit_code: ExitCode, *, dry_run: bool = False, folder: Path | None = None
) -> Report:
    return Report(
        run_id=desk.run_id,
        command=command,
        version=__version__,
        started_at=desk.started,
        finished_at=desk.now,
        exit_code=int(exit_code),
        exit_name=exit_code.label,
        dry_run=dry_run,
        folder=str(folder) if folder else None,
        campaign=plan.campaign,
        source=plan.source,
        settings=plan.settings,
        counts=books.counts,
        missing=books.missing,
        lines=books.lines,
        changes=plan.changes,
        orders=books.orders,
        issues=plan.issues,
        guards=plan.guards,
        notices=plan.notices,
        requests=desk.client.counts,
        checked=books.checked,
        mismatches=books.mismatches,
        forecast=plan.forecast,
    )
