"""Frames of a declared shape: the *_SCHEMA tables of model.py as polars schemas. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

_TYPES: dict[str, pl.DataType] = {
    "UInt32": pl.UInt32(),
    "String": pl.String(),
    "List(String)": pl.List(pl.String()),
}


def schema(shape: Mapping[str, str]) -> pl.Schema:
    """The polars schema of a shape table such as model.ISSUE_SCHEMA."""
    return pl.Schema({name: _TYPES[kind] for name, kind in shape.items()})


def empty(shape: Mapping[str, str]) -> pl.DataFrame:
    """A frame of that shape without rows."""
    return pl.DataFrame(schema=schema(shape))


def of_rows(shape: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """A frame of that shape from mappings; keys that are missing become null."""
    return pl.DataFrame([{name: row.get(name) for name in shape} for row in rows], schema=schema(shape))


def beside(frame: pl.DataFrame, other: pl.DataFrame, key: str) -> pl.DataFrame:
    """`frame` with the columns of the row of `other` that has the same key; null where none has. The key stands in `other` once.

    What is in `frame` stays where it is: a join would copy it, and of a million rows that is a third of a gigabyte.
    """
    numbered = other.select(key, pl.int_range(pl.len(), dtype=pl.UInt32).alias("__place__"))
    place = frame.select(key).join(numbered, on=key, how="left", maintain_order="left")["__place__"]
    return at(frame, other.drop(key), place)


def at(frame: pl.DataFrame, other: pl.DataFrame, place: pl.Series) -> pl.DataFrame:
    """`frame` with the columns of the rows of `other` at these places, from 0; null for null."""
    return frame.hstack(other.select(pl.all().gather(place)))


def fit(frame: pl.DataFrame, shape: Mapping[str, str]) -> pl.DataFrame:
    """`frame` cast and reordered to the shape; columns that it lacks are null."""
    columns = [
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(kind).alias(name) for name, kind in schema(shape).items()
    ]
    return frame.select(columns)
