"""The form of a mapping file for editors: fresh, and of one mind with the program about what a key may hold."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from callcamp_sync.errors import MappingError
from callcamp_sync.mapping import json_schema, parse_mapping
from callcamp_sync.mapping.document import Entry, Match, Phone, Source, Sync
from callcamp_sync.mapping.document import Mapping as Document
from callcamp_sync.mappings import schema_text

ROOT = Path(__file__).parents[2]
READY = sorted((ROOT / "mappings").glob("*.toml"))
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}


def faults(value: Any, form: Mapping[str, Any], place: str = "") -> Iterator[str]:
    """What a reader of draft 7 would find: the words that our schema uses, and no others."""
    unknown = form.keys() - {"$schema", "title", "description", "definitions"} - set(_CHECKS)
    assert not unknown, f"the test does not know {unknown}"
    for word in form.keys() & set(_CHECKS):
        yield from _CHECKS[word](value, form, place)


def _typed(value: Any, form: Mapping[str, Any], place: str) -> Iterator[str]:
    names = [form["type"]] if isinstance(form["type"], str) else form["type"]
    fits = any(isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool)) for name in names)
    if not fits:
        yield f"{place}: is no {names}"


def _inside(value: Any, form: Mapping[str, Any], place: str) -> Iterator[str]:
    for key, inner in value.items() if isinstance(value, dict) else ():
        known = form.get("properties", {})
        more = form.get("additionalProperties", True)
        if key in known:
            if "properties" in form:
                yield from faults(inner, known[key], f"{place}/{key}")
        elif more is False:
            yield f"{place}: unknown {key}"
        elif isinstance(more, dict):
            yield from faults(inner, more, f"{place}/{key}")


def _items(value: Any, form: Mapping[str, Any], place: str) -> Iterator[str]:
    for one in value if isinstance(value, list) else ():
        yield from faults(one, form["items"], place)


def _ref(value: Any, form: Mapping[str, Any], place: str) -> Iterator[str]:
    yield from faults(value, json_schema()["definitions"][form["$ref"].removeprefix("#/definitions/")], place)


def _fitting(value: Any, forms: list[Any], place: str) -> int:
    return sum(not list(faults(value, form, place)) for form in forms)


def _when(bad: Any) -> Any:
    def check(value: Any, form: Mapping[str, Any], place: str) -> Iterator[str]:
        if bad(value, form):
            yield f"{place}: {value!r}"

    return check


_CHECKS: Mapping[str, Any] = {
    "type": _typed,
    "properties": _inside,
    "additionalProperties": lambda v, f, p: () if "properties" in f else _inside(v, f, p),
    "items": _items,
    "$ref": _ref,
    "allOf": lambda v, f, p: [fault for form in f["allOf"] for fault in faults(v, form, p)],
    "anyOf": _when(lambda v, f: not _fitting(v, f["anyOf"], "")),
    "oneOf": _when(lambda v, f: _fitting(v, f["oneOf"], "") != 1),
    "enum": _when(lambda v, f: v not in f["enum"]),
    "const": _when(lambda v, f: v != f["const"]),
    "required": _when(lambda v, f: isinstance(v, dict) and not set(f["required"]) <= v.keys()),
    "minLength": _when(lambda v, f: isinstance(v, str) and len(v) < f["minLength"]),
    "maxLength": _when(lambda v, f: isinstance(v, str) and len(v) > f["maxLength"]),
    "minItems": _when(lambda v, f: isinstance(v, list) and len(v) < f["minItems"]),
    "minimum": _when(lambda v, f: isinstance(v, int) and v < f["minimum"]),
    "pattern": _when(lambda v, f: isinstance(v, str) and not re.search(f["pattern"], v)),
}


def test_the_file_for_editors_is_fresh() -> None:
    written = (ROOT / "mappings" / "mapping.schema.json").read_text("utf-8")
    assert written == schema_text(), "run `callcamp-sync map schema -o mappings/mapping.schema.json`"
    assert json.loads(written) == json_schema()


@pytest.mark.parametrize("path", READY, ids=lambda path: path.name)
def test_the_ready_mappings_name_it_and_fit_it(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith("#:schema mapping.schema.json\n")
    assert list(faults(tomllib.loads(text), json_schema())) == []


def test_the_whole_file_of_the_page_fits_it() -> None:
    example = re.search(r"## A whole file\n\n```toml\n(.*?)```", (ROOT / "docs" / "mapping.md").read_text("utf-8"), re.DOTALL)
    assert example is not None
    assert list(faults(tomllib.loads(example[1]), json_schema())) == []


@pytest.mark.parametrize(
    ("part", "model"),
    [
        pytest.param(["source"], Source, id="source"),
        pytest.param(["match"], Match, id="match"),
        pytest.param(["sync"], Sync, id="sync"),
        pytest.param(["phone"], Phone, id="phone"),
        pytest.param([], Document, id="the whole file"),
    ],
)
def test_it_knows_exactly_the_keys_that_the_program_knows(part: list[str], model: Any) -> None:
    form = json_schema()
    for name in part:
        form = form["properties"][name]
    assert set(form["properties"]) == set(model.model_fields)


def test_it_knows_exactly_the_keys_of_an_entry() -> None:
    table = json_schema()["definitions"]["entry"]["anyOf"][1]
    assert set(table["properties"]) == {field.alias or name for name, field in Entry.model_fields.items()}
    assert all(form["description"] for form in table["properties"].values())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("versions = 1", id="an unknown key"),
        pytest.param("version = 2", id="another version"),
        pytest.param("[source]\nheader_row = 0", id="row 0"),
        pytest.param('[source]\ndelimiter = ";;"', id="a delimiter of two signs"),
        pytest.param('[match]\nkeys = ["email"]', id="a key that is none"),
        pytest.param('[sync]\nmode = "insert"', id="a mode that is none"),
        pytest.param('[phone]\nregion = "GBR"', id="three letters"),
        pytest.param('[record]\nfax = "Fax"', id="a field that is none"),
        pytest.param('[record]\nemail = ""', id="a blank heading"),
        pytest.param("[record]\nemail = 3", id="a number for a heading"),
        pytest.param('[record]\nemail = { from = "a", const = "b" }', id="heading and constant"),
        pytest.param("[record]\nemail = { required = true }", id="neither"),
        pytest.param('[record]\nemail = { from = "a", overwrite = "maybe" }', id="an overwrite that is none"),
        pytest.param('[order]\nscheduledTime = { from = "a", formats = "tomorrow" }', id="a format without a directive"),
        pytest.param('[order]\n"*" = "all"', id="another word for the rest"),
        pytest.param('[parameters]\nx = { from = "a", decimal = ";" }', id="a decimal sign that is none"),
    ],
)
def test_what_it_refuses_the_program_refuses(text: str) -> None:
    data = tomllib.loads(text)
    assert list(faults(data, json_schema()))
    with pytest.raises(MappingError):
        parse_mapping(data, path="x.toml")
