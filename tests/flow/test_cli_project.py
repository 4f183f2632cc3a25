"""`init` and `config show`: a folder to begin with, and what counts in it."""

from __future__ import annotations

import tomllib

import pytest
from flow_stage import CANARY_TOKEN, SPRING, Stage

FILES = ["callcamp.toml", ".env.example", ".gitignore", "leads.csv", "mappings/leads.toml"]


def test_init_writes_a_folder_whose_sample_can_be_planned_at_once(stage: Stage) -> None:
    begun = stage.here("init", "work", "--json")
    assert [(one["path"], one["kept"]) for one in begun.document] == [(f"work/{name}", False) for name in FILES]
    folder = stage.folder / "work"
    planned = stage.here("plan", folder / "leads.csv", "-m", folder / "mappings" / "leads.toml", "-c", SPRING, "--json")
    assert (planned.code, planned.document["counts"]) == (3, {"created": 4, "rejected": 1})


def test_init_names_the_next_command_and_changes_nothing_that_is_there(stage: Stage) -> None:
    stage.file("callcamp.toml", "region = 'GB'\n")
    begun = stage.here("init")
    assert (begun.code, "callcamp-sync sandbox" in begun.err) == (0, True)
    assert "kept     callcamp.toml" in begun.out
    assert (stage.folder / "callcamp.toml").read_text() == "region = 'GB'\n"
    again = stage.here("init", "--json")
    assert [one["kept"] for one in again.document] == [True] * len(FILES)


def test_the_settings_of_a_new_folder_are_settings_once_they_are_uncommented(stage: Stage) -> None:
    stage.here("init")
    text = (stage.folder / "callcamp.toml").read_text()
    lines = [line.removeprefix("# ") for line in text.splitlines()[3:] if line]
    (stage.folder / "callcamp.toml").write_text("\n".join(lines))
    assert set(tomllib.loads("\n".join(lines))) == {"region", "max_remove", "report_dir", "profiles"}
    shown = stage.here("config", "show", "--profile", "rehearsal", "--json")
    assert (shown.code, {one["name"]: one["value"] for one in shown.document}["region"]) == (0, "GB")


def test_the_secrets_of_a_new_folder_are_not_committed_and_hold_nothing(stage: Stage) -> None:
    stage.here("init")
    assert ".env" in (stage.folder / ".gitignore").read_text().splitlines()
    assert "CALLCAMP_TOKEN=\n" in (stage.folder / ".env.example").read_text()


def test_init_where_a_folder_is_in_the_way_says_so(stage: Stage) -> None:
    (stage.folder / "leads.csv").mkdir()
    begun = stage.here("init")
    assert (begun.code, "`leads.csv` is in the way" in begun.err) == (2, True)


def test_config_show_names_where_each_value_comes_from(stage: Stage) -> None:
    stage.file("callcamp.toml", "max_remove = '5%'\n")
    stage.more = {"CALLCAMP_REGION": "GB"}
    shown = stage.here("config", "show", "--origin", "--log-format", "text")
    lines = {line.split()[0]: line for line in shown.out.splitlines()}
    assert "GB" in lines["region"]
    assert lines["region"].endswith("the environment variable `CALLCAMP_REGION`")
    assert lines["max_remove"].split()[1:] == ["5%", "`max_remove`", "in", "`callcamp.toml`"]
    assert lines["log_format"].endswith("`--log-format`")
    assert lines["concurrency"].split()[1:] == ["8", "default"]
    assert lines["token"].split()[1] == "(set)"
    assert CANARY_TOKEN not in shown.out + shown.err


def test_config_show_without_origin_has_names_and_values_alone(stage: Stage) -> None:
    shown = stage.here("config", "show")
    assert "concurrency" in shown.out
    assert "default" not in shown.out
    assert "origin" not in stage.here("config", "show", "--json").document[0]


def test_config_show_of_a_wrong_value_is_a_usage_error_that_does_not_repeat_it(stage: Stage) -> None:
    stage.more = {"CALLCAMP_RATE": CANARY_TOKEN}
    shown = stage.here("config", "show")
    assert (shown.code, CANARY_TOKEN in shown.out + shown.err) == (2, False)


@pytest.mark.parametrize("way", ["FILE", "COMMAND"])
def test_a_token_from_elsewhere_opens_the_account_and_stays_out_of_sight(stage: Stage, way: str) -> None:
    """Neither argument list, nor messages, nor the run's files hold it."""
    path = stage.file("token", CANARY_TOKEN)
    path.chmod(0o600)
    stage.token = None
    stage.more = {f"CALLCAMP_TOKEN_{way}": str(path) if way == "FILE" else f"cat {path}"}
    sheet = stage.sheet([{"Phone": "+12025550199", "Company": "Example Ltd"}])
    ended = stage.apart("sync", sheet, "-c", SPRING, "--yes", "-v")
    assert ended.code == 0
    files = [file for file in stage.folder.rglob("*") if file.is_file() and file != path]
    assert [str(file) for file in files if CANARY_TOKEN.encode() in file.read_bytes()] == []
    assert (CANARY_TOKEN in ended.out + ended.err, len(files) > 5) == (False, True)
