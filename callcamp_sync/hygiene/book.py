"""A Hygiene as a workbook: a summary, and a tab for each finding. An edge: writes one file, through sheets.

The tab of a finding is called by its code, and has a column `Phone` and no other that a number is read from, so that
`dnc import FILE.xlsx#do-not-call-elsewhere` takes it.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from callcamp_sync.errors import UsageError
from callcamp_sync.hygiene.findings import KINDS
from callcamp_sync.hygiene.reading import Hygiene
from callcamp_sync.sheets import Column, Tab, write_workbook

_SUMMARY = (
    Column(heading="Finding", width=24),
    Column(heading="Lines", kind="integer", width=8),
    Column(heading="What it means", width=60, wrap=True),
    Column(heading="What to do", width=70, wrap=True),
)
_LINES = (
    Column(heading="Phone", width=18),
    Column(heading="Name", width=24),
    Column(heading="Status", width=16),
    Column(heading="Order ID", width=16),
    Column(heading="Record ID", width=16),
    Column(heading="Other campaign", width=24),
    Column(heading="Status there", width=16),
    Column(heading="Order ID there", width=16),
    Column(heading="Detail", width=50),
)
_SHOWN = (
    *("phone", "name", "status", "order_uuid", "record_uuid"),
    *("other_campaign", "other_status", "other_order_uuid", "detail"),
)
_INFO = (Column(heading="About", width=24), Column(heading="What", width=90))


def write(found: Hygiene, path: Path) -> tuple[str, ...]:
    """Write the workbook (mode 0600); returns what was cut or split. Raises UsageError for another ending, StateError."""
    if path.suffix.lower() != ".xlsx":
        raise UsageError(f"`{path}` is no workbook's name", hint="let it end in `.xlsx`")
    return write_workbook(path, tabs(found), created=found.taken_at)


def tabs(found: Hygiene) -> tuple[Tab, ...]:
    """The summary, a tab for each finding that occurred, and what was read."""
    rows = [(kind, found.counts[kind], means, cure) for kind, (_, means, cure) in KINDS.items()]
    summary = pl.DataFrame(rows, schema=["finding", "lines", "means", "cure"], orient="row")
    parts = {kind: found.findings.filter(pl.col("finding") == kind) for kind in KINDS}
    return (
        Tab(name="Summary", columns=_SUMMARY, frame=summary, filter=False),
        *(Tab(name=kind, columns=_LINES, frame=part.select(_SHOWN)) for kind, part in parts.items() if part.height),
        Tab(name="Info", columns=_INFO, frame=_info(found), filter=False),
    )


def _info(found: Hygiene) -> pl.DataFrame:
    lines = [
        ("Campaign", found.campaign.name),
        ("Campaign ID", found.campaign.uuid),
        ("Read at (UTC)", f"{found.taken_at:%Y-%m-%d %H:%M:%S}"),
        ("Orders", str(found.orders)),
        ("Other campaigns read", str(found.campaigns)),
        *(("Note", notice) for notice in found.notices),
    ]
    return pl.DataFrame(lines, schema=["about", "what"], orient="row")
