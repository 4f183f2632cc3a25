"""What a run comes to, in one sentence, and what to do next, as a command. Pure: no I/O, no clock, no polars.

In:  a model.Report.
Out: sentences in plain words; commands that can be pasted into a shell, every word of them quoted where it must be.
Rule source: design document, section 3 (outcomes, exit codes); interface document, "Commands".
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from callcamp_sync.errors import ExitCode
from callcamp_sync.model import Guard, Mode, OrderOutcome, Plan, Report, RowOutcome
from callcamp_sync.report.terminal import clean, counted, number

#: Outcomes that change the campaign.
CHANGING = (
    RowOutcome.CREATED,
    RowOutcome.ASSOCIATED,
    RowOutcome.UPDATED,
    RowOutcome.CANCELED,
    RowOutcome.REMOVED,
)
#: Outcomes that leave something open after a run.
OPEN = (RowOutcome.UNKNOWN, RowOutcome.NOT_ATTEMPTED)

_LEADS = {
    ExitCode.OK: "Done",
    ExitCode.BUG: "Stopped by a bug of this program",
    ExitCode.USAGE: "Not started, the call, a setting or the mapping is wrong",
    ExitCode.ROWS: "Done, but some rows were rejected or held",
    ExitCode.ACCESS: "Stopped, the token was not accepted, or lacks a permission",
    ExitCode.UNREACHABLE: "Stopped, the server could not be reached, or kept refusing for load",
    ExitCode.INCOMPLETE: "Not finished, operations failed or are unknown",
    ExitCode.REFUSED: "Stopped, refused for good",
    ExitCode.GUARD: "Stopped by a guard, nothing was sent",
    ExitCode.LOCKED: "Not started, another run holds this campaign",
    ExitCode.CHANGES: "Changes are pending, nothing was sent",
    ExitCode.INTERRUPTED: "Interrupted",
    ExitCode.TERMINATED: "Terminated from outside",
}

#: Settings that a repeated command must carry: setting -> (flag, value that needs no flag).
_FLAGS: Mapping[str, tuple[str, str]] = {
    "mode": ("--mode", "upsert"),
    "initial_status": ("--initial-status", "registered"),
    "release": ("--release", "staged"),
    "region": ("--region", ""),
    "key": ("--key", ""),
    "on_duplicate": ("--on-duplicate", "hold"),
    "max_create": ("--max-create", ""),
    "max_update": ("--max-update", "60%"),
    "max_remove": ("--max-remove", "10%"),
    "max_invalid": ("--max-invalid", "30%"),
}


def ordered(counts: Mapping[str, int], outcomes: Sequence[str]) -> dict[str, int]:
    """`counts` without zeros, in the order of `outcomes`; names that are not among them stand last, sorted."""
    names = [*outcomes, *sorted(set(counts) - set(outcomes))]
    return {str(name): counts[name] for name in names if counts.get(name)}


def row_counts(report: Report) -> dict[str, int]:
    """Row outcome -> rows, in the design's order of outcomes, without zeros."""
    return ordered(report.counts, list(RowOutcome))


def missing_counts(report: Report) -> dict[str, int]:
    """Order outcome -> orders without a row, in the design's order, without zeros."""
    return ordered(report.missing, list(OrderOutcome))


def verdict(report: Report) -> str:
    """The run in one sentence: how it ended, and how many rows ended how."""
    counts = ", ".join(f"{number(count)} {name}" for name, count in row_counts(report).items())
    return f"{lead(report)}: {counts}." if counts else f"{lead(report)}."


def changes_planned(report: Report) -> bool:
    """Whether any row or order is changed, or was to be."""
    return any(report.counts.get(name) or report.missing.get(name) for name in CHANGING)


def guard_words(guard: Guard) -> str:
    """A guard's numbers in words: `412, at most 50`; its own message where it has one and tripped."""
    if guard.tripped and guard.message:
        return clean(guard.message)
    bound = "at most" if guard.flag else "at least"
    limit = "no limit" if guard.limit is None else f"{bound} {number(guard.limit)}"
    return f"{number(guard.actual)}, {limit}"


def next_steps(report: Report) -> tuple[str, ...]:
    """What to do next, the most urgent first, each `words: command`; ("nothing to do",) where nothing is left.

    A row that is wrong is corrected and validated; an open request is resumed, never sent again by a new sync.
    """
    if report.command == "demo":
        return ("try your own sheet: callcamp-sync sync SHEET -c CAMPAIGN --dry-run",)
    steps = [step for step in (_stopped(report), _open(report), _wrong_rows(report), _carry_out(report)) if step]
    return tuple(dict.fromkeys(steps)) or ("nothing to do",)


def command(report: Report, name: str, lift: Mapping[str, str] | None = None) -> str:
    """`callcamp-sync NAME` on the same sheet and campaign, with the flags that the run had; safe to paste into a shell.

    lift: flag -> value, in place of what the run had.
    """
    settings = report.settings
    if settings.get("job") and name in {"sync", "plan"}:
        # Its other flags stand in callcamp.toml.
        dry = ["--dry-run"] if name == "plan" else []
        flags = [word for pair in (lift or {}).items() for word in pair if word]
        return " ".join(shlex.quote(clean(word)) for word in ["callcamp-sync", "jobs", "run", settings["job"], *dry, *flags])
    words = ["callcamp-sync", name, _sheet(report)]
    if settings.get("mapping"):
        words += ["-m", str(settings["mapping"])]
    if report.campaign is None and settings.get("record_type") and name == "validate":
        words += ["--record-type", str(settings["record_type"])]
    else:
        words += ["-c", report.campaign.uuid if report.campaign else str(settings.get("campaign") or "CAMPAIGN")]
    if name in {"sync", "plan"}:
        words += [word for pair in ({**_flags(settings), **(lift or {})}).items() for word in pair if word]
    return " ".join(shlex.quote(clean(word)) for word in words)


def _exit(report: Report) -> ExitCode:
    """The run's exit code; a number that is none counts as a bug."""
    return next((code for code in ExitCode if code == report.exit_code), ExitCode.BUG)


def lead(report: Report) -> str:
    """How the run ended, in words without numbers and without a full stop."""
    code = _exit(report)
    done = code in {ExitCode.OK, ExitCode.ROWS, ExitCode.CHANGES}
    if done and report.dry_run:
        words = "Checked, nothing was sent" if report.command == "validate" else "Planned, nothing was sent"
        return words + ("; some rows are rejected or held" if code is ExitCode.ROWS else "")
    if code is ExitCode.OK and not changes_planned(report):
        return "Nothing to do, the campaign says what the sheet says"
    return _LEADS[code]


def _stopped(report: Report) -> str | None:
    """The step that a run needs which ended before its work was done."""
    again = command(report, report.command if report.command in {"plan", "validate"} else "sync")
    if report.exit_code == ExitCode.GUARD:
        return _lift(report)
    return {
        ExitCode.ACCESS: "see what the token lacks: callcamp-sync doctor",
        ExitCode.UNREACHABLE: None if any(_left_open(report)) else f"run again later: {again}",
        ExitCode.REFUSED: f"plan again: {command(report, 'plan')}",
        ExitCode.LOCKED: f"when the other run has ended: {again}",
        ExitCode.USAGE: f"correct what the message names, then: {again}",
        ExitCode.BUG: "keep the report's folder, and report the bug with it",
    }.get(_exit(report))


def _lift(report: Report) -> str:
    tripped = [guard for guard in report.guards if guard.tripped]
    if any(guard.flag is None for guard in tripped):
        return f"complete the sheet, then: {command(report, 'plan')}"
    lift = {str(guard.flag): str(guard.actual) for guard in tripped}
    return f"check that the sheet is complete; if it is: {command(report, 'sync', lift)}"


def _left_open(report: Report) -> tuple[int, int]:
    """How many rows and orders this run left open, and how many rows an earlier one did. A dry run leaves none open itself."""
    earlier = report.issues.filter(report.issues.get_column("code") == "unsettled").get_column("row").n_unique()
    both = sum(report.counts.get(name, 0) + report.missing.get(name, 0) for name in OPEN)
    return 0 if report.dry_run else max(both - earlier, 0), earlier


def _open(report: Report) -> str | None:
    if report.exit_code == ExitCode.GUARD:
        return None
    own, earlier = _left_open(report)
    if own:
        return (
            _unconfirmed(report)
            or f"settle what is unknown, finish what was not attempted: callcamp-sync resume {shlex.quote(clean(report.run_id))}"
        )
    if earlier:
        return "settle what an earlier run left open: callcamp-sync resume"
    if report.counts.get(RowOutcome.FAILED) or report.missing.get(OrderOutcome.FAILED):
        return f"correct what the server refused (report.xlsx, Problems), then: {command(report, 'sync')}"
    if report.counts.get(RowOutcome.DRIFTED) or report.missing.get(OrderOutcome.DRIFTED):
        return f"the campaign changed meanwhile, plan again: {command(report, 'sync')}"
    return None


def _unconfirmed(report: Report) -> str | None:
    """Of a question that was answered with no: no step is in the journal, so there is no run to resume."""
    if report.exit_code != ExitCode.INTERRUPTED or report.took is not None:
        return None
    return f"nothing was sent; when it is right: {command(report, 'sync')}"


def _wrong_rows(report: Report) -> str | None:
    wrong = report.counts.get(RowOutcome.REJECTED, 0) + report.counts.get(RowOutcome.HELD, 0)
    return f"correct {counted(wrong, 'row')}, then check: {command(report, 'validate')}" if wrong else None


def _carry_out(report: Report) -> str | None:
    going = report.exit_code in {ExitCode.OK, ExitCode.ROWS, ExitCode.CHANGES}
    if not (report.dry_run and going) or (report.command != "validate" and not changes_planned(report)):
        return None
    if report.command == "validate":
        return None if report.exit_code == ExitCode.ROWS else f"see what it would change: {command(report, 'plan')}"
    if report.settings.get("plan_file"):
        return f"carry it out: callcamp-sync apply {shlex.quote(clean(str(report.settings['plan_file'])))}"
    return f"carry it out: {command(report, 'sync')}"


def _sheet(report: Report) -> str:
    path, sheet = report.source.path, report.source.sheet
    return path if not sheet or path.endswith(f"#{sheet}") else f"{path}#{sheet}"


def _flags(settings: Mapping[str, Any]) -> dict[str, str]:
    """Flag -> value of a repeated command. A default is left out: naming it would change a guard that has a floor."""
    flags: dict[str, str] = {}
    for name, (flag, default) in _FLAGS.items():
        value = settings.get(name)
        if value is not None and not isinstance(value, (list, tuple)) and str(value) not in {"", default}:
            flags[flag] = str(value)
    if flags.get("--mode") == Mode.MIRROR and settings.get("on_missing"):
        flags["--on-missing"] = str(settings["on_missing"])
    if settings.get("reopen"):
        flags["--reopen"] = ""
    return flags


def sentences(about: Report | Plan) -> tuple[str, ...]:
    """Notices, and what the reader of the sheet warned of; each once, though planning takes the sheet's warnings over."""
    return tuple(dict.fromkeys((*about.notices, *about.source.warnings)))
