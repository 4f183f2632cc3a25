"""How much text a file holds, told without reading it: never an error, whatever the file is."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from callcamp_sync.sheets import Column, Tab, text_size, write_workbook


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["leads.csv", "l*.csv", "leads.csv#Tab"])
def test_of_text_it_is_the_size_of_the_file(folder: Path, name: str) -> None:
    (folder / "leads.csv").write_bytes(b"Phone\n" * 50)
    assert text_size(name) == 300


def test_of_a_workbook_it_is_what_it_unpacks_to_without_its_pictures(folder: Path) -> None:
    """A logo does not make a list of ten rows a long one."""
    cells = pl.DataFrame({"a": ["the same in every row"] * 5_000})
    write_workbook(folder / "leads.xlsx", [Tab(name="Leads", columns=(Column(heading="A"),), frame=cells)])
    plain = text_size("leads.xlsx#Leads")
    assert 5_000 * 50 < plain < 5_000 * 200
    assert plain > 10 * (folder / "leads.xlsx").stat().st_size
    with zipfile.ZipFile(folder / "leads.xlsx", "a") as book:
        book.writestr("xl/media/image1.png", bytes(3_000_000))
    assert text_size("leads.xlsx") == plain


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: data[: len(data) // 2], id="cut in the middle"),
        pytest.param(lambda data: data.replace(b"PK\x01\x02", b"PK\x01\x03"), id="a list of contents that is none"),
        pytest.param(lambda data: data[:-10] + bytes(10), id="an end that is none"),
    ],
)
def test_what_is_no_whole_zip_is_told_by_the_reader_and_not_here(folder: Path, damage: Callable[[bytes], bytes]) -> None:
    write_workbook(folder / "leads.xlsx", [Tab(name="T", columns=(Column(heading="A"),), frame=pl.DataFrame({"a": ["b"]}))])
    data = (folder / "leads.xlsx").read_bytes()
    (folder / "leads.xlsx").write_bytes(damage(data))
    assert 0 <= text_size("leads.xlsx") <= len(data)


@pytest.mark.parametrize("name", ["", "-", "nothing.csv", "no*.csv", ".", "a\0b", "x" * 5_000])
def test_where_there_is_no_file_there_is_no_text(folder: Path, name: str) -> None:
    assert text_size(name) == 0
