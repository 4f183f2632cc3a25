"""The report as a workbook: Summary, Changes, Problems, Rows, Not in the sheet. Pure: it describes tabs, sheets writes them.

In:  a model.Report. Out: sheets.Tab values; every text cell stays text, whatever it begins with.
Rule source: issue 2, point 10; interface document, "The report". A tab holds at most TAB_ROWS lines; where it is cut, Summary
says so and names the file that has all.
"""

from __future__ import annotations

import polars as pl

from callcamp_sync.model import Report
from callcamp_sync.report.books import balance
from callcamp_sync.report.documents import sound, zulu
from callcamp_sync.report.tables import change_rows, csv_rows, problem_rows
from callcamp_sync.report.verdicts import guard_words, missing_counts, next_steps, row_counts, verdict
from callcamp_sync.sheets import Column, Tab
from callcamp_sync.sheets.tabs import Colour

#: More lines than this serve nobody in a workbook, and cost minutes to write.
TAB_ROWS = 200_000

_CHANGES = (
    Column(heading="Row", kind="integer", width=8),
    Column(heading="Phone", width=18),
    Column(heading="Field", width=26),
    Column(heading="Old", width=36),
    Column(heading="New", width=36),
    Column(heading="Outcome", width=14),
)
_PROBLEMS = (
    Column(heading="Row", kind="integer", width=8),
    Column(heading="Outcome", width=14),
    Column(heading="Heading", width=20),
    Column(heading="Cell", width=26),
    Column(heading="Code", width=20),
    Column(heading="Message", width=60),
    Column(heading="What to do", width=60),
)
_ROWS = (
    Column(heading="Row", kind="integer", width=8),
    Column(heading="Outcome", width=14),
    Column(heading="Phone", width=18),
    Column(heading="Order ID", width=38),
    Column(heading="Record ID", width=38),
    Column(heading="Codes", width=24),
    Column(heading="Message", width=60),
)
_ORDERS = (
    Column(heading="Order ID", width=38),
    Column(heading="Record ID", width=38),
    Column(heading="Phone", width=18),
    Column(heading="Status", width=14),
    Column(heading="Outcome", width=14),
    Column(heading="Message", width=60),
)
_SUMMARY = (
    Column(heading="About", width=24),
    Column(heading="What", width=26),
    Column(heading="Count", kind="integer", width=10),
    Column(heading="In words", width=110),
)

#: The colour of an outcome: green was done, yellow is for people to decide, red is wrong or open, grey stayed as it was.
_COLOURS: dict[str, Colour] = {
    "created": "green",
    "associated": "green",
    "updated": "blue",
    "canceled": "orange",
    "removed": "orange",
    "rejected": "red",
    "held": "yellow",
    "protected": "yellow",
    "drifted": "yellow",
    "failed": "red",
    "unknown": "red",
    "not-attempted": "red",
    "duplicate": "grey",
    "unchanged": "grey",
    "kept": "grey",
}
_MARKS = {"Outcome": _COLOURS}
_SUMMARY_MARKS: dict[str, dict[str, Colour]] = {"What": _COLOURS, "About": {"Guard, TRIPPED": "red", "Books": "red"}}

_Line = tuple[str, str, int | None, str]


def tabs(report: Report) -> tuple[Tab, ...]:
    """The workbook's tabs, in order. Summary tells which of the others were cut."""
    full = (
        ("Changes", _CHANGES, change_rows(report)),
        ("Problems", _PROBLEMS, problem_rows(report)),
        ("Rows", _ROWS, csv_rows(report)),
        ("Not in the sheet", _ORDERS, report.orders.select("order_uuid", "record_uuid", "phone", "status", "outcome", "message")),
    )
    short: list[_Line] = [
        ("Cut short", name, TAB_ROWS, f"the first {TAB_ROWS:,} of {frame.height:,} lines; {_whole(name)} has all")
        for name, _, frame in full
        if frame.height > TAB_ROWS
    ]
    rest = [Tab(name=name, columns=columns, frame=frame.head(TAB_ROWS), marks=_MARKS) for name, columns, frame in full]
    return (summary_tab(report, short), *rest)


def summary_tab(report: Report, short: list[_Line] | None = None) -> Tab:
    """The first tab: the verdict, counts, guards, where it all came from, and what to do next."""
    lines: list[_Line] = [("Verdict", "", None, verdict(report)), *_next(report)]
    lines += [("Books", "do not balance", None, sentence) for sentence in balance(report)]
    lines += [("Rows of the sheet", name, count, "") for name, count in row_counts(report).items()]
    lines += [("Rows of the sheet", "all", report.source.rows, "")]
    lines += [("Orders without a row", name, count, "") for name, count in missing_counts(report).items()]
    lines += [
        ("Guard" if not guard.tripped else "Guard, TRIPPED", guard.name, guard.actual, guard_words(guard))
        for guard in report.guards
    ]
    lines += [("Read back", "checked", report.checked, "orders compared with what was claimed")]
    lines += [("Read back", "mismatch", None, sentence) for sentence in report.mismatches]
    lines += [("Notice", "", None, notice) for notice in report.notices]
    lines += [("Notice", "sheet", None, warning) for warning in report.source.warnings]
    frame = pl.DataFrame(
        [(about, sound(what), count, sound(words)) for about, what, count, words in [*lines, *_run(report), *(short or [])]],
        schema={"about": pl.String, "what": pl.String, "count": pl.Int64, "words": pl.String},
        orient="row",
    )
    return Tab(name="Summary", columns=_SUMMARY, frame=frame, filter=False, marks=_SUMMARY_MARKS)


def properties(report: Report) -> dict[str, str]:
    """What the file says of itself: enough to find the run again, and no contact data."""
    return {"title": f"callcamp-sync {report.command} {report.run_id}", "comments": f"run {report.run_id}"}


def _next(report: Report) -> list[_Line]:
    return [("What to do next", "", None, step) for step in next_steps(report)]


def _run(report: Report) -> list[_Line]:
    source, campaign, requests = report.source, report.campaign, report.requests
    place = f"{source.path}, tab {source.sheet}" if source.sheet else source.path
    lines: list[_Line] = [
        ("Source", "file", None, place),
        ("Source", "sha256", None, source.sha256),
        ("Source", "blank rows", source.blank_rows, "not counted as rows"),
    ]
    if campaign:
        lines += [("Campaign", "name", None, campaign.name), ("Campaign", "id", None, campaign.uuid)]
    return [
        *lines,
        ("Run", "id", None, report.run_id),
        ("Run", "command", None, f"{report.command}{', dry run' if report.dry_run else ''}, version {report.version}"),
        ("Run", "exit code", report.exit_code, report.exit_name),
        ("Run", "from, to", None, f"{zulu(report.started_at)}, {zulu(report.finished_at)}"),
        (
            "Requests",
            "sent",
            requests.sent,
            f"{requests.retried:,} of them again, {requests.throttled:,} slowed down by the server",
        ),
        *[("Setting", str(name), None, str(value)) for name, value in report.settings.items() if value is not None],
    ]


def _whole(tab: str) -> str:
    return "rows.csv" if tab == "Rows" else "report.json"
