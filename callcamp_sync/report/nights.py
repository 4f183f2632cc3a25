"""One report over all jobs of a night: night.json, night.html, night.md. Deterministic: the same night, the same bytes.

In:  a night.Night (no row, no phone number in it). Out: a document, a page, Markdown; `write_night` puts them into the folder.
Each job's own report stands in its own folder; here is how they ended, what stopped them, and how it was in earlier nights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from callcamp_sync.errors import ExitCode
from callcamp_sync.night import JobResult, Night, Trend
from callcamp_sync.report.documents import plain, zulu
from callcamp_sync.report.figures import Piece
from callcamp_sync.report.markdown_form import SIGNS, span, table
from callcamp_sync.report.page import asset, policy, template
from callcamp_sync.report.terminal import clean, counted, cut, number, pad
from callcamp_sync.report.tones import COLOURS, of_exit
from callcamp_sync.sheets.atomic import replacing

#: The document's name and version: readers check it.
SCHEMA = "callcamp-sync/night/1"

_MARKED = 25.0


def write_night(night: Night, folder: Path) -> None:
    """Write the three files into the folder, each whole or not at all. Raises StateError."""
    with replacing(folder / "night.json") as path:
        path.write_bytes(orjson.dumps(night_document(night), option=orjson.OPT_INDENT_2) + b"\n")
    with replacing(folder / "night.md") as path:
        path.write_text(night_markdown(night), encoding="utf-8", newline="\n")
    with replacing(folder / "night.html") as path:
        path.write_text(night_page(night), encoding="utf-8", newline="\n")


def night_headline(night: Night) -> str:
    """The night in one sentence, without a full stop."""
    good = sum(result.good for result in night.results)
    words = f"{good} of {counted(len(night.results), 'job')} did their work"
    if good == len(night.results):
        words = "the job did its work" if good == 1 else f"all {good} jobs did their work"
    return f"Planned, nothing was sent: {words}" if night.dry_run else words[0].upper() + words[1:]


def night_document(night: Night) -> dict[str, Any]:
    """night.json as a dict; key order as documented."""
    return {
        "schema": SCHEMA,
        "night": {
            "id": night.id,
            "version": night.version,
            "started_at": zulu(night.started_at),
            "finished_at": zulu(night.finished_at),
            "exit": {"code": night.exit_code, "name": night.exit_name},
            "dry_run": night.dry_run,
            "folder": night.folder,
        },
        "jobs": [_job(result, night.trends.get(result.job, ())) for result in night.results],
        "notices": plain(night.notices),
    }


def _job(result: JobResult, trend: Sequence[Trend]) -> dict[str, Any]:
    error = {"code": result.code, "message": result.message, "hint": result.hint} if result.message else None
    return {
        "job": result.job,
        "kind": result.kind,
        "campaign": {"asked": result.campaign, "uuid": result.campaign_uuid, "name": result.campaign_name},
        "source": result.source,
        "exit": {"code": result.exit_code, "name": result.exit_name},
        "state": result.state,
        "error": error,
        "started_at": zulu(result.started_at),
        "finished_at": zulu(result.finished_at),
        "seconds": round(result.seconds, 3),
        "rows": result.rows,
        "counts": plain(result.counts),
        "missing": plain(result.missing),
        "waiting": result.waiting,
        "codes": plain(result.codes),
        "guards": [
            {"name": guard.name, "limit": guard.limit, "actual": guard.actual, "tripped": guard.tripped, "flag": guard.flag}
            for guard in result.guards
        ],
        "requests": {
            "sent": result.requests.sent,
            "retried": result.requests.retried,
            "throttled": result.requests.throttled,
        },
        "run": result.run_id,
        "folder": result.folder,
        "archived": result.archived,
        "notices": plain(result.notices),
        "trend": [
            {
                "at": zulu(one.at),
                "exit": one.exit_code,
                "rows": one.rows,
                "changed": one.changed,
                "wrong": one.wrong,
                "seconds": round(one.seconds, 3),
                "requests": one.requests,
            }
            for one in trend
        ],
    }


# --- text and Markdown --------------------------------------------------------------------------------------------------


def night_summary(night: Night, *, width: int = 110) -> str:
    """The night in plain text: one line a job, what stopped it below, and where the report is."""
    wide = max((len(result.job) for result in night.results), default=0)
    lines = [f"{night_headline(night)}."]
    for result in night.results:
        lines.append(cut(f"{pad(result.job, wide)}  {result.exit_code:>3} {counts_of(result)}", width))
        lines += [f"{'':{wide}}      {clean(words)}" for words in (result.message, _hinted(result)) if words]
    if night.folder:
        lines.append(f"Report: {clean(night.folder)}")
    return "\n".join(lines)


def counts_of(result: JobResult) -> str:
    """What became of rows and orders, in a few words."""
    if result.kind == "export":
        return f"{counted(result.rows, 'order')} written" if result.good else result.state
    rows = [f"{name} {number(count)}" for name, count in result.counts.items() if count]
    gone = [f"{name} {number(count)} without a row" for name, count in result.missing.items() if count and name != "kept"]
    waits = [f"{number(result.waiting)} absent and waiting"] if result.waiting else []
    return ", ".join([*rows, *gone, *waits]) if rows and result.good else result.state


def _hinted(result: JobResult) -> str | None:
    return f"hint: {result.hint}" if result.hint else None


def night_markdown(night: Night) -> str:
    """night.md: fit for the page of a CI, which more people read than the sheets."""
    head = f"## {SIGNS.get(of_exit(night.exit_code), '')} {night_headline(night)}".replace("  ", " ")
    words = f"Run {span(night.id)}, exit code {night.exit_code} (`{night.exit_name}`), {zulu(night.finished_at)}."
    lines = [
        f"| {span(result.job)} | {result.exit_code} `{result.exit_name}` | {span(counts_of(result))} | "
        f"{result.seconds:.1f} | {span(_ran(night.trends.get(result.job, ())))} |"
        for result in night.results
    ]
    blocks = [
        [head],
        [words],
        table("Jobs", "| Job | Exit | Rows and orders | Seconds | Rows, earlier nights first |", "|---|---|---|--:|---|", lines),
        *([f"### {span(result.job)}", "", *_told(result)] for result in night.results if result.message),
        ["### Notices", "", *(f"- {span(sentence)}" for sentence in night.notices)] if night.notices else [],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _told(result: JobResult) -> list[str]:
    return [f"- {span(words)}" for words in (result.message, _hinted(result)) if words]


def _ran(trend: Sequence[Trend]) -> str:
    return " ".join(number(one.rows) for one in reversed(trend))


# --- page ---------------------------------------------------------------------------------------------------------------


def night_page(night: Night) -> str:
    """night.html: one file without script, that needs nothing but itself."""
    style = asset("report.css")
    return template("night.html").render(
        night=night,
        style=style,
        policy=policy(style),
        colour=of_exit(night.exit_code),
        headline=night_headline(night),
        jobs=[_shown(result, night.trends.get(result.job, ())) for result in night.results],
    )


def _shown(result: JobResult, trend: Sequence[Trend]) -> Mapping[str, Any]:
    return {
        "result": result,
        "colour": of_exit(result.exit_code),
        "counts": [(name, count, COLOURS.get(name, "grey")) for name, count in result.counts.items() if count],
        "missing": [(name, count, COLOURS.get(name, "grey")) for name, count in result.missing.items() if count],
        "trend": trend_columns(trend),
        "last": trend[0] if trend else None,
        "seconds": f"{result.seconds:.1f}",
        "report": Path(result.folder).name if result.folder else None,
    }


def trend_columns(trend: Sequence[Trend]) -> tuple[Piece, ...]:
    """Rows of each run as columns, the oldest first, coloured by how it ended; a run that read nothing has a low one."""
    highest = max((one.rows for one in trend), default=0)
    width = 100 / max(len(trend), 1)
    pieces = []
    for nth, one in enumerate(reversed(trend)):
        height = max(100 * one.rows / highest, _MARKED / 4) if highest else _MARKED
        words = f"{zulu(one.at)}: {counted(one.rows, 'row')}, {number(one.changed)} changed, exit {one.exit_code}"
        colour = of_exit(ExitCode(one.exit_code))
        pieces.append(
            Piece(
                x=round(nth * width, 3),
                width=round(width * 0.8, 3),
                y=round(100 - height, 3),
                height=round(height, 3),
                colour=colour,
                words=words,
            )
        )
    return tuple(pieces)
