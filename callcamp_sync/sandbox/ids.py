"""Ids that look random and are not: made from a seed and a number, so that the same steps give the same ids. Pure.

In:  a seed and a sequence number. Out: a uuid of version 4, or an order id as the vendor's page shows it (order_ and 20 signs).
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from uuid import UUID

_SIGNS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Mint:
    """Makes ids; different numbers give different ids, for all that is ever made here."""

    seed: int

    def _digest(self, seq: int) -> bytes:
        return blake2b(f"{self.seed}/{seq}".encode(), digest_size=16).digest()

    def uuid(self, seq: int) -> str:
        """The uuid with that number."""
        return str(UUID(bytes=self._digest(seq), version=4))

    def order(self, seq: int) -> str:
        """The order id with that number."""
        number, signs = int.from_bytes(self._digest(seq), "big"), []
        for _ in range(20):
            number, sign = divmod(number, 36)
            signs.append(_SIGNS[sign])
        return f"order_{''.join(signs)}"
