"""`config show`: which settings count, and where each comes from."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from callcamp_sync.cli.options import Common, command

app = typer.Typer(help="See the settings.", no_args_is_help=True, rich_markup_mode=None)


@app.command("show")
@command("state")
def show(
    origin: Annotated[bool, typer.Option("--origin", help="Say of each where it comes from.")] = False,
    *,
    common: Common,
    flags: dict[str, Any],
) -> int:
    """Print every setting as a command in this folder would have it; secrets only as `(set)`.

    A mapping file may still decide mode, on_missing, initial_status, on_duplicate and region, where nothing else set them.
    """
    from callcamp_sync.settings import shown

    found = shown(common.flags(flags), profile=common.profile)
    if common.voice.as_json:
        more = [{"origin": one.origin} if origin else {} for one in found]
        common.voice.data([{"name": one.name, "value": one.value} | said for one, said in zip(found, more, strict=True)])
        return 0
    width = max(len(one.name) for one in found)
    values = {one.name: one.value if one.value is not None else "-" for one in found}
    across = min(40, max(len(value) for value in values.values()))
    for one in found:
        line = f"{one.name:<{width}}  {values[one.name]:<{across if origin else 0}}"
        common.voice.text(f"{line}  {one.origin}" if origin else line)
    return 0
