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
_LABEL = r"[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])?"
_TOP = r"(?:[\p{L}\p{M}]{2,63}|[xX][nN]--[A-Za-z0-9-]{1,59})"
_EMAIL = rf"^({_ATOM}(?:\.{_ATOM})*)@((?:{_LABEL}\.)+{_TOP})$"
_LOCAL_LIMIT, _WHOLE_LIMIT = 64, 254


def stripped(text: pl.Series) -> pl.Series:
    r"""Text without outer white space, line ends as "\n"; text of white space alone is null: a blank cell."""
    cell = pl.col("cell")
    lines = pl.DataFrame({"cell": text}).select(cell.str.replace_all("\r\n?", "\n").str.strip_chars())
    return lines.select(pl.when(cell != "").then(cell).alias(text.name)).to_series()


def read(cells: pl.Series, kind: Kind) -> pl.DataFrame:
    """TEXT and ID as they stand; EMAIL judged, else the issue `email-invalid`. cells: as `stripped` gives them."""
    frame = pl.DataFrame({"cell": cells})
    if kind is not Kind.EMAIL:
        return frame.select(value="cell", code=pl.lit(None, dtype=pl.String), detail=pl.lit(None, dtype=pl.String))
    parts = frame.with_columns(local=pl.col("cell").str.extract(_EMAIL, 1), domain=pl.col("cell").str.extract(_EMAIL, 2))
    fits = (
        pl.col("local").is_not_null()
        & (pl.col("local").str.len_chars() <= _LOCAL_LIMIT)
        & (pl.col("cell").str.len_chars() <= _WHOLE_LIMIT)
    ).fill_null(value=False)
    address = pl.col("local") + "@" + pl.col("domain").str.to_lowercase()
    wrong = pl.col("cell").is_not_null() & ~fits
    return parts.select(
        value=pl.when(fits).then(address),
        code=pl.when(wrong).then(pl.lit("email-invalid")),
        detail=pl.lit(None, dtype=pl.String),
    )
