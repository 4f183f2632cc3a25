"""Five million rows through `prepare`: two workers with a memory limit, and the same in one process, which must agree.

    python -m benchmarks.prepared [--rows 5000000] [--memory 2GB] [--processes 2]

In:  nothing; the sheet is made in a temporary folder (about 80 bytes a row). Out: seconds of each way, the workers' peak memory,
and whether every file is equal, by digest. Exit 1 where one is not. Bounded: it ends by itself, and leaves nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import anyio
import polars as pl

from callcamp_sync.bench import Bench, Request
from callcamp_sync.cluster import Partitions
from callcamp_sync.preparing import Engine, Outcome, in_turn, prepare
from callcamp_sync.settings import Settings

MAPPING = """version = 1
[record]
phoneNumber = "Mobile"
firstName = "First name"
lastName = "Surname"
email = "E-mail"
[parameters]
company = "Company"
plan = { from = "Plan", values = { "Gold" = "gold", "Silver" = "silver" } }
renewal = { from = "Renewal", formats = ["%d/%m/%Y"] }
"""
KIND = {
    "uuid": "11111111-2222-4333-8444-555555555555",
    "name": "Large",
    "parameters": [
        {"id": "company", "title": "Company", "type": "string", "required": True},
        {"id": "plan", "title": "Plan", "type": "string"},
        {"id": "renewal", "title": "Renewal", "type": "date"},
    ],
}
_CHUNK = 250_000


def write_sheet(path: Path, rows: int) -> None:
    """A sheet with quoted line ends, rows that are wrong, and rows that stand twice far apart."""
    with path.open("wb") as file:
        for start in range(0, rows, _CHUNK):
            number = pl.int_range(start, min(start + _CHUNK, rows), eager=True)
            person = pl.when(pl.col("n") % 1_000 == 999).then(pl.col("n") // 2).otherwise(pl.col("n"))
            mobile = pl.format("+1{}555{}", 201 + person // 10_000 % 789, (person % 10_000).cast(pl.String).str.zfill(4))
            frame = pl.DataFrame({"n": number}).select(
                Mobile=pl.when(pl.col("n") % 500 == 77).then(pl.lit("12")).otherwise(mobile),
                **{"First name": pl.format("First{}", pl.col("n") % 5_000), "Surname": pl.format("Last{}", pl.col("n") % 90_000)},
                **{"E-mail": pl.format("n{}@example.com", pl.col("n"))},
                Company=pl.when(pl.col("n") % 300 == 5).then(pl.lit('Example "North",\nLtd')).otherwise(pl.lit("Example Ltd")),
                Plan=pl.when(pl.col("n") % 700 == 3).then(pl.lit("Bronze")).otherwise(pl.lit("Gold")),
                Renewal=pl.format("{}/05/2026", (pl.col("n") % 28 + 1).cast(pl.String).str.zfill(2)),
            )
            frame.write_csv(file, include_header=start == 0)


def prepared(to: str, engine: Engine) -> tuple[Outcome, float]:
    request = Request(sheet="large.csv", campaign=None, mapping=Path("mapping.toml"), record_type=Path("kind.json"))

    async def work() -> Outcome:
        return await prepare(request, Bench(settings=Settings(state_dir=Path("state"))), Path(to), engine=engine)

    began = time.monotonic()
    return anyio.run(work), time.monotonic() - began


def digests(folder: str) -> list[str]:
    said = json.loads(Path(folder, "prepared.json").read_text(encoding="utf-8"))
    return [one[kind][1] for one in said["parts"] for kind in ("part", "problems")]


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rows", type=int, default=5_000_000)
    asked.add_argument("--memory", default="2GB")
    asked.add_argument("--processes", type=int, default=2)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="callcamp-prepared-") as folder:
        os.chdir(folder)
        Path("mapping.toml").write_text(MAPPING, encoding="utf-8")
        Path("kind.json").write_text(json.dumps(KIND), encoding="utf-8")
        write_sheet(Path("large.csv"), given.rows)
        print(f"{given.rows:,} rows, {Path('large.csv').stat().st_size / 1e6:,.0f} MB", flush=True)
        there, seconds = prepared("there", Partitions(scheduler=None, processes=given.processes, memory=given.memory))
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
        print(f"{given.processes} workers of {given.memory}: {seconds:.1f} s, {there.parts} parts, peak {peak:,.0f} MB a worker")
        here, alone = prepared("here", in_turn)
        print(f"one process: {alone:.1f} s, peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:,.0f} MB")
        print(f"{here.rows:,} rows, {here.rejected:,} rejected, {here.held:,} held; {dict(here.codes)}")
        same = digests("there") == digests("here") and there.rows == here.rows == given.rows
        print("the Parquet is the same" if same else "the Parquet DIFFERS")
        os.chdir("/")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
