"""Settings: flag > environment > .env > project file > user file > default, each value checked, the token never shown.

In:  flags as the command line read them, the environment, the folders that may hold `.env`, `callcamp.toml`, `config.toml`.
Out: one frozen Settings, or SettingsError that names where the wrong value came from and what to write instead.
No message holds a value: a token that was put in the wrong place would be printed with it.
Rule source: interface document, "Environment" and the sync flags. Edge: reads files; the environment is a parameter.
Layers and files: settings_layers.py.
"""

from __future__ import annotations

import ipaddress
import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from platformdirs import user_config_path, user_state_path
from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from callcamp_sync import tokens
from callcamp_sync.errors import AccessError, SettingsError
from callcamp_sync.model import Limit, Mode, OnDuplicate, OnMissing, Release
from callcamp_sync.settings_layers import PREFIX, Found, Layer, layers, merge
from callcamp_sync.statuses import GROUPS, fold_status
from callcamp_sync.values.codes import REGIONS

APP = "callcamp-sync"
_KEY = re.compile(r"phone|record_uuid|order_uuid|parameters\.\S+")


def _base_url(text: str) -> str:
    """An address without credentials, query and trailing slash. The words of ValueError never hold it."""
    try:
        parts = urlsplit(text.strip())
        fits = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and not parts.query and not parts.fragment
    except ValueError:
        fits = False
    if not fits:
        raise ValueError("write an address such as `https://callcamp.ai/api`")
    if parts.username is not None or parts.password is not None:
        raise ValueError("an address must not hold a user name or password; the token goes into `CALLCAMP_TOKEN`")
    return text.strip().rstrip("/")


def _limit(value: object) -> Limit:
    if isinstance(value, Limit):
        return value
    try:
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise ValueError
        return Limit.parse(str(value))
    except ValueError:
        raise ValueError("write a count such as `12`, or a share such as `10%`") from None


def _region(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2}", text):
        raise ValueError("write the two letters of the country, such as `GB`")
    if text.upper() == "UK":
        raise ValueError("`UK` is no ISO country code; write `GB`")
    if text.upper() not in REGIONS:
        raise ValueError(f"`{text.upper()}` is no country; write its two letters, such as `GB`")
    return text.upper()


def _split(value: object) -> object:
    """Environment and flags have one text for several keys: "record_uuid, phone"."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _keys(keys: tuple[str, ...]) -> tuple[str, ...]:
    if not keys or not all(_KEY.fullmatch(key) for key in keys) or len(set(keys)) < len(keys):
        raise ValueError("use `phone`, `record_uuid`, `order_uuid` or `parameters.ID`, each once, with commas between")
    return keys


def _folder(path: Path) -> Path:
    return path.expanduser()


def _status(text: str) -> str:
    if not text.strip():
        raise ValueError("write a status such as `registered`")
    return text.strip()


def _spellings(value: object) -> dict[str, str]:
    """Wire spellings by the status that each is: "Planned, Do Not Call"."""
    words = _split(value)
    if isinstance(words, dict):
        words = list(words.values())
    if not isinstance(words, list) or not all(isinstance(word, str) and fold_status(word) in GROUPS for word in words):
        raise ValueError(f"write statuses as the server spells them, with commas between; they are {', '.join(GROUPS)}")
    return {fold_status(word): word.strip() for word in words}


_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def _span(value: object) -> float:
    """Seconds: a number, or a number with its unit."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", str(value).strip().lower()) if not isinstance(value, bool) else None
    if found is None:
        raise ValueError("write a time such as `90s`, `30m`, `26h` or `7d`")
    return float(found[1]) * _UNITS[found[2] or "s"]


def _hook(value: object) -> SecretStr:
    """An address of somebody else's service: who knows it may post there, so it is kept like a token."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    try:
        parts = urlsplit(text.strip()) if isinstance(text, str) else None
        fits = parts is not None and parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        raise ValueError("write an address that begins with `https://`")
    return SecretStr(str(text).strip())


def _program(text: str) -> str:
    try:
        words = shlex.split(text)
    except ValueError:
        words = []
    if not words or not re.fullmatch(r"[\w./~+-]+", words[0]):
        raise ValueError("write a program and its arguments, quoted as in a shell")
    return text


def _addresses(value: object) -> tuple[str, ...]:
    words = _split(value) if isinstance(value, str) else value
    if not isinstance(words, list | tuple) or not all(isinstance(word, str) and "://" in word for word in words):
        raise ValueError("write addresses as apprise has them, such as `mailto://…`, with commas between")
    return tuple(word.strip() for word in words)


def _words(value: object) -> object:
    """A command as the shell would split it; nothing is expanded, and no shell runs it."""
    try:
        return shlex.split(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError("a quote of the command is never closed") from None


def _command(words: tuple[str, ...]) -> tuple[str, ...]:
    if not words or not words[0].strip():
        raise ValueError("write a command such as `pass show callcamp`")
    return words


def _proxy(value: SecretStr) -> SecretStr:
    """An address that may hold a password, so it is kept like one."""
    try:
        parts = urlsplit(value.get_secret_value().strip())
        fits = parts.scheme == "http" and parts.hostname and parts.port and parts.path in ("", "/") and not parts.query
    except ValueError:
        fits = False
    if not fits:
        raise ValueError("write the proxy as `http://host:port`, with `user:password@` before the host where it asks for them")
    return SecretStr(value.get_secret_value().strip().rstrip("/"))


GuardLimit = Annotated[Limit, PlainValidator(_limit)]
Span = Annotated[float, PlainValidator(_span)]
Hook = Annotated[SecretStr, PlainValidator(_hook)]
Folder = Annotated[Path, AfterValidator(_folder)]
Command = Annotated[tuple[str, ...], BeforeValidator(_words), AfterValidator(_command)]
Keys = Annotated[tuple[str, ...], BeforeValidator(_split), AfterValidator(_keys)]


class Settings(BaseSettings):
    """Every setting, checked. `model_fields_set` says which were given; the others have their defaults.

    Calling the class takes the values that are given and nothing else: environment and files are the business of `load`.
    max_*: None means the guard's own default. key: None means the mapping's. on_missing: see `missing`. settle_seconds,
    grace_seconds, timeout: seconds. token, token_file, token_command, token_keyring: see `token_of`. proxy, ca_file: see
    api/route.py. status_spellings: how the server writes statuses that no order shows yet. rate: requests
    a second, None for no limit of our own. timeout: for one request in all. sheet_*: how much of a file is read, see
    sheets/limits.py. parallel: jobs at once. absences: good files in a row that an order without a row must be absent from
    before a job takes it out. stable_seconds, max_no_file … max_changed_phones: see arrivals.Habits. max_age, retention:
    seconds. notify … metrics_file: who is told how a night went.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)

    base_url: Annotated[str, AfterValidator(_base_url)] = "https://callcamp.ai/api"
    token: SecretStr | None = None
    token_file: Folder | None = None
    token_command: Command | None = None
    token_keyring: str | None = None
    proxy: Annotated[SecretStr, AfterValidator(_proxy)] | None = None
    ca_file: Folder | None = None
    state_dir: Folder = Field(default_factory=lambda: user_state_path(APP))
    report_dir: Folder = Path("reports")
    profile: str | None = None
    insecure_http: bool = False
    mode: Mode = Mode.UPSERT
    on_missing: OnMissing | None = None
    status_spellings: Annotated[dict[str, str], PlainValidator(_spellings)] = Field(default_factory=dict)
    initial_status: Annotated[str, AfterValidator(_status)] = "registered"
    release: Release = Release.STAGED
    region: Annotated[str, AfterValidator(_region)] | None = None
    key: Keys | None = None
    on_duplicate: OnDuplicate = OnDuplicate.HOLD
    max_create: GuardLimit | None = None
    max_update: GuardLimit | None = None
    max_remove: GuardLimit | None = None
    max_invalid: GuardLimit | None = None
    max_shrink: GuardLimit | None = None
    concurrency: int = Field(default=8, ge=1, le=128)
    rate: float | None = Field(default=None, gt=0)
    settle_seconds: float = Field(default=5.0, ge=0)
    grace_seconds: float = Field(default=120.0, ge=0)
    reopen: bool = False
    timeout: float = Field(default=30.0, gt=0)
    sheet_max_mb: int = Field(default=250, ge=1)
    sheet_max_rows: int = Field(default=2_000_000, ge=1)
    sheet_max_cells: int = Field(default=40_000_000, ge=1)
    sheet_memory_mb: int = Field(default=800, ge=200)
    sheet_seconds: float = Field(default=300.0, ge=1)
    log_format: Literal["text", "json"] = "text"
    parallel: int = Field(default=4, ge=1, le=64)
    absences: int = Field(default=2, ge=1)
    stable_seconds: float = Field(default=2.0, ge=0)
    max_no_file: int = Field(default=0, ge=0)
    max_age: Span | None = None
    max_same: int | None = Field(default=None, ge=0)
    max_rows_change: GuardLimit | None = None
    max_headers: int = Field(default=0, ge=0)
    max_blank_keys: GuardLimit | None = None
    max_changed_phones: GuardLimit | None = None
    notify: Literal["change", "always", "failure"] = "change"
    webhook: Hook | None = None
    notify_command: Annotated[str, AfterValidator(_program)] | None = None
    notify_urls: Annotated[tuple[SecretStr, ...], BeforeValidator(_addresses)] = ()
    ping: Hook | None = None
    metrics_file: Folder | None = None
    retention: Span = 90 * 86_400.0

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what the caller gives: the layers are merged before, where their origins are known."""
        return (init_settings,)

    @property
    def missing(self) -> OnMissing:
        """What becomes of orders without a row: nothing outside `mirror`; there Canceled, unless said otherwise."""
        if self.mode is not Mode.MIRROR:
            return OnMissing.KEEP
        return self.on_missing or OnMissing.CANCEL

    @property
    def host(self) -> str:
        """Host and port of the server, as locks and journal name it."""
        return urlsplit(self.base_url).netloc.lower()


def load(
    flags: Mapping[str, object],
    *,
    environ: Mapping[str, str] | None = None,
    project: Path | None = None,
    user: Path | None = None,
    profile: str | None = None,
    job: Layer | None = None,
) -> Settings:
    """Merge the layers and check every value.

    flags: setting name -> value; None means that the flag was not given. environ: instead of the process's own. project: the
    folder of `callcamp.toml` and `.env`, by default the current one. user: the user's own file, by default `config.toml` in
    the platform's configuration folder. profile: chooses `[profiles.NAME]` in both files. job: what a job says of its settings,
    which stands for flags that nobody typed: weaker than flags, stronger than all else.
    Raises SettingsError: an unknown key or profile, a file that cannot be read, a value that does not fit.
    """
    return _checked(_merged(flags if profile is None else {**flags, "profile": profile}, environ, project, user, job))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A setting as it may be shown. value: null where none is set; of a secret, only that it is set. origin: where it stands."""

    name: str
    value: str | None
    origin: str


def shown(
    flags: Mapping[str, object],
    *,
    environ: Mapping[str, str] | None = None,
    project: Path | None = None,
    user: Path | None = None,
    profile: str | None = None,
) -> list[Shown]:
    """Every setting with its value and where that comes from; the parameters, and what is raised, are those of `load`."""
    merged = _merged(flags if profile is None else {**flags, "profile": profile}, environ, project, user)
    settings = _checked(merged)
    return [
        Shown(name=name, value=_show(name, getattr(settings, name)), origin=merged[name].origin if name in merged else "default")
        for name in Settings.model_fields
    ]


def _show(name: str, value: object) -> str | None:
    if value is None or value == {}:
        return None
    if name == "proxy" and isinstance(value, SecretStr):
        parts = urlsplit(value.get_secret_value())
        return f"{parts.scheme}://{'(password)@' if parts.username else ''}{parts.hostname}:{parts.port}"
    if isinstance(value, SecretStr) or name == "token_command":
        return "(set)"  # a command's arguments may be secret, too
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return (
        ", ".join(map(str, value.values() if isinstance(value, dict) else value))
        if isinstance(value, (dict, tuple))
        else str(value)
    )


def _merged(
    flags: Mapping[str, object],
    environ: Mapping[str, str] | None,
    project: Path | None,
    user: Path | None,
    job: Layer | None = None,
) -> dict[str, Found]:
    return merge(
        layers(
            flags,
            environ=os.environ if environ is None else environ,
            project=Path() if project is None else project,
            user=user_config_path(APP) / "config.toml" if user is None else user,
            known=tuple(Settings.model_fields),
            job=job or {},
        )
    )


def _checked(merged: Mapping[str, Found]) -> Settings:
    try:
        settings = Settings.model_validate({name: found.value for name, found in merged.items()})
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False, include_context=False)
        name = str(problems[0]["loc"][0])
        origin = merged[name].origin
        raise SettingsError(f"the value of {origin} is not usable", hint=_cure(problems[0]["msg"])) from None
    _refuse_plain_http(settings, merged["base_url"].origin if "base_url" in merged else "`base_url`")
    return settings


def _cure(words: str) -> str:
    """pydantic's sentence as an instruction; none of its sentences holds the value (the tests try)."""
    words = re.sub(r" for <class .*>$", "", words.removeprefix("Value error, "))
    return re.sub(r"^Input", "the value", words)


def _refuse_plain_http(settings: Settings, origin: str) -> None:
    """Over plain http everyone on the way reads the token and the contacts."""
    parts = urlsplit(settings.base_url)
    if parts.scheme == "https" or settings.insecure_http or _is_loopback(parts.hostname or ""):
        return
    raise SettingsError(
        f"the address of {origin} is plain http to another machine: the token would be readable on the way",
        hint="write `https://`, or pass `--insecure-http` if you accept that",
    )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def token_of(settings: Settings) -> str:
    """The token, from the first that is set of `token`, `token_file`, `token_command` and `token_keyring`, without white space.

    Raises AccessError when there is none; SettingsError when it cannot be had there, or when the text is no token. No error holds
    any part of it.
    """
    origin, text = _found_token(settings)
    token = text.strip()
    if not token:
        raise AccessError(f"{origin} is blank", hint="put the token there that Callcamp shows under API access")
    if not re.fullmatch(rf"[\x21-\x7e]{{1,{tokens.MOST_BYTES}}}", token):
        raise SettingsError(
            f"{origin} holds characters that no token has (spaces, line ends, or letters outside ASCII)",
            hint="copy the token again, alone, without `Bearer` before it",
        )
    return token


def _found_token(settings: Settings) -> tuple[str, str]:
    """In words for a message where the token stands, and what stands there."""
    if settings.token is not None:
        return f"`{PREFIX}TOKEN`", settings.token.get_secret_value()
    if settings.token_file is not None:
        return f"the token file `{settings.token_file}`", tokens.from_file(settings.token_file)
    if settings.token_command is not None:
        return f"the answer of the token command `{settings.token_command[0]}`", tokens.from_command(settings.token_command)
    if settings.token_keyring is not None:
        return "the keyring's entry", tokens.from_keyring(settings.token_keyring)
    raise AccessError("no token is set", hint=f"set `{PREFIX}TOKEN`, or `{PREFIX}TOKEN_FILE` to a file that only you can read")
