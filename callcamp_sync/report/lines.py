"""The lines of a page's long table as HTML, column by column: five thousand lines of seven cells cost too much one by one.

In:  a frame, and what kind of text stands in each of its columns. Out: `<tr>` elements as one safe text.
A column of plain ASCII is taken as it is; of any other, each distinct text is clipped, made legible and escaped, once.
Pure: no I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import polars as pl
from markupsafe import Markup, escape

from callcamp_sync.report.legible import CELL, clipped, legible, ticked
from callcamp_sync.report.tones import COLOURS

Kind = Literal["number", "text", "words", "outcome", "old", "new", "code"]

#: All but the printable ASCII that a page shows as it stands, in text as in an attribute; a backtick marks code in `words`.
_ODD = r"[^ !#-%(-;=?-_a-~]"

#: What stands around a cell's text, and the whole cell where there is none.
_AROUND: dict[Kind, tuple[str, str, str]] = {
    "number": ("<td>", "</td>", "<td></td>"),
    "text": ("<td><bdi>", "</bdi></td>", "<td></td>"),
    "words": ('<td class="w"><bdi>', "</bdi></td>", "<td></td>"),
    "old": ('<td><del dir="auto">', "</del></td>", '<td class="none">(blank)</td>'),
    "new": ('<td><ins dir="auto">', "</ins></td>", '<td class="none">(blank)</td>'),
    "code": ("<td><code>", "</code></td>", "<td></td>"),
}


def lines(frame: pl.DataFrame, kinds: Sequence[Kind]) -> Markup:
    """One `<tr>` a row of `frame`; the first cell of each is its heading."""
    if not kinds:
        return Markup("")
    columns = [_heads(frame.to_series(0), kinds[0])]
    columns += [_cells(column, kind) for column, kind in zip(frame.get_columns()[1:], kinds[1:], strict=True)]
    return Markup("".join(f"<tr>{''.join(cells)}</tr>\n" for cells in zip(*columns, strict=True)))  # noqa: S704 - escaped cells


def _heads(column: pl.Series, kind: Kind) -> list[str]:
    opening = '<th scope="row" class="n">' if kind == "number" else '<th scope="row">'
    return [f"{opening}{'' if text is None else text}</th>" for text in _shown(column, _safe)]


def _cells(column: pl.Series, kind: Kind) -> list[str]:
    if kind == "outcome":
        tags = {name: _tag(name) for name in column.unique()}
        return [tags[name] for name in column]
    before, after, blank = _AROUND[kind]
    shown = _shown(column, _marked if kind == "words" else _safe)
    return [blank if text is None else f"{before}{text}{after}" for text in shown]


def _tag(name: str | None) -> str:
    return f'<td><span class="tag {COLOURS.get(name or "", "grey")}">{escape(legible(name or ""))}</span></td>'


def _shown(column: pl.Series, made_safe: Callable[[str], str]) -> list[str | None]:
    """The column's texts, fit for a page."""
    texts = column.cast(pl.String)
    longest = texts.str.len_chars().max()
    if not texts.str.contains(_ODD).any() and (longest is None or int(str(longest)) <= CELL):
        return texts.to_list()
    safe = {text: made_safe(text) for text in texts.drop_nulls().unique()}
    return [None if text is None else safe[text] for text in texts]


def _safe(text: str) -> str:
    return str(escape(legible(clipped(text))))


def _marked(text: str) -> str:
    return str(ticked(clipped(text)))
