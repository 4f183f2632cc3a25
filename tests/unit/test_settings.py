"""Settings: which layer wins, what a wrong value says, and that the token is shown nowhere."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path

import pytest
from settings_cases import CANARY, Place

from callcamp_sync.errors import SettingsError
from callcamp_sync.model import Limit, Mode, OnDuplicate, OnMissing, Release
from callcamp_sync.settings import Settings, load, shown


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
    ("region", "uk", "`UK` is no ISO country code; write `GB`"),
    ("region", "XX", "`XX` is no country"),
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
        ways = ("token_file", "token_command", "token_keyring", "ca_file", "state_dir", "report_dir", "profile")
        assert name in (*ways, "notify_command", "metrics_file")
        assert CANARY in str(getattr(settings, name))


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
    found = shown_in(place)
    assert found["token"][0] == found["token_command"][0] == "(set)"
    assert found["proxy"][0] == "http://(password)@proxy.example.com:3128"
    assert CANARY not in repr(found)
