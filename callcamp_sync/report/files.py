"""A run's folder: made before anything is sent, filled when all is known. The only module of this room that touches the disk.

In:  a directory for all runs, then a model.Report.
Out: reports/<utc>-<slug>-<run id>/ (0700) with report.json, rows.csv, report.xlsx, report.html and report.md (0600), each
whole or not there at all. The audit trail is read where the run's folder has one: its timeline stands in report.html.
rows.csv is in the `excel` dialect of callcamp_sync.sheets: people double-click it, so a cell that begins like a formula gets a
leading apostrophe (our reader takes it off again), while "+" and digits, a phone, stays as it is; it begins with a byte-order
mark (`encoding="utf-8-sig"`). Programs that want every character as it was read report.json.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path

from callcamp_sync.errors import StateError
from callcamp_sync.model import Report
from callcamp_sync.report.documents import FILE_NAME, write_json
from callcamp_sync.report.markdown_form import markdown
from callcamp_sync.report.page import page
from callcamp_sync.report.tables import csv_rows
from callcamp_sync.report.timeline import Timeline, timeline
from callcamp_sync.report.workbook import properties, tabs
from callcamp_sync.sheets import write_csv, write_workbook
from callcamp_sync.sheets.atomic import replacing

_PROBE = b"\0" * 65_536


def prepare_folder(root: Path, *, run_id: str, campaign: str, started_at: datetime) -> Path:
    """Make the run's folder below `root`, and prove that it can be written.

    campaign: any text; only [a-z0-9-] of it, at most 40 characters, reach the name. Never touches a folder that is there already.
    Raises StateError, before anything was sent, when the folder cannot be made or written.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", run_id):
        raise StateError(f"`{run_id}` cannot be the id of a run", hint="use letters, digits, `-` and `_`, at most 64 of them")
    folder = root / f"{_utc(started_at):%Y%m%dT%H%M%SZ}-{slug(campaign)}-{run_id}"
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise _trouble(folder, error.strerror) from error
    try:
        _probe(folder)
    except (OSError, StateError) as error:
        with suppress(OSError):
            folder.rmdir()
        raise _trouble(folder, str(error)) from error
    return folder


def slug(text: str) -> str:
    """`text` as part of a file name: [a-z0-9-], 1 to 40 characters; accents go, everything else becomes a hyphen."""
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only.lower()).strip("-")[:40].strip("-") or "campaign"


def write_report(report: Report, folder: Path) -> tuple[str, ...]:
    """Write the report's files into `folder`; returns warnings, such as cells that were cut.

    report.json comes first, and stands whatever becomes of the others. Raises StateError when report.json or rows.csv cannot be
    written; a workbook, a page or a Markdown text that cannot be written is a warning.
    """
    with replacing(folder / FILE_NAME) as path, path.open("wb") as stream:
        write_json(report, stream)
    # Each keeps a core busy outside Python, but a disk that is nearly full has room for rows.csv first.
    with ThreadPoolExecutor(2) as pool:
        rows = pool.submit(lambda: write_csv(folder / "rows.csv", csv_rows(report), dialect="excel"))
        book = pool.submit(_attempted, partial(_write_workbook, after=rows.result), report, folder)
        rows.result()
        others = [_attempted(write, report, folder) for write in (_write_page, _write_markdown)]
        return tuple(chain(book.result(), *others))


def _attempted(write: Callable[[Report, Path], tuple[str, ...]], report: Report, folder: Path) -> tuple[str, ...]:
    """The warnings of `write`; that it failed is one."""
    try:
        return write(report, folder)
    except StateError as error:
        return (f"{error.message}; report.json and rows.csv are complete",)


def _write_workbook(report: Report, folder: Path, *, after: Callable[[], None]) -> tuple[str, ...]:
    """after: waits for what has to be on disk before the workbook."""
    when = _utc(report.finished_at)
    return write_workbook(folder / "report.xlsx", tabs(report), properties=properties(report), created=when, after=after)


def _write_page(report: Report, folder: Path) -> tuple[str, ...]:
    with replacing(folder / "report.html") as path, path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(page(report, _timeline(folder / "audit.jsonl")))
    return ()


def _write_markdown(report: Report, folder: Path) -> tuple[str, ...]:
    with replacing(folder / "report.md") as path:
        path.write_text(markdown(report), encoding="utf-8", newline="\n")
    return ()


def _timeline(trail: Path) -> Timeline | None:
    """The run's timeline; None where it has no audit trail, or one that cannot be read."""
    try:
        with trail.open("rb") as lines:
            return timeline(lines)
    except OSError:
        return None


def _probe(folder: Path) -> None:
    """Write, sync and remove a file of a common size: a folder may exist and still take none."""
    folder.chmod(0o700)
    with replacing(folder / "probe") as path:
        path.write_bytes(_PROBE)
    (folder / "probe").unlink()


def _utc(moment: datetime) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _trouble(folder: Path, words: str | None) -> StateError:
    return StateError(
        f"the report cannot be written to `{folder}`: {words or 'no reason given'}",
        hint="make room, or name another place with `--report-dir DIR`",
    )
