"""The mapping file: its tables and keys, checked as a whole. Pure: no I/O, no clock; the caller reads the TOML.

In:  what tomllib made of the file: a dictionary of tables.
Out: a frozen Mapping, or one MappingError whose lines name file, table, key and cure of *every* problem.
Rule source: docs/mapping.md. What only a sheet or a record type can tell (missing headings, unknown parameters) is checked
by `binding`.
"""

from __future__ import annotations

import re
from collections import abc
from enum import StrEnum
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, StrictBool, ValidationError
from pydantic import field_validator as check
from pydantic import model_validator as check_whole

from callcamp_sync.errors import MappingError
from callcamp_sync.fields import BY_NAME, Home, Kind
from callcamp_sync.fields import Field as CallcampField
from callcamp_sync.mapping.wording import at_key, field_problem, phrase, told
from callcamp_sync.model import Mode, OnDuplicate, OnMissing
from callcamp_sync.rules import Overwrite

#: The key of a table that takes every other column whose heading fits by name, as in `"*" = "match"`.
REST = "*"

#: Which homes of fields a table may feed.
TABLES: dict[str, tuple[str, ...]] = {
    "record": ("record_uuid", *(name for name, field in BY_NAME.items() if field.home is Home.RECORD)),
    "order": ("order_uuid", "action", *(name for name, field in BY_NAME.items() if field.home is Home.ORDER)),
}

#: Kinds whose field cannot be emptied: a key finds, a phone identifies, a status always has a value, an action is no value.
UNCLEARABLE = frozenset({Kind.ID, Kind.PHONE, Kind.STATUS, Kind.ACTION})

_KEY = re.compile(r"phone|record_uuid|order_uuid|parameters\..+")


class Unknown(StrEnum):
    """What becomes of a cell that an entry's `values` do not list."""

    ERROR = "error"
    KEEP = "keep"
    BLANK = "blank"


def _as_text(value: object) -> object:
    """TOML's true, 30 and 2026-05-10 as the text that a cell would hold; everything else as it is."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _as_list(value: object) -> object:
    """One text where several are allowed is a list of one."""
    return [value] if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_as_text)]
Position = Annotated[int, Field(strict=True, gt=0)]
Words = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Source(_Part):
    """`[source]`: how the file is read. Null: detected. null_words: cells that count as blank, without regard to case.

    hidden_rows: what becomes of hidden rows of a workbook that have data.
    """

    sheet: str | Position | None = None
    header_row: Position | None = None
    null_words: Words = ()
    encoding: str | None = None
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    hidden_rows: Literal["refuse", "include", "skip"] = "refuse"


class Match(_Part):
    """`[match]`: what finds the order of a row. keys: tried in order; empty means order id, record id, phone."""

    keys: Words = ()
    on_duplicate: OnDuplicate | None = None

    @check("keys")
    @classmethod
    def _known(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [key for key in keys if not _KEY.fullmatch(key)]
        if wrong:
            raise ValueError(f"`{wrong[0]}` is no key; use phone, record_uuid, order_uuid or parameters.ID")
        return keys


class Sync(_Part):
    """`[sync]`: what a run may do. Null: the settings decide. blank: what a blank cell does."""

    mode: Mode | None = None
    missing: OnMissing | None = None
    blank: Literal["ignore", "clear"] = "ignore"
    initial_status: str | None = None


class Phone(_Part):
    """`[phone]`: region (ISO 3166-1 alpha-2) that reads numbers without "+"; region_from: the heading that says it by row."""

    region: str | None = None
    region_from: str | None = None

    @check("region")
    @classmethod
    def _two_letters(cls, region: str | None) -> str | None:
        if region is None:
            return None
        if region.upper() == "UK":
            raise ValueError("`UK` is no ISO country code; write GB")
        if not re.fullmatch(r"[A-Za-z]{2}", region):
            raise ValueError(f"`{region}` is not a country code of two letters, such as GB")
        return region.upper()


class Entry(_Part):
    """One field's column: a heading, or a table that says more.

    headings (`from`): the first that is not blank in a row counts. const: the same text in every row, instead of a column.
    clear: a word that empties the field, or true: a blank cell empties it, or false: it never does.
    """

    headings: Words = Field(default=(), alias="from")
    const: Text | None = None
    values: dict[str, Text] = Field(default_factory=dict)
    on_unknown: Unknown | None = None
    formats: Words = ()
    decimal: Literal[".", ","] | None = None
    thousands: str | None = Field(default=None, min_length=1, max_length=1)
    timezone: str | None = None
    overwrite: Overwrite = Overwrite.ALWAYS
    clear: StrictBool | Annotated[str, Field(min_length=1)] | None = None
    required: StrictBool = False

    @check_whole(mode="before")
    @classmethod
    def _heading_alone(cls, data: object) -> object:
        if isinstance(data, str):
            return {"from": data}
        if not isinstance(data, dict):
            raise ValueError('write a heading in quotes, or a table such as { from = ["Mobile", "Phone"] }')
        return data

    @check("timezone")
    @classmethod
    def _zone(cls, zone: str | None) -> str | None:
        if zone is not None:
            try:
                ZoneInfo(zone)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                raise ValueError(f"`{zone}` is not an IANA time zone; use a name such as Europe/London") from None
        return zone

    @check("formats")
    @classmethod
    def _directives(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [text for text in formats if "%" not in text]
        if wrong:
            raise ValueError(f"`{wrong[0]}` is no format; write one such as %d/%m/%Y")
        return formats

    @check_whole(mode="after")
    def _one_source(self) -> Entry:
        if (self.const is None) == (not self.headings):
            raise ValueError("needs either `from` (a heading, or several) or `const`, and not both")
        if not all(heading.strip() for heading in self.headings):
            raise ValueError("`from` holds a blank heading")
        if self.const is not None and (self.values or self.clear is not None):
            raise ValueError("`values` and `clear` have no effect beside `const`: write the value itself")
        if self.on_unknown is not None and not self.values:
            raise ValueError("`on_unknown` has no effect without `values`")
        if not all(word.strip() for word in self.values):
            raise ValueError("`values` lists a blank word; a blank cell is always blank")
        if self.thousands is not None and self.thousands == (self.decimal or "."):
            raise ValueError("`decimal` and `thousands` are the same sign")
        if self.required and self.clear is True:
            raise ValueError("`required` and `clear = true` contradict each other: a blank cell cannot be both wrong and meant")
        return self

    def misfits(self, field: CallcampField) -> list[str]:
        """What this entry says that has no effect on `field`, or does harm: one sentence each, none when it fits."""
        kind, said = field.kind, []
        if self.const is not None and kind in {Kind.ID, Kind.PHONE}:
            said.append("`const` would make every row the same contact; use `from`")
        if self.formats and kind not in {Kind.DATE, Kind.INSTANT}:
            said.append(f"`formats` are for dates and times, and this is {kind.value}")
        if self.timezone and kind is not Kind.INSTANT:
            said.append(f"`timezone` is for a date and time, and this is {kind.value}")
        if (self.decimal or self.thousands) and kind not in {Kind.NUMBER, Kind.MONEY}:
            said.append(f"`decimal` and `thousands` are for numbers, and this is {kind.value}")
        if self.clear not in (None, False) and kind in UNCLEARABLE:
            said.append("this field cannot be cleared; remove `clear`")
        return said


class Table(_Part):
    """`[record]`, `[parameters]` or `[order]`. rest: `"*" = "match"` stands in it."""

    entries: dict[str, Entry] = Field(default_factory=dict)
    rest: bool = False

    @check_whole(mode="before")
    @classmethod
    def _apart(cls, data: object) -> object:
        if not isinstance(data, dict):
            raise ValueError("must be a table")
        if data.get(REST, "match") != "match":
            raise ValueError('`"*"` can only be "match"')
        return {"entries": {name: entry for name, entry in data.items() if name != REST}, "rest": REST in data}


class Mapping(_Part):
    """A mapping file. `path` names it in messages; empty for the plain mapping."""

    version: Literal[1] = 1
    campaign: str | None = None
    description: str = ""
    source: Source = Field(default_factory=Source)
    match: Match = Field(default_factory=Match)
    sync: Sync = Field(default_factory=Sync)
    phone: Phone = Field(default_factory=Phone)
    record: Table = Field(default_factory=Table)
    parameters: Table = Field(default_factory=Table)
    order: Table = Field(default_factory=Table)
    _path: str = PrivateAttr(default="")

    @property
    def path(self) -> str:
        """The file, as the user named it."""
        return self._path


def plain_mapping() -> Mapping:
    """What holds when no file is given: nothing is named, so every column is matched by its heading (`by_name=True`)."""
    return Mapping()


def parse_mapping(data: abc.Mapping[str, Any], *, path: str) -> Mapping:
    """Check a mapping file's content.

    data: what tomllib read. path: as the user named the file, for messages.
    Raises MappingError with every problem of the file, one a line: table, key, what is wrong, and the cure.
    """
    problems: list[str] = []
    mapping: Mapping | None = None
    try:
        mapping = Mapping.model_validate(data)
    except ValidationError as error:
        problems += [phrase(item, _keys_at(item["loc"])) for item in error.errors(include_url=False, include_input=False)]
    for table, names in TABLES.items():
        content = data.get(table)
        problems += [field_problem(table, name, names) for name in (content or ()) if name not in (*names, REST)]
    if mapping is not None:
        problems += _misfits(mapping)
        mapping._path = path
    if problems or mapping is None:
        raise MappingError(told(path, problems), hint="docs/mapping.md lists every table and key")
    return mapping


def _misfits(mapping: Mapping) -> list[str]:
    """What entries of the vendor's own fields say in vain; parameters are checked where their kind is known."""
    tables = {"record": mapping.record, "order": mapping.order}
    return [
        at_key((table, name), words)
        for table, content in tables.items()
        for name, entry in content.entries.items()
        if name in TABLES[table]
        for words in entry.misfits(BY_NAME[name])
    ]


def _keys_at(location: tuple[int | str, ...]) -> tuple[str, ...]:
    """The keys that may stand where the last part of `location` stands."""
    parts: dict[object, type[BaseModel]] = {"source": Source, "match": Match, "sync": Sync, "phone": Phone}
    if len(location) == 1:
        return tuple(Mapping.model_fields)
    model = parts.get(location[0], Entry)
    return tuple(field.alias or name for name, field in model.model_fields.items())
