"""The client and the sandbox, written apart from the same page, understand each other."""

from __future__ import annotations

import anyio
import pytest

from callcamp_sync.api import Client
from callcamp_sync.errors import AccessError
from callcamp_sync.model import Fate
from callcamp_sync.sandbox import Behaviour, Sandbox, demo_world

PHONE = "+12015550123"
NEW = {"status": "registered", "record": {"phoneNumber": PHONE, "name": "[A] \U0001f600\n", "parameters": {"company": "Acme"}}}


def client(box: Sandbox, token: str | None = None) -> Client:
    return Client(base_url=box.base_url, token=token or box.token, timeout=10)


async def test_one_order_from_its_creation_to_its_removal() -> None:
    with Sandbox(demo_world()) as box:
        async with client(box) as callcamp:
            campaign = await callcamp.find_campaign("empty pilot")
            created = await callcamp.create_order(campaign.uuid, NEW)
            assert created.data is not None
            order, record = created.data["uuid"], created.data["record"]["uuid"]
            assert (await callcamp.update_order(campaign.uuid, order, {"price": 10.5})).fate is Fate.DONE
            assert (await callcamp.update_record(record, {"email": "a@example.com"})).fate is Fate.DONE
            (row,) = (await callcamp.search_orders(campaign.uuid, PHONE)).frame.rows(named=True)
            assert (row["order_uuid"], row["price"], row["phoneNumber"], row["status"]) == (order, "10.5", PHONE, "registered")
            contacts = await callcamp.list_records(parameters=["company"], campaign=campaign.uuid)
            assert contacts.frame.select("record_uuid", "email", "parameters.company").rows() == [
                (record, "a@example.com", "Acme")
            ]
            assert (await callcamp.get_record(record))["name"] == "[A] \U0001f600\n"
            assert (await callcamp.remove_order(campaign.uuid, order)).fate is Fate.DONE
            assert (await callcamp.remove_order(campaign.uuid, order)).status == 404
            assert (await callcamp.associate(campaign.uuid, [record])).fate is Fate.DONE
            assert (await callcamp.list_orders(campaign.uuid)).frame["record_uuid"].to_list() == [record]


async def test_a_listing_equals_the_truth() -> None:
    with Sandbox(demo_world(750), behaviour=Behaviour(order="shuffled")) as box:
        async with client(box) as callcamp:
            campaign = await callcamp.find_campaign("Spring renewals")
            listing = await callcamp.list_orders(campaign.uuid)
        assert listing.complete
        assert set(listing.frame["order_uuid"]) == {order.uuid for order in box.world.orders_of(campaign.uuid)}


async def test_under_a_rate_limit_all_is_done_and_nothing_twice() -> None:
    with Sandbox(demo_world(), behaviour=Behaviour(rate=100, burst=5, retry_after="none")) as box:
        async with client(box) as callcamp:
            campaign = await callcamp.find_campaign("Empty pilot")
            fates: list[Fate] = []

            async def work(number: int) -> None:
                contact = {"phoneNumber": f"+120155501{number:02d}", "parameters": {"company": "Acme"}}
                fates.append((await callcamp.create_order(campaign.uuid, {"record": contact})).fate)

            async with anyio.create_task_group() as group:
                for number in range(16):
                    group.start_soon(work, number)
            assert fates == [Fate.DONE] * 16
            assert callcamp.counts.throttled > 0
        assert len(box.world.orders_of(campaign.uuid)) == 16


async def test_a_wrong_token_is_told_from_everything_else() -> None:
    with Sandbox(demo_world()) as box:
        async with client(box, token="another") as callcamp:
            with pytest.raises(AccessError, match="does not accept the token"):
                await callcamp.me()
