"""`callcamp.toml`: what a job is, what stands in `[defaults]`, and what every mistake says: its line, and what was meant."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from jobs_cases import jobs

from callcamp_sync.errors import SettingsError
from callcamp_sync.jobs.document import chosen, circular
from callcamp_sync.jobs.work import Task
from callcamp_sync.model import Limit, Mode

ONE = '[[job]]\nname = "spring"\nsource = "in/*.csv"\ncampaign = "Spring renewals"\n'


def test_a_job_has_its_own_keys_and_those_of_the_defaults(tmp_path: Path) -> None:
    text = '[defaults]\nmode = "mirror"\nmax_remove = "5%"\ntimezone = "Europe/London"\nschedule = "15 2 * * *"\n\n'
    found = jobs(tmp_path, text + ONE + 'mode = "update"\n')[0]
    settings = found.load({}, project=tmp_path)
    assert (settings.mode, settings.max_remove) == (Mode.UPDATE, Limit(percent=5.0))
    assert (found.kind, found.schedule, found.timezone) == ("sync", "15 2 * * *", "Europe/London")


def test_what_is_typed_stands_over_a_job_and_a_job_over_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLCAMP_ABSENCES", "9")
    monkeypatch.setenv("CALLCAMP_MAX_SAME", "7")
    found = jobs(tmp_path, ONE + "absences = 3\nmax_headers = 1\n")[0]
    settings = found.load({"max_headers": 4}, project=tmp_path)
    assert (settings.absences, settings.max_headers, settings.max_same) == (3, 4, 7)


def test_an_export_names_its_output(tmp_path: Path) -> None:
    text = '[[job]]\nname = "out"\noutput = "out/status.xlsx"\ncampaign = "Spring"\nstatus = "busy"\ncalls = true\n'
    found = jobs(tmp_path, text)[0]
    assert (found.kind, found.status, found.calls) == ("export", ("busy",), True)


def test_a_task_can_be_sent_elsewhere_and_shows_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLCAMP_TOKEN", "canary-token")
    found = jobs(tmp_path, ONE + 'webhook = "https://chat.example.com/canary-hook"\n')[0]
    task = Task(job=found, settings=found.load({}, project=tmp_path))
    again = pickle.loads(pickle.dumps(task))
    assert again == task
    assert "canary" not in repr(again.settings)


WRONG = [
    pytest.param(ONE + 'campain = "x"\n', 5, "campain", "`campaign`", id="a misspelt key of a job"),
    pytest.param(ONE + 'max_removes = "5%"\n', 5, "max_removes", "`max_remove`", id="a misspelt setting"),
    pytest.param('[defaults]\nschedul = "1 2 * * *"\n' + ONE, 2, "schedul", "`schedule`", id="a misspelt default"),
    pytest.param('[defaults]\nsource = "x"\n' + ONE, 2, "source", "", id="a key that is no default"),
    pytest.param(ONE + 'token = "x"\n', 5, "token", "at the top", id="a token"),
    pytest.param(ONE + 'state_dir = "x"\n', 5, "state_dir", "at the top", id="a state folder of its own"),
    pytest.param(ONE + 'schedule = "15 2 * *"\n', 5, "schedule", "five fields", id="four fields of cron text"),
    pytest.param(ONE + 'schedule = "99 2 * * *"\n', 5, "schedule", "bad minute", id="a minute that is none"),
    pytest.param(
        ONE + 'schedule = "15 2 * * *"\ntimezone = "Europe/Londn"\n', 5, "schedule", "`Europe/London`", id="a zone that is none"
    ),
    pytest.param(ONE + 'timeout = "soon"\n', 5, "timeout", "`90s`", id="a time that is none"),
    pytest.param(ONE + ONE, 6, "`spring`", "its own name", id="two jobs of one name"),
    pytest.param(ONE + 'after = "sprung"\n', 5, "`sprung`", "name another", id="after a job that is not there"),
    pytest.param(ONE.replace('"spring"', '"a b"'), 2, "name", "letters, digits", id="a name with a space"),
    pytest.param(ONE.replace("source", "output"), None, "", "", id="an export to nothing that can be written is found later"),
    pytest.param(ONE + 'output = "x.csv"\n', 1, "both", "names its `source`", id="source and output"),
    pytest.param('[[job]]\nname = "x"\ncampaign = "y"\n', 1, "neither", "names its `source`", id="neither source nor output"),
    pytest.param('[[job]]\nname = "x"\nsource = "y"\n', 1, "no campaign", "campaign = ", id="no campaign and no mapping"),
    pytest.param('[[job]]\nsource = "y"\ncampaign = "x"\n', 1, "has no `name`", "", id="no name"),
    pytest.param('job = "x"\n', None, "not a list", "[[job]]", id="a job that is a text"),
    pytest.param("region = 'GB'\n", None, "has no job", "[[job]]", id="no job at all"),
    pytest.param("[[job]\n", None, "line 1", "correct the file", id="no TOML"),
]


@pytest.mark.parametrize(("text", "line", "words", "hint"), WRONG)
def test_a_mistake_says_its_line_and_what_was_meant(tmp_path: Path, text: str, line: int | None, words: str, hint: str) -> None:
    if not words:
        assert jobs(tmp_path, text)
        return
    with pytest.raises(SettingsError) as caught:
        jobs(tmp_path, text)
    assert words in caught.value.message
    assert hint in (caught.value.hint or "")
    if line:
        assert f"line {line}:" in caught.value.message


def test_a_misspelt_table_is_found_by_every_command(tmp_path: Path) -> None:
    from callcamp_sync.settings import load

    (tmp_path / "callcamp.toml").write_text("[[jobs]]\nname = 'x'\n", encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load({}, environ={}, project=tmp_path, user=tmp_path / "none.toml")
    assert "`job`" in (caught.value.hint or "")


def test_no_file_says_where_jobs_are_written(tmp_path: Path) -> None:
    from callcamp_sync.jobs.document import read_jobs

    with pytest.raises(SettingsError, match=r"callcamp\.toml") as caught:
        read_jobs(tmp_path)
    assert "[[job]]" in (caught.value.hint or "")


def test_jobs_that_wait_for_each_other_are_refused(tmp_path: Path) -> None:
    text = "".join(
        ONE.replace('"spring"', f'"{name}"') + f'after = "{other}"\n' for name, other in (("a", "b"), ("b", "c"), ("c", "a"))
    )
    with pytest.raises(SettingsError, match="a → b → c → a"):
        jobs(tmp_path, text)


@pytest.mark.parametrize(
    ("after", "circle"),
    [
        ({"a": [], "b": ["a"], "c": ["a", "b"]}, []),
        ({"a": ["b"], "b": ["a"]}, ["a", "b", "a"]),
        ({"x": ["a"], "a": ["b"], "b": ["a"]}, ["a", "b", "a"]),
    ],
)
def test_circles(after: dict[str, list[str]], circle: list[str]) -> None:
    assert circular(after) == circle


def test_jobs_are_chosen_by_name_in_the_order_of_the_file(tmp_path: Path) -> None:
    found = jobs(tmp_path, ONE + ONE.replace("spring", "autumn"))
    assert [job.name for job in chosen(found, ["autumn", "spring"])] == ["spring", "autumn"]
    with pytest.raises(SettingsError) as caught:
        chosen(found, ["atumn"])
    assert "`autumn`" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("where", "key", "words"),
    [
        ("[defaults]", "token_command = 'true'", "can be written by others"),
        ("[[job]]", "token_command = 'true'", "can be written by others"),
        ("[defaults]", "proxy = 'http://name:canary@proxy.example.com:3128'", "password of a proxy"),
    ],
)
def test_a_job_is_held_to_who_may_use_the_file_as_every_setting_is(tmp_path: Path, where: str, key: str, words: str) -> None:
    """Whoever can write the file could run anything as the user; whoever can read it has the password."""
    job = 'name = "one"\nsource = "one.csv"\ncampaign = "c"\n'
    text = f"[defaults]\n{key}\n[[job]]\n{job}" if where == "[defaults]" else f"[[job]]\n{key}\n{job}"
    file = tmp_path / "callcamp.toml"
    file.touch(0o666)
    file.chmod(0o666)
    with pytest.raises(SettingsError, match=words) as caught:
        jobs(tmp_path, text)
    assert "canary" not in f"{caught.value} {caught.value.hint}"
    file.chmod(0o600)
    assert len(jobs(tmp_path, text)) == 1
