"""The form of a mapping file as a JSON Schema (draft 7), for editors that complete and check TOML. Pure: no I/O, no clock.

In:  nothing but the tables of `document` and the fields. Out: one JSON-able dictionary; `map schema` prints it, and it lies
in `mappings/mapping.schema.json`, where a file's first line `#:schema mapping.schema.json` finds it.
It knows what one key may hold. What keys say of each other, and of a sheet, is checked when the mapping is read.
Rule source: json-schema.org, draft 7; docs/mapping.md, whose words the descriptions are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from callcamp_sync.fields import BY_NAME
from callcamp_sync.mapping.document import REST, TABLES, Unknown
from callcamp_sync.model import Mode, OnDuplicate, OnMissing
from callcamp_sync.rules import Overwrite

Json = dict[str, Any]

_TEXT: Json = {"type": "string"}
_WORD: Json = {"type": "string", "minLength": 1}
_SIGN: Json = {"type": "string", "minLength": 1, "maxLength": 1}
_FLAG: Json = {"type": "boolean"}
_PLACE: Json = {"type": "integer", "minimum": 1}
_CELL: Json = {"type": ["string", "number", "boolean"]}


def _words(one: Json) -> Json:
    return {"anyOf": [one, {"type": "array", "items": one}]}


def _one_of(words: Iterable[str]) -> Json:
    return {"enum": [str(word) for word in words]}


_TOP = {
    "version": ({"const": 1}, "Version of this format."),
    "campaign": (_TEXT, "Name or id of the campaign that the file is meant for; `-c` outranks it."),
    "description": (_TEXT, "A note to yourself."),
}
_PARTS: Mapping[str, tuple[str, Mapping[str, tuple[Json, str]]]] = {
    "source": (
        "How the file is read.",
        {
            "sheet": ({"anyOf": [_TEXT, _PLACE]}, "The workbook's tab, by name or by position (1 is the first)."),
            "header_row": (_PLACE, "The row number with the headings."),
            "null_words": (_words(_TEXT), "Words that count as a blank cell, in any letter case."),
            "encoding": (_TEXT, "Of a CSV file, such as cp1252; detected without it."),
            "delimiter": (_SIGN, "Of a CSV file: one character; detected without it."),
            "hidden_rows": (
                {"enum": ["refuse", "include", "skip"]},
                "Rows with data that a workbook hides: refused unless you say what becomes of them.",
            ),
        },
    ),
    "match": (
        "Which order a row means.",
        {
            "keys": (
                _words({"type": "string", "pattern": r"^(phone|record_uuid|order_uuid|parameters\..+)$"}),
                "Tried in this order: phone, record_uuid, order_uuid, parameters.ID.",
            ),
            "on_duplicate": (_one_of(OnDuplicate), "Rows for one contact that contradict each other."),
        },
    ),
    "sync": (
        "What a run may do.",
        {
            "mode": (_one_of(Mode), "create: only new contacts; update: only known ones; upsert: both; mirror: and see missing."),
            "missing": (_one_of(OnMissing), "In mode mirror: what becomes of orders without a row."),
            "blank": (_one_of(["ignore", "clear"]), "A blank cell leaves the field alone, or empties it."),
            "initial_status": (_TEXT, "Of new contacts whose row asks for no status; registered plans no call."),
        },
    ),
    "phone": (
        "Numbers without a country code.",
        {
            "region": ({"type": "string", "pattern": "^[A-Za-z]{2}$"}, "Two letters, such as GB: where they are dialled."),
            "region_from": (_TEXT, "The heading of a column that says it row by row."),
        },
    ),
}
_ENTRY: Mapping[str, tuple[Json, str]] = {
    "from": (
        {"anyOf": [_WORD, {"type": "array", "items": _WORD, "minItems": 1}]},
        "A heading, or several: the first that is not blank counts.",
    ),
    "const": (_CELL, "The same text in every row, instead of a column."),
    "values": ({"type": "object", "additionalProperties": _CELL}, "Words of the sheet and what they stand for."),
    "on_unknown": (_one_of(Unknown), "A word that values does not list: error, keep, or blank."),
    "formats": (_words({"type": "string", "pattern": "%"}), "Of dates and times, such as %d/%m/%Y; tried before ISO 8601."),
    "decimal": (_one_of([".", ","]), "The decimal sign of numbers."),
    "thousands": (_SIGN, "The sign between groups of three digits."),
    "timezone": (_TEXT, "Of times that name none, such as Europe/London."),
    "overwrite": (_one_of(Overwrite), "When the sheet may replace what stands in Callcamp."),
    "clear": ({"anyOf": [_FLAG, _WORD]}, "A word that empties the field; true: a blank cell empties it; false: it never does."),
    "required": (_FLAG, "A row without it is rejected."),
}


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a mapping file; the same every time."""
    parts = {name: _table(keys) | {"description": words} for name, (words, keys) in _PARTS.items()}
    homes = {name: _fields(names) for name, names in TABLES.items()}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "callcamp-sync mapping",
        "description": "From a sheet's columns to Callcamp's fields.",
        **_table(
            _TOP | {name: (part, part["description"]) for name, part in parts.items()}, {**homes, "parameters": _any_fields()}
        ),
        "definitions": {
            "rest": {"const": "match", "description": "Take every other column whose heading fits a field by name."},
            "entry": {
                "description": "A heading, or a table that says more.",
                "anyOf": [_WORD, _table(_ENTRY) | {"oneOf": [{"required": ["from"]}, {"required": ["const"]}]}],
            },
        },
    }


def _table(keys: Mapping[str, tuple[Json, str]], more: Mapping[str, Json] | None = None) -> Json:
    described = {name: {**form, "description": words} for name, (form, words) in keys.items()}
    return {"type": "object", "additionalProperties": False, "properties": {**described, **(more or {})}}


def _fields(names: Iterable[str]) -> Json:
    """[record] or [order]: the vendor's fields, each with its title and kind."""
    entries = {name: _entry(f"{BY_NAME[name].title}: {BY_NAME[name].kind.value}.") for name in names}
    rest = {REST: {"$ref": "#/definitions/rest"}}
    return {"type": "object", "additionalProperties": False, "properties": rest | entries}


def _any_fields() -> Json:
    return {
        "type": "object",
        "description": "The ids of the record type's parameters.",
        "properties": {REST: {"$ref": "#/definitions/rest"}},
        "additionalProperties": {"$ref": "#/definitions/entry"},
    }


def _entry(words: str) -> Json:
    # Beside a $ref, draft 7 ignores every other word: so the reference stands in an allOf.
    return {"description": words, "allOf": [{"$ref": "#/definitions/entry"}]}
