"""The calls of a campaign, summed up by order. Pure: no I/O. A composer: it reads the server's text through `values`.

In:  the calls as the API room lists them (String columns: `order_uuid`, `status`, `started`, `seconds`, `price`, `currency`).
Out: one row an order that was called: `order_uuid`, and the columns of SUMMARY in canonical text.
Rule source: the vendor's page on calls (`callOrderUuid`, `callDurationSeconds`, `callStartTime`, `price`, `currencyCode`).
"""

from __future__ import annotations

import polars as pl

from callcamp_sync import values
from callcamp_sync.fields import Kind

#: What is said of an order's calls -> its heading and kind. Our own headings begin with `_`, so that an import leaves them alone.
SUMMARY: dict[str, tuple[str, Kind]] = {
    "calls": ("_Calls", Kind.NUMBER),
    "last_call": ("_Last call", Kind.INSTANT),
    "last_call_status": ("_Last call status", Kind.TEXT),
    "call_minutes": ("_Call minutes", Kind.NUMBER),
    "call_price": ("_Call price", Kind.NUMBER),
    "call_currency": ("_Call currency", Kind.TEXT),
}


def by_order(calls: pl.DataFrame) -> pl.DataFrame:
    """Sum up. minutes: of all calls, to the hundredth. price: null where the calls were paid in several currencies."""
    read = calls.filter(pl.col("order_uuid").is_not_null()).select(
        "order_uuid",
        "status",
        "currency",
        started=values.canonical(calls["started"], Kind.INSTANT).filter(calls["order_uuid"].is_not_null()),
        seconds=pl.col("seconds").cast(pl.Float64, strict=False),
        paid=pl.col("price").cast(pl.Float64, strict=False),
    )
    # Of calls that began in the same second the first one listed counts as the last: such lists begin with the newest.
    summed = (
        read.reverse()
        .sort("started", nulls_last=False, maintain_order=True)
        .group_by("order_uuid", maintain_order=True)
        .agg(
            calls=pl.len(),
            last_call=pl.col("started").last().str.replace(r"\.\d+Z$", "Z"),
            last_call_status=pl.col("status").last(),
            call_minutes=(pl.col("seconds").sum() / 60).round(2),
            call_price=pl.col("paid").sum().round(4),
            currencies=pl.col("currency").drop_nulls().unique().sort(),
        )
    )
    several = pl.col("currencies").list.len() > 1
    return summed.select(
        "order_uuid",
        pl.col("calls").cast(pl.String),
        "last_call",
        "last_call_status",
        call_minutes=_plain("call_minutes"),
        call_price=pl.when(~several).then(_plain("call_price")),
        call_currency=pl.when(pl.col("currencies").list.len() > 0).then(pl.col("currencies").list.join(" ")),
    )


def _plain(name: str) -> pl.Expr:
    """A number of at most four decimals as canonical text."""
    return pl.col(name).cast(pl.Decimal(38, 4)).cast(pl.String).str.replace(r"\.?0+$", "")
