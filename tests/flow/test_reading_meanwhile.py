"""The campaign is read while the sheet's cells are: what is asked for is the same, and so is the mistake that is told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flow_stage import CANARY_TOKEN, SPRING, Stage, lead

from callcamp_sync import planning
from callcamp_sync.sandbox import Sandbox, bulk_phone, demo_world

ORDERS = 400
ROWS = 60  # for fewer than 1 in 3 pages a search would be thought of


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    world = demo_world(ORDERS)
    world.add_token(CANARY_TOKEN)
    with Sandbox(world) as box:
        yield Stage(box=box, folder=tmp_path, token=CANARY_TOKEN)


def pages(stage: Stage, end: str) -> list[str]:
    return [one.query["page"] for one in stage.box.requests if one.method == "GET" and one.path.endswith(end)]


def sheet(stage: Stage) -> Path:
    return stage.sheet([lead(bulk_phone(number)) for number in range(ROWS)])


def test_the_pages_of_a_campaign_come_in_while_the_cells_are_read(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the cells is made to wait for the server's last page: one after the other, it would wait in vain."""
    whole = planning.desire
    seen: list[bool] = []

    def patient(subject: Any, record_type: Any) -> Any:
        until = time.monotonic() + 10
        while len(pages(stage, "/records")) < ORDERS // 100 and time.monotonic() < until:
            time.sleep(0.01)
        seen.append(len(pages(stage, "/records")) == ORDERS // 100)
        return whole(subject, record_type)

    monkeypatch.setattr(planning, "desire", patient)
    assert stage.here("plan", sheet(stage), "-c", SPRING, "--region", "US").code == 0
    assert seen == [True]


def test_each_page_is_asked_for_once(stage: Stage) -> None:
    document = stage.here("plan", sheet(stage), "-c", SPRING, "--json", "--region", "US").document
    assert len(document["rows"]) == ROWS
    assert sorted(pages(stage, "/orders")) == sorted(pages(stage, "/records")) == ["1", "2", "3", "4"]


def test_contacts_are_left_alone_where_no_field_of_theirs_is_mapped(stage: Stage) -> None:
    rows = [{"Phone": bulk_phone(number), "Instructions": "Ask for Ann."} for number in range(ROWS)]
    assert stage.here("plan", stage.sheet(rows), "-c", SPRING, "--region", "US").code == 0
    assert (len(pages(stage, "/orders")), len(pages(stage, "/records"))) == (ORDERS // 100, 0)


def test_a_sheet_that_does_not_fit_costs_no_listing(stage: Stage) -> None:
    """Its headings are held against the mapping before the campaign's orders are asked for."""
    rows = [{"Name": "Ada"} for _ in range(ROWS)]
    assert stage.here("plan", stage.sheet(rows), "-c", SPRING).code == 2
    assert pages(stage, "/orders") == []
