"""The health gate: what each guard counts, where it trips, and that without a past nothing is compared."""

from __future__ import annotations

from typing import Any

import pytest

from callcamp_sync import arrivals
from callcamp_sync.arrivals import Habits, check, cure, half_written, no_file, old_file, pack, same_file
from callcamp_sync.model import Arrival, Guard, Limit
from callcamp_sync.night import Past

PHONES = [f"+1201555{line:04}" for line in range(100, 200)]


def arrival(**more: Any) -> Arrival:
    told: dict[str, Any] = {"sha256": "b", "rows": 100, "headings": ("Phone", "Name"), "blank_keys": 0, "phones": pack(PHONES)}
    return Arrival(**told | more)


def past(**more: Any) -> Past:
    told: dict[str, Any] = {"rows": (100, 98, 102), "sha256": "a", "headings": ("Phone", "Name"), "phones": pack(PHONES)}
    return Past(**told | more)


def tripped(found: Arrival, before: Past, **habits: Any) -> list[str]:
    return [guard.name for guard in check(found, before, Habits(**habits)) if guard.tripped]


def test_a_usual_file_passes() -> None:
    assert tripped(arrival(), past()) == []


def test_the_first_file_has_nothing_to_be_compared_with() -> None:
    guards = check(arrival(rows=3, headings=("x",), blank_keys=3, phones=b""), Past(), Habits())
    assert [(guard.tripped, guard.limit) for guard in guards] == [(False, None)] * 4


CASES = [
    pytest.param({"rows": 50}, {}, {}, [], id="half the rows are just in the band"),
    pytest.param({"rows": 49}, {}, {}, ["rows-changed"], id="fewer are not"),
    pytest.param({"rows": 151}, {}, {}, ["rows-changed"], id="nor are many more"),
    pytest.param({"rows": 9}, {"rows": (19,)}, {}, [], id="small numbers are not counted"),
    pytest.param({"rows": 9}, {"rows": (19,)}, {"max_rows_change": Limit(count=5)}, ["rows-changed"], id="unless asked for"),
    pytest.param({"rows": 40}, {}, {"max_rows_change": Limit(percent=60)}, [], id="a number lifts it"),
    pytest.param({"rows": 100}, {"rows": (100, 10, 10, 10, 10, 10, 10)}, {}, [], id="the usual one is the median, and small"),
    pytest.param({"rows": 100}, {"rows": (1000, 99, 101)}, {}, [], id="one odd file moves it little"),
    pytest.param({"headings": ("Phone",)}, {}, {}, ["headers-changed"], id="a heading is gone"),
    pytest.param({"headings": ("Phone", "Name", "Age")}, {}, {}, ["headers-changed"], id="a heading is new"),
    pytest.param({"headings": ("Name", "Phone")}, {}, {}, [], id="another order is the same"),
    pytest.param({"headings": ("Phone", "Name", "Age")}, {}, {"max_headers": 1}, [], id="one more is allowed"),
    pytest.param({"headings": ("Tel", "Name")}, {}, {"max_headers": 1}, ["headers-changed"], id="a renamed one is two"),
    pytest.param({"blank_keys": 5}, {}, {}, [], id="five of a hundred keys may be blank"),
    pytest.param({"blank_keys": 6}, {}, {}, ["blank-keys"], id="six may not"),
    pytest.param({"blank_keys": 25}, {"blank_share": 0.2}, {}, [], id="over what is usual"),
    pytest.param({"blank_keys": 26}, {"blank_share": 0.2}, {}, ["blank-keys"], id="and not more"),
    pytest.param({"blank_keys": 26}, {"blank_share": 0.2}, {"max_blank_keys": Limit(count=6)}, [], id="a number lifts that"),
    pytest.param({"phones": pack(PHONES[50:])}, {}, {}, [], id="fewer numbers are none changed"),
    pytest.param({"phones": pack(PHONES)}, {"phones": pack(PHONES[:50])}, {}, [], id="half of them new"),
    pytest.param({"phones": pack(PHONES)}, {"phones": pack(PHONES[:49])}, {}, ["phones-changed"], id="more than half new"),
    pytest.param(
        {"phones": pack(PHONES)}, {"phones": pack(PHONES[:9])}, {"max_changed_phones": Limit(percent=95)}, [], id="lifted"
    ),
    pytest.param({"phones": pack(PHONES[:19])}, {"phones": pack(PHONES[50:])}, {}, [], id="few numbers are not counted"),
]


@pytest.mark.parametrize(("now", "before", "habits", "names"), CASES)
def test_what_trips(now: dict[str, Any], before: dict[str, Any], habits: dict[str, Any], names: list[str]) -> None:
    assert tripped(arrival(**now), past(**before), **habits) == names


OUTSIDE = [
    pytest.param(no_file(Past(), Habits(), "x"), True, "--max-no-file 2", id="no file"),
    pytest.param(no_file(Past(without=1), Habits(max_no_file=2), "x"), False, "--max-no-file 3", id="a second night that may be"),
    pytest.param(no_file(Past(without=2), Habits(max_no_file=2), "x"), True, "--max-no-file 4", id="a third that may not"),
    pytest.param(half_written(1, 2.0, "x"), True, "--stable-seconds 0", id="half written"),
    pytest.param(half_written(0, 2.0, "x"), False, "", id="at rest"),
    pytest.param(old_file(26 * 3600 + 59, Habits(max_age=26 * 3600), "x"), False, "", id="old, within a minute"),
    pytest.param(old_file(26 * 3600 + 60, Habits(max_age=26 * 3600), "x"), True, "--max-age 1621m", id="too old"),
    pytest.param(old_file(10**9, Habits(), "x"), False, "", id="any age, unless asked"),
    pytest.param(same_file("a", Past(sha256="a", repeated=1), Habits(max_same=0), "x"), True, "--max-same 1", id="the same"),
    pytest.param(same_file("b", Past(sha256="a", repeated=1), Habits(max_same=0), "x"), False, "", id="another"),
    pytest.param(same_file("a", Past(sha256="a", repeated=9), Habits(), "x"), False, "", id="the same, unless asked"),
]


@pytest.mark.parametrize(("guard", "trips", "flag"), OUTSIDE)
def test_guards_that_need_only_the_outside_of_a_file(guard: Guard, trips: bool, flag: str) -> None:
    assert guard.tripped is trips
    assert flag in cure(guard)
    assert "`x`" in guard.message


def test_the_flag_that_a_cure_names_lifts_the_guard() -> None:
    """Each guard, tripped, is lifted by exactly what its cure says."""
    from callcamp_sync.settings import Settings

    age = 26.5 * 3600
    trips = old_file(age, Habits(max_age=3600), "x")
    value = cure(trips).split("--max-age ")[1].split("`")[0]
    assert not old_file(age, Habits(max_age=Settings.model_validate({"max_age": value}).max_age), "x").tripped
    again = same_file("a", Past(sha256="a", repeated=3), Habits(max_same=0), "x")
    assert not same_file("a", Past(sha256="a", repeated=3), Habits(max_same=again.actual), "x").tripped
    rows = check(arrival(rows=10), past(), Habits())[0]
    assert rows.tripped
    assert not check(arrival(rows=10), past(), Habits(max_rows_change=Limit(count=rows.actual)))[0].tripped


def test_every_guard_has_its_own_flag() -> None:
    flags = [guard.flag for guard in check(arrival(), past(), Habits())]
    flags += [no_file(Past(), Habits(), "x").flag, half_written(0, 1, "x").flag]
    flags += [old_file(0, Habits(), "x").flag, same_file("", Past(), Habits(), "x").flag]
    assert len(set(flags)) == 8
    wanted = {f"--{name.replace('_', '-')}" for name in Habits.__dataclass_fields__} | {"--stable-seconds"}
    assert set(flags) == wanted


def test_numbers_are_packed_sorted_and_once() -> None:
    assert pack(["+3", "+1", "+3", "", "12", "+x"]) == pack(["+1", "+3"])
    assert len(pack(PHONES)) == 8 * len(PHONES)
    assert arrivals.SMALL == 20
