"""Text from strangers made fit for a terminal: names, cells, server messages. Pure: no I/O, no colour, no markup.

In:  any text; out: one line of it that cannot move the cursor, colour the screen, reverse the reading order or start a new line.
Rule source: Unicode's bidirectional controls (UAX 9), the C0 and C1 control sets. Brackets stay as they are: nothing here, and
nothing after it, reads them as markup. Imports nothing heavy, so that the command line may use it at once.
"""

from __future__ import annotations

import re
import unicodedata

_BREAKS = re.compile("\r\n|[\t\n\x0b\x0c\r\x85\u2028\u2029]")
_DROPPED = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_LONE = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """`text` on one line, safe to print: breaks and tabs become a space, control and bidi controls go, the rest stays.

    Half a surrogate pair, which no terminal can print, becomes U+FFFD. Idempotent.
    """
    return _LONE.sub("\ufffd", _DROPPED.sub("", _BREAKS.sub(" ", text)))


def columns(text: str) -> int:
    """How many terminal columns `text` takes: wide characters two, combining ones none. An estimate where fonts differ."""
    return sum(_columns(char) for char in text)


def cut(text: str, width: int) -> str:
    """`text` cleaned and cut to `width` terminal columns; what was cut is marked by an ellipsis."""
    line = clean(text)
    if len(line) * 2 <= width or columns(line) <= width:
        return line
    taken = 0
    for place, char in enumerate(line):
        taken += _columns(char)
        if taken > width - 1:
            return line[:place].rstrip() + "…"
    return line


def pad(text: str, width: int) -> str:
    """`text` cut to `width` columns and filled up with spaces to exactly that."""
    line = cut(text, width)
    return line + " " * (width - columns(line))


def flow(label: str, items: list[str], *, width: int, indent: int, separator: str = " · ") -> list[str]:
    """`items` after `label`, as many a line as fit in `width`; following lines are indented by `indent` columns."""
    lines: list[str] = []
    room, current = width - indent, ""
    for item in (cut(item, room) for item in items):
        joined = f"{current}{separator}{item}" if current else item
        if current and columns(joined) > room:
            lines.append(current)
            joined = item
        current = joined
    heads = [label, *[""] * len(lines)]
    return [pad(head, indent) + line for head, line in zip(heads, [*lines, current], strict=True)]


def number(count: int) -> str:
    """A count as people read it: 1,234."""
    return f"{count:,}"


def counted(count: int, one: str, many: str | None = None) -> str:
    """`1 row`, `2 rows`."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def _columns(char: str) -> int:
    if unicodedata.combining(char) or char in "\u200d\ufe0e\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
