"""Chance without a generator: a number that depends on a key alone, so that the order of events cannot change it.

In:  a seed and whatever names the event (method, route, number, attempt). Out: a share of 1, or one of several things.
Pure: no state.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


def share(*key: object) -> float:
    """A number from 0 up to 1, evenly spread over keys."""
    digest = blake2b("\x1f".join(map(str, key)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def pick(options: Sequence[T], *key: object) -> T:
    """One of the options, each as likely as the others."""
    return options[int(share("pick", *key) * len(options))]


def happens(rate: float, *key: object) -> bool:
    """Whether something happens that happens in that share of all cases."""
    return share("happens", *key) < rate


def shuffled(items: Sequence[T], *key: object) -> list[T]:
    """The items in an order that the key decides."""
    return [item for _, item in sorted(enumerate(items), key=lambda pair: share("shuffled", pair[0], *key))]
