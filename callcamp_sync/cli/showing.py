"""How plans and reports are shown: a text for people, or the report's document with `--json`."""

from __future__ import annotations

from callcamp_sync.cli.voice import Voice
from callcamp_sync.errors import ExitCode
from callcamp_sync.model import Plan, Report
from callcamp_sync.report import document, plan_table, summary


def ended(report: Report, voice: Voice) -> ExitCode:
    """Show how a run ended; returns its exit code."""
    if voice.as_json:
        voice.data(document(report))
    else:
        voice.text(summary(report))
    return ExitCode(report.exit_code)


def planned(plan: Plan, report: Report, voice: Voice) -> ExitCode:
    """Show what a plan would do; returns the exit code of the report."""
    if voice.as_json:
        voice.data(document(report))
    else:
        voice.text(plan_table(plan))
        voice.text("")
        voice.text(summary(report))
    return ExitCode(report.exit_code)
