"""A sheet that is small against its campaign: its numbers are searched, and everything ends as if the campaign had been listed.

In: the command line against a sandbox of 4,000 orders, whose search works, finds nothing, or finds everything. The server's own
log says what was asked for; the same sheet against a server whose search cannot be trusted says what a listing makes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from flow_stage import CANARY_TOKEN, SPRING, Stage, balanced, lead
from starlette.types import ASGIApp, Receive, Scope, Send

from callcamp_sync.sandbox import Sandbox, World, bulk_phone, demo_world

ORDERS = 4_000
NEVER, CONTACTED, PLAIN = bulk_phone(850), bulk_phone(707), bulk_phone(3_000)
NEW = bulk_phone(20_000)


class Deaf:
    """A server that takes `search` for something else: what it is made of decides what is found."""

    def __init__(self, app: ASGIApp, search: Callable[[str], str | None]) -> None:
        self.app, self.search = app, search

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = dict(parse_qsl(scope.get("query_string", b"").decode()))
        if "search" in given and scope["path"].endswith("/orders"):
            text = self.search(given.pop("search"))
            given |= {"search": text} if text is not None else {}
            scope = {**scope, "query_string": urlencode(given).encode()}
        await self.app(scope, receive, send)


#: How a search can be wrong: nothing is found, everything is, only whole numbers are, only ends of numbers are.
DEAF: dict[str, Callable[[str], str | None]] = {
    "finds nothing": lambda _: "nobody of that name",
    "finds everything": lambda _: None,
    "knows whole numbers only": lambda text: text if text.startswith("+") else "nobody of that name",
    "knows no plus": lambda text: text.replace("+", " "),
}


@contextmanager
def opened(
    folder: Path, search: Callable[[str], str | None] | None = None, change: Callable[[World], None] | None = None
) -> Iterator[Stage]:
    world = demo_world(ORDERS)
    world.add_token(CANARY_TOKEN)
    if change:
        change(world)
    folder.mkdir(exist_ok=True)
    with Sandbox(world, around=(lambda app: Deaf(app, search)) if search else None) as box:
        yield Stage(box=box, folder=folder, token=CANARY_TOKEN)


def asked(stage: Stage) -> list[dict[str, str]]:
    """The queries of all reads of the campaign's orders."""
    return [request.query for request in stage.box.requests if request.path.endswith("/orders") and request.method == "GET"]


def lines(document: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [
        (row["row"], row["outcome"], row["phone"], [one["code"] for one in row["issues"]], row["changes"])
        for row in document["rows"]
    ]


def planned(stage: Stage, rows: list[dict[str, str]], *more: str) -> dict[str, Any]:
    found: dict[str, Any] = stage.here("plan", stage.sheet(rows), "-c", SPRING, "--json", "--region", "US", *more).document
    return found


def test_a_small_sheet_is_searched_and_says_so(tmp_path: Path) -> None:
    """Two numbers: the first page, two searches that prove the search, two for each number, and no other page of all orders."""
    with opened(tmp_path) as stage:
        document = planned(stage, [{"Phone": PLAIN}, {"Phone": f"({CONTACTED[2:5]}) {CONTACTED[5:8]}-{CONTACTED[8:]}"}])
        queries = asked(stage)
    assert document["counts"] == {"unchanged": 2}
    assert [query["page"] for query in queries if "search" not in query] == ["1"]
    assert len({query["search"] for query in queries if "search" in query}) == 6
    assert len(queries) < ORDERS // 100 // 2
    assert {PLAIN, CONTACTED} <= {query.get("search") for query in queries}
    assert any("2 numbers were searched" in notice and f"{ORDERS:,}" in notice for notice in document["notices"])


def test_no_contact_is_read_where_no_field_of_it_is_mapped(tmp_path: Path) -> None:
    """And where one is mapped, the contacts of the orders that were found, by their ids."""
    with opened(tmp_path) as stage:
        planned(stage, [{"Phone": PLAIN, "Instructions": "Ask for Ann."}])
        assert not [request for request in stage.box.requests if "/records" in request.path]
        document = planned(stage, [lead(PLAIN)])
        read = [request.path for request in stage.box.requests if "/records" in request.path]
    assert document["counts"] == {"updated": 1}
    assert len(read) == 1
    assert "/records/" in read[0]


@pytest.mark.parametrize("search", DEAF.values(), ids=DEAF)
def test_a_search_that_cannot_be_trusted_is_not(tmp_path: Path, search: Callable[[str], str | None]) -> None:
    """The whole campaign is listed, the plan says why, and a contact that stands there is not made again."""
    with opened(tmp_path, search) as stage:
        document = planned(stage, [{"Phone": PLAIN}])
        pages = {query["page"] for query in asked(stage) if "search" not in query}
    assert document["counts"] == {"unchanged": 1}
    assert len(pages) == ORDERS // 100
    assert any("so the whole campaign was listed" in notice for notice in document["notices"])
    assert document["missing"] == {"kept": ORDERS - 1}


def _odd(world: World) -> None:
    """A number without its plus that is marked, one that two orders have, and the older form of a number that is marked."""
    spring = next(one for one in world.campaigns.values() if one.name == SPRING)
    kind = world.record_types[spring.record_type or ""]
    for phone, status in ((NEW.removeprefix("+"), "do-not-call"), (PLAIN, "registered"), ("+5212001234567", "do-not-call")):
        world.add_order(spring, world.add_record(phone, record_type=kind, parameters={"company": "Other Ltd"}), status=status)
    # The first page, which is the newest, must look like the others: so the odd ones are not on it.
    for index in range(ORDERS, ORDERS + 150):
        world.add_order(spring, world.add_record(bulk_phone(index), record_type=kind, parameters={"company": "Other Ltd"}))


CASES = {
    "Do Not Call, and a known one": [lead(NEVER, Status="planned"), lead(PLAIN)],
    "a number that stands there without its plus and marked": [lead(NEW, Status="planned")],
    "another form of a number that is marked": [lead("+522001234567", Status="planned")],
    "a number that two orders have": [lead(PLAIN, Status="planned")],
    "a new one, a wrong one and a double one": [lead(bulk_phone(21_000)), lead("12"), lead(bulk_phone(21_000))],
    "marks one never to be called": [lead(bulk_phone(3_001), Status="do not call")],
    "contacted already": [lead(CONTACTED, Status="planned")],
}


@pytest.mark.parametrize("rows", CASES.values(), ids=CASES)
def test_searched_or_listed_every_row_ends_the_same(tmp_path: Path, rows: list[dict[str, str]]) -> None:
    """The same sheet against a campaign that must be listed is the judge."""
    rows = [{"Status": ""} | row for row in rows]
    with opened(tmp_path / "searched", change=_odd) as stage:
        searched = planned(stage, rows)
        assert [query["page"] for query in asked(stage) if "search" not in query] == ["1"]
    with opened(tmp_path / "listed", DEAF["finds nothing"], _odd) as stage:
        listed = planned(stage, rows)
    hidden = {"order_uuid", "record_uuid"}
    assert lines(searched) == lines(listed)
    assert {k: v for k, v in searched["counts"].items() if k not in hidden} == listed["counts"]


@pytest.mark.parametrize(
    ("rows", "more"),
    [
        pytest.param([{"Phone": PLAIN, "Reference": "AB-3000"}], ["--key", "parameters.reference"], id="another key"),
        pytest.param([{"Phone": PLAIN}], ["--mode", "mirror"], id="orders without a row are to leave"),
        pytest.param([{"Phone": PLAIN, "Action": "cancel"}], [], id="a row is to leave"),
        pytest.param([{"Phone": PLAIN, "Status": "canceled"}], [], id="a status that takes a row out"),
        pytest.param([{"Phone": PLAIN, "Order ID": "order-1"}], [], id="a row names its order"),
        pytest.param([{"Phone": bulk_phone(i)} for i in range(40)], [], id="too many numbers"),
    ],
)
def test_what_a_search_cannot_answer_is_listed(tmp_path: Path, rows: list[dict[str, str]], more: list[str]) -> None:
    """Removals, ids and large sheets need every order."""
    with opened(tmp_path) as stage:
        stage.here("plan", stage.sheet(rows), "-c", SPRING, "--json", *more)
        pages = [query["page"] for query in asked(stage) if "search" not in query]
    assert sorted(map(int, pages)) == list(range(1, ORDERS // 100 + 1))


def test_a_campaign_of_other_spellings_is_listed(tmp_path: Path) -> None:
    """One number on the first page that is no plain E.164 is enough: its like may stand anywhere, out of a search's reach."""

    def spelled(world: World) -> None:
        spring = next(one for one in world.campaigns.values() if one.name == SPRING)
        world.add_order(spring, world.add_record("+1 (201) 555-01 23", record_type=world.record_types[spring.record_type or ""]))

    with opened(tmp_path, change=spelled) as stage:
        planned(stage, [{"Phone": PLAIN}])
        assert len({query["page"] for query in asked(stage)}) == ORDERS // 100 + 1


def test_what_was_searched_is_carried_out_and_read_back_by_a_search(tmp_path: Path) -> None:
    """An update and a new contact: both stand there afterwards, both were read back, and the campaign was never listed."""
    with opened(tmp_path) as stage:
        ended = stage.here("sync", stage.sheet([lead(PLAIN), lead(NEW)]), "-c", SPRING, "--yes")
        queries, report = asked(stage), stage.report()
        companies = {order.phone: order.record.parameters["company"] for order in stage.orders()}
    assert ended.code == 0
    assert report["counts"] == {"created": 1, "updated": 1}
    assert balanced(report)
    assert report["verified"] == {"checked": 2, "mismatches": []}
    assert (companies[PLAIN], companies[NEW]) == ("Example Ltd", "Example Ltd")
    assert [query["page"] for query in queries if "search" not in query] == ["1"]
