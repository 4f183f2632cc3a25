"""A page's lines, made by column, are what they would be cell by cell."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from callcamp_sync.report.legible import CELL, clipped, legible, ticked
from callcamp_sync.report.lines import Kind, lines

KINDS: tuple[Kind, ...] = ("number", "outcome", "text", "words", "old", "new", "code")
TEXTS = (
    st.none()
    | st.sampled_from(["", "plain", "a`b`c", "<b>", '"', "'", "&amp;", "\x07", "\u202e", "x" * (CELL + 1), "é"])
    | st.text(max_size=9)
)


def cell(value: object, kind: Kind) -> str:
    """One cell, written down as plainly as can be."""
    safe = str(ticked(clipped(value)) if kind == "words" else escape(legible(clipped(value))))
    if kind == "outcome":
        colour = {"created": "green"}.get(str(value), "grey")
        return f'<td><span class="tag {colour}">{escape(legible(str(value or "")))}</span></td>'
    if value is None:
        return '<td class="none">(blank)</td>' if kind in ("old", "new") else "<td></td>"
    around = {"number": "{}", "text": "<bdi>{}</bdi>", "words": "<bdi>{}</bdi>", "code": "<code>{}</code>"}
    around |= {"old": '<del dir="auto">{}</del>', "new": '<ins dir="auto">{}</ins>'}
    opening = '<td class="w">' if kind == "words" else "<td>"
    return f"{opening}{around[kind].format(safe)}</td>"


@given(
    st.lists(
        st.tuples(
            st.integers(2, 1_048_576), st.none() | st.sampled_from(["created", "odd <one>"]), TEXTS, TEXTS, TEXTS, TEXTS, TEXTS
        )
    )
)
def test_lines_are_the_cells_one_by_one(rows: list[tuple[object, ...]]) -> None:
    frame = pl.DataFrame(rows, schema=dict.fromkeys(KINDS, pl.String) | {"number": pl.Int64}, orient="row")
    told = [
        f'<tr><th scope="row" class="n">{row[0]}</th>{"".join(map(cell, row[1:], KINDS[1:]))}</tr>\n' for row in frame.iter_rows()
    ]
    assert lines(frame, KINDS) == "".join(told)


def test_a_text_at_the_head_of_a_line_is_escaped_and_may_be_missing() -> None:
    frame = pl.DataFrame({"id": ["<a>", None, "0"], "phone": ["+12015550123"] * 3})
    heads = [line.split("</th>")[0] for line in lines(frame, ("text", "text")).splitlines()]
    assert heads == ['<tr><th scope="row">&lt;a&gt;', '<tr><th scope="row">', '<tr><th scope="row">0']


def test_a_table_without_columns_has_no_lines() -> None:
    assert lines(pl.DataFrame(), ()) == ""
