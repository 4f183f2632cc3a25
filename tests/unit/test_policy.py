"""What may be done to an order in which status: the whole table, spelled out; and who is the same person by number."""

from __future__ import annotations

import polars as pl
import pytest

from callcamp_sync.issues import CATALOGUE, Verdict
from callcamp_sync.policy import Ask, asks_of_status, forbids, forbids_expr, is_group, person_keys
from callcamp_sync.statuses import Group

A, S = Ask, Group
WISHES = [A.DETAILS, A.PROPERTIES, A.NUMBER, A.STATUS, A.CALL, A.FORBID, A.CANCEL, A.REMOVE]

#: One line a group, one letter a wish in the order of WISHES: . allowed, n never lifted, r lifted by --reopen.
TABLE = {
    S.QUIET: "........",
    S.CALLABLE: "........",
    S.ENDED: "...rr...",
    S.FINAL: ".rrrr.rr",
    S.UNKNOWN: "rrrrr.rr",
    S.RUNNING: "nnnnnnnn",
    S.FORBIDDEN: "nnnnn.nn",
}
CODE = {
    S.ENDED: "already-canceled",
    S.FINAL: "already-contacted",
    S.UNKNOWN: "status-unfamiliar",
    S.RUNNING: "in-call",
    S.FORBIDDEN: "do-not-call",
}
CASES = [(group, ask, letter) for group, line in TABLE.items() for ask, letter in zip(WISHES, line, strict=True)]


@pytest.mark.parametrize(("group", "ask", "letter"), CASES, ids=[f"{group}, {ask}" for group, ask, _ in CASES])
def test_the_table_of_what_is_forbidden(group: Group, ask: Ask, letter: str) -> None:
    code = None if letter == "." else CODE[group]
    assert (forbids(group, ask), forbids(group, ask, reopen=True)) == (code, code if letter == "n" else None)


def test_every_group_is_in_the_table() -> None:
    assert set(TABLE) == set(Group)


@pytest.mark.parametrize("group", list(Group))
def test_asking_for_nothing_is_never_forbidden(group: Group) -> None:
    assert forbids(group, Ask.NOTHING) is None


@pytest.mark.parametrize("code", sorted(set(CODE.values())))
def test_every_code_of_the_table_protects_its_row(code: str) -> None:
    assert CATALOGUE[code].verdict is Verdict.PROTECT


ONE_OF_EACH = ["registered", "planned", "canceled", "contacted", "on-hold", "calling", "do-not-call", None]


@pytest.mark.parametrize("reopen", [False, True], ids=["as it stands", "reopened"])
@pytest.mark.parametrize("ask", WISHES)
def test_the_expression_says_what_the_table_says(ask: Ask, reopen: bool) -> None:
    groups = [S.QUIET, S.CALLABLE, S.ENDED, S.FINAL, S.UNKNOWN, S.RUNNING, S.FORBIDDEN, S.UNKNOWN]
    frame = pl.DataFrame({"status": ONE_OF_EACH})
    found = frame.select(forbids_expr(pl.col("status"), {ask: pl.lit(value=True)}, reopen=reopen)).to_series()
    assert found.to_list() == [forbids(group, ask, reopen=reopen) for group in groups]


def test_what_is_not_asked_is_not_forbidden() -> None:
    frame = pl.DataFrame({"status": ["do-not-call"]})
    assert frame.select(forbids_expr(pl.col("status"), {Ask.REMOVE: pl.lit(value=False)}, reopen=False)).item() is None


def test_a_status_that_is_missing_or_unheard_of_belongs_to_the_unknown() -> None:
    frame = pl.DataFrame({"status": ONE_OF_EACH})
    found = frame.select(is_group(pl.col("status"), Group.UNKNOWN)).to_series()
    assert [status for status, unknown in zip(ONE_OF_EACH, found, strict=True) if unknown] == ["on-hold", None]


@pytest.mark.parametrize(
    ("want", "ask"),
    [
        ("do-not-call", Ask.FORBID),
        ("planned", Ask.CALL),
        ("scheduled", Ask.CALL),
        ("canceled", Ask.CANCEL),
        ("registered", Ask.STATUS),
        ("busy", Ask.STATUS),
    ],
)
def test_a_wanted_status_asks_for_one_thing(want: str, ask: Ask) -> None:
    asks = asks_of_status(pl.col("want"), pl.lit(value=True))
    found = pl.DataFrame({"want": [want]}).select(**{str(name): asked for name, asked in asks.items()}).row(0, named=True)
    assert [name for name, asked in found.items() if asked] == [str(ask)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+5212001234567", "+522001234567"),
        ("+5491123456789", "+541123456789"),
        ("+5511961234567", "+551161234567"),
    ],
    ids=["Mexico's mobile 1", "Argentina's mobile 9", "Brazil's ninth digit"],
)
def test_two_forms_of_one_subscriber_are_one_person(one: str, other: str) -> None:
    assert person_keys([one]) == person_keys([other])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+12015550100", "+12015550101"),
        ("+5511961234567", "+5521961234567"),
        ("+5511321234567", "+551121234567"),
        ("+393123456789", "+39123456789"),
    ],
    ids=["another line", "another area of Brazil", "a Brazilian land line", "a digit more in Italy"],
)
def test_other_numbers_are_other_people(one: str, other: str) -> None:
    assert person_keys([one]) != person_keys([other])
