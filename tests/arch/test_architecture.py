"""The rooms and their doors, read from the sources' syntax: who may import whom, and where each library lives.

A rule is a function from sources (module name -> text) to violations (sentences), so that each can be tried on a planted one: a
rule that nothing can break holds nothing. Imports for types only count as well.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from callcamp_sync import __all__ as PUBLIC  # noqa: N812 - a constant here

PACKAGE = "callcamp_sync"
ROOT = Path(__file__).parents[2]

Sources = Mapping[str, str]

#: A room is a module or a folder of the package. Each imports from its own layer (see ACQUAINTED) and from those before it.
LAYERS: Mapping[str, frozenset[str]] = {
    "base": frozenset(
        {"errors", "issues", "fields", "rules", "statuses", "frames", "model", "policy", "sides", "headings", "night"}
    ),
    "stages": frozenset(
        {
            *("mapping", "phones", "values", "schema", "matching", "merge", "missing"),
            *("diff", "guards", "steps", "plan_document", "drift", "reconcile", "arrivals", "forecast", "reminders"),
        }
    ),
    "composers": frozenset({"rows", "snapshot", "calls", "likeness", "mapping_text"}),
    "edges": frozenset(
        {
            *("sheets", "api", "journal", "journal_file", "journal_rows", "group_commit", "ledger", "lock", "private"),
            *("settings", "settings_layers", "tokens", "report", "audit", "sandbox", "share", "sending", "tally", "linking"),
            *("execution", "history", "alerts", "metrics", "bugs"),
        }
    ),
    "pipeline": frozenset(
        {
            *("planning", "settling", "resuming", "bench", "readback", "closing", "pipeline", "export", "checks", "suppression"),
            *("rehearsal", "mappings", "tracing", "explaining", "template", "fixes", "annotation", "project", "hygiene", "paces"),
            *("habits", "chronicle", "searching", "aside", "preparing"),
        }
    ),
    "jobs": frozenset({"jobs"}),
    "cluster": frozenset({"cluster"}),
    "library": frozenset({"library"}),
    "cli": frozenset({"cli", "__main__"}),
}

#: Who may import whom inside one layer, each for a reason. Inside base, pipeline and cli everybody may, without going in circles.
ACQUAINTED: Mapping[str, frozenset[str]] = {
    "diff": frozenset({"missing"}),  # the orders without a row are the second half of the same decision
    "guards": frozenset({"diff"}),  # judges a Difference
    "reminders": frozenset({"drift"}),  # which knows the one step that says Do Not Call
    "steps": frozenset({"diff"}),  # turns a Difference into steps
    "plan_document": frozenset({"steps"}),  # a saved plan is read back by the digest of its steps
    "mapping_text": frozenset({"likeness"}),  # writes guesses down
    "journal": frozenset({"journal_file", "journal_rows", "group_commit"}),  # one room in four modules
    "journal_file": frozenset({"private"}),
    "history": frozenset({"journal_file", "journal_rows"}),  # another file of the same make
    "ledger": frozenset({"private"}),
    "lock": frozenset({"private"}),
    "api": frozenset({"private"}),  # the pace of the last run is kept among the private files
    "settings": frozenset({"settings_layers", "tokens"}),
    "report": frozenset({"sheets"}),  # rows.csv and report.xlsx
    "sending": frozenset({"api", "journal"}),  # intent first, then the request
    "tally": frozenset({"sending"}),  # counts what a Sender sends
    "linking": frozenset({"api", "sending", "tally"}),  # one phase of apply, in a room of its own
    "execution": frozenset({"api", "linking", "sending", "tally"}),
}

#: The stages that a composer puts together: no others.
COMPOSED: Mapping[str, frozenset[str]] = {
    "rows": frozenset({"mapping", "phones", "values", "schema", "merge"}),
    "snapshot": frozenset({"phones", "values"}),
    "likeness": frozenset({"phones", "values"}),
    "calls": frozenset({"values"}),
}

#: Where every exception is seen: the edge of the command line, and that of a job, whose bug must not take the night with it.
EDGES = ("cli.__init__", "jobs.work")

FRIENDLY = ("base", "pipeline", "cli")

#: What the command line may use beside the names of the library, each for a reason: a command that is a thing of its own.
SEAMS: Mapping[str, str] = {
    "audit": "`runs show` holds a trail against itself",
    "bugs": "what is said of a bug",
    "bench": "what a run works with: who is told of progress, what was asked for, the journal of `runs`",
    "checks": "`doctor`",
    "cluster": "`--engine dask`",
    "chronicle": "`runs list`",
    "errors": "exit codes, and what a message says",
    "explaining": "`explain`",
    "export": "which orders and columns are wanted; a campaign at a glance",
    "history": "`runs list`, `runs prune`, `jobs list`",
    "hygiene": "`hygiene`",
    "issues": "how long a cell is shown",
    "jobs": "`jobs`",
    "journal": "the type of what `runs` reads",
    "mapping": "`map schema`",
    "mappings": "`map`",
    "night": "what a night of jobs came to",
    "preparing": "`prepare`",
    "project": "`init`",
    "rehearsal": "`demo`",
    "report": "a plan or a report as text or document",
    "sandbox": "`sandbox`",
    "tally": "the type of what a signal stops",
    "settings": "`config show`",
    "suppression": "`dnc`",
    "template": "`template`",
    "tracing": "types of what `explain` and `map explain` tell",
}

#: Where each library lives, by room. One that is not listed lives nowhere, so a new one has to be entered here.
LIBRARIES: Mapping[str, frozenset[str]] = {
    "aiohttp": frozenset({"api"}),
    "anyio": frozenset(
        {
            "api",
            "group_commit",
            "execution",
            "tally",
            "linking",
            "planning",
            "readback",
            "searching",
            "pipeline",
            "rehearsal",
            "library",
            "cli",
        }
        | {"alerts", "aside", "jobs", "cluster", "preparing"}
    ),
    "apprise": frozenset({"alerts"}),
    "cronsim": frozenset({"jobs"}),
    "dask": frozenset({"cluster"}),
    "distributed": frozenset({"cluster"}),
    "fastexcel": frozenset({"sheets"}),
    "filelock": frozenset({"journal_file", "ledger", "lock", "cluster"}),
    "httpx": frozenset({"api", "alerts"}),
    "httpx_aiohttp": frozenset({"api"}),
    "keyring": frozenset({"tokens"}),
    "jinja2": frozenset({"report"}),
    "markupsafe": frozenset({"report"}),  # the text type of jinja2
    "openpyxl": frozenset({"sheets"}),
    "orjson": frozenset({"api", "ledger", "report", "sandbox", "alerts", "cli"}),
    "phonenumbers": frozenset({"phones"}),
    "platformdirs": frozenset({"settings"}),
    "polars": frozenset().union(*LAYERS.values())
    - {"settings", "settings_layers", "tokens", "sandbox", "share", "cli", "__main__"},
    "prometheus_client": frozenset({"metrics"}),
    "pydantic": frozenset({"api", "mapping", "settings", "jobs", "cluster"}),
    "pydantic_core": frozenset({"mapping"}),
    "pydantic_settings": frozenset({"settings", "settings_layers"}),
    "rapidfuzz": frozenset({"api", "mapping", "likeness", "settings_layers"}),
    "re2": frozenset({"schema", "sandbox", "sheets"}),
    "rich": frozenset({"cli"}),
    "sqlite3": frozenset({"journal", "journal_file", "journal_rows", "history"}),
    "starlette": frozenset({"sandbox"}),
    "tomlkit": frozenset({"mapping_text"}),
    "typer": frozenset({"cli"}),
    "uvicorn": frozenset({"sandbox"}),
    "xlsxwriter": frozenset({"sheets"}),
}

#: What rooms without input and output have no use for: files, network, processes, chance, the clock.
_WORLDLY = frozenset(
    {
        *("asyncio", "ctypes", "getpass", "http", "io", "os", "pathlib", "random", "secrets", "select", "shutil", "signal"),
        *("socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib"),
    }
)
_CLOCKS = frozenset({"now", "utcnow", "today"})
_READERS = ("read_", "scan_")

MOST_LINES = 450

#: What `--help` does not wait for.
HEAVY = frozenset(
    {
        *("polars", "httpx", "aiohttp", "pydantic", "openpyxl", "fastexcel"),
        *("xlsxwriter", "phonenumbers", "anyio", "starlette", "rich"),
    }
)


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
                yield from (f"{PACKAGE}.{'library' if name in PUBLIC else name}" for name in names)
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
        found += [f"{module} imports {name}" for name in imports(text) if name.split(".")[0] in _WORLDLY]
        for node in ast.walk(tree(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open":
                found.append(f"{module} opens a file")
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CLOCKS:
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
            if polars and isinstance(node, ast.Attribute) and node.attr.startswith(_READERS):
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

#: (rule, a module that is planted, its text): what each rule must see.
PLANTED = [
    pytest.param("every room has a layer", "attic", "", id="a room that nobody entered"),
    pytest.param("imports point one way", "diff", "from callcamp_sync.api.client import Client", id="a stage that calls"),
    pytest.param("imports point one way", "errors", "from callcamp_sync import phones", id="the base that knows a stage"),
    pytest.param("imports point one way", "execution", "import callcamp_sync.pipeline", id="an edge that knows the pipeline"),
    pytest.param(
        "imports point one way", "pipeline", "def f():\n from callcamp_sync.cli import voice", id="one inside a function"
    ),
    pytest.param("imports point one way", "values.times", "from callcamp_sync.attic import x", id="a room that is nowhere"),
    pytest.param("rooms of one layer do not know each other", "phones.text", "from callcamp_sync import values", id="two stages"),
    pytest.param("rooms of one layer do not know each other", "rows", "from callcamp_sync.snapshot import x", id="two composers"),
    pytest.param("rooms of one layer do not know each other", "rows", "from callcamp_sync.diff import diff", id="a foreign part"),
    pytest.param("rooms of one layer do not know each other", "report.files", "import callcamp_sync.api.wire", id="two edges"),
    pytest.param("each library lives in its rooms", "values.times", "import phonenumbers", id="phonenumbers among the values"),
    pytest.param("each library lives in its rooms", "execution", "from httpx import Response", id="httpx outside api"),
    pytest.param("each library lives in its rooms", "report.workbook", "import openpyxl", id="openpyxl outside sheets"),
    pytest.param("each library lives in its rooms", "ledger", "import sqlite3", id="sqlite3 outside the journal"),
    pytest.param("each library lives in its rooms", "pipeline", "from rich import print", id="rich outside the command line"),
    pytest.param("each library lives in its rooms", "report.files", "import numpy", id="a library without a room"),
    pytest.param("the sandbox is alone", "sandbox.app", "from callcamp_sync.statuses import BUSY", id="a sandbox that peeps"),
    pytest.param("the command line is made of the library", "cli.sync", "from callcamp_sync import pipeline", id="a short cut"),
    pytest.param("the command line is made of the library", "cli.sync", "import callcamp_sync.api.client", id="a client apart"),
    pytest.param("the columns do no input or output", "diff", "import secrets", id="chance in a stage"),
    pytest.param("the columns do no input or output", "rows", "open('x')", id="a file in a composer"),
    pytest.param("the columns do no input or output", "policy", "datetime.now(UTC)", id="a clock in the base"),
    pytest.param("only sheets reads files with polars", "ledger", "pl.read_csv('x')", id="a reader outside sheets"),
    pytest.param("nobody swallows everything", "execution", "try:\n f()\nexcept Exception:\n g()", id="except Exception"),
    pytest.param(
        "nobody swallows everything", "execution", "try:\n f()\nexcept (OSError, Exception):\n g()", id="one in a tuple"
    ),
    pytest.param("nobody swallows everything", "execution", "try:\n f()\nexcept:\n g()", id="a bare except"),
    pytest.param("nobody swallows everything", "journal", "try:\n f()\nexcept BaseException:\n g()", id="one that is kept"),
    pytest.param("no module is too long", "api.client", "x = 1\n" * (MOST_LINES + 1), id="one line too many"),
    pytest.param("each module has a name and a contract", "api.utils", '"""x"""', id="a name that says nothing"),
    pytest.param("each module has a name and a contract", "phones", "x = 1", id="a module without a contract"),
]


@pytest.mark.parametrize("rule", RULES)
def test_the_package_keeps_the_rule(rule: str) -> None:
    assert RULES[rule](sources()) == []


@pytest.mark.parametrize(("rule", "module", "text"), PLANTED)
def test_a_planted_violation_is_seen(rule: str, module: str, text: str) -> None:
    assert len(RULES[rule]({module: text})) == 1


def test_a_circle_is_seen() -> None:
    circle = {"bench": "from callcamp_sync import planning", "planning": "from callcamp_sync import bench"}
    assert loops(circle) == ["bench imports itself in a circle", "planning imports itself in a circle"]


def test_every_rule_has_been_seen_to_bite() -> None:
    planted = {str(case.values[0]) for case in PLANTED}
    assert set(RULES) - planted == {"no room imports itself in a circle"}


def test_relative_imports_do_not_hide() -> None:
    assert [name for text in sources().values() for name in imports(text) if name.startswith("relative:")] == []


def test_lists_name_only_rooms_that_exist() -> None:
    rooms = {room_of(module) for module in sources()} - {"__init__"}
    named = {room for rooms_ in (SEAMS, *LAYERS.values(), *ACQUAINTED.values(), *LIBRARIES.values()) for room in rooms_}
    assert named - rooms == set()


@pytest.mark.parametrize(
    ("words", "spared"),
    [
        pytest.param(["--help"], HEAVY, id="of the program"),
        pytest.param(["sync", "--help"], HEAVY - {"pydantic"}, id="of a command, where Typer itself loads pydantic"),
    ],
)
def test_help_loads_no_heavy_library(words: list[str], spared: frozenset[str]) -> None:
    """Start-up is what a person waits for at every call; the heavy libraries are imported inside commands."""
    program = (
        "import json, sys\n"
        "from callcamp_sync.cli.app import app\n"
        f"app({words!r}, standalone_mode=False)\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = set(json.loads(ended.stdout.splitlines()[-1]))
    assert "callcamp_sync" in loaded
    assert loaded & spared == set()
