"""What is odd about a campaign, told from frames: each finding where it is due, and nowhere else."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from callcamp_sync.hygiene import findings

ANN, BEN, CLEO = "+12025550141", "+12025550142", "+442079460143"
#: One subscriber in Mexico, in the old spelling and in the new one.
OLD, NEW = "+5215512345678", "+525512345678"

COLUMNS = ("order_uuid", "record_uuid", "phone", "status", "status_wire", "have_name")


def orders(*rows: tuple[str, str | None, str]) -> pl.DataFrame:
    """(order, phone, status) of each."""
    said = [(order, f"r-{order}", phone, status, status.title(), f"N {order}") for order, phone, status in rows]
    return pl.DataFrame(said, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")


def others(*rows: tuple[str, str | None, str]) -> pl.DataFrame:
    return orders(*rows).with_columns(campaign=pl.lit("Other", dtype=pl.String))


def contacts(*records: tuple[str, str]) -> pl.DataFrame:
    said = [(record, phone, "N", "2026-05-01T00:00:00Z") for record, phone in records]
    return pl.DataFrame(said, schema=["record_uuid", "phoneNumber", "name", "createdAt"], orient="row")


def found(here: pl.DataFrame, there: pl.DataFrame | None = None, never: dict[str, str] | None = None) -> list[tuple[Any, ...]]:
    """(finding, order) of each line."""
    seen = findings.found(here, others() if there is None else there, None, never or {})
    return seen.select("finding", "order_uuid").rows()


@pytest.mark.parametrize(
    ("here", "expected"),
    [
        pytest.param([("a", ANN, "registered"), ("b", BEN, "planned")], [], id="two persons are nobody's double"),
        pytest.param(
            [("a", ANN, "registered"), ("b", BEN, "planned"), ("c", ANN, "contacted")],
            [("double-order", "a"), ("double-order", "c")],
            id="one number twice, both orders are told",
        ),
        pytest.param(
            [("a", OLD, "registered"), ("b", NEW, "registered")],
            [("double-order", "a"), ("double-order", "b"), ("number-unreadable", "a")],
            id="two numbers of one subscriber, of which the old one is out of use",
        ),
        pytest.param([("a", "12", "registered")], [("number-unreadable", "a")], id="too short for a number"),
        pytest.param([("a", None, "registered")], [("number-unreadable", "a")], id="no number at all"),
        pytest.param(
            [("a", "n/a", "registered"), ("b", "n/a", "registered")],
            [("number-unreadable", "a"), ("number-unreadable", "b")],
            id="the same nonsense twice is no double order",
        ),
    ],
)
def test_within_the_campaign(here: list[tuple[str, str | None, str]], expected: list[tuple[str, str]]) -> None:
    assert found(orders(*here)) == expected


@pytest.mark.parametrize(
    ("here", "there", "expected"),
    [
        ("planned", "scheduled", ["planned-elsewhere"]),
        ("planned", "calling", ["planned-elsewhere"]),
        ("busy", "no-answer", ["planned-elsewhere"]),
        ("registered", "planned", []),
        ("planned", "registered", []),
        ("planned", "contacted", []),
        ("planned", "canceled", []),
        ("planned", "do-not-call", ["do-not-call-elsewhere"]),
        ("registered", "do-not-call", ["do-not-call-elsewhere"]),
        ("calling", "do-not-call", ["do-not-call-elsewhere"]),
        ("in-review", "do-not-call", ["do-not-call-elsewhere"]),
        ("contacted", "do-not-call", []),
        ("canceled", "do-not-call", []),
        ("do-not-call", "do-not-call", []),
        ("do-not-call", "planned", []),
    ],
)
def test_between_two_campaigns(here: str, there: str, expected: list[str]) -> None:
    seen = found(orders(("a", ANN, here)), others(("x", ANN, there)))
    assert [kind for kind, _ in seen] == expected


def test_another_person_elsewhere_says_nothing() -> None:
    assert found(orders(("a", ANN, "planned")), others(("x", BEN, "planned"), ("y", CLEO, "do-not-call"))) == []


def test_the_other_spelling_of_a_subscriber_is_the_same_person_elsewhere() -> None:
    assert found(orders(("a", OLD, "planned")), others(("x", NEW, "do-not-call"))) == [
        ("number-unreadable", "a"),
        ("do-not-call-elsewhere", "a"),
    ]


def test_a_line_names_the_other_campaign_its_order_and_its_status() -> None:
    seen = findings.found(orders(("a", ANN, "planned")), others(("x", ANN, "planned"), ("y", ANN, "busy")), None, {})
    assert seen.select("other_campaign", "other_order_uuid", "other_status").rows() == [
        ("Other", "x", "Planned"),
        ("Other", "y", "Busy"),
    ]
    assert seen.select("phone", "name", "status", "record_uuid").row(0) == (ANN, "N a", "Planned", "r-a")


def test_whoever_stands_in_the_ledger_is_told_with_where_it_has_it_from() -> None:
    here = orders(("a", NEW, "registered"), ("b", ANN, "contacted"))
    seen = findings.found(here, others(), None, {OLD: "cli", ANN: "cli"})
    assert seen.select("finding", "order_uuid", "detail").rows() == [("do-not-call-elsewhere", "a", "the ledger: cli")]


def test_contacts_that_no_campaign_has_are_told() -> None:
    known = contacts(("r-a", ANN), ("r-x", BEN), ("r-z", "0044 20 7946 0143"))
    seen = findings.found(orders(("a", ANN, "registered")), others(("x", BEN, "registered")), known, {})
    assert seen.select("finding", "record_uuid", "order_uuid").rows() == [("contact-without-order", "r-z", None)]


def test_an_empty_campaign_is_clean() -> None:
    seen = findings.found(orders(), others(), contacts(), {})
    assert (seen.columns, seen.height) == (list(findings.SHAPE), 0)
    assert findings.counts(seen) == dict.fromkeys(findings.KINDS, 0)
