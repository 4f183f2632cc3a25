"""How every row and order ended: what each fate makes of a planned outcome, and what a second listing makes of a claim."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import polars as pl
import pytest
from core_cases import NOW, Cells, P, orders

from callcamp_sync import frames
from callcamp_sync.model import (
    CHANGE_SCHEMA,
    ISSUE_SCHEMA,
    LINE_SCHEMA,
    ORDER_LINE_SCHEMA,
    CampaignInfo,
    Fate,
    Outcome,
    Plan,
    SourceInfo,
    Step,
    StepKind,
)
from callcamp_sync.reconcile import Books, reconcile, statuses_seen, wants_read_back

K = StepKind


def a_plan(
    *lines: tuple[int, str],
    changes: Sequence[tuple[int, str, str | None]] = (),
    without: Sequence[tuple[str, str]] = (),
    steps: Sequence[Step] = (),
) -> Plan:
    """A plan with (row, outcome) lines, (row, field, new) changes and (order, outcome) orders without a row.

    Row n has the number P[n - 2], and its order, unless it is to be made, is `o<n - 2>`.
    """
    rows: list[dict[str, object]] = [
        {
            "row": row,
            "outcome": outcome,
            "phone": P[row - 2],
            "order_uuid": None if outcome in ("created", "associated") else f"o{row - 2}",
            "codes": [],
        }
        for row, outcome in lines
    ]
    return Plan(
        id="p1",
        created_at=NOW,
        expires_at=NOW + timedelta(hours=1),
        host="127.0.0.1",
        campaign=CampaignInfo(uuid="c", name="Only", status=None, timezone=None, record_type_uuid=None),
        source=SourceInfo(path="a.csv", sheet=None, sha256="0", rows=len(lines), blank_rows=0, encoding=None, delimiter=None),
        settings={},
        digests={},
        steps=tuple(steps),
        lines=frames.of_rows(LINE_SCHEMA, rows),
        changes=frames.of_rows(CHANGE_SCHEMA, [{"row": row, "field": field, "new": new} for row, field, new in changes]),
        orders=frames.of_rows(ORDER_LINE_SCHEMA, [{"order_uuid": order, "outcome": outcome} for order, outcome in without]),
        issues=frames.empty(ISSUE_SCHEMA),
        guards=(),
        notices=(),
        complete=True,
        total_orders=0,
        seen_orders=pl.Series("order_uuid", [], pl.String),
    )


def an_outcome(
    fate: Fate, kind: StepKind = K.CREATE, *, row: int | None = 2, order: str | None = None, error: str | None = None
) -> Outcome:
    return Outcome(step=f"{kind}-{row or order}", kind=kind, fate=fate, row=row, order_uuid=order, error=error, attempts=1)


def only(books: Books) -> tuple[str, str | None]:
    """Outcome and message of the one row."""
    return books.lines.select("outcome", "message").row(0)


FATES = {
    Fate.DONE: "created",
    Fate.UNKNOWN: "unknown",
    Fate.REFUSED: "failed",
    Fate.DRIFTED: "drifted",
    Fate.HELD: "held",
    Fate.NOT_ATTEMPTED: "not-attempted",
}


@pytest.mark.parametrize("fate", list(Fate))
def test_each_fate_ends_a_row(fate: Fate) -> None:
    books = reconcile(a_plan((2, "created")), [an_outcome(fate)], None)
    assert (only(books)[0], dict(books.counts)) == (FATES[fate], {FATES[fate]: 1})


@pytest.mark.parametrize(("planned", "fate"), [("canceled", fate) for fate in Fate], ids=[str(fate) for fate in Fate])
def test_each_fate_ends_an_order_without_a_row(planned: str, fate: Fate) -> None:
    step = Step(id="cancel-o7", kind=K.CANCEL, rows=(), order_uuid="o7")
    books = reconcile(a_plan(without=[("o7", planned)], steps=[step]), [an_outcome(fate, K.CANCEL, row=None, order="o7")], None)
    assert dict(books.missing) == {planned if fate is Fate.DONE else FATES[fate]: 1}


def test_the_gravest_of_a_rows_steps_decides() -> None:
    """Unknown before refused, drifted, held and not attempted: what is not known must be settled first."""
    order = [Fate.UNKNOWN, Fate.REFUSED, Fate.DRIFTED, Fate.HELD, Fate.NOT_ATTEMPTED]
    for at, fate in enumerate(order):
        outcomes = [an_outcome(other) for other in reversed(order[at:])]
        assert (
            only(reconcile(a_plan((2, "created")), [an_outcome(Fate.DONE, K.UPDATE_RECORD), *outcomes], None))[0] == FATES[fate]
        )


def test_a_row_that_was_partly_done_says_so() -> None:
    outcomes = [an_outcome(Fate.DONE), an_outcome(Fate.REFUSED, K.RELEASE, error="no such status")]
    said = only(reconcile(a_plan((2, "created")), outcomes, None))[1]
    assert said == "partly done, then release: no such status"


def test_ids_that_became_known_stand_in_the_line() -> None:
    made = Outcome(step="create-2", kind=K.CREATE, fate=Fate.DONE, row=2, order_uuid="new", record_uuid="contact")
    books = reconcile(a_plan((2, "created")), [made], None)
    assert books.lines.select("order_uuid", "record_uuid").row(0) == ("new", "contact")


def test_rows_that_nothing_was_sent_for_end_as_planned() -> None:
    planned = [(2, "unchanged"), (3, "rejected"), (4, "held"), (5, "protected"), (6, "duplicate")]
    assert reconcile(a_plan(*planned), [], None).lines["outcome"].to_list() == [outcome for _, outcome in planned]


# --- read back

STANDS: Cells = {"phone": P[0], "status": "planned", "name": "Ada"}

#: words -> (planned outcome, (field, new) or None, what stands afterwards or None, what the message says or None)
CLAIMS: dict[str, tuple[str, tuple[str, str | None] | None, Cells | None, str | None]] = {
    "an updated order that is as sent": ("updated", ("name", "Ada"), STANDS, None),
    "an updated order with another value": ("updated", ("name", "Bo"), STANDS, "`name` is not the value that was sent"),
    "a cleared field that is blank": ("updated", ("instructions", None), STANDS, None),
    "a cleared field that is not blank": ("updated", ("name", None), STANDS, "`name` is not the value that was sent"),
    "a number that was not changed": ("updated", ("phoneNumber", P[5]), STANDS, "`phoneNumber` is not"),
    "an updated order that is gone": ("updated", ("name", "Ada"), None, "the order is not there"),
    "a field that cannot be read": ("updated", ("email", "a@example.com"), STANDS, None),
    "a canceled order": ("canceled", None, {**STANDS, "status": "Cancelled"}, None),
    "a canceled order that is planned": ("canceled", None, STANDS, "the order is `planned`"),
    "a removed order": ("removed", None, None, None),
    "a removed order that still stands": ("removed", None, STANDS, "the order still stands"),
    "a created order": ("created", ("status", "planned"), STANDS, None),
    "a created order that is not there": ("created", ("status", "planned"), None, "the order is not there"),
    "a created order with another number": ("created", None, {**STANDS, "phone": P[5]}, "another phone number"),
    "a released order in a call by now": ("created", ("status", "planned"), {**STANDS, "status": "calling"}, None),
    "a released order contacted by now": ("updated", ("status", "planned"), {**STANDS, "status": "contacted"}, None),
    "a released order that is registered": (
        "created",
        ("status", "planned"),
        {**STANDS, "status": "registered"},
        "`status` is not",
    ),
    "a registered order that is planned": ("created", ("status", "registered"), STANDS, "`status` is not"),
    "Do Not Call that did not stay": ("updated", ("status", "do-not-call"), STANDS, "`status` is not"),
    "Do Not Call in another spelling": ("updated", ("status", "do-not-call"), {**STANDS, "status": "DNC"}, None),
}


@pytest.mark.parametrize("words", CLAIMS)
def test_a_claim_is_held_against_what_stands(words: str) -> None:
    outcome, change, stands, said = CLAIMS[words]
    plan = a_plan((2, outcome), changes=[(2, *change)] if change else [])
    after = orders(*([stands] if stands else [{"order_uuid": "other", "phone": P[9], "name": "Cy"}]))
    books = reconcile(plan, [an_outcome(Fate.DONE, order="o0")], after)
    ended, message = only(books)
    assert (ended, books.checked, len(books.mismatches)) == ("failed" if said else outcome, 1, 1 if said else 0)
    assert said is None or said in (message or "")


def test_an_order_without_a_row_is_read_back_as_well() -> None:
    step = Step(id="missing-o7", kind=K.REMOVE, rows=(), order_uuid="o7")
    plan = a_plan(without=[("o7", "removed"), ("o8", "kept")], steps=[step])
    done = Outcome(step=step.id, kind=K.REMOVE, fate=Fate.DONE, order_uuid="o7")
    books = reconcile(plan, [done], orders({"order_uuid": "o7", "phone": P[0]}, {"order_uuid": "o8", "phone": P[1]}))
    assert (dict(books.missing), books.checked, books.mismatches) == (
        {"failed": 1, "kept": 1},
        1,
        ("order o7: the order still stands",),
    )


def test_mismatches_name_no_number() -> None:
    plan = a_plan((2, "updated"), changes=[(2, "phoneNumber", P[5])])
    books = reconcile(plan, [an_outcome(Fate.DONE, order="o0")], orders(STANDS))
    assert not any(P[0] in said or P[5] in said for said in books.mismatches)


@pytest.mark.parametrize(
    ("fate", "attempts", "wanted"),
    [
        (Fate.DONE, 1, True),
        (Fate.UNKNOWN, 1, True),
        (Fate.REFUSED, 1, True),
        (Fate.NOT_ATTEMPTED, 0, False),
        (Fate.DRIFTED, 0, False),
        (Fate.DONE, 0, False),
    ],
)
def test_a_campaign_is_read_back_when_something_may_have_been_sent(fate: Fate, attempts: int, wanted: bool) -> None:
    step = Step(id="create-2", kind=K.CREATE, rows=(2,))
    assert wants_read_back([step], [Outcome(step="create-2", kind=K.CREATE, fate=fate, row=2, attempts=attempts)]) is wanted


def test_statuses_are_counted_under_their_one_name() -> None:
    frame = pl.DataFrame({"status": ["DNC", "Do Not Call", "planned", None]})
    assert statuses_seen(frame) == {"do-not-call": 2, "planned": 1}
