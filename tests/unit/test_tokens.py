"""The token: where it may come from, who may read the place, and that it is shown nowhere."""

from __future__ import annotations

import os
import sys
import time
import traceback
from pathlib import Path

import pytest
from settings_cases import CANARY, Place

from callcamp_sync import tokens
from callcamp_sync.errors import AccessError, SettingsError
from callcamp_sync.model import Mode
from callcamp_sync.settings import Settings, token_of


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


# --- the token ------------------------------------------------------------------------------------------------------------


def token_file(place: Place, text: str | bytes, mode: int = 0o600) -> Path:
    path = place.project / "token"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)
    return path


def test_a_token_is_read_from_the_environment(place: Place) -> None:
    place.environ["CALLCAMP_TOKEN"] = f" {CANARY}\n"
    assert token_of(place.load()) == CANARY


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_token_is_read_from_a_file_that_only_its_owner_reads(place: Place, mode: int) -> None:
    place.environ["CALLCAMP_TOKEN_FILE"] = str(token_file(place, f"{CANARY}\r\n", mode))
    assert token_of(place.load()) == CANARY


def test_a_token_file_of_a_stronger_layer_stands_over_a_token_of_a_weaker_one(place: Place) -> None:
    place.environ["CALLCAMP_TOKEN"] = "old-token"
    assert token_of(place.load(token_file=token_file(place, CANARY))) == CANARY


def test_no_token_at_all_is_an_access_error_that_names_the_variable(place: Place) -> None:
    with pytest.raises(AccessError) as caught:
        token_of(place.load())
    assert "`CALLCAMP_TOKEN`" in (caught.value.hint or "")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o700])
def test_a_token_file_that_others_can_use_is_refused_with_the_command_that_cures_it(place: Place, mode: int) -> None:
    path = token_file(place, CANARY, mode)
    with pytest.raises(SettingsError) as caught:
        token_of(place.load(token_file=path))
    assert caught.value.hint == f"chmod 600 {path}"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        pytest.param(f"{CANARY}\nX-Other: 1", SettingsError, id="a line end within"),
        pytest.param(f"Bearer {CANARY}", SettingsError, id="with Bearer before it"),
        pytest.param(f"{CANARY}é", SettingsError, id="a letter outside ASCII"),
        pytest.param(f"{CANARY}\0", SettingsError, id="a NUL"),
        pytest.param(CANARY.encode("utf-16"), SettingsError, id="UTF-16"),
        pytest.param(CANARY * 2000, SettingsError, id="a file that is far too long"),
        pytest.param(" \n", AccessError, id="only white space"),
    ],
)
def test_a_file_that_holds_no_token_is_refused_without_showing_it(
    place: Place, text: str | bytes, error: type[Exception]
) -> None:
    path = token_file(place, text)
    with pytest.raises(error) as caught:
        token_of(place.load(token_file=path))
    assert CANARY not in "".join(traceback.format_exception(caught.value)) + str(getattr(caught.value, "hint", ""))
    assert str(path) in str(caught.value)


def test_a_token_file_that_is_missing_is_named(place: Place) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        token_of(place.load(token_file=place.project / "none"))


def test_a_token_file_that_is_a_pipe_is_refused_and_does_not_hang(place: Place) -> None:
    pipe = place.project / "pipe"
    os.mkfifo(pipe, 0o600)
    with pytest.raises(SettingsError, match="not a regular file"):
        token_of(place.load(token_file=pipe))


def test_a_token_in_a_file_that_others_can_read_is_refused(place: Place) -> None:
    place.toml(f"token = '{CANARY}'")
    with pytest.raises(SettingsError, match="can be read by others") as caught:
        place.load()
    assert CANARY not in caught.value.message + str(caught.value.hint)
    (place.project / "callcamp.toml").chmod(0o600)
    assert token_of(place.load()) == CANARY


def test_a_dotenv_with_a_token_that_others_can_read_is_refused(place: Place) -> None:
    place.dotenv(f"CALLCAMP_TOKEN={CANARY}\n")
    with pytest.raises(SettingsError, match=r"\.env` holds a token") as caught:
        place.load()
    assert CANARY not in caught.value.message + str(caught.value.hint)
    (place.project / ".env").chmod(0o600)
    assert token_of(place.load()) == CANARY


def test_no_way_of_showing_the_settings_shows_the_token(place: Place) -> None:
    settings = place.load(token=CANARY)
    shown = (repr(settings), str(settings), settings.model_dump_json(), repr(settings.model_dump()), f"{settings.model_dump()}")
    assert all(CANARY not in text for text in shown)
    assert token_of(settings) == CANARY


def test_settings_made_without_load_do_not_repeat_a_wrong_value_either() -> None:
    with pytest.raises(ValueError, match="concurrency") as caught:
        Settings(concurrency=CANARY)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(("name", "value"), [("mode", Mode.MIRROR), ("token", CANARY)], ids=["mode", "token"])
def test_settings_do_not_change(place: Place, name: str, value: object) -> None:
    with pytest.raises(ValueError, match="frozen"):
        setattr(place.load(), name, value)


# --- other places for the token ---------------------------------------------------------------------------------------------

PRINTS = "import sys; sys.stdout.write(sys.argv[1])"


def test_a_token_is_what_a_command_prints(place: Place) -> None:
    place.environ["CALLCAMP_TOKEN_COMMAND"] = f"{sys.executable} -c '{PRINTS}' '{CANARY}\n'"
    assert token_of(place.load()) == CANARY


def test_a_command_may_be_a_list_of_words_and_no_shell_reads_it(place: Place) -> None:
    place.toml(f"token_command = [{sys.executable!r}, '-c', {PRINTS!r}, '{CANARY}$HOME;true']")
    assert token_of(place.load()) == f"{CANARY}$HOME;true"


@pytest.mark.parametrize(
    ("program", "words"),
    [
        pytest.param(f"print('{CANARY}'); raise SystemExit(3)", "ended with exit 3", id="that fails"),
        pytest.param(f"import sys; sys.exit('{CANARY}')", "ended with exit 1", id="that complains on standard error"),
        pytest.param("import time; time.sleep(60)", "took longer than 0.3 s", id="that never answers"),
        pytest.param(f"print('{CANARY}', flush=True); import time; time.sleep(60)", "took longer", id="that never ends"),
        pytest.param(
            "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])",
            "took longer",
            id="whose child keeps the line open",
        ),
        pytest.param("input()", "ended with exit 1", id="that asks"),
    ],
)
def test_a_command_is_bounded_and_its_words_are_shown_nowhere(
    program: str, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        tokens.from_command([sys.executable, "-c", program], seconds=0.3 if "sleep" in program else 20)
    said = capfd.readouterr()
    shown = "".join(traceback.format_exception(caught.value)) + str(caught.value.hint) + said.out + said.err
    assert CANARY not in shown


def test_what_a_command_started_is_ended_with_it(place: Place) -> None:
    """Also when the command itself is gone already and only its child keeps the line open."""
    said = place.project / "child"
    program = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(said)!r}, 'w').write(str(child.pid))"
    )
    with pytest.raises(SettingsError, match="took longer"):
        tokens.from_command([sys.executable, "-c", program], seconds=1.5)
    child = int(said.read_text())
    until = time.monotonic() + 10
    while time.monotonic() < until and _lives(child):
        time.sleep(0.01)
    assert not _lives(child)


def _lives(pid: int) -> bool:
    """Whether the process is there and is not merely waiting for its parent to take note of its end."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_command_that_prints_for_ever_is_ended(place: Place) -> None:
    text = tokens.from_command([sys.executable, "-c", "while True: print('x' * 1000)"])
    with pytest.raises(SettingsError, match="characters that no token has"):
        token_of(place.load(token=text))


def test_a_command_that_is_not_there_is_named(place: Place) -> None:
    with pytest.raises(SettingsError, match="No such file") as caught:
        token_of(place.load(token_command=str(place.project / "none")))
    assert "without a shell" in (caught.value.hint or "")


@pytest.mark.parametrize("where", ["callcamp.toml", ".env"])
def test_a_command_in_a_file_that_others_can_write_is_not_run(place: Place, where: str) -> None:
    """Whoever can write the file could run anything as the user."""
    if where == ".env":
        place.dotenv("CALLCAMP_TOKEN_COMMAND=true\n")
    else:
        place.toml("[profiles.day]\ntoken_command = 'true'\n")
    (place.project / where).chmod(0o666)
    with pytest.raises(SettingsError, match="can be written by others"):
        place.load()
    (place.project / where).chmod(0o644)
    assert place.load("day" if where != ".env" else None).token_command == ("true",)


KEYRING = """
class errors:
    class KeyringError(Exception): ...
class NoKeyringError(errors.KeyringError): ...
def get_password(service, account):
    if account == "none":
        raise NoKeyringError
    return {("callcamp-sync", "night"): "%s"}.get((service, account))
"""


@pytest.fixture
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library of that name, in the way of the real one if it is installed."""
    package = tmp_path / "library" / "keyring"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(KEYRING % CANARY)
    (package / "errors.py").write_text("from keyring import errors\nKeyringError = errors.KeyringError\n")
    monkeypatch.syspath_prepend(tmp_path / "library")
    for name in [name for name in sys.modules if name.partition(".")[0] == "keyring"]:
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.usefixtures("keyring")
def test_a_token_is_read_from_the_keyring(place: Place) -> None:
    place.toml("token_keyring = 'night'")
    assert token_of(place.load()) == CANARY


@pytest.mark.usefixtures("keyring")
@pytest.mark.parametrize(("account", "words"), [("day", "has nothing for"), ("none", "NoKeyringError")])
def test_a_keyring_without_it_says_what_to_do(place: Place, account: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        token_of(place.load(token_keyring=account))
    assert "`" in (caught.value.hint or "")


def test_without_the_library_the_keyring_names_the_extra(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(SettingsError) as caught:
        token_of(place.load(token_keyring="night"))
    assert "callcamp-sync[keyring]" in (caught.value.hint or "")


@pytest.mark.parametrize("way", ["token", "token_file", "token_command", "token_keyring"])
def test_a_stronger_layers_way_to_the_token_stands_alone(place: Place, way: str) -> None:
    place.toml(f"{way} = 'x'")
    (place.project / "callcamp.toml").chmod(0o600)
    place.environ["CALLCAMP_TOKEN"] = CANARY
    settings = place.load()
    assert token_of(settings) == CANARY
    assert settings.model_fields_set & {"token_file", "token_command", "token_keyring"} == set()
