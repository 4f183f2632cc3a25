"""What a run sent is read back: by search where it touched few of many, by a listing where a search is not enough."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from callcamp_sync import pipeline
from callcamp_sync.bench import Bench, Request, Silent
from callcamp_sync.model import Report
from callcamp_sync.sandbox import Sandbox, World, bulk_phone
from callcamp_sync.settings import Settings

STANDING = 950
NEW = "+12025550199"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """A campaign of ten pages."""
    world = World()
    kind = world.add_record_type("Lead", [{"id": "company", "type": "text", "title": "Company", "required": False}])
    campaign = world.add_campaign("Pilot", record_type=kind)
    for number in range(STANDING):
        world.add_order(campaign, world.add_record(bulk_phone(number), record_type=kind), status="registered")
    with Sandbox(world) as running:
        yield running


class Elsewhere(Silent):
    """Somebody removes the order of a number as soon as everything is sent."""

    def __init__(self, world: World, phone: str) -> None:
        self._world = world
        self._phone = phone

    def sending(self, done: int, total: int) -> None:
        if done == total:
            for order in [one for one in self._world.orders.values() if one.phone == self._phone]:
                self._world.remove_order(order)


def sync(box: Sandbox, folder: Path, text: str, progress: Silent | None = None) -> Report:
    (folder / "sheet.csv").write_text(text, encoding="utf-8")
    settings = Settings(
        base_url=box.base_url, token=box.token, state_dir=folder / "state", report_dir=folder / "reports", settle_seconds=0
    )
    bench = Bench(settings=settings, progress=progress or Silent())
    return anyio.run(pipeline.sync, Request(sheet=str(folder / "sheet.csv"), campaign="Pilot"), bench)


def after_the_last_write(box: Sandbox) -> list[str]:
    last = max(nr for nr, request in enumerate(box.requests) if request.method != "GET")
    return [request.path for request in box.requests[last + 1 :]]


def test_few_changes_in_a_large_campaign_are_read_back_one_by_one(box: Sandbox, tmp_path: Path) -> None:
    report = sync(box, tmp_path, f"phone,instructions\n{NEW},\n{bulk_phone(7)},Be brief.\n{bulk_phone(8)},\n")
    assert report.counts == {"created": 1, "unchanged": 1, "updated": 1}
    assert (report.checked, report.mismatches, report.exit_code) == (2, (), 0)
    assert len(after_the_last_write(box)) == 2


def test_what_only_a_record_shows_is_read_back_too(box: Sandbox, tmp_path: Path) -> None:
    report = sync(box, tmp_path, f"phone,email,company\n{bulk_phone(7)},new@example.com,Acme\n{bulk_phone(8)},,\n")
    assert report.counts == {"unchanged": 1, "updated": 1}
    assert (report.checked, report.mismatches, report.exit_code) == (1, (), 0)
    assert len(after_the_last_write(box)) <= 3


@pytest.mark.parametrize("gone", [NEW, bulk_phone(7)], ids=["a new order", "an order that stood before"])
def test_a_claim_that_a_search_does_not_find_is_looked_for_in_a_listing_and_told(box: Sandbox, tmp_path: Path, gone: str) -> None:
    text = f"phone,instructions\n{NEW},\n{bulk_phone(7)},Be brief.\n"
    report = sync(box, tmp_path, text, Elsewhere(box.world, gone))
    assert report.counts.get("failed") == 1
    assert len(report.mismatches) == 1
    assert report.exit_code == 6
    assert len(after_the_last_write(box)) >= STANDING // 100


def test_many_changes_are_read_back_by_one_listing(box: Sandbox, tmp_path: Path) -> None:
    rows = "".join(f"{bulk_phone(number)},Be brief.\n" for number in range(20))
    report = sync(box, tmp_path, f"phone,instructions\n{rows}")
    assert (report.counts, report.checked) == ({"updated": 20}, 20)
    assert len(after_the_last_write(box)) >= STANDING // 100


def test_a_removal_is_believed_only_after_a_listing(box: Sandbox, tmp_path: Path) -> None:
    report = sync(box, tmp_path, f"phone,action\n{bulk_phone(7)},remove\n")
    assert (report.counts, report.checked) == ({"removed": 1}, 1)
    assert len(after_the_last_write(box)) >= STANDING // 100
