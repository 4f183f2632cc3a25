"""report.html: the report as one page that needs nothing but itself. It makes text, files.py writes it; the only user of Jinja2.

In:  a model.Report, and the timeline of its audit trail where there is one.
Out: HTML in parts. No address outside the page, no script but ours: a Content Security Policy in the page allows our one style
and our one script by their digests and nothing else. Everything from sheet and server is escaped, and before that made legible
(control characters and those that turn the reading order become visible); each cell keeps its direction to itself.
Each table holds at most LINES lines and says where the others are. Without scripts it is a page of plain tables.
Rule source: issue 4, item 7; reliability notes, section 5 ("Output injection"); CSP Level 3; WAI-ARIA 1.2.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from callcamp_sync.model import Report
from callcamp_sync.report import figures
from callcamp_sync.report.books import balance
from callcamp_sync.report.documents import zulu
from callcamp_sync.report.legible import clipped, legible, ticked
from callcamp_sync.report.lines import Kind, lines
from callcamp_sync.report.tables import change_rows, csv_rows, problems, top_codes, worded
from callcamp_sync.report.terminal import counted, number
from callcamp_sync.report.timeline import Timeline
from callcamp_sync.report.tones import COLOURS, FATES, of_exit
from callcamp_sync.report.verdicts import guard_words, lead, missing_counts, next_steps, row_counts, sentences

#: More lines than this in a table serve nobody on a page.
LINES = 5_000

_CODES = 200
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of the page. columns: (heading, kind of its cells). frame: at most LINES lines; total: how many there are in all.

    whole: the file that has all lines. empty: what is said in place of a table without lines.
    """

    id: str
    title: str
    about: str
    columns: tuple[tuple[str, Kind], ...]
    frame: pl.DataFrame
    total: int
    whole: str
    empty: str

    @property
    def lines(self) -> Markup:
        """Its lines as HTML."""
        return lines(self.frame, [kind for _, kind in self.columns])


def page(report: Report, line: Timeline | None = None) -> Iterator[str]:
    """report.html in parts, to be written one after the other; the same report, the same text."""
    style, script = asset("report.css"), asset("report.js")
    yield from template("report.html").generate(
        report=report,
        policy=policy(style, script),
        style=style,
        script=script,
        colour=of_exit(report.exit_code),
        lead=lead(report),
        next_steps=next_steps(report),
        imbalance=balance(report),
        row_counts=row_counts(report),
        missing_counts=missing_counts(report),
        codes=top_codes(report.issues, _CODES),
        sentences=sentences(report),
        line=line,
        tables=tables(report),
    )


def policy(style: str, script: str = "") -> str:
    """The page's Content Security Policy: nothing is loaded, nothing runs but these two texts, nothing is sent anywhere."""
    own = _digest(script) if script else "'none'"
    return (
        f"default-src 'none'; style-src {_digest(style)}; script-src {own}; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )


def tables(report: Report) -> tuple[Table, ...]:
    """The page's long tables, each cut to LINES lines before anything is put into words."""
    found = problems(report)
    return (
        Table(
            id="changes",
            title="Changes",
            about="Each field, old and new; contacts that were there already stand first.",
            columns=(
                ("Row", "number"),
                ("Phone", "text"),
                ("Field", "text"),
                ("Old", "old"),
                ("New", "new"),
                ("Outcome", "outcome"),
            ),
            frame=change_rows(report, LINES),
            total=report.changes.height,
            whole="report.xlsx, tab Changes",
            empty="No field changes.",
        ),
        Table(
            id="problems",
            title="Problems",
            about="What was said about rows, the gravest first.",
            columns=(
                ("Row", "number"),
                ("Outcome", "outcome"),
                ("Heading", "text"),
                ("Cell", "text"),
                ("Code", "code"),
                ("Message", "words"),
                ("What to do", "words"),
            ),
            frame=worded(found.head(LINES)),
            total=found.height,
            whole="report.xlsx, tab Problems",
            empty="No row has a problem.",
        ),
        Table(
            id="rows",
            title="Rows of the sheet",
            about="How each row ended, by its number in the sheet.",
            columns=(
                ("Row", "number"),
                ("Outcome", "outcome"),
                ("Phone", "text"),
                ("Order ID", "text"),
                ("Record ID", "text"),
                ("Codes", "code"),
                ("Message", "words"),
            ),
            frame=csv_rows(report, LINES),
            total=report.lines.height,
            whole="report.xlsx, tab Rows",
            empty="The sheet has no rows.",
        ),
        Table(
            id="orders",
            title="Orders not in the sheet",
            about="Orders of the campaign that no row stands for.",
            columns=(
                ("Order ID", "text"),
                ("Record ID", "text"),
                ("Phone", "text"),
                ("Status", "text"),
                ("Outcome", "outcome"),
                ("Message", "words"),
            ),
            frame=report.orders.head(LINES).select("order_uuid", "record_uuid", "phone", "status", "outcome", "message"),
            total=report.orders.height,
            whole="report.xlsx, tab Not in the sheet",
            empty="Every order of the campaign stands in the sheet, or the sheet was not held against all of them.",
        ),
    )


@cache
def template(name: str) -> Template:
    """A template of this room: everything is escaped, and made legible before."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, clipped=clipped, ticked=ticked, zulu=zulu, guard_words=guard_words, counted=counted)
    environment.globals.update(figures=figures, COLOURS=COLOURS, FATES=FATES)
    return environment.get_template(name)


def _finalized(value: Any) -> Any:
    """What stands between {{ and }}, before it is escaped."""
    return legible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def asset(name: str) -> Markup:
    """One of our own files; it is part of the page as it stands."""
    return Markup((_TEMPLATES / name).read_text("utf-8").strip())  # noqa: S704 - a file of ours


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
