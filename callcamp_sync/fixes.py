"""The rows that a run rejected or held, as a workbook to correct, and what such a workbook means when it comes back.

In:  a Report and the sheet that it is about. Out: fix.xlsx: those rows only, in the user's own columns, with `_row`, `_problem`
and `_hint`; and, of a sheet that was read, whether it is such a file and which of its rows are still open.
A fix file holds some of the rows: an order without a row in it is never missing. What the reader alone could see (a line with too
many cells, a formula without a value) cannot be seen in the fix file any more, so such a row stays closed until somebody clears
its `_problem`. So does a row that somebody changed in the campaign as well: which of the two counts is for a person to say.
What an export remembers goes along with its rows: cells that nobody edited ask for nothing in the fix file either.
I/O: disk (through sheets).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from callcamp_sync import frames
from callcamp_sync.errors import StateError, UsageError
from callcamp_sync.fields import ROW
from callcamp_sync.issues import CATALOGUE, Verdict
from callcamp_sync.mapping.document import Source, Unknown
from callcamp_sync.merge import standing_column
from callcamp_sync.model import ISSUE_SCHEMA, Exported, Report, Sheet
from callcamp_sync.planning import Subject, bound
from callcamp_sync.report.tables import rendered
from callcamp_sync.report.terminal import counted
from callcamp_sync.schema import RecordSchema
from callcamp_sync.sheets import Check, Form, Question, tabs, write_form
from callcamp_sync.sheets.forms import MAX_COMMENTS
from callcamp_sync.sheets.own import BASELINE_TAB, Marks
from callcamp_sync.values import offered

FILE_NAME = "fix.xlsx"

#: Our columns: the row's number in the sheet that was read, what is wrong, what to do.
COLUMNS = ("_row", "_problem", "_hint")

#: Stands in `_problem` where the row is not taken before the cell is cleared.
MARK = "(clear this cell when the row is right)"

#: The person and the campaign both changed a cell: a decision that an untouched fix file must not take by itself.
_BOTH_CHANGED = "edited-meanwhile"

_GRAVE = [code for code, entry in CATALOGUE.items() if entry.verdict in (Verdict.REJECT, Verdict.HOLD)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """The sheet that a report is about. words: heading -> what its drop-down offers. source: how the mapping finds a sheet.

    orders: what the sheet was compared with (snapshot.existing_orders), null where it was compared with none.
    """

    sheet: Sheet
    words: Mapping[str, tuple[str, ...]]
    source: Source
    orders: pl.DataFrame | None = None


def original(subject: Subject, record_type: RecordSchema, orders: pl.DataFrame | None = None) -> Original:
    """The sheet with the words of its columns: those of the mapping where it lists any, else those of the field."""
    binding = bound(subject, record_type)
    choices = {spec.field.name: spec.choices for spec in record_type.parameters}
    found: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
    for feed in binding.feeds:
        words = offered(feed.rule.field.kind, choices.get(feed.rule.field.name, ()))
        if feed.values:
            words = tuple(dict.fromkeys((*feed.values, *(words if feed.on_unknown is Unknown.KEEP else ()))))
        for heading in feed.headings:
            found[heading].append(words)
    alone = {heading: lists[0] for heading, lists in found.items() if len(lists) == 1 and lists[0]}
    return Original(sheet=subject.sheet, words=alone, source=subject.mapping.source, orders=orders)


def check_target(source: str, target: Path | None) -> None:
    """Raise UsageError where a fix file would replace the sheet that is read, or is no workbook by its name."""
    if target is None:
        return
    if target.suffix.lower() != ".xlsx":
        raise UsageError(f"`{target}` is no name for a workbook", hint="end it in .xlsx")
    if target.exists() and target.resolve() in (Path(source).resolve(), Path(source.partition("#")[0]).resolve()):
        raise UsageError(f"`{target}` is the sheet that is read", hint="name another file")


def write_beside(report: Report, found: Original | None, folder: Path) -> tuple[str, ...]:
    """Write fix.xlsx into a run's folder; a disk that takes none is a sentence, not the end of the run."""
    try:
        return write(report, found, folder / FILE_NAME, shown=f"`{FILE_NAME}` in the report's folder") if found else ()
    except StateError as error:
        return (error.message,)


def write(report: Report, found: Original, path: Path, *, shown: str | None = None) -> tuple[str, ...]:
    """Write the rows to correct; returns sentences for people. Nothing is written where no row was rejected or held.

    shown: how the file is called in those sentences, where the path would say too much.

    Raises StateError when the file cannot be written.
    """
    wrong = report.lines.filter(pl.col("outcome").is_in(["rejected", "held"]))
    if wrong.is_empty():
        return ()
    form = fix_form(report, found)
    properties = {
        "title": f"Rows to correct, run {report.run_id}",
        "callcamp_kind": "fix",
        "callcamp_run": report.run_id,
        "callcamp_source_sha256": report.source.sha256,
        "callcamp_source_sheet": report.source.sheet or "",
    }
    hidden = None
    if found.sheet.exported is not None:
        hidden = (BASELINE_TAB, _remembered(report, found.sheet.exported, found.orders))
        named = tabs.tab_names([form.name])[0]
        properties |= Marks(sheet=named, baseline=BASELINE_TAB, zone=found.sheet.exported.zone).properties()
    said = write_form(path, form, _guide(report), properties=properties, created=report.finished_at, hidden=hidden)
    held_back = wrong.height - form.frame.height
    cut = (f"{held_back:,} rows to correct do not fit into a sheet: correct these first, then run again",) if held_back else ()
    return (f"{counted(wrong.height, 'row')} to correct, then to be synced as a sheet: {shown or f'`{path}`'}", *said, *cut)


def asked_for(report: Report, found: Original | None, path: Path | None) -> Report:
    """The report of a validation; its rows to correct are written to `path`, if anybody asked for them. Raises StateError."""
    if path is None or found is None:
        return report
    said = write(report, found, path) or (f"no row is wrong, so `{path}` is not written",)
    return replace(report, notices=(*said, *report.notices))


def fix_form(report: Report, found: Original) -> Form:
    """The tab to correct. It stands where the mapping looks for the sheet: by name, position and header row."""
    source = found.source
    header = source.header_row or 1
    lines = report.lines.filter(pl.col("outcome").is_in(["rejected", "held"])).sort("row").head(tabs.MAX_ROWS - header)
    issues = rendered(report.issues.filter(pl.col("code").is_in(_GRAVE)))
    headings = [h for h in found.sheet.headings if h not in COLUMNS][: tabs.MAX_COLUMNS - len(COLUMNS)]
    # Series by name, since a heading such as "*" would be read as a pattern.
    cells = pl.DataFrame([found.sheet.frame[ROW], *(found.sheet.frame[heading] for heading in headings)])
    rows = lines.select(pl.col("row").alias(ROW)).join(cells, on=ROW, how="left", maintain_order="left")
    both_changed = report.issues.filter(pl.col("code") == _BOTH_CHANGED)["row"].to_list()
    told = _told(lines, issues, [*_closed(found.sheet, rows), *both_changed])
    questions = [Question(heading=h, check=_check(found.words.get(h, ()))) for h in headings]
    ours = [
        Question(heading="_row", kind="integer", width=8, colour="grey"),
        *(Question(heading=name, width=60, colour="grey", wrap=True) for name in COLUMNS[1:]),
    ]
    name = report.source.sheet or (source.sheet if isinstance(source.sheet, str) else "")
    return Form(
        name=name if name and name.casefold() != tabs.GUIDE.casefold() else "Fix",
        questions=(*questions, *ours),
        frame=pl.DataFrame([*rows.drop(ROW).get_columns(), *(told[name] for name in COLUMNS)]),
        header_row=header,
        place=source.sheet if isinstance(source.sheet, int) else 1,
        wrong=_wrong(lines["row"].to_list(), issues, headings),
    )


def _check(words: tuple[str, ...]) -> Check | None:
    message = "This is none of the words of the list. A word of your mapping, or one that empties the field, may still be right."
    return Check(kind="list", words=words, strict=False, message=message) if words else None


def _closed(sheet: Sheet, rows: pl.DataFrame) -> list[int]:
    """Rows that a fix file cannot show as they are: the reader found something, or a cell has what Excel cannot hold."""
    closed = set(sheet.issues.filter(pl.col("code").is_in(_GRAVE))["row"].to_list())
    for column in rows.drop(ROW):
        cells = tabs.as_cells(column, "text")
        if cells.cut or cells.cleaned:
            closed |= set(rows[ROW].filter(cells.texts.ne_missing(column)).to_list())
    return sorted(closed)


def _remembered(report: Report, exported: Exported, orders: pl.DataFrame | None) -> pl.DataFrame:
    """What the export said of the orders in the fix file; of a cell that both changed, what the campaign says by now.

    Once such a row is opened, its cell is the person's answer to that. A row that names no order may mean any of them.
    """
    wrong = report.lines.filter(pl.col("outcome").is_in(["rejected", "held"]))
    baseline = exported.baseline
    if not wrong["order_uuid"].has_nulls():
        baseline = baseline.filter(pl.col("order_uuid").is_in(wrong["order_uuid"].implode()))
    both = report.issues.filter(pl.col("code") == _BOTH_CHANGED).join(wrong.select("row", "order_uuid"), on="row", how="inner")
    for (field,), cells in both.group_by("field"):
        column = standing_column(str(field))
        if orders is None or column not in baseline.columns or column not in orders.columns:
            continue
        now = orders.filter(pl.col("order_uuid").is_in(cells["order_uuid"].drop_nulls().implode()))
        shown = now.select("order_uuid", now=column, stands=pl.lit(value=True))
        answered = baseline.join(shown, on="order_uuid", how="left", maintain_order="left")
        baseline = answered.with_columns(pl.when("stands").then("now").otherwise(column).alias(column)).drop("now", "stands")
    return baseline


def _told(lines: pl.DataFrame, issues: pl.DataFrame, closed: Sequence[int]) -> pl.DataFrame:
    """Our columns, one row a line: its number, all that is wrong with it, all that can be done."""
    said = issues.group_by("row").agg(
        problem=pl.col("message").unique(maintain_order=True).str.join("; "),
        hint=pl.col("hint").unique(maintain_order=True).str.join("; "),
    )
    both = lines.select("row", "message").join(said, on="row", how="left", maintain_order="left")
    problem = pl.coalesce("problem", "message").fill_null("")
    marked = pl.when(pl.col("row").is_in(list(closed))).then(problem + f" {MARK}").otherwise(problem)
    return both.select(pl.col("row").cast(pl.String).alias("_row"), marked.alias("_problem"), pl.col("hint").alias("_hint"))


def _wrong(rows: Sequence[int], issues: pl.DataFrame, headings: Sequence[str]) -> dict[tuple[int, int], str | None]:
    """(index of the row, index of the column) -> why the cell is wrong; null beyond the comments that a workbook takes."""
    places = {row: index for index, row in enumerate(rows)}
    columns = {heading: index for index, heading in enumerate(headings)}
    found: dict[tuple[int, int], list[str]] = {}
    for row, heading, message, hint in issues.select("row", "heading", "message", "hint").iter_rows():
        for part in _parts(heading, columns):
            if row in places:
                found.setdefault((places[row], columns[part]), []).append(f"{message}\n{hint}")
    ordered = sorted(found)
    return {place: "\n\n".join(found[place]) if nth <= MAX_COMMENTS else None for nth, place in enumerate(ordered)}


def _parts(heading: str | None, columns: Mapping[str, int]) -> list[str]:
    """The sheet's headings that an issue means: one, or several joined by " / " where several feed a field."""
    if heading is None or heading in columns:
        return [heading] if heading else []
    return [part for part in heading.split(" / ") if part in columns]


def _guide(report: Report) -> Sequence[str]:
    campaign = f" for the campaign {report.campaign.name}" if report.campaign else ""
    tab = f", tab {report.source.sheet}" if report.source.sheet else ""
    return (
        "# Rows to correct",
        f"A {report.command}{campaign} on {report.finished_at:%Y-%m-%d %H:%M} UTC (run {report.run_id}) left these rows out.",
        f"They come from {report.source.path}{tab}; `_row` is the number of the row there.",
        "",
        "# What to do",
        "Red cells are wrong; their comments say why. `_problem` and `_hint` say it for the whole row. Correct your own columns.",
        f"Where `_problem` ends in {MARK}, the row was damaged in the file itself, or the campaign changed "
        "the same cell meanwhile: compare it with the original or the campaign, correct it, and clear the cell.",
        "Rows that you delete, and rows that are still wrong, are left out once more.",
        "",
        "# Then",
        "Sync this file as you synced the sheet, with the same campaign and the same mapping. Only these rows count: no order is "
        "canceled or removed because it has no row here, whatever the mode.",
        "Correct the original sheet, too, if it is synced again.",
        "This tab is not read.",
    )


# --- when it comes back ----------------------------------------------------------------------------------------------


def reopened(sheet: Sheet) -> Sheet:
    """The sheet as it is; a fix file is marked as such (info.fix_of), and its rows that are still open are held."""
    if not (sheet.info.fix_of is not None or {"_row", "_problem"} <= set(sheet.headings)):
        return sheet
    run = sheet.info.fix_of
    words = f"a fix file{f' of run `{run}`' if run else ''}: only its rows count, and no order is missing"
    info = replace(sheet.info, fix_of=run or "", warnings=(*sheet.info.warnings, words))
    if "_problem" not in sheet.headings:
        return replace(sheet, info=info)
    problem = pl.col("_problem")
    still = sheet.frame.filter(problem.str.contains(MARK, literal=True)).select(
        row=ROW,
        code=pl.lit("fix-open"),
        heading=pl.lit("_problem"),
        detail=problem.str.replace(MARK, "", literal=True).str.strip_chars(),
    )
    issues = pl.concat([sheet.issues, frames.fit(still, ISSUE_SCHEMA)]).sort("row", maintain_order=True)
    return replace(sheet, info=info, issues=issues)
