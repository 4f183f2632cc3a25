"""What a listing proves while the list changes under it. Pure: the vendor's list is a Python list that is cut into pages."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from callcamp_sync.api.columns import ORDER_COLUMNS
from callcamp_sync.api.paging import Listing, Pass, combine
from callcamp_sync.api.reader import read_all

LIMIT = 100


def answer(items: list[int], page: int) -> dict[str, Any]:
    """One page of the list, as the vendor's page shows it."""
    part = items[(page - 1) * LIMIT : page * LIMIT]
    orders = [{"uuid": f"order_{n}", "status": "planned", "record": {"uuid": f"record_{n}"}} for n in part]
    return {"orders": orders, "total": len(items), "page": page, "limit": LIMIT, "totalPages": -(-len(items) // LIMIT)}


def listed(items: list[int], change: Callable[[list[int], int], None], *, workers: int = 1) -> Listing:
    """Read the list while `change(items, answers so far)` is called before every answer."""
    answers = 0

    async def fetch(page: int) -> dict[str, Any]:
        nonlocal answers
        change(items, answers)
        answers += 1
        return answer(items, page)

    async def read() -> Listing:
        return await read_all(fetch, "orders", ORDER_COLUMNS, workers=workers)

    return anyio.run(read)


def ids(listing: Listing) -> set[str]:
    return set(listing.frame["order_uuid"])


def test_a_list_that_stands_still_is_complete() -> None:
    listing = listed(list(range(950)), lambda items, n: None)
    assert listing.complete
    assert listing.frame.height == 950


def test_an_item_that_slips_over_a_boundary_by_a_deletion_is_read_again() -> None:
    """One of page 1 is deleted after page 1 was read: the first of page 2 moves to page 1, and is read on neither."""
    items = list(range(950))
    one = Pass("orders", ORDER_COLUMNS)
    one.take(1, answer(items, one.next_page() or 0))
    del items[19]
    while (page := one.next_page()) is not None:
        one.take(page, answer(items, page))
    assert "order_100" not in set(one.frame()["order_uuid"])
    assert not combine([one], ORDER_COLUMNS).complete, "a list that changed while it was read proves nothing"
    two = one.follow()
    assert two.next_page() == 1
    two.take(1, answer(items, 1))
    assert two.next_page() is None, "what came after the change is not read again"
    found = combine([one, two], ORDER_COLUMNS)
    assert "order_100" in ids(found)
    assert found.complete
    assert ids(found) == {f"order_{n}" for n in items}


def test_a_change_in_the_second_look_leaves_nothing_proved_but_what_came_after_it() -> None:
    items = list(range(450))
    one = Pass("orders", ORDER_COLUMNS)
    one.take(1, answer(items, one.next_page() or 0))
    one.take(2, answer(items, one.next_page() or 0))
    del items[0]
    while (page := one.next_page()) is not None:
        one.take(page, answer(items, page))
    two = one.follow()
    two.take(1, answer(items, two.next_page() or 0))
    items.insert(0, 7000)
    two.take(2, answer(items, two.next_page() or 0))
    assert not combine([one, two], ORDER_COLUMNS).complete
    three = two.follow()
    again = []
    while (page := three.next_page()) is not None:
        again.append(page)
        three.take(page, answer(items, page))
    assert again == [1, 3, 4, 5]
    assert combine([one, two, three], ORDER_COLUMNS).complete


def missed(seed: int, place: int, *, workers: int) -> tuple[int, int, bool]:
    """(missed by one plain pass, missed by the listing, complete) of 6,000 orders while one in ten answers finds a change."""
    items = list(range(6000))
    gone: set[int] = set()
    luck = random.Random(seed)

    def change(orders: list[int], answers: int) -> None:
        if not answers or luck.random() > 0.1:
            return
        at = place if place >= 0 else len(orders) - 1
        if luck.random() < 0.5:
            orders.insert(at, 10_000 + answers)
        else:
            gone.add(orders.pop(at))

    one = Pass("orders", ORDER_COLUMNS)
    plain = list(range(6000))
    luck_again, left = random.Random(seed), set[int]()
    answers = 0
    while (page := one.next_page()) is not None:
        if answers and luck_again.random() <= 0.1:
            at = place if place >= 0 else len(plain) - 1
            if luck_again.random() < 0.5:
                plain.insert(at, 10_000 + answers)
            else:
                left.add(plain.pop(at))
        one.take(page, answer(plain, page))
        answers += 1
    naive = {f"order_{n}" for n in range(6000) if n not in left} - set(one.frame()["order_uuid"])
    listing = listed(items, change, workers=workers)
    ours = {f"order_{n}" for n in range(6000) if n not in gone} - ids(listing)
    return len(naive), len(ours), listing.complete


@pytest.mark.parametrize("workers", [1, 8])
@pytest.mark.parametrize("place", [0, 2950, -1], ids=["at its head", "in its middle", "at its end"])
def test_whoever_stands_there_all_the_time_is_found_while_others_come_and_go(place: int, workers: int) -> None:
    """What is missed all the same is why such a listing is never called complete, and why new numbers are searched then."""
    runs = [missed(seed, place, workers=workers) for seed in range(6)]
    naive, ours = sum(run[0] for run in runs), sum(run[1] for run in runs)
    assert ours <= max(1, naive // 50), f"{ours} missed, and {naive} by a plain pass"
    assert not any(complete for _, lost, complete in runs if lost)


def test_a_change_that_ends_is_followed_by_a_pass_that_proves_the_rest() -> None:
    listing = listed(list(range(450)), lambda items, n: items.insert(0, 9000) if n == 2 else None)
    assert listing.complete
    assert listing.frame.height == 451


def test_the_tail_is_followed_as_it_grows() -> None:
    """Orders are appended while the list is read, over the end of what the first page promised."""
    items = list(range(300))

    def grow(orders: list[int], answers: int) -> None:
        if 1 <= answers <= 4:
            orders.extend(range(1000 + answers * 100, 1060 + answers * 100))

    listing = listed(items, grow)
    assert ids(listing) == {f"order_{n}" for n in items}


def test_a_total_that_is_always_wrong_is_never_complete() -> None:
    items = list(range(150))

    async def fetch(page: int) -> dict[str, Any]:
        return answer(items, page) | {"total": 151}

    async def read() -> Listing:
        return await read_all(fetch, "orders", ORDER_COLUMNS, workers=4)

    listing = anyio.run(read)
    assert not listing.complete
    assert listing.frame.height == 150


def taken(order: list[int], items: list[int]) -> Pass:
    """A pass whose pages were all asked for at once, and came in this order."""
    one = Pass("orders", ORDER_COLUMNS)
    one.take(1, answer(items, one.next_page() or 0))
    while one.next_page() is not None:
        pass
    for page in order:
        one.take(page, answer(items, page))
    return one


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("late", [None, 2, 250])
def test_pages_in_any_order_are_listed_in_theirs(seed: int, late: int | None) -> None:
    """Also where one of them comes after all others, however many these are."""
    items = list(range(40_050))
    order = list(range(2, 402))
    chance = random.Random(seed)
    order.sort(key=lambda page: math.inf if page == late else page + chance.uniform(0, 8))
    found = combine([taken(order, items)], ORDER_COLUMNS)
    assert found.complete
    assert found.frame["order_uuid"].to_list() == [f"order_{n}" for n in items]


def test_of_an_order_on_two_pages_the_answer_that_came_last_is_believed() -> None:
    """Page 3 overtook page 2, on which the same order stands, of another status."""
    one = taken([], list(range(250)))
    for page, status in ((3, "called"), (2, "do not call")):
        said = answer(list(range(250)), page)
        said["orders"][0] = {"uuid": "order_7000", "status": status}
        one.take(page, said)
    found = combine([one], ORDER_COLUMNS)
    assert found.frame.filter(order_uuid="order_7000")["status"].to_list() == ["do not call"]
