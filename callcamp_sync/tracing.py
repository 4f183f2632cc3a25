"""One row on its way from its cells to what it asks for: each step in words. Pure: no I/O, no clock.

In:  a Subject and the Record Type that it was read under, and Desired (what reading the whole sheet gave). Out: a RowTrace: the
raw cells by heading, then for each mapped field the cell that counted, what the mapping made of it, and the value. What is said
of a step comes from the stages themselves, run over this row; this module only compares what went in with what came out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from callcamp_sync.errors import UsageError
from callcamp_sync.fields import CLEAR, ROW, Field, Kind
from callcamp_sync.issues import CATALOGUE, render
from callcamp_sync.mapping import REGION, Binding, Feed, bind, map_columns
from callcamp_sync.planning import Subject
from callcamp_sync.rows import Desired
from callcamp_sync.rules import Rule
from callcamp_sync.schema import RecordSchema

_KEYS = ("order_uuid", "record_uuid", "action")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One issue of a row, in words. verdict: what it does to the row. heading: the column, null where it is about the row."""

    code: str
    verdict: str
    heading: str | None
    message: str
    cure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldTrace:
    """One field of one row.

    cells: heading -> the cell as the sheet has it, null when blank; empty for a constant. mapped: the text after the mapping.
    value: canonical text; null leaves the field alone. steps: sentences, in order.
    """

    field: Field
    cells: Mapping[str, str | None]
    mapped: str | None
    value: str | None
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowTrace:
    """One row. cells: every column of the sheet. verdict: `rejected`, `held`, `duplicate`, or null for a row that goes on."""

    row: int
    cells: Mapping[str, str | None]
    fields: tuple[FieldTrace, ...]
    issues: tuple[Told, ...]
    verdict: str | None
    phone: str | None


def trace(subject: Subject, record_type: RecordSchema, desired: Desired, row: int) -> RowTrace:
    """Follow one row. row: the spreadsheet's own number. Raises UsageError when the sheet has no such row, or it is blank."""
    frame = subject.sheet.frame.filter(pl.col(ROW) == row)
    insist(subject, row)
    binding = bound(subject, record_type)
    mapped, _ = map_columns(frame, binding)
    wanted = desired.frame.row(by_predicate=pl.col(ROW) == row, named=True)
    cells = frame.select(subject.sheet.headings).row(0, named=True)
    texts = mapped.row(0, named=True)
    region = _region(subject, binding, texts)
    rules = {rule.field.name: rule for rule in desired.rules}
    return RowTrace(
        row=row,
        cells=cells,
        fields=tuple(
            _field(feed, rules[feed.rule.field.name], cells=cells, texts=texts, wanted=wanted, region=region)
            for feed in binding.feeds
        ),
        issues=told(desired.issues, row),
        verdict=wanted["verdict"],
        phone=wanted["phone"],
    )


def bound(subject: Subject, record_type: RecordSchema) -> Binding:
    """How the sheet's columns are read. Raises MappingError where headings do not fit."""
    keys = subject.settings.key or ()
    return bind(subject.mapping, subject.sheet.headings, record_type.parameters, by_name=subject.by_name, keys=keys)


def told(issues: pl.DataFrame, row: int) -> tuple[Told, ...]:
    """A row's issues in words. issues: ISSUE_SCHEMA."""
    found = issues.filter(pl.col("row") == row).select("code", "heading", "cell", "detail").unique(maintain_order=True)
    words = [
        (code, heading, render(code, heading=heading, cell=cell, detail=detail)) for code, heading, cell, detail in found.rows()
    ]
    return tuple(
        Told(code=code, verdict=str(CATALOGUE[code].verdict), heading=heading, message=message, cure=cure)
        for code, heading, (message, cure) in words
    )


def insist(subject: Subject, row: int) -> None:
    """Raises UsageError when the sheet has no such row, or it is blank."""
    rows = subject.sheet.frame[ROW]
    if rows.is_empty():
        raise UsageError(f"row {row} is not in the sheet: it has no rows")
    if row not in rows:
        where = f"its rows are {rows[0]} to {rows[-1]}, as the spreadsheet counts them"
        raise UsageError(f"row {row} is blank, or not in the sheet", hint=where)


def _region(subject: Subject, binding: Binding, texts: Mapping[str, str | None]) -> str:
    """In words, where a number without a country code is read."""
    general = binding.region or subject.settings.region
    own = texts.get(REGION)
    if binding.region_feed is not None and own is not None:
        return f"{own}, from `{binding.region_feed.rule.heading}`"
    return general or "none: it needs its country code"


def _field(
    feed: Feed,
    rule: Rule,
    *,
    cells: Mapping[str, str | None],
    texts: Mapping[str, str | None],
    wanted: Mapping[str, str | None],
    region: str,
) -> FieldTrace:
    known = rule.field
    own = {heading: cells[heading] for heading in feed.headings}
    mapped = texts[known.name]
    column = "phone" if known.kind is Kind.PHONE else known.name if known.name in _KEYS else f"want_{known.name}"
    value = wanted[column]
    steps = [*_mapping_steps(feed, own, mapped), *_reading_steps(rule, mapped, value, region)]
    return FieldTrace(field=known, cells=own, mapped=mapped, value=value, steps=tuple(steps))


def _mapping_steps(feed: Feed, own: Mapping[str, str | None], mapped: str | None) -> list[str]:
    """From the cells to the mapped text: which column counted, and what the mapping's words did."""
    if feed.const is not None:
        return [f"the mapping says `{feed.const}` in every row"]
    filled = {heading: cell for heading, cell in own.items() if cell is not None and cell.strip()}
    steps = []
    if len(own) > 1 and filled and mapped is not None:
        steps.append(f"the first of {_named(own)} that is not blank counts")
    if not filled:
        blank = "the cell is blank" if len(own) == 1 else f"{_named(own)} are blank"
        return [f"{blank}, and that empties the field" if mapped == CLEAR else f"{blank}: the field is left alone"]
    raw = next(iter(filled.values()))
    if mapped == raw:
        return steps
    if mapped is None:
        steps.append(f"the mapping makes nothing of `{raw}`: {_lost(feed, raw)}")
    elif mapped == CLEAR:
        steps.append(f"`{raw}` is the word that empties the field")
    elif mapped in filled.values():
        steps.append(f"`{raw}` stands for nothing, so the next column counts")
    else:
        steps.append(f"the mapping's values: `{_source(feed, filled, mapped)}` is `{mapped}`")
    return steps


def _source(feed: Feed, filled: Mapping[str, str], mapped: str) -> str:
    """The cell that the mapping's values turned into `mapped`."""
    words = {word.strip().casefold() for word, to in feed.values.items() if to == mapped}
    return next((cell for cell in filled.values() if cell.strip().casefold() in words), next(iter(filled.values())))


def _lost(feed: Feed, raw: str) -> str:
    listed = {word.strip().casefold(): to for word, to in feed.values.items()}
    if listed.get(raw.strip().casefold()) == "":
        return "its values say that this leaves the field alone"
    if feed.values and raw.strip().casefold() not in listed:
        return "it is not among its values"
    return "it is a word for a blank cell"


def _reading_steps(rule: Rule, mapped: str | None, value: str | None, region: str) -> list[str]:
    """From the mapped text to canonical text: by which rule it was read."""
    if mapped is None:
        return []
    kind = rule.field.kind
    how = [f"read as {kind.value}"]
    if kind is Kind.PHONE and not mapped.strip().startswith("+"):
        how.append(f"numbers without a country code are read in {region}")
    if rule.formats:
        how.append(f"formats {_named(rule.formats)}, then ISO 8601")
    if rule.decimal != "." or rule.thousands:
        how.append(f"decimal sign `{rule.decimal}`" + (f", thousands sign `{rule.thousands}`" if rule.thousands else ""))
    if kind is Kind.INSTANT and rule.timezone:
        how.append(f"times without a zone are in {rule.timezone}")
    if rule.choices:
        how.append(f"one of {_named(rule.choices[:8])}" + (", …" if len(rule.choices) > 8 else ""))
    if rule.pattern:
        how.append(f"the record type's pattern {rule.pattern}")
    if mapped == CLEAR and value == CLEAR:
        return ["the field is emptied"]
    ended = "not accepted" if value is None else "taken as it is" if value == mapped else f"`{value}`"
    return [f"{'; '.join(how)}: {ended}"]


def _named(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
