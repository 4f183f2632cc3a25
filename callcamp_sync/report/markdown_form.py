"""The report in Markdown: report.md, and the summary that a CI system shows. Pure: no I/O.

In:  a model.Report.
Out: GitHub-flavoured Markdown: verdict, what to do next, counts, guards, commonest problems, what the server refused. It shows no
cell of the sheet and no phone number, because a CI's page is read by more people than the sheet; a problem is its code, row,
heading and cure.
Words of strangers (names, headings, server messages) stand in code spans, where nothing is markup, link or mention: on one line,
without control characters, at most WORDS characters; a "|", which a table reads even there, is shown as "¦".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from callcamp_sync.model import Report
from callcamp_sync.report import figures
from callcamp_sync.report.books import balance
from callcamp_sync.report.forecasts import outturn
from callcamp_sync.report.tables import TOLD_BY_SERVER, top_codes
from callcamp_sync.report.terminal import clean, counted, number
from callcamp_sync.report.tones import MEANINGS, of_exit
from callcamp_sync.report.verdicts import guard_words, lead, missing_counts, next_steps, row_counts, sentences

#: Longer words of strangers are cut.
WORDS = 200

_CODES, _REFUSALS, _SENTENCES = 10, 10, 20
#: How an exit code's colour looks where there is none.
SIGNS = {"green": "✅", "yellow": "⚠️", "red": "❌"}


def markdown(report: Report) -> str:
    """The report as Markdown, with a final line feed; some forty lines, however large the run."""
    blocks = [
        [f"## {SIGNS.get(of_exit(report.exit_code), '')} {lead(report)}".replace("  ", " ")],
        [_where(report)],
        [f"**The books do not balance: {span(sentence)}**" for sentence in balance(report)],
        _next(report),
        _counts("Rows of the sheet", row_counts(report)),
        _counts("Orders not in the sheet", missing_counts(report)),
        _guards(report),
        _problems(report),
        _refusals(report),
        _sentences("Claims that did not hold", report.mismatches),
        _sentences("Notices", sentences(report)),
        [f"{figures.requests(report).capitalize()}. {figures.read_back(report).capitalize()}."],
        [f"Forecast: {words}." for words in [outturn(report)] if words],
        [f"Report: {span(report.folder)}"] if report.folder else [],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def span(text: str) -> str:
    """`text` as a code span, fit for a table's cell; see the module's contract. Blank text is a dash."""
    line = clean(text).replace("|", "¦").strip()
    if not line:
        return "–"
    line = line if len(line) <= WORDS else f"{line[:WORDS]}…"
    fence = "`" * (_longest(line) + 1)
    inner = f" {line} " if line.startswith("`") or line.endswith("`") else line
    return f"{fence}{inner}{fence}"


def _longest(text: str) -> int:
    """The length of the longest run of backticks."""
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _where(report: Report) -> str:
    tab = f", tab {span(report.source.sheet)}" if report.source.sheet else ""
    campaign = f"Campaign {span(report.campaign.name)}, sheet " if report.campaign else "Sheet "
    dry = ", dry run" if report.dry_run else ""
    words = f"{span(report.source.path)}{tab}: {counted(report.source.rows, 'row')}"
    return f"{campaign}{words}. Run {span(report.run_id)}, `{report.command}`{dry}, exit code {report.exit_code}."


def _next(report: Report) -> list[str]:
    """Each step; a command stands in a block of its own, whole, so that it can be pasted."""
    lines = ["### What to do next"]
    for step in next_steps(report):
        words, colon, command = clean(step).partition(": callcamp-sync ")
        lines += ["", words + colon.removesuffix(" callcamp-sync ")]
        fence = "`" * max(3, _longest(command) + 1)
        lines += ["", f"{fence}sh", f"callcamp-sync {command}", fence] if colon else []
    return lines


def _counts(title: str, counts: Mapping[str, int]) -> list[str]:
    whole = sum(counts.values())
    lines = [
        f"| {name} | {number(count)} | {figures.share(count, whole)} | {MEANINGS.get(name, '')} |"
        for name, count in counts.items()
    ]
    return table(title, "| Outcome | Count | Share | Meaning |", "|---|--:|--:|---|", lines)


def _guards(report: Report) -> list[str]:
    lines = [
        f"| {guard.name} | {'**tripped**' if guard.tripped else 'ok'} | {span(guard_words(guard))} | {span(guard.flag or '')} |"
        for guard in report.guards
    ]
    return table("Guards", "| Guard | Verdict | Numbers | What lifts it |", "|---|---|---|---|", lines)


def _problems(report: Report) -> list[str]:
    lines = [
        f"| `{code}` | {number(rows)} | row {row}{f', {span(heading)}' if heading else ''} | {span(cure or '')} |"
        for code, rows, row, heading, cure in top_codes(report.issues, _CODES)
    ]
    return table("Commonest problems", "| Code | Rows | Such as | What to do |", "|---|--:|---|---|", lines)


def _refusals(report: Report) -> list[str]:
    told = report.lines.filter(report.lines.get_column("outcome").is_in(TOLD_BY_SERVER)).sort("row")
    lines = [
        f"| {row} | {outcome} | {span(message or '')} |"
        for row, outcome, message in told.head(_REFUSALS).select("row", "outcome", "message").iter_rows()
    ]
    more = [f"| … | | and {number(told.height - _REFUSALS)} more: see report.xlsx, tab Problems |"]
    return table("Not carried out", "| Row | Outcome | Why |", "|--:|---|---|", lines + (more if told.height > _REFUSALS else []))


def _sentences(title: str, sentences: Sequence[str]) -> list[str]:
    shown = [f"- {span(sentence)}" for sentence in sentences[:_SENTENCES]]
    more = [f"- and {number(len(sentences) - _SENTENCES)} more"] if len(sentences) > _SENTENCES else []
    return [f"### {title}", "", *shown, *more] if shown else []


def table(title: str, head: str, rule: str, lines: list[str]) -> list[str]:
    """A table under a heading, or nothing where it has no line."""
    return [f"### {title}", "", head, rule, *lines] if lines else []
