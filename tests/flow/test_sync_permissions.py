"""A token without a permission: what it may not do is asked once, not once a row."""

from __future__ import annotations

from pathlib import Path

import anyio

from callcamp_sync import pipeline
from callcamp_sync.bench import Bench, Request
from callcamp_sync.errors import ExitCode
from callcamp_sync.sandbox import Sandbox, World
from callcamp_sync.settings import Settings


def test_creates_that_the_token_may_not_send_end_with_the_first_answers(tmp_path: Path) -> None:
    world = World()
    world.add_campaign("Pilot", record_type=world.add_record_type("Lead"))
    world.add_token("reader", permissions=["campaigns:read", "records:read"])
    rows = [f"+1201555{number:04d}" for number in range(100, 200)]
    (tmp_path / "sheet.csv").write_text("\n".join(["phone", *rows]), encoding="utf-8")
    with Sandbox(world) as box:
        settings = Settings(
            base_url=box.base_url,
            token="reader",
            state_dir=tmp_path / "state",
            report_dir=tmp_path / "reports",
            concurrency=4,
            settle_seconds=0,
        )
        report = anyio.run(pipeline.sync, Request(sheet=str(tmp_path / "sheet.csv"), campaign="Pilot"), Bench(settings=settings))
        assert len(box.writes) <= 4
    assert report.exit_code == ExitCode.ACCESS
    assert report.counts["failed"] + report.counts["not-attempted"] == 100
