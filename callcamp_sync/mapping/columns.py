"""Sheet columns -> Callcamp columns, still text. Pure: no I/O, no clock; column-wise, each distinct value looked up once.

In:  the sheet's frame (fields.ROW and one String column per heading, blank is null) and the Binding of that sheet.
Out: fields.ROW, one String column per rule (named after its field), REGION where rows say their own region; and issues
     (`value-unmapped`). Null leaves a field alone, fields.CLEAR empties it; other cells keep the text that they have.
Rule source: interface document, "What a cell means".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import polars as pl

from callcamp_sync import frames
from callcamp_sync.fields import CLEAR, ROW
from callcamp_sync.mapping.binding import Binding, Feed
from callcamp_sync.mapping.document import Unknown
from callcamp_sync.model import ISSUE_SCHEMA

#: The column that says in which region a row's phone number is read: ISO 3166-1 alpha-2, or null, or what the cell has.
REGION = "__region__"

#: How many of a mapping's words an issue lists.
_LISTED = 12


def map_columns(frame: pl.DataFrame, binding: Binding) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give every Callcamp field its column.

    frame: fields.ROW (UInt32) and a String column for each heading that the binding names; other columns are ignored.
    Returns (ROW + one String column per rule + REGION when rows say it, ISSUE_SCHEMA frame). Same rows, same order.
    Issue code: value-unmapped; the column is null there.
    """
    rows = frame.get_column(ROW)
    columns, issues = [rows], [frames.empty(ISSUE_SCHEMA)]
    for feed in binding.feeds:
        text = _read(frame, feed, binding.null_words)
        mapped, unknown = _look_up(text, feed)
        if feed.blank_clears:
            mapped = _where(text.is_null(), CLEAR, mapped)
        columns.append(mapped.alias(feed.rule.field.name))
        if unknown is not None:
            issues.append(_unmapped(rows, text, unknown, feed))
    if binding.region_feed is not None:
        region, _ = _look_up(_read(frame, binding.region_feed, binding.null_words), binding.region_feed)
        columns.append(region.alias(REGION))
    return pl.DataFrame(columns), pl.concat(issues).sort("row", maintain_order=True)


def _where(mask: pl.Series, text: str, otherwise: pl.Series) -> pl.Series:
    """`text` where the mask holds."""
    return pl.select(pl.when(mask).then(pl.lit(text)).otherwise(otherwise)).to_series()


def _read(frame: pl.DataFrame, feed: Feed, null_words: tuple[str, ...]) -> pl.Series:
    """The feed's text: the first of its columns that is not blank; CLEAR where the cell says so."""
    if feed.const is not None:
        return pl.repeat(feed.const, frame.height, dtype=pl.String, eager=True)
    # Series, not pl.col: a heading such as "*" or "^a$" would be read as a pattern.
    columns = [_sober(frame.get_column(heading), feed, null_words) for heading in feed.headings]
    return columns[0] if len(columns) == 1 else pl.select(pl.coalesce(columns)).to_series()


def _sober(column: pl.Series, feed: Feed, null_words: tuple[str, ...]) -> pl.Series:
    """One column without its words for "blank", and with our word for "clear". A word listed in `values` is a value."""
    listed = {word.strip().lower() for word in feed.values}
    blank = [word for word in ("", *(word.strip().lower() for word in null_words)) if word not in listed]
    words = pl.DataFrame({"word": column.str.strip_chars()})
    clears, empties = pl.col("word") == CLEAR, pl.lit(value=False) if "" in listed else pl.col("word") == ""
    if feed.clear_word is not None or any(blank):
        words = words.with_columns(lower=pl.col("word").str.to_lowercase())
        empties = pl.col("lower").is_in(blank)
    if feed.clear_word is not None:
        clears |= pl.col("lower") == feed.clear_word.strip().lower()
    found = words.select(clears=clears, empties=empties)
    if not (found["clears"].any() or found["empties"].any()):
        return column
    sober = pl.when(found["clears"]).then(pl.lit(CLEAR)).when(found["empties"]).then(None).otherwise(column)
    return pl.select(sober.alias(column.name)).to_series()


def _look_up(text: pl.Series, feed: Feed) -> tuple[pl.Series, pl.Series | None]:
    """The feed's `values` applied, and a mask of cells that are an issue (None: there cannot be one)."""
    if not feed.values:
        return text, None
    exact = {word.strip(): to for word, to in feed.values.items()}
    folded = _case_blind(exact)
    known: dict[str, str | None] = {CLEAR: CLEAR}
    strange = []
    for cell in text.unique().drop_nulls().to_list():
        word = cell.strip()
        to = exact.get(word, folded.get(word.casefold()))
        if to is not None:
            known[cell] = to or None
        elif cell != CLEAR:
            known[cell] = cell if feed.on_unknown is Unknown.KEEP else None
            strange.append(cell)
    mapped = text.replace_strict(list(known), list(known.values()), default=None, return_dtype=pl.String)
    return mapped, text.is_in(strange) if strange and feed.on_unknown is Unknown.ERROR else None


def _case_blind(exact: Mapping[str, str]) -> dict[str, str]:
    """`exact` by folded word; words that differ in case alone and mean different things are left to the exact look-up."""
    distinct = {(word.casefold(), to) for word, to in exact.items()}
    counts = Counter(word for word, _ in distinct)
    return {word: to for word, to in distinct if counts[word] == 1}


def _unmapped(rows: pl.Series, text: pl.Series, unknown: pl.Series, feed: Feed) -> pl.DataFrame:
    """One value-unmapped issue for each cell that the mask marks."""
    words = list(feed.values)
    detail = ", ".join(words[:_LISTED]) + (", …" if len(words) > _LISTED else "")
    found = pl.DataFrame({"row": rows, "cell": text}).filter(unknown.fill_null(value=False))
    said = {"code": "value-unmapped", "heading": feed.rule.heading, "field": feed.rule.field.name, "detail": detail}
    return frames.fit(found.with_columns(**{name: pl.lit(word) for name, word in said.items()}), ISSUE_SCHEMA)
