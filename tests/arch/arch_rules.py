"""The rules of the house, read from the sources' syntax: each is a function from sources to violations.

In:  module name -> text. Out: sentences; none where the rule is kept. So each can be tried on a planted violation: a rule that
nothing can break holds nothing. Imports for types only count as well.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache

from arch_house import (
    ACQUAINTED,
    CLOCKS,
    COMPOSED,
    EDGES,
    FRIENDLY,
    LAYERS,
    LIBRARIES,
    MOST_LINES,
    PACKAGE,
    READERS,
    ROOT,
    SEAMS,
    WORLDLY,
)

import callcamp_sync

Sources = Mapping[str, str]


def sources() -> dict[str, str]:
    """Every module of the package, by its dotted name without the package's."""
    folder = ROOT / PACKAGE
    return {".".join(path.relative_to(folder).with_suffix("").parts): path.read_text("utf-8") for path in folder.rglob("*.py")}


@cache
def tree(text: str) -> ast.Module:
    return ast.parse(text)


def room_of(module: str) -> str:
    return module.partition(".")[0]


def layer_of(room: str) -> int | None:
    return next((place for place, rooms in enumerate(LAYERS.values()) if room in rooms), None)


def imports(text: str) -> Iterator[str]:
    """The dotted names that a source imports; `from a import b` is a.b where a is the package itself, else a.

    A public name of the package lives in the library.
    """
    for node in ast.walk(tree(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                yield f"relative:{module}"
            elif module == PACKAGE:
                names = (alias.name for alias in node.names if not alias.name.startswith("__"))
                yield from (f"{PACKAGE}.{'library' if name in callcamp_sync.__all__ else name}" for name in names)
            else:
                yield module


def doors(given: Sources) -> Iterator[tuple[str, str, str]]:
    """(module, its room, the room of ours that it imports), for rooms other than its own."""
    for module, text in given.items():
        for name in imports(text):
            top, _, rest = name.partition(".")
            if top == PACKAGE and rest and room_of(rest) != room_of(module):
                yield module, room_of(module), room_of(rest)


def homeless(given: Sources) -> list[str]:
    return [f"{module} is in no layer" for module in given if module != "__init__" and layer_of(room_of(module)) is None]


def upward(given: Sources) -> list[str]:
    """Imports against the direction of the layers."""
    return [
        f"{module} imports {target} of a later layer"
        for module, room, target in doors(given)
        if (own := layer_of(room)) is not None and ((theirs := layer_of(target)) is None or theirs > own)
    ]


def strangers(given: Sources) -> list[str]:
    """Imports inside a layer whose rooms do not know each other, and stages that a composer does not compose."""
    found = []
    names = list(LAYERS)
    for module, room, target in doors(given):
        own, theirs = layer_of(room), layer_of(target)
        if own is None or theirs is None:
            continue
        if own == theirs and names[own] not in FRIENDLY and target not in ACQUAINTED.get(room, ()):
            found.append(f"{module} imports {target} of the same layer")
        if room in COMPOSED and names[theirs] == "stages" and target not in COMPOSED[room]:
            found.append(f"{module} composes {target}")
    return found


def loops(given: Sources) -> list[str]:
    """Rooms that import each other in a circle."""
    after: dict[str, set[str]] = {}
    for _, room, target in doors(given):
        after.setdefault(room, set()).add(target)

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [*after.get(start, ())]
        while waiting:
            room = waiting.pop()
            if room not in seen:
                seen.add(room)
                waiting += after.get(room, ())
        return seen

    return [f"{room} imports itself in a circle" for room in sorted(after) if room in reached(room)]


def lodgers(given: Sources) -> list[str]:
    """Libraries outside their rooms, and libraries without a room."""
    found = []
    for module, text in given.items():
        for name in imports(text):
            top = name.split(".")[0]
            foreign = top != PACKAGE and (top in LIBRARIES or top not in sys.stdlib_module_names)
            if foreign and room_of(module) not in LIBRARIES.get(top, ()):
                found.append(f"{module} imports {top}")
    return found


def solitary(given: Sources) -> list[str]:
    """The sandbox knows the errors and nothing else of ours, so that one misreading cannot hide in both."""
    return [f"{module} imports {target}" for module, room, target in doors(given) if room == "sandbox" and target != "errors"]


def reaching(given: Sources) -> list[str]:
    """What the command line takes from behind the library: whatever it can do, a program can do by the public names."""
    found = [(module, target) for module, room, target in doors(given) if room == "cli"]
    return [f"{module} reaches for {target}" for module, target in found if target != "library" and target not in SEAMS]


def impure(given: Sources) -> list[str]:
    """Files, network, chance and clocks in base, stages and composers."""
    pure = LAYERS["base"] | LAYERS["stages"] | LAYERS["composers"]
    found = []
    for module, text in given.items():
        if room_of(module) not in pure:
            continue
        found += [f"{module} imports {name}" for name in imports(text) if name.split(".")[0] in WORLDLY]
        for node in ast.walk(tree(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open":
                found.append(f"{module} opens a file")
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
                found.append(f"{module} looks at the clock ({node.func.attr})")
    return found


def readers(given: Sources) -> list[str]:
    """polars' own readers outside `sheets`: they guess types, and lose zeros and blank rows."""
    found = []
    for module, text in given.items():
        if room_of(module) == "sheets":
            continue
        for node in ast.walk(tree(text)):
            polars = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in {"pl", "polars"}
            if polars and isinstance(node, ast.Attribute) and node.attr.startswith(READERS):
                found.append(f"{module} reads with polars ({node.attr})")
    return found


def careless(given: Sources) -> list[str]:
    """Handlers that swallow everything. One that catches BaseException has to raise it again."""
    found = []
    for module, text in given.items():
        for node in ast.walk(tree(text)):
            if not isinstance(node, ast.ExceptHandler):
                continue
            caught = {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)} if node.type else {"everything"}
            again = any(isinstance(inner, ast.Raise) and inner.exc is None for inner in ast.walk(node))
            broad = caught & {"Exception", "everything"} or ("BaseException" in caught and not again)
            if broad and module not in EDGES:
                found.append(f"{module} catches everything in line {node.lineno}")
    return found


def oversized(given: Sources) -> list[str]:
    return [f"{module} has {lines} lines" for module, text in given.items() if (lines := len(text.splitlines())) > MOST_LINES]


def nameless(given: Sources) -> list[str]:
    """Modules whose name says nothing, and modules without their contract."""
    vague = {"utils", "util", "helpers", "common", "misc", "manager", "base", "core"}
    found = [f"{module} has a name that says nothing" for module in given if vague & set(module.split("."))]
    return found + [f"{module} has no docstring" for module, text in given.items() if not ast.get_docstring(tree(text))]


RULES: Mapping[str, Callable[[Sources], list[str]]] = {
    "every room has a layer": homeless,
    "imports point one way": upward,
    "rooms of one layer do not know each other": strangers,
    "no room imports itself in a circle": loops,
    "each library lives in its rooms": lodgers,
    "the sandbox is alone": solitary,
    "the command line is made of the library": reaching,
    "the columns do no input or output": impure,
    "only sheets reads files with polars": readers,
    "nobody swallows everything": careless,
    "no module is too long": oversized,
    "each module has a name and a contract": nameless,
}
