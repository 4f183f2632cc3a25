"""A file that scripts what goes wrong: TOML or JSON -> which fault befalls which request.

In:  `seed`, and a list `fault` of tables: `kind`, its parameters (kinds.py), and which requests it may befall.
Out: a Script; called with a request, it names the fault or None. The first table that fits decides.
Chance is a hash of (seed, place of the table, method, route, phone or page, attempt): the same run of the same client meets the
same faults, in whatever order its requests arrive. Raises UsageError that names the table and the key.
An edge: reads one file.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callcamp_sync.errors import UsageError
from callcamp_sync.sandbox.front import Fault, Heard
from callcamp_sync.sandbox.keyed import happens
from callcamp_sync.sandbox.kinds import KINDS, Reader, number, word

METHODS = ("GET", "POST", "PATCH", "DELETE")
ROUTES = (
    *("auth", "campaigns", "campaign", "record-types", "record-type"),
    *("records", "record", "orders", "order", "associate", "calls"),
)
_LARGEST = 1_000_000
_SEED = number(0, 2**53, whole=True)
_COUNT = number(1, 10**9, whole=True)


def _several(read: Reader) -> Reader:
    """One value, or a list of them."""
    return lambda value: tuple(read(one) for one in (value if isinstance(value, list) else [value]))


#: Which requests a fault may befall: key -> (reader, default).
SELECTORS: Mapping[str, tuple[Reader, object | None]] = {
    "rate": (number(0, 1), 1.0),
    "method": (_several(word(*METHODS)), ()),
    "route": (_several(word(*ROUTES)), ()),
    "phone": (_several(word()), ()),
    "attempt": (_several(_COUNT), ()),
    "request": (_several(_COUNT), ()),
    "from_request": (_COUNT, 1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One table of the script. place: from 1. where: the selectors that it names."""

    place: int
    kind: str
    fault: Fault
    where: Mapping[str, Any]

    def befalls(self, heard: Heard, seed: int) -> bool:
        """Whether the fault befalls this request."""
        where = self.where
        named = {
            "method": heard.method,
            "route": heard.route,
            "phone": heard.key,
            "attempt": heard.attempt,
            "request": heard.nr,
        }
        fits = all(not where[key] or value in where[key] for key, value in named.items())
        if not (fits and heard.nr >= where["from_request"] and KINDS[self.kind].fits(heard)):
            return False
        return happens(where["rate"], seed, self.place, heard.method, heard.route, heard.key, heard.attempt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What goes wrong. Called with a request: the name of the fault that befalls it, and the fault; None for none."""

    seed: int
    rules: tuple[Rule, ...]

    def __call__(self, heard: Heard) -> tuple[str, Fault] | None:
        """The fault of the first rule that befalls the request."""
        found = next((rule for rule in self.rules if rule.befalls(heard, self.seed)), None)
        return (found.kind, found.fault) if found else None


def read_script(path: Path) -> Script:
    """The script in the file: JSON where its name ends so, else TOML. Raises UsageError."""
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"`{path}` is no script of faults: it has {path.stat().st_size:,} bytes")
        text = path.read_text("utf-8")
        said = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"cannot read `{path}`: {error.strerror}", hint="name a file of TOML or JSON") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"`{path}` is not {_form(path)}: {error}", hint="see docs/sandbox.md for the form") from error
    return script_of(said, str(path))


def script_of(said: object, shown: str) -> Script:
    """The script of a decoded file. shown: its name in messages. Raises UsageError."""
    whole = _table(said, shown)
    _known(whole, ("seed", "fault"), shown)
    seed = _value(whole, "seed", _SEED, 0, shown)
    faults = whole.get("fault", [])
    if not isinstance(faults, list) or not faults:
        raise UsageError(f"`{shown}` has no list `fault`", hint="write a table `[[fault]]` for each fault; see docs/sandbox.md")
    return Script(seed=seed, rules=tuple(_rule(one, place, shown) for place, one in enumerate(faults, 1)))


def _rule(said: object, place: int, shown: str) -> Rule:
    where = f"{shown}, fault {place}"
    table = _table(said, where)
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise UsageError(f"`{where}`: `kind` is `{kind}`, which is no kind of fault", hint=_near(str(kind), KINDS))
    parameters = KINDS[kind].parameters
    _known(table, ("kind", *parameters, *SELECTORS), where)
    values = {name: _value(table, name, read, default, where) for name, (read, default) in parameters.items()}
    selected = {name: _value(table, name, read, default, where) for name, (read, default) in SELECTORS.items()}
    return Rule(place=place, kind=kind, fault=KINDS[kind].make(**values), where=selected)


def _value(table: Mapping[str, object], name: str, read: Reader, default: object | None, where: str) -> Any:
    if name not in table:
        if default is None:
            raise UsageError(f"`{where}`: `{name}` is missing", hint="a fault of this kind must say it")
        return default
    try:
        return read(table[name])
    except ValueError as error:
        raise UsageError(f"`{where}`: `{name}` is `{table[name]}`", hint=f"it takes {error}") from error


def _table(said: object, where: str) -> dict[str, object]:
    if not isinstance(said, dict):
        raise UsageError(f"`{where}` is no table of keys and values", hint="see docs/sandbox.md for the form")
    return said


def _known(table: Mapping[str, object], known: Collection[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise UsageError(f"`{where}`: unknown key `{key}`", hint=_near(key, known))


def _near(word_: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(word_, list(known), n=1)
    return f"did you mean `{close[0]}`?" if close else f"there are {', '.join(f'`{one}`' for one in known)}"


def _form(path: Path) -> str:
    return "JSON" if path.suffix.lower() == ".json" else "TOML"
