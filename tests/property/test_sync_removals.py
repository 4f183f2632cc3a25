"""When nothing may be taken out: guards, rows that are wrong, steps that failed before. Whole runs over real HTTP.

Source: design, section 4, promises 5 and 6; interface document, "Guards". The orders without a row are those of persons that
the sheet does not name; whether they still stand is read from the sandbox's truth.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import PHONES, Case, Contact, Row, Stage, cases, runs, staged

from callcamp_sync import pipeline, plan_document
from callcamp_sync.errors import ExitCode, SyncError, UnsafePlanError
from callcamp_sync.sandbox import Behaviour, Sandbox

DEFAULTS = dict.fromkeys(("max_create", "max_update", "max_remove", "max_invalid", "max_shrink"))
REMOVING = {"mode": "mirror", "on_missing": "remove"}


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def _campaign(count: int) -> tuple[Contact, ...]:
    return tuple(Contact(person, "registered", {"name": "Ada"}) for person in range(count))


def _row(person: int, **cells: str) -> Row:
    return Row(person + 2, person, {"Phone": PHONES[person], "Name": "", "Email": "", "Status": "", "Action": "", **cells})


# --- guards


@pytest.mark.parametrize("on_missing", ["cancel", "remove"])
def test_a_mirror_that_would_empty_a_campaign_of_five_sends_nothing(box: Sandbox, on_missing: str) -> None:
    case = Case(_campaign(5), (_row(7, Name="New"),), {"mode": "mirror", "on_missing": on_missing}, Behaviour())
    with staged(box, case) as stage:
        report = stage.sync(**DEFAULTS)
        assert (report.exit_code, box.writes, stage.commits) == (ExitCode.GUARD, [], [])
        assert [guard.name for guard in report.guards if guard.tripped] == ["max-remove"]
        assert (dict(report.counts), dict(report.missing)) == ({"not-attempted": 1}, {"not-attempted": 5})


def test_only_the_flag_of_the_guard_lets_the_mirror_empty_the_campaign(box: Sandbox) -> None:
    case = Case(_campaign(5), (_row(7, Name="New"),), REMOVING, Behaviour())
    with staged(box, case) as stage:
        report = stage.sync(**{**DEFAULTS, "max_remove": "5"})
        assert (report.exit_code, dict(report.missing)) == (ExitCode.OK, {"removed": 5})
        assert [order.phone for order in stage.orders.values()] == [PHONES[7]]


@pytest.mark.parametrize("rows", [(), (_row(0, Email="nobody"),)], ids=["only a header", "no valid row"])
def test_a_sheet_without_a_valid_row_sends_nothing_whatever_is_lifted(box: Sandbox, rows: tuple[Row, ...]) -> None:
    """An empty sheet may be refused as a sheet or by the guard; either way nothing leaves."""
    case = Case(_campaign(3), rows or (), REMOVING, Behaviour())
    with staged(box, case) as stage:
        assert _code(stage) in (ExitCode.GUARD, ExitCode.USAGE)
        assert box.writes == []


def _code(stage: Stage) -> int:
    try:
        return stage.sync().exit_code
    except SyncError as error:
        return error.exit_code


def test_a_sheet_that_shrank_since_the_last_run_takes_nobody_out(box: Sandbox) -> None:
    """Ten valid rows were applied; six are four fewer, over 30 %: no removals without the guard's own flag."""
    full = Case(_campaign(9), tuple(_row(person) for person in range(9)), {"mode": "mirror"}, Behaviour())
    with staged(box, full) as stage:
        stage.sync(**DEFAULTS)
        stage.case = Case(full.contacts, full.rows[:6], full.flags, full.behaviour)
        report = stage.sync(**DEFAULTS)
        assert (report.exit_code, box.writes) == (ExitCode.GUARD, [])
        assert [guard.name for guard in report.guards if guard.tripped] == ["shrunken-sheet"]
        assert dict(stage.sync(**{**DEFAULTS, "max_shrink": "3"}).missing) == {"canceled": 3}


@runs(12)
@given(case=cases(flags={"mode": "mirror"}), name=st.sampled_from(sorted(DEFAULTS)))
def test_a_tripped_guard_means_that_nothing_was_sent(box: Sandbox, case: Case, name: str) -> None:
    """Each guard at its tightest; the others lifted."""
    with staged(box, case) as stage:
        report = stage.sync(**{name: "0"})
        tripped = {guard.name for guard in report.guards if guard.tripped}
        assert (report.exit_code == ExitCode.GUARD) == bool(tripped)
        assert not tripped or box.writes == []


# --- absent is not missing unless the sheet is whole


@runs(20)
@given(case=cases(flags={"mode": "mirror"}))
def test_nobody_is_missing_while_a_row_is_rejected_or_held(box: Sandbox, case: Case) -> None:
    with staged(box, case) as stage:
        report = stage.sync()
        if report.counts.get("rejected") or report.counts.get("held"):
            assert set(report.missing) <= {"kept", "protected", "not-attempted"}
            named = {row.person for row in case.rows}
            missing = {PHONES[person] for person in range(len(PHONES)) if person not in named}
            own = {f"order-{at}" for at, _ in enumerate(case.contacts)} & {row.cells.get("Order ID") for row in case.rows}
            own |= {f"order-{at}" for at, _ in enumerate(case.contacts) if f"record-{at}" in _record_ids(case)}
            assert [c for c in stage.commits if c.phone in missing and c.order_uuid not in own and c.before] == []


def _record_ids(case: Case) -> set[str | None]:
    return {row.cells.get("Record ID") for row in case.rows}


#: What a server without the status `scheduled` refuses: by a create, by a release, by an update of an order.
REFUSED: dict[str, tuple[Row, dict[str, Any]]] = {
    "a create": (_row(7, Status="scheduled"), {"release": "direct"}),
    "a release": (_row(7, Status="scheduled"), {"release": "staged"}),
    "an update of an order": (_row(0, Status="scheduled"), {}),
}


@pytest.mark.parametrize("what", REFUSED)
def test_no_order_without_a_row_is_taken_out_after_a_refusal(box: Sandbox, what: str) -> None:
    """The server refuses one request for a reason that cannot be checked here. What a row itself asks for is still done."""
    refused, flags = REFUSED[what]
    sheet = (*(_row(person) for person in (0, 1, 2) if person != refused.person), refused, _row(3, Action="remove"))
    server = Behaviour(statuses=("registered", "planned", "canceled"))
    with staged(box, Case(_campaign(5), sheet, {**REMOVING, **flags}, server)) as stage:
        report = stage.sync()
        assert (report.exit_code, report.counts["failed"], report.counts["removed"]) == (ExitCode.INCOMPLETE, 1, 1)
        assert dict(report.missing) == {"not-attempted": 1}
        assert {"order-0", "order-1", "order-2", "order-4"} <= set(stage.orders)


def test_removals_are_the_last_requests_of_a_clean_run(box: Sandbox) -> None:
    sheet = (_row(0, Action="remove"), _row(1, Name="Bo"), _row(7, Status="planned"))
    case = Case(_campaign(3), sheet, REMOVING, Behaviour())
    with staged(box, case) as stage:
        report = stage.sync()
        assert [request.method for request in box.writes] == ["PATCH", "POST", "PATCH", "DELETE", "DELETE"]
        assert (report.counts["removed"], dict(report.missing)) == (1, {"removed": 1})


def test_a_saved_plan_whose_guard_tripped_is_refused(box: Sandbox) -> None:
    case = Case(_campaign(5), (_row(7, Name="New"),), REMOVING, Behaviour())
    with staged(box, case) as stage:
        bench = stage.bench(**DEFAULTS)
        plan, _ = anyio.run(pipeline.plan, stage.request(), bench)
        with pytest.raises(UnsafePlanError, match="5 of 5 orders"):
            anyio.run(pipeline.apply_saved, plan_document.document(plan), bench)
        assert box.writes == []
