"""In which line of a TOML file a key stands, for messages. Pure: no I/O.

In:  the file's text, the table and the key. Out: a line number, or null: TOML can be written in ways that this does not follow
(dotted and quoted keys, inline tables), and a message without a line is still true.
"""

from __future__ import annotations

import re

_HEADER = re.compile(r"\s*(\[\[?)\s*([\w-]+)\s*\]\]?\s*(?:#.*)?$")


def line_of(text: str, table: str, key: str | None, nth: int = 0) -> int | None:
    """The line of `key` in the nth table of that name; of the table's own head where key is null."""
    seen, here = -1, False
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _HEADER.match(line):
            here = found[2] == table
            seen += here
            if here and seen == nth and key is None:
                return number
        elif here and seen == nth and key is not None and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number
    return None
