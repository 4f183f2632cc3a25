"""The user's own workbook with the outcome of each row beside it.

In:  a Report and the workbook that it is about. Out: a copy with the columns `_outcome`, `_order_id`, `_record_id` and `_message`
at the right of what is used, by row number. Their headings begin with `_`, so that a sync of the copy leaves them alone.
I/O: disk (through sheets).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from callcamp_sync.errors import PRECEDENCE, ExitCode, SheetError, StateError, UsageError, gravest
from callcamp_sync.model import Report
from callcamp_sync.report.tables import csv_rows
from callcamp_sync.sheets.copies import Notes, write_copy
from callcamp_sync.sheets.source import read_source
from callcamp_sync.sheets.tabs import Colour

COLUMNS = ("_outcome", "_order_id", "_record_id", "_message")

_ENDINGS = (".xlsx", ".xlsm")
_COLOURS: dict[str, Colour] = {
    "created": "green",
    "associated": "green",
    "updated": "blue",
    "canceled": "orange",
    "removed": "orange",
    **dict.fromkeys(("rejected", "failed", "unknown", "not-attempted"), "red"),
    **dict.fromkeys(("held", "protected", "drifted"), "yellow"),
}


def check_target(source: str, target: Path | None) -> None:
    """Raise UsageError, before anything is read or sent, where no copy can be written: no workbook, or the workbook itself."""
    if target is None:
        return
    path = Path(source if Path(source).exists() else source.partition("#")[0])
    if path.suffix.lower() not in _ENDINGS:
        raise UsageError(f"`--annotate` copies a workbook, and `{source}` is none", hint="use `rows.csv` in the report's folder")
    if target.suffix.lower() != path.suffix.lower():
        raise UsageError(f"the copy `{target}` must end in `{path.suffix}`, as the workbook does")
    if target.exists() and path.exists() and target.samefile(path):
        raise UsageError(f"`{target}` is the sheet that is read", hint="name another file")
    if not target.absolute().parent.is_dir():
        raise UsageError(f"the folder of `{target}` is not there", hint="make it, or name another file")


def annotated(report: Report, target: Path | None, *, header_row: int | None) -> Report:
    """The report; the copy is written to `target`, if anybody asked for it.

    header_row: of the mapping. A copy that cannot be written is told in the report's notices, and the run does not end as done.
    """
    if target is None:
        return report
    try:
        said = _write(report, target, header_row)
    except (StateError, SheetError) as error:
        code = ExitCode(report.exit_code)
        graver = gravest(code, ExitCode.INCOMPLETE) if code in PRECEDENCE else code
        words = f"`{target}` is not written: {error.message}"
        return replace(report, notices=(words, *report.notices), exit_code=int(graver), exit_name=graver.label)
    return replace(report, notices=(f"each row with its outcome: `{target}`", *said, *report.notices))


def _write(report: Report, target: Path, header_row: int | None) -> tuple[str, ...]:
    found = read_source(report.source.path)
    if found.sha256 != report.source.sha256 or report.source.sheet is None:
        raise SheetError(f"`{report.source.path}` changed since it was read")
    lines = csv_rows(report).select("row", "outcome", "order_uuid", "record_uuid", "message")
    rows = {row: texts for row, *texts in lines.iter_rows()}
    colours = {row: _COLOURS[texts[0]] for row, texts in rows.items() if texts[0] in _COLOURS}
    notes = Notes(headings=COLUMNS, rows=rows, colours=colours)
    return write_copy(found.data, target, notes, sheet=report.source.sheet, header_row=header_row)
