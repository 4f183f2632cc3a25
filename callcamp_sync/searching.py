"""How the campaign is read: listed as a whole or, for a sheet that is small against it, searched for the sheet's numbers.

In:  an open client, what the sheet asks for. Out: the orders, and the contacts where a mapped column needs them. Sends only GET.
A search finds every order of every number of the sheet, in whatever spelling of E.164 it stands, and nothing else.
Chosen only where nothing may be removed and rows are found by their numbers alone. Trusted only after the server has found an
order that is known to be there, by its number and by the end of it, and has not answered with everything. Each number is asked
for twice: as E.164, and by its last digits, which are the same in all forms of one subscriber's number; what does not belong to
a number of the sheet is left out again. Where any of this fails, the campaign is listed.
I/O: network (reads). Rule source: design, section 4, promises 2 and 5; the vendor's page: "search: Search records by name or
phone number".
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import anyio
import polars as pl

from callcamp_sync import snapshot
from callcamp_sync.api.client import Client, FirstPage
from callcamp_sync.api.paging import PAGE_LIMIT, Listing
from callcamp_sync.api.refusals import ForbiddenError
from callcamp_sync.aside import aside, both
from callcamp_sync.errors import AccessError, ungrouped
from callcamp_sync.fields import FIELDS, Field, Home
from callcamp_sync.model import CampaignInfo, OnMissing, Plan
from callcamp_sync.phones import read_e164
from callcamp_sync.policy import TAIL, person_key, person_keys
from callcamp_sync.rows import Asked, Desired
from callcamp_sync.statuses import CANCELED

#: A search must cost at most this share of a listing: it answers fewer questions, and is dearer for the server.
_SHARE = 0.5

#: Called while lists are read: what, pages done, pages in all.
OnPage = Callable[[str, int, int], None]

_PLAIN = r"^\+[1-9]\d{6,14}$"


@dataclass(frozen=True, slots=True)
class Costs:
    """How many requests a search of every number takes, and how many a listing."""

    search: int
    listing: int

    @property
    def worth_it(self) -> bool:
        """Whether the search is so much cheaper that it is tried."""
        return self.search <= self.listing * _SHARE

    def told(self, count: int, total: int) -> str:
        """The choice in words, for the plan."""
        searched = f"{count:,} numbers were searched (about {self.search:,} requests)"
        return f"{searched} instead of listing {total:,} orders (about {self.listing:,}): the orders without a row are not named"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What was read of the campaign's orders.

    orders: snapshot.shown of them. complete: they were listed, and proved to be all. total: of a campaign that was searched.
    words: how that was decided, and what was odd about the list.
    """

    orders: pl.DataFrame
    complete: bool
    total: int | None = None
    searched: int | None = None
    words: tuple[str, ...] = ()


#: Contacts, where a mapped column needs them and the token may read them, and sentences about that.
Records = tuple[pl.DataFrame | None, list[str]]


@dataclass(slots=True, kw_only=True)
class Begun:
    """What was read of a campaign before the sheet's cells were. read, records: where no search could pay.

    Both are forgotten by whoever takes them: of a million orders they need not be kept twice.
    """

    first: FirstPage
    read: Read | None = None
    records: Records | None = None

    def take_orders(self) -> Read | None:
        """All orders, if they were read; once."""
        taken, self.read = self.read, None
        return taken

    def take_records(self) -> Records | None:
        """The contacts, if they were read; once."""
        taken, self.records = self.records, None
        return taken


async def begin(
    client: Client,
    campaign: CampaignInfo,
    asks: Callable[[], Awaitable[Asked]],
    *,
    rows: int,
    missing: OnMissing,
    on_page: OnPage,
) -> Begun:
    """Read what is needed whatever the cells of a sheet of so many rows turn out to mean. asks: what that sheet asks for.

    The contacts are asked for two rounds before the orders are all read, for their first page comes alone; and while they are
    read it is worked out what the orders say.
    """
    first = await client.first_orders(campaign.uuid, told=False)
    if missing is OnMissing.KEEP and first.total is not None and costs(rows, first.total, 1, with_records=True).worth_it:
        client.tell_of(campaign.uuid, first.frame)
        return Begun(first=first)
    last_pages = anyio.Event()

    def page(what: str, done: int, of: int) -> None:
        on_page(what, done, of)
        if of - done <= 2 * client.concurrency:
            last_pages.set()

    async def all_orders() -> Read:
        try:
            listing = await _listed(client, campaign, page, first)
            last_pages.set()
        finally:  # Whoever is marked on the page that was read must not be called, however this ends.
            client.tell_of(campaign.uuid, first.frame)
        return await _told(listing)

    async def contacts() -> Records:
        await last_pages.wait()
        return await records(client, campaign, await asks(), on_page, None)

    read, found = await both(all_orders, contacts)
    return Begun(first=first, read=read, records=found)


async def _listed(client: Client, campaign: CampaignInfo, on_page: OnPage, first: FirstPage | None) -> Listing:
    return await client.list_orders(campaign.uuid, on_page=lambda done, of: on_page("orders", done, of), first=first)


async def _told(listing: Listing) -> Read:
    shown = await aside(snapshot.shown, listing.frame, FIELDS)
    return Read(orders=shown, complete=listing.complete, words=listing.notes)


async def orders(
    client: Client,
    campaign: CampaignInfo,
    desired: Desired,
    missing: OnMissing,
    on_page: OnPage,
    *,
    begun: Begun | None = None,
) -> Read:
    """The campaign's orders: those of the sheet's numbers where that is enough and much cheaper, else all."""
    read = begun.take_orders() if begun is not None else None
    if read is not None:
        return read
    wanted = numbers(desired, missing)
    first = begun.first if begun is not None else None
    if wanted and first is None:
        first = await client.first_orders(campaign.uuid)
    words: tuple[str, ...] = ()
    if wanted and first is not None and first.total is not None:
        expected = partial(costs, len(wanted), first.total, with_records=bool(_wanted_of_records(desired)))
        pages = await pages_of_tail(client, campaign.uuid, first) if expected(1).worth_it else None
        found = await orders_of(client, campaign.uuid, wanted) if pages and expected(pages).worth_it else None
        if found is not None and pages:
            told = expected(pages).told(len(wanted), first.total)
            shown = snapshot.shown(found.frame, FIELDS)
            return Read(orders=shown, complete=False, total=first.total, searched=len(wanted), words=(told,))
        if expected(pages or 1).worth_it:
            words = ("the server's search did not find what is known to be there, so the whole campaign was listed",)
    read = await _told(await _listed(client, campaign, on_page, first))
    return replace(read, words=(*words, *read.words))


def _wanted_of_records(asked: Asked | Desired) -> list[Field]:
    """The mapped fields that the list of orders does not show."""
    return [f for f in asked.fields if f.home in (Home.RECORD, Home.PARAMETER) and f.name != "name"]


async def records(
    client: Client,
    campaign: CampaignInfo,
    asked: Asked | Desired,
    on_page: OnPage,
    orders: pl.DataFrame | None,
    *,
    begun: Begun | None = None,
) -> Records:
    """The campaign's contacts, where a mapped column or a key needs what the list of orders does not show.

    orders: those that were found by a search: then only their contacts are read.
    """
    read = begun.take_records() if begun is not None else None
    if read is not None:
        return read
    wanted = _wanted_of_records(asked)
    keys = [key for key in asked.keys if key.startswith("parameters.")]
    if not wanted and not keys:
        return None, []
    names = sorted({f.wire for f in wanted if f.home is Home.PARAMETER} | {key.removeprefix("parameters.") for key in keys})
    try:
        if orders is not None:
            listing = await client.records_of(orders["record_uuid"].drop_nulls().unique().sort().to_list(), parameters=names)
        else:
            listing = await client.list_records(
                campaign=campaign.uuid, parameters=names, on_page=lambda done, of: on_page("contacts", done, of)
            )
    except ForbiddenError as error:
        if keys:
            raise AccessError(
                f"the token may not read contacts, so rows cannot be matched by `{keys[0]}`",
                hint="use a token with the right to read records, or match by phone (`--key phone`)",
            ) from error
        named = ", ".join(f"`{f.title}`" for f in wanted)
        return None, [f"the token may not read contacts: {named} could not be compared with the campaign"]
    return listing.frame, list(listing.notes)


def numbers(desired: Desired, missing: OnMissing) -> list[str] | None:
    """The sheet's numbers, if they are all that is needed to find its orders, and nothing may leave the campaign; else None."""
    frame = desired.frame
    live = frame.filter(pl.col("verdict").is_null())
    by_id = frame["order_uuid"].is_not_null().any() or frame["record_uuid"].is_not_null().any()
    leaves = frame["action"].is_in(["cancel", "remove"]).any() or (
        "want_status" in frame.columns and (frame["want_status"] == CANCELED).any()
    )
    by_parameter = "phone" not in desired.keys or any(key.startswith("parameters.") for key in desired.keys)
    if missing is not OnMissing.KEEP or desired.exported is not None or by_id or leaves or by_parameter:
        return None
    return None if live["phone"].has_nulls() else frame["phone"].drop_nulls().unique().sort().to_list()


def costs(count: int, total: int, pages: int, *, with_records: bool) -> Costs:
    """count: numbers of the sheet. total: orders of the campaign. pages: of what is found for the last digits of a number."""
    listing = math.ceil(total / PAGE_LIMIT)
    return Costs(search=2 + pages + count * (1 + pages + with_records), listing=listing * (2 if with_records else 1))


async def pages_of_tail(client: Client, campaign: str, first: FirstPage) -> int | None:
    """How many pages the search for the last digits of a number takes; None where the search cannot be trusted.

    It must find an order that is known to be there, by its number and by the end of it, and it must not find everything.
    """
    standing = first.frame["phoneNumber"]
    if first.total is None or standing.is_empty() or not standing.str.contains(_PLAIN).fill_null(value=False).all():
        return None
    order, number = first.frame["order_uuid"][-1], standing[-1]
    pages = 1
    for text in (number, number[-TAIL:]):
        said = await client.first_orders(campaign, search=text)
        if said.total is None or said.total > first.total // 2:
            return None
        whole = said.total <= said.frame.height
        found = said.frame if whole else (await client.search_orders(campaign, text, first=said)).frame
        if order not in found["order_uuid"]:
            return None
        pages = max(1, math.ceil(said.total / PAGE_LIMIT))
    return pages


async def orders_of(client: Client, campaign: str, wanted: Sequence[str], *, workers: int = 8) -> Listing | None:
    """The orders of these numbers in every spelling; None where the two searches for a number contradict each other.

    total: the orders found. complete: false, since the other orders of the campaign are not seen.
    """
    found: list[tuple[str, Listing]] = []
    limiter = anyio.CapacityLimiter(workers)

    async def search(text: str) -> None:
        async with limiter:
            found.append((text, await client.search_orders(campaign, text)))

    with ungrouped():
        async with anyio.create_task_group() as group:
            for text in sorted({*wanted, *(number[-TAIL:] for number in wanted)}):
                group.start_soon(search, text)
    if not all(listing.complete for _, listing in found):
        return None
    by_tail = _of(wanted, [listing.frame for text, listing in found if not text.startswith("+")])
    by_number = _of(wanted, [listing.frame for text, listing in found if text.startswith("+")])
    if not by_number["order_uuid"].is_in(by_tail["order_uuid"].implode()).all():
        return None
    return Listing(frame=by_tail, total=by_tail.height, complete=False)


async def again(client: Client, plan: Plan) -> Listing | None:
    """The orders that stand now for the numbers of a plan that was made by a search; None where a listing is needed."""
    wanted = plan.lines["phone"].drop_nulls().unique().sort().to_list() if plan.searched is not None else []
    return await orders_of(client, plan.campaign.uuid, wanted) if wanted else None


def _of(wanted: Sequence[str], frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The orders whose number is one of these: a search finds names and parts of numbers, too."""
    people = pl.Series(list(person_keys(wanted)), dtype=pl.String).implode()
    both = pl.concat(frames).unique("order_uuid", keep="last", maintain_order=True).sort("order_uuid")
    key = pl.coalesce(read_e164(both["phoneNumber"]).alias("phone"), pl.col("phoneNumber").str.strip_chars())
    return both.filter(person_key(key).is_in(people).fill_null(value=False))
