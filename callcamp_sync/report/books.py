"""Whether a report's books balance: every row of the sheet, and every order without a row, in exactly one line. Pure: no I/O.

In:  a model.Report. Out: sentences about what does not add up; none when all does.
Rule source: design document, section 1 ("every row ... ends in exactly one line of the report, and the books balance or the
run failed"). Counts are compared with the frames, never with one another only, so that one wrong counter cannot hide itself.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from callcamp_sync.issues import CATALOGUE
from callcamp_sync.model import OrderOutcome, Report, RowOutcome


def balance(report: Report) -> list[str]:
    """What does not add up, one sentence each; [] when the books balance. A sentence here is a bug of ours, never of the user."""
    rows = report.source.rows
    told = [] if report.lines.height == rows else [f"the sheet has {rows} rows, and {report.lines.height} have a line"]
    total = sum(report.counts.values())
    told += [] if total == rows else [f"the sheet has {rows} rows, and the counts add up to {total}"]
    told += _compared("rows", report.lines, report.counts, {str(name) for name in RowOutcome})
    told += _compared("orders without a row", report.orders, report.missing, {str(name) for name in OrderOutcome})
    return told + _repeated(report) + _strays(report)


def _compared(things: str, frame: pl.DataFrame, counts: Mapping[str, int], known: set[str]) -> list[str]:
    """Counter against frame, outcome by outcome."""
    stand = {str(name): count for name, count in frame.get_column("outcome").value_counts().iter_rows()}
    wrong = [f"`{name}` is not an outcome of {things}" for name in sorted(set(stand) - known)]
    for name in sorted({str(name) for name in counts} | set(stand)):
        said, have = counts.get(name, 0), stand.get(name, 0)
        if said != have:
            wrong.append(f"{said} {things} are counted as `{name}`, and {have} stand in the lines")
    return wrong


def _repeated(report: Report) -> list[str]:
    """One row, one line; one order, one line."""
    wrong = []
    for things, column in (("row", report.lines.get_column("row")), ("order", report.orders.get_column("order_uuid"))):
        if column.null_count():
            wrong.append(f"{column.null_count()} lines name no {things}")
        named = column.drop_nulls()
        if named.n_unique() < named.len():
            twice = named.filter(named.is_duplicated()).unique().sort()
            wrong.append(f"{things} {twice.to_list()[0]} has more than one line, and so have {twice.len() - 1} others")
    return wrong


def _strays(report: Report) -> list[str]:
    """Changes and issues belong to rows that have a line; codes stand in the catalogue."""
    wrong = []
    for things, frame in (("a change", report.changes), ("an issue", report.issues)):
        named = frame.select(pl.col("row").drop_nulls())
        stray = named.join(report.lines, on="row", how="anti").get_column("row") if named.height else named.get_column("row")
        if stray.len():
            wrong.append(f"row {stray.to_list()[0]} has {things}, and no line")
    unknown = report.issues.filter(~pl.col("code").is_in(list(CATALOGUE))).get_column("code").unique().sort()
    return wrong + [f"the issue code `{code}` is not in the catalogue" for code in unknown]
