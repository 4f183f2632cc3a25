"""`dnc`: the ledger of who must never be called again. It has no command that takes anyone off it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from callcamp_sync.cli.options import Common, SheetArg, command
from callcamp_sync.report.terminal import counted

app = typer.Typer(help="The ledger of who must never be called.", no_args_is_help=True, rich_markup_mode=None)

PhonesArg = Annotated[list[str], typer.Argument(metavar="PHONE…", help="Numbers with country code, or national with --region.")]


@app.command("add")
@command("ledger")
def add(phone: PhonesArg, *, common: Common, flags: dict[str, Any]) -> int:
    """Write numbers into the ledger, for good."""
    from callcamp_sync import suppression
    from callcamp_sync.cli import running

    settings = running.load_settings(common, flags)
    numbers = suppression.read_numbers(phone, region=settings.region)
    _told(common, suppression.add(settings, numbers, source="cli", clock=_now))
    return 0


@app.command("import")
@command("ledger")
def import_(sheet: SheetArg, *, common: Common, flags: dict[str, Any]) -> int:
    """Write every number of a suppression file into the ledger: a column `phone`, or a file of one column."""
    from callcamp_sync import suppression
    from callcamp_sync.cli import running

    settings = running.load_settings(common, flags)
    found = suppression.read_file(sheet, region=settings.region)
    added = suppression.add(settings, found.numbers, source=f"import {sheet}", clock=_now)
    _told(common, added, unreadable=found.unreadable)
    return 3 if found.unreadable else 0


@app.command("list")
@command("ledger")
def show_all(*, common: Common, flags: dict[str, Any]) -> int:
    """Print the ledger, oldest entry first."""
    from callcamp_sync import suppression
    from callcamp_sync.cli import running

    entries = suppression.entries(running.load_settings(common, flags), clock=_now)
    if common.voice.as_json:
        common.voice.data([{"phone": e.phone, "at": e.at.isoformat() if e.at else None, "source": e.source} for e in entries])
    else:
        common.voice.text(
            "\n".join(f"{e.phone}  {e.at:%Y-%m-%d}  {e.source}" if e.at else f"{e.phone}  -  {e.source}" for e in entries)
        )
    return 0


@app.command("check")
@command("ledger")
def check(phone: PhonesArg, *, common: Common, flags: dict[str, Any]) -> int:
    """Say of each number whether the ledger has it, under any of the subscriber's numbers. Exit 3 when one is there."""
    from callcamp_sync import suppression
    from callcamp_sync.cli import running

    settings = running.load_settings(common, flags)
    numbers = suppression.read_numbers(phone, region=settings.region)
    found = suppression.check(settings, numbers, clock=_now)
    if common.voice.as_json:
        common.voice.data([{"phone": number, "forbidden": bool(entry), "source": entry} for number, entry in found.items()])
    else:
        for number, entry in found.items():
            common.voice.text(f"{number}  {'never call: ' + entry if entry else 'not in the ledger'}")
    return 3 if any(found.values()) else 0


def _told(common: Common, added: int, *, unreadable: dict[int, str] | None = None) -> None:
    lines = unreadable or {}
    for row, why in list(lines.items())[:20]:
        common.voice.warn(f"row {row}: {why}")
    if len(lines) > 20:
        common.voice.warn(f"and {len(lines) - 20} more rows could not be read")
    if common.voice.as_json:
        common.voice.data({"added": added, "unreadable": [{"row": row, "message": why} for row, why in lines.items()]})
    else:
        unread = f"; {counted(len(lines), 'row')} could not be read" if lines else ""
        common.voice.text(f"{counted(added, 'number')} added{unread}")


def _now() -> datetime:
    return datetime.now(UTC)
