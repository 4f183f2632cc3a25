"""What was read of a campaign before the sheet's cells: taken once, and not kept beside what is made of it."""

from __future__ import annotations

import gc
import weakref
from typing import Any, cast

import polars as pl
import pytest

from callcamp_sync import searching
from callcamp_sync.api.client import Client, FirstPage
from callcamp_sync.api.paging import Listing
from callcamp_sync.fields import BY_NAME
from callcamp_sync.model import CampaignInfo, OnMissing
from callcamp_sync.rows import Asked

CAMPAIGN = CampaignInfo(uuid="c", name="Pilot", status=None, timezone=None, record_type_uuid=None)


class Server:
    """A campaign of so many orders; it counts what it is asked for."""

    def __init__(self, total: int | None) -> None:
        self.total = total
        self.asked: list[str] = []

    def _listing(self) -> Listing:
        return Listing(frame=pl.DataFrame({"order_uuid": ["o1"]}), total=self.total or 1, complete=True)

    async def first_orders(self, _campaign: str) -> FirstPage:
        self.asked.append("first page")
        return FirstPage({}, pl.DataFrame(), self.total)

    async def list_orders(self, _campaign: str, **_: object) -> Listing:
        self.asked.append("orders")
        return self._listing()

    async def list_records(self, **_: object) -> Listing:
        self.asked.append("records")
        return self._listing()


async def begin(server: Server, rows: int, missing: OnMissing, *, fields: tuple[str, ...] = ()) -> searching.Begun:
    asked = Asked(fields=tuple(BY_NAME[name] for name in fields), keys=("phone",))
    client = cast("Client", server)
    return await searching.begin(client, CAMPAIGN, asked, rows=rows, missing=missing, on_page=lambda *_: None)


@pytest.mark.parametrize(
    ("rows", "total", "missing", "asked"),
    [
        pytest.param(5, 10_000, OnMissing.KEEP, ["first page"], id="a small sheet, which may be searched for"),
        pytest.param(0, 10_000, OnMissing.KEEP, ["first page"], id="an empty sheet"),
        pytest.param(5_000, 10_000, OnMissing.KEEP, ["first page", "orders"], id="a large sheet"),
        pytest.param(5, 10_000, OnMissing.CANCEL, ["first page", "orders"], id="orders without a row are to leave"),
        pytest.param(5, None, OnMissing.KEEP, ["first page", "orders"], id="a server that does not say how many there are"),
        pytest.param(5, 0, OnMissing.KEEP, ["first page", "orders"], id="an empty campaign"),
    ],
)
async def test_all_orders_are_read_at_once_where_no_search_could_pay(
    rows: int, total: int | None, missing: OnMissing, asked: list[str]
) -> None:
    server = Server(total)
    begun = await begin(server, rows, missing)
    assert server.asked == asked
    assert (begun.listing is not None) == ("orders" in asked)


@pytest.mark.parametrize(("fields", "read"), [((), False), (("instructions",), False), (("email",), True)])
async def test_contacts_are_read_where_a_mapped_field_is_theirs(fields: tuple[str, ...], read: bool) -> None:
    server = Server(10_000)
    await begin(server, 5_000, OnMissing.KEEP, fields=fields)
    assert ("records" in server.asked) == read


async def test_what_was_read_is_given_away_once_and_not_kept() -> None:
    """A million orders as the server said them, beside what is made of them, are half a gigabyte."""
    server = Server(10_000)
    begun = await begin(server, 5_000, OnMissing.KEEP, fields=("email",))
    nobody = cast("Any", None)
    read = await searching.orders(nobody, CAMPAIGN, nobody, OnMissing.KEEP, nobody, begun=begun)
    frame, _ = await searching.records(nobody, CAMPAIGN, nobody, nobody, None, begun=begun)
    assert frame is not None
    gone = weakref.ref(read.listing.frame), weakref.ref(frame)
    del read, frame
    gc.collect()
    assert [one() for one in gone] == [None, None]
    assert (begun.take_listing(), begun.take_records()) == (None, None)
