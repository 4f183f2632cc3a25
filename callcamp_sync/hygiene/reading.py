"""A campaign, the other campaigns and the contacts, read for what is odd about them.

In:  a Bench, a campaign. Out: a Hygiene. I/O: network (reads), disk (reads the ledger). The ledger is read, not written: what is
found is told, and `dnc import` takes it over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from callcamp_sync import snapshot
from callcamp_sync.api.client import Client
from callcamp_sync.api.refusals import ForbiddenError
from callcamp_sync.bench import Bench, find_campaign, open_client, open_ledger
from callcamp_sync.errors import RefusedError
from callcamp_sync.hygiene import findings
from callcamp_sync.model import CampaignInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Hygiene:
    """What was found. findings: findings.SHAPE. orders: of this campaign. campaigns: how many others were read."""

    campaign: CampaignInfo
    findings: pl.DataFrame
    counts: dict[str, int]
    orders: int
    campaigns: int
    taken_at: datetime
    notices: tuple[str, ...]


async def look(bench: Bench, campaign: str, *, alone: bool = False) -> Hygiene:
    """Read and judge. alone: no other campaign is read, so what concerns two campaigns is not looked for.

    Raises NotFoundError, AccessError and the like for the campaign itself; another one that cannot be read is told in notices.
    """
    notices: list[str] = []
    async with open_client(bench.settings) as client:
        info = await find_campaign(client, campaign)
        orders = await _orders(client, bench, info, notices)
        others = [] if alone else await _others(client, bench, info, notices)
        contacts = None if alone else await _contacts(client, bench, info, notices)
    never = {entry.phone: entry.source for entry in open_ledger(bench.settings, bench.clock).entries()}
    elsewhere = pl.concat(others) if others else findings.empty_others(orders)
    found = findings.found(orders, elsewhere, contacts, never)
    if alone:
        notices.append("other campaigns and contacts were not read")
    return Hygiene(
        campaign=info,
        findings=found,
        counts=findings.counts(found),
        orders=orders.height,
        campaigns=len(others),
        taken_at=bench.clock(),
        notices=tuple(notices),
    )


async def _orders(client: Client, bench: Bench, info: CampaignInfo, notices: list[str]) -> pl.DataFrame:
    listing = await client.list_orders(info.uuid, on_page=lambda done, of: bench.progress.reading("orders", done, of))
    if not listing.complete:
        notices.append(f"the campaign `{info.name}` changed while it was read: something may be missing")
    return snapshot.existing_orders(listing.frame, None, ())


async def _others(client: Client, bench: Bench, info: CampaignInfo, notices: list[str]) -> list[pl.DataFrame]:
    """The orders of every other campaign that the token may read, each with the campaign's name."""
    read = []
    for other in [one.info() for one in await client.campaigns() if one.uuid != info.uuid]:
        try:
            orders = await _orders(client, bench, other, notices)
        except RefusedError as error:
            notices.append(f"the campaign `{other.name}` could not be read: {error.message}")
        except ForbiddenError:
            notices.append(f"the token may not read the campaign `{other.name}`")
        else:
            read.append(orders.with_columns(campaign=pl.lit(other.name, dtype=pl.String)))
    return read


async def _contacts(client: Client, bench: Bench, info: CampaignInfo, notices: list[str]) -> pl.DataFrame | None:
    if info.record_type_uuid is None:
        notices.append("the campaign has no record type, so contacts without an order cannot be looked for")
        return None
    progress = bench.progress
    try:
        listing = await client.list_records(
            parameters=(),
            record_type=info.record_type_uuid,
            dated=True,
            on_page=lambda done, of: progress.reading("contacts", done, of),
        )
    except ForbiddenError:
        notices.append("the token may not read contacts, so contacts without an order were not looked for")
        return None
    return listing.frame
