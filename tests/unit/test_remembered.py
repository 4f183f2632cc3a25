"""The pace of the last run: a hint on the disk that never does harm."""

from __future__ import annotations

import json
import stat
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callcamp_sync.api.client import open_gate
from callcamp_sync.api.exchange import Runtime
from callcamp_sync.api.pace import Gate
from callcamp_sync.api.remembered import FRESH, Memory

NOW = datetime(2026, 5, 10, 9, tzinfo=UTC)


def memory(folder: Path, token: str = "secret-token", base_url: str = "https://callcamp.example/api") -> Memory:
    return Memory.of(folder / "pace", base_url=base_url, token=token)


def test_what_was_kept_is_recalled(tmp_path: Path) -> None:
    memory(tmp_path).keep(12.5, NOW)
    assert memory(tmp_path).recall(NOW + timedelta(days=1)) == 12.5


def test_nothing_is_recalled_of_another_token_or_host(tmp_path: Path) -> None:
    memory(tmp_path).keep(12.5, NOW)
    assert memory(tmp_path, token="another").recall(NOW) is None
    assert memory(tmp_path, base_url="https://other.example/api").recall(NOW) is None


def test_the_file_is_the_owners_and_names_neither_token_nor_host(tmp_path: Path) -> None:
    memory(tmp_path).keep(12.5, NOW)
    (path,) = (tmp_path / "pace").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    said = path.name + path.read_text("utf-8")
    assert "secret" not in said
    assert "callcamp" not in said


@pytest.mark.parametrize("age", [FRESH + timedelta(seconds=1), timedelta(hours=-2)], ids=["too old", "from the future"])
def test_what_is_not_fresh_is_not_recalled(tmp_path: Path, age: timedelta) -> None:
    memory(tmp_path).keep(12.5, NOW)
    assert memory(tmp_path).recall(NOW + age) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"version": 1}',
        '{"version": 2, "at": "2026-05-10T09:00:00+00:00", "per_second": 5}',
        '{"version": 1, "at": "2026-05-10T09:00:00", "per_second": 5}',
        '{"version": 1, "at": "yesterday", "per_second": 5}',
        *(
            f'{{"version": 1, "at": "2026-05-10T09:00:00+00:00", "per_second": {rate}}}'
            for rate in ("-5", "0", "NaN", "Infinity", '"x"')
        ),
        '{"version": 1, "at": "2026-05-10T09:00:00+00:00", "per_second": 5}' + " " * 5000 + "x",
        "\udcff",
    ],
)
def test_a_damaged_file_is_done_without_in_a_notice(tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture) -> None:
    memory(tmp_path).keep(12.5, NOW)
    memory(tmp_path).path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert memory(tmp_path).recall(NOW) in (None, 5.0)
    if memory(tmp_path).recall(NOW) is None:
        assert "learned anew" in caplog.text


def test_a_folder_that_cannot_be_used_is_done_without_in_a_notice(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "pace").write_text("in the way")
    memory(tmp_path).keep(12.5, NOW)
    assert memory(tmp_path).recall(NOW) is None
    assert "learns it anew" in caplog.text


def test_a_file_that_is_written_is_replaced_whole(tmp_path: Path) -> None:
    for rate in (1.0, 2.0, 3.0):
        memory(tmp_path).keep(rate, NOW)
    (path,) = (tmp_path / "pace").iterdir()
    assert json.loads(path.read_text("utf-8"))["per_second"] == 3.0


def _open(folder: Path, share: float = 1.0, rate: float | None = None) -> AbstractContextManager[Gate]:
    return open_gate(
        base_url="https://callcamp.example/api",
        token="secret-token",
        concurrency=8,
        rate=rate,
        share=share,
        folder=folder,
        runtime=Runtime(now=lambda: NOW),
    )


def test_the_gate_begins_where_the_last_one_ended_each_with_its_share(tmp_path: Path) -> None:
    memory_ = Memory.of(tmp_path, base_url="https://callcamp.example/api", token="secret-token")
    memory_.keep(20.0, NOW)
    with _open(tmp_path, share=0.25) as gate:
        assert gate.pace.pace(0.0) == 5.0
        gate.pace.hear(40.0)
    assert memory_.recall(NOW) == 40.0
    with _open(tmp_path, rate=3.0) as gate:
        assert gate.pace.pace(0.0) == 3.0


def test_a_run_that_learned_nothing_keeps_what_is_there(tmp_path: Path) -> None:
    with _open(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []
