"""Where settings come from: flags, environment, `.env`, project file, user file, as layers. Edge: reads files.

In:  flags, environment, the paths of the files, the names of the settings.
Out: layers, strongest first, each a table of setting -> value and origin; merged: the strongest value of each setting.
A name that no setting has is an error with a suggestion; in the environment, which others use too, only when it is nearly ours.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from pydantic_settings import BaseSettings, DotEnvSettingsSource
from rapidfuzz import fuzz, process

from callcamp_sync.errors import SettingsError

PREFIX = "CALLCAMP_"
PROJECT_FILE = "callcamp.toml"
#: Tables of the files that are not settings: profiles, and the jobs that `jobs run` reads with what all of them share.
TABLES = ("profiles", "defaults", "job")
#: Ways to the token: one choice, so that a weaker layer's way never stands beside a stronger layer's.
TOKEN_WAYS = frozenset({"token", "token_file", "token_command", "token_keyring"})
#: A name this close (in percent) to a setting is taken for a misspelt one.
_CLOSE = 85.0
_LIKE = 60.0


@dataclass(frozen=True, slots=True)
class Found:
    """A value as it was found. origin: where, in words for a message, such as "`--mode`"; never the value itself."""

    value: object
    origin: str


Layer: TypeAlias = Mapping[str, Found]


def merge(found: Iterable[Layer]) -> dict[str, Found]:
    """The strongest value of each setting. The ways to the token are one choice: the stronger layer's stand."""
    merged: dict[str, Found] = {}
    for layer in found:
        settled = TOKEN_WAYS if merged.keys() & TOKEN_WAYS else frozenset()
        merged |= {name: value for name, value in layer.items() if name not in merged and name not in settled}
    return merged


def layers(
    flags: Mapping[str, object],
    *,
    environ: Mapping[str, str],
    project: Path,
    user: Path,
    known: Sequence[str],
    job: Layer,
) -> list[Layer]:
    """Every layer, strongest first. project: a folder. user: a file. known: the names of all settings. job: as in settings.load.

    Raises SettingsError for a file that cannot be read, an unknown name, a profile that no file has.
    """
    given = [
        _flags(flags, known),
        job,
        _environment(environ, known),
        _dotenv(project / ".env", known),
    ]
    files = [_toml(path) for path in (project / PROJECT_FILE, user)]
    tops = [_table(file, file.values, "", known) for file in files]
    chosen = merge([*given, *tops]).get("profile")
    profiles = _profiles(files, chosen, known)
    return [*given, *(layer for pair in zip(profiles, tops, strict=True) for layer in pair)]


def _flags(flags: Mapping[str, object], known: Sequence[str]) -> Layer:
    _refuse_unknown(flags, known, "the call")
    return {name: Found(value, f"`--{name.replace('_', '-')}`") for name, value in flags.items() if value is not None}


def _environment(environ: Mapping[str, str], known: Sequence[str]) -> Layer:
    """Variables that are blank count as not set: a scheduler's form often leaves them so."""
    ours = {name.removeprefix(PREFIX).lower(): value for name, value in environ.items() if name.startswith(PREFIX)}
    for name in ours.keys() - set(known):
        if close := nearest(name, known, _CLOSE):
            raise SettingsError(
                f"the environment variable `{PREFIX}{name.upper()}` is no setting",
                hint=f"did you mean `{PREFIX}{close.upper()}`?",
            )
    return {
        name: Found(value, f"the environment variable `{PREFIX}{name.upper()}`")
        for name, value in ours.items()
        if name in known and value.strip()
    }


def _dotenv(path: Path, known: Sequence[str]) -> Layer:
    """The lines of `.env` that begin with our prefix; others belong to other programs."""
    if not path.is_file():
        return {}
    try:
        lines = DotEnvSettingsSource(BaseSettings, env_file=path).env_vars
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from None
    ours = {name.upper().removeprefix(PREFIX).lower(): value for name, value in lines.items() if name.upper().startswith(PREFIX)}
    _refuse_unknown(ours, known, f"`{path}`", spelled=lambda name: f"{PREFIX}{name.upper()}")
    refuse_exposed(path, path.stat(), ours)
    return {
        name: Found(value, f"`{PREFIX}{name.upper()}` in `{path}`") for name, value in ours.items() if value and value.strip()
    }


@dataclass(frozen=True, slots=True)
class _File:
    """A TOML file, read. status: whose it is and who may use it; null where there is no file."""

    path: Path
    values: Mapping[str, Any]
    status: os.stat_result | None = None


def _toml(path: Path) -> _File:
    try:
        with path.open("rb") as file:
            return _File(path, tomllib.load(file), os.fstat(file.fileno()))
    except FileNotFoundError:
        return _File(path, {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _unreadable(path, error) from None


def _table(file: _File, values: Mapping[str, Any], prefix: str, known: Sequence[str]) -> Layer:
    """One table of a file as a layer. prefix: "" for the top, else "profiles.NAME."."""
    own = {name: value for name, value in values.items() if prefix or name not in TABLES}
    offered = known if prefix else (*known, *TABLES)
    _refuse_unknown(own, offered, f"`{file.path}`", spelled=lambda name: f"{prefix}{name}")
    if file.status is not None:
        refuse_exposed(file.path, file.status, own)
    return {name: Found(value, f"`{prefix}{name}` in `{file.path}`") for name, value in own.items()}


def refuse_exposed(path: Path, status: os.stat_result, own: Mapping[str, object]) -> None:
    """A secret must not stand where others can read it; nor a command where others can write it, for it will be run.

    own: settings as a table of the file has them. Raises SettingsError.
    """
    readable = bool(status.st_mode & 0o177)
    if own.get("token") and readable:
        hint = f"put the token into `{PREFIX}TOKEN` or a `token_file`, or run `chmod 600 {path}`"
        raise SettingsError(f"`{path}` holds a token and can be read by others", hint=hint)
    if "@" in str(own.get("proxy") or "") and readable:
        hint = f"run `chmod 600 {path}`, or put the address into `{PREFIX}PROXY`"
        raise SettingsError(f"`{path}` holds the password of a proxy and can be read by others", hint=hint)
    if own.get("token_command") and (status.st_mode & 0o022 or status.st_uid not in (0, os.geteuid())):
        raise SettingsError(
            f"`{path}` names a command to run, and can be written by others", hint=f"run `chmod go-w {path}`, as its owner"
        )


def _profiles(files: Sequence[_File], chosen: Found | None, known: Sequence[str]) -> list[Layer]:
    """The chosen profile of each file, empty where it has none; every profile's names are checked, chosen or not."""
    found: list[dict[str, Layer]] = []
    for file in files:
        tables = file.values.get("profiles", {})
        if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
            raise SettingsError(f"`profiles` in `{file.path}` is not a table of tables", hint="write `[profiles.NAME]`")
        found.append({name: _table(file, table, f"profiles.{name}.", known) for name, table in tables.items()})
    if chosen is None:
        return [{} for _ in files]
    names = sorted({name for tables in found for name in tables})
    if chosen.value not in names:
        raise SettingsError(
            f"no file has the profile that {chosen.origin} names",
            hint=f"there are: {', '.join(f'`{name}`' for name in names)}"
            if names
            else f"write `[profiles.NAME]` in `{PROJECT_FILE}`",
        )
    return [tables.get(str(chosen.value), {}) for tables in found]


def _refuse_unknown(names: Iterable[str], known: Sequence[str], place: str, *, spelled: Callable[[str], str] = str) -> None:
    """spelled: how the place writes a setting's name."""
    for name in names:
        if name not in known:
            close = nearest(name, known)
            hint = f"did you mean `{spelled(close)}`?" if close else f"the settings are: {', '.join(known)}"
            raise SettingsError(f"{place} has the key `{spelled(name)}`, which is no setting", hint=hint)


def nearest(name: str, known: Sequence[str], cutoff: float = _LIKE) -> str | None:
    """The name that `name` was probably meant to be; null where none is like it."""
    found = process.extractOne(name.replace("-", "_").lower(), known, scorer=fuzz.ratio, score_cutoff=cutoff)
    return found[0] if found else None


def _unreadable(path: Path, error: Exception) -> SettingsError:
    """A decoder's own words name line and column, not the text; those of a wrong encoding would quote it."""
    words = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else getattr(error, "strerror", None) or str(error)
    return SettingsError(f"`{path}` cannot be read: {words}", hint="correct the file, or move it away")
