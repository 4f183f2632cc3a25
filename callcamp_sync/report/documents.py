"""A model.Report as report.json, and report.json back. Deterministic: the same report, the same bytes.

In:  a model.Report. Out: a dict (for `--json`), or bytes into a stream, row by row, so that a million rows need no million dicts.
Rule source: interface document, "The report": keys, their order, what `rows` leaves out (the unchanged ones).
Values stand as they are (JSON escapes control characters); half a surrogate pair, which UTF-8 cannot hold, becomes "?".
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import polars as pl

from callcamp_sync.errors import StateError
from callcamp_sync.model import Report, RowOutcome
from callcamp_sync.report.forecasts import forecast_document
from callcamp_sync.report.tables import TOLD_BY_SERVER, rendered
from callcamp_sync.report.verdicts import missing_counts, row_counts

#: The document's name and version: readers check it.
SCHEMA = "callcamp-sync/report/1"

#: The name of the file in a run's folder.
FILE_NAME = "report.json"

_CHUNK = 20_000
_CHANGE = ("field", "old", "new")
_ISSUE = ("code", "heading", "field", "cell", "message", "hint")


def document(report: Report) -> dict[str, Any]:
    """report.json as a dict; key order as documented. For `--json` and small runs: it holds every row that is not unchanged."""
    listed = {
        "rows": [row for part in _rows(report) for row in part.to_dicts()],
        "orders": [order for part in _orders(report) for order in part.to_dicts()],
    }
    return _frame_of(report) | listed


def write_json(report: Report, stream: BinaryIO) -> None:
    """Write `document(report)` to `stream`, one line a row. Raises OSError as the stream does."""
    lists = {"rows": _rows, "orders": _orders}
    opening = b"{\n"
    for key, value in _frame_of(report).items():
        stream.write(opening + orjson.dumps(key) + b": ")
        opening = b",\n"
        if key in lists:
            _write_list(lists[key](report), stream)
        else:
            stream.write(orjson.dumps(value))
    stream.write(b"\n}\n")


def load_document(path: Path) -> dict[str, Any]:
    """A run's report.json; `path` is the file or the run's folder.

    Raises StateError when there is none, when it is no JSON, or when it is not a report of this version.
    """
    file = path / FILE_NAME if path.is_dir() else path
    try:
        content = orjson.loads(file.read_bytes())
    except OSError as error:
        raise StateError(f"the report `{file}` cannot be read: {error.strerror}", hint="`callcamp-sync runs list`") from error
    except orjson.JSONDecodeError as error:
        raise StateError(f"`{file}` is not a report: it is no JSON ({error.msg})") from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise StateError(f"`{file}` is not a report that this version can read", hint=f"it should begin with `{SCHEMA}`")
    return content


def zulu(moment: datetime) -> str:
    """`moment` as UTC text to the second, "2026-05-10T14:30:00Z". A time without a zone counts as UTC: never as the host's."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def plain(value: object) -> Any:
    """`value` as JSON has it: enums by value, times as "...Z", sets sorted, numbers that are none as null, the rest as text."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, Mapping):
        return {sound(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        value = sorted(value, key=str)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (int, float)):
        return value
    return zulu(value) if isinstance(value, datetime) else sound(str(value))


def sound(text: str) -> str:
    """`text` that UTF-8 can hold: a file name may carry bytes that were no text."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _frame_of(report: Report) -> dict[str, Any]:
    """The document without its two lists, which stay empty, in the documented order of keys."""
    return {
        "schema": SCHEMA,
        "run": _run(report),
        "campaign": _campaign(report),
        "source": _source(report),
        "settings": plain(report.settings),
        "counts": row_counts(report),
        "missing": missing_counts(report),
        "rows": [],
        "orders": [],
        "guards": [
            {"name": guard.name, "limit": guard.limit, "actual": guard.actual, "tripped": guard.tripped}
            for guard in report.guards
        ],
        "requests": {
            "sent": report.requests.sent,
            "retried": report.requests.retried,
            "throttled": report.requests.throttled,
        },
        "verified": {"checked": report.checked, "mismatches": plain(report.mismatches)},
        "notices": plain(report.notices),
        "forecast": forecast_document(report),
    }


def _run(report: Report) -> dict[str, Any]:
    return {
        "id": report.run_id,
        "command": report.command,
        "version": report.version,
        "started_at": zulu(report.started_at),
        "finished_at": zulu(report.finished_at),
        "exit": {"code": int(report.exit_code), "name": report.exit_name},
        "dry_run": report.dry_run,
        "folder": plain(report.folder),
    }


def _campaign(report: Report) -> dict[str, Any] | None:
    campaign = report.campaign
    if campaign is None:
        return None
    return {"uuid": sound(campaign.uuid), "name": sound(campaign.name), "record_type_uuid": plain(campaign.record_type_uuid)}


def _source(report: Report) -> dict[str, Any]:
    source = report.source
    return {
        "path": sound(source.path),
        "sheet": plain(source.sheet),
        "sha256": source.sha256,
        "rows": source.rows,
        "encoding": source.encoding,
        "delimiter": source.delimiter,
    }


def _rows(report: Report) -> Iterator[pl.DataFrame]:
    """`rows` in chunks: row, outcome, phone, order_uuid, record_uuid, changes, issues, error; by row, unchanged ones left out."""
    lines = (
        report.lines.filter(pl.col("outcome").ne_missing(str(RowOutcome.UNCHANGED)))
        .sort("row", maintain_order=True)
        .select(
            "row",
            "outcome",
            "phone",
            "order_uuid",
            "record_uuid",
            error=pl.when(pl.col("outcome").is_in(TOLD_BY_SERVER)).then("message"),
        )
    )
    changes, issues = _by_row(report.changes), _by_row(report.issues)
    for lot in lines.iter_slices(_CHUNK):
        first, last = lot.item(0, "row"), lot.item(-1, "row")
        lot = _nested(lot, _between(changes, first, last), "changes", _CHANGE)  # noqa: PLW2901 - one lot, three columns richer
        lot = _nested(lot, rendered(_between(issues, first, last)), "issues", _ISSUE)  # noqa: PLW2901 - as above
        yield lot.select("row", "outcome", "phone", "order_uuid", "record_uuid", "changes", "issues", "error")


def _orders(report: Report) -> Iterator[pl.DataFrame]:
    """`orders` in chunks: the orders without a row, in the report's order."""
    yield from report.orders.select("order_uuid", "phone", "outcome").iter_slices(_CHUNK)


def _by_row(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("row").is_not_null()).sort("row", maintain_order=True)


def _between(frame: pl.DataFrame, first: int, last: int) -> pl.DataFrame:
    """The part of a frame sorted by row whose rows lie in first..last."""
    start = int(frame.get_column("row").search_sorted(first, side="left"))
    stop = int(frame.get_column("row").search_sorted(last, side="right"))
    return frame.slice(start, stop - start)


def _nested(lines: pl.DataFrame, details: pl.DataFrame, name: str, fields: tuple[str, ...]) -> pl.DataFrame:
    """`lines` with a list column `name`: of each row, its details as structs of `fields`; an empty list where there are none."""
    none = pl.lit([], dtype=pl.List(pl.Struct(dict.fromkeys(fields, pl.String))))
    lists = details.group_by("row", maintain_order=True).agg(pl.struct(*fields).alias(name))
    return lines.join(lists, on="row", how="left", maintain_order="left").with_columns(pl.col(name).fill_null(none))


def _write_list(parts: Iterator[pl.DataFrame], stream: BinaryIO) -> None:
    """A JSON array, one line an element. polars writes each element; a raw line feed stands only between them."""
    opening = b"[\n"
    for part in parts:
        stream.write(opening + part.write_ndjson().encode().rstrip(b"\n").replace(b"\n", b",\n"))
        opening = b",\n"
    stream.write(b"[]" if opening == b"[\n" else b"\n]")
