"""`init`: a folder to work in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from callcamp_sync.cli.options import Common, command


@command()
def init(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="The folder; the current one if left out.", show_default=False)
    ] = None,
    *,
    common: Common,
) -> int:
    """Write settings, a mapping and a sample sheet into a folder. What is there already is never changed."""
    from callcamp_sync import project

    target = folder or Path()
    placed = project.begin(target)
    if common.voice.as_json:
        common.voice.data([{"path": str(one.path), "kept": one.kept} for one in placed])
        return 0
    for one in placed:
        common.voice.text(f"{'kept   ' if one.kept else 'written'}  {one.path}")
    common.voice.say("\nTry it on this machine, where nobody is called:")
    common.voice.say("  callcamp-sync sandbox --orders 20    # in another terminal; paste here the two lines that it prints")
    if folder is not None:
        common.voice.say(f"  cd {folder}")
    common.voice.say(f'  callcamp-sync plan leads.csv -m mappings/leads.toml -c "{project.SAMPLE_CAMPAIGN}"')
    return 0
