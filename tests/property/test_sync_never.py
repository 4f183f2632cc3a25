"""Do Not Call is one way, and nobody becomes callable unasked: laws of whole runs, judged by the server's commit log.

Source: design, section 4, promises 1 and 2. Numbers of other countries are the numbering plans' own examples, in the two forms
in which one subscriber is reached; those plans reserve none for fiction, and nothing leaves the loopback.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import (
    CELLS,
    NEVER_SPELLINGS,
    PHONES,
    SPELLED,
    Case,
    Contact,
    Row,
    a_cell,
    a_contact,
    behaviours,
    cases,
    flags_for,
    runs,
    staged,
)

from callcamp_sync import pipeline, plan_document
from callcamp_sync.bench import open_ledger
from callcamp_sync.ledger import Entry
from callcamp_sync.sandbox import Behaviour, Campaign, Commit, Order, Record, Sandbox, World

#: Two forms of one subscriber's number: Mexico's and Argentina's mobile digit, Brazil's ninth digit.
TWINS = (
    ("+5212001234567", "+522001234567"),
    ("+5491123456789", "+541123456789"),
    ("+5511961234567", "+551161234567"),
)

CALLABLE = {"planned", "scheduled", "busy", "no-answer", "failed"}

#: The persons of a never-case: these must not be called, all under number 0 or its twin; the others are bystanders.
NEVER, TWIN, FIRST_BYSTANDER = 0, 1, 2


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


# --- 4: Do Not Call


@st.composite
def never_cases(draw: st.DrawFn) -> tuple[Case, tuple[str, ...], bool]:
    """A case with somebody who must not be called, the numbers of its persons, and whether only the ledger knows."""
    never, twin = draw(st.sampled_from([(PHONES[0], PHONES[0]), *TWINS, *[(b, a) for a, b in TWINS]]))
    phones = (never, twin, *PHONES[2:5])
    by_ledger = draw(st.sampled_from([False, False, True]))
    others = ["registered", "planned", "canceled", "contacted", None, None]
    standing = [] if by_ledger else [a_contact(draw, NEVER, ["do-not-call"])]
    standing += [a_contact(draw, draw(st.integers(0, 4)), others) for _ in range(draw(st.integers(0, 5)))]
    region = draw(st.sampled_from(sorted(SPELLED)))
    persons = [draw(st.sampled_from([NEVER, TWIN])), *draw(st.permutations(range(FIRST_BYSTANDER, 5)))[: draw(st.integers(0, 2))]]
    persons += [draw(st.sampled_from([NEVER, TWIN]))] if draw(st.integers(0, 4)) == 4 else []
    sheet = [
        _row(draw, number, person, phones, region=region, contacts=len(standing))
        for number, person in enumerate(persons, start=2)
    ]
    asked = draw(flags_for()) | {"region": region}
    spelled = {"do_not_call": draw(st.sampled_from(NEVER_SPELLINGS))}
    return Case(tuple(standing), tuple(sheet), asked, draw(behaviours(**spelled))), phones, by_ledger


def _row(draw: st.DrawFn, number: int, person: int, phones: tuple[str, ...], *, region: str, contacts: int) -> Row:
    """A row for this person, by number and sometimes by order id or contact id."""
    phone = phones[person]
    spelled = draw(st.sampled_from(SPELLED[region]))(phone) if phone.startswith("+1") else f"{phone[:3]} {phone[3:]}"
    cells = {"Phone": spelled} | {heading: a_cell(draw, heading) for heading in CELLS if heading != "Action"}
    cells["Action"] = draw(st.sampled_from(["", "", "", "cancel", "remove", "skip"]))
    for heading, word in (("Order ID", "order"), ("Record ID", "record")):
        named = draw(st.integers(-4 * contacts, contacts - 1)) if contacts else -1
        cells[heading] = f"{word}-{named}" if named >= 0 else ""
    return Row(number, person, cells)


@runs(50)
@given(drawn=never_cases())
def test_do_not_call_is_never_touched(box: Sandbox, drawn: tuple[Case, tuple[str, ...], bool]) -> None:
    """By no mode, flag, spelling, name, second contact, second form of the number, action or id: only set, never lifted."""
    case, phones, by_ledger = drawn
    with staged(box, case, phones) as stage:
        bench = stage.bench()
        if by_ledger:
            open_ledger(bench.settings, bench.clock).add([Entry(phone=phones[NEVER], source="cli")])
        report = stage.sync()
        forbidden = {phones[NEVER], phones[TWIN]}
        touched = [c for c in stage.commits if _numbers(c) & forbidden and not _only_sets_never(c)]
        assert touched == []
        ended = {report.lines["outcome"][at] for at, row in enumerate(case.rows) if phones[row.person or 0] in forbidden}
        assert ended <= {"protected", "unchanged", "held", "rejected", "duplicate", "updated"}
        without = report.orders.filter(report.orders["phone"].is_in(sorted(forbidden)))
        assert set(without["outcome"]) <= {"protected", "kept"}


@runs(20)
@given(case=cases(statuses=("registered", "registered", "planned", None)))
def test_a_number_that_the_sheet_marks_is_only_marked(box: Sandbox, case: Case) -> None:
    """A row may set Do Not Call; no other row for the number does anything else to it."""
    with staged(box, case) as stage:
        assert "drifted" not in stage.sync().counts
        marked = {PHONES[row.person] for row in case.rows if row.person is not None and _marks(row)}
        assert [c for c in stage.commits if _numbers(c) & marked and not _only_sets_never(c)] == []


def _marks(row: Row) -> bool:
    return row.told("Status").get("Status") == "do-not-call" if row.cells.get("Status") in CELLS["Status"] else False


def _numbers(commit: Commit) -> set[str]:
    """Every number that the change concerns, before and after."""
    shown = [(side or {}).get("record", side or {}).get("phoneNumber") for side in (commit.before, commit.after)]
    return {commit.phone, *filter(None, shown)}


def _only_sets_never(commit: Commit) -> bool:
    """A PATCH of an order that makes it Do Not Call and changes nothing else."""
    if commit.kind != "update-order" or commit.before is None or commit.after is None:
        return False
    changed = {name for name, value in commit.after.items() if name != "updatedAt" and value != commit.before[name]}
    return changed == {"status"} and commit.after["status"] == "do-not-call"


def _one_row(**cells: str) -> Row:
    return Row(2, 0, {"Phone": PHONES[0], **cells})


@pytest.mark.parametrize("mode", ["create", "update", "upsert", "mirror"])
@pytest.mark.parametrize("spelling", NEVER_SPELLINGS)
def test_each_spelling_of_the_status_protects_in_each_mode(box: Sandbox, spelling: str, mode: str) -> None:
    flags: dict[str, Any] = {"mode": mode, "reopen": True, "release": "direct"}
    flags |= {"on_missing": "remove"} if mode == "mirror" else {}
    row = _one_row(Status="planned", Name="Somebody else")
    case = Case((Contact(0, "do-not-call", {"name": "Ada"}),), (row,), flags, Behaviour(do_not_call=spelling))
    with staged(box, case) as stage:
        report = stage.sync()
        assert stage.commits == []
        assert (report.counts, report.lines["codes"].to_list()) == ({"protected": 1}, [["do-not-call"]])


@pytest.mark.parametrize("flags", [{}, {"mode": "mirror", "on_missing": "remove", "reopen": True}], ids=["upsert", "mirror"])
def test_an_order_that_somebody_deleted_stays_forbidden_by_the_ledger(box: Sandbox, flags: Mapping[str, Any]) -> None:
    """Seen once, even by a run that had nothing else to do: the number does not come back when its order is gone."""
    case = Case((Contact(0, "do-not-call", {"name": "Ada"}),), (_one_row(Name="Ada"),), flags, Behaviour())
    with staged(box, case) as stage:
        stage.sync()
        box.world.remove_order("order-0")
        report = stage.sync()
        assert (stage.commits, report.counts) == ([], {"protected": 1})


@pytest.mark.parametrize("form", [0, 1], ids=["the sheet has the short form", "the sheet has the long form"])
@pytest.mark.parametrize("twins", TWINS, ids=["Mexico", "Argentina", "Brazil"])
def test_the_other_form_of_the_number_is_forbidden_as_well(box: Sandbox, twins: tuple[str, str], form: int) -> None:
    row = Row(2, 1, {"Phone": twins[1 - form], "Name": "New"})
    case = Case((Contact(0, "do-not-call", {"name": "Ada"}),), (row,), {"reopen": True}, Behaviour())
    with staged(box, case, (twins[form], twins[1 - form])) as stage:
        report = stage.sync()
        assert stage.commits == []
        assert set(report.counts) <= {"protected", "rejected"}


@pytest.mark.parametrize("cells", [{"Status": "planned"}, {"Action": "remove"}, {"Name": "New"}], ids=str)
@pytest.mark.parametrize("standing", ["registered", None], ids=["an order", "nobody yet"])
def test_a_number_that_is_entered_after_the_plan_is_not_touched_by_it(
    box: Sandbox, standing: str | None, cells: dict[str, str]
) -> None:
    contacts = (Contact(0, standing, {"name": "Ada"}),) if standing else ()
    with staged(box, Case(contacts, (_one_row(**cells),), {}, Behaviour())) as stage:
        bench = stage.bench()
        plan, _ = anyio.run(pipeline.plan, stage.request(), bench)
        open_ledger(bench.settings, bench.clock).add([Entry(phone=PHONES[0], source="cli")])
        anyio.run(pipeline.apply_saved, plan_document.document(plan), bench)
        assert stage.commits == []


@pytest.mark.parametrize("on_missing", ["cancel", "remove"])
def test_a_mirror_leaves_the_order_of_a_number_of_the_ledger(box: Sandbox, on_missing: str) -> None:
    standing = (Contact(0, "registered", {"name": "Ada"}), Contact(1, "registered", {"name": "Bo"}))
    row = Row(2, 1, {"Phone": PHONES[1]})
    with staged(box, Case(standing, (row,), {"mode": "mirror", "on_missing": on_missing}, Behaviour())) as stage:
        bench = stage.bench()
        open_ledger(bench.settings, bench.clock).add([Entry(phone=PHONES[0], source="cli")])
        report = stage.sync()
        assert (stage.commits, dict(report.missing)) == ([], {"protected": 1})


# --- 5: nobody becomes callable unasked


@pytest.mark.parametrize("action", ["cancel", "remove"])
@pytest.mark.parametrize("standing", ["registered", "canceled"])
def test_a_row_that_takes_its_order_out_never_plans_it_on_the_way(box: Sandbox, standing: str, action: str) -> None:
    """An exported sheet has a status beside the action; the action is what is asked for."""
    row = _one_row(Status="planned", Action=action, Price="7")
    with staged(box, Case((Contact(0, standing, {"name": "Ada"}),), (row,), {"reopen": True}, Behaviour())) as stage:
        report = stage.sync()
        assert [c for c in stage.commits if _status(c.after) == "planned"] == []
        assert not report.counts.get("failed")
        assert [order.status for order in stage.orders.values()] == (["canceled"] if action == "cancel" else [])


SILENT = tuple(heading for heading in CELLS if heading != "Status")


@runs(20)
@given(
    case=cases(
        headings=SILENT,
        statuses=(None, None, None, "registered", "planned", "canceled", "contacted"),
        ids=False,
        flags={"initial_status": "registered"},
        server={"associated_status": "planned", "created_status": "planned"},
    )
)
def test_without_a_status_in_the_sheet_nobody_becomes_callable(box: Sandbox, case: Case) -> None:
    """The server starts linked contacts as planned: one canary is for a moment, and ends registered; the others are held."""
    with staged(box, case) as stage:
        report = stage.sync()
        risen = [c for c in stage.commits if _status(c.after) in CALLABLE and _status(c.before) not in CALLABLE]
        assert all(commit.kind == "associate" for commit in risen)
        assert len(risen) <= 1
        assert {stage.orders[str(commit.order_uuid)].status for commit in risen} <= {"registered"}
        assert report.counts.get("associated", 0) == len(risen)


def _status(side: Mapping[str, Any] | None) -> str | None:
    return None if side is None else side.get("status")


def _linkable(count: int) -> tuple[Contact, ...]:
    return tuple(Contact(person, None, {"name": "Ada"}) for person in range(count))


def test_the_canary_is_brought_back_and_the_rest_is_held(box: Sandbox) -> None:
    sheet = tuple(Row(number, number - 2, {"Phone": PHONES[number - 2]}) for number in range(2, 6))
    case = Case(_linkable(4), sheet, {}, Behaviour(associated_status="planned"))
    with staged(box, case) as stage:
        report = stage.sync()
        assert report.counts == {"associated": 1, "held": 3}
        assert [order.status for order in stage.orders.values()] == ["registered"]


def test_contacts_whose_rows_ask_for_a_call_are_linked_though_they_start_callable(box: Sandbox) -> None:
    sheet = tuple(Row(n, n - 2, {"Phone": PHONES[n - 2], "Status": "planned" if n > 3 else ""}) for n in range(2, 6))
    case = Case(_linkable(4), sheet, {}, Behaviour(associated_status="planned"))
    with staged(box, case) as stage:
        report = stage.sync()
        assert report.counts == {"associated": 3, "held": 1}
        assert sorted(order.status for order in stage.orders.values()) == ["planned", "planned", "registered"]


@pytest.mark.parametrize("release", ["staged", "direct"])
def test_a_new_contact_is_created_registered_and_released_by_one_request(box: Sandbox, release: str) -> None:
    row = _one_row(Status="scheduled", Price="7", **{"Scheduled time": "2026-07-01T08:00:00Z", "Timezone": "UTC"})
    case = Case((), (row,), {"release": release}, Behaviour())
    with staged(box, case) as stage:
        stage.sync()
        created, *released = [request.body for request in box.writes]
        assert created["status"] == ("registered" if release == "staged" else "scheduled")
        assert [body.keys() >= {"price", "scheduledTime", "scheduledTimeTimezone"} for body in released] == [True]
        (order,) = stage.orders.values()
        assert (order.status, order.properties["price"]) == ("scheduled", 7)


class Crowded(World):
    """Somebody else adds the number at the very moment in which we create it."""

    def add_order(self, campaign: Campaign | str, record: Record, **more: Any) -> Order:
        made = super().add_order(campaign, record, **more)
        if self.recording and record.uuid != "rival":
            super().add_order(campaign, self.add_record(record.phone, record_type=record.record_type, uuid="rival"))
        return made


def test_a_number_that_appears_twice_meanwhile_is_not_released(box: Sandbox) -> None:
    case = Case((), (_one_row(Status="planned"),), {}, Behaviour())
    with staged(box, case, make=Crowded) as stage:
        report = stage.sync()
        assert [order.status for order in stage.orders.values()] == ["registered", "registered"]
        assert report.counts == {"held": 1}
