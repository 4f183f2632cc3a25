"""Every way in which a call can be wrong: one clear message, its exit code, no traceback, and nothing sent but reads.

In: command lines and the place in which they run. The table's ids are the sentences that the README may promise.
"""

from __future__ import annotations

import os
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest
from flow_stage import EMPTY, SPRING, Ended, Stage, lead, write_sheet

from callcamp_sync import lock, pipeline, settings
from callcamp_sync.bench import Bench
from callcamp_sync.bench import Request as Asked
from callcamp_sync.sandbox import bulk_phone

NEW = bulk_phone(900)


def told(ended: Ended, code: int, *words: str) -> None:
    """One message on standard error, with these words; nothing on standard output; no traceback."""
    assert (ended.code, ended.out) == (code, ""), ended
    assert "Traceback" not in ended.err
    assert ended.err.count("error: ") == 1
    for word in words:
        assert word in ended.err


def _sync(sheet: str | Path = "leads.csv", *more: str, campaign: str = EMPTY) -> list[str]:
    return ["sync", str(sheet), "-c", campaign, "--yes", *more]


CALLS: list[tuple[str, list[str], int, tuple[str, ...]]] = [
    ("a sheet that is not there", _sync("nowhere.csv"), 2, ("`nowhere.csv`",)),
    ("an empty file", _sync("empty.csv"), 2, ("`empty.csv`", "empty")),
    ("a folder instead of a sheet", _sync("."), 2, ("folder",)),
    ("a picture instead of a sheet", _sync("picture.csv"), 2, ("picture",)),
    ("a heading that stands twice", _sync("twice.csv"), 2, ("Phone",)),
    ("a mapping that is not there", _sync("leads.csv", "-m", "nowhere.toml"), 2, ("`nowhere.toml`",)),
    ("a mapping that is not TOML", _sync("leads.csv", "-m", "leads.csv"), 2, ("TOML",)),
    ("an unknown key in a mapping", _sync("leads.csv", "-m", "misspelt.toml"), 2, ("`regoin`", "`region`")),
    ("a region in a mapping that is no country", _sync("leads.csv", "-m", "region.toml"), 2, ("`region.toml`", "`XX`", "GB")),
    ("the same, asked for what it is worth", ["map", "check", "region.toml"], 2, ("`XX`",)),
    ("a mapping with a column that the sheet has not", _sync("leads.csv", "-m", "column.toml"), 2, ("Telephone",)),
    ("a campaign that is not there", _sync(campaign="Sprung renewals"), 7, ("Sprung renewals", SPRING)),
    ("no campaign at all", ["sync", "leads.csv", "--yes"], 2, ("-c CAMPAIGN",)),
    ("a share that is none", _sync("leads.csv", "--max-remove", "x"), 2, ("--max-remove", "10%")),
    ("an unknown mode", _sync("leads.csv", "--mode", "foo"), 2, ("--mode", "upsert")),
    ("a region of three letters", _sync("leads.csv", "--region", "GBR"), 2, ("--region", "GB")),
    ("a region that is no country", _sync("leads.csv", "--region", "UK"), 2, ("--region", "write `GB`")),
    ("an unknown key", _sync("leads.csv", "--key", "shoe_size"), 2, ("--key", "phone")),
    ("an unknown way with missing orders", _sync("leads.csv", "--mode", "mirror", "--on-missing", "burn"), 2, ("--on-missing",)),
    ("missing orders without mirror", _sync("leads.csv", "--on-missing", "cancel"), 2, ("--mode mirror",)),
    ("a first status that only the dialer gives", _sync("leads.csv", "--initial-status", "busy"), 2, ("registered",)),
    ("an unknown log format", _sync("leads.csv", "--log-format", "xml"), 2, ("--log-format",)),
    ("no terminal and no --yes", ["sync", "leads.csv", "-c", EMPTY], 2, ("`--yes`", "--dry-run")),
    ("a plan that is not there", ["apply", "nowhere.json"], 2, ("`nowhere.json`",)),
    ("a plan that is not JSON", ["apply", "leads.csv"], 2, ("plan",)),
    ("a plan that is another document", ["apply", "other.json"], 2, ("plan",)),
    ("a run that nobody knows", ["resume", "c0ffee"], 7, ("c0ffee",)),
    ("nothing to resume", ["resume"], 7, ("open",)),
    ("a run to show that nobody knows", ["runs", "show", "c0ffee"], 7, ("c0ffee",)),
    ("a report of an unknown form", ["runs", "report", "c0ffee", "--format", "docx"], 2, ("docx", "xlsx")),
    ("an age that is none", ["runs", "prune", "--older-than", "soon"], 2, ("90d",)),
    ("a number for the ledger that is none", ["dnc", "add", "hello"], 2, ("hello",)),
    ("a number for the ledger without its country", ["dnc", "add", "020 7946 0000"], 2, ("--region",)),
    ("a suppression file without a phone column", ["dnc", "import", "nophone.csv"], 2, ("phone",)),
    ("an export to an unknown format", ["export", "-c", SPRING, "-o", "out.docx"], 2, ("xlsx", "csv")),
    ("an export of an unknown campaign", ["export", "-c", "Nowhere", "-o", "out.csv"], 7, ("Nowhere",)),
    ("an export into a folder that is not there", ["export", "-c", SPRING, "-o", "no/where/out.csv"], 2, ("no/where",)),
    ("a campaign to show that is not there", ["campaigns", "show", "Nowhere"], 7, ("Nowhere",)),
    ("a sheet validated for nothing", ["validate", "leads.csv"], 2, ("--record-type",)),
    ("a record type that is not there", ["validate", "leads.csv", "--record-type", "no.json"], 2, ("`no.json`",)),
    ("a record type that is not JSON", ["validate", "leads.csv", "--record-type", "leads.csv"], 2, ("JSON",)),
    ("a record type that is another document", ["validate", "leads.csv", "--record-type", "other.json"], 2, ("`parameters`",)),
    ("an export to standard output", ["export", "-c", SPRING, "-o", "-", "--format", "csv"], 2, ("`-o -`", "name a file")),
    ("a plan to standard output", ["plan", "leads.csv", "-c", EMPTY, "-o", "-"], 2, ("`-o -`", "name a file")),
    ("a sheet in JSON Lines", _sync("leads.jsonl"), 2, ("JSON", "`--format csv`")),
    ("a profile that no file has", ["campaigns", "list", "--profile", "night"], 2, ("--profile",)),
    ("a plan saved where there is no folder", ["plan", "leads.csv", "-c", EMPTY, "-o", "no/where.json"], 2, ("no/where",)),
]


@pytest.fixture
def desk(stage: Stage) -> Stage:
    """The files that the table's commands name."""
    stage.sheet([lead(NEW)])
    for name, text in {
        "empty.csv": "",
        "header.csv": "Phone,Company\n",
        "twice.csv": "Phone,Company,Phone\n+12015550123,x,+12015550124\n",
        "nophone.csv": "Who,Where\nx,y\n",
        "misspelt.toml": '[phone]\nregoin = "GB"\n',
        "region.toml": '[phone]\nregion = "XX"\n[record]\nphoneNumber = "Phone"\n',
        "column.toml": '[record]\nphoneNumber = "Telephone"\n',
        "other.json": '{"schema": "something/else"}',
        "leads.jsonl": '{"phoneNumber": "+12015550123", "parameters.company": "Acme"}\n',
    }.items():
        stage.file(name, text)
    (stage.folder / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n")
    return stage


@pytest.mark.parametrize(("args", "code", "words"), [pytest.param(*row[1:], id=row[0]) for row in CALLS])
def test_says_what_is_wrong_and_sends_nothing(desk: Stage, args: list[str], code: int, words: tuple[str, ...]) -> None:
    told(desk.here(*args), code, *words)
    assert desk.methods() <= {"GET"}


@pytest.mark.parametrize("args", [pytest.param(row[1], id=row[0]) for row in CALLS[::5]])
def test_with_json_the_error_is_one_document_on_stdout(desk: Stage, args: list[str]) -> None:
    ended = desk.here(*args, "--json")
    assert ended.document["error"]["exit"]["code"] == ended.code
    assert ended.document["error"]["message"] in ended.err


# --- sheets in which there is nothing to do -----------------------------------------------------------------------------


def test_a_sheet_with_a_header_only_trips_the_guard_of_the_empty_sheet(desk: Stage) -> None:
    ended = desk.here("sync", "header.csv", "-c", SPRING, "--mode", "mirror", "--yes")
    assert ended.code == 8
    assert "the sheet has no rows" in ended.out
    assert desk.methods() == {"GET"}


def test_a_mirror_that_would_empty_a_campaign_of_five_orders_is_stopped(desk: Stage) -> None:
    five = [lead(bulk_phone(index)) for index in range(5)]
    assert desk.here(*_sync(desk.sheet(five, "five.csv"))).code == 0
    mark = desk.forget()
    ended = desk.here(*_sync("leads.csv", "--mode", "mirror", "--on-missing", "remove"))
    assert ended.code == 8
    assert "5 of 5 orders" in ended.out
    assert "--max-remove" in ended.out
    assert desk.methods(mark) == {"GET"}
    assert len(desk.orders(EMPTY)) == 5


# --- who may do it ------------------------------------------------------------------------------------------------------


def test_a_wrong_token_ends_in_4(desk: Stage) -> None:
    desk.token = "wrong-token"
    ended = desk.here(*_sync())
    told(ended, 4, "token")
    assert "wrong-token" not in ended.err


def test_no_token_ends_in_4_and_names_the_variable(desk: Stage) -> None:
    desk.token = None
    told(desk.here(*_sync()), 4, "`CALLCAMP_TOKEN`")
    assert not desk.box.requests


def test_a_token_that_may_only_read_ends_in_4_and_every_row_is_accounted_for(desk: Stage) -> None:
    desk.box.world.add_token("may-read", permissions=["campaigns:read", "records:read"])
    desk.token = "may-read"
    ended = desk.here(*_sync())
    assert ended.code == 4, ended
    assert desk.report()["counts"] in ({"failed": 1}, {"not-attempted": 1})
    assert desk.orders(EMPTY) == []


def test_a_token_that_may_not_read_records_still_syncs_and_says_what_it_could_not_compare(desk: Stage) -> None:
    desk.box.world.add_token("no-records", permissions=["campaigns:read", "campaigns:write"])
    desk.token = "no-records"
    for flags in ([], ["--json"]):
        ended = desk.here("plan", "leads.csv", "-c", SPRING, *flags)
        assert ended.code == 0
        assert "may not read contacts" in ended.out + ended.err


# --- the server's address -----------------------------------------------------------------------------------------------


def test_a_server_that_is_down_ends_in_5_within_a_minute(desk: Stage) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        desk.more["CALLCAMP_BASE_URL"] = f"http://127.0.0.1:{free.getsockname()[1]}/api"
    began = time.monotonic()
    told(desk.here(*_sync()), 5, "no connection could be made")
    assert time.monotonic() - began < 60


def test_plain_http_to_another_machine_is_refused(desk: Stage) -> None:
    desk.more["CALLCAMP_BASE_URL"] = "http://callcamp.example.com/api"
    told(desk.here(*_sync()), 2, "plain http", "`--insecure-http`")


def test_an_address_that_is_none_is_refused_without_showing_it(desk: Stage) -> None:
    desk.more["CALLCAMP_BASE_URL"] = "ftp://canary-secret@example.com"
    ended = desk.here(*_sync())
    told(ended, 2, "CALLCAMP_BASE_URL")
    assert "canary-secret" not in ended.err


def test_a_misspelt_variable_is_refused_with_a_suggestion(desk: Stage) -> None:
    desk.more["CALLCAMP_BASE_ULR"] = "https://example.com"
    told(desk.here(*_sync()), 2, "CALLCAMP_BASE_URL")


# --- plans --------------------------------------------------------------------------------------------------------------


def _saved(stage: Stage) -> Path:
    assert stage.here("plan", "leads.csv", "-c", EMPTY, "-o", "plan.json").code == 0
    return stage.folder / "plan.json"


def test_a_plan_that_was_applied_is_spent(desk: Stage) -> None:
    _saved(desk)
    assert desk.here("apply", "plan.json").code == 0
    mark = desk.forget()
    told(desk.here("apply", "plan.json"), 7, "was applied by run")
    assert desk.methods(mark) <= {"GET"}
    assert desk.phones(EMPTY) == [NEW]


def test_a_plan_that_was_edited_is_refused(desk: Stage) -> None:
    path = _saved(desk)
    path.write_text(path.read_text().replace("Example Ltd", "Example Inc"), encoding="utf-8")
    told(desk.here("apply", "plan.json"), 7, "changed after it was made")


@pytest.mark.parametrize("text", ["[]", "null", "{}", '{"schema": "callcamp-sync/plan/1"}', "1e999"])
def test_a_document_that_is_no_plan_is_refused(desk: Stage, text: str) -> None:
    desk.file("odd.json", text)
    ended = desk.here("apply", "odd.json")
    assert ended.code in (2, 7)
    told(ended, ended.code, "plan")


def test_a_plan_that_has_expired_is_refused(desk: Stage) -> None:
    """The plan is made as it would have been two days ago: only the clock of the bench is another."""
    long_ago = datetime.now(UTC) - timedelta(days=2)
    bench = Bench(settings=settings.load({}, environ=desk.environ, project=desk.folder), clock=lambda: long_ago)
    made, _ = anyio.run(pipeline.plan, Asked(sheet=str(desk.folder / "leads.csv"), campaign=EMPTY), bench)
    pipeline.save(made, desk.folder / "old.json")
    told(desk.here("apply", "old.json"), 7, "expired")


def test_a_plan_for_another_host_is_refused(desk: Stage) -> None:
    _saved(desk)
    desk.more["CALLCAMP_BASE_URL"] = "https://callcamp.example.com/api"
    told(desk.here("apply", "plan.json"), 7, "the plan is for", "callcamp.example.com")


def test_a_plan_that_a_guard_stopped_cannot_be_applied(desk: Stage) -> None:
    assert desk.here("plan", "leads.csv", "-c", EMPTY, "--max-create", "0", "-o", "plan.json").code == 8
    mark = desk.forget()
    told(desk.here("apply", "plan.json"), 8, "adds 1 contacts", "--max-create")
    assert desk.methods(mark) == {"GET"}


# --- folders ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["reports", "state"])
def test_a_folder_that_cannot_be_used_ends_in_2_before_anything_is_sent(desk: Stage, place: str) -> None:
    """A file stands where the folder should be: that stops root as well, whom no mode stops."""
    desk.file(place, "in the way")
    told(desk.here(*_sync()), 2, place)
    assert desk.methods() <= {"GET"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.parametrize("place", ["reports", "state"])
def test_a_folder_without_the_right_to_write_ends_in_2_before_anything_is_sent(desk: Stage, place: str) -> None:
    (desk.folder / place).mkdir(mode=0o500)
    told(desk.here(*_sync()), 2, place)
    assert desk.methods() <= {"GET"}


# --- two runs at once ---------------------------------------------------------------------------------------------------


def test_a_second_run_on_the_same_campaign_ends_in_9_and_names_the_holder(desk: Stage) -> None:
    campaign = next(one for one in desk.box.world.campaigns.values() if one.name == EMPTY)
    host = desk.box.base_url.split("/")[2]
    held = lock.hold(
        desk.folder / "state", host=host, campaign=campaign.uuid, run_id="f1r5t", command="sync", clock=lambda: datetime.now(UTC)
    )
    with held:
        told(desk.here(*_sync()), 9, "f1r5t", str(os.getpid()))
        other = desk.here("sync", "leads.csv", "-c", SPRING, "--yes")
    assert other.code == 0
    assert desk.orders(EMPTY) == []


def test_standard_input_may_be_the_sheet(desk: Stage) -> None:
    ended = desk.here("sync", "-", "-c", EMPTY, "--yes", stdin=write_sheet(desk.folder / "x.csv", [lead(NEW)]).read_text())
    assert ended.code == 0
    assert desk.phones(EMPTY) == [NEW]
