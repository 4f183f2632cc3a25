"""`sandbox`: serve the embedded Callcamp."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from callcamp_sync.cli.options import Common, command


@command()
def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
    orders: Annotated[int, typer.Option(min=0, help="Orders in the demo campaign.")] = 0,
    latency_ms: Annotated[float, typer.Option(min=0, help="How long each answer takes.")] = 0,
    rate: Annotated[float | None, typer.Option(min=0.001, help="Requests a second; more get 429.", show_default=False)] = None,
    faults: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What goes wrong: a script in TOML or JSON.", show_default=False)
    ] = None,
    *,
    common: Common,
) -> int:
    """Serve Callcamp in small on this machine, for trying things out, until Ctrl-C."""
    from callcamp_sync.sandbox import Behaviour, Sandbox, demo_world, read_script, serve
    from callcamp_sync.sandbox.serve import announce

    def say(box: Sandbox) -> None:
        if common.voice.as_json:
            announce(box)
            return
        common.voice.text(f"export CALLCAMP_BASE_URL={box.base_url}")
        common.voice.text(f"export CALLCAMP_TOKEN={box.token}")
        common.voice.say("serving until Ctrl-C; in another terminal, paste the two lines above")

    script = read_script(faults) if faults else None
    serve(demo_world(orders), behaviour=Behaviour(latency_ms=latency_ms, rate=rate), port=port, faults=script, say=say)
    return 0
