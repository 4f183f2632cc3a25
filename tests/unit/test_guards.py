"""Each guard at its limit and one over it, and that its own flag, and no other, lifts it."""

from __future__ import annotations

from dataclasses import fields

import polars as pl
import pytest
from core_cases import P

from callcamp_sync import frames
from callcamp_sync.diff import Difference
from callcamp_sync.errors import ExitCode, UnsafePlanError
from callcamp_sync.fields import ROW
from callcamp_sync.guards import Limits, Sizes, check, refuse
from callcamp_sync.model import CHANGE_SCHEMA, ISSUE_SCHEMA, ORDER_LINE_SCHEMA, Guard, Limit

FLAGS = {
    "max-remove": "max_remove",
    "shrunken-sheet": "max_shrink",
    "max-update": "max_update",
    "max-create": "max_create",
    "max-invalid": "max_invalid",
}
OUTCOMES = {"create": "created", "associate": "associated", "update": "updated", "cancel": "canceled", "remove": "removed"}


def found(*, missing: int = 0, kept: int = 0, unchanged: int = 0, rejected: int = 0, held: int = 0, **acts: int) -> Difference:
    """A diff of so many rows of each act and outcome, and so many orders without a row."""
    ends = [(OUTCOMES[act], act) for act, count in acts.items() for _ in range(count)]
    plain = [("unchanged", unchanged), ("rejected", rejected), ("held", held)]
    ends += [(outcome, "") for outcome, count in plain for _ in range(count)]
    data = [{ROW: at, "outcome": outcome, "act": act or None} for at, (outcome, act) in enumerate(ends, start=2)]
    orders = [
        {"order_uuid": f"m{at}", "phone": P[0], "outcome": "canceled" if at < missing else "kept"} for at in range(missing + kept)
    ]
    return Difference(
        rows=pl.DataFrame(data, schema={ROW: pl.UInt32, "outcome": pl.String, "act": pl.String}),
        changes=frames.empty(CHANGE_SCHEMA),
        issues=frames.empty(ISSUE_SCHEMA),
        orders=frames.of_rows(ORDER_LINE_SCHEMA, orders),
        whole=not rejected + held,
    )


def tripped(
    difference: Difference, orders: int, limits: Limits | None = None, *, standing: int | None = None, last: int | None = None
) -> set[str]:
    """The names of the guards that trip."""
    sizes = Sizes(rows=difference.rows.height, orders=orders, standing=orders if standing is None else standing, last_valid=last)
    return {guard.name for guard in check(difference, sizes, limits or Limits()) if guard.tripped}


#: words -> (guard, the most that passes, one more, orders, canceled orders among them, valid rows of the last run)
LIMITS: dict[str, tuple[str, Difference, Difference, int, int | None]] = {
    "five orders may leave a small campaign": (
        "max-remove",
        found(unchanged=1, missing=5),
        found(unchanged=1, missing=6),
        30,
        None,
    ),
    "a tenth may leave a large one": ("max-remove", found(unchanged=1, missing=20), found(unchanged=1, missing=21), 200, None),
    "canceled and removed rows count together with missing ones": (
        "max-remove",
        found(cancel=2, remove=2, missing=1),
        found(cancel=2, remove=2, missing=2),
        30,
        None,
    ),
    "all but one may leave": ("max-remove", found(unchanged=1, missing=3), found(unchanged=1, missing=4), 4, None),
    "60 % may be updated from 20 orders up": ("max-update", found(update=12), found(update=13), 20, None),
    "the last run had ten valid rows, seven are left": (
        "shrunken-sheet",
        found(unchanged=7, missing=1),
        found(unchanged=6, missing=1),
        30,
        10,
    ),
    "30 % may be wrong from 20 rows up": (
        "max-invalid",
        found(unchanged=14, held=3, rejected=3),
        found(unchanged=14, held=4, rejected=3),
        30,
        None,
    ),
    "one valid row is a sheet": ("empty-sheet", found(unchanged=1, rejected=1), found(rejected=2), 30, None),
}


@pytest.mark.parametrize("words", LIMITS)
def test_a_guard_trips_one_over_its_limit(words: str) -> None:
    name, passes, trips, orders, last = LIMITS[words]
    assert (tripped(passes, orders, last=last), tripped(trips, orders, last=last)) == (set(), {name})


def test_a_campaign_of_five_is_not_emptied() -> None:
    assert tripped(found(unchanged=1, missing=5), 5) == {"max-remove"}


def test_canceled_orders_do_not_count_as_standing() -> None:
    assert tripped(found(unchanged=1, missing=3), 10, standing=3) == {"max-remove"}


@pytest.mark.parametrize("orders", [0, 5, 19])
def test_small_campaigns_may_be_updated_whole(orders: int) -> None:
    assert tripped(found(update=19), orders) == set()


def test_small_sheets_may_be_wrong_in_all_rows_but_one() -> None:
    assert tripped(found(unchanged=1, rejected=18), 30) == set()


def test_new_contacts_have_no_limit_of_their_own() -> None:
    assert tripped(found(create=500, associate=500), 10) == set()


def test_a_sheet_that_shrank_may_still_update() -> None:
    """The guard is about orders that are taken out because they are absent."""
    assert tripped(found(update=1), 30, last=100) == set()


#: guard -> (a diff that trips it and nothing else, orders, last, what lifts it, what is one too few)
LIFTED: dict[str, tuple[Difference, int, int | None, Limit, Limit]] = {
    "max-remove": (found(unchanged=1, missing=8), 8, None, Limit(count=8), Limit(count=7)),
    "shrunken-sheet": (found(unchanged=6, missing=1), 30, 10, Limit(count=4), Limit(count=3)),
    "max-update": (found(update=20), 20, None, Limit(percent=100.0), Limit(percent=99.0)),
    "max-invalid": (found(unchanged=1, rejected=19), 30, None, Limit(count=19), Limit(count=18)),
}


@pytest.mark.parametrize("name", LIFTED)
def test_its_own_flag_lifts_a_guard_when_it_allows_enough(name: str) -> None:
    difference, orders, last, enough, little = LIFTED[name]
    assert tripped(difference, orders, Limits(**{FLAGS[name]: enough}), last=last) == set()
    assert tripped(difference, orders, Limits(**{FLAGS[name]: little}), last=last) == {name}


@pytest.mark.parametrize("name", LIFTED)
def test_all_other_flags_together_do_not_lift_a_guard(name: str) -> None:
    difference, orders, last, _, _ = LIFTED[name]
    others = {field.name: Limit(count=10_000) for field in fields(Limits) if field.name != FLAGS[name]}
    assert tripped(difference, orders, Limits(**others), last=last) == {name}


def test_an_empty_sheet_is_lifted_by_nothing() -> None:
    everything = Limits(**{field.name: Limit(count=10_000) for field in fields(Limits)})
    assert tripped(found(), 30, everything) == tripped(found(held=1), 30, everything) == {"empty-sheet"}


@pytest.mark.parametrize(("limit", "trips"), [(Limit(count=3), False), (Limit(count=2), True), (Limit(percent=30.0), False)])
def test_max_create_counts_created_and_linked_contacts(limit: Limit, trips: bool) -> None:
    assert tripped(found(create=2, associate=1), 10, Limits(max_create=limit)) == ({"max-create"} if trips else set())


@pytest.mark.parametrize("name", ["max_update", "max_invalid"])
def test_a_limit_that_the_user_gave_counts_on_small_numbers_too(name: str) -> None:
    difference = found(update=1) if name == "max_update" else found(unchanged=1, rejected=1)
    assert tripped(difference, 3, Limits(**{name: Limit(count=0)})) == {name.replace("_", "-")}


def test_the_refusal_names_the_numbers_and_the_flag() -> None:
    guards = check(found(unchanged=1, missing=5), Sizes(rows=1, orders=5, standing=5, last_valid=None), Limits())
    with pytest.raises(UnsafePlanError, match="5 of 5 orders") as caught:
        refuse(guards)
    assert caught.value.hint is not None
    assert "`--max-remove 5`" in caught.value.hint
    assert caught.value.exit_code == ExitCode.GUARD


def test_no_flag_is_named_where_another_guard_has_none() -> None:
    guards = (
        Guard(name="empty-sheet", limit=1, actual=0, tripped=True, flag=None, message="no row of the sheet is valid (30 rows)"),
        Guard(name="max-invalid", limit=9, actual=30, tripped=True, flag="--max-invalid", message="30 of 30 rows were rejected"),
    )
    with pytest.raises(UnsafePlanError) as caught:
        refuse(guards)
    assert caught.value.hint == "check that the sheet is complete"


def test_passing_guards_refuse_nothing() -> None:
    refuse((Guard(name="max-remove", limit=5, actual=5, tripped=False, flag="--max-remove"),))


def test_every_guard_is_shown_tripped_or_not() -> None:
    shown = check(found(unchanged=1), Sizes(rows=1, orders=1, standing=1, last_valid=None), Limits())
    assert [guard.name for guard in shown] == ["empty-sheet", *FLAGS]
