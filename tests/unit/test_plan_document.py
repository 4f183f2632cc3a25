"""A plan as a document and back, and that a document which is not as it was written is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import polars as pl
import pytest
from core_cases import P
from test_reconcile import a_plan

from callcamp_sync.errors import ExitCode, StalePlanError, UsageError
from callcamp_sync.model import Guard, Plan, Step, StepKind
from callcamp_sync.plan_document import document, load
from callcamp_sync.steps import digest

HOSTILE = 'Ада "[b]" 👋\n\u202eΩ, \\N\t' + "x" * 3000

STEPS = (
    Step(
        id="record-2",
        kind=StepKind.UPDATE_RECORD,
        rows=(2,),
        phone=P[0],
        body={"name": HOSTILE, "parameters": {"vip": True, "x": None}},
    ),
    Step(id="create-3", kind=StepKind.CREATE, rows=(3,), phone=P[1], body={"price": 10.5, "n": 7}, expect={"absent": P[1]}),
    Step(
        id="link-4",
        kind=StepKind.ASSOCIATE,
        rows=(4, 5),
        records=((4, "c0", P[2]), (5, "c1", P[3])),
        body={"recordUuids": ["c0", "c1"]},
    ),
    Step(id="release-3", kind=StepKind.RELEASE, rows=(3,), after="create-3", body={"status": "planned"}),
    Step(id="missing-o9", kind=StepKind.REMOVE, rows=(), order_uuid="o9", expect={"status": None, "phone": P[9]}),
)


def full() -> Plan:
    """A plan with something in every field."""
    plan = a_plan(
        (2, "updated"),
        (3, "created"),
        changes=[(2, "name", HOSTILE), (2, "email", None)],
        without=[("o9", "removed")],
        steps=STEPS,
    )
    guard = Guard(name="max-remove", limit=None, actual=1, tripped=False, flag="--max-remove", message="one")
    return replace(
        plan,
        settings={"mode": "mirror", "region": None, "reopen": False},
        digests={"sheet": "a", "mapping": "b", "steps": digest(STEPS)},
        guards=(guard,),
        notices=("a", "b"),
        source=replace(plan.source, warnings=("cp1252",)),
        complete=False,
        seen_orders=pl.Series("order_uuid", ["o1", "o9"]),
    )


def through_json(plan: Plan) -> Any:
    return json.loads(json.dumps(document(plan)))


def test_a_plan_comes_back_as_it_was() -> None:
    before, after = full(), load(through_json(full()))
    for field in fields(Plan):
        one, other = getattr(before, field.name), getattr(after, field.name)
        if isinstance(one, pl.DataFrame):
            assert one.equals(other), field.name
            assert one.schema == other.schema
        elif isinstance(one, pl.Series):
            assert one.equals(other, check_dtypes=True, check_names=True), field.name
        elif field.name == "digests":
            assert dict(one) == {name: value for name, value in other.items() if name != "document"}
        else:
            assert one == other, field.name


def test_a_plan_without_anything_comes_back_too() -> None:
    assert load(through_json(a_plan())).lines.equals(a_plan().lines)


def test_the_same_plan_gives_the_same_document() -> None:
    assert document(full()) == document(full())


def test_a_document_that_was_read_can_be_written_again() -> None:
    assert through_json(load(through_json(full()))) == through_json(full())


def _set(*path: Any, to: Any) -> Callable[[Any], None]:
    def edit(data: Any) -> None:
        for name in path[:-1]:
            data = data[name]
        data[path[-1]] = to

    return edit


EDITED: dict[str, Callable[[Any], None]] = {
    "a step's body": _set("steps", 0, "body", "name", to="Eve"),
    "a step's order": _set("steps", 4, "order_uuid", to="o1"),
    "a number": _set("steps", 1, "phone", to=P[8]),
    "a step left out": lambda data: data["steps"].pop(),
    "two steps exchanged": lambda data: data["steps"].reverse(),
    "a guard": _set("guards", 0, "tripped", to=True),
    "the expiry": _set("expires_at", to="2030-01-01T00:00:00+00:00"),
    "the host": _set("host", to="example.com"),
    "the campaign": _set("campaign", "uuid", to="other"),
    "a line": _set("lines", "outcome", 0, to="unchanged"),
    "a digest": _set("digests", "steps", to="0"),
    "an order that was not seen": lambda data: data["seen_orders"].append("o5"),
    "a field of its own": _set("more", to=1),
}


@pytest.mark.parametrize("words", EDITED)
def test_an_edited_document_is_refused(words: str) -> None:
    data = through_json(full())
    EDITED[words](data)
    with pytest.raises(StalePlanError, match="was changed") as caught:
        load(data)
    assert caught.value.exit_code == ExitCode.REFUSED


@pytest.mark.parametrize("name", ["id", "steps", "lines", "digests", "expires_at"])
def test_a_document_that_lacks_something_is_refused(name: str) -> None:
    data = through_json(full())
    del data[name]
    with pytest.raises(StalePlanError):
        load(data)


@pytest.mark.parametrize(
    "data", [None, [], "plan", {}, {"schema": "callcamp-sync/plan/2"}, {"schema": "callcamp-sync/report/1"}], ids=str
)
def test_what_is_no_plan_is_a_wrong_call(data: Any) -> None:
    with pytest.raises(UsageError, match="not a saved plan"):
        load(data)


def test_a_damaged_value_under_a_right_digest_is_refused() -> None:
    data = through_json(full())
    data["steps"][0]["kind"] = "call"
    del data["digests"]["document"]
    data["digests"]["document"] = digest(data)
    with pytest.raises(StalePlanError, match="damaged"):
        load(data)
