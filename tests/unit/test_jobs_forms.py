"""What is printed for schedulers: each form is read by what reads it in earnest, or by its schema, and means the same times."""

from __future__ import annotations

import ast
import json
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml
from zoneinfo import ZoneInfo

import jsonschema
import pytest
import yaml
from cronsim import CronSim
from jobs_cases import SITE, job

from callcamp_sync.errors import UsageError
from callcamp_sync.jobs import forms
from callcamp_sync.jobs.forms.groups import grouped
from callcamp_sync.jobs.forms.systemd import calendars

SCHEMAS = Path(__file__).parent / "schemas"
MARK = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}

PLAIN = ["15 2 * * *", "0 6 * * 1-5", "*/15 8-18 * * MON,WED,FRI", "0 3 1,15 * *", "30 4 1 */3 *", "5 0 * * 7"]
EITHER = ["0 5 1 * 1", "0 5 1-31 * 1", "0 5 1 * 0-6"]
BOTH = ["0 5 */2 * 1"]


def only(form: str, schedule: str = "15 2 * * *", zone: str = "Europe/London", **more: Any) -> str:
    made = forms.make(form, [job(schedule, zone, **more)], SITE)
    return made.files[0].text


def test_jobs_of_one_schedule_share_a_command_and_what_comes_after_is_in_it() -> None:
    jobs = [
        job(name="one"),
        job(name="two"),
        job("0 6 * * 1", name="weekly"),
        job(None, name="status", after="two"),
        job(None, name="by-hand"),
    ]
    groups, left = grouped(jobs)
    assert [(group.name, group.jobs) for group in groups] == [
        ("15-2-x-x-x-europe-london", ("one", "two", "status")),
        ("weekly", ("weekly",)),
    ]
    assert left == ["by-hand"]
    assert any("`by-hand`" in notice for notice in forms.make("cron", jobs, SITE).notices)


def test_groups_whose_names_would_be_the_same_get_files_of_their_own() -> None:
    alike = [
        job("0 1 * * *", name="a_b"),
        job("0 2 * * *", name="a-b"),
        job("0 3 * * *", name="A-B"),
        job("0 4 * * *", name="a_"),
    ]
    assert [group.name for group in grouped(alike)[0]] == ["a-b", "a-b-2", "a-b-3", "a"]
    days = [
        job("0 1 * * 1,5", name="a"),
        job("0 1 * * 1,5", name="b"),
        job("0 1 * * 1-5", name="c"),
        job("0 1 * * 1-5", name="d"),
    ]
    for form in ("systemd", "windows", "github", "kubernetes"):
        for jobs in (alike, days):
            names = [file.name for file in forms.make(form, jobs, SITE).files]
            assert len(set(names)) == len(names)


@pytest.mark.parametrize("form", list(forms.FORMS))
def test_every_form_runs_the_jobs_without_asking(form: str) -> None:
    text = "".join(file.text for file in forms.make(form, [job()], SITE).files)
    assert "jobs run spring --no-input" in text
    assert "Europe/London" in text


@pytest.mark.parametrize("form", list(forms.FORMS))
def test_a_profile_is_kept(form: str) -> None:
    made = forms.make(form, [job()], replace(SITE, profile="pilot"))
    assert "--profile pilot" in made.files[0].text


@pytest.mark.parametrize("form", list(forms.FORMS))
def test_without_a_schedule_there_is_nothing_to_print(form: str) -> None:
    with pytest.raises(UsageError, match="no job has a schedule"):
        forms.make(form, [job(None)], SITE)


def test_an_unknown_form_names_those_that_there_are() -> None:
    with pytest.raises(UsageError) as caught:
        forms.make("launchd", [job()], SITE)
    assert "kubernetes" in (caught.value.hint or "")


# --- cron -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schedule", [*PLAIN, *EITHER, *BOTH])
def test_a_crontab_line_is_read_by_cron_and_runs_in_a_shell(schedule: str, tmp_path: Path) -> None:
    folder = tmp_path / "odd % folder's"
    folder.mkdir()
    site = replace(SITE, folder=str(folder), program="echo")
    text = forms.make("cron", [job(schedule)], site).files[0].text
    assert "CRON_TZ=Europe/London\n" in text
    line = text.splitlines()[-1]
    fields, command = " ".join(line.split()[:5]), line.split(maxsplit=5)[5]
    assert fields == schedule
    assert next(CronSim(fields, datetime(2026, 1, 1, tzinfo=ZoneInfo("Europe/London"))))
    assert re.search(r"(?<!\\)%", command) is None
    said = subprocess.run(["/bin/sh", "-c", command.replace(r"\%", "%")], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["jobs", "run", "spring", "--no-input", "--quiet"]


# --- systemd --------------------------------------------------------------------------------------------------------------

ANALYZE = shutil.which("systemd-analyze")


@pytest.mark.skipif(ANALYZE is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("folder", ["/srv/calls", "/srv/odd % folder"])
def test_systemd_accepts_the_units(folder: str, tmp_path: Path) -> None:
    site = replace(SITE, folder=folder, program=sys.executable)
    made = forms.make("systemd", [job(), job("0 5 1 * 1", name="both")], site)
    paths = forms.write(made, tmp_path)
    assert ANALYZE is not None
    ended = subprocess.run(
        [ANALYZE, "verify", "--man=no", *map(str, paths)], capture_output=True, text=True, check=False, timeout=60
    )
    ours = [line for line in ended.stderr.splitlines() if "callcamp" in line]
    assert (ended.returncode, ours) == (0, [])


@pytest.mark.skipif(ANALYZE is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("schedule", [*PLAIN, *EITHER, *BOTH])
def test_systemd_means_the_same_times_as_cron(schedule: str) -> None:
    """Both calendars are asked for their next times after one moment in a zone without clock changes."""
    begin = datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC"))
    groups, _ = grouped([job(schedule, "UTC")])
    found: set[datetime] = set()
    for line in calendars(groups[0]):
        assert ANALYZE is not None
        command = [ANALYZE, "calendar", "--iterations=8", f"--base-time={begin:%Y-%m-%d %H:%M:%S} UTC", f"{line} UTC"]
        said = subprocess.run(command, capture_output=True, text=True, check=True, env={"TZ": "UTC"}, timeout=60).stdout
        times = re.findall(r"(?:Next elapse|Iteration #\d+|Iter\. #\d+): \w+ (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC", said)
        found |= {datetime.fromisoformat(f"{time}+00:00") for time in times}
    cron = CronSim(schedule, begin - timedelta(seconds=1))
    expected = [due for due in (next(cron) for _ in range(9)) if due > begin][:8]
    assert sorted(found)[:8] == expected


def test_a_timer_catches_up_and_a_night_with_rejected_rows_is_no_failure() -> None:
    made = forms.make("systemd", [job()], SITE)
    service, timer = (file.text for file in made.files)
    assert "Persistent=true" in timer
    assert "OnCalendar=*-*-* 02:15:00 Europe/London" in timer
    assert "SuccessExitStatus=3" in service
    assert "Type=oneshot" in service


# --- Windows --------------------------------------------------------------------------------------------------------------


def task(schedule: str) -> Xml.Element:
    text = only("windows", schedule)
    assert text.isascii()
    return Xml.fromstring(text)


def test_a_task_of_windows_catches_up_and_is_not_run_twice() -> None:
    found = task("15 2 * * *")
    assert [part.tag.partition("}")[2] for part in found] == ["RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"]
    assert found.findtext("t:Settings/t:StartWhenAvailable", namespaces=MARK) == "true"
    assert found.findtext("t:Settings/t:MultipleInstancesPolicy", namespaces=MARK) == "IgnoreNew"
    assert found.findtext(".//t:StartBoundary", namespaces=MARK) == "2026-01-01T02:15:00"
    assert found.findtext(".//t:DaysInterval", namespaces=MARK) == "1"
    assert found.findtext(".//t:WorkingDirectory", namespaces=MARK) == "/srv/calls"


@pytest.mark.parametrize(
    ("schedule", "triggers", "inside"),
    [
        pytest.param("0 6,18 * * 1-5", 2, {"Monday", "Friday"}, id="twice on working days"),
        pytest.param("*/15 * * * *", 1, {"Repetition", "ScheduleByDay"}, id="every quarter of an hour repeats"),
        pytest.param("*/15 8-18 * * 1-5", 1, {"Repetition", "ScheduleByWeek"}, id="and so it does in working hours"),
        pytest.param("0 3 1,15 * *", 1, {"ScheduleByMonth", "December"}, id="two days a month"),
        pytest.param("0 3 * 1 *", 1, {"ScheduleByMonth", "January"}, id="every day of one month"),
        pytest.param("0 5 1 * 1", 2, {"ScheduleByMonth", "ScheduleByWeek"}, id="the first, and every Monday"),
    ],
)
def test_triggers_of_windows(schedule: str, triggers: int, inside: set[str]) -> None:
    found = task(schedule)
    tags = {part.tag.partition("}")[2] for part in found.iter()}
    assert len(found.findall(".//t:CalendarTrigger", MARK)) == triggers
    assert inside - tags == set()


@pytest.mark.parametrize("schedule", ["*/7 * * * *", "0 5 * 1 1"])
def test_what_windows_cannot_do_is_refused(schedule: str) -> None:
    with pytest.raises(UsageError):
        task(schedule)


# --- GitHub, Kubernetes ---------------------------------------------------------------------------------------------------


# yaml comes without types.
class _Strict(yaml.SafeLoader):  # type: ignore[misc]
    """YAML 1.2's idea of a bool: `on` is a word."""


_Strict.yaml_implicit_resolvers = {
    sign: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:bool"]
    for sign, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Strict.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


@pytest.mark.parametrize("schedule", [*PLAIN, *EITHER])
@pytest.mark.parametrize(("form", "schema"), [("github", "workflow.json"), ("kubernetes", "cronjob.json")])
def test_a_form_in_yaml_fits_its_schema_and_means_the_same_times(form: str, schema: str, schedule: str) -> None:
    document = yaml.load(only(form, schedule), _Strict)
    jsonschema.validate(document, json.loads((SCHEMAS / schema).read_text("utf-8")))
    spec = document["on"]["schedule"][0] if form == "github" else document["spec"]
    zone = spec["timezone"] if form == "github" else spec["timeZone"]
    begin = datetime(2026, 1, 1, tzinfo=ZoneInfo(zone))
    theirs, ours = CronSim(spec["cron" if form == "github" else "schedule"], begin), CronSim(schedule, begin)
    assert [next(theirs) for _ in range(50)] == [next(ours) for _ in range(50)]


def test_a_cronjob_forbids_a_second_one_and_tries_no_second_time() -> None:
    spec = yaml.safe_load(only("kubernetes"))["spec"]
    assert (spec["concurrencyPolicy"], spec["timeZone"]) == ("Forbid", "Europe/London")
    assert spec["jobTemplate"]["spec"]["backoffLimit"] == 0
    pod = spec["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["restartPolicy"] == "Never"
    command = pod["containers"][0]["command"]
    assert command[:2] == ["sh", "-c"]
    assert shlex.split(command[2])[:4] == ["callcamp-sync", "jobs", "run", "spring"]


def test_a_workflow_keeps_the_token_in_a_secret() -> None:
    document = yaml.load(only("github"), _Strict)
    assert document["jobs"]["run"]["env"]["CALLCAMP_TOKEN"] == "${{ secrets.CALLCAMP_TOKEN }}"
    command = document["jobs"]["run"]["steps"][-1]["run"]
    assert command == '"$RUNNER_TEMP/callcamp/bin/callcamp-sync" jobs run spring --no-input || test $? -eq 3'


@pytest.mark.parametrize("form", ["github", "kubernetes", "windows", "airflow"])
def test_a_day_that_is_both_is_refused_where_it_would_become_either(form: str) -> None:
    with pytest.raises(UsageError, match="at once"):
        only(form, BOTH[0])


@pytest.mark.parametrize("form", ["cron", "systemd", "windows", "github", "kubernetes"])
@pytest.mark.parametrize("schedule", ["0 5 L * *", "0 5 * * 1#2", "0 5 * * 5L"])
def test_what_only_some_read_is_refused(form: str, schedule: str) -> None:
    with pytest.raises(UsageError, match="no `L`"):
        only(form, schedule)


# --- Airflow --------------------------------------------------------------------------------------------------------------


def test_an_airflow_file_compiles_and_has_one_dag_a_group() -> None:
    text = forms.make("airflow", [job(), job("0 6 * * 1", name="weekly")], SITE)
    tree = ast.parse(text.files[0].text)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    dags = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "DAG"]
    told = [{word.arg: word.value for word in dag.keywords} for dag in dags]
    assert [ast.literal_eval(words["dag_id"]) for words in told] == ["callcamp_sync_spring", "callcamp_sync_weekly"]
    assert all(ast.literal_eval(words["catchup"]) is False and ast.literal_eval(words["max_active_runs"]) == 1 for words in told)


@pytest.mark.parametrize("form", list(forms.FORMS))
def test_files_can_be_written(form: str, tmp_path: Path) -> None:
    made = forms.make(form, [job()], SITE)
    assert [path.read_text("utf-8") for path in forms.write(made, tmp_path / "new")] == [file.text for file in made.files]


def test_a_repetition_of_windows_ends_with_the_last_time_of_its_day() -> None:
    found = task("*/15 8-18 * * 1-5")
    assert found.findtext(".//t:StartBoundary", namespaces=MARK) == "2026-01-01T08:00:00"
    assert found.findtext(".//t:Interval", namespaces=MARK) == "PT15M"
    assert found.findtext(".//t:Duration", namespaces=MARK) == f"PT{10 * 60 + 45 + 1}M"


@pytest.mark.parametrize("folder", ["/srv/{{ds}}", "/srv/{% x %}", "/srv/{# x #}", "/srv/calls.sh"])
def test_a_folder_that_airflow_would_read_as_a_template_is_refused(folder: str) -> None:
    """Airflow renders `cwd` as it renders the command, and loads what ends with `.sh` as a template file."""
    with pytest.raises(UsageError, match="cannot stand in an Airflow file"):
        forms.make("airflow", [job()], replace(SITE, folder=folder))
