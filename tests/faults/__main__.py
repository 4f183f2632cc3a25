"""`python -m tests.faults --seeds N`: the long form of the simulator; prints one table, and what did not hold.

Exit code 0 if all is well: no finding, every broken client caught, every kill survived, every seed the same twice.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import as_completed

import anyio

from .batch import Summary, catch, processes, submit, summarize
from .broken import MISTAKES
from .kills import KillPoint, every_kill_point
from .table import Caught, markdown

_TWICE = 20


def main() -> int:
    """Play everything that was asked for."""
    asked = _arguments()
    with processes(asked.workers) as pool:
        teeth = {} if asked.no_teeth else {m.__name__: pool.submit(catch, m.__name__, asked.most, best=False) for m in MISTAKES}
        futures = submit(pool, range(asked.first, asked.first + asked.seeds))
        again = {seed: pool.submit(summarize, seed) for seed in list(futures)[:_TWICE]}
        for done, future in enumerate(as_completed(futures.values()), start=1):
            _complain(future.result())
            if done % 250 == 0:
                _say(f"{done} of {asked.seeds} scenarios")
        summaries = [future.result() for future in futures.values()]
        same = sum(again[seed].result().outcomes == futures[seed].result().outcomes for seed in again)
        caught = {name: future.result() for name, future in teeth.items()}
    kills = [] if asked.no_kills else anyio.run(_kills)
    sys.stdout.write(markdown(summaries, caught, kills, (same, len(again))) + "\n")
    return _verdict(summaries, caught, kills) or int(same < len(again))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Play fault scenarios against the real client.")
    parser.add_argument("--seeds", type=int, default=300, help="how many scenarios (300)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--workers", type=int, default=2, help="processes (2)")
    parser.add_argument("--most", type=int, default=60, help="seeds within which a broken client must be caught (60)")
    parser.add_argument("--no-kills", action="store_true", help="leave the kill loop out")
    parser.add_argument("--no-teeth", action="store_true", help="leave the broken clients out")
    return parser.parse_args()


async def _kills() -> list[KillPoint]:
    points = []
    async for point in every_kill_point():
        points.append(point)
        for finding in point.found:
            _say(f"killed at {point.place}: {finding.code}: {finding.words}")
    return points


def _complain(summary: Summary) -> None:
    for finding in summary.findings:
        _say(f"seed {summary.seed} ({summary.profile}): {finding.code}: {finding.words}")


def _say(words: str) -> None:
    sys.stderr.write(words + "\n")
    sys.stderr.flush()


def _verdict(summaries: list[Summary], caught: Caught, kills: list[KillPoint]) -> int:
    wrong = any(one.findings for one in summaries) or any(point.found for point in kills)
    return int(wrong or any(found is None for found in caught.values()))


if __name__ == "__main__":
    sys.exit(main())
