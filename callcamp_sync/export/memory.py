"""What earlier exports saw of a campaign, and what became of it since. Edge: Parquet files in the state folder (0600, 0700).

In:  the state folder, host and campaign; a frame of orders as they stand (snapshot.existing_orders).
Out: the frame that an earlier export kept; and the differences between two of them as one line a changed field.
Only whole campaigns are kept, whatever the export's filters were, and the newest KEPT of each.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from callcamp_sync.errors import UsageError
from callcamp_sync.export.view import source_of
from callcamp_sync.fields import Field, Home
from callcamp_sync.private import make_folder
from callcamp_sync.sheets.data_files import read_parquet, write_parquet

#: So many exports of a campaign are remembered.
KEPT = 30

_STAMP = "%Y%m%dT%H%M%S.%fZ"
_OURS = re.compile(r"\d{8}T\d{6}\.\d{6}Z\.parquet", re.ASCII)
#: What stands for an order that came, and for one that is gone.
CAME, GONE = "in the campaign", "no longer in the campaign"

#: The columns of `changes`.
CHANGED = ("order_uuid", "phone", "name", "field", "was", "stands")


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """One earlier export: when it was taken (UTC), and the orders that it saw."""

    at: datetime
    orders: pl.DataFrame


def remember(state: Path, host: str, campaign: str, orders: pl.DataFrame, at: datetime) -> None:
    """Keep `orders` as seen at `at`, and forget what is older than the newest KEPT. Raises StateError."""
    folder = _folder(state, host, campaign)
    make_folder(folder)
    write_parquet(folder / f"{at.astimezone(UTC):{_STAMP}}.parquet", orders)
    for path in _files(folder)[:-KEPT]:
        path.unlink(missing_ok=True)


def recall(state: Path, host: str, campaign: str, *, until: datetime | None = None) -> Memory | None:
    """The newest export that is remembered; with `until`, the newest one from that time or before. None where there is none.

    Raises StateError when its file is damaged, UsageError when all that are remembered are younger than `until`.
    """
    files = _files(_folder(state, host, campaign))
    known = [(_taken(path), path) for path in files]
    fit = [(at, path) for at, path in known if until is None or at <= until]
    if fit:
        at, path = fit[-1]
        return Memory(at=at, orders=read_parquet(path))
    if until is None:
        return None
    first = f"the first one remembered is from {known[0][0]:%Y-%m-%d %H:%M} UTC" if known else "none is remembered"
    raise UsageError(
        f"no export of this campaign is remembered from {until:%Y-%m-%d %H:%M} UTC or before: {first}",
        hint="export without `--since`; later exports can be compared with that one",
    )


def changes(before: pl.DataFrame, now: pl.DataFrame, fields: Sequence[Field]) -> pl.DataFrame:
    """CHANGED, one line a changed field, in the order of `now`; orders that came or went are one line each.

    Fields that one of the two could not read are left out. Status first, then as `fields` has them.
    """
    shown = sorted(fields, key=lambda field: field.name != "status")
    columns = {field.title: source_of(field) for field in shown if field.home not in (Home.KEY, Home.ROW)}
    columns = {title: c for title, c in columns.items() if c in before.columns and c in now.columns}
    both = now.with_row_index("place").join(before, on="order_uuid", how="inner", suffix="_was", maintain_order="left")
    parts = [
        both.filter(pl.col(c).ne_missing(pl.col(f"{c}_was"))).select(
            "place", "order_uuid", "phone", name=_name(both), field=pl.lit(title), was=f"{c}_was", stands=c
        )
        for title, c in columns.items()
    ]
    came = now.with_row_index("place").join(before, on="order_uuid", how="anti", maintain_order="left")
    gone = before.with_row_index("place").join(now, on="order_uuid", how="anti", maintain_order="left")
    parts.append(_whole(came, now.height, None, CAME))
    parts.append(_whole(gone, now.height * 2, CAME, GONE))
    return pl.concat(parts).sort("place", maintain_order=True).select(CHANGED)


def _name(orders: pl.DataFrame) -> pl.Expr:
    return pl.col("have_name") if "have_name" in orders.columns else pl.lit(None, dtype=pl.String)


def _whole(orders: pl.DataFrame, after: int, was: str | None, stands: str) -> pl.DataFrame:
    """One line an order that came or went, behind the changes."""
    return orders.select(
        pl.col("place") + after,
        "order_uuid",
        "phone",
        name=_name(orders),
        field=pl.lit("Order"),
        was=pl.lit(was, dtype=pl.String),
        stands=pl.lit(stands),
    )


def _folder(state: Path, host: str, campaign: str) -> Path:
    return state / "exports" / hashlib.sha256(f"{host}\n{campaign}".encode()).hexdigest()[:24]


def _files(folder: Path) -> list[Path]:
    """The files of ours in it, oldest first; whatever else lies there is left alone."""
    return sorted(path for path in folder.glob("*.parquet") if _OURS.fullmatch(path.name)) if folder.is_dir() else []


def _taken(path: Path) -> datetime:
    """When a file of ours was written: its name says so."""
    return datetime.strptime(path.stem, _STAMP).replace(tzinfo=UTC)
