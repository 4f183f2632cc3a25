"""A prepared sheet is the sheet: what a plan reads from the folder is what it reads from the file, on either engine."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import anyio
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from callcamp_sync import planning
from callcamp_sync.bench import Bench, Request, load_record_type, load_subject
from callcamp_sync.cluster import Partitions
from callcamp_sync.errors import SheetError, StateError, SyncError, UsageError
from callcamp_sync.preparing import Engine, Outcome, in_turn, prepare
from callcamp_sync.rows import Desired
from callcamp_sync.sandbox.seed import bulk_phone
from callcamp_sync.settings import Settings
from callcamp_sync.sheets import write_workbook
from callcamp_sync.sheets.tabs import Column, Tab

MAPPING = """
version = 1
[record]
phoneNumber = "Mobile"
firstName = "First name"
[parameters]
company = "Company"
plan = { from = "Plan", values = { "Gold" = "gold", "Silver" = "silver" } }
[phone]
region = "GB"
"""
KIND = {
    "uuid": "11111111-2222-4333-8444-555555555555",
    "name": "Leads",
    "parameters": [
        {"id": "company", "title": "Company", "type": "string", "required": True, "validation": "^[A-Z]"},
        {"id": "plan", "title": "Plan", "type": "string", "required": True},
    ],
}
HEADINGS = ["Mobile", "First name", "Company", "Plan", "Left alone"]


def rows(count: int) -> list[list[str]]:
    """Good rows, and among them all that can be wrong: by itself, or only beside a row far away."""
    made = [[bulk_phone(nth), f"N{nth}", "Example Ltd", "Gold", "x"] for nth in range(count)]
    made[3] = ["12", "Short", "Example Ltd", "Gold", ""]
    made[5] = [bulk_phone(5), 'Line\nend, and "quotes"\r\nmore', "Example Ltd", "Silver", "a,b"]
    made[7] = ["", "", "", "", ""]
    made[9] = [bulk_phone(9), "No plan of that name", "Example Ltd", "Bronze", ""]
    made[11] = [bulk_phone(11), "", "", "", ""]
    made[15] = [bulk_phone(15), "Blank", "", "", ""]
    made[13] = [bulk_phone(13), "Small", "example", "", "é"]
    made[count - 2] = list(made[0])
    made[count - 1] = [bulk_phone(1), "Contradicts", "Example Ltd", "Gold", ""]
    return made


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("mapping.toml").write_text(MAPPING, encoding="utf-8")
    Path("kind.json").write_text(json.dumps(KIND), encoding="utf-8")
    with Path("leads.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADINGS, *rows(60)])
    return tmp_path


def asked(sheet: str = "leads.csv", mapping: str | None = "mapping.toml") -> Request:
    return Request(sheet=sheet, campaign=None, mapping=Path(mapping) if mapping else None, record_type=Path("kind.json"))


def bench() -> Bench:
    return Bench(settings=Settings(state_dir=Path("state")))


def made(sheet: str = "leads.csv", *, engine: Engine = in_turn, size: int = 400, to: str = "out") -> Outcome:
    async def work() -> Outcome:
        return await prepare(asked(sheet), bench(), Path(to), engine=engine, size=size)

    return anyio.run(work)


def desired(sheet: str, mapping: str | None = "mapping.toml") -> Desired:
    subject = load_subject(asked(sheet, mapping), bench().settings)
    return planning.desire(subject, load_record_type(Path("kind.json")))


def same(one: Desired, other: Desired) -> None:
    for name in ("frame", "issues", "needed", "cells"):
        assert_frame_equal(getattr(one, name), getattr(other, name))
    for name in ("needed_unmapped", "rules", "keys", "notices", "exported"):
        assert getattr(one, name) == getattr(other, name)


@pytest.mark.parametrize("size", [90, 400, 1_000_000])
@pytest.mark.usefixtures("place")
def test_the_folder_reads_as_the_file_does(size: int) -> None:
    outcome = made(size=size)
    assert (outcome.rows, outcome.blank_rows) == (59, 1)
    assert outcome.parts == 1 if size > 400 else outcome.parts > 5
    whole = desired("leads.csv")
    same(desired("out"), whole)
    same(desired("out/prepared.json"), whole)
    found = dict(whole.issues.group_by("code").agg(pl.col("row").n_unique()).iter_rows())
    assert any(code.startswith("phone-") for code in found)
    assert {"value-unmapped", "value-pattern", "duplicate-row", "duplicate-conflict"} <= set(found)
    assert outcome.rejected == whole.frame.filter(pl.col("verdict") == "rejected").height
    assert {path.stat().st_mode & 0o077 for path in Path("out").iterdir()} == {0}


@pytest.mark.usefixtures("place")
def test_two_processes_make_the_same_folder_as_one() -> None:
    made(size=300, to="here")
    made(size=300, to="there", engine=Partitions(scheduler=None, processes=2, memory="2GB"))
    names = sorted(path.name for path in Path("here").iterdir())
    assert names == sorted(path.name for path in Path("there").iterdir())
    assert len(names) > 10
    for name in names:
        if name != "prepared.json":
            one, two = (pl.read_parquet(Path(folder, name)) for folder in ("here", "there"))
            assert_frame_equal(one, two)
    same(desired("there"), desired("leads.csv"))


@pytest.mark.usefixtures("place")
def test_a_workbook_is_read_as_a_whole_and_sliced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callcamp_sync.preparing._SLICE", 17)
    frame = pl.DataFrame(rows(60), schema=HEADINGS, orient="row").with_columns(pl.all().replace("", None))
    write_workbook("leads.xlsx", [Tab(name="Leads", frame=frame, columns=tuple(Column(heading=name) for name in HEADINGS))])
    assert made("leads.xlsx").parts == 4
    same(desired("out"), desired("leads.xlsx"))


@pytest.mark.usefixtures("place")
def test_another_mapping_reads_the_cells_anew_and_says_so() -> None:
    made()
    Path("mapping.toml").write_text(MAPPING.replace('"Gold" = "gold"', '"Gold" = "silver"'), encoding="utf-8")
    anew, whole = desired("out"), desired("leads.csv")
    assert_frame_equal(anew.frame, whole.frame)
    assert any("read anew" in words for words in anew.notices)
    (plan,) = [name for name in anew.frame.columns if name.endswith("plan")]
    assert set(anew.frame[plan].drop_nulls()) == {"silver"}


@pytest.mark.usefixtures("place")
def test_a_sum_in_the_last_row_is_told_though_it_stands_in_the_last_piece() -> None:
    with Path("leads.csv").open("a", encoding="utf-8", newline="") as file:
        file.write("Total,59,,,\r\n")
    made(size=90)
    whole = desired("leads.csv")
    assert "row-totals" in whole.issues["code"].to_list()
    same(desired("out"), whole)


def _no_part() -> None:
    next(Path("out").glob("part-*.parquet")).unlink()


def _other_part() -> None:
    one, two = sorted(Path("out").glob("part-*.parquet"))[:2]
    one.write_bytes(two.read_bytes())


def _edited_part() -> None:
    path = next(Path("out").glob("part-*.parquet"))
    pl.read_parquet(path).with_columns(pl.lit("+12025550199").alias("callcamp:phone")).write_parquet(path)


def _half_manifest() -> None:
    path = Path("out/prepared.json")
    path.write_text(path.read_text(encoding="utf-8")[:200], encoding="utf-8")


def _other_form() -> None:
    path = Path("out/prepared.json")
    path.write_text(path.read_text(encoding="utf-8").replace("prepared/1", "prepared/9"), encoding="utf-8")


@pytest.mark.parametrize("harm", [_no_part, _other_part, _edited_part, _half_manifest, _other_form])
@pytest.mark.usefixtures("place")
def test_a_folder_that_is_not_as_it_was_prepared_is_refused(harm: Callable[[], None]) -> None:
    made()
    harm()
    with pytest.raises(SheetError):
        desired("out")


@pytest.mark.usefixtures("place")
def test_a_folder_of_something_else_is_never_replaced() -> None:
    Path("out").mkdir()
    Path("out/diary.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(StateError, match="no prepared sheet"):
        made()
    assert [path.name for path in Path("out").iterdir()] == ["diary.txt"]
    assert not list(Path().glob(".out*"))


@pytest.mark.parametrize(
    ("text", "kind"),
    [("Mobile,First name\n+12025550101,A\n\0,B\n", SheetError), ("Mobile,Mobile\n1,2\n", SheetError), ("", SheetError)],
)
@pytest.mark.usefixtures("place")
def test_what_no_reader_takes_leaves_no_folder(text: str, kind: type[SyncError]) -> None:
    Path("leads.csv").write_text(text, encoding="utf-8")
    with pytest.raises(kind):
        made()
    assert not Path("out").exists()
    assert not list(Path().glob(".out*"))


@pytest.mark.usefixtures("place")
def test_a_second_time_replaces_the_first_and_is_no_sheet_to_prepare() -> None:
    made(size=90)
    first = len(list(Path("out").iterdir()))
    made(size=1_000_000)
    assert len(list(Path("out").iterdir())) == 3 < first
    with pytest.raises(UsageError):
        made("out", to="again")
