"""The campaign is read while the sheet's cells are: what is asked for is the same, and so is the mistake that is told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flow_stage import CANARY_TOKEN, SPRING, Stage, lead

from callcamp_sync import bench, opening, planning
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


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file counts as large."""
    monkeypatch.setattr(opening, "LARGE", 0)


def patient(monkeypatch: pytest.MonkeyPatch, stage: Stage, number: int) -> list[int]:
    """Reading a sheet waits for so many pages of orders; how many there were is told."""
    whole = bench.subject_of
    seen: list[int] = []

    def read(terms: Any) -> Any:
        until = time.monotonic() + 10
        while len(pages(stage, "/orders")) < number and time.monotonic() < until:
            time.sleep(0.01)
        seen.append(len(pages(stage, "/orders")))
        return whole(terms)

    monkeypatch.setattr(opening, "subject_of", read)
    return seen


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("command", ["plan", "sync"])
def test_a_large_sheet_is_read_while_the_campaign_is_listed(stage: Stage, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """With the same end as otherwise, and each page asked for once."""
    monkeypatch.setattr(opening, "_ROW", 1)
    seen = patient(monkeypatch, stage, ORDERS // 100)
    options = ["--dry-run"] if command == "sync" else []
    document = stage.here(command, sheet(stage), "-c", SPRING, "--json", "--region", "US", *options).document
    assert seen == [ORDERS // 100]
    assert len(document["rows"]) == ROWS
    assert sorted(pages(stage, "/orders")) == sorted(pages(stage, "/records")) == ["1", "2", "3", "4"]


@pytest.mark.usefixtures("large")
def test_of_a_large_file_with_few_rows_for_certain_no_more_than_a_page_is_asked_for_early(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have so few rows that they are searched: that is decided when they are read."""
    seen = patient(monkeypatch, stage, 1)
    few = stage.sheet([lead(bulk_phone(1))])
    assert stage.here("plan", few, "-c", SPRING, "--region", "US").code == 0
    assert seen == [1]
    assert sorted(pages(stage, "/orders")) == ["1", "2", "3", "4"]


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(
    ("rows", "code", "words"),
    [
        pytest.param([{"Name": "Ada"}] * ROWS, 2, "no column holds the phone number", id="headings that do not fit"),
        pytest.param([{"Phone": ""}], 2, "damaged or truncated", id="a sheet that cannot be read"),
    ],
)
def test_a_large_sheet_that_is_wrong_costs_reads_and_nothing_else(
    stage: Stage, rows: list[dict[str, str]], code: int, words: str
) -> None:
    path = stage.sheet(rows)
    if len(rows) == 1:
        path.write_bytes(b"PK\x03\x04 no workbook")
    ended = stage.here("sync", path, "-c", SPRING, "--yes")
    assert (ended.code, [one.method for one in stage.box.requests if one.method != "GET"]) == (code, [])
    assert words in ended.err
    again = stage.here("sync", sheet(stage), "-c", SPRING, "--yes", "--dry-run", "--region", "US")
    assert again.code == 0, "the campaign is not locked"


@pytest.mark.usefixtures("large")
def test_a_large_sheet_for_a_campaign_that_is_not_there(stage: Stage) -> None:
    assert stage.here("sync", sheet(stage), "-c", "Nobody's", "--yes").code == 7
