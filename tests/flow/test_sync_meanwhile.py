"""While a run is on, others go on as well: the ledger grows, the disk fills up. Over real HTTP; the report is the witness."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest

from callcamp_sync import pipeline, plan_document
from callcamp_sync.bench import LEDGER_NAME, Bench, Request, Silent
from callcamp_sync.errors import StateError
from callcamp_sync.journal import Journal
from callcamp_sync.ledger import Entry, Ledger
from callcamp_sync.model import Report
from callcamp_sync.sandbox import Sandbox, World
from callcamp_sync.settings import Settings

A, B, C, D = (f"+120155501{line}" for line in (21, 22, 23, 24))


class Marks(Silent):
    """Somebody writes a number into the ledger as soon as the first step has ended."""

    def __init__(self, folder: Path, phone: str) -> None:
        self._folder, self._phone = folder, phone

    def sending(self, done: int, total: int) -> None:
        if done == 1:
            ledger = Ledger.open(self._folder / "state" / LEDGER_NAME, clock=lambda: datetime.now(UTC))
            ledger.add([Entry(phone=self._phone, source="cli")])


def made(box: Sandbox, folder: Path, *, progress: Silent | None = None, concurrency: int = 8) -> Bench:
    settings = Settings(
        base_url=box.base_url,
        token=box.token,
        state_dir=folder / "state",
        report_dir=folder / "reports",
        settle_seconds=0,
        concurrency=concurrency,
    )
    return Bench(settings=settings, progress=progress or Silent())


def sync(
    box: Sandbox,
    folder: Path,
    text: str,
    *,
    campaign: str = "Pilot",
    progress: Silent | None = None,
    concurrency: int = 8,
) -> Report:
    (folder / "sheet.csv").write_text(text, encoding="utf-8")
    bench = made(box, folder, progress=progress, concurrency=concurrency)
    return anyio.run(pipeline.sync, Request(sheet=str(folder / "sheet.csv"), campaign=campaign), bench)


def ended(report: Report) -> dict[str, str]:
    return dict(report.lines.select("phone", "outcome").iter_rows())


@pytest.fixture
def world() -> World:
    made = World()
    kind = made.add_record_type("Lead")
    for name in ("Pilot", "Other"):
        made.add_campaign(name, record_type=kind)
    return made


def test_a_number_that_is_marked_while_the_run_is_on_is_not_released(world: World, tmp_path: Path) -> None:
    with Sandbox(world) as box:
        report = sync(box, tmp_path, f"phone,status\n{A},planned\n{B},planned\n", progress=Marks(tmp_path, B))
        stands = {order.phone: order.status for order in world.orders.values()}
    assert ended(report) == {A: "created", B: "drifted"}
    assert stands[A] == "planned"
    assert stands.get(B, "registered") == "registered"


@pytest.mark.parametrize("asked", ["planned", "canceled"])
def test_somebody_who_says_never_under_another_number_meanwhile_is_left_alone(world: World, tmp_path: Path, asked: str) -> None:
    """A call that began before may end so at any moment. Mexico's two forms of a mobile number reach one person."""
    pilot = next(one for one in world.campaigns.values() if one.name == "Pilot")
    kind = next(iter(world.record_types.values()))
    numbers = (A, "+525512345678", "+5215512345678")
    first, old, new = (world.add_order(pilot, world.add_record(phone, record_type=kind)) for phone in numbers)

    class Says(Silent):
        def sending(self, done: int, total: int) -> None:
            if done == 1:
                world.change_order(new, status="do-not-call")

    with Sandbox(world) as box:
        rows = f"Phone,Status\n{A},{asked}\n{old.phone},{asked}\n"
        report = sync(box, tmp_path, rows, progress=Says(), concurrency=1)
    assert ended(report) == {A: {"planned": "updated"}.get(asked, asked), old.phone: "drifted"}
    assert (first.status, old.status, new.status) == (asked, "registered", "do-not-call")


def test_another_order_of_somebody_who_said_never_is_told(world: World, tmp_path: Path) -> None:
    """The row marks one of two orders; the other one is callable, and a person must know."""
    campaign = next(one for one in world.campaigns.values() if one.name == "Pilot")
    kind = next(iter(world.record_types.values()))
    first, _ = (world.add_order(campaign, world.add_record(A, record_type=kind), status="planned") for _ in range(2))
    with Sandbox(world) as box:
        report = sync(box, tmp_path, f"Order ID,Phone,Status\n{first.uuid},{A},Do Not Call\n")
    assert any("1 order of somebody who must not be called is still to be called" in words for words in report.notices)


def test_do_not_call_of_a_number_without_its_plus_counts_in_other_campaigns(world: World, tmp_path: Path) -> None:
    pilot = next(one for one in world.campaigns.values() if one.name == "Pilot")
    kind = next(iter(world.record_types.values()))
    world.add_order(pilot, world.add_record(A.removeprefix("+"), record_type=kind), status="do-not-call")
    with Sandbox(world) as box:
        sync(box, tmp_path, f"phone\n{B}\n")
        report = sync(box, tmp_path, f"phone,status\n{A},planned\n{C},planned\n", campaign="Other")
    assert ended(report) == {A: "protected", C: "created"}


@pytest.mark.parametrize("how", ["the old number is marked", "somebody else renumbers it"])
def test_a_contact_that_changed_since_the_plan_is_neither_renumbered_nor_linked(world: World, tmp_path: Path, how: str) -> None:
    kind = next(iter(world.record_types.values()))
    contact = world.add_record(A, record_type=kind)
    (tmp_path / "sheet.csv").write_text(f"record id,phone,status\n{contact.uuid},{B},planned\n", encoding="utf-8")
    with Sandbox(world) as box:
        bench = made(box, tmp_path)
        plan, _ = anyio.run(pipeline.plan, Request(sheet=str(tmp_path / "sheet.csv"), campaign="Pilot"), bench)
        if how == "the old number is marked":
            Marks(tmp_path, A).sending(1, 1)
        else:
            world.change_record(contact, phoneNumber=C)
        report = anyio.run(pipeline.apply_saved, json.loads(json.dumps(plan_document.document(plan))), bench)
    assert report.counts in ({"drifted": 1}, {"not-attempted": 1})
    assert not world.orders
    assert contact.phone in (A, C)


def test_a_full_disk_between_two_links_leaves_the_rest_not_attempted(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pilot = next(one for one in world.campaigns.values() if one.name == "Pilot")
    kind = next(iter(world.record_types.values()))
    for phone in (A, B):
        world.add_record(phone, record_type=kind)
    for phone in (C, D):
        world.add_order(pilot, world.add_record(phone, record_type=kind), status="planned")

    def full(*_: Any) -> None:
        raise StateError("the disk is full")

    monkeypatch.setattr(Journal, "remember", full)
    with Sandbox(world) as box:
        report = sync(box, tmp_path, f"phone,action\n{A},\n{B},\n{C},cancel\n")
    assert ended(report) == {A: "not-attempted", B: "not-attempted", C: "not-attempted"}
    assert set(report.lines["message"].drop_nulls()) <= {"the disk is full", "partly done, then release: the disk is full"}
    assert (report.exit_code, report.mismatches) == (6, ())
