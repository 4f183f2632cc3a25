"""A million rows against a million orders, from the file to a plan: memory and CPU seconds of a process of its own.

The pages are made in the process itself, as a server would send them, so that neither a server nor a wire is measured; each page
is JSON that is read as the client reads it, and nothing of it is kept but columns. One row in 500 has another company.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import orjson

from benchmarks import leads
from benchmarks.table import Line
from callcamp_sync.api.columns import ORDER_COLUMNS, record_columns
from callcamp_sync.api.reader import read_all
from callcamp_sync.sandbox.seed import lead

ROWS = 1_000_000
LIMIT = 2_048

_CHILD = """
import json, sys, time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
import anyio
from benchmarks import columns, memory, million
from callcamp_sync import planning
from callcamp_sync.model import CampaignInfo, Mode
from callcamp_sync.report import documents, tables
from callcamp_sync.sheets import write_csv

async def main(path, rows):
    desired = columns.ours(path)
    read = memory.peak()
    campaign = CampaignInfo(uuid="c", name="Bench", status=None, timezone=None, record_type_uuid=None)
    standing, found, desired = await planning.stand(
        million.Pages(rows), campaign, columns.KIND, desired, mode=Mode.UPDATE, on_page=lambda *_: None
    )
    listed = memory.peak()
    wished = planning.Wishes(
        mode=Mode.UPDATE, on_missing=planning.OnMissing.KEEP, reopen=False, now=datetime.now(UTC), never=frozenset()
    )
    difference = planning.compare(desired, standing, found, wished)
    lines = planning.lines(difference.rows, desired.issues)
    write_csv(path.with_suffix(".out.csv"), lines.drop("codes"), dialect="excel")
    peak = memory.peak()
    outcomes = dict(lines["outcome"].value_counts().iter_rows())
    said = {"read": read, "listed": listed, "peak": peak, "cpu": time.process_time(), "outcomes": outcomes}
    print(json.dumps(said | {"orders": standing.orders.height}))

anyio.run(main, Path(sys.argv[1]), int(sys.argv[2]))
"""


def write(path: Path, rows: int) -> None:
    """The sheet: what the campaign says of each contact, but for one company in 500."""
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(leads.HEADINGS) + "\n")
        for index in range(rows):
            one = lead(index)
            held = one["parameters"] | ({"company": "Another Ltd"} if index % 500 == 0 else {})
            names = ("phoneNumber", "firstName", "lastName", "email", "country")
            file.write(",".join(str(value) for value in (*(one[name] for name in names), *held.values())) + "\n")


class Pages:
    """What planning asks a client for, answered from the leads themselves."""

    def __init__(self, rows: int) -> None:
        self.rows = rows

    async def list_orders(self, _campaign: str, **_: object) -> object:
        """Every order, page by page, through the reader that reads a server's."""
        return await read_all(lambda page: self._page("orders", page), "orders", ORDER_COLUMNS, workers=8)

    async def list_records(self, *, parameters: list[str], **_: object) -> object:
        """Every contact."""
        return await read_all(lambda page: self._page("records", page), "records", record_columns(parameters), workers=8)

    async def _page(self, name: str, page: int) -> dict[str, object]:
        items = []
        for index in range((page - 1) * 100, min(page * 100, self.rows)):
            contact = lead(index)
            record = {"uuid": f"{index:036}", **contact}
            short = {"uuid": record["uuid"], "name": contact["name"], "phoneNumber": contact["phoneNumber"]}
            items.append(record if name == "records" else {"uuid": f"o{index:035}", "status": "registered", "record": short})
        said = {name: items, "total": self.rows, "page": page, "limit": 100, "totalPages": -(-self.rows // 100)}
        read: dict[str, object] = orjson.loads(orjson.dumps(said))
        return read


def lines() -> list[Line]:
    """One line: peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "leads.csv"
        write(path, ROWS)
        done = subprocess.run([sys.executable, "-c", _CHILD, str(path), str(ROWS)], check=True, capture_output=True, text=True)
    said = json.loads(done.stdout)
    return [
        Line(
            what=f"{ROWS:,} rows x {ROWS:,} orders, file to plan, {said['cpu']:.0f} s CPU: peak memory",
            ours=f"{said['peak']:.0f} MB",
            baseline=f"{LIMIT} MB",
            against="limit (ours ÷ it)",
            ratio=said["peak"] / LIMIT,
            checked=said["orders"] == ROWS and said["outcomes"] == {"updated": ROWS // 500, "unchanged": ROWS - ROWS // 500},
        )
    ]
