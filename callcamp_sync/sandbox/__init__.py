"""The vendor in small, over real HTTP on loopback: for the demo, for rehearsals, for tests.

    with Sandbox(demo_world(orders=100), behaviour=Behaviour(order="oldest")) as box:
        ...  # box.base_url, box.token; afterwards box.requests, box.world.commits, box.world.orders_of(campaign)

It shares no code with the client (errors.py apart), so that one misreading of the contract cannot hide in both.
"""

from callcamp_sync.sandbox.behaviour import Behaviour
from callcamp_sync.sandbox.entities import Campaign, Commit, Order, Record, RecordType, Request, Token
from callcamp_sync.sandbox.script import Script, read_script
from callcamp_sync.sandbox.seed import bulk_phone, demo_world, lead
from callcamp_sync.sandbox.serve import Sandbox, serve
from callcamp_sync.sandbox.world import World

__all__ = [
    "Behaviour",
    "Campaign",
    "Commit",
    "Order",
    "Record",
    "RecordType",
    "Request",
    "Sandbox",
    "Script",
    "Token",
    "World",
    "bulk_phone",
    "demo_world",
    "lead",
    "read_script",
    "serve",
]
