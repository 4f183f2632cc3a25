"""The report as a workbook: Summary, Changes, Problems, Rows, Not in the sheet, Run. Pure: it describes tabs, sheets writes them.

In:  a model.Report. Out: sheets.Tab values; every text cell stays text, whatever it begins with.
Rule source: issue 2, point 10; interface document, "The report". A tab holds at most TAB_ROWS lines; where it is cut, Summary
says so and names the file that has all. A problem's row number leads to that row on the tab Rows.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from callcamp_sync.model import Report
from callcamp_sync.report.books import balance
from callcamp_sync.report.documents import sound, zulu
from callcamp_sync.report.forecasts import outturn
from callcamp_sync.report.tables import change_rows, csv_rows, problem_rows
from callcamp_sync.report.tones import COLOURS, MEANINGS
from callcamp_sync.report.verdicts import guard_words, missing_counts, next_steps, row_counts, sentences, verdict
from callcamp_sync.sheets import Column, Tab
from callcamp_sync.sheets.tabs import Chart, Colour, Link

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
    Column(heading="About", width=22),
    Column(heading="What", width=18),
    Column(heading="Count", kind="integer", width=10),
    Column(heading="In words", width=80, wrap=True),
)

_MARKS = {"Outcome": COLOURS}
_SUMMARY_MARKS: dict[str, Mapping[str, Colour]] = {"What": COLOURS, "About": {"Guard, TRIPPED": "red", "Books": "red"}}

_Line = tuple[str, str, int | None, str]


def tabs(report: Report) -> tuple[Tab, ...]:
    """The workbook's tabs, in order. Summary tells which of the others were cut."""
    rows, problems = csv_rows(report), problem_rows(report)
    full = (
        ("Changes", _CHANGES, change_rows(report)),
        ("Problems", _PROBLEMS, problems),
        ("Rows", _ROWS, rows),
        ("Not in the sheet", _ORDERS, report.orders.select("order_uuid", "record_uuid", "phone", "status", "outcome", "message")),
    )
    short: list[_Line] = [
        ("Cut short", name, TAB_ROWS, f"the first {TAB_ROWS:,} of {frame.height:,} lines; {_whole(name)} has all")
        for name, _, frame in full
        if frame.height > TAB_ROWS
    ]
    links = {"Problems": {"Row": Link(tab="Rows", rows=_places(problems.head(TAB_ROWS), rows.head(TAB_ROWS)))}}
    listed = [
        Tab(name=name, columns=columns, frame=frame.head(TAB_ROWS), marks=_MARKS, links=links.get(name, {}))
        for name, columns, frame in full
    ]
    return (summary_tab(report, short), *listed, run_tab(report))


def summary_tab(report: Report, short: list[_Line] | None = None) -> Tab:
    """The first tab: the verdict, what to do next, counts beside a chart of them, guards."""
    counts = row_counts(report)
    head: list[_Line] = [("Verdict", "", None, verdict(report)), *_next(report)]
    head += [("Books", "do not balance", None, sentence) for sentence in balance(report)]
    lines = head + [("Rows of the sheet", name, count, MEANINGS.get(name, "")) for name, count in counts.items()]
    lines += [("Rows of the sheet", "all", report.source.rows, "")]
    lines += [("Orders without a row", name, count, MEANINGS.get(name, "")) for name, count in missing_counts(report).items()]
    lines += [
        ("Guard" if not guard.tripped else "Guard, TRIPPED", guard.name, guard.actual, guard_words(guard))
        for guard in report.guards
    ]
    lines += [("Read back", "checked", report.checked, "orders compared with what was claimed")]
    lines += [("Read back", "mismatch", None, sentence) for sentence in report.mismatches]
    lines += [("Notice", "", None, notice) for notice in sentences(report)]
    return _lined("Summary", [*lines, *(short or [])], _chart(counts, len(head)))


def run_tab(report: Report) -> Tab:
    """The last tab: where it all came from, and with which settings."""
    return _lined("Run", _run(report), None)


def _lined(name: str, lines: list[_Line], chart: Chart | None) -> Tab:
    frame = pl.DataFrame(
        [(about, sound(what), count, sound(words)) for about, what, count, words in lines],
        schema={"about": pl.String, "what": pl.String, "count": pl.Int64, "words": pl.String},
        orient="row",
    )
    return Tab(name=name, columns=_SUMMARY, frame=frame, filter=False, marks=_SUMMARY_MARKS, chart=chart)


def _chart(counts: Mapping[str, int], first: int) -> Chart | None:
    """Bars for the counts, which stand from line `first` on."""
    if not counts:
        return None
    colours = tuple(COLOURS.get(name, "grey") for name in counts)
    return Chart(title="Rows of the sheet", labels=1, values=2, first=first, last=first + len(counts) - 1, colours=colours)


def _places(problems: pl.DataFrame, rows: pl.DataFrame) -> pl.Series:
    """For each problem, the line of its row on the tab Rows, from 0; null where that line was cut."""
    placed = rows.select("row").unique("row", keep="first", maintain_order=True).with_row_index("place")
    return problems.select("row").join(placed, on="row", how="left", maintain_order="left").get_column("place")


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
        *[("Forecast", "", None, words) for words in [outturn(report)] if words],
        *[("Setting", str(name), None, str(value)) for name, value in report.settings.items() if value is not None],
    ]


def _whole(tab: str) -> str:
    return "rows.csv" if tab == "Rows" else "report.json"
