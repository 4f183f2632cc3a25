"""Settings: which layer wins, what a wrong value says, and that the token is shown nowhere."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Mapping
from pathlib import Path

import pytest

from callcamp_sync import tokens
from callcamp_sync.errors import AccessError, SettingsError
from callcamp_sync.model import Limit, Mode, OnDuplicate, OnMissing, Release
from callcamp_sync.settings import Settings, load, shown, token_of

CANARY = "canary-5f2e-token"


class Place:
    """A project folder, a user file and an environment, all of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.user = folder / "user" / "config.toml"
        self.environ: dict[str, str] = {}
        self.project.mkdir()
        self.user.parent.mkdir()

    def toml(self, text: str) -> None:
        (self.project / "callcamp.toml").write_text(text, encoding="utf-8")

    def dotenv(self, text: str) -> None:
        (self.project / ".env").write_text(text, encoding="utf-8")

    def load(self, profile: str | None = None, /, **flags: object) -> Settings:
        return load(flags, environ=self.environ, project=self.project, user=self.user, profile=profile)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


# --- layers ---------------------------------------------------------------------------------------------------------------

LAYERS = ("flag", "environment", "dotenv", "project profile", "project", "user profile", "user")


@pytest.mark.parametrize("strongest", range(len(LAYERS)), ids=[f"{layer} stands over all below it" for layer in LAYERS])
def test_the_strongest_layer_wins(place: Place, strongest: int) -> None:
    """Layer number n asks for a concurrency of n + 10, and all layers from the strongest down speak."""
    speaks = set(LAYERS[strongest:])
    value = {layer: number + 10 for number, layer in enumerate(LAYERS)}

    def line(layer: str) -> str:
        return f"concurrency = {value[layer]}\n" if layer in speaks else ""

    if "environment" in speaks:
        place.environ["CALLCAMP_CONCURRENCY"] = str(value["environment"])
    if "dotenv" in speaks:
        place.dotenv(f"CALLCAMP_CONCURRENCY={value['dotenv']}\n")
    place.toml(line("project") + "[profiles.night]\n" + line("project profile"))
    place.user.write_text(line("user") + "[profiles.night]\n" + line("user profile"))
    flag = value["flag"] if "flag" in speaks else None
    assert place.load("night", concurrency=flag).concurrency == strongest + 10


def test_without_any_layer_the_defaults_of_the_interface_stand(place: Place) -> None:
    settings = place.load()
    assert settings.base_url == "https://callcamp.ai/api"
    assert (settings.mode, settings.release, settings.on_duplicate) == (Mode.UPSERT, Release.STAGED, OnDuplicate.HOLD)
    assert (settings.settle_seconds, settings.grace_seconds, settings.initial_status) == (5.0, 120.0, "registered")
    assert settings.state_dir.name == "callcamp-sync"
    assert settings.model_fields_set == frozenset()


def test_the_process_environment_is_read_when_none_is_given(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLCAMP_CONCURRENCY", "33")
    assert load({}, project=place.project, user=place.user).concurrency == 33


def test_a_blank_variable_counts_as_not_set(place: Place) -> None:
    place.environ |= {"CALLCAMP_REGION": "", "CALLCAMP_CONCURRENCY": "  "}
    assert place.load().model_fields_set == frozenset()


@pytest.mark.parametrize("where", ["argument", "flag", "environment", "dotenv", "project", "user"])
def test_a_profile_is_chosen_by(place: Place, where: str) -> None:
    place.toml(("profile = 'night'\n" if where == "project" else "") + "[profiles.night]\nmode = 'mirror'\n")
    place.user.write_text("profile = 'night'\n" if where == "user" else "")
    place.dotenv("CALLCAMP_PROFILE=night\n" if where == "dotenv" else "")
    place.environ |= {"CALLCAMP_PROFILE": "night"} if where == "environment" else {}
    settings = place.load("night" if where == "argument" else None, **({"profile": "night"} if where == "flag" else {}))
    assert settings.mode is Mode.MIRROR


def test_other_programs_lines_and_variables_are_left_alone(place: Place) -> None:
    place.dotenv("# comment\nDATABASE_URL=postgres://db.example.com\nexport CALLCAMP_REGION='gb'\n")
    place.environ |= {"HOME": "/somewhere", "CALLCAMP_DEPLOYMENT_COLOUR": "blue"}
    assert place.load().region == "GB"


def test_the_jobs_of_a_project_file_are_no_settings(place: Place) -> None:
    place.toml("region = 'GB'\n[defaults]\nmode = 'mirror'\n[[job]]\nname = 'nightly'\nsource = 'leads.xlsx'\n")
    assert place.load().region == "GB"


@pytest.mark.parametrize(
    ("given", "field", "value"),
    [
        pytest.param({"max_remove": "10%"}, "max_remove", Limit(percent=10.0), id="a share"),
        pytest.param({"max_remove": 12}, "max_remove", Limit(count=12), id="a count"),
        pytest.param({"max_shrink": Limit(count=3)}, "max_shrink", Limit(count=3), id="a limit that is one already"),
        pytest.param({"key": "record_uuid, phone"}, "key", ("record_uuid", "phone"), id="keys with commas"),
        pytest.param({"key": ["parameters.crm_id"]}, "key", ("parameters.crm_id",), id="keys in a list"),
        pytest.param({"region": "gb"}, "region", "GB", id="a region in lower case"),
        pytest.param({"reopen": "yes"}, "reopen", True, id="a yes in words"),
        pytest.param(
            {"base_url": " http://127.0.0.1:8080/api/ "}, "base_url", "http://127.0.0.1:8080/api", id="loopback by number"
        ),
        pytest.param({"base_url": "http://localhost:1"}, "base_url", "http://localhost:1", id="loopback by name"),
        pytest.param({"base_url": "http://[::1]:1/api"}, "base_url", "http://[::1]:1/api", id="loopback in IPv6"),
        pytest.param({"report_dir": "out"}, "report_dir", Path("out"), id="a folder"),
        pytest.param({"state_dir": "~/state"}, "state_dir", Path.home() / "state", id="a folder at home"),
        pytest.param({"rate": "2.5"}, "rate", 2.5, id="a rate"),
    ],
)
def test_is_read(place: Place, given: Mapping[str, object], field: str, value: object) -> None:
    assert getattr(place.load(**given), field) == value


@pytest.mark.parametrize(
    ("mode", "on_missing", "expected"),
    [
        ("mirror", None, OnMissing.CANCEL),
        ("mirror", "keep", OnMissing.KEEP),
        ("mirror", "remove", OnMissing.REMOVE),
        ("upsert", None, OnMissing.KEEP),
        ("upsert", "remove", OnMissing.KEEP),
        ("create", None, OnMissing.KEEP),
    ],
)
def test_orders_without_a_row_are_touched_in_mirror_only(
    place: Place, mode: str, on_missing: str | None, expected: OnMissing
) -> None:
    assert place.load(mode=mode, on_missing=on_missing).missing is expected


def test_plain_http_to_another_machine_needs_its_own_flag(place: Place) -> None:
    with pytest.raises(SettingsError, match="plain http") as caught:
        place.load(base_url="http://callcamp.example.com/api")
    assert "`--insecure-http`" in (caught.value.hint or "")
    assert place.load(base_url="http://callcamp.example.com/api", insecure_http=True).host == "callcamp.example.com"


# --- wrong names and values -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("toml", "place_named", "hint"),
    [
        pytest.param(
            "max_remov = 3", "callcamp.toml` has the key `max_remov`", "did you mean `max_remove`?", id="a letter short"
        ),
        pytest.param("max-remove = 3", "has the key `max-remove`", "did you mean `max_remove`?", id="a hyphen"),
        pytest.param(
            "[profiles.day]\nmodee = 'x'",
            "`profiles.day.modee`",
            "did you mean `profiles.day.mode`?",
            id="in a profile not chosen",
        ),
        pytest.param("xyzzy = 1", "`xyzzy`", "the settings are: base_url, ", id="like nothing"),
    ],
)
def test_an_unknown_key_of_a_file_is_named_with_a_suggestion(place: Place, toml: str, place_named: str, hint: str) -> None:
    place.toml(toml)
    with pytest.raises(SettingsError) as caught:
        place.load()
    assert place_named in caught.value.message
    assert (caught.value.hint or "").startswith(hint)


def test_an_unknown_key_of_the_user_file_names_that_file(place: Place) -> None:
    place.user.write_text("regio = 'GB'")
    with pytest.raises(SettingsError, match=r"config\.toml"):
        place.load()


def test_a_misspelt_line_of_dotenv_is_named(place: Place) -> None:
    place.dotenv("CALLCAMP_TOKN=x\n")
    with pytest.raises(SettingsError, match="CALLCAMP_TOKN") as caught:
        place.load()
    assert caught.value.hint == "did you mean `CALLCAMP_TOKEN`?"


def test_a_variable_that_is_nearly_a_setting_is_named(place: Place) -> None:
    place.environ["CALLCAMP_MAX_REMOVES"] = "1"
    with pytest.raises(SettingsError, match="CALLCAMP_MAX_REMOVES") as caught:
        place.load()
    assert caught.value.hint == "did you mean `CALLCAMP_MAX_REMOVE`?"


def test_an_unknown_flag_is_refused(place: Place) -> None:
    with pytest.raises(SettingsError, match="concurency"):
        place.load(concurency=3)


def test_an_unknown_profile_is_refused_with_those_that_are_there(place: Place) -> None:
    place.toml("[profiles.day]\n[profiles.night]\n")
    with pytest.raises(SettingsError, match="`--profile`") as caught:
        place.load("nigt")
    assert caught.value.hint == "there are: `day`, `night`"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"mode = \n", "line 1", id="no value"),
        pytest.param(b"\xff\xfem", "not UTF-8", id="another encoding"),
        pytest.param(b"profiles = 3", "not a table", id="profiles that are no tables"),
        pytest.param(b"[profiles]\nnight = 3", "not a table", id="a profile that is no table"),
    ],
)
def test_a_project_file_that_cannot_be_read_is_named(place: Place, content: bytes, words: str) -> None:
    (place.project / "callcamp.toml").write_bytes(content)
    with pytest.raises(SettingsError, match=r"callcamp\.toml.*" + words):
        place.load()


WRONG = [
    ("mode", "upsrt", "'create', 'update', 'upsert' or 'mirror'"),
    ("on_missing", "drop", "'keep', 'cancel' or 'remove'"),
    ("release", "now", "'staged' or 'direct'"),
    ("max_remove", "ten", "`10%`"),
    ("max_remove", "110%", "`10%`"),
    ("max_remove", "-1", "`10%`"),
    ("max_remove", True, "`10%`"),
    ("max_remove", 1.5, "`10%`"),
    ("key", "phone,name", "`record_uuid`"),
    ("key", "phone,phone", "each once"),
    ("key", [], "each once"),
    ("region", "GBR", "two letters"),
    ("region", "4G", "two letters"),
    ("concurrency", "0", "greater than or equal to 1"),
    ("concurrency", "129", "less than or equal to 128"),
    ("concurrency", "many", "integer"),
    ("rate", "0", "greater than 0"),
    ("rate", "nan", "finite"),
    ("timeout", "inf", "finite"),
    ("settle_seconds", "-1", "greater than or equal to 0"),
    ("initial_status", " ", "`registered`"),
    ("log_format", "xml", "'text' or 'json'"),
    ("base_url", "callcamp.example.com", "`https://"),
    ("base_url", "ftp://callcamp.example.com", "`https://"),
    ("base_url", "https://callcamp.example.com/api?x=1", "`https://"),
    ("base_url", "https://callcamp.example.com:port", "`https://"),
    ("base_url", "https://[::1", "`https://"),
    ("base_url", "https://user:pw@callcamp.example.com", "`CALLCAMP_TOKEN`"),
    ("insecure_http", "perhaps", "boolean"),
    ("proxy", "proxy.example.com:3128", "`http://host:port`"),
    ("proxy", "socks5://proxy.example.com:3128", "`http://host:port`"),
    ("proxy", "http://proxy.example.com", "`http://host:port`"),
    ("token_command", " ", "`pass show callcamp`"),
    ("token_command", "pass 'show", "never closed"),
    ("state_dir", 5, "path"),
    ("max_age", "soon", "`26h`"),
    ("max_age", True, "`26h`"),
    ("webhook", "chat.example.com/hook", "`https://`"),
    ("ping", "ftp://ping.example.com", "`https://`"),
    ("notify_command", "'", "quoted as in a shell"),
    ("notify_command", "", "quoted as in a shell"),
    ("notify_urls", "ops@example.com", "`mailto://"),
    ("notify", "sometimes", "'change', 'always' or 'failure'"),
    ("absences", "0", "greater than or equal to 1"),
]


@pytest.mark.parametrize(("name", "value", "cure"), WRONG, ids=[f"{name} {value!r}" for name, value, _ in WRONG])
def test_a_wrong_value_is_refused_with_its_origin_and_its_cure(place: Place, name: str, value: object, cure: str) -> None:
    with pytest.raises(SettingsError) as caught:
        place.load(**{name: value})
    assert f"`--{name.replace('_', '-')}`" in caught.value.message
    assert cure in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("where", "origin"),
    [
        ("environment", "the environment variable `CALLCAMP_RATE`"),
        ("dotenv", "`CALLCAMP_RATE` in `{project}/.env`"),
        ("project", "`rate` in `{project}/callcamp.toml`"),
        ("profile", "`profiles.night.rate` in `{project}/callcamp.toml`"),
        ("user", "`rate` in `{user}`"),
    ],
)
def test_a_wrong_value_names_the_place_it_came_from(place: Place, where: str, origin: str) -> None:
    place.environ |= {"CALLCAMP_RATE": "-1"} if where == "environment" else {}
    place.dotenv("CALLCAMP_RATE=-1\n" if where == "dotenv" else "")
    place.toml({"project": "rate = -1", "profile": "[profiles.night]\nrate = -1"}.get(where, "") + "\n")
    place.user.write_text("rate = -1\n" if where == "user" else "")
    with pytest.raises(SettingsError) as caught:
        place.load("night" if where == "profile" else None)
    assert origin.format(project=place.project, user=place.user) in caught.value.message


@pytest.mark.parametrize("name", [name for name in Settings.model_fields if name not in ("token", "initial_status")])
def test_a_token_that_was_put_in_the_wrong_place_is_not_repeated(place: Place, name: str) -> None:
    """Where a value is refused, message, hint and traceback are free of it; folders and names that may be anything are not."""
    try:
        settings = place.load(**{name: f"https://x:{CANARY}" if name == "base_url" else CANARY})
    except SettingsError as error:
        shown = "".join(traceback.format_exception(error)) + str(error.hint)
        assert CANARY not in shown
    else:
        anything = ("token_file", "token_command", "token_keyring", "ca_file", "state_dir", "report_dir", "profile")
        assert name in (*anything, "notify_command", "metrics_file")
        assert CANARY in str(getattr(settings, name))


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


def test_settings_do_not_change(place: Place) -> None:
    with pytest.raises(ValueError, match="frozen"):
        place.load().mode = Mode.MIRROR  # type: ignore[misc]  # the point


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


# --- proxy ------------------------------------------------------------------------------------------------------------------


def test_the_password_of_a_proxy_is_kept_like_a_token(place: Place) -> None:
    place.toml(f"proxy = 'http://ann:{CANARY}@proxy.example.com:3128'")
    with pytest.raises(SettingsError, match="password of a proxy") as caught:
        place.load()
    assert CANARY not in str(caught.value) + str(caught.value.hint)
    (place.project / "callcamp.toml").chmod(0o600)
    settings = place.load()
    assert CANARY not in repr(settings) + settings.model_dump_json()
    assert settings.proxy is not None
    assert settings.proxy.get_secret_value() == f"http://ann:{CANARY}@proxy.example.com:3128"


# --- where a value comes from -------------------------------------------------------------------------------------------------


def shown_in(place: Place, **flags: object) -> dict[str, tuple[str | None, str]]:
    found = shown(flags, environ=place.environ, project=place.project, user=place.user)
    return {one.name: (one.value, one.origin) for one in found}


def test_every_setting_is_shown_with_its_value_and_where_it_stands(place: Place) -> None:
    place.environ["CALLCAMP_REGION"] = "gb"
    place.dotenv("CALLCAMP_KEY=record_uuid,phone\n")
    place.toml("max_remove = '5%'\nprofile = 'night'\n[profiles.night]\nmode = 'mirror'\n")
    place.user.write_text("rate = 4\n")
    found = shown_in(place, concurrency=3)
    assert set(found) == set(Settings.model_fields)
    assert found["concurrency"] == ("3", "`--concurrency`")
    assert found["region"] == ("GB", "the environment variable `CALLCAMP_REGION`")
    assert found["key"] == ("record_uuid, phone", f"`CALLCAMP_KEY` in `{place.project}/.env`")
    assert found["max_remove"] == ("5%", f"`max_remove` in `{place.project}/callcamp.toml`")
    assert found["mode"] == ("mirror", f"`profiles.night.mode` in `{place.project}/callcamp.toml`")
    assert found["rate"] == ("4", f"`rate` in `{place.user}`")
    assert found["timeout"] == ("30", "default")
    assert found["reopen"] == ("false", "default")
    assert found["token"] == (None, "default")


def test_what_is_secret_is_shown_as_set(place: Place) -> None:
    proxy = f"http://ann:{CANARY}@proxy.example.com:3128"
    place.environ |= {"CALLCAMP_TOKEN": CANARY, "CALLCAMP_TOKEN_COMMAND": f"vault {CANARY}", "CALLCAMP_PROXY": proxy}
    place.environ |= {"CALLCAMP_NOTIFY_COMMAND": f"tell {CANARY}", "CALLCAMP_NOTIFY_URLS": f"mailto://{CANARY}"}
    place.environ |= {"CALLCAMP_WEBHOOK": f"https://example.com/{CANARY}", "CALLCAMP_PING": f"https://example.com/{CANARY}"}
    found = shown_in(place)
    secret = ("token", "token_command", "notify_command", "notify_urls", "webhook", "ping")
    assert [found[name][0] for name in secret] == ["(set)"] * len(secret)
    assert found["proxy"][0] == "http://(password)@proxy.example.com:3128"
    assert CANARY not in repr(found)
