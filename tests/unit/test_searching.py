"""What was read of a campaign before the sheet's cells: taken once, and not kept beside what is made of it."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any, cast

import anyio
import polars as pl
import pytest

from callcamp_sync import searching
from callcamp_sync.api.client import Client, FirstPage
from callcamp_sync.api.columns import ORDER_COLUMNS
from callcamp_sync.api.paging import Listing
from callcamp_sync.errors import UnreachableError
from callcamp_sync.fields import BY_NAME
from callcamp_sync.model import CampaignInfo, OnMissing
from callcamp_sync.rows import Asked

CAMPAIGN = CampaignInfo(uuid="c", name="Pilot", status=None, timezone=None, record_type_uuid=None)


ORDER = dict.fromkeys(ORDER_COLUMNS, "1")


class Server:
    """A campaign of so many orders; it counts what it is asked for. left: pages that are on their way when it tells of some."""

    concurrency = 8

    def __init__(self, total: int | None, *, left: int = 0) -> None:
        self.total = total
        self.left = left
        self.asked: list[str] = []
        self.contacts = anyio.Event()
        self.told: list[int] = []

    def _listing(self) -> Listing:
        return Listing(frame=pl.DataFrame([ORDER]), total=self.total or 1, complete=True)

    async def first_orders(self, _campaign: str, *, told: bool) -> FirstPage:
        assert not told, "that would keep the next pages waiting"
        self.asked.append("first page")
        return FirstPage({}, pl.DataFrame([ORDER]), self.total)

    def tell_of(self, _campaign: str, orders: pl.DataFrame) -> None:
        self.told.append(orders.height)

    async def list_orders(self, _campaign: str, *, on_page: Callable[[int, int], None], **_: object) -> Listing:
        self.asked.append("orders")
        if self.left:
            on_page(100 - self.left, 100)
            with anyio.move_on_after(0.05):
                await self.contacts.wait()
        self.asked.append("orders are read")
        return self._listing()

    async def list_records(self, **_: object) -> Listing:
        self.asked.append("records")
        self.contacts.set()
        return Listing(frame=pl.DataFrame({"record_uuid": ["r1"]}), total=1, complete=True)


async def begin(server: Server, rows: int, missing: OnMissing, *, fields: tuple[str, ...] = ()) -> searching.Begun:
    async def asks() -> Asked:
        return Asked(fields=tuple(BY_NAME[name] for name in fields), keys=("phone",))

    client = cast("Client", server)
    return await searching.begin(client, CAMPAIGN, asks, rows=rows, missing=missing, on_page=lambda *_: None)


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
    assert [what for what in server.asked if what != "orders are read"] == asked
    assert (begun.read is not None) == ("orders" in asked)
    assert server.told == [1], "who is marked on the first page must never be called, whatever the next answer says"


@pytest.mark.parametrize(("fields", "read"), [((), False), (("instructions",), False), (("email",), True)])
async def test_contacts_are_read_where_a_mapped_field_is_theirs(fields: tuple[str, ...], read: bool) -> None:
    server = Server(10_000)
    await begin(server, 5_000, OnMissing.KEEP, fields=fields)
    assert ("records" in server.asked) == read


@pytest.mark.parametrize(("left", "early"), [(16, True), (17, False)])
async def test_contacts_are_asked_for_while_the_last_pages_of_orders_are_on_their_way(left: int, early: bool) -> None:
    """Two rounds of eight connections before the end, and no sooner."""
    server = Server(10_000, left=left)
    await begin(server, 5_000, OnMissing.KEEP, fields=("email",))
    late = ["orders", "orders are read", "records"]
    assert server.asked[1:] == (["orders", "records", "orders are read"] if early else late)


async def test_orders_that_cannot_be_read_are_why_there_is_no_plan() -> None:
    """And no contact is asked for in vain."""

    class Gone(Server):
        async def list_orders(self, _campaign: str, **_: object) -> Listing:
            raise UnreachableError("gone")

    server = Gone(10_000)
    with pytest.raises(UnreachableError, match="gone"):
        await begin(server, 5_000, OnMissing.KEEP, fields=("email",))
    assert server.asked == ["first page"]
    assert server.told == [1], "who is marked on the page that came must never be called"


async def test_what_was_read_is_given_away_once_and_not_kept() -> None:
    """A million orders as the server said them, beside what is made of them, are half a gigabyte."""
    server = Server(10_000)
    begun = await begin(server, 5_000, OnMissing.KEEP, fields=("email",))
    nobody = cast("Any", None)
    read = await searching.orders(nobody, CAMPAIGN, nobody, OnMissing.KEEP, nobody, begun=begun)
    frame, _ = await searching.records(nobody, CAMPAIGN, nobody, nobody, None, begun=begun)
    assert frame is not None
    gone = weakref.ref(read.orders), weakref.ref(frame)
    del read, frame
    gc.collect()
    assert [one() for one in gone] == [None, None]
    assert (begun.take_orders(), begun.take_records()) == (None, None)
