"""The campaign as it stands: orders joined with their records, in the canonical text that the sheet's side is in as well.

In:  the frame of all orders and, where the token may read them, of the campaign's records, both as the API room lists them
     (String columns, the server's own text).
Out: `existing`, one row an order: `order_uuid`, `record_uuid`, `phone` (E.164; the server's own text where it is no number),
     `status` (canonical), `status_wire` (as the server spells it), `have_<field>` for each field (canonical text, null when
     blank). And `contacts`, one row a record that could be linked: `record_uuid`, `phone`, `have_<field>`.
Pure: no I/O. This room composes phones, values and statuses for the server's side, as rows does for the sheet's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from callcamp_sync import frames, phones, values
from callcamp_sync.fields import Field, Home
from callcamp_sync.policy import person_keys
from callcamp_sync.statuses import DO_NOT_CALL, fold_status

ORDER_TEXTS = ("scheduledTime", "scheduledTimeTimezone", "scheduledDurationSeconds", "price", "currencyCode", "instructions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """Both frames, and what is known about them.

    complete: the listing of orders was proved complete. visible: names of the fields that could be read, so compared.
    """

    orders: pl.DataFrame
    contacts: pl.DataFrame
    complete: bool
    visible: frozenset[str]


def existing_orders(orders: pl.DataFrame, records: pl.DataFrame | None, fields: Sequence[Field]) -> pl.DataFrame:
    """One row an order, as the module's head says. records: null when they may not be read: then only what orders show."""
    return with_records(shown(orders, fields), records, fields)


def shown(orders: pl.DataFrame, fields: Sequence[Field]) -> pl.DataFrame:
    """What the orders alone tell: all of `existing_orders` but what stands in a record, with `shown_name` for its name.

    Half of the work, and it can be done while the records are still being read.
    """
    return orders.select(
        "order_uuid",
        "record_uuid",
        phone=_phone(orders["phoneNumber"]),
        status=_folded(orders["status"]),
        status_wire="status",
        shown_name=_blank_to_null(pl.col("name")),
        **{f"have_{f.name}": values.canonical(orders[f.name], f.kind) for f in fields if f.name in ORDER_TEXTS},
    )


def with_records(base: pl.DataFrame, records: pl.DataFrame | None, fields: Sequence[Field]) -> pl.DataFrame:
    """`shown` joined with the records; an order that does not say its number has that of its record."""
    if records is None:
        return base.rename({"shown_name": "have_name"})
    known = _details(records, fields)
    if base["phone"].has_nulls():
        known = known.with_columns(records.select(of_record=_phone(records["phoneNumber"])).to_series())
    if known["record_uuid"].n_unique() < known.height:
        known = known.unique("record_uuid", keep="first", maintain_order=True)
    joined = frames.beside(base, known, "record_uuid")
    if "of_record" in joined.columns:
        joined = joined.with_columns(phone=pl.coalesce("phone", "of_record")).drop("of_record")
    name = pl.coalesce("have_name", "shown_name") if "have_name" in joined.columns else pl.col("shown_name")
    return joined.with_columns(have_name=name).drop("shown_name")


def contacts(records: pl.DataFrame, fields: Sequence[Field]) -> pl.DataFrame:
    """One row a record: `record_uuid`, `phone`, `have_<field>` of each record field and parameter that is listed in `fields`."""
    return _details(records, fields).with_columns(records.select(phone=_phone(records["phoneNumber"])).to_series())


def _details(records: pl.DataFrame, fields: Sequence[Field]) -> pl.DataFrame:
    """`record_uuid` and `have_<field>` of the record fields and parameters that were read."""
    homes = (Home.RECORD, Home.PARAMETER)
    wanted = [f for f in fields if f.home in homes and f.name != "phoneNumber" and f.name in records.columns]
    return records.select("record_uuid", **{f"have_{f.name}": values.canonical(records[f.name], f.kind) for f in wanted})


def forbidden_phones(orders: pl.DataFrame, ledger: Iterable[str]) -> frozenset[str]:
    """The person keys of everyone who must never be called: by an order of this campaign, or by the ledger."""
    here = orders.filter(pl.col("status") == DO_NOT_CALL)["phone"].drop_nulls()
    return person_keys(here) | person_keys(ledger)


def fingerprint(orders: pl.DataFrame) -> pl.DataFrame:
    """What a plan depends on, one row an order: id, phone, status; sorted, so that it can be digested."""
    return orders.select("order_uuid", "phone", "status").sort("order_uuid")


def _phone(text: pl.Series) -> pl.Expr:
    """E.164 where the text is one; else the text itself, so that an odd number still matches itself."""
    return pl.coalesce(phones.read_e164(text).alias("phone"), text.str.strip_chars())


def _folded(statuses: pl.Series) -> pl.Series:
    distinct = statuses.drop_nulls().unique()
    return statuses.replace_strict(distinct, pl.Series([fold_status(s) for s in distinct], dtype=pl.String), default=None)


def _blank_to_null(text: pl.Expr) -> pl.Expr:
    stripped = text.str.strip_chars()
    return pl.when(stripped != "").then(stripped)
