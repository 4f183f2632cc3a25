"""A campaign read for a status sheet: its orders, contacts and calls, what changed since an earlier export, what is wanted of it.

In:  a Bench, a campaign, a Wanted. Out: a StatusSheet, and the frame that the next export is compared with.
I/O: network (reads), disk (through memory).
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from callcamp_sync import calls, planning, snapshot
from callcamp_sync.api.client import Client
from callcamp_sync.api.paging import Listing
from callcamp_sync.api.refusals import ForbiddenError
from callcamp_sync.bench import Bench, find_campaign, open_client, open_journal
from callcamp_sync.errors import StateError, UsageError
from callcamp_sync.export import memory
from callcamp_sync.export.view import StatusSheet, chosen, columns_of, known_zone
from callcamp_sync.fields import FIELDS, Field
from callcamp_sync.model import CampaignInfo
from callcamp_sync.reconcile import statuses_seen
from callcamp_sync.settings import Settings
from callcamp_sync.statuses import ASKABLE, GROUPS, fold_status, spellings


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of a campaign is exported.

    statuses: only orders in one of these, in any spelling; the choice is made here, not by the server. columns: headings or
    names, empty for all. since: a day, a time, or a run's id: only orders that changed since the export of that time. calls:
    whether the calls are read and summed up.
    """

    statuses: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    since: str | None = None
    calls: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """The campaign as it was read, before anything is chosen."""

    campaign: CampaignInfo
    fields: tuple[Field, ...]
    orders: pl.DataFrame
    listing: Listing
    notices: tuple[str, ...]


async def read_status(bench: Bench, campaign: str | None, wanted: Wanted | None = None) -> tuple[StatusSheet, pl.DataFrame]:
    """Read the campaign: (what is to be written, all of its orders as `remember` keeps them).

    Raises UsageError for a column that there is not, and for a `since` from before the first export that is remembered.
    """
    wanted = wanted or Wanted()
    async with open_client(bench.settings, gate=bench.gate) as client:
        read = await _read(client, bench, campaign)
        summed, more = await _calls(client, bench, read.campaign) if wanted.calls else (None, [])
    taken_at, zone, settings = bench.clock(), known_zone(read.campaign.timezone), bench.settings
    earlier, lost = _earlier(bench, read.campaign, wanted.since, zone)
    orders = read.orders
    changes = memory.changes(earlier.orders if earlier else orders, orders, read.fields)
    if not read.listing.complete:
        changes = changes.filter(pl.col("stands") != memory.GONE)
    shown, filters = _filtered(orders, changes, wanted)
    if summed is not None:
        shown = shown.join(summed, on="order_uuid", how="left", maintain_order="left")
    columns = columns_of(shown, read.fields)
    wire = spellings(orders["status_wire"].drop_nulls().unique(maintain_order=True), settings.status_spellings)
    sheet = StatusSheet(
        campaign=read.campaign,
        host=settings.host,
        orders=shown,
        columns=chosen(columns, wanted.columns) if wanted.columns else columns,
        total=read.listing.total,
        complete=read.listing.complete,
        zone=zone,
        taken_at=taken_at,
        filters=filters,
        changes=changes,
        since=earlier.at if earlier else None,
        offered=tuple(wire[status] for status in ASKABLE),
        notices=(*read.notices, *more, *lost, *_misspelt(orders, wanted)),
    )
    return sheet, orders


async def _read(client: Client, bench: Bench, campaign: str | None) -> _Read:
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
    if not listing.complete:
        notices.append("the campaign changed while it was read: orders may be missing")
    fields = (*FIELDS, *parameters)
    orders = snapshot.existing_orders(listing.frame, records, fields)
    return _Read(campaign=info, fields=fields, orders=orders, listing=listing, notices=tuple(notices))


async def _calls(client: Client, bench: Bench, campaign: CampaignInfo) -> tuple[pl.DataFrame | None, list[str]]:
    """The calls by order, and what was odd about reading them."""
    try:
        listing = await client.list_calls(campaign.uuid, on_page=lambda done, of: bench.progress.reading("calls", done, of))
    except ForbiddenError:
        return None, ["the token may not read calls: they are left out"]
    odd = [] if listing.complete else ["the list of calls changed while it was read: calls may be missing"]
    return calls.by_order(listing.frame), [*listing.notes, *odd]


def _earlier(bench: Bench, campaign: CampaignInfo, since: str | None, zone: str | None) -> tuple[memory.Memory | None, list[str]]:
    """The export that this one is compared with. A damaged one is no reason not to export, unless it was asked for."""
    settings = bench.settings
    until = _moment(settings, bench, since, zone) if since else None
    try:
        return memory.recall(settings.state_dir, settings.host, campaign.uuid, until=until), []
    except StateError as error:
        if since:
            raise
        return None, [f"changes since the last export are not known: {error.message}"]


def _moment(settings: Settings, bench: Bench, since: str, zone: str | None) -> datetime:
    """The time that `--since` names: the begin of a day in the campaign's zone, a time, or when a run began."""
    if re.match(r"\d{4}-\d{2}-\d{2}", since):
        try:
            named = datetime.fromisoformat(since)
        except ValueError as error:
            raise UsageError(f"`--since {since}` is no date", hint="write it as 2026-05-10, or 2026-05-10T14:30") from error
        return (named if named.tzinfo else named.replace(tzinfo=ZoneInfo(zone or "UTC"))).astimezone(UTC)
    with open_journal(settings, bench.clock) as journal:
        return journal.run(since).started_at


def _misspelt(orders: pl.DataFrame, wanted: Wanted) -> list[str]:
    """Of each status that no page knows and no order has; the server may know it all the same, so it is no error."""
    strange = [s for s in wanted.statuses if fold_status(s) not in GROUPS and not (orders["status"] == fold_status(s)).any()]
    has = ", ".join(statuses_seen(orders)) or "none"
    return [f"`--status {status}` is no known status and no order has it; the orders have: {has}" for status in strange]


def _filtered(orders: pl.DataFrame, changes: pl.DataFrame, wanted: Wanted) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The orders that are wanted, and the filters in words."""
    filters = []
    if wanted.statuses:
        orders = orders.filter(pl.col("status").is_in([fold_status(status) for status in wanted.statuses]))
        filters.append("status " + ", ".join(wanted.statuses))
    if wanted.since:
        orders = orders.filter(pl.col("order_uuid").is_in(changes["order_uuid"].unique().implode()))
        filters.append(f"changed since {wanted.since}")
    return orders, (*filters, *(["columns " + ", ".join(wanted.columns)] if wanted.columns else []))


def remember(bench: Bench, sheet: StatusSheet, orders: pl.DataFrame) -> tuple[str, ...]:
    """Keep what the export saw, for the next one; call it when the file is written. Returns why it was not, if it was not.

    A listing that was not proved complete is not kept: orders that it missed would seem new the next time.
    """
    if not sheet.complete:
        return ()
    try:
        memory.remember(bench.settings.state_dir, sheet.host, sheet.campaign.uuid, orders, sheet.taken_at)
    except StateError as error:
        return (f"the next export will not know what changed since this one: {error.message}",)
    return ()


async def overview(bench: Bench, campaign: str) -> dict[str, Any]:
    """A campaign, its record type, and its orders by status, as plain values."""
    async with open_client(bench.settings, gate=bench.gate) as client:
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
