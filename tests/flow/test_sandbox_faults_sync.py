"""A sync against a scripted sandbox: creates whose answers are lost are found again, nobody is created twice."""

from __future__ import annotations

from pathlib import Path

from flow_stage import EMPTY, Stage, lead, write_sheet

from callcamp_sync.sandbox import Sandbox, bulk_phone, demo_world
from callcamp_sync.sandbox.script import script_of

FAULTS = [
    {"kind": "status", "code": 503, "when": "after", "rate": 0.3, "method": "POST", "route": "orders", "attempt": 1},
    {"kind": "reset", "rate": 0.2, "method": "POST", "route": "orders", "attempt": 1},
    {"kind": "throttle", "retry_after": 0, "rate": 0.2, "method": "POST", "attempt": 1},
]


def test_lost_answers_of_a_script_end_in_one_order_for_each_row(tmp_path: Path) -> None:
    with Sandbox(demo_world(), faults=script_of({"seed": 3, "fault": FAULTS}, "script")) as box:
        stage = Stage(box, tmp_path, box.token)
        sheet = write_sheet(tmp_path / "leads.csv", [lead(bulk_phone(n)) for n in range(30)])
        flags = ["--yes", "--settle-seconds", "0", "--grace-seconds", "0"]
        codes = [stage.here("sync", str(sheet), "-c", EMPTY, *flags).code for _ in range(3)]
        campaign = next(one for one in box.world.campaigns.values() if one.name == EMPTY)
        phones = sorted(order.phone for order in box.world.orders_of(campaign.uuid))
    assert phones == sorted(bulk_phone(n) for n in range(30))
    assert codes[-1] == 0
    assert any(code != 0 for code in codes) or len(box.requests) > 60
