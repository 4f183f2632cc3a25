"""`python -m callcamp_sync.sandbox`: serve a seeded sandbox for tests and people in other processes.

In:  --port, --orders, --latency-ms, --rate, --faults. Out: one line of JSON with base_url and token on stdout; then it serves
until SIGINT or SIGTERM and ends with 0. A port that is taken ends it with 2 and one line on stderr.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from callcamp_sync.errors import SyncError
from callcamp_sync.sandbox.behaviour import Behaviour
from callcamp_sync.sandbox.script import read_script
from callcamp_sync.sandbox.seed import demo_world
from callcamp_sync.sandbox.serve import serve


def main(argv: list[str] | None = None) -> int:
    """Parse, serve, return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m callcamp_sync.sandbox", description="Serve a small Callcamp on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    parser.add_argument("--orders", type=int, default=0, help="orders in the campaign `Spring renewals`")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="what every request takes at least")
    parser.add_argument("--rate", type=float, default=None, help="requests a second, beyond it 429")
    parser.add_argument("--faults", type=Path, default=None, help="a script of what goes wrong (docs/sandbox.md)")
    asked = parser.parse_args(argv)
    try:
        serve(
            demo_world(asked.orders),
            behaviour=Behaviour(latency_ms=asked.latency_ms, rate=asked.rate),
            port=asked.port,
            faults=read_script(asked.faults) if asked.faults else None,
        )
    except SyncError as error:
        sys.stderr.write(f"{error.message}\nhint: {error.hint}\n")
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
