"""Digits that fit a pattern of the metadata, at random. Knows only what those patterns are made of.

In:  a pattern, a source of chance. Out: a string that the whole pattern matches; `re` is asked in the tests of this room.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import cache

_TOKEN = re.compile(r"\\d|\[[^\]]*\]|\((?:\?:)?|\)|\||\?|\*|\+|\{\d+(?:,\d*)?\}|\$|\d")
#: Where a quantifier has no upper end.
_MANY = 3

Node = tuple[str, object]


@dataclass(slots=True)
class _Reader:
    tokens: list[str]
    at: int = 0

    def either(self) -> Node:
        """One of several ways."""
        ways = [self.row()]
        while self.at < len(self.tokens) and self.tokens[self.at] == "|":
            self.at += 1
            ways.append(self.row())
        return "either", ways

    def row(self) -> Node:
        """One thing after another."""
        things: list[tuple[Node, int, int]] = []
        while self.at < len(self.tokens) and self.tokens[self.at] not in {"|", ")"}:
            token = self.tokens[self.at]
            self.at += 1
            if token[0] in "?*+{":
                things[-1] = (things[-1][0], *_times(token))
            elif token[0] == "(":
                things.append((self.either(), 1, 1))
                self.at += 1
            elif token != "$":
                things.append((("digit", _digits(token)), 1, 1))
        return "row", things


def _times(token: str) -> tuple[int, int]:
    if token[0] != "{":
        return {"?": (0, 1), "*": (0, _MANY), "+": (1, _MANY)}[token]
    least, comma, most = token[1:-1].partition(",")
    return int(least), int(most or int(least) + _MANY) if comma else int(least)


def _digits(token: str) -> str:
    return "".join(digit for digit in "0123456789" if re.fullmatch(token, digit))


@cache
def _tree(pattern: str) -> Node:
    tokens = _TOKEN.findall(pattern)
    if "".join(tokens) != pattern:
        raise ValueError(pattern)
    return _Reader(tokens).either()


def drawn(pattern: str, chance: random.Random) -> str:
    """A string that fits the pattern. ValueError if it holds what metadata never has."""
    return _written(_tree(pattern), chance)


def _written(node: Node, chance: random.Random) -> str:
    kind, content = node
    if kind == "digit":
        assert isinstance(content, str)
        return chance.choice(content)
    assert isinstance(content, list)
    if kind == "either":
        return _written(chance.choice(content), chance)
    return "".join(_written(part, chance) for part, least, most in content for _ in range(chance.randint(least, most)))


def lengths(pattern: str) -> frozenset[int]:
    """How many digits a string may have that fits the pattern."""
    return _sizes(_tree(pattern))


def _sizes(node: Node) -> frozenset[int]:
    kind, content = node
    if kind == "digit":
        return frozenset({1})
    assert isinstance(content, list)
    if kind == "either":
        return frozenset().union(*map(_sizes, content))
    sizes = {0}
    for part, least, most in content:
        each = _sizes(part)
        grown = sizes
        for times in range(1, most + 1):
            grown = {size + more for size in grown for more in each}
            sizes = grown if times <= least else sizes | grown
    return frozenset(sizes)
