"""What earlier exports saw: kept for the owner, found by time, bounded, and no reason to fail when it is damaged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from callcamp_sync.errors import StateError, UsageError
from callcamp_sync.export import memory
from callcamp_sync.fields import FIELDS

START = datetime(2026, 5, 10, 8, tzinfo=UTC)


def orders(**statuses: str) -> pl.DataFrame:
    return pl.DataFrame(
        {"order_uuid": list(statuses), "status_wire": list(statuses.values())},
        schema=dict.fromkeys(("order_uuid", "status_wire"), pl.String),
    ).with_columns(phone=pl.lit("+12015550101"))


def keep(folder: Path, hours: int, seen: pl.DataFrame, campaign: str = "c") -> None:
    memory.remember(folder, "h", campaign, seen, START + timedelta(hours=hours))


def test_the_newest_is_recalled_and_with_a_time_the_newest_until_then(tmp_path: Path) -> None:
    keep(tmp_path, 0, orders(a="registered"))
    keep(tmp_path, 5, orders(a="planned"))
    keep(tmp_path, 9, orders(a="other"), campaign="another")
    last, first = memory.recall(tmp_path, "h", "c"), memory.recall(tmp_path, "h", "c", until=START + timedelta(hours=4))
    assert last is not None
    assert first is not None
    assert (last.at, last.orders["status_wire"].to_list()) == (START + timedelta(hours=5), ["planned"])
    assert (first.at, first.orders["status_wire"].to_list()) == (START, ["registered"])


def test_nothing_is_recalled_before_the_first_export(tmp_path: Path) -> None:
    assert memory.recall(tmp_path, "h", "c") is None


def test_a_time_before_all_that_is_remembered_is_an_error_that_names_the_first(tmp_path: Path) -> None:
    keep(tmp_path, 0, orders(a="registered"))
    with pytest.raises(UsageError, match="2026-05-10 08:00"):
        memory.recall(tmp_path, "h", "c", until=START - timedelta(seconds=1))


def test_only_so_many_are_kept_and_files_of_others_are_left_alone(tmp_path: Path) -> None:
    keep(tmp_path, 0, orders(a="registered"))
    [folder] = (tmp_path / "exports").iterdir()
    (folder / "mine.parquet").touch()
    for hours in range(1, memory.KEPT + 3):
        keep(tmp_path, hours, orders(a="registered"))
    assert len(list(folder.glob("2026*.parquet"))) == memory.KEPT
    assert (folder / "mine.parquet").exists()


def test_a_damaged_file_is_an_error_with_a_cure(tmp_path: Path) -> None:
    keep(tmp_path, 0, orders(a="registered"))
    [path] = (tmp_path / "exports").glob("*/*.parquet")
    path.write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(StateError) as raised:
        memory.recall(tmp_path, "h", "c")
    assert raised.value.hint


def test_orders_that_came_and_went_are_one_line_each() -> None:
    found = memory.changes(orders(a="registered", b="planned"), orders(c="planned", a="busy"), FIELDS)
    assert found.select("order_uuid", "field", "was", "stands").rows() == [
        ("a", "Status", "registered", "busy"),
        ("c", "Order", None, memory.CAME),
        ("b", "Order", memory.CAME, memory.GONE),
    ]


def test_a_field_that_one_of_the_two_could_not_read_has_not_changed() -> None:
    before = orders(a="planned").with_columns(have_email=pl.lit("a@example.com"))
    assert memory.changes(before, orders(a="planned"), FIELDS).is_empty()
