"""What is released: the wheel in an empty folder, the image's recipe, the CI action's script, the locks, the audit's verdict."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
import textwrap
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.main import get_command

from callcamp_sync import __version__
from callcamp_sync.cli.app import app
from callcamp_sync.sandbox import Sandbox, demo_world

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


# --- the wheel --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it is built from this checkout, unpacked where an installation would put it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    assert __version__ in wheel.name
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_holds_the_package_its_data_and_nothing_else(unpacked: Path) -> None:
    assert {path.name for path in unpacked.iterdir()} == {"callcamp_sync", f"callcamp_sync-{__version__}.dist-info"}
    here = {path.relative_to(ROOT) for path in (ROOT / "callcamp_sync").rglob("*") if path.is_file() and path.suffix != ".pyc"}
    there = {path.relative_to(unpacked) for path in (unpacked / "callcamp_sync").rglob("*") if path.is_file()}
    shared = {path for path in there if path.parts[1] == "_share"}
    assert there - shared == here
    wanted = {"leads.csv", "leads.xlsx", "world.json", "generic.toml", "hubspot-contacts.toml", "mapping.schema.json"}
    assert wanted <= {path.name for path in shared}
    assert (unpacked / f"callcamp_sync-{__version__}.dist-info" / "licenses" / "LICENSE").is_file()


def test_the_demo_runs_from_the_wheel_in_an_empty_folder(unpacked: Path, tmp_path: Path) -> None:
    program = (
        "import sys, callcamp_sync, callcamp_sync.cli\n"
        f"assert callcamp_sync.__file__.startswith({str(unpacked)!r}), callcamp_sync.__file__\n"
        "sys.argv = ['callcamp-sync', 'demo', '--rows', '60', '--json']\n"
        "callcamp_sync.cli.main()"
    )
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(unpacked)}
    ended = subprocess.run(
        [sys.executable, "-P", "-c", program], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["source"]["rows"] > 50
    assert [path.name for path in tmp_path.iterdir()] == ["reports"]


# --- the image --------------------------------------------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, continued lines joined, comments left out."""
    text = (ROOT / "Dockerfile").read_text("utf-8")
    lines = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines if line.strip())]


def last_stage() -> dict[str, list[str]]:
    """Instruction -> its values, of the stage that is shipped."""
    found: dict[str, list[str]] = {}
    for word, rest in instructions():
        found = {} if word == "FROM" else found
        found.setdefault(word, []).append(rest)
    return found


def test_the_image_is_slim_and_of_one_named_version() -> None:
    bases = [rest.split()[0] for word, rest in instructions() if word == "FROM"]
    assert [base for base in bases if not re.fullmatch(r"python:3\.\d+-slim", base)] == []
    assert {word for word, _ in instructions()} & {"ADD", "MAINTAINER"} == set()


def test_the_image_does_not_run_as_root_and_its_folders_belong_to_the_user() -> None:
    stage = last_stage()
    user = stage["USER"][-1]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    number = user.partition(":")[0]
    assert f"--uid {number}" in stage["RUN"][0]
    assert f"install -d -o {number} -g {number} -m 0700 /state" in re.sub(r"\s+", " ", stage["RUN"][0])


def test_the_state_folder_is_a_volume() -> None:
    stage = last_stage()
    settings = dict(part.split("=", 1) for part in shlex.split(stage["ENV"][0]))
    assert settings["CALLCAMP_STATE_DIR"] in json.loads(stage["VOLUME"][0])
    assert any(settings["CALLCAMP_REPORT_DIR"].startswith(f"{volume}/") for volume in json.loads(stage["VOLUME"][0]))
    assert "CALLCAMP_TOKEN" not in " ".join(rest for _, rest in instructions())


def test_the_health_check_is_a_command_of_the_program_that_asks_no_server(tmp_path: Path) -> None:
    words = json.loads(last_stage()["HEALTHCHECK"][0].partition("CMD")[2])
    assert words[0] == json.loads(last_stage()["ENTRYPOINT"][0])[0] == next(iter(PROJECT["project"]["scripts"]))
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CALLCAMP_STATE_DIR": str(tmp_path / "state")}
    command = [sys.executable, "-m", "callcamp_sync", *words[1:]]
    ended = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_everything_that_the_image_copies_is_there_and_let_through() -> None:
    ignore = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    let_through = {line[1:].rstrip("/") for line in ignore if line.startswith("!")}
    copied = [
        source
        for word, rest in instructions()
        if word == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    ]
    assert [source for source in copied if not (ROOT / source).exists() or source not in let_through] == []
    assert ignore[0] == "*"


def test_the_image_installs_by_hash() -> None:
    installs = [rest for word, rest in instructions() if word == "RUN" and "pip install" in rest]
    assert any("--require-hashes --only-binary :all: -r locks/run.txt" in line for line in installs)
    assert all("--no-cache-dir" in line for line in installs)


# --- the action -------------------------------------------------------------------------------------------------------------


def script(step: str) -> str:
    """The bash text of a step of action.yml, by the step's name."""
    after = (ROOT / "action.yml").read_text("utf-8").split(f"name: {step}\n", 1)[1]
    block = after.split("      run: |\n", 1)[1]
    return textwrap.dedent("\n".join(re.match(r"(?:        .*\n|\n)*", block)[0].splitlines()))  # type: ignore[index]  # matches


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(demo_world(30)) as served:
        yield served


class Job:
    """A CI job that runs the action's sync step."""

    def __init__(self, folder: Path, box: Sandbox) -> None:
        self.folder = folder
        self.output, self.summary = folder / "output", folder / "summary"
        program = folder / "callcamp-sync"
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m callcamp_sync "$@"\n')
        program.chmod(0o755)
        (folder / "python").symlink_to(sys.executable)
        self.environ = {
            "PATH": f"{folder}:{os.environ['PATH']}",
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "PROGRAM": str(program),
            "ANSWER": str(folder / "answer.json"),
            "CALLCAMP_TOKEN": box.token,
            "CALLCAMP_BASE_URL": box.base_url,
            "CALLCAMP_STATE_DIR": str(folder / "state"),
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            **{"SHEET": "leads.csv", "CAMPAIGN": "Empty pilot", "MAPPING": "", "MODE": "upsert", "DRY_RUN": "false"},
            **{"FLAGS": "", "ACCEPT": "false"},
        }

    def run(self, rows: str = "+12025550141,Acme\n", name: str = "leads.csv", **inputs: str) -> tuple[int, dict[str, str]]:
        """(exit code of the step, its outputs)."""
        (self.folder / name).write_text(f"Phone,Company\n{rows}", encoding="utf-8")
        self.output.write_text("")
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script("Sync")]
        ended = subprocess.run(command, cwd=self.folder, env=self.environ | inputs, capture_output=True, text=True, check=False)
        return ended.returncode, dict(line.split("=", 1) for line in self.output.read_text().splitlines())


@pytest.fixture
def job(tmp_path: Path, box: Sandbox) -> Job:
    box.reset(demo_world(30))
    return Job(tmp_path, box)


def test_the_action_syncs_and_says_how_it_ended(job: Job) -> None:
    code, said = job.run()
    assert (code, said["exit-code"], said["exit-name"]) == (0, "0", "ok")
    assert (job.folder / said["report"] / "report.html").is_file()
    assert "created" in job.summary.read_text("utf-8")


def test_the_action_fails_as_the_program_does(job: Job) -> None:
    code, said = job.run(CAMPAIGN="No such campaign")
    assert (code, said) == (7, {"exit-code": "7", "exit-name": "refused", "report": ""})


@pytest.mark.parametrize(("accept", "expected"), [("false", 3), ("true", 0)])
def test_wrong_rows_pass_only_where_they_are_accepted(job: Job, accept: str, expected: int) -> None:
    code, said = job.run("+12025550141,Acme\n12,Beta\n", ACCEPT=accept)
    assert (code, said["exit-name"]) == (expected, "rows-rejected-or-held")


def test_a_dry_run_sends_nothing_and_flags_are_passed_one_a_line(job: Job, box: Sandbox) -> None:
    code, said = job.run("2025550141,Acme\n", DRY_RUN="true", FLAGS="--region\nUS\n")
    assert (code, said["exit-name"], said["report"]) == (0, "ok", "")
    assert {request.method for request in box.requests} == {"GET"}


def test_what_is_put_in_is_never_run(job: Job) -> None:
    name = "$(touch owned);`touch owned`.csv"
    code, _ = job.run(name=name, SHEET=name, FLAGS="--report-dir\n$(touch owned)")
    assert code == 0
    assert not (job.folder / "owned").exists()


def test_every_input_of_the_action_reaches_its_script_in_the_environment_only() -> None:
    text = (ROOT / "action.yml").read_text("utf-8")
    assert "${{" not in script("Sync") + script("Install callcamp-sync")
    declared = re.findall(r"^  ([a-z-]+):\n    description", text.split("outputs:")[0], flags=re.MULTILINE)
    assert [name for name in declared if f"${{{{ inputs.{name} }}}}" not in text] == []


# --- locks and audit ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["run", "dev", "release"])
def test_a_lock_pins_everything_by_hash_and_names_no_address(name: str) -> None:
    text = (ROOT / "locks" / f"{name}.txt").read_text("utf-8")
    pins = re.findall(r"^[a-z0-9][^\n]*==[^\n]*(?:\n    --hash=sha256:[0-9a-f]{64}[^\n]*)*", text, flags=re.MULTILINE)
    assert len(pins) > 10
    assert [pin.splitlines()[0] for pin in pins if "--hash=sha256:" not in pin] == []
    assert re.findall(r"https?:|file:|--index|--find-links", text) == []


def test_the_lock_of_the_program_has_each_of_its_dependencies() -> None:
    locked = set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / "locks" / "run.txt").read_text("utf-8"), flags=re.MULTILINE))
    asked = {re.split(r"[\[<>=!~ ]", line)[0].lower() for line in PROJECT["project"]["dependencies"]}
    assert asked - locked == set()


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release_audit", ROOT / "release" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SOUND = {"dependencies": [{"name": "a", "version": "1", "vulns": []}], "fixes": []}
BAD = {"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1"}]}], "fixes": []}


@pytest.mark.parametrize(
    ("answer", "flags", "code", "words"),
    [
        pytest.param(SOUND, [], 0, "1 packages audited, none known", id="nothing is known"),
        pytest.param(BAD, [], 1, "vulnerable: a 1: CVE-1", id="something is known"),
        pytest.param(None, [], 0, "NOT AUDITED: ERROR: no answer", id="nobody could be asked"),
        pytest.param(None, ["--required"], 1, "NOT AUDITED", id="nobody could be asked, and it was required"),
    ],
)
def test_an_audit_that_did_not_happen_is_never_told_as_one(
    audit: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    answer: dict[str, Any] | None,
    flags: list[str],
    code: int,
    words: str,
) -> None:
    """The program that audits is played by a script which writes its answer, or none, where it is told to."""
    program = tmp_path / "pip-audit"
    written = f"cat > \"$out\" <<'X'\n{json.dumps(answer)}\nX" if answer else "echo 'ERROR: no answer' >&2"
    program.write_text(f"#!/bin/sh\nfor word; do out=$word; done\n{written}\nexit {1 if answer is not SOUND else 0}\n")
    program.chmod(0o755)
    ended = audit.main(str(program), "locks/run.txt", str(tmp_path / "audit.json"), *flags)
    assert (ended, words in capsys.readouterr().err) == (code, True)
    assert json.loads((tmp_path / "audit.json").read_text())["audited"] is (answer is not None)


def test_the_program_that_is_installed_is_the_one_of_the_command_line() -> None:
    module, _, name = PROJECT["project"]["scripts"]["callcamp-sync"].partition(":")
    assert callable(getattr(importlib.import_module(module), name))
    assert get_command(app).name == "callcamp-sync"
