"""The report's frames as other frames: rows with their messages, problems, changes. Columns in, columns out; no I/O.

In:  a model.Report with its frames (LINE_SCHEMA, CHANGE_SCHEMA, ORDER_LINE_SCHEMA, ISSUE_SCHEMA).
Out: frames as rows.csv, the workbook and the terminal show them. Issues are put into words once per distinct case.
Rule source: interface document, "The report"; the words are those of issues.CATALOGUE.
"""

from __future__ import annotations

from typing import Literal

import polars as pl

from callcamp_sync.issues import CATALOGUE, Verdict, render
from callcamp_sync.model import Report, RowOutcome

#: Outcomes whose line carries the server's words (or ours about the server) rather than an issue's.
TOLD_BY_SERVER = (RowOutcome.FAILED, RowOutcome.UNKNOWN, RowOutcome.DRIFTED, RowOutcome.NOT_ATTEMPTED)

_CASE = ("code", "heading", "cell", "detail")
#: Gravest first. What the server refused or left open, as any verdict that is not named, stands after what a rule forbids.
_GRAVITY = {Verdict.REJECT: 0, Verdict.HOLD: 1, Verdict.PROTECT: 2, Verdict.DUPLICATE: 4, Verdict.NOTE: 5}
_OPEN = 3
_KNOWN_THEN_NEW: tuple[Literal["anti", "semi"], ...] = ("anti", "semi")
_CURES = {
    RowOutcome.FAILED: "correct what the server refused, and run again",
    RowOutcome.UNKNOWN: "run `callcamp-sync resume {run}`: it looks whether the request arrived",
    RowOutcome.DRIFTED: "run again: the campaign changed after the plan was made",
    RowOutcome.NOT_ATTEMPTED: "run `callcamp-sync resume {run}`",
}


def rendered(issues: pl.DataFrame) -> pl.DataFrame:
    """`issues` with two more columns, `message` and `hint`, in the same order.

    A code that the catalogue lacks is its own message: a bug (see books.balance), but no reason to lose the report.
    """
    cases = issues.select(_CASE).unique(maintain_order=True)
    words = [_words(*case) for case in cases.iter_rows()]
    told = cases.with_columns(
        message=pl.Series([message for message, _ in words], dtype=pl.String),
        hint=pl.Series([hint for _, hint in words], dtype=pl.String),
    )
    return issues.join(told, on=_CASE, how="left", nulls_equal=True, maintain_order="left")


def csv_rows(report: Report, first: int | None = None) -> pl.DataFrame:
    """Every row of the sheet as rows.csv has it: row, outcome, phone, order_uuid, record_uuid, codes, message.

    codes: joined by one space, null without any. message: the line's own, else those of its issues, joined by "; ".
    first: only that many rows, at no cost for the others.
    """
    lines = report.lines.sort("row", maintain_order=True)
    issues = report.issues
    if first is not None:
        lines = lines.head(first)
        issues = issues.join(lines.select("row"), on="row", how="semi", maintain_order="left")
    said = rendered(issues).group_by("row").agg(said=pl.col("message").unique(maintain_order=True).str.join("; "))
    return lines.join(said, on="row", how="left", maintain_order="left").select(
        "row",
        "outcome",
        "phone",
        "order_uuid",
        "record_uuid",
        codes=pl.when(pl.col("codes").list.len() > 0).then(pl.col("codes").list.join(" ")),
        message=pl.coalesce("message", "said"),
    )


def change_rows(report: Report, first: int | None = None) -> pl.DataFrame:
    """One line a changed field: row, phone, field, old, new, outcome; by row.

    first: only that many, and those of contacts that were there already before those of new ones, which have no old value.
    """
    lines = report.lines.select("row", "phone", "outcome").unique("row", keep="first")
    changes = report.changes.sort("row", maintain_order=True)
    if first is not None:
        new = changes.filter((pl.col("field") == "phoneNumber") & pl.col("old").is_null()).select("row")
        parts = [changes.join(new, on="row", how=how, maintain_order="left").head(first) for how in _KNOWN_THEN_NEW]
        changes = pl.concat(parts).head(first)
    return changes.join(lines, on="row", how="left", maintain_order="left").select(
        "row", "phone", "field", "old", "new", "outcome"
    )


def problem_rows(report: Report) -> pl.DataFrame:
    """Everything said about rows, the gravest first: row, outcome, heading, cell, code, message, hint.

    Rejected rows stand before held ones, then protected, then what the server refused or left open, duplicates and notes.
    """
    return worded(problems(report))


def problems(report: Report) -> pl.DataFrame:
    """`problem_rows` before it is put into words: cheap, however many there are, so that a caller can count and cut them."""
    lines = report.lines.select("row", "outcome").unique("row", keep="first")
    ranks = {code: _GRAVITY.get(entry.verdict, _OPEN) for code, entry in CATALOGUE.items()}
    none = pl.lit(None, dtype=pl.String)
    issues = report.issues.join(lines, on="row", how="left", maintain_order="left").with_columns(
        said=none, cure=none, rank=pl.col("code").replace_strict(ranks, default=0, return_dtype=pl.Int8)
    )
    # A row that an earlier run left open has an issue that says so, and better than the line does.
    told = _server_problems(report).join(issues.filter(pl.col("rank") == _OPEN), on="row", how="anti", maintain_order="left")
    columns = ("row", "outcome", *_CASE, "said", "cure", "rank")
    return pl.concat([issues.select(columns), told.select(columns)]).sort("rank", "row", maintain_order=True)


def worded(found: pl.DataFrame) -> pl.DataFrame:
    """`problems`, or a part of them, with message and hint: row, outcome, heading, cell, code, message, hint."""
    words = {"message": pl.coalesce("said", "message"), "hint": pl.coalesce("cure", "hint")}
    return rendered(found).select("row", "outcome", "heading", "cell", "code", **words)


def top_codes(issues: pl.DataFrame, limit: int) -> list[tuple[str, int, int, str | None, str]]:
    """The commonest problems, notes and duplicates apart: (code, rows, first row, its heading, cure), most rows first."""
    grave = [code for code, entry in CATALOGUE.items() if _GRAVITY.get(entry.verdict, _OPEN) <= _OPEN]
    first = (
        issues.filter(pl.col("code").is_in(grave))
        .sort("row", maintain_order=True)
        .group_by("code", maintain_order=True)
        .agg(pl.col("row").n_unique().alias("rows"), pl.all().first())
        .sort(["rows", "code"], descending=[True, False])
        .head(limit)
    )
    return [(line["code"], line["rows"], line["row"], line["heading"], line["hint"]) for line in rendered(first).to_dicts()]


def _server_problems(report: Report) -> pl.DataFrame:
    cures = {str(name): cure.format(run=report.run_id) for name, cure in _CURES.items()}
    return report.lines.filter(pl.col("outcome").is_in(TOLD_BY_SERVER)).with_columns(
        **{name: pl.lit(None, dtype=pl.String) for name in _CASE},
        said=pl.col("message"),
        cure=pl.col("outcome").replace_strict(cures, return_dtype=pl.String),
        rank=pl.lit(_OPEN, dtype=pl.Int8),
    )


def _words(code: str | None, heading: str | None, cell: str | None, detail: str | None) -> tuple[str | None, str | None]:
    return render(code, heading=heading, cell=cell, detail=detail) if code in CATALOGUE else (code, None)
