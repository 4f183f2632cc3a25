"""From a CSV to validated columns, against a careful script, on the same file: seconds, growth, memory.

The script is what a good engineer writes in an afternoon: the csv module, phonenumbers with its pattern cache and a dictionary of
numbers seen, a pydantic model of the row, a dictionary for duplicates. Ours does that and more (issues with code, cell and cure).
Times are CPU seconds of the process, all threads. Bare is polars' own reader of the same file, as text, and nothing else.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import phonenumbers
import polars as pl
from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from benchmarks import leads
from benchmarks.table import Line, raced
from callcamp_sync.mapping import bind, plain_mapping
from callcamp_sync.rows import Desired, read_rows
from callcamp_sync.sandbox.seed import LEAD_PARAMETERS
from callcamp_sync.schema import read_record_type
from callcamp_sync.sheets import read_sheet

ROWS, SMALL = 1_000_000, 10_000
_COUNTRIES = frozenset(phonenumbers.SUPPORTED_REGIONS)
KIND = read_record_type({"uuid": "bench", "name": "Lead", "parameters": list(LEAD_PARAMETERS)})

_CHILD = """
import json, sys
from pathlib import Path
from benchmarks import columns
from benchmarks.memory import peak
wanted = columns.ours(Path(sys.argv[1]))
print(json.dumps({"rows": wanted.frame.height, "peak": peak()}))
"""


def ours(path: Path) -> Desired:
    """What a sync does before it looks at the campaign."""
    sheet = read_sheet(path)
    binding = bind(plain_mapping(), sheet.headings, KIND.parameters, by_name=True)
    return read_rows(sheet, binding, KIND, region="US")


def _upper(text: object) -> object:
    return text.upper() if isinstance(text, str) else text


def _known_country(text: str) -> str:
    if text.upper() not in _COUNTRIES:
        raise ValueError("no country")
    return text.upper()


Filled = Annotated[str | None, StringConstraints(strip_whitespace=True)]
Email = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,63}$", max_length=254)
]
Plan = Annotated[Literal["BASIC", "PLUS", "PRO"], BeforeValidator(_upper)]


class Row(BaseModel):
    """A row as the script sees it; blank cells are left out before."""

    model_config = ConfigDict(str_strip_whitespace=True)

    first_name: Filled = None
    last_name: Filled = None
    email: Email | None = None
    country: Annotated[str, BeforeValidator(_known_country)] | None = None
    company: Filled = None
    reference: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}-[0-9]{4}$")] | None = None
    employees: int | None = None
    budget: float | None = None
    vip: bool | None = None
    renewal_date: date | None = None
    plan: Plan | None = None


_NAMES = tuple(Row.model_fields)


def script(path: Path) -> tuple[int, int, int]:
    """(good rows, wrong rows, rows that repeat an earlier number)."""
    numbers: dict[str, str | None] = {}
    seen: set[str] = set()
    good = wrong = twice = 0
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.reader(file, strict=True)
        next(reader)
        for cells in reader:
            phone = numbers[cells[0]] if cells[0] in numbers else numbers.setdefault(cells[0], _number(cells[0]))
            try:
                Row.model_validate({name: cell for name, cell in zip(_NAMES, cells[1:], strict=True) if cell})
            except ValidationError:
                phone = None
            if phone is None:
                wrong += 1
            elif phone in seen:
                twice += 1
            else:
                seen.add(phone)
                good += 1
    return good, wrong, twice


def _number(text: str) -> str | None:
    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _counted(found: Desired) -> tuple[int, int, int]:
    """(live, rejected, duplicate) rows; `Company` is required by the type, and the script does not ask for it."""
    counts = dict(found.frame["verdict"].value_counts().iter_rows())
    return counts.get(None, 0), counts.get("rejected", 0) + counts.get("held", 0), counts.get("duplicate", 0)


def lines() -> list[Line]:
    """Four lines: against the script, against polars' bare read, growth, peak memory."""
    phonenumbers.enable_pattern_cache()
    with tempfile.TemporaryDirectory() as folder:
        large, small = Path(folder) / "large.csv", Path(folder) / "small.csv"
        leads.write(large, ROWS)
        leads.write(small, SMALL)
        answers: dict[str, tuple[int, int, int]] = {}
        bare, mine, theirs = raced(
            lambda: pl.read_csv(large, infer_schema=False),
            lambda: answers.update(ours=_counted(ours(large))),
            lambda: answers.update(script=script(large)),
        )
        same = answers["ours"] == answers["script"]
        (few,) = raced(lambda: [ours(small) for _ in range(10)])
        done = subprocess.run([sys.executable, "-c", _CHILD, str(large)], check=True, capture_output=True, text=True)
    child = json.loads(done.stdout)
    what = f"CSV to validated columns, {ROWS:,} x {len(leads.HEADINGS)}"
    per_row, per_few = mine / ROWS * 1e6, few / SMALL / 10 * 1e6
    return [
        Line(
            what=what,
            ours=f"{mine:.2f} s",
            baseline=f"{theirs:.2f} s",
            against="csv, cached phonenumbers, pydantic",
            ratio=theirs / mine,
            checked=same,
        ),
        Line(
            what=what,
            ours=f"{mine:.2f} s",
            baseline=f"{bare:.2f} s",
            against="polars' bare read (ours ÷ it)",
            ratio=mine / bare,
            checked=same,
        ),
        Line(
            what=f"{what}: a row, at {ROWS:,} and at {SMALL:,}",
            ours=f"{per_row:.2f} µs",
            baseline=f"{per_few:.2f} µs",
            against=f"a row of {SMALL:,} (ours ÷ it)",
            ratio=per_row / per_few,
            checked=same,
        ),
        Line(
            what=f"{what}: peak memory",
            ours=f"{child['peak']:.0f} MB",
            baseline="1200 MB",
            against="limit (ours ÷ it)",
            ratio=child["peak"] / 1200,
            checked=child["rows"] == ROWS,
        ),
    ]
