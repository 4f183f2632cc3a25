"""Frames as files for programs: Parquet and JSON Lines. An edge: writes one file, whole or not at all, and reads Parquet back.

In:  a frame of text, numbers, bools, dates and instants; null stays null.
Out: Parquet with the frame's own types; JSON Lines with one object a row (ISO 8601 for dates, UTC for instants). Mode 0600.
Rule source: the Parquet format; jsonlines.org (UTF-8, one value a line).
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from callcamp_sync.errors import StateError
from callcamp_sync.sheets import atomic


def write_parquet(path: str | Path, frame: pl.DataFrame) -> None:
    """Write `frame`. Raises StateError when the file cannot be written; an old file then stands unharmed."""
    with atomic.replacing(path) as part:
        frame.write_parquet(part)


def read_parquet(path: str | Path) -> pl.DataFrame:
    """A frame that `write_parquet` wrote. Raises StateError when it is not there, damaged, or no Parquet."""
    try:
        return pl.read_parquet(path, hive_partitioning=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise StateError(f"`{path}` cannot be read as Parquet", hint="delete it") from error


def write_jsonl(path: str | Path, frame: pl.DataFrame) -> None:
    """Write `frame`, one object a row. Raises StateError when the file cannot be written; an old file then stands unharmed."""
    instants = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime)]
    texts = frame.with_columns(pl.col(instants).dt.strftime("%Y-%m-%dT%H:%M:%SZ")) if instants else frame
    with atomic.replacing(path) as part:
        texts.write_ndjson(part)
