"""The commands around a sync: demo, ledger, earlier runs, campaigns, doctor, help; and `--json` for each of them.

In: the command line, mostly in this process; where start-up itself is what is promised, in one of its own.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from subprocess import run

import pytest
import typer
from flow_stage import CANARY_TOKEN, EMPTY, SPRING, Ended, Stage, balanced, lead

from callcamp_sync.cli.app import app
from callcamp_sync.model import OrderOutcome, RowOutcome
from callcamp_sync.sandbox import bulk_phone

NEW = bulk_phone(900)
OTHER = bulk_phone(901)


# --- demo ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    """The whole demo, once, as `make demo` runs it."""
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "callcamp_sync", "demo"]
    ended = run(command, cwd=folder, env={"HOME": str(folder)}, capture_output=True, text=True, timeout=120, check=False)
    return folder, Ended(code=ended.returncode, out=ended.stdout, err=ended.stderr)


def test_the_demo_ends_well_and_its_last_sync_only_reads(demo: tuple[Path, Ended]) -> None:
    _, ended = demo
    assert ended.code == 0, ended
    assert re.search(r"The server's own log of that run: \d+ GET\n$", ended.err)
    assert "Report " in ended.out
    assert "Traceback" not in ended.err


def test_every_outcome_that_a_row_can_have_occurs_over_the_demos_reports(demo: tuple[Path, Ended]) -> None:
    reports = [json.loads(path.read_bytes()) for path in (demo[0] / "reports").glob("*/report.json")]
    assert len(reports) >= 3
    assert {outcome for report in reports for outcome in report["counts"]} == set(RowOutcome)
    assert {outcome for report in reports for outcome in report["missing"]} <= set(OrderOutcome)
    assert all(balanced(report) for report in reports)
    assert all(report["source"]["rows"] >= 1000 for report in reports)
    assert all((demo[0] / report["run"]["folder"] / "report.xlsx").exists() for report in reports)


def test_the_demo_takes_a_part_of_the_sheet_and_prints_one_document(stage: Stage) -> None:
    ended = stage.here("demo", "--rows", "40", "--json")
    assert ended.code == 0
    assert ended.document["source"]["rows"] <= 40
    assert ended.document["verified"]["mismatches"] == []


def test_the_demo_prints_summaries_to_stdout_and_its_story_to_stderr(demo: tuple[Path, Ended]) -> None:
    _, ended = demo
    assert "1. Sync the sheet" in ended.err
    assert "1. Sync the sheet" not in ended.out
    assert ended.out.count("Rows ") >= 3


# --- the ledger ---------------------------------------------------------------------------------------------------------


def test_a_number_in_the_ledger_is_never_created_again(stage: Stage) -> None:
    assert stage.here("dnc", "add", NEW).out == "1 number added\n"
    assert stage.here("sync", stage.sheet([lead(NEW), lead(OTHER)]), "-c", EMPTY, "--yes").code == 0
    assert stage.report()["counts"] == {"created": 1, "protected": 1}
    assert stage.phones(EMPTY) == [OTHER]


def test_the_ledger_takes_a_number_once_and_has_no_way_back(stage: Stage) -> None:
    stage.here("dnc", "add", NEW)
    assert stage.here("dnc", "add", NEW, OTHER, "--json").document == {"added": 1, "unreadable": []}
    assert [entry["phone"] for entry in stage.here("dnc", "list", "--json").document] == [NEW, OTHER]
    assert {command.name for command in typer.main.get_command(app).commands["dnc"].commands.values()} == {  # type: ignore[attr-defined] # typer's types name no group
        "add",
        "import",
        "list",
        "check",
    }


def test_a_suppression_file_is_imported_and_what_is_no_number_is_named_by_its_row(stage: Stage) -> None:
    stage.file("never.csv", f"phone,reason\n{NEW},asked\nhello,typo\n020 7946 0123,asked\n")
    ended = stage.here("dnc", "import", "never.csv", "--region", "GB")
    assert ended.code == 3
    assert ended.out == "2 numbers added; 1 row could not be read\n"
    assert "row 3:" in ended.err
    assert [entry["phone"] for entry in stage.here("dnc", "list", "--json").document] == [NEW, "+442079460123"]


def test_check_says_of_each_number_whether_the_ledger_has_it(stage: Stage) -> None:
    stage.here("dnc", "add", NEW)
    spelled = f"+1 ({NEW[2:5]}) {NEW[5:8]}-{NEW[8:]}"
    ended = stage.here("dnc", "check", spelled, OTHER)
    assert ended.code == 3
    assert "never call" in ended.out.splitlines()[0]
    assert "not in the ledger" in ended.out.splitlines()[1]
    assert stage.here("dnc", "check", OTHER).code == 0


# --- earlier runs -------------------------------------------------------------------------------------------------------


@pytest.fixture
def ran(stage: Stage) -> Stage:
    """A stage on which one run has ended."""
    stage.sheet([lead(NEW), lead("12")])
    assert stage.here("sync", "leads.csv", "-c", EMPTY, "--yes").code == 3
    return stage


def test_runs_list_takes_no_limit_below_nothing(ran: Stage) -> None:
    ended = ran.here("runs", "list", "--limit", "-1")
    assert (ended.code, ended.out) == (2, "")
    assert "--limit" in ended.err


def test_runs_list_shows_how_each_run_ended(ran: Stage) -> None:
    ran.here("sync", "leads.csv", "-c", EMPTY, "--yes")
    lines = ran.here("runs", "list").out.splitlines()
    assert len(lines) == 2
    assert "exit 3" in lines[0]
    assert "unchanged 1" in lines[0]
    assert "created 1" in lines[1]
    assert [entry["counts"] for entry in ran.here("runs", "list", "--json").document] == [
        {"unchanged": 1, "rejected": 1},
        {"created": 1, "rejected": 1},
    ]


def test_runs_show_takes_the_beginning_of_an_id(ran: Stage) -> None:
    run_id = ran.report()["run"]["id"]
    ended = ran.here("runs", "show", run_id[:4])
    assert ended.code == 0
    assert f"run {run_id}: sync" in ended.out
    assert "steps sent: 1, of which 0 are not done" in ended.out
    assert ran.here("runs", "show", run_id, "--json").document["steps"][0]["kind"] == "create"


def test_runs_report_names_the_file_or_prints_the_report(ran: Stage) -> None:
    run_id = ran.report()["run"]["id"]
    for form, name in {"json": "report.json", "csv": "rows.csv", "xlsx": "report.xlsx"}.items():
        said = ran.here("runs", "report", run_id, "--format", form).out.strip()
        assert (ran.folder / said).is_file()
        assert said.endswith(name)
    assert ran.here("runs", "report", run_id, "--json").document == ran.report()


def test_prune_forgets_old_runs_and_leaves_their_reports(ran: Stage) -> None:
    assert ran.here("runs", "prune", "--older-than", "90d").out == "0 runs forgotten\n"
    assert ran.here("runs", "prune", "--older-than", "0d", "--json").document == {"forgotten": 1}
    assert ran.here("runs", "list").out == "no runs yet\n"
    assert ran.report()["counts"] == {"created": 1, "rejected": 1}


# --- campaigns, doctor --------------------------------------------------------------------------------------------------


def test_campaigns_are_listed_and_shown_by_name(stage: Stage) -> None:
    assert all(name in stage.here("campaigns", "list").out for name in (SPRING, EMPTY))
    shown = stage.here("campaigns", "show", SPRING)
    assert "company: text, required" in shown.out
    assert "orders: " in shown.out
    assert sum(stage.here("campaigns", "show", SPRING, "--json").document["orders"].values()) == 30
    assert stage.methods() == {"GET"}


def test_doctor_finds_nothing_wrong_where_nothing_is(stage: Stage) -> None:
    ended = stage.here("doctor", "-c", SPRING)
    assert ended.code == 0, ended
    assert "FAIL" not in ended.out
    assert all(name in ended.out for name in ("python", "state folder", "server and token", "campaign", "record type"))
    assert CANARY_TOKEN not in ended.out + ended.err
    assert stage.methods() == {"GET"}


def test_doctor_names_a_cure_for_each_fault(stage: Stage) -> None:
    stage.file("wrong.toml", "[nonsense]\n")
    stage.token = "wrong-token"
    ended = stage.here("doctor", "-c", SPRING, "-m", "wrong.toml")
    assert ended.code == 2, "a run would end with the mapping"
    assert stage.here("doctor", "-c", SPRING).code == 4
    assert ended.out.count("FAIL") == 2
    assert {check["name"] for check in stage.here("doctor", "-m", "wrong.toml", "--json").document if not check["ok"]} == {
        "mapping",
        "server and token",
    }
    assert all(check["cure"] for check in stage.here("doctor", "-m", "wrong.toml", "--json").document if not check["ok"])


def test_doctor_looks_at_the_folders(stage: Stage) -> None:
    stage.file("reports", "in the way")
    assert stage.here("doctor").code == 2


# --- help ---------------------------------------------------------------------------------------------------------------


def _commands() -> list[list[str]]:
    found: list[list[str]] = [[]]
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined] # typer's types name no group
        found.append([name])
        found += [[name, inner] for inner in getattr(command, "commands", {})]
    return found


@pytest.mark.parametrize("words", [pytest.param(words, id=" ".join(words) or "callcamp-sync") for words in _commands()])
def test_every_command_says_what_it_is_for_and_what_each_option_means(stage: Stage, words: list[str]) -> None:
    for flag in ("--help", "-h"):
        ended = stage.here(*words, flag)
        assert (ended.code, ended.err) == (0, "")
    command = typer.main.get_command(app)
    for word in words:
        command = command.commands[word]  # type: ignore[attr-defined] # typer's types name no group
    assert command.help
    unexplained = [p.name for p in command.params if p.param_type_name == "option" and not getattr(p, "help", None)]
    assert unexplained == []


@pytest.mark.parametrize(
    ("words", "heavy"),
    [
        pytest.param(["--help"], ["polars", "httpx", "pydantic", "openpyxl", "phonenumbers", "uvicorn"], id="--help"),
        pytest.param(["--version"], ["polars", "httpx", "pydantic", "openpyxl", "phonenumbers", "uvicorn"], id="--version"),
        pytest.param(["sync", "--help"], ["polars", "httpx", "openpyxl", "phonenumbers", "uvicorn"], id="sync --help"),
    ],
)
def test_help_is_light_and_needs_no_settings(stage: Stage, words: list[str], heavy: list[str]) -> None:
    """Typer itself loads pydantic for a command's options, so `sync --help` may."""
    script = (
        "import sys\nfrom callcamp_sync.cli import main\n"
        "heavy = set(sys.argv.pop().split())\n"
        "try:\n    main()\nexcept SystemExit as ended:\n"
        "    print(ended.code, sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    command = [sys.executable, "-c", script, *words, " ".join(heavy)]
    ended = run(command, cwd=stage.folder, env={}, capture_output=True, text=True, timeout=60, check=False)
    assert ended.stderr == "0 []\n"


def test_the_version_is_the_packages(stage: Stage) -> None:
    ended = stage.here("--version")
    assert re.fullmatch(r"callcamp-sync \d+\.\d+\.\d+\n", ended.out)


@pytest.mark.parametrize("words", [["frobnicate"], ["sync"], ["sync", "a", "b"], ["plan", "x", "--nonsense"], ["runs"], []])
def test_a_call_that_cannot_be_read_ends_in_2_with_a_usage_line(stage: Stage, words: list[str]) -> None:
    ended = stage.here(*words)
    assert ended.code == 2
    assert "Usage: callcamp-sync" in ended.err + ended.out
    assert "Traceback" not in ended.err


# --- one document on stdout ---------------------------------------------------------------------------------------------

DOCUMENTS: list[tuple[str, list[str]]] = [
    ("doctor", ["doctor"]),
    ("campaigns list", ["campaigns", "list"]),
    ("campaigns show", ["campaigns", "show", SPRING]),
    ("validate", ["validate", "leads.csv", "-c", SPRING]),
    ("plan", ["plan", "leads.csv", "-c", SPRING]),
    ("plan saved", ["plan", "leads.csv", "-c", SPRING, "-o", "other.json"]),
    ("apply", ["apply", "plan.json"]),
    ("sync", ["sync", "leads.csv", "-c", EMPTY, "--yes"]),
    ("sync --dry-run", ["sync", "leads.csv", "-c", EMPTY, "--dry-run"]),
    ("sync stopped by a guard", ["sync", "leads.csv", "-c", EMPTY, "--yes", "--max-create", "0"]),
    ("resume", ["resume"]),
    ("export", ["export", "-c", SPRING, "-o", "status.csv"]),
    ("runs list", ["runs", "list"]),
    ("runs prune", ["runs", "prune", "--older-than", "90d"]),
    ("dnc add", ["dnc", "add", NEW]),
    ("dnc import", ["dnc", "import", "leads.csv"]),
    ("dnc list", ["dnc", "list"]),
    ("dnc check", ["dnc", "check", NEW]),
]


@pytest.mark.parametrize("args", [pytest.param(args, id=name) for name, args in DOCUMENTS])
def test_with_json_stdout_is_exactly_one_document(stage: Stage, args: list[str]) -> None:
    stage.sheet([lead(OTHER)])
    assert stage.here("plan", "leads.csv", "-c", SPRING, "-o", "plan.json").code == 0
    ended = stage.here(*args, "--json")
    assert ended.code in (0, 3, 7, 8), ended
    assert ended.document is not None
    if isinstance(ended.document, dict) and "run" in ended.document:
        assert ended.document["run"]["exit"]["code"] == ended.code
        assert balanced(ended.document)
