"""Laws of the sandbox's rolls and phone book: after any history they say what a plain list searched from end to end says."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcamp_sync.sandbox import bulk_phone
from callcamp_sync.sandbox.index import PhoneBook, Roll

histories = st.lists(st.tuples(st.booleans(), st.integers(0, 30)), max_size=60)
orders = st.sampled_from(("newest", "oldest", "shuffled"))
Order = Literal["newest", "oldest", "shuffled"]


def rolled(history: list[tuple[bool, int]], *, look: bool) -> tuple[Roll[str], list[int]]:
    """A roll after additions (True) and removals (False), and what is on it; look: it was read before and between."""
    roll: Roll[str] = Roll()
    present: set[int] = set()
    for adds, seq in history:
        if look:
            roll.slice("shuffled", 0, 5)
        if adds and seq not in present:
            roll.add(seq, str(seq))
            present.add(seq)
        elif not adds:
            roll.discard(seq)
            present.discard(seq)
    return roll, sorted(present)


@given(histories, orders, st.integers(0, 40), st.integers(0, 40))
def test_a_slice_is_a_slice_of_the_whole_list(history: list[tuple[bool, int]], order: Order, start: int, size: int) -> None:
    roll, present = rolled(history, look=True)
    whole = roll.slice(order, 0, len(roll))
    assert sorted(whole, key=int) == [str(seq) for seq in present]
    assert roll.slice(order, start, start + size) == whole[start : start + size]


@given(histories)
def test_oldest_first_is_by_sequence_and_newest_first_the_reverse(history: list[tuple[bool, int]]) -> None:
    roll, present = rolled(history, look=False)
    shown = [roll.slice(order, 0, 100) for order in ("oldest", "newest")]
    assert shown == [[str(seq) for seq in present], [str(seq) for seq in reversed(present)]]


@given(histories)
def test_the_shuffled_order_does_not_depend_on_when_it_was_looked_at(history: list[tuple[bool, int]]) -> None:
    watched, unwatched = rolled(history, look=True)[0], rolled(history, look=False)[0]
    assert watched.slice("shuffled", 0, 100) == unwatched.slice("shuffled", 0, 100)


@given(histories, orders, st.lists(st.integers(0, 30)))
def test_what_is_arranged_stands_as_in_the_list(history: list[tuple[bool, int]], order: Order, some: list[int]) -> None:
    roll, _ = rolled(history, look=False)
    assert roll.arranged(some, order) == [item for item in roll.slice(order, 0, 100) if int(item) in some]


phones = st.text("0123", min_size=1, max_size=4).map("+1".__add__)


@given(st.lists(st.tuples(phones, st.booleans()), max_size=40), st.text("+0123", max_size=5))
def test_the_phone_book_finds_what_begins_with_the_text(history: list[tuple[str, bool]], text: str) -> None:
    book: PhoneBook[int] = PhoneBook()
    entered: list[tuple[str, int]] = []
    for n, (phone, leaves) in enumerate(history):
        book.beginning("+1")
        book.add(phone, n)
        entered.append((phone, n))
        if leaves:
            book.discard(*entered.pop(0))
    assert sorted(book.beginning(text)) == sorted(n for phone, n in entered if phone.startswith(text))
    assert book.at(text) == [n for phone, n in entered if phone == text]


def test_bulk_phones_are_distinct_and_begin_with_those_reserved_for_fiction() -> None:
    made = [bulk_phone(n) for n in range(60_000)]
    fictional = [phone[5:10] == "55501" for phone in made[:26_900]]
    assert (len(set(made)), all(fictional)) == (60_000, True)


@pytest.mark.parametrize("index", [-1, 10_000_000])
def test_bulk_phones_end_somewhere(index: int) -> None:
    with pytest.raises(IndexError):
        bulk_phone(index)
