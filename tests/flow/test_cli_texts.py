"""Texts from strangers on their way: sheet → API → report files → terminal, unharmed; and what must not appear in a log.

In: names that formulas, markup, terminals and CSV are made of; canary values that nothing but these tests contains.
"""

from __future__ import annotations

import csv
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flow_stage import CANARY_TOKEN, EMPTY, SPRING, Ended, Stage, lead
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from callcamp_sync.sandbox import Sandbox, bulk_phone, demo_world

NAMES = {
    "brackets": "[bold]Ann[/bold] [/red] [link=x]",
    "an emoji": "Zoë 🦆👩‍🚀 Example",
    "a newline": "two\nlines",
    "a quote": 'says "hello", it\'s `fine`',
    "3,000 characters": "Example " * 374 + "Examples",
    "a formula": "=1+1",
    "a plus": "+1 for Ann",
    "an at sign": "@import",
    "a leading apostrophe": "'tis Ann",
    "an escape sequence": "Ann\x1b[31m Example\x07",
    "a right-to-left mark": "Ann \u202egpj.exe",
    "a percent sign": "100% {name} %s $HOME",
    "a backslash": "C:\\new\\table",
}


def _sheet_of(stage: Stage, form: str) -> Path:
    rows = [lead(bulk_phone(900 + index), Name=name, Notes=name) for index, name in enumerate(NAMES.values())]
    if form == "csv":
        return stage.sheet(rows)
    rows = [row for row in rows if "\x1b" not in row["Name"]]  # a workbook cannot hold control characters
    book = openpyxl.Workbook()
    tab = book.worksheets[0]
    for number, row in enumerate([dict(zip(rows[0], rows[0], strict=True)), *rows], start=1):
        for column, value in enumerate(row.values(), start=1):
            cell = tab.cell(number, column, value)
            cell.data_type = "s"
    path = stage.folder / "leads.xlsx"
    book.save(path)
    return path


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_odd_texts_reach_the_server_and_the_report_unharmed(stage: Stage, form: str) -> None:
    sheet = _sheet_of(stage, form)
    ended = stage.here("sync", sheet, "-c", EMPTY, "--yes")
    assert ended.code == 0, ended
    standing = {order.phone: order.record for order in stage.orders(EMPTY)}
    wanted = {bulk_phone(900 + i): name for i, name in enumerate(NAMES.values()) if form == "csv" or "\x1b" not in name}
    assert {phone: record.name for phone, record in standing.items()} == wanted
    assert {phone: record.parameters["notes"] for phone, record in standing.items()} == wanted
    said = {
        row["phone"]: change["new"]
        for row in stage.report()["rows"]
        for change in row["changes"]
        if change["field"] == "parameters.notes"
    }
    assert said == wanted
    assert stage.report()["verified"] == {"checked": len(wanted), "mismatches": []}
    again = stage.here("plan", sheet, "-c", EMPTY, "--detailed-exitcode")
    assert again.code == 0


def test_odd_texts_are_shown_in_the_workbook_as_text_not_as_formulas(stage: Stage) -> None:
    assert stage.here("sync", _sheet_of(stage, "csv"), "-c", EMPTY, "--yes").code == 0
    book = openpyxl.load_workbook(stage.folders[-1] / "report.xlsx")
    cells = [cell for tab in book.worksheets for row in tab.iter_rows() for cell in row]
    shown = {str(cell.value) for cell in cells}
    assert {
        NAMES[key] for key in ("brackets", "an emoji", "a quote", "3,000 characters", "a formula", "a leading apostrophe")
    } <= shown
    assert not [cell for cell in cells if cell.data_type == "f"]


def test_odd_cells_stand_in_rows_csv_as_they_were_and_open_as_text(stage: Stage) -> None:
    """A wrong cell is quoted in its row's message."""
    rows = [lead(bulk_phone(900 + index), Email=name) for index, name in enumerate(NAMES.values())]
    ended = stage.here("sync", stage.sheet(rows), "-c", EMPTY, "--yes", "--max-invalid", "100%")
    assert ended.code == 8, "no row is valid"
    with (stage.folders[-1] / "rows.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["row"] for line in lines] == [str(number) for number in range(2, len(NAMES) + 2)]
    assert {line["outcome"] for line in lines} == {"rejected"}
    assert not [value for line in lines for value in line.values() if value[:1] in "=@\t\r" and value]
    for line, name in zip(lines, NAMES.values(), strict=True):
        if name.isprintable() and len(name) < 100:
            assert name in line["message"]
    cells = [issue["cell"] for row in stage.report()["rows"] for issue in row["issues"]]
    assert cells == list(NAMES.values())


def test_odd_names_of_campaigns_and_values_reach_the_terminal_without_moving_it(stage: Stage) -> None:
    name = "[red]Spring[/red] 🦆 \x1b[31mred\x07 \u202eback"
    stage.box.world.add_campaign(name, next(iter(stage.box.world.record_types.values())))
    campaign = next(one for one in stage.box.world.campaigns.values() if one.name == name)
    sheet = _sheet_of(stage, "csv")
    shown = [
        stage.here("plan", sheet, "-c", campaign.uuid),
        stage.here("sync", sheet, "-c", name, "--yes"),
        stage.here("campaigns", "list"),
        stage.here("campaigns", "show", campaign.uuid),
        stage.here("doctor", "-c", campaign.uuid),
        stage.here("export", "-c", campaign.uuid, "-o", "out.csv"),
    ]
    assert [ended.code for ended in shown] == [0] * len(shown)
    for ended in shown:
        assert "[red]Spring[/red] 🦆" in ended.out
    for ended in shown:
        assert not set("\x1b\x07\u202e") & set(ended.out + ended.err)
    assert "[bold]Ann[/bold] [/red]" in shown[0].out


# --- what must not appear in a log ---------------------------------------------------------------------------------------

CANARY_NAME = "Canaryname Zyxwv"
CANARY_MAIL = "canary.zyxwv@example.com"
CANARY_PHONE = bulk_phone(950)


class _Gossip:
    """Refuses every create, and says aloud whatever it was told."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        body = json.loads((await receive())["body"])["record"]
        heard = dict(scope["headers"])[b"authorization"].decode()
        words = f"{body['name']} with {body['phoneNumber']} and {body['email']} cannot be added for {heard}"
        await JSONResponse({"error": words}, status_code=422)(scope, receive, send)


@pytest.fixture
def gossip(tmp_path: Path) -> Iterator[Stage]:
    world = demo_world(5)
    world.add_token(CANARY_TOKEN)
    with Sandbox(world, around=_Gossip) as box:
        stage = Stage(box=box, folder=tmp_path, token=CANARY_TOKEN)
        stage.sheet([lead(CANARY_PHONE, Name=CANARY_NAME, Email=CANARY_MAIL)])
        yield stage


def _leaks(text: str) -> list[str]:
    digits = CANARY_PHONE.removeprefix("+")
    return [canary for canary in (CANARY_TOKEN, CANARY_NAME, CANARY_MAIL, digits, digits[-7:]) if canary in text]


def test_no_token_no_number_no_name_on_stderr_however_much_the_server_says(gossip: Stage) -> None:
    for flags in (["-v"], ["-v", "--log-format", "json"], ["-q"]):
        ended = gossip.here("sync", "leads.csv", "-c", EMPTY, "--yes", *flags)
        assert ended.code == 6, ended
        assert _leaks(ended.err) == []


def test_no_token_no_number_no_name_in_the_summary_that_a_nightly_run_leaves_in_its_log(gossip: Stage) -> None:
    assert _leaks(gossip.here("sync", "leads.csv", "-c", EMPTY, "--yes").out) == []


def test_no_token_no_number_no_name_in_the_journals_words(gossip: Stage) -> None:
    assert gossip.here("sync", "leads.csv", "-c", EMPTY, "--yes").code == 6
    said = _words(gossip.folder / "state" / "journal.sqlite3")
    assert said
    assert _leaks("\n".join(said)) == []


def _words(file: Path) -> list[str]:
    """Every text of the journal's columns that hold words: errors and notes."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        tables = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
        columns = [(table, row[1]) for table in tables for row in database.execute(f"pragma table_info({table})")]
        wanted = [(table, column) for table, column in columns if column in ("error", "note")]
        found = [row[0] for table, column in wanted for row in database.execute(f"select {column} from {table}") if row[0]]
    database.close()
    return found


def test_the_token_stands_in_no_file_that_a_run_leaves(gossip: Stage) -> None:
    gossip.here("sync", "leads.csv", "-c", EMPTY, "--yes", "-v")
    gossip.here("plan", "leads.csv", "-c", EMPTY, "-o", "plan.json")
    files = [path for path in gossip.folder.rglob("*") if path.is_file()]
    assert len(files) > 5
    assert [path.name for path in files if CANARY_TOKEN.encode() in path.read_bytes()] == []


def test_state_and_reports_can_be_read_by_their_owner_only(stage: Stage) -> None:
    assert stage.here("sync", stage.sheet([lead(bulk_phone(900))]), "-c", SPRING, "--yes").code == 0
    made = [stage.folder / "state", *(stage.folder / "state").rglob("*"), *(stage.folder / "reports").rglob("*")]
    assert [str(path) for path in made if path.stat().st_mode & 0o077] == []


# --- streams ------------------------------------------------------------------------------------------------------------


def _is_log(text: str) -> bool:
    entries: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
    return bool(entries) and all(entry.keys() == {"at", "level", "message"} for entry in entries)


def test_log_format_json_makes_every_line_of_stderr_a_document(stage: Stage) -> None:
    ended: Ended = stage.here("sync", "nowhere.csv", "-c", SPRING, "--log-format", "json")
    assert ended.code == 2
    assert _is_log(ended.err)
    stage.sheet([lead(bulk_phone(900))])
    assert _is_log(stage.here("plan", "leads.csv", "-c", SPRING, "-o", "plan.json", "--log-format", "json").err)


def test_log_format_may_come_from_the_environment(stage: Stage) -> None:
    stage.more["CALLCAMP_LOG_FORMAT"] = "json"
    stage.sheet([lead(bulk_phone(900))])
    assert _is_log(stage.here("plan", "leads.csv", "-c", SPRING, "-o", "plan.json").err)
    stage.more = {}
    stage.file("callcamp.toml", 'log_format = "json"\n')
    assert _is_log(stage.here("plan", "leads.csv", "-c", SPRING, "-o", "plan.json").err)


def test_results_go_to_stdout_and_talk_goes_to_stderr(stage: Stage) -> None:
    stage.sheet([lead(bulk_phone(900))])
    ended = stage.here("plan", "leads.csv", "-c", SPRING, "-o", "plan.json")
    assert "plan saved as plan.json" in ended.err
    assert "plan saved" not in ended.out
    assert "Requests to send" in ended.out
    quiet = stage.here("plan", "leads.csv", "-c", SPRING, "-o", "plan.json", "-q")
    assert (quiet.code, quiet.err) == (0, "")


def test_a_reader_that_leaves_early_is_no_error(stage: Stage) -> None:
    """As in `callcamp-sync dnc list | head -1`, with more than a pipe holds."""
    state = stage.folder / "state"
    state.mkdir(mode=0o700)
    entries = [{"phone": bulk_phone(index), "source": "x" * 40, "at": "2026-01-01T00:00:00Z"} for index in range(2000)]
    (state / "numbers.csv").write_text("phone\n" + "\n".join(str(entry["phone"]) for entry in entries), encoding="utf-8")
    assert stage.here("dnc", "import", state / "numbers.csv").code == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "callcamp_sync", "dnc", "list"],
        cwd=stage.folder,
        env=stage.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process, process.stdout, process.stderr:
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read().decode()
    assert (process.returncode, said) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only some systems have a disk that is always full")
@pytest.mark.parametrize("words", [["--help"], ["config", "show"], ["config", "show", "--json"]], ids=" ".join)
def test_a_full_disk_under_standard_output_is_told_and_is_no_bug(stage: Stage, words: list[str]) -> None:
    command = [sys.executable, "-m", "callcamp_sync", *words]
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            command, cwd=stage.folder, env=stage.environ, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert ended.returncode == 6
    assert ended.stderr.startswith("error: what was to be said could not be written: No space left on device\nhint: ")
    assert ended.stderr.count("\n") == 2
