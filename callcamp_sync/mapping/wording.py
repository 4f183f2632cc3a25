"""How the problems of a mapping are told: one line each, with the place, the fault and the cure. Pure: no I/O.

In:  pydantic's errors, names that fit nothing, and the names that would have fitted.
Out: sentences for a person who has the mapping file open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rapidfuzz import fuzz, process

from callcamp_sync.fields import FIELDS, Home, fold_heading

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_PLAIN = {
    "string_type": "must be text in quotes",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "greater_than": "must be 1 or more",
    "string_too_short": "must not be empty",
    "tuple_type": "must be a text, or a list of texts",
    "dict_type": "must be a table",
    "model_type": "must be a table",
}


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that `word` was probably meant to be, without regard to case, spaces, `_` and `-`; None when none is near."""
    known = list(choices)
    # Typing errors first (`form` is `from`, not `formats`); then names that hold one another (`Phone` in `Work phone`).
    for scorer, enough in ((fuzz.ratio, 70), (fuzz.WRatio, 75)):
        found = process.extractOne(word, known, scorer=scorer, processor=fold_heading, score_cutoff=enough)
        if found:
            return str(found[0])
    return None


def suggestion(word: str, choices: Iterable[str]) -> str:
    """`; did you mean ...?`, or nothing."""
    near = nearest(word, choices)
    return f"; did you mean `{near}`?" if near else ""


def listed(words: Iterable[str]) -> str:
    """Names in backticks, comma between."""
    return ", ".join(f"`{word}`" for word in words)


def told(path: str, problems: Sequence[str]) -> str:
    """All problems under one heading, one a line."""
    subject = f"`{path}`" if path else "the sheet's headings"
    if len(problems) == 1:
        return f"{subject}: {problems[0]}"
    return "\n  ".join([f"{subject}: {len(problems)} problems", *problems])


def at_key(location: Sequence[int | str], words: str) -> str:
    """`words` with the place before them: `[record] email.formats: ...`."""
    table, *keys = [part for part in location if part not in {"entries", "str", "bool", "constrained-str", "constrained-int"}]
    if not keys:
        return f"`{table}`: {words}"
    return f"[{table}] {'.'.join(str(key) for key in keys)}: {words}"


def phrase(error: ErrorDetails, keys: Sequence[str]) -> str:
    """One of pydantic's errors in plain words. keys: what may stand at that place, for a suggestion."""
    location, kind = error["loc"], error["type"]
    if kind == "extra_forbidden":
        where = f"[{location[0]}]" if len(location) > 1 else "the file"
        if len(location) > 2:
            where += f" {location[-2]}"
        return f"{where} has an unknown key `{location[-1]}`{suggestion(str(location[-1]), keys)}"
    if kind == "value_error":
        return at_key(location, str(error["ctx"]["error"]))
    if kind == "string_too_long":
        return at_key(location, "must be one character")
    if kind in {"literal_error", "enum"}:
        return at_key(location, f"must be {error['ctx']['expected']}")
    return at_key(location, _PLAIN.get(kind, error["msg"].lower()))


def field_problem(table: str, name: str, names: Sequence[str]) -> str:
    """A key of [record] or [order] that is no field of it. names: the fields of that table."""
    meant = next((field for field in FIELDS if fold_heading(name) in _spellings(field.name, field.title, *field.aliases)), None)
    if meant is not None and meant.name not in names:
        home = "record" if meant.home is Home.RECORD or meant.name == "record_uuid" else "order"
        return f"[{table}] `{name}` belongs in [{home}], as `{meant.name}`"
    if meant is not None:
        return f"[{table}] `{name}` is no field; did you mean `{meant.name}`?"
    near = suggestion(name, names) or (f"; fields are {listed(names)}, and parameters of the record type stand in [parameters]")
    return f"[{table}] `{name}` is no field{near}"


def _spellings(*names: str) -> set[str]:
    return {fold_heading(name) for name in names}
