"""The one Report of a run as JSON, CSV, Excel, HTML, Markdown and plain text.

In:  a model.Report (or a model.Plan, for the table that is shown before anything is sent).
Out: a folder with report.json, rows.csv, report.xlsx, report.html and report.md; texts for the terminal.
Rule source: interface document, "The report". Workbooks and CSV are written through callcamp_sync.sheets only.

Names are loaded when they are first used, because `clean` is wanted by a command line that must start without polars.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from callcamp_sync.report.books import balance
    from callcamp_sync.report.documents import SCHEMA, document, load_document
    from callcamp_sync.report.files import prepare_folder, write_report
    from callcamp_sync.report.markdown_form import markdown
    from callcamp_sync.report.nights import night_document, night_headline, night_markdown, night_summary, write_night
    from callcamp_sync.report.previews import plan_table
    from callcamp_sync.report.summaries import summary
    from callcamp_sync.report.terminal import clean
    from callcamp_sync.report.verdicts import next_steps, verdict

__all__ = [
    "SCHEMA",
    "balance",
    "clean",
    "document",
    "load_document",
    "markdown",
    "next_steps",
    "night_document",
    "night_headline",
    "night_markdown",
    "night_summary",
    "plan_table",
    "prepare_folder",
    "summary",
    "verdict",
    "write_night",
    "write_report",
]

_ROOMS = {
    "SCHEMA": "documents",
    "balance": "books",
    "clean": "terminal",
    "document": "documents",
    "load_document": "documents",
    "markdown": "markdown_form",
    "next_steps": "verdicts",
    "night_document": "nights",
    "night_headline": "nights",
    "night_markdown": "nights",
    "night_summary": "nights",
    "plan_table": "previews",
    "prepare_folder": "files",
    "summary": "summaries",
    "verdict": "verdicts",
    "write_night": "nights",
    "write_report": "files",
}


def __getattr__(name: str) -> object:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
