"""One sandbox for all flow tests, with a new world for each, and the folder in which its commands run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flow_stage import CANARY_TOKEN, Stage

from callcamp_sync.sandbox import Sandbox, World, demo_world


def _world(orders: int) -> World:
    world = demo_world(orders)
    world.add_token(CANARY_TOKEN)
    return world


@pytest.fixture(scope="session")
def flow_box() -> Iterator[Sandbox]:
    with Sandbox() as box:
        yield box


@pytest.fixture
def stage(flow_box: Sandbox, tmp_path: Path) -> Stage:
    """Spring renewals with 30 orders, Empty pilot with none; the token is the canary."""
    flow_box.reset(_world(30))
    return Stage(box=flow_box, folder=tmp_path, token=CANARY_TOKEN)
