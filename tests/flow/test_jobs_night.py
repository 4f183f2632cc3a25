"""A night of campaigns: one report over all, one exit code; what fails stops nothing else, what is held is left alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flow_stage import CANARY_TOKEN, EMPTY, SPRING, Stage, lead, wait_until
from jobs_stage import campaign, ends, listening, night, people, project

from callcamp_sync.errors import PRECEDENCE
from callcamp_sync.sandbox.seed import bulk_phone

TWELVE = [f"Campaign {number:02}" for number in range(1, 13)]


def twelve(stage: Stage, rows: int = 3, **changed: dict[str, Any]) -> None:
    """Twelve campaigns, each with its sheet and its job `c01` to `c12`. changed: keys of a job that are otherwise."""
    jobs = []
    for number, name in enumerate(TWELVE, start=1):
        campaign(stage, name)
        label = f"c{number:02}"
        stage.sheet(people(1_000 + number * 100, rows), f"{label}.csv")
        jobs.append({"name": label, "source": f"{label}.csv", "campaign": name, **changed.get(label, {})})
    project(stage, jobs)


def test_of_twelve_campaigns_nine_succeed_and_three_say_why(stage: Stage) -> None:
    twelve(
        stage,
        c03={"source": "broken.xlsx"},
        c05={"campaign": "Campaign that was deleted"},
        c07={"max_create": 1},
    )
    stage.folder.joinpath("broken.xlsx").write_bytes(b"PK\x03\x04 and then the disk was full")
    ended = stage.here("jobs", "run")
    said = night(stage)
    assert ends(said) == {f"c{n:02}": {3: 2, 5: 7, 7: 8}.get(n, 0) for n in range(1, 13)}
    assert ended.code == said["night"]["exit"]["code"] == min({2, 7, 8}, key=PRECEDENCE.index)
    whole = {job["job"]: job for job in said["jobs"]}
    assert "broken.xlsx" in whole["c03"]["error"]["message"]
    assert "Campaign that was deleted" in whole["c05"]["error"]["message"]
    assert "adds 3 contacts, over 1" in whole["c07"]["error"]["message"]
    assert "--max-create 3" in whole["c07"]["error"]["hint"]
    assert [len(stage.phones(name)) for name in TWELVE] == [0 if n in (3, 5, 7) else 3 for n in range(1, 13)]
    folders = [path.parent for path in (stage.folder / "reports").glob("*/night.json")]
    assert len(folders) == 1
    assert {path.name for path in folders[0].iterdir()} == {"night.json", "night.html", "night.md"}
    for job in ("c03", "c05", "c07"):
        assert f"{job} " in ended.out
    assert "9 of 12 jobs did their work" in ended.out


def test_a_second_run_leaves_what_is_held_alone_and_does_the_rest(stage: Stage) -> None:
    twelve(stage, rows=12)
    with stage.begin("jobs", "run", "c01", "c02", "--rate", "1.5") as first:
        locks = stage.folder / "state" / "locks"
        wait_until(lambda: len(list(locks.glob("*.json"))) == 2, "two campaigns are held")
        second = stage.here("jobs", "run", "--json")
        assert first.process.poll() is None
    assert second.code == 9
    assert ends(second.document) == {f"c{n:02}": 9 if n in (1, 2) else 0 for n in range(1, 13)}
    assert all(len(stage.phones(name)) == 12 for name in TWELVE[2:])


def test_a_job_comes_after_another_and_not_when_that_one_failed(stage: Stage) -> None:
    stage.sheet(people(500, 2), "one.csv")
    project(
        stage,
        [
            {"name": "sheet", "output": "out/status.xlsx", "campaign": EMPTY, "after": "pilot"},
            {"name": "pilot", "source": "one.csv", "campaign": EMPTY},
            {"name": "gone", "source": "nothing-*.csv", "campaign": SPRING},
            {"name": "later", "source": "one.csv", "campaign": SPRING, "after": ["gone"]},
        ],
    )
    ended = stage.here("jobs", "run", "--json")
    assert ends(ended.document) == {"sheet": 0, "pilot": 0, "gone": 8, "later": 6}
    jobs = {job["job"]: job for job in ended.document["jobs"]}
    assert jobs["sheet"]["rows"] == 2
    assert "comes after `gone`" in jobs["later"]["error"]["message"]
    assert stage.folder.joinpath("out/status.xlsx").is_file()
    alone = stage.here("jobs", "run", "later", "--json")
    assert ends(alone.document) == {"later": 0}


def test_jobs_of_one_campaign_take_turns(stage: Stage) -> None:
    stage.sheet(people(500, 2), "one.csv")
    stage.sheet(people(510, 2), "two.csv")
    project(stage, [{"name": name, "source": f"{name}.csv", "campaign": EMPTY} for name in ("one", "two")])
    assert ends(stage.here("jobs", "run", "--json").document) == {"one": 0, "two": 0}
    assert len(stage.phones(EMPTY)) == 4


def test_the_pace_of_an_account_is_shared(stage: Stage) -> None:
    """Four jobs at once under one rate: by the server's own log they are no faster together than one may be."""
    twelve(stage, rows=2)
    ended = stage.here("jobs", "run", "c01", "c02", "c03", "c04", "--parallel", "4", "--rate", "8", "--json")
    assert ends(ended.document) == {"c01": 0, "c02": 0, "c03": 0, "c04": 0}
    times = sorted(request.at for request in stage.box.requests)
    assert len(times) > 20
    assert (len(times) - 1) / (times[-1] - times[0]) <= 8 * 1.05


def test_a_dry_run_sends_nothing_and_leaves_nothing(stage: Stage) -> None:
    stage.sheet(people(500, 2), "one.csv")
    with listening() as told:
        project(
            stage,
            [{"name": "one", "source": "one.csv", "campaign": EMPTY, "archive": "done"}],
            defaults={"webhook": told.url, "ping": told.url, "notify": "always"},
        )
        ended = stage.here("jobs", "run", "--dry-run", "--json")
    assert (ended.code, ended.document["jobs"][0]["counts"]) == (0, {"created": 2})
    assert (stage.methods(), told.calls) == ({"GET"}, [])
    assert (stage.folder / "one.csv").exists()
    assert not (stage.folder / "reports").exists()
    assert json.loads(stage.here("jobs", "list", "--json").out)[0]["last"] is None
    assert stage.here("runs", "list").out == "no runs yet\n"


def test_a_file_that_was_done_is_archived_and_a_failed_one_stays(stage: Stage) -> None:
    stage.sheet(people(500, 2), "in-1.csv")
    stage.sheet(people(500, 2), "bad-1.csv")
    stage.sheet(people(500, 2), "odd-1.csv")
    project(
        stage,
        [
            {"name": "good", "source": "in-*.csv", "campaign": EMPTY, "archive": "done"},
            {"name": "bad", "source": "bad-*.csv", "campaign": "no such campaign", "archive": "done"},
            {"name": "odd", "source": "odd-*.csv", "campaign": SPRING, "archive": "done", "max_create": 0},
        ],
    )
    assert stage.here("jobs", "run").code == 7
    kept = [path.name for path in (stage.folder / "done").iterdir()]
    assert len(kept) == 1
    assert kept[0].startswith("in-1-2")
    assert not (stage.folder / "in-1.csv").exists()
    assert (stage.folder / "bad-1.csv").exists()
    assert (stage.folder / "odd-1.csv").exists()


def test_a_job_that_takes_too_long_ends_and_the_others_go_on(stage: Stage) -> None:
    stage.sheet(people(500, 30), "one.csv")
    stage.sheet(people(600, 1), "two.csv")
    project(
        stage,
        [
            {"name": "slow", "source": "one.csv", "campaign": EMPTY, "timeout": "1s", "rate": 4},
            {"name": "quick", "source": "two.csv", "campaign": SPRING},
        ],
    )
    ended = stage.here("jobs", "run", "--parallel", "1", "--json")
    assert ends(ended.document)["slow"] == 6
    assert "time of 1 s was over" in json.dumps(ended.document)
    assert ends(ended.document)["quick"] == 0


def test_a_typed_flag_lifts_one_guard_of_one_job(stage: Stage) -> None:
    stage.sheet(people(500, 3), "one.csv")
    project(stage, [{"name": name, "source": "one.csv", "campaign": EMPTY, "max_create": 1} for name in ("a", "b")])
    assert stage.here("jobs", "run", "a").code == 8
    refused = stage.here("jobs", "run", "--max-create", "3")
    assert (refused.code, "name the one job" in refused.err) == (2, True)
    assert stage.here("jobs", "run", "a", "--max-create", "3").code == 0


def test_a_wrong_setting_of_one_job_fails_that_job(stage: Stage) -> None:
    stage.sheet(people(500, 2), "one.csv")
    project(
        stage,
        [
            {"name": "wrong", "source": "one.csv", "campaign": SPRING, "mode": "upsrt"},
            {"name": "right", "source": "one.csv", "campaign": EMPTY},
        ],
    )
    ended = stage.here("jobs", "run", "--json")
    assert ends(ended.document) == {"wrong": 2, "right": 0}
    line = (stage.folder / "callcamp.toml").read_text("utf-8").splitlines().index('mode = "upsrt"') + 1
    assert f"`mode` of the job `wrong` in `callcamp.toml`, line {line}" in json.dumps(ended.document)


def test_a_job_is_stronger_than_the_environment_and_weaker_than_what_is_typed(stage: Stage) -> None:
    stage.sheet(people(500, 3), "one.csv")
    project(stage, [{"name": "one", "source": "one.csv", "campaign": EMPTY, "max_create": 2}])
    stage.more["CALLCAMP_MAX_CREATE"] = "100"
    assert stage.here("jobs", "run", "one").code == 8
    assert stage.here("jobs", "run", "one", "--max-create", "100%").code in (0, 8)
    assert stage.here("jobs", "run", "one", "--max-create", "3").code == 0


def test_a_signal_ends_every_job_and_the_report_is_written(stage: Stage) -> None:
    import signal

    twelve(stage, rows=12)
    with stage.begin("jobs", "run", "--rate", "9", "--parallel", "2") as running:
        wait_until(lambda: any(one.method == "POST" for one in list(stage.box.requests)), "something was sent")
        running.signal(signal.SIGTERM)
        ended = running.wait()
    assert ended.code == 143
    codes = ends(night(stage))
    assert len(codes) == 12
    assert set(codes.values()) <= {0, 143, 6}
    assert 143 in codes.values()


@pytest.mark.parametrize("form", ["night.html", "night.md", "night.json"])
def test_the_report_over_all_holds_no_number_and_no_token(stage: Stage, form: str) -> None:
    stage.sheet([*people(500, 2), lead("not a number")], "one.csv")
    project(stage, [{"name": "one", "source": "one.csv", "campaign": EMPTY}])
    assert stage.here("jobs", "run").code == 3
    text = next((stage.folder / "reports").glob(f"*/{form}")).read_text("utf-8")
    assert bulk_phone(500)[1:] not in text
    assert CANARY_TOKEN not in text
    assert "one" in text


def test_trends_stand_in_the_report(stage: Stage) -> None:
    project(stage, [{"name": "one", "source": "one.csv", "campaign": EMPTY}])
    for count in (3, 4, 5):
        stage.sheet(people(500, count), "one.csv")
        assert stage.here("jobs", "run").code == 0
    assert [run["rows"] for run in night(stage)["jobs"][0]["trend"]] == [5, 4, 3]
    listed = stage.here("runs", "list", "--json").document
    assert [(run["job"], run["rows"], run["exit"]) for run in listed] == [("one", 5, 0), ("one", 4, 0), ("one", 3, 0)]
    assert all(run["seconds"] > 0 and run["requests"] > 0 for run in listed)


def test_an_export_that_cannot_make_its_folder_says_so(stage: Stage) -> None:
    stage.file("taken", "a file")
    project(
        stage,
        [
            {"name": "bad", "output": "taken/out.csv", "campaign": EMPTY},
            {"name": "home", "output": "~/exports/out.csv", "campaign": EMPTY},
        ],
    )
    ended = stage.here("jobs", "run", "--json")
    bad, home = ended.document["jobs"]
    assert (bad["state"], home["exit"]["code"]) == ("usage: state", 0)
    assert "taken" in bad["error"]["message"]
    assert (stage.folder / "exports" / "out.csv").exists()  # the stage's folder is its home
    assert not (stage.folder / "~").exists()


def test_a_mapping_may_lie_in_the_users_home(stage: Stage) -> None:
    stage.sheet(people(500, 1), "one.csv")
    stage.file("m.toml", '[record]\nphoneNumber = "Phone"\n[parameters]\n"*" = "match"\n')
    project(stage, [{"name": "one", "source": "one.csv", "campaign": EMPTY, "mapping": "~/m.toml"}])
    assert stage.here("jobs", "run").code == 0


def test_a_bug_in_one_job_does_not_take_the_others_with_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one fault that cannot be had from outside is planted: a stage that breaks on one job's sheet."""
    from callcamp_sync import planning

    whole = planning.desire

    def broken(subject: Any, record_type: Any) -> Any:
        if subject.shown["job"] == "one":
            raise ZeroDivisionError
        return whole(subject, record_type)

    monkeypatch.setattr(planning, "desire", broken)
    stage.sheet(people(500, 2), "one.csv")
    stage.sheet(people(510, 2), "two.csv")
    project(stage, [{"name": name, "source": f"{name}.csv", "campaign": EMPTY} for name in ("one", "two")])
    ended = stage.here("jobs", "run", "--json")
    assert (ended.code, ends(ended.document)) == (1, {"one": 1, "two": 0})
    assert "ZeroDivisionError" in ended.document["jobs"][0]["error"]["message"]
