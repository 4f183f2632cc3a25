"""What a plan leaves callable although the person said never."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from callcamp_sync.model import Mode, OnMissing, Step, StepKind
from callcamp_sync.policy import person_keys
from callcamp_sync.reminders import still_callable
from callcamp_sync.sides import Wishes

NEVER, OTHER = "+12015550123", "+12015550124"


def wishes(*phones: str) -> Wishes:
    return Wishes(
        mode=Mode.UPSERT,
        on_missing=OnMissing.KEEP,
        reopen=False,
        now=datetime(2026, 5, 10, tzinfo=UTC),
        never=person_keys(phones),
    )


def orders(*rows: tuple[str, str, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["order_uuid", "phone", "status"], orient="row")


def step(kind: StepKind, order: str, **body: str) -> Step:
    return Step(id=f"{kind}-{order}", kind=kind, rows=(2,), phone=NEVER, order_uuid=order, body=body)


def test_an_order_of_somebody_who_said_never_is_told_when_it_will_be_called() -> None:
    standing = orders(("a", NEVER, "do-not-call"), ("b", NEVER, "planned"), ("c", OTHER, "planned"))
    (told,) = still_callable([], standing, wishes(NEVER))
    assert told.startswith("1 order of somebody who must not be called is still to be called in this campaign")
    (told,) = still_callable([], standing, wishes(NEVER, OTHER))
    assert told.startswith("2 orders of people")


@pytest.mark.parametrize(
    "ending",
    [
        step(StepKind.UPDATE_ORDER, "b", status="Do Not Call"),
        step(StepKind.CANCEL, "b", status="canceled"),
        step(StepKind.REMOVE, "b"),
    ],
    ids=lambda one: one.kind,
)
def test_nothing_is_told_where_the_plan_ends_it(ending: Step) -> None:
    assert still_callable([ending], orders(("b", NEVER, "planned")), wishes(NEVER)) == ()
    other = step(StepKind.UPDATE_ORDER, "b", instructions="be brief")
    assert still_callable([other], orders(("b", NEVER, "planned")), wishes(NEVER)) != ()


@pytest.mark.parametrize("status", ["registered", "canceled", "contacted", "do-not-call", "calling"])
def test_nothing_is_told_of_an_order_that_the_dialer_leaves_alone_or_has_already(status: str) -> None:
    assert still_callable([], orders(("b", NEVER, status)), wishes(NEVER)) == ()
