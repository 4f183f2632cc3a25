"""Phone text -> E.164, by column. Pure: no I/O, no clock; the only room that imports phonenumbers.

In:  a String column as the sheet has it, and the region (ISO 3166-1 alpha-2) to read national numbers in.
Out: three columns, same length, same order: `phone` (E.164 or null), `code` (of issues.CATALOGUE, or null), `detail`.
A number that is not certain is not dialled: `text` judges what a spreadsheet did to the cell before anything is parsed,
`oracle` asks phonenumbers. Every distinct (text, region) is read once.
Rule source: the vendor's page, "phoneNumber *: Phone number in E.164 format"; ITU-T E.164 (at most 15 digits); design, section 4.
"""

from __future__ import annotations

import polars as pl

from callcamp_sync.fields import CLEAR
from callcamp_sync.phones import oracle
from callcamp_sync.phones.text import judge

__all__ = ["Reading", "normalise_phone", "normalise_phones", "read_e164"]

#: (E.164 or None, issue code or None, words of the case or None); never both of the first two.
Reading = tuple[str | None, str | None, str | None]

_SHAPE = {"phone": pl.String, "code": pl.String, "detail": pl.String}


def normalise_phone(text: str, *, region: str | None) -> Reading:
    """Read one cell as a phone number.

    text: any spelling; blank is an issue here, not None.
    region: reads numbers without "+", upper or lower case; None, or a region that numbering plans do not know, refuses them.
        "00" counts as "+" only where it is dialled so.
    Returns (phone, code, detail): "+" and at most 15 digits, or the issue. Never raises. Idempotent: E.164 in, the same out.
    Issue codes: phone-blank, phone-unreadable, phone-region, phone-invalid, phone-damaged, phone-several, phone-extension,
    phone-letters, value-clear.
    """
    if text.strip() == CLEAR:
        return None, "value-clear", None
    spelling = judge(text)
    if spelling.code is not None:
        return None, spelling.code, None
    return oracle.read(spelling.dialled, region=region, bare=spelling.bare)


def normalise_phones(text: pl.Series, region: pl.Series | str | None) -> pl.DataFrame:
    """Read a column of phone numbers.

    text: String; null gives nulls (whether a phone may be blank is decided by whoever knows the row).
    region: one for all, or a String column of the same length; null as in `normalise_phone`.
    Returns a frame `phone`, `code`, `detail` (String), same length and order.
    """
    asked = pl.DataFrame({"text": text.cast(pl.String)}).with_columns(_region_column(region))
    distinct = asked.drop_nulls("text").unique()
    readings = [normalise_phone(cell, region=where) for cell, where in distinct.iter_rows()]
    known = distinct.hstack(pl.DataFrame(readings, schema=_SHAPE, orient="row"))
    return asked.join(known, on=["text", "region"], how="left", nulls_equal=True, maintain_order="left").select(*_SHAPE)


def _region_column(region: pl.Series | str | None) -> pl.Series | pl.Expr:
    if isinstance(region, pl.Series):
        return region.cast(pl.String).rename("region")
    return pl.lit(region, dtype=pl.String).alias("region")


def read_e164(text: pl.Series) -> pl.Series:
    """Read numbers that a server or a ledger holds, to find the same number again.

    text: String; lenient about spaces, punctuation and an extension; "+" is needed, or "00" for it; no region is ever applied.
    Returns E.164, or null where the text is none. A number that is not in use is kept as written: it is there, so it must be
    found; but "(0)" and other spellings of a valid number become that number, so that no spelling hides a Do Not Call.
    """
    asked = pl.DataFrame({"text": text.cast(pl.String)})
    distinct = asked["text"].drop_nulls().unique()
    known = pl.DataFrame({"text": distinct, "phone": pl.Series([_held(cell) for cell in distinct], dtype=pl.String)})
    return asked.join(known, on="text", how="left", maintain_order="left")["phone"].alias(text.name)


def _held(text: str) -> str | None:
    spelling = judge(text)
    if spelling.code not in {None, "phone-extension"}:
        return None
    return oracle.held(spelling.dialled)
