"""Between the question and the answer things happen: a run whose second look at the campaign fails still ends, with a report."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import anyio

from callcamp_sync import pipeline
from callcamp_sync.bench import Bench, Request
from callcamp_sync.journal import FILE_NAME, Journal
from callcamp_sync.model import Plan
from callcamp_sync.sandbox import Sandbox, World
from callcamp_sync.settings import Settings


def test_a_token_revoked_while_somebody_thinks_leaves_a_report_and_no_open_run(tmp_path: Path) -> None:
    world = World()
    world.add_campaign("Pilot", record_type=world.add_record_type("Lead"))
    (tmp_path / "sheet.csv").write_text("phone\n+12015550123\n+12015550124\n", encoding="utf-8")
    with Sandbox(world) as box:
        token = box.token

        def revoke(_: Plan) -> bool:
            del world.tokens[token]
            return True

        settings = Settings(base_url=box.base_url, token=token, state_dir=tmp_path / "state", report_dir=tmp_path / "reports")
        bench = Bench(settings=settings, confirm=revoke)
        made = anyio.run(pipeline.sync, Request(sheet=str(tmp_path / "sheet.csv"), campaign="Pilot"), bench)
        assert not box.writes
    assert (made.exit_code, made.counts) == (4, {"not-attempted": 2})
    assert made.folder is not None
    assert (Path(made.folder) / "report.json").is_file()
    with Journal.open(tmp_path / "state" / FILE_NAME, clock=lambda: datetime.now(UTC)) as journal:
        (run,) = journal.runs()
    assert (run.finished_at is None, run.exit_code) == (False, 4)
