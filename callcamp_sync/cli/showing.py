"""How plans and reports are shown: a text for people, or the report's document with `--json`.

Where a CI names a file for summaries (`GITHUB_STEP_SUMMARY`), the report is appended to it in Markdown.
"""

from __future__ import annotations

import os
from pathlib import Path

from callcamp_sync import Plan, Report
from callcamp_sync.cli.voice import Voice
from callcamp_sync.errors import ExitCode
from callcamp_sync.night import Night
from callcamp_sync.report import document, markdown, night_document, night_markdown, night_summary, plan_table, summary


def ended(report: Report, voice: Voice) -> ExitCode:
    """Show how a run ended; returns its exit code."""
    _summarise(report, voice)
    if voice.as_json:
        voice.data(document(report))
    else:
        voice.text(summary(report))
    return ExitCode(report.exit_code)


def planned(plan: Plan, report: Report, voice: Voice) -> ExitCode:
    """Show what a plan would do; returns the exit code of the report."""
    _summarise(report, voice)
    if voice.as_json:
        voice.data(document(report))
    else:
        voice.text(plan_table(plan))
        voice.text("")
        voice.text(summary(report))
    return ExitCode(report.exit_code)


def night(ended_night: Night, voice: Voice) -> ExitCode:
    """Show how a night of jobs ended; returns its exit code."""
    _append(night_markdown(ended_night), voice)
    for notice in ended_night.notices:
        voice.warn(notice)
    if voice.as_json:
        voice.data(night_document(ended_night))
    else:
        voice.text(night_summary(ended_night))
    return ExitCode(ended_night.exit_code)


def _summarise(report: Report, voice: Voice) -> None:
    _append(markdown(report), voice)


def _append(words: str, voice: Voice) -> None:
    """Append to the CI's summary. A summary that cannot be written is no reason to fail."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    try:
        with Path(path).open("a", encoding="utf-8") as summary_file:
            summary_file.write(words + "\n")
    except OSError as error:
        voice.warn(f"the summary `{path}` cannot be written: {error.strerror}")
