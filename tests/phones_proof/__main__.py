"""`python -m tests.phones_proof`: the long form of the proof; prints one table, its seed, and every difference.

Exit code 0 if there is none. About 2.8 million cells in two processes; each part draws from its own seed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from concurrent.futures import Future, ProcessPoolExecutor
from importlib.metadata import version
from typing import TextIO

from .parts import COUNTS, PART, SHARES, examples, others
from .referee import Verdict


def main() -> int:
    """Compare everything, print what was found."""
    asked = _arguments()
    _say(sys.stdout, f"seed {asked.seed}, phonenumbers {version('phonenumbers')}")
    started = time.monotonic()
    with ProcessPoolExecutor(asked.workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        parts = _submitted(pool, asked.seed, asked.share)
        found = {name: _summed(name, futures) for name, futures in parts.items()}
    _say(sys.stdout, f"{_table(found)}\n\n{time.monotonic() - started:.0f} s")
    return int(any(verdict.wrong for verdict in found.values()))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.phones_proof", description="Hold the port to phonenumbers.")
    fresh = int.from_bytes(os.urandom(4))
    parser.add_argument("--seed", type=int, default=fresh, help="of all chance (a fresh one)")
    parser.add_argument("--workers", type=int, default=2, help="processes (2)")
    parser.add_argument("--share", type=float, default=1.0, help="of the cells, examples aside (1.0)")
    return parser.parse_args()


def _submitted(pool: ProcessPoolExecutor, seed: int, share: float) -> dict[str, list[Future[Verdict]]]:
    parts = {"examples": [pool.submit(examples, seed, number) for number in range(SHARES)]}
    for name, whole in COUNTS.items():
        count = int(whole * share)
        sizes = [min(PART, count - start) for start in range(0, count, PART)]
        parts[name] = [pool.submit(others, name, seed, number, size) for number, size in enumerate(sizes)]
    return parts


def _summed(name: str, futures: list[Future[Verdict]]) -> Verdict:
    whole = Verdict()
    for done, future in enumerate(futures, start=1):
        whole.add(future.result())
        _say(sys.stderr, f"{name}: {done} of {len(futures)}")
    for difference in whole.differences:
        _say(sys.stdout, f"{name}: {difference}")
    return whole


def _table(found: dict[str, Verdict]) -> str:
    heads = ("cells", "compared", "distinct", "numbers", "without the parser", "also by phonenumbers alone", "differences")
    rows = [
        (
            name,
            *map("{:,}".format, (v.cells, v.distinct, v.numbers)),
            f"{1 - v.asked / v.distinct:.1%}",
            f"{v.calm:,}",
            str(v.wrong),
        )
        for name, v in found.items()
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in [heads, ("---",) * len(heads), *rows])


def _say(stream: TextIO, text: str) -> None:
    stream.write(text + "\n")
    stream.flush()


if __name__ == "__main__":
    sys.exit(main())
