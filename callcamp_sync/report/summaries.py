"""The end of a run as about twenty lines of plain text, the last of them what to do next. Pure: no I/O, no colour.

In:  a model.Report. Out: lines that can be read without colour, safe for any terminal (see terminal.py). They show no cell of the
sheet, because the output of a nightly run ends in a log: a problem is shown by its code, row, heading and cure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from callcamp_sync.model import Report
from callcamp_sync.report.books import balance
from callcamp_sync.report.forecasts import outturn
from callcamp_sync.report.tables import TOLD_BY_SERVER, top_codes
from callcamp_sync.report.terminal import clean, counted, cut, flow, number
from callcamp_sync.report.verdicts import changes_planned, guard_words, lead, missing_counts, next_steps, row_counts, sentences

#: Lines of one item, and what stands before the later ones.
_LINES, _SET_IN = 3, "  "

_INDENT = 11
_TOP_CODES = 3


def summary(report: Report, *, width: int = 100) -> str:
    """Some twenty lines of at most `width` columns, without a final line feed.

    Only the folder and the commands may be longer than `width`: they are there to be copied.
    """
    width = max(width, 40)
    lines = [f"{lead(report)}."]
    lines += _lines("Books", [f"DO NOT BALANCE: {sentence}" for sentence in balance(report)], width, limit=2)
    if report.campaign:
        lines += _lines("Campaign", [f"{report.campaign.name} ({report.campaign.uuid})"], width)
    lines += _lines("Sheet", [_source(report)], width)
    lines += _counts("Rows", row_counts(report), width)
    lines += _counts("No row for", missing_counts(report), width)
    lines += _lines("Guard", _tripped(report), width, limit=2)
    lines += _lines("Problems", [*_problems(report), *_server(report)], width, limit=_TOP_CODES + 2)
    lines += _lines("Verified", _verified(report), width, limit=2)
    lines += _lines("Requests", [_requests(report)], width)
    lines += _lines("Forecast", [words for words in [outturn(report)] if words], width)
    lines += _lines("Notice", sentences(report), width, limit=2)
    if report.folder:
        lines.append(f"{'Report':<{_INDENT}}{clean(report.folder)}")
    for label, step in zip(("Next", "Then"), next_steps(report), strict=False):
        lines.append(f"{label:<{_INDENT}}{step}")
    return "\n".join(line.rstrip() for line in lines)


def _counts(label: str, counts: Mapping[str, int], width: int) -> list[str]:
    items = [f"{name} {number(count)}" for name, count in counts.items()]
    return flow(label, items, width=width, indent=_INDENT) if items else []


def _lines(label: str, items: Sequence[str], width: int, *, limit: int = 3) -> list[str]:
    """The items below one another, the label before the first; what is over `limit` is counted, never dropped in silence."""
    shown = list(items[:limit])
    if len(items) > limit:
        shown[-1] = f"and {number(len(items) - limit + 1)} more in the report"
    lines = [line for item in shown for line in _folded(item, width - _INDENT)]
    labels = [label, *[""] * max(len(lines) - 1, 0)]
    return [f"{label:<{_INDENT}}{line}" for label, line in zip(labels, lines, strict=False)]


def _folded(item: str, width: int) -> list[str]:
    """The item in lines of `width` columns, the later ones set in: what a long one ends with is the cure. At most _LINES."""
    whole = cut(item, width)
    if whole == clean(item):
        return [whole]
    room = width - len(_SET_IN)
    lines = flow("", clean(item).split(" "), width=room, indent=0, separator=" ")
    kept = [*lines[: _LINES - 1], *[cut(" ".join(lines[_LINES - 1 :]), room)]] if len(lines) > _LINES else lines
    return [kept[0], *(f"{_SET_IN}{line}" for line in kept[1:])]


def _source(report: Report) -> str:
    source = report.source
    tab = f", tab {source.sheet}" if source.sheet else ""
    return f"{source.path}{tab}: {counted(source.rows, 'row')}"


def _tripped(report: Report) -> list[str]:
    return [f"{guard.name} tripped: {guard_words(guard)}" for guard in report.guards if guard.tripped]


def _problems(report: Report) -> list[str]:
    codes = top_codes(report.issues, report.issues.height)
    lines = [
        f"{code}: {counted(rows, 'row')}, such as row {row}{f', `{heading}`' if heading else ''}: {cure}"
        for code, rows, row, heading, cure in codes[:_TOP_CODES]
    ]
    more = len(codes) - _TOP_CODES
    where = "in the report" if report.folder else "with `--json`"
    return [*lines, f"and {counted(more, 'more kind')} {where}"] if more > 0 else lines


def _server(report: Report) -> list[str]:
    """The first row that the server refused or left open, with the words that it got."""
    told = report.lines.filter(report.lines.get_column("outcome").is_in(TOLD_BY_SERVER)).sort("row").head(1).to_dicts()
    return [f"row {line['row']} {line['outcome']}: {line['message'] or 'no reason given'}" for line in told]


def _verified(report: Report) -> list[str]:
    checked = f"{counted(report.checked, 'order')} read back"
    if report.mismatches:
        return [f"{checked}; {counted(len(report.mismatches), 'claim')} did not hold", *report.mismatches]
    if report.checked:
        return [f"{checked}, all as claimed"]
    return ["nothing was read back"] if changes_planned(report) and not report.dry_run else []


def _requests(report: Report) -> str:
    requests = report.requests
    return f"{number(requests.sent)} sent, {number(requests.retried)} retried, {number(requests.throttled)} throttled"
