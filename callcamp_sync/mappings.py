"""What `map` does: suggest a mapping, hold one against a sheet, follow one row through it.

In:  a Bench and the files' names; a campaign or a Record Type file where one is named. Out: a text, a Checked, a Traced.
Without either, the parameters that a mapping names are taken to exist (`assumed`). I/O: disk (reads, and the suggested file);
network (reads) where a campaign is named.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from callcamp_sync import mapping_text, planning
from callcamp_sync.bench import (
    Bench,
    Request,
    find_campaign,
    load_mapping,
    load_record_type,
    load_sheet,
    load_subject,
    open_client,
)
from callcamp_sync.errors import MappingError, UsageError
from callcamp_sync.likeness import liken
from callcamp_sync.mapping import Mapping as SheetMapping
from callcamp_sync.mapping import assumed_parameters, bind, json_schema, map_columns, parse_mapping
from callcamp_sync.schema import RecordSchema, empty_schema
from callcamp_sync.sheets.atomic import replacing
from callcamp_sync.tracing import RowTrace, bound, trace

#: The file that says how a mapping is written, for editors.
SCHEMA_NAME = "mapping.schema.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggested:
    """A suggestion. text: the whole file. added: what was added to one that was there; null for a new one. problems: sentences,
    what the text does not settle for this sheet."""

    text: str
    added: tuple[str, ...] | None
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedCheck:
    """One field of a mapping over one sheet. filled, blank: rows. unread: issue code -> rows."""

    field: str
    kind: str
    headings: tuple[str, ...]
    const: str | None
    filled: int
    blank: int
    unread: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A mapping that fits. campaign: its name, null where none was asked. assumed: its parameters could not be checked.

    The rest is null or empty without a sheet. rejected, held: rows, judged by the sheet alone.
    """

    path: str
    description: str
    campaign: str | None
    assumed: bool
    sheet: str | None = None
    rows: int = 0
    rejected: int = 0
    held: int = 0
    feeds: tuple[FeedCheck, ...] = ()
    unmatched: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


async def suggest(request: Request, bench: Bench, existing: Path | None) -> Suggested:
    """Guess a mapping for the sheet; where the file is there already, only what it lacks is added. Raises MappingError."""
    old = _text_of(existing)
    base = load_mapping(existing if old is not None else None)
    if request.record_type is None and request.campaign is None and base.campaign is None:
        raise UsageError("name what the columns are for", hint="pass `-c CAMPAIGN`, or `--record-type FILE.json`")
    record_type, campaign = await _type(request, bench, base)
    sheet = load_sheet(request.sheet, base, bench.settings)
    found = liken(sheet, record_type.parameters)
    if old is None or existing is None:
        beside = _has_schema(existing)
        tab = sheet.info.sheet if "#" not in request.source else None
        text = mapping_text.composed(found, sheet=_name(request.source), campaign=campaign, tab=tab, schema=beside)
        return Suggested(text=text, added=None, problems=_problems(text, sheet.headings, record_type, request.source))
    new = mapping_text.extended(old, found, path=str(existing))
    problems = _problems(new.text, sheet.headings, record_type, str(existing))
    return Suggested(text=new.text, added=new.added, problems=problems)


def write(text: str, path: Path) -> None:
    """Put a mapping in its place, whole or not at all. Raises StateError."""
    with replacing(path) as draft:
        draft.write_text(text, encoding="utf-8")


async def check(request: Request, bench: Bench) -> Checked:
    """Hold a mapping against a sheet, a record type, or only against its own form. Raises MappingError with every problem."""
    mapping = load_mapping(request.mapping)
    record_type, campaign = await _type(request, bench, mapping)
    checked = Checked(
        path=mapping.path,
        description=mapping.description,
        campaign=campaign,
        assumed=_assumes(request),
        notices=record_type.notices,
    )
    if not request.source:
        _known(mapping, record_type)
        return checked
    subject = load_subject(request, bench.settings)
    binding = bound(subject, record_type)
    desired = planning.desire(subject, record_type)
    mapped, _ = map_columns(subject.sheet.frame, binding)
    verdicts = dict(desired.frame["verdict"].drop_nulls().value_counts().iter_rows())
    codes: dict[str, dict[str, int]] = {}
    for field, code, count in (
        desired.issues.filter(pl.col("field").is_not_null()).group_by("field", "code").len().sort("code").iter_rows()
    ):
        codes.setdefault(field, {})[code] = count
    return replace(
        checked,
        sheet=request.source,
        rows=subject.sheet.info.rows,
        rejected=verdicts.get("rejected", 0),
        held=verdicts.get("held", 0),
        feeds=tuple(
            FeedCheck(
                field=feed.rule.field.name,
                kind=feed.rule.field.kind.value,
                headings=feed.headings,
                const=feed.const,
                filled=mapped.height - mapped[feed.rule.field.name].null_count(),
                blank=mapped[feed.rule.field.name].null_count(),
                unread=codes.get(feed.rule.field.name, {}),
            )
            for feed in binding.feeds
        ),
        unmatched=binding.unmatched,
        notices=(*checked.notices, *subject.sheet.info.warnings, *binding.notices, *map(_lacks, desired.needed_unmapped)),
    )


def _lacks(parameter: str) -> str:
    return f"the record type requires `{parameter}`, which no column feeds: a row that would become a new contact is rejected"


async def explain(request: Request, bench: Bench, row: int) -> RowTrace:
    """Follow one row of the sheet through the mapping. Raises UsageError when the sheet has no such row."""
    subject = load_subject(request, bench.settings)
    record_type, _ = await _type(request, bench, subject.mapping)
    return trace(subject, record_type, planning.desire(subject, record_type), row)


def _assumes(request: Request) -> bool:
    return request.campaign is None and request.record_type is None


async def _type(request: Request, bench: Bench, mapping: SheetMapping) -> tuple[RecordSchema, str | None]:
    """The Record Type to judge by, and the campaign's name. With neither: one that has what the mapping names."""
    if request.record_type is not None:
        return load_record_type(request.record_type), None
    if request.campaign is None and request.mapping is not None:
        return replace(empty_schema(), parameters=assumed_parameters(mapping)), None
    async with open_client(bench.settings) as client:
        campaign = await find_campaign(client, request.campaign, mapping)
        return await planning.read_type(client, campaign), campaign.name


def _known(mapping: SheetMapping, record_type: RecordSchema) -> None:
    """What can be said without a sheet: a sheet that has every heading would fit. Raises MappingError."""
    tables = (mapping.record, mapping.parameters, mapping.order)
    named = [heading for table in tables for entry in table.entries.values() for heading in entry.headings]
    headings = dict.fromkeys([*named, *filter(None, [mapping.phone.region_from]), *(["Phone"] if _rest(mapping) else [])])
    bind(mapping, list(headings), record_type.parameters, by_name=False)


def _rest(mapping: SheetMapping) -> bool:
    return mapping.record.rest or mapping.order.rest


def _problems(text: str, headings: tuple[str, ...], record_type: RecordSchema, path: str) -> tuple[str, ...]:
    """What keeps the text from being used for this sheet as it stands."""
    try:
        mapping = parse_mapping(tomllib.loads(text), path=path)
        bind(mapping, headings, record_type.parameters, by_name=False)
    except MappingError as error:
        return (error.message,)
    return ()


def _text_of(path: Path | None) -> str | None:
    """What stands in the file; null where there is none yet."""
    return path.read_text(encoding="utf-8-sig") if path is not None and path.is_file() else None


def _has_schema(path: Path | None) -> bool:
    return path is not None and (path.parent / SCHEMA_NAME).is_file()


def _name(sheet: str) -> str:
    """The sheet without its folders: a mapping goes to other people."""
    return Path(sheet).name


def schema_text() -> str:
    """The form of a mapping file, as the text of `mapping.schema.json`."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
