"""The package keeps the rules of the house, and each rule is seen to bite on a planted violation."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from arch_house import ACQUAINTED, HEAVY, LAYERS, LIBRARIES, MOST_LINES, ROOT, SEAMS
from arch_rules import RULES, imports, loops, room_of, sources

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
