"""Texts from sheet and server made fit for a page: every sign in sight, no cell endless. Pure: no I/O.

In:  any text. Out: text in which control characters, and those that turn the reading order, are visible; or the same, escaped.
Rule source: reliability notes, section 5 ("Output injection").
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from callcamp_sync.report.documents import sound
from callcamp_sync.report.terminal import number

#: A longer cell is cut, with a mark that says how long it is.
CELL = 400

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


def legible(text: str) -> str:
    """`text` with every sign in sight: control characters as their pictures, those that turn the reading order as their names."""
    return _CONTROLS.sub(_named, sound(text))


def clipped(value: object) -> str:
    """A cell's text, at most CELL characters of it; what was cut is said."""
    text = "" if value is None else str(value)
    return text if len(text) <= CELL else f"{text[:CELL]}… [{number(len(text))} characters, cut here]"


def ticked(text: str) -> Markup:
    """`text` legible and escaped, what stands between backticks as code."""
    pieces = legible(text).split("`")
    if len(pieces) % 2 == 0:
        pieces[-2:] = ["`".join(pieces[-2:])]
    marked = [Markup("<code>{}</code>").format(piece) if nth % 2 else escape(piece) for nth, piece in enumerate(pieces)]
    return Markup("").join(marked)


def _named(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"\u27e8U+{code:04X}\u27e9"
