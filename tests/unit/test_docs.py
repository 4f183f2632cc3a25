"""The documentation says what the program does: pages written from it are fresh, and nothing that has a name is left out."""

from __future__ import annotations

import csv
import importlib.util
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from typer.main import get_command

from callcamp_sync.cli.app import app
from callcamp_sync.errors import PRECEDENCE, ExitCode
from callcamp_sync.guards import Limits
from callcamp_sync.hygiene import KINDS
from callcamp_sync.issues import CATALOGUE, Entry, Verdict
from callcamp_sync.model import OrderOutcome, RowOutcome
from callcamp_sync.policy import Ask, forbids
from callcamp_sync.settings import Settings
from callcamp_sync.statuses import GROUPS, Group, fold_status

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.glob("*.md"), ROOT / "sample_data" / "README.md"])


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one of its level."""
    return re.split(r"^## ", text.split(f"## {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def table(text: str) -> list[list[str]]:
    """The cells of a section's first table, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["issues.md", "cli.md"])
def test_a_page_written_from_the_code_is_fresh(name: str, generate: ModuleType) -> None:
    assert page(name) == generate.pages()[name], "run `python docs/generate.py`"


def test_a_new_code_appears_on_the_page_of_issues(generate: ModuleType) -> None:
    entry = Entry(Verdict.HOLD, "`{cell}` is odd", "ask {detail}")
    written = generate.issues_page({**CATALOGUE, "odd-cell": entry})
    assert "| `odd-cell` | *cell* is odd | Ask *detail* |" in written


def test_every_code_stands_on_the_page_once() -> None:
    assert [code for code in CATALOGUE if page("issues.md").count(f"| `{code}` |") != 1] == []


def leaves() -> Iterator[tuple[str, list[str]]]:
    """Every command and its options, read from the program anew: not by the code that writes the page."""
    for name, command in getattr(get_command(app), "commands").items():  # noqa: B009 - the group's type has no such name
        inner = getattr(command, "commands", {"": command})
        for below, leaf in inner.items():
            yield f"{name} {below}".strip(), [name for p in leaf.params for name in p.opts if name.startswith("-")]


@pytest.mark.parametrize(("name", "options"), [pytest.param(*leaf, id=leaf[0]) for leaf in leaves()])
def test_the_command_and_its_options_are_on_the_page(name: str, options: list[str]) -> None:
    told = section(page("cli.md"), name) + section(page("cli.md"), "Every command")
    assert [option for option in options if not re.search(rf"`{option}[ `]", told)] == []


def test_every_exit_code_is_documented_with_its_name() -> None:
    found = {(int(row[0]), row[1].strip("`")) for row in table(section(page("exit-codes.md"), "Exit codes"))}
    assert found == {(int(code), code.label) for code in ExitCode}


def test_the_precedence_of_exit_codes_is_the_documented_one() -> None:
    told = re.search(r"the first of these stands: ([\d, ]+)\.", page("exit-codes.md"))
    assert told is not None
    assert tuple(int(code) for code in told[1].split(", ")) == PRECEDENCE


@pytest.mark.parametrize(
    ("heading", "outcomes"),
    [
        pytest.param("How a row ends", list(RowOutcome), id="of rows"),
        pytest.param("How an order without a row ends", list(OrderOutcome), id="of orders"),
    ],
)
def test_every_outcome_is_documented(heading: str, outcomes: list[str]) -> None:
    assert [row[0].strip("`") for row in table(section(page("exit-codes.md"), heading))] == [str(name) for name in outcomes]


def test_every_setting_is_documented() -> None:
    told = {row[0].strip("`") for row in table(section(page("configuration.md"), "All settings"))}
    assert told == set(Settings.model_fields)


def test_a_setting_has_a_flag_where_the_page_says_so() -> None:
    flags = {option for _, options in leaves() for option in options}
    rows = table(section(page("configuration.md"), "All settings"))
    said = {row[0].strip("`"): row[2] for row in rows}
    real = {name: "yes" if f"--{name.replace('_', '-')}" in flags else "none" for name in said}
    assert said == real


def test_a_plain_default_is_the_real_one() -> None:
    rows = table(section(page("configuration.md"), "All settings"))
    plain = {row[0].strip("`"): row[1].strip("`") for row in rows if re.fullmatch(r"`[^`~]+`", row[1])}
    fresh = Settings()
    wrong = {name: said for name, said in plain.items() if not _is(getattr(fresh, name), said)}
    assert (wrong, len(plain) > 8) == ({}, True)


def _is(value: object, said: str) -> bool:
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    return shown.lower() == said.lower()


def test_every_guard_is_documented_with_its_flag() -> None:
    rows = table(section(page("safety.md"), "Guards"))
    flags = {row[3].strip("`") for row in rows} - {"none"}
    assert flags == {f"--{name.replace('_', '-')}" for name in Limits.__dataclass_fields__}


#: What each column of the table in safety.md asks of an order.
ASKED = (Ask.DETAILS, Ask.PROPERTIES, Ask.CALL, Ask.CANCEL, Ask.FORBID)


def answer(group: Group, ask: Ask) -> str:
    if forbids(group, ask) is None:
        return "yes"
    return "no" if forbids(group, ask, reopen=True) else "`--reopen`"


def test_what_a_row_may_ask_is_what_the_policy_says() -> None:
    wrong, seen = [], set()
    for status, *cells in table(section(page("safety.md"), "What a row may ask of an order")):
        names = re.findall(r"`([^`]+)`", status) or [status]
        groups = {GROUPS.get(fold_status(name), Group.UNKNOWN) for name in names}
        seen |= {fold_status(name) for name in names}
        for group in groups:
            for ask, cell in zip(ASKED, cells, strict=True):
                own_words = cell.startswith(("nothing to cancel", "it is already"))
                if not own_words and not cell.startswith(answer(group, ask)):
                    wrong.append(f"{status}, {ask}: {cell}")
    assert (wrong, set(GROUPS) - seen) == ([], set())


def test_every_finding_of_hygiene_is_documented() -> None:
    lines = page("hygiene.md").splitlines()
    assert [line.split("`")[1] for line in lines if line.startswith("| `")] == list(KINDS)


def test_every_input_and_output_of_the_action_is_documented() -> None:
    declared = (ROOT / "action.yml").read_text("utf-8").split("\nruns:")[0]
    inputs, outputs = (re.findall(r"^  ([a-z-]+):$", part, flags=re.MULTILINE) for part in declared.split("outputs:"))
    text = section(page("docker.md"), "The GitHub Action")
    assert [row[0].strip("`") for row in table(text)] == inputs
    assert [name for name in outputs if f"`{name}`" not in text] == []


def test_every_room_is_on_the_map() -> None:
    rooms = {path.stem for path in (ROOT / "callcamp_sync").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    told = set(re.findall(r"`(\w+)`", section(page("architecture.md"), "Layers")))
    assert rooms - told - {"__init__", "__main__"} == set()


def test_the_row_whose_life_is_told_stands_in_the_sample_sheet() -> None:
    with (ROOT / "sample_data" / "leads.csv").open(encoding="utf-8-sig", newline="") as sheet:
        rows = list(csv.reader(sheet))
    quoted = section(page("life-of-a-row.md"), "1. The cell: `sheets/`").split("```")[1].strip()
    assert rows[1032] == next(csv.reader([quoted]))


def links(path: Path) -> Iterator[tuple[str, str]]:
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text("utf-8")):
        if "://" not in target:
            file, _, anchor = target.partition("#")
            yield file, anchor


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    broken = []
    for file, anchor in links(path):
        target = (path.parent / file) if file else path
        if not target.exists() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            broken.append(f"{file}#{anchor}")
    assert broken == []


def test_every_page_is_reached_from_the_first() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        path = waiting.pop().resolve()
        if path in reached or path.suffix != ".md":
            continue
        reached.add(path)
        waiting += [path.parent / file for file, _ in links(path) if file]
    assert {path.resolve() for path in PAGES} - reached == set()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_examples_exist(path: Path) -> None:
    """What a reader can paste names a command and flags that the program has."""
    known = dict(leaves())
    everywhere = {"--version", "--help", "-h", "-V"}
    wrong = []
    for call in re.findall(r"callcamp-sync ([a-z][^`|\n#]*)", _code(path.read_text("utf-8"))):
        words = call.split()
        name = " ".join(words[:2]) if " ".join(words[:2]) in known else words[0]
        flags = {word for word in words if re.fullmatch(r"-[a-z]|--[a-z-]+", word)}
        if name not in known or flags - set(known[name]) - everywhere:
            wrong.append(call)
    assert wrong == []


def _code(text: str) -> str:
    """What stands in code blocks and between backticks."""
    blocks = re.findall(r"^```[a-z]*\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"`([^`]+)`", rest)])


def test_settings_of_the_example_are_settings() -> None:
    example = re.search(r"```toml\n(.*?)```", page("configuration.md"), flags=re.DOTALL)
    assert example is not None
    content = tomllib.loads(example[1])
    profiles = content.pop("profiles")
    named = {*content, *(name for profile in profiles.values() for name in profile)}
    assert named - set(Settings.model_fields) == set()
