"""The campaign that the sheets of `sample_data/` fit: the demo's world, with the contacts of its `world.json`.

In:  the folder. Out: a World with the three campaigns of `demo_world`; "Spring renewals" has the orders of the file.
The file is written by `sample_data/generate.py`: `{"schema", "campaign": name, "contacts": [{uuid, phoneNumber, firstName,
lastName, email, country, parameters, order}]}`; `order` is null for a contact without one, else `{uuid, status}` and order
properties in the vendor's own names. Contacts come in the order in which they were made: the last is the newest.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import orjson

from callcamp_sync.sandbox.seed import demo_world
from callcamp_sync.sandbox.world import World

SCHEMA = "callcamp-sync/sample-world/1"


def sample_world(folder: Path, *, seed: int = 0, clock: Callable[[], datetime] | None = None) -> World:
    """The world that `folder`'s sheets fit. clock: the world's, if given.

    Raises OSError where world.json cannot be read, ValueError where it is not of this schema.
    """
    content = orjson.loads((folder / "world.json").read_bytes())
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise ValueError(f"world.json is not of the schema {SCHEMA}")
    world = demo_world(seed=seed, clock=clock)
    campaign = next(one for one in world.campaigns.values() if one.name == content["campaign"])
    for contact in content["contacts"]:
        order = contact.pop("order")
        phone, parameters = contact.pop("phoneNumber"), contact.pop("parameters")
        record = world.add_record(phone, record_type=campaign.record_type, parameters=parameters, **contact)
        if order is not None:
            world.add_order(campaign, record, **order)
    return world
