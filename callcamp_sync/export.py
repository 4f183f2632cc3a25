"""A campaign's orders as a status sheet: one row an order, ids included, phones as text; importable without a mapping file.

In:  settings, a campaign. Out: a frame whose headings are those that the import knows by name, and a CSV or workbook of it.
Importing the unedited file plans nothing: every cell is canonical text of what stands.
I/O: network (reads), disk (through sheets).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from callcamp_sync import planning, snapshot
from callcamp_sync.api.refusals import ForbiddenError
from callcamp_sync.bench import Bench, find_campaign, open_client
from callcamp_sync.errors import UsageError
from callcamp_sync.fields import FIELDS, Field, Home
from callcamp_sync.headings import headings
from callcamp_sync.model import CampaignInfo
from callcamp_sync.reconcile import statuses_seen
from callcamp_sync.sheets import Column, Tab, write_csv, write_workbook
from callcamp_sync.statuses import fold_status

FORMATS = ("xlsx", "csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSheet:
    """What was exported. total: orders of the campaign. complete: proved to be all of them. notices: sentences for people."""

    campaign: CampaignInfo
    frame: pl.DataFrame
    total: int
    complete: bool
    notices: tuple[str, ...]


async def read_status(bench: Bench, campaign: str | None, *, statuses: Sequence[str] = ()) -> StatusSheet:
    """Read the campaign. statuses: only orders in one of these, in any spelling; the choice is made here, not by the server."""
    async with open_client(bench.settings) as client:
        info = await find_campaign(client, campaign)
        record_type = await planning.read_type(client, info)
        parameters = [spec.field for spec in record_type.parameters]
        progress = bench.progress
        listing = await client.list_orders(info.uuid, on_page=lambda done, of: progress.reading("orders", done, of))
        records, notices = None, list(listing.notes)
        try:
            found = await client.list_records(
                campaign=info.uuid,
                parameters=[field.wire for field in parameters],
                on_page=lambda done, of: progress.reading("contacts", done, of),
            )
            records = found.frame
        except ForbiddenError:
            notices.append("the token may not read contacts: names and numbers are as the orders show them, the rest is left out")
    orders = snapshot.existing_orders(listing.frame, records, [*FIELDS, *parameters])
    if statuses:
        orders = orders.filter(pl.col("status").is_in([fold_status(status) for status in statuses]))
    if not listing.complete:
        notices.append("the campaign changed while it was read: orders may be missing")
    frame = sheet_frame(orders, [*FIELDS, *parameters])
    return StatusSheet(campaign=info, frame=frame, total=listing.total, complete=listing.complete, notices=tuple(notices))


def sheet_frame(orders: pl.DataFrame, fields: Sequence[Field]) -> pl.DataFrame:
    """The orders under their headings. Columns that could not be read are left out: a blank would say more than is known."""
    columns: dict[str, pl.Expr] = {}
    names = headings(fields)
    for field in fields:
        column = {"phoneNumber": "phone", "status": "status_wire"}.get(field.name, f"have_{field.name}")
        source = column if column in orders.columns else field.name
        if source in orders.columns and field.home is not Home.ROW:
            columns[names[field.name]] = pl.col(source)
    return orders.select(**columns)


async def overview(bench: Bench, campaign: str) -> dict[str, Any]:
    """A campaign, its record type, and its orders by status, as plain values."""
    async with open_client(bench.settings) as client:
        info = await find_campaign(client, campaign)
        record_type = await planning.read_type(client, info)
        listing = await client.list_orders(info.uuid, on_page=lambda done, of: bench.progress.reading("orders", done, of))
    orders = snapshot.existing_orders(listing.frame, None, ())
    parameters = [
        {
            "id": s.field.wire,
            "title": s.field.title,
            "kind": str(s.field.kind),
            "required": s.required,
            "choices": list(s.choices),
        }
        for s in record_type.parameters
    ]
    return {
        **asdict(info),
        "record_type": {"uuid": record_type.uuid or None, "name": record_type.name or None, "parameters": parameters},
        "orders": statuses_seen(orders),
        "complete": listing.complete,
    }


def check_format(path: Path, form: str | None) -> str:
    """The format that will be written. Raises UsageError, before anything is read, when it is none of FORMATS."""
    chosen = (form or path.suffix.removeprefix(".")).lower()
    if chosen not in FORMATS:
        raise UsageError(f"`{chosen or path}` is not a format that can be written", hint=f"use {' or '.join(FORMATS)}")
    return chosen


def write_status(sheet: StatusSheet, path: Path, *, form: str | None = None) -> tuple[str, ...]:
    """Write the sheet as its ending says, or as `form` does. Returns what was cut or split, if anything.

    Raises UsageError for a format that is none of FORMATS, StateError when the file cannot be written.
    """
    chosen = check_format(path, form)
    if chosen == "csv":
        write_csv(path, sheet.frame, dialect="excel")
        return ()
    columns = tuple(Column(heading=name, kind="text") for name in sheet.frame.columns)
    tab = Tab(name="Status", columns=columns, frame=sheet.frame)
    return write_workbook(path, [tab], properties={"campaign": sheet.campaign.uuid})
