"""One file of the corpus and what becomes of it: its rows and issues, or its one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Row = tuple[int, *tuple[str | None, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """says: the file in a sentence. at: what stands behind the path (`#Sheet`). how: of the mapping's [source].

    rows: (row number, cells); None where `refused` (a pattern) stands. issues: (row, code). warns: a pattern of a warning.
    """

    says: str
    file: str
    data: Callable[[], bytes]
    at: str = ""
    how: Mapping[str, str | int] = field(default_factory=dict)
    rows: tuple[Row, ...] | None = None
    issues: tuple[tuple[int, str], ...] = ()
    warns: str = ""
    refused: str = ""


def as_bytes(data: bytes | Callable[[], bytes]) -> Callable[[], bytes]:
    return data if callable(data) else lambda: data
