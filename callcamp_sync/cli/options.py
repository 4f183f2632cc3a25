"""The options of the command line, in groups that commands share, and how a command receives them.

A command declares its own arguments and takes `common` (Common) and, where it has settings, `flags` (setting name -> value). The
decorator `command` adds the options of those groups to its signature: each is declared once, and stands after every command.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from callcamp_sync.cli.voice import Voice
from callcamp_sync.errors import SyncError, UsageError


@dataclass(slots=True, kw_only=True)
class Common:
    """What can be said to every command. voice: as flags and environment ask for; files are heard when settings are loaded."""

    voice: Voice
    no_input: bool
    log_format: str | None
    profile: str | None

    def flags(self, flags: Mapping[str, object]) -> dict[str, object]:
        """A command's own flags with those of these that are settings."""
        return {**flags, "log_format": self.log_format}


@dataclass(frozen=True, slots=True)
class _Option:
    kind: Any
    default: Any


def _switch(words: str, *names: str) -> _Option:
    return _Option(Annotated[bool, typer.Option(*names, help=words)], default=False)


def _said(words: str, *names: str) -> _Option:
    """A switch that is a setting: not given is not the same as off."""
    return _Option(Annotated[bool | None, typer.Option(*names, help=words, show_default=False)], default=None)


def _text(words: str, *names: str) -> _Option:
    return _Option(Annotated[str | None, typer.Option(*names, help=words, show_default=False)], default=None)


def _number(words: str) -> _Option:
    return _Option(Annotated[float | None, typer.Option(help=words, show_default=False)], default=None)


def _whole(words: str) -> _Option:
    return _Option(Annotated[int | None, typer.Option(min=0, help=words, show_default=False)], default=None)


_COMMON: dict[str, _Option] = {
    "json": _switch("Print one JSON document on standard output.", "--json"),
    "quiet": _switch("Say only what went wrong.", "-q", "--quiet"),
    "verbose": _switch("Say more.", "-v", "--verbose"),
    "no_input": _switch("Never ask; what would need an answer is an error.", "--no-input"),
    "no_color": _switch("No colours.", "--no-color"),
    "log_format": _text("Messages as text (default) or json.", "--log-format"),
    "profile": _text("A profile of callcamp.toml.", "--profile"),
}

_CONNECTION: dict[str, _Option] = {
    "insecure_http": _said("Allow plain http to another machine.", "--insecure-http"),
    "concurrency": _Option(Annotated[int | None, typer.Option(help="Requests at once (8).", show_default=False)], default=None),
    "rate": _number("Requests a second at most."),
}

_SYNC: dict[str, _Option] = {
    "mode": _text("create, update, upsert (default) or mirror."),
    "on_missing": _text("Orders without a row, in mode mirror: keep, cancel (default there) or remove."),
    "initial_status": _text("Status of new contacts where the sheet names none (registered)."),
    "release": _text("staged (default): a second look before a call is planned; direct: none."),
    "region": _text("Region that numbers without + belong to, such as GB."),
    "key": _text("What finds a row's order: phone, record_uuid, order_uuid, parameters.ID; commas between."),
    "on_duplicate": _text("Contradicting rows for one contact: hold (default), first or last."),
    "max_create": _text("Most new contacts: a count, or a share of the campaign (N or N%)."),
    "max_update": _text("Most updates (60% of 20 orders and more)."),
    "max_remove": _text("Most orders canceled or removed (10% or 5, and never all)."),
    "max_invalid": _text("Most rows rejected or held (30% of 20 rows and more)."),
    "max_shrink": _text("Most valid rows fewer than in the last run before orders are taken out (30%)."),
    "settle_seconds": _number("Wait before looking for a create without an answer (5)."),
    "grace_seconds": _number("How long such a create may still arrive (120)."),
    "reopen": _said("Change contacts that are finished or canceled, too.", "--reopen"),
    "report_dir": _Option(
        Annotated[Path | None, typer.Option(help="Where the runs' folders stand (reports).", show_default=False)], default=None
    ),
}

_READING = {name: _SYNC[name] for name in ("mode", "region", "key", "on_duplicate", "initial_status")}
_DECIDING = {name: option for name, option in _SYNC.items() if name not in ("settle_seconds", "report_dir")}
_APPLYING = {name: _SYNC[name] for name in ("settle_seconds", "grace_seconds", "report_dir")}

_LIFTING = {
    **{name: _SYNC[name] for name in ("max_create", "max_update", "max_remove", "max_invalid", "max_shrink")},
    "max_no_file": _whole("Runs in a row that may find no file (0)."),
    "max_age": _text("Oldest file: 90s, 30m, 26h or 7d (any age)."),
    "max_same": _whole("Runs in a row that may take the same file again (any number)."),
    "stable_seconds": _number("How long a file must have come to rest; 0 does not look (2)."),
    "max_rows_change": _text("Most rows off the usual number: N or N% (50% of 20 rows and more)."),
    "max_headers": _whole("Most headings that are gone or new (0)."),
    "max_blank_keys": _text("Most rows without a readable key over the usual share: N or N% (5% of 20 rows and more)."),
    "max_changed_phones": _text("Most numbers that the last file did not have: N or N% (50% of 20 and more)."),
    "absences": _whole("Good files in a row that an order must be absent from before it is taken out (2)."),
    "report_dir": _SYNC["report_dir"],
}

#: Which options a command takes, by the name of its group.
GROUPS: Mapping[str, Mapping[str, _Option]] = {
    "sync": {**_SYNC, **_CONNECTION},
    "apply": {**_APPLYING, **_CONNECTION},
    "deciding": {**_DECIDING, **_CONNECTION},
    "reading": {**_READING, **_CONNECTION},
    "connection": _CONNECTION,
    "ledger": {"region": _SYNC["region"]},
    "lifting": _LIFTING,
    "state": {},
}


def command(*groups: str) -> Callable[[Callable[..., int | None]], Callable[..., None]]:
    """Make a function a command: it gets `common`, and `flags` with the options of the named groups.

    What it returns is the exit code (None is 0). A SyncError becomes one message and its exit code.
    """
    options = {name: option for group in groups for name, option in GROUPS[group].items()}

    def decorate(body: Callable[..., int | None]) -> Callable[..., None]:
        own = inspect.signature(body, eval_str=True)
        kept = [p for p in own.parameters.values() if p.name not in ("common", "flags")]
        added = [_parameter(name, option) for name, option in {**options, **_COMMON}.items()]

        @functools.wraps(body)
        def run(**given: Any) -> None:
            said = {name: given.pop(name) for name in _COMMON}
            common = _common(said)
            flags = {name: given.pop(name) for name in options}
            more = {"flags": flags} if groups else {}
            try:
                if said["log_format"] not in (None, "text", "json"):
                    raise UsageError(f"`--log-format {said['log_format']}` is neither `text` nor `json`")
                if str(given.get("output")) == "-":
                    raise UsageError("`-o -` names no file: what `-o` writes does not go to standard output", hint="name a file")
                code = body(**given, common=common, **more)
            except SyncError as error:
                code = common.voice.fail(error)
            raise typer.Exit(int(code or 0))

        run.__signature__ = inspect.Signature([*kept, *added])  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in (*kept, *added)}
        return run

    return decorate


def _common(said: Mapping[str, Any]) -> Common:
    voice = Voice(
        as_json=said["json"],
        quiet=said["quiet"],
        verbose=said["verbose"],
        json_lines=(said["log_format"] or os.environ.get("CALLCAMP_LOG_FORMAT")) == "json",
        colour=not said["no_color"] and "NO_COLOR" not in os.environ,
    )
    return Common(voice=voice, no_input=said["no_input"], log_format=said["log_format"], profile=said["profile"])


def _parameter(name: str, option: _Option) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=option.default, annotation=option.kind)


_SHEET = "A CSV file or workbook; FILE.xlsx#Sheet name; - for CSV on stdin."
_CAMPAIGN = "The campaign's uuid or unique name."

SheetArg = Annotated[str, typer.Argument(metavar="SHEET", help=_SHEET)]
CampaignOpt = Annotated[str | None, typer.Option("-c", "--campaign", metavar="CAMPAIGN", help=_CAMPAIGN, show_default=False)]
MappingOpt = Annotated[
    Path | None, typer.Option("-m", "--mapping", metavar="FILE.toml", help="How columns are read.", show_default=False)
]
YesOpt = Annotated[bool, typer.Option("--yes", "-y", help="Go on without asking.")]
