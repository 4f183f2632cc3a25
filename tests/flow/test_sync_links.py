"""Contacts that exist are linked: one first, read back; where that leads to calls nobody asked for, the others are held."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from callcamp_sync import pipeline
from callcamp_sync.bench import Bench, Request
from callcamp_sync.model import Report
from callcamp_sync.sandbox import Behaviour, Sandbox, World
from callcamp_sync.settings import Settings

PHONES = [f"+1201555{number:04d}" for number in range(100, 106)]


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """A campaign without orders, whose record type has six contacts; what is linked is planned at once."""
    world = World()
    kind = world.add_record_type("Lead")
    world.add_campaign("Pilot", record_type=kind)
    for phone in PHONES:
        world.add_record(phone, record_type=kind)
    with Sandbox(world, behaviour=Behaviour(associated_status="planned")) as running:
        yield running


def sync(box: Sandbox, folder: Path, text: str) -> Report:
    """Sync a sheet of that text."""
    (folder / "sheet.csv").write_text(text, encoding="utf-8")
    settings = Settings(
        base_url=box.base_url,
        token=box.token,
        state_dir=folder / "state",
        report_dir=folder / "reports",
        settle_seconds=0,
        max_invalid="100%",
    )
    return anyio.run(pipeline.sync, Request(sheet=str(folder / "sheet.csv"), campaign="Pilot"), Bench(settings=settings))


def statuses(box: Sandbox) -> list[str]:
    return sorted(order.status for order in box.world.orders.values())


def test_only_the_canary_is_linked_where_links_start_planned_and_it_ends_registered(box: Sandbox, tmp_path: Path) -> None:
    report = sync(box, tmp_path, "\n".join(["phone", *PHONES]))
    assert report.counts == {"associated": 1, "held": 5}
    assert statuses(box) == ["registered"]


def test_the_next_run_has_learned_it_and_sends_nothing(box: Sandbox, tmp_path: Path) -> None:
    sync(box, tmp_path, "\n".join(["phone", *PHONES]))
    before = len(box.writes)
    report = sync(box, tmp_path, "\n".join(["phone", *PHONES]))
    assert report.counts == {"held": 5, "unchanged": 1}
    assert set(report.issues["code"]) == {"associate-callable"}
    assert len(box.writes) == before


def test_rows_that_ask_for_a_call_are_linked_all_the_same(box: Sandbox, tmp_path: Path) -> None:
    sync(box, tmp_path, "\n".join(["phone", *PHONES]))
    report = sync(box, tmp_path, "\n".join(["phone,status", *(f"{phone},planned" for phone in PHONES)]))
    assert report.counts == {"associated": 5, "updated": 1}
    assert statuses(box) == ["planned"] * 6
