"""`map suggest`, `map check`, `map explain`, `map schema`: from a sheet's columns to Callcamp's fields."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from callcamp_sync.cli.options import CampaignOpt, Common, SheetArg, command
from callcamp_sync.errors import ExitCode
from callcamp_sync.report.terminal import counted

if TYPE_CHECKING:
    from callcamp_sync.mappings import Checked, FeedCheck

app = typer.Typer(help="Write, check and follow mapping files.", no_args_is_help=True, rich_markup_mode=None)

MappingArg = Annotated[Path, typer.Argument(metavar="MAPPING", help="A mapping file (TOML).")]
OutOpt = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write here instead of standard output.", show_default=False)
]
TypeOpt = Annotated[
    Path | None, typer.Option(metavar="FILE.json", help="A Record Type as JSON, instead of a campaign's.", show_default=False)
]


@app.command("suggest")
@command("connection")
def suggest(
    sheet: SheetArg,
    campaign: CampaignOpt = None,
    record_type: TypeOpt = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE.toml", help="Write here. A file that is there keeps all it says.", show_default=False
        ),
    ] = None,
    *,
    common: Common,
    flags: dict[str, Any],
) -> int:
    """Suggest a mapping for a sheet, from its headings and the shape of its cells. Look at every line before you use it."""
    from callcamp_sync import mappings
    from callcamp_sync.bench import Request
    from callcamp_sync.cli import running

    bench = running.bench(running.load_settings(common, flags), common)
    request = Request(sheet=sheet, campaign=campaign, command="map suggest", record_type=record_type)
    made = running.run(lambda: mappings.suggest(request, bench, output), bench.stop, common.voice)
    if output is not None and made.added != ():
        mappings.write(made.text, output)
    if common.voice.as_json:
        common.voice.data({"file": str(output) if output else None, **asdict(made)})
    elif output is None:
        common.voice.text(made.text.rstrip("\n"))
    for problem in made.problems:
        common.voice.warn(f"not settled yet: {problem}")
    if output is not None:
        common.voice.say(_written(output, made.added))
    return 0


def _written(output: Path, added: tuple[str, ...] | None) -> str:
    if added is None:
        return f"{output} is written; look at every line, then `callcamp-sync map check {output} SHEET -c CAMPAIGN`"
    return f"{output}: added {', '.join(added)}" if added else f"{output}: nothing to add"


@app.command("check")
@command("reading")
def check(
    mapping: MappingArg,
    sheet: Annotated[
        str | None, typer.Argument(metavar="[SHEET]", help="A sheet that it is meant for.", show_default=False)
    ] = None,
    campaign: CampaignOpt = None,
    record_type: TypeOpt = None,
    *,
    common: Common,
    flags: dict[str, Any],
) -> int:
    """Say whether a mapping is sound, fits a sheet, and fits a campaign. Exit 3 when it makes rows of the sheet unreadable."""
    from callcamp_sync import mappings
    from callcamp_sync.bench import Request
    from callcamp_sync.cli import running

    bench = running.bench(running.load_settings(common, flags), common)
    request = Request(sheet=sheet or "", campaign=campaign, mapping=mapping, command="map check", record_type=record_type)
    found = running.run(lambda: mappings.check(request, bench), bench.stop, common.voice)
    if common.voice.as_json:
        common.voice.data(asdict(found))
    else:
        common.voice.text("\n".join(_checked(found)))
    return ExitCode.ROWS if found.rejected or found.held else ExitCode.OK


def _checked(found: Checked) -> list[str]:
    lines = [f"{found.path}: sound" + (f", fits the campaign {found.campaign!r}" if found.campaign else "")]
    if found.assumed:
        lines.append("parameters are not checked: name a campaign with `-c`")
    if found.sheet is not None:
        lines += [f"{found.sheet}: {counted(found.rows, 'row')}, {found.rejected} rejected, {found.held} held", ""]
        lines += [_fed(feed) for feed in found.feeds]
        lines += [f"not read: `{heading}`" for heading in found.unmatched]
    return [*lines, *(f"note: {notice}" for notice in found.notices)]


def _fed(feed: FeedCheck) -> str:
    source = f"always `{feed.const}`" if feed.const is not None else " / ".join(feed.headings)
    wrong = ", ".join(f"{code} {count}" for code, count in feed.unread.items())
    return f"  {feed.field:<26} {feed.kind:<9} <- {source}: {feed.filled} filled, {feed.blank} blank" + (
        f"; {wrong}" if wrong else ""
    )


@app.command("explain")
@command("reading")
def explain(
    mapping: MappingArg,
    sheet: SheetArg,
    row: Annotated[int, typer.Option(min=1, metavar="N", help="The row, as the spreadsheet counts.")],
    campaign: CampaignOpt = None,
    record_type: TypeOpt = None,
    *,
    common: Common,
    flags: dict[str, Any],
) -> int:
    """Follow one row through a mapping: each cell, each step, the value. Exit 3 when the row is not accepted."""
    from callcamp_sync import mappings
    from callcamp_sync.bench import Request
    from callcamp_sync.cli import running, telling

    bench = running.bench(running.load_settings(common, flags), common)
    request = Request(sheet=sheet, campaign=campaign, mapping=mapping, command="map explain", record_type=record_type)
    traced = running.run(lambda: mappings.explain(request, bench, row), bench.stop, common.voice)
    if common.voice.as_json:
        common.voice.data(telling.trace_document(traced))
    else:
        common.voice.text("\n".join(telling.trace_lines(traced)))
    return ExitCode.ROWS if traced.verdict in ("rejected", "held") else ExitCode.OK


@app.command("schema")
@command()
def schema(output: OutOpt = None, *, common: Common) -> int:
    """Print the form of a mapping file as JSON Schema, for editors. `#:schema FILE` as a mapping's first line names it."""
    from callcamp_sync.mapping import json_schema
    from callcamp_sync.mappings import schema_text, write

    if output is None:
        common.voice.data(json_schema())
        return 0
    write(schema_text(), output)
    common.voice.say(f"{output} is written; begin a mapping beside it with `#:schema {output.name}`")
    return 0
