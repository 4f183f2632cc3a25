"""Who is told how a night went, over real HTTP and by real processes; that it never changes how the night ends."""

from __future__ import annotations

import json
import sys
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime

import pytest
from flow_stage import CANARY_TOKEN, EMPTY, Stage, lead
from jobs_stage import ends, listening, night, people, project

from callcamp_sync import lock
from callcamp_sync.errors import StateError
from callcamp_sync.history import History
from callcamp_sync.sandbox.seed import bulk_phone

#: apprise loads all of its services at once, and one of them looks for a module that Python is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

ONE = {"name": "one", "source": "one.csv", "campaign": EMPTY}


def test_a_webhook_is_told_of_changes_and_of_nothing_else(stage: Stage) -> None:
    with listening() as told:
        project(stage, [ONE], defaults={"webhook": f"{told.url}/hook/secret"})
        nights = []
        for rows in (people(500, 2), [], [], people(500, 2), people(500, 2)):
            (stage.folder / "one.csv").unlink(missing_ok=True)
            if rows:
                stage.sheet(rows, "one.csv")
            before = len(told.calls)
            ended = stage.here("jobs", "run")
            nights.append((ended.code, len(told.calls) - before))
    assert nights == [(0, 0), (8, 1), (8, 0), (0, 1), (0, 0)]
    first, second = (call.document for call in told.calls)
    assert first["jobs"][0]["state"] == "guard: no-file"
    assert (second["jobs"][0]["before"], second["jobs"][0]["state"]) == ("guard: no-file", "ok")
    assert first["exit"] == {"code": 8, "name": "guard"}
    assert told.paths() == ["/hook/secret"] * 2


def test_a_switch_hears_the_begin_and_the_end(stage: Stage) -> None:
    stage.sheet(people(500, 2), "one.csv")
    with listening() as told:
        project(stage, [ONE, ONE | {"name": "two", "source": "two.csv"}], defaults={"ping": f"{told.url}/ping?x=1"})
        assert stage.here("jobs", "run").code == 8
        assert stage.here("jobs", "run", "one").code == 0
    assert told.paths() == ["/ping/start?x=1", "/ping/fail?x=1", "/ping/start?x=1", "/ping?x=1"]


def test_a_command_gets_the_news_and_no_secret(stage: Stage) -> None:
    script = stage.file(
        "tell.py",
        "import json, os, sys\n"
        "document = json.load(sys.stdin)\n"
        "document['secrets'] = [value for value in os.environ.values() if 'canary' in value]\n"
        "open('told.json', 'w').write(json.dumps(document))\n",
    )
    stage.more["CALLCAMP_PROXY"] = "http://name:canary@127.0.0.1:9"
    stage.more["CALLCAMP_TOKEN_COMMAND"] = "pass show canary"
    project(stage, [ONE], defaults={"notify_command": f"{sys.executable} '{script}'"})
    assert stage.here("jobs", "run").code == 8
    told = json.loads((stage.folder / "told.json").read_text("utf-8"))
    assert (told["jobs"][0]["job"], told["secrets"]) == ("one", [])


def test_everything_else_goes_through_apprise(stage: Stage) -> None:
    with listening() as told:
        address = told.url.replace("http://", "json://")
        project(stage, [ONE], defaults={"notify_urls": [address]})
        assert stage.here("jobs", "run").code == 8
    assert len(told.calls) == 1
    assert "1 job failed" in told.calls[0].document["title"]
    assert "no file matches" in told.calls[0].document["message"]


BROKEN = [
    pytest.param({"webhook": "http://127.0.0.1:9/canary-hook"}, "the webhook could not be reached", id="nobody listens"),
    pytest.param({"ping": "http://127.0.0.1:9/canary-hook"}, "the ping could not be reached", id="no switch"),
    pytest.param({"notify_command": "/no/such/program"}, "could not be run", id="no such program"),
    pytest.param({"notify_command": f"{sys.executable} -c 'raise SystemExit(3)'"}, "ended with 3", id="a program that fails"),
    pytest.param({"notify_urls": ["nonsense://canary-hook"]}, "none that apprise knows", id="an address that is none"),
]


@pytest.mark.parametrize(("defaults", "words"), BROKEN)
def test_what_cannot_be_told_is_said_and_changes_nothing(stage: Stage, defaults: dict[str, object], words: str) -> None:
    stage.sheet(people(500, 2), "one.csv")
    project(stage, [ONE], defaults={**defaults, "notify": "always"})
    ended = stage.here("jobs", "run")
    assert (ended.code, len(stage.phones(EMPTY))) == (0, 2)
    assert words in ended.err
    assert any(words in notice for notice in night(stage)["notices"])
    assert "canary-hook" not in ended.err + ended.out + json.dumps(night(stage))


def test_a_server_that_is_ill_is_asked_twice_and_one_that_refuses_once(stage: Stage) -> None:
    for answer, asked in ((503, 2), (404, 1)):
        with listening() as told:
            told.answer = answer
            project(stage, [ONE], defaults={"webhook": told.url, "notify": "failure"})
            ended = stage.here("jobs", "run")
        assert (len(told.calls), f"answered {answer}" in ended.err) == (asked, True)


def test_nothing_personal_leaves_the_house(stage: Stage) -> None:
    named = {"Name": "Contact Canary", "Email": "canary@example.com"}
    rows = [*people(500, 2, **named), lead("12", **named)]
    stage.sheet(rows, "one.csv")
    metrics = stage.folder / "metrics" / "callcamp.prom"
    with listening() as told:
        project(
            stage,
            [ONE],
            defaults={
                "webhook": told.url,
                "ping": told.url,
                "notify": "always",
                "notify_urls": [told.url.replace("http://", "json://")],
                "notify_command": f"{sys.executable} -c \"import sys; open('told.txt','w').write(sys.stdin.read())\"",
            },
            top=f'metrics_file = "{metrics}"\n',
        )
        assert stage.here("jobs", "run").code == 3
    texts = [call.body for call in told.calls]
    assert len(texts) == 4
    said = "\n".join([*texts, (stage.folder / "told.txt").read_text("utf-8"), metrics.read_text("utf-8")])
    for personal in (bulk_phone(500)[1:], bulk_phone(501)[1:], "Canary", "canary@example.com", CANARY_TOKEN):
        assert personal not in said


def test_a_contact_that_stands_where_headings_should_is_not_told(stage: Stage) -> None:
    """A file without its line of headings: the first row's cells are taken for them, and the fault names what it found."""
    mapping = stage.file("m.toml", '[record]\nphoneNumber = "Phone"\n')
    rows = people(500, 3, Name="Contact Canary", Town="Canaryville")
    (stage.folder / "one.csv").write_text("\n".join(",".join(row.values()) for row in rows), encoding="utf-8")
    with listening() as told:
        project(stage, [ONE, ONE | {"name": "two", "mapping": str(mapping)}], defaults={"webhook": told.url})
        ended = stage.here("jobs", "run", "--json")
    assert [job["state"] for job in ended.document["jobs"]] == ["usage: mapping"] * 2
    assert "no column" in told.calls[0].body
    summary = next((stage.folder / "reports").glob("*-jobs-*/night.md")).read_text("utf-8")
    for said in (told.calls[0].body, ended.out, ended.err, summary):
        assert "Canary" not in said


def test_the_metrics_say_how_every_job_stands_whatever_ran_last(stage: Stage) -> None:
    stage.sheet(people(500, 2), "one.csv")
    project(
        stage,
        [ONE, ONE | {"name": "two", "source": "two.csv"}],
        top='metrics_file = "callcamp.prom"\n',
    )
    assert stage.here("jobs", "run").code == 8
    assert stage.here("jobs", "run", "two").code == 8
    text = (stage.folder / "callcamp.prom").read_text("utf-8")
    assert 'callcamp_job_exit_code{job="one"} 0.0' in text
    assert 'callcamp_job_exit_code{job="two"} 8.0' in text
    assert 'callcamp_job_rows{job="one",outcome="created"} 2.0' in text
    assert 'last_success_timestamp_seconds{job="one"}' in text
    assert 'last_success_timestamp_seconds{job="two"}' not in text
    assert [path.name for path in stage.folder.glob("callcamp.prom*")] == ["callcamp.prom"]


def test_metrics_that_cannot_be_written_are_said(stage: Stage) -> None:
    stage.sheet(people(500, 2), "one.csv")
    stage.file("blocked", "")
    project(stage, [ONE], top='metrics_file = "blocked/callcamp.prom"\n')
    ended = stage.here("jobs", "run", "--json")
    assert (ends(ended.document), "the metrics cannot be written" in ended.err) == ({"one": 0}, True)


@pytest.mark.parametrize(("setting", "module"), [("metrics_file", "prometheus_client"), ("notify_urls", "apprise")])
def test_a_missing_extra_is_said_before_the_night_begins(
    stage: Stage, setting: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.sheet(people(500, 2), "one.csv")
    monkeypatch.setitem(sys.modules, module, None)
    top = 'metrics_file = "x.prom"\n' if setting == "metrics_file" else 'notify_urls = ["json://chat.example.com"]\n'
    project(stage, [ONE], top=top)
    ended = stage.here("jobs", "run")
    assert (ended.code, "pip install" in ended.err, stage.methods()) == (2, True, set())


def test_a_history_that_breaks_at_the_end_takes_no_report_and_no_news_with_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fails between the last job and the report is planted: the history cannot say how earlier nights went."""

    def broken(*_: object, **__: object) -> None:
        raise StateError("the history is damaged")

    monkeypatch.setattr(History, "trend", broken)
    stage.sheet(people(500, 2), "one.csv")
    with listening() as told:
        project(stage, [ONE], defaults={"ping": f"{told.url}/ping"})
        ended = stage.here("jobs", "run", "--json")
    assert (ended.code, ended.document["jobs"][0]["trend"]) == (0, [])
    assert "the history is damaged" in ended.document["notices"][0]
    assert told.paths() == ["/ping/start", "/ping"]


def test_a_campaign_that_is_held_is_news_only_twice_in_a_row(stage: Stage) -> None:
    stage.sheet(people(500, 2), "one.csv")
    held = next(one for one in stage.box.world.campaigns.values() if one.name == EMPTY)
    host = stage.box.base_url.split("/")[2]
    told_after = []
    with listening() as told:
        project(stage, [ONE], defaults={"webhook": told.url})
        for locked in (False, True, False, True, True, True, False):
            with hold(stage, host, held.uuid) if locked else nullcontext():
                assert stage.here("jobs", "run").code == (9 if locked else 0)
            told_after.append(len(told.calls))
    assert told_after == [0, 0, 0, 0, 1, 1, 2]


def test_what_comes_after_a_held_campaign_is_no_news_either(stage: Stage) -> None:
    stage.sheet(people(500, 2), "one.csv")
    held = next(one for one in stage.box.world.campaigns.values() if one.name == EMPTY)
    host = stage.box.base_url.split("/")[2]
    told_after = []
    with listening() as told:
        project(
            stage,
            [ONE, {"name": "status", "output": "out.csv", "campaign": EMPTY, "after": "one"}],
            defaults={"webhook": told.url},
        )
        for locked in (False, True, False, True, True, False):
            with hold(stage, host, held.uuid) if locked else nullcontext():
                assert stage.here("jobs", "run").code == (9 if locked else 0)
            told_after.append(len(told.calls))
    assert told_after == [0, 0, 0, 0, 1, 2]


def hold(stage: Stage, host: str, campaign: str) -> AbstractContextManager[None]:
    """The lock that another run would hold."""
    return lock.hold(
        stage.folder / "state", host=host, campaign=campaign, run_id="other", command="sync", clock=lambda: datetime.now(UTC)
    )
