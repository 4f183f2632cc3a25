"""Phone text -> E.164, by column. Pure: no I/O, no clock; the only room that imports phonenumbers.

In:  a String column as the sheet has it, and the region (ISO 3166-1 alpha-2) to read national numbers in.
Out: three columns, same length, same order: `phone` (E.164 or null), `code` (of issues.CATALOGUE, or null), `detail`.
A number that is not certain is not dialled: `text` judges what a spreadsheet did to the cell before anything is parsed,
`oracle` asks phonenumbers. Plain spellings, which are nearly all, are read by column (`shapes`, `columns`) or one by one from the
same tables (`digits`); every other distinct (text, region) is read once. `normalise_phone` knows no short cut: it is what columns
are held to.
Rule source: the vendor's page, "phoneNumber *: Phone number in E.164 format"; ITU-T E.164 (at most 15 digits); design, section 4.
"""

from __future__ import annotations

import polars as pl

from callcamp_sync.fields import CLEAR
from callcamp_sync.phones import columns, digits, oracle, verdicts
from callcamp_sync.phones.digits import Reading
from callcamp_sync.phones.plans import supported
from callcamp_sync.phones.shapes import WRITTEN, plain_digits, shaped
from callcamp_sync.phones.text import judge

__all__ = ["Reading", "normalise_phone", "normalise_phones", "read_e164"]

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
    asked = pl.DataFrame({"text": text.cast(pl.String)}).with_columns(_region_column(region)).with_row_index("row")
    cells = asked.drop_nulls("text")
    plain = shaped(cells).join(cells.select("row", "region"), on="row", how="left", maintain_order="left")
    certain = columns.read(plain.with_columns(_supported(plain["region"])))
    told = verdicts.worded(certain)
    rest = cells.join(told.select("row"), on="row", how="anti")
    blank = asked.filter(pl.col("text").is_null()).select("row", **{name: pl.lit(None, pl.String) for name in _SHAPE})
    return pl.concat([told, _one_by_one(rest), blank]).sort("row").select(*_SHAPE)


def _one_by_one(cells: pl.DataFrame) -> pl.DataFrame:
    """Cells that are not plain, each distinct one read once."""
    distinct = cells.select("text", "region").unique()
    readings = [_read(cell, where) for cell, where in distinct.iter_rows()]
    known = distinct.hstack(pl.DataFrame(readings, schema=_SHAPE, orient="row"))
    return cells.join(known, on=["text", "region"], how="left", nulls_equal=True).select("row", *_SHAPE)


def _read(text: str, region: str | None) -> Reading:
    """As `normalise_phone`; what is plain once it is judged needs no parser."""
    if text.strip() == CLEAR:
        return None, "value-clear", None
    spelling = judge(text)
    if spelling.code is not None:
        return None, spelling.code, None
    plain = plain_digits(spelling)
    where = supported(region)
    found = None if plain is None else digits.read(plain[0], plus=plain[1], bare=spelling.bare, region=where)
    return oracle.read(spelling.dialled, region=region, bare=spelling.bare) if found is None else found


def _supported(region: pl.Series) -> pl.Series:
    """Regions as phonenumbers spells them; null where it knows none."""
    known = {name: supported(name) for name in region.unique().drop_nulls()}
    return region.replace_strict(list(known), list(known.values()), default=None, return_dtype=pl.String).rename("region")


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
    asked = pl.DataFrame({"text": text.cast(pl.String)}).with_row_index("row")
    plain = shaped(asked.drop_nulls("text")).filter(pl.col("plus") | ~pl.col("digits").str.starts_with("00"))
    written = pl.when(pl.col("plus") & pl.col("digits").str.contains(WRITTEN)).then(pl.lit("+") + pl.col("digits"))
    known = columns.held(plain.filter("plus").select("row", "digits"))
    told = plain.join(known, on="row", how="left", maintain_order="left").select("row", phone=pl.coalesce("phone", written))
    rest = asked.join(told, on="row", how="anti")
    distinct = rest["text"].drop_nulls().unique()
    read = pl.DataFrame({"text": distinct, "phone": pl.Series([_held(cell) for cell in distinct], dtype=pl.String)})
    odd = rest.join(read, on="text", how="left").select("row", "phone")
    return pl.concat([told, odd]).sort("row")["phone"].alias(text.name)


def _held(text: str) -> str | None:
    spelling = judge(text)
    if spelling.code not in {None, "phone-extension"}:
        return None
    return oracle.held(spelling.dialled)
