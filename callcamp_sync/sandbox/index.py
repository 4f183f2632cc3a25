"""Ordered rolls and a phone book, so that a page or a look-up costs what it shows and not what exists. Pure: no I/O.

In:  things with a sequence number. Out: slices of them in the order of a list; records by the beginning of their number.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Generic, TypeVar

from callcamp_sync.sandbox.behaviour import ListOrder

T = TypeVar("T")

#: Sorts after every digit, so that [text, text + _LAST) holds what begins with `text`.
_LAST = "\uffff"


def _mixed(seq: int) -> tuple[int, int]:
    return int.from_bytes(blake2b(seq.to_bytes(8, "big"), digest_size=8).digest(), "big"), seq


class Roll(Generic[T]):
    """Things in the order in which they came, with removal, read by slices.

    The shuffled order is made when it is first asked for and kept from then on.
    """

    def __init__(self) -> None:
        self._items: dict[int, T] = {}
        self._seqs: list[int] = []
        self._shuffled: list[tuple[int, int]] | None = None

    def __len__(self) -> int:
        return len(self._seqs)

    def __iter__(self) -> Iterator[T]:
        """Oldest first, over a copy: the roll may change meanwhile."""
        return iter([self._items[seq] for seq in self._seqs])

    def add(self, seq: int, item: T) -> None:
        """Take `item` in; `seq` is unique in the roll."""
        self._items[seq] = item
        insort(self._seqs, seq)
        if self._shuffled is not None:
            insort(self._shuffled, _mixed(seq))

    def discard(self, seq: int) -> None:
        """Strike an item off; nothing happens if it is not there."""
        if self._items.pop(seq, None) is None:
            return
        del self._seqs[bisect_left(self._seqs, seq)]
        if self._shuffled is not None:
            del self._shuffled[bisect_left(self._shuffled, _mixed(seq))]

    def slice(self, order: ListOrder, start: int, stop: int) -> list[T]:
        """Items start to stop (not included) of the list in that order; short or empty beyond the end."""
        if order == "oldest":
            seqs = self._seqs[start:stop]
        elif order == "newest":
            size = len(self._seqs)
            seqs = self._seqs[max(size - stop, 0) : max(size - start, 0)][::-1]
        else:
            if self._shuffled is None:
                self._shuffled = sorted(map(_mixed, self._seqs))
            seqs = [seq for _, seq in self._shuffled[start:stop]]
        return [self._items[seq] for seq in seqs]

    def arranged(self, seqs: Iterable[int], order: ListOrder) -> list[T]:
        """Those of `seqs` that are on the roll, each once, in the order of the list."""
        held = {seq for seq in seqs if seq in self._items}
        ordered = sorted(held, key=_mixed) if order == "shuffled" else sorted(held, reverse=order == "newest")
        return [self._items[seq] for seq in ordered]


class PhoneBook(Generic[T]):
    """Things by phone number; a number may have several. Finds all numbers that begin with a text."""

    def __init__(self) -> None:
        self._by_phone: dict[str, list[T]] = {}
        self._phones: list[str] | None = None  # sorted; None while nobody has asked yet

    def add(self, phone: str, item: T) -> None:
        """Enter `item` under its number."""
        held = self._by_phone.get(phone)
        if held is not None:
            held.append(item)
            return
        self._by_phone[phone] = [item]
        if self._phones is not None:
            insort(self._phones, phone)

    def discard(self, phone: str, item: T) -> None:
        """Strike `item` off under that number. Raises KeyError or ValueError if it was never entered."""
        held = self._by_phone[phone]
        held.remove(item)
        if held:
            return
        del self._by_phone[phone]
        if self._phones is not None:
            del self._phones[bisect_left(self._phones, phone)]

    def at(self, phone: str) -> list[T]:
        """What stands under exactly this number, oldest first."""
        return list(self._by_phone.get(phone, ()))

    def beginning(self, text: str) -> list[T]:
        """What stands under numbers that begin with `text`; costs what it finds."""
        if self._phones is None:
            self._phones = sorted(self._by_phone)
        low, high = bisect_left(self._phones, text), bisect_left(self._phones, text + _LAST)
        return [item for phone in self._phones[low:high] for item in self._by_phone[phone]]
