"""The server's words without what they repeat of a contact: names, numbers, addresses, values, the token. Pure: no I/O.

In:  words that an answer holds, and what the request had said. Out: the same words with every repetition replaced by MASK.
A server or a proxy may echo what it was sent; its words go into summaries, journals and logs, where no personal data belongs.
Rule source: design, section 4, promise 7.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import orjson

MASK = "•••"

#: Shorter values (a choice, a flag) are no personal data, and masking them would take words apart.
_SHORTEST = 3

#: What a status word says is worth reading, and is not about a person.
_HARMLESS = frozenset({"status", "scheduledTimeTimezone", "currencyCode", "country"})

_NAMES = frozenset({"name", "firstName", "lastName"})

_NUMBER = re.compile(r"\+\d[\d ().\-]{5,}\d")
_ADDRESS = re.compile(r"[^\s<>\"'@]+@[^\s<>\"'@]+\.[^\s<>\"'@]+")


def secrets_of(body: bytes | None, phones: Iterable[str] = ()) -> tuple[str, ...]:
    """What must not be repeated of a request: the texts in its JSON, and its numbers also without their plus. Longest first."""
    found = set(phones)
    if body is not None:
        found |= set(_texts(orjson.loads(body)))
    found |= {text.removeprefix("+") for text in found if re.fullmatch(r"\+\d+", text)}
    return tuple(sorted((text for text in found if len(text) >= _SHORTEST), key=len, reverse=True))


def discreet(words: str, secrets: Iterable[str]) -> str:
    """`words` with `secrets`, E.164 numbers and e-mail addresses masked, whatever their case."""
    for secret in secrets:
        words = re.sub(re.escape(secret), MASK, words, flags=re.IGNORECASE)
    return _ADDRESS.sub(MASK, _NUMBER.sub(MASK, words))


def _texts(said: object, key: str = "") -> Iterator[str]:
    """Every text in a JSON value that may be about a person; of a name also its words."""
    if isinstance(said, str) and key not in _HARMLESS:
        yield said.strip()
        yield from said.split() if key in _NAMES else ()
    elif isinstance(said, dict):
        for name, value in said.items():
            yield from _texts(value, name)
    elif isinstance(said, list):
        for value in said:
            yield from _texts(value, key)
