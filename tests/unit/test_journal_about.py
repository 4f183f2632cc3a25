"""What the journal has about a number, an order, or a row of a sheet: each is enough, and nothing else is found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest

from callcamp_sync.journal import Journal
from callcamp_sync.model import Step, StepKind

HOST, CAMPAIGN, SHEET = "callcamp.example", "c", "a" * 64
ONE, OTHER = "+12015550100", "+12015550101"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Two runs: one of SHEET, one of another sheet, which speaks of an order by its id."""
    with Journal.open(tmp_path / "journal.sqlite3", clock=lambda: datetime(2026, 5, 1, tzinfo=UTC)) as book:
        for run_id, sheet, campaign in (("r1", SHEET, CAMPAIGN), ("r2", "b" * 64, CAMPAIGN), ("r3", SHEET, "another")):
            book.start_run(
                run_id=run_id,
                host=HOST,
                campaign=campaign,
                command="sync",
                version="0",
                plan_id=None,
                digests={"sheet": sheet},
                valid_rows=1,
                folder=None,
                who="x",
            )
        anyio.run(book.intent, "r1", Step(id="create-2", kind=StepKind.CREATE, rows=(2,), phone=ONE), 1)
        anyio.run(book.intent, "r1", Step(id="create-3", kind=StepKind.CREATE, rows=(3,), phone=OTHER), 1)
        anyio.run(book.intent, "r2", Step(id="order-2", kind=StepKind.UPDATE_ORDER, rows=(2,), order_uuid="o1"), 1)
        anyio.run(book.intent, "r3", Step(id="create-2", kind=StepKind.CREATE, rows=(2,), phone=ONE), 1)
        yield book


@pytest.mark.parametrize(
    ("phones", "orders", "rows", "found"),
    [
        pytest.param([ONE], [], [], ["r1 create-2"], id="a number"),
        pytest.param([], ["o1"], [], ["r2 order-2"], id="an order"),
        pytest.param([], [], [2], ["r1 create-2"], id="a row, in runs of that very sheet only"),
        pytest.param(
            [ONE, OTHER], ["o1"], [9], ["r1 create-2", "r1 create-3", "r2 order-2"], id="all together, oldest run first"
        ),
        pytest.param([], [], [], [], id="nothing"),
    ],
)
def test_each_way_of_asking_is_enough(
    journal: Journal, phones: list[str], orders: list[str], rows: list[int], found: list[str]
) -> None:
    steps = journal.steps_about(HOST, CAMPAIGN, phones=phones, orders=orders, sheet=SHEET, rows=rows)
    assert [f"{step.run_id} {step.step_id}" for step in steps] == found
