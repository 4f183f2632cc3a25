"""The ready mappings, the sheets that they are tried on, and what the documentation says about both."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import phonenumbers
import polars as pl
import pytest

from callcamp_sync.fields import FIELDS, ROW, Field
from callcamp_sync.mapping import REGION, Binding, Mapping, bind, map_columns, parse_mapping, plain_mapping
from callcamp_sync.rules import ParameterSpec
from callcamp_sync.sandbox.sample import sample_world
from callcamp_sync.sandbox.seed import LEAD_PARAMETERS
from callcamp_sync.schema import read_record_type

ROOT = Path(__file__).parents[2]
SHEETS = ROOT / "sample_data"
PAIRS = [
    ("generic.toml", "leads.csv"),
    ("generic.toml", "leads.xlsx"),
    ("hubspot-contacts.toml", "hubspot-contacts.csv"),
    ("salesforce-leads.toml", "salesforce-leads.xlsx"),
]


def lead_parameters() -> tuple[ParameterSpec, ...]:
    return read_record_type({"uuid": "t", "name": "Lead", "parameters": list(LEAD_PARAMETERS)}).parameters


def grid(name: str) -> list[list[str]]:
    """Headings and rows, blank lines left out; read with the plainest reader there is for each format."""
    path = SHEETS / name
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.reader(file))
    else:
        tab = openpyxl.load_workbook(path).worksheets[0]
        lines = [[as_text(cell) for cell in line] for line in tab.iter_rows(values_only=True)]
    return [line for line in lines if any(line)]


def as_text(cell: object) -> str:
    return "" if cell is None else str(cell).lower() if isinstance(cell, bool) else str(cell)


def frame_of(lines: Sequence[Sequence[str]]) -> pl.DataFrame:
    columns = [
        pl.Series(heading, [line[place] or None for line in lines[1:]], dtype=pl.String) for place, heading in enumerate(lines[0])
    ]
    return pl.DataFrame([pl.Series(ROW, range(2, len(lines) + 1), dtype=pl.UInt32), *columns])


def mapping(name: str) -> Mapping:
    return parse_mapping(tomllib.loads((ROOT / "mappings" / name).read_text(encoding="utf-8")), path=name)


def bound(toml: str, sheet: str) -> Binding:
    return bind(mapping(toml), grid(sheet)[0], lead_parameters(), by_name=False)


@pytest.mark.parametrize(("toml", "sheet"), PAIRS)
def test_a_ready_mapping_fits_its_sheet_and_the_demos_record_type(toml: str, sheet: str) -> None:
    fed = {rule.field.name for rule in bound(toml, sheet).rules}
    assert {"phoneNumber", "firstName", "lastName", "email", "country", "parameters.company"} <= fed


@pytest.mark.parametrize(
    ("toml", "sheet", "left"),
    [
        ("generic.toml", "leads.csv", {"Account owner"}),
        (
            "hubspot-contacts.toml",
            "hubspot-contacts.csv",
            {"Record ID", "Lead Status", "Lifecycle Stage", "Contact owner", "Create Date"},
        ),
        ("salesforce-leads.toml", "salesforce-leads.xlsx", {"Lead ID", "Title", "Lead Status", "Lead Source", "Create Date"}),
    ],
)
def test_what_a_ready_mapping_leaves_aside_is_known(toml: str, sheet: str, left: set[str]) -> None:
    assert set(bound(toml, sheet).unmatched) == left


@pytest.mark.parametrize(("toml", "sheet"), PAIRS)
def test_country_names_become_codes_and_only_strangers_stay(toml: str, sheet: str) -> None:
    frame, _ = map_columns(frame_of(grid(sheet)), bound(toml, sheet))
    assert set(frame["country"].drop_nulls()) == {"US", "GB", "AU", "FR", "Narnia"}
    assert frame.select(pl.col(REGION).eq_missing(pl.col("country")).all()).item()


def test_a_ticked_box_of_the_crm_becomes_do_not_call_and_an_empty_one_nothing() -> None:
    frame, issues = map_columns(frame_of(grid("salesforce-leads.xlsx")), bound("salesforce-leads.toml", "salesforce-leads.xlsx"))
    assert frame["status"].value_counts().sort("status").rows() == [(None, 192), ("do-not-call", 8)]
    assert issues.is_empty()


def test_the_leads_also_fit_without_a_mapping_file() -> None:
    binding = bind(plain_mapping(), grid("leads.csv")[0], lead_parameters(), by_name=True)
    assert binding.unmatched == ("Account owner",)
    assert binding.notices == ()


def test_the_workbook_has_the_rows_of_the_csv() -> None:
    assert grid("leads.xlsx") == grid("leads.csv")


def test_the_demos_sheet_has_at_least_a_thousand_rows() -> None:
    assert len(grid("leads.csv")) > 1_000


def test_the_generator_makes_the_committed_files_byte_for_byte(tmp_path: Path) -> None:
    subprocess.run([sys.executable, SHEETS / "generate.py", tmp_path], check=True, timeout=60)
    made = sorted(tmp_path.iterdir())
    assert len(made) == 5
    assert [path.name for path in made if path.read_bytes() != (SHEETS / path.name).read_bytes()] == []


def test_every_number_of_the_world_is_valid_and_rings_nobody() -> None:
    fiction = re.compile(r"\+1\d{3}55501\d\d|\+442079460\d{3}|\+44(113|161)4960\d{3}|\+6125550\d{4}|\+33199\d{6}")
    phones = {record.phone for record in sample_world(SHEETS).records.values()}
    assert [phone for phone in phones if not fiction.fullmatch(phone)] == []
    assert [phone for phone in phones if not phonenumbers.is_valid_number(phonenumbers.parse(phone))] == []


def test_the_world_has_contacts_with_and_without_orders_in_the_demos_campaign() -> None:
    world = sample_world(SHEETS)
    assert {order.campaign for order in world.orders.values()} == {
        one.uuid for one in world.campaigns.values() if one.name == "Spring renewals"
    }
    assert (len(world.records), len(world.orders)) == (637, 573)


def test_a_world_of_another_schema_is_refused(tmp_path: Path) -> None:
    (tmp_path / "world.json").write_text('{"schema": "callcamp-sync/sample-world/2"}')
    with pytest.raises(ValueError, match="sample-world/1"):
        sample_world(tmp_path)


def documentation() -> str:
    return (ROOT / "docs" / "mapping.md").read_text(encoding="utf-8")


def test_the_file_that_the_documentation_shows_is_a_right_one() -> None:
    (shown,) = re.findall(r"```toml\n(.*?)```", documentation(), re.DOTALL)
    assert parse_mapping(tomllib.loads(shown), path="shown").campaign == "Spring renewals"


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_the_documentation_lists_the_headings_of_each_field(field: Field) -> None:
    (line,) = [line for line in documentation().splitlines() if line.startswith(f"| `{field.name}` |")]
    listed = line.split("|")[2].split(":")[0]
    assert tuple(word.strip() for word in listed.split(",")) == field.aliases


def test_the_documentation_names_every_key_of_the_file() -> None:
    schema = Mapping.model_json_schema()
    keys = {key for part in (schema, *schema["$defs"].values()) for key in part.get("properties", {})} - {"entries", "rest"}
    tables = {"source", "match", "sync", "phone", "record", "parameters", "order"}
    text = documentation()
    assert {key for key in keys - tables if f"`{key}`" not in text} == set()
    assert {table for table in tables if f"`[{table}]`" not in text} == set()
