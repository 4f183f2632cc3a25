"""Numbers on their way into the ledger of who must never be called: from the command line, from a suppression file.

In:  numbers in any spelling, or a sheet with a column of them. Out: E.164; what is no number is told by row, never guessed.
I/O: disk, through sheets and the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from callcamp_sync import phones
from callcamp_sync.bench import open_ledger
from callcamp_sync.errors import SheetError, UsageError
from callcamp_sync.fields import BY_NAME, ROW, fold_heading
from callcamp_sync.issues import render
from callcamp_sync.ledger import Entry
from callcamp_sync.policy import person_keys
from callcamp_sync.settings import Settings
from callcamp_sync.sheets import read_sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What a suppression file holds. unreadable: row -> why its number could not be read."""

    numbers: tuple[str, ...]
    unreadable: dict[int, str]


def read_numbers(texts: Sequence[str], *, region: str | None) -> tuple[str, ...]:
    """E.164 of each text, in order. Raises UsageError for the first that is no number."""
    found = []
    for text in texts:
        phone, code, detail = phones.normalise_phone(text, region=region)
        if phone is None:
            message, cure = render(code or "phone-unreadable", cell=text, detail=detail)
            raise UsageError(message, hint=cure)
        found.append(phone)
    return tuple(found)


def read_file(source: str, *, region: str | None) -> Numbers:
    """The numbers of a sheet: of its phone column, or of its only column. Raises SheetError where there is no such column."""
    sheet = read_sheet(source)
    heading = _phone_heading(sheet.headings, source)
    rows = sheet.frame.select(ROW, cell=heading).filter(pl.col("cell").is_not_null())
    read = phones.normalise_phones(rows["cell"], region)
    wrong = rows.hstack(read.drop("phone")).filter(pl.col("code").is_not_null())
    said = {row: render(code, heading=heading, cell=cell, detail=detail)[0] for row, cell, code, detail in wrong.iter_rows()}
    return Numbers(numbers=tuple(read["phone"].drop_nulls().unique(maintain_order=True)), unreadable=said)


def add(settings: Settings, numbers: Sequence[str], *, source: str, clock: Callable[[], datetime]) -> int:
    """Write numbers into the ledger; returns how many were new."""
    return open_ledger(settings, clock).add(Entry(phone=number, source=source) for number in numbers)


def entries(settings: Settings, *, clock: Callable[[], datetime]) -> Sequence[Entry]:
    """The whole ledger, oldest entry first."""
    return open_ledger(settings, clock).entries()


def check(settings: Settings, numbers: Sequence[str], *, clock: Callable[[], datetime]) -> dict[str, str | None]:
    """Number -> where the ledger has it from, null where it has not. Other numbers of the same subscriber count."""
    known = {key: entry for entry in entries(settings, clock=clock) for key in person_keys([entry.phone])}
    found: dict[str, str | None] = {}
    for number in numbers:
        entry = next((known[key] for key in person_keys([number]) if key in known), None)
        found[number] = None if entry is None else f"{entry.phone}, {entry.source}"
    return found


def _phone_heading(headings: Sequence[str], source: str) -> str:
    field = BY_NAME["phoneNumber"]
    names = {fold_heading(name) for name in (field.name, field.title, *field.aliases)}
    fitting = [heading for heading in headings if fold_heading(heading) in names]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting and len(headings) == 1:
        return headings[0]
    named = ", ".join(f"`{heading}`" for heading in (fitting or headings))
    what = "more than one column of phone numbers" if fitting else "no column of phone numbers"
    raise SheetError(f"`{source}` has {what}: {named}", hint="call the column with the numbers `phone`")
