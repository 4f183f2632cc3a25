"""What arrived: the newest file, at rest, and where it goes afterwards."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
from jobs_cases import result

from callcamp_sync.errors import SheetError, StateError
from callcamp_sync.jobs import inbox, work
from callcamp_sync.jobs.document import Job
from callcamp_sync.model import Arrival
from callcamp_sync.settings import Settings
from callcamp_sync.sheets.digests import sheet_digest

NOW = datetime(2026, 5, 10, 2, 15, tzinfo=UTC)


def put(folder: Path, name: str, age: float = 0, text: str = "Phone\n") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    os.utime(path, (NOW.timestamp() - age, NOW.timestamp() - age))
    return path


def test_of_a_glob_the_newest_is_taken(tmp_path: Path) -> None:
    put(tmp_path, "a-1.csv", age=10)
    put(tmp_path, "a-2.csv", age=5)
    put(tmp_path, "a-3.csv", age=20)
    found = inbox.newest(str(tmp_path / "a-*.csv"))
    assert found is not None
    assert (found.path.name, found.age(NOW)) == ("a-2.csv", 5)


def test_of_files_of_one_time_the_last_by_name_is_taken(tmp_path: Path) -> None:
    for name in ("a-1.csv", "a-3.csv", "a-2.csv"):
        put(tmp_path, name)
    found = inbox.newest(str(tmp_path / "a-*.csv"))
    assert found is not None
    assert found.path.name == "a-3.csv"


@pytest.mark.parametrize("name", [".a-9.csv", "~$a-9.csv", "a-9.csv.part", "a-9.tmp", "a-9.csv.filepart"])
def test_what_another_program_is_at_work_on_is_no_file(tmp_path: Path, name: str) -> None:
    put(tmp_path, name)
    assert inbox.newest(str(tmp_path / "*")) is None


def test_a_tab_may_be_named(tmp_path: Path) -> None:
    put(tmp_path, "a.xlsx")
    put(tmp_path, "b#1.xlsx")
    tab = inbox.newest(str(tmp_path / "a*.xlsx#Leads"))
    plain = inbox.newest(str(tmp_path / "b#1.xlsx"))
    assert tab is not None
    assert plain is not None
    assert (tab.named, plain.named) == (f"{tmp_path / 'a.xlsx'}#Leads", str(tmp_path / "b#1.xlsx"))


def test_nothing_is_nothing(tmp_path: Path) -> None:
    assert inbox.newest(str(tmp_path / "none.csv")) is None
    assert inbox.newest(str(tmp_path / "*.csv")) is None
    assert inbox.newest(str(tmp_path)) is None


@pytest.mark.parametrize("source", ["~nobody-of-this-name/in.csv", f"{'x' * 300}.csv", f"{'x' * 300}/*.csv"])
def test_a_place_that_cannot_be_looked_at_is_said(source: str) -> None:
    with pytest.raises(SheetError, match="cannot be looked for"):
        inbox.newest(source)


def test_a_file_at_rest_has_not_grown(tmp_path: Path) -> None:
    put(tmp_path, "a.csv")
    found = inbox.newest(str(tmp_path / "a.csv"))
    assert found is not None
    assert anyio.run(inbox.growth, found, 0.01) == (found, 0)


def test_a_file_that_grows_is_waited_for_and_then_given_up(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv")

    async def writes(times: int) -> int:
        found = inbox.newest(str(path))
        assert found is not None

        async def write() -> None:
            for _ in range(times):
                with path.open("a", encoding="utf-8") as file:
                    file.write("x")
                await anyio.sleep(0.02)

        async with anyio.create_task_group() as group:
            group.start_soon(write)
            _, grown = await inbox.growth(found, 0.1)
            group.cancel_scope.cancel()
        return grown

    assert anyio.run(writes, 5) == 0
    assert anyio.run(writes, 1000) > 0


def test_a_file_that_vanishes_is_not_at_rest(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv")
    found = inbox.newest(str(path))
    path.unlink()
    assert found is not None
    assert anyio.run(inbox.growth, found, 0.01)[1] > 0


def test_what_was_done_is_moved_and_never_over_another(tmp_path: Path) -> None:
    names = []
    for _ in range(3):
        put(tmp_path, "a.csv")
        found = inbox.newest(str(tmp_path / "a.csv"))
        assert found is not None
        names.append(inbox.archive(found, tmp_path / "done", NOW).name)
    assert names == ["a-20260510T021500Z.csv", "a-20260510T021500Z-1.csv", "a-20260510T021500Z-2.csv"]
    assert not (tmp_path / "a.csv").exists()


def test_a_newer_file_in_its_place_is_not_moved(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", age=10)
    found = inbox.newest(str(path))
    put(tmp_path, "a.csv", text="Phone\n+12015550100\n")
    assert found is not None
    with pytest.raises(StateError, match="not the file that was read"):
        inbox.archive(found, tmp_path / "done", NOW)
    assert path.exists()


@pytest.mark.parametrize("replaced", [False, True])
def test_what_was_done_elsewhere_is_archived_only_while_it_is_what_was_read(tmp_path: Path, *, replaced: bool) -> None:
    """A file of the same name may have come while a worker was at work on the one before it."""
    path = put(tmp_path, "a.csv")
    arrival = Arrival(sha256=sheet_digest(path), rows=0, headings=("Phone",), blank_keys=0)
    if replaced:
        put(tmp_path, "a.csv", text="Phone\n+12015550100\n")
    spring = Job(name="spring", source=str(path), campaign="Spring", archive=tmp_path / "done")
    made = work.archive(result(source=str(path), arrival=arrival), work.Task(job=spring, settings=Settings()), NOW)
    assert (made.archived is None, path.exists()) == (replaced, replaced)
    assert any("not the file that was read" in words for words in made.notices) == replaced
