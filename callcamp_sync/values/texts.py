r"""Text that needs no Python a cell: names, instructions, ids, e-mail addresses. Columns in, columns out. Pure.

In:  a String column, stripped by `stripped`. Out: `value`, `code`, `detail`.
E-mail: one ASCII local part without quotes, "@", a domain with at least one dot; international domains as they are written. The
domain is lower-cased, the local part is kept, since only its owner knows whether its case matters.
Rule source: RFC 5321 (64 and 254 characters, dot-atoms), RFC 1035 and IDNA for domains; deliberately narrower than the RFCs.
"""

from __future__ import annotations

import polars as pl

from callcamp_sync.fields import Kind

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = rf"{_ATOM}(?:\.{_ATOM})*"
_LABEL = r"[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])?"
_TOP = r"(?:[\p{L}\p{M}]{2,63}|[xX][nN]--[A-Za-z0-9-]{1,59})"
_EMAIL = rf"^{_LOCAL}@(?:{_LABEL}\.)+{_TOP}$"
#: What `_EMAIL` says of text that is ASCII. The classes of Unicode cost a regex engine sixty times as much.
_ASCII_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ASCII_TOP = r"(?:[A-Za-z]{2,63}|[xX][nN]--[A-Za-z0-9-]{1,59})"
_ASCII_EMAIL = rf"^{_LOCAL}@(?:{_ASCII_LABEL}\.)+{_ASCII_TOP}$"
_LOCAL_LIMIT, _WHOLE_LIMIT = 64, 254


def stripped(text: pl.Series) -> pl.Series:
    r"""Text without outer white space, line ends as "\n"; text of white space alone is null: a blank cell."""
    if text.null_count() == len(text):
        return text
    ends = text.str.replace_all("\r\n?", "\n") if text.str.contains("\r", literal=True).any() else text
    bare = ends.str.strip_chars()
    if (bare == text).all() and not (bare == "").any():
        return text  # as most columns are: nothing is kept twice
    return pl.select(pl.when(bare != "").then(bare).alias(text.name)).to_series()


def read(cells: pl.Series, kind: Kind) -> pl.DataFrame:
    """TEXT and ID as they stand; EMAIL judged, else the issue `email-invalid`. cells: as `stripped` gives them."""
    frame = pl.DataFrame({"cell": cells})
    if kind is not Kind.EMAIL:
        return frame.select(value="cell", code=pl.lit(None, dtype=pl.String), detail=pl.lit(None, dtype=pl.String))
    cell = pl.col("cell")
    judged = frame.with_columns(at=cell.str.find("@", literal=True), fits=_shaped(cells))
    # The local part is ASCII, so the offset in bytes is its length in characters.
    fits = pl.col("fits") & (pl.col("at") <= _LOCAL_LIMIT) & (cell.str.len_chars() <= _WHOLE_LIMIT)
    address = cell
    if (cells != cells.str.to_lowercase()).any():
        address = cell.str.head(pl.col("at")) + cell.str.slice(pl.col("at")).str.to_lowercase()
    return judged.with_columns(fits=fits.fill_null(value=False)).select(
        value=pl.when("fits").then(address),
        code=pl.when(cell.is_not_null() & ~pl.col("fits")).then(pl.lit("email-invalid")),
        detail=pl.lit(None, dtype=pl.String),
    )


def _shaped(cells: pl.Series) -> pl.Series:
    """Whether each cell has the shape of an address; null for null."""
    fits = cells.str.contains(_ASCII_EMAIL)
    others = ~fits & (cells.str.len_bytes() != cells.str.len_chars())
    if not others.any():
        return fits
    known = pl.DataFrame({"cell": cells.filter(others).unique()}).with_columns(wide=pl.col("cell").str.contains(_EMAIL))
    both = pl.DataFrame({"cell": cells, "fits": fits}).join(known, on="cell", how="left", maintain_order="left")
    return both.select(pl.coalesce("wide", "fits")).to_series()
