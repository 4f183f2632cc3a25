"""What reading one cell gives, in every module of this room. Pure."""

from __future__ import annotations

#: (canonical text or None, issue code or None, words of the case or None); never both of the first two.
Reading = tuple[str | None, str | None, str | None]


def good(value: str) -> Reading:
    """The cell reads as `value`."""
    return value, None, None


def wrong(code: str, detail: str | None = None) -> Reading:
    """The cell is an issue of that code."""
    return None, code, detail
