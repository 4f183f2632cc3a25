"""`campaigns list` and `campaigns show`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from callcamp_sync.cli.options import Common, command

app = typer.Typer(help="See the campaigns of the account.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
@command("connection")
def show_all(*, common: Common, flags: dict[str, Any]) -> int:
    """List every campaign that the token can see."""
    import callcamp_sync as library
    from callcamp_sync.cli import running

    bench = running.bench(running.load_settings(common, flags), common)

    async def work() -> list[Any]:
        async with library.open_client(bench) as client:
            return [campaign.info() for campaign in await client.campaigns()]

    found = running.run(work, bench.stop, common.voice)
    if common.voice.as_json:
        common.voice.data([{"uuid": c.uuid, "name": c.name, "status": c.status, "timezone": c.timezone} for c in found])
    else:
        common.voice.text("\n".join(f"{c.uuid}  {c.status or '-':<10} {c.name}" for c in found) or "no campaigns")
    return 0


@app.command("show")
@command("connection")
def show(
    campaign: Annotated[str, typer.Argument(metavar="CAMPAIGN", help="The campaign's uuid or unique name.")],
    *,
    common: Common,
    flags: dict[str, Any],
) -> int:
    """Show one campaign: its record type and how many orders stand in which status."""
    from callcamp_sync.cli import running
    from callcamp_sync.export import overview

    bench = running.bench(running.load_settings(common, flags), common)
    shown = running.run(lambda: overview(bench, campaign), bench.stop, common.voice)
    if common.voice.as_json:
        common.voice.data(shown)
        return 0
    voice = common.voice
    voice.text(f"{shown['name']} ({shown['uuid']})")
    voice.text(f"status {shown['status']}, time zone {shown['timezone']}, record type {shown['record_type']['name'] or 'none'}")
    for parameter in shown["record_type"]["parameters"]:
        must = ", required" if parameter["required"] else ""
        voice.text(f"  {parameter['id']}: {parameter['kind']}{must}  ({parameter['title']})")
    voice.text("orders: " + (", ".join(f"{name} {count}" for name, count in shown["orders"].items()) or "none"))
    return 0
