"""Which row means which order: by order id, record id, a chosen parameter, phone, in the mapping's order.

In:  the live rows of the sheet, the campaign's orders, the keys. Out: `matched`, one row a live row: ROW, `place` (index into
     the orders frame, null when there is none), `code` and `detail` (why it is not certain which order is meant, else null).
`link` does the same for contacts that are in no order yet. Several candidates are never one: such a row is held. Pure: no I/O.
Rule source: design, section 4, promises 1 and 4; the vendor does not de-duplicate, so neither may we guess.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from callcamp_sync import frames
from callcamp_sync.fields import ROW
from callcamp_sync.policy import person_key

#: Tried in this order when neither mapping nor flag names keys.
DEFAULT_KEYS = ("order_uuid", "record_uuid", "phone")

_PLACE = pl.UInt32


def match(live: pl.DataFrame, orders: pl.DataFrame, keys: Sequence[str] = DEFAULT_KEYS) -> pl.DataFrame:
    """Find the order of each row.

    keys: `order_uuid`, `record_uuid`, `phone`, `parameters.<id>`; the first that the row carries and that finds something
    decides. A wrong order id finds nothing and holds the row; a record id without an order leaves the row to the next key.
    """
    placed = orders.with_row_index("place")
    found = live.select(ROW, "phone", "order_uuid", "record_uuid", *[w for w in map(_wanted, keys) if w.startswith("want_")])
    found = found.with_columns(
        place=pl.lit(None, dtype=_PLACE), code=pl.lit(None, dtype=pl.String), detail=pl.lit(None, dtype=pl.String)
    )
    for key in keys:
        if _wanted(key) in found.columns and _standing(key) in placed.columns:
            found = _try_key(found, placed, key)
    found = _hold_conflicts(found, placed)
    found = _hold_taken(found, placed)
    found = _hold_meeting(found)
    return _hold_shared(found).select(ROW, "place", "code", "detail")


def link(
    new: pl.DataFrame, live: pl.DataFrame, matched: pl.DataFrame, contacts: pl.DataFrame, orders: pl.DataFrame
) -> pl.DataFrame:
    """For rows without an order: the record that may be linked.

    new: the live rows that may become orders. contacts: records of the campaign's type. Returns ROW, `record_uuid` (null: none,
    so a new contact), `code` (`record-several`, `record-missing`, `phone-taken`, `phone-shared`, `match-shared`, or null),
    `detail`.
    """
    if new.is_empty():
        return frames.empty({ROW: "UInt32", "record_uuid": "String", "code": "String", "detail": "String"})
    free = contacts.join(orders.select("record_uuid"), on="record_uuid", how="anti", maintain_order="left")
    unplaced = matched.filter(pl.col("place").is_null() & pl.col("code").is_null())
    rows = new.join(unplaced, on=ROW, how="semi", maintain_order="left").select(ROW, "phone", wanted="record_uuid")
    by_phone = (
        free.filter(pl.col("phone").is_not_null())
        .group_by("phone")
        .agg(hit=pl.col("record_uuid").first(), hits=pl.len(), named=pl.col("record_uuid").head(5).str.join(", "))
    )
    known = free.select(wanted="record_uuid", number="phone", exists=pl.lit(value=True)).unique("wanted", keep="first")
    both = rows.join(by_phone, on="phone", how="left", maintain_order="left").join(
        known, on="wanted", how="left", maintain_order="left"
    )
    asked = pl.col("wanted").is_not_null()
    several = (~asked & (pl.col("hits") > 1)).fill_null(value=False)
    missing = asked & pl.col("exists").is_null()
    found = both.select(
        ROW,
        record_uuid=pl.when(asked & ~missing).then("wanted").when(~asked & ~several).then("hit"),
        code=pl.when(missing).then(pl.lit("record-missing")).when(several).then(pl.lit("record-several")),
        detail=pl.when(missing).then("wanted").when(several).then("named"),
        person=person_key(pl.coalesce("phone", "number")),
    )
    placed = live.select(ROW, "phone").join(matched.filter(pl.col("place").is_not_null()), on=ROW, how="semi")
    return _hold_second_orders(found, placed, orders).select(ROW, "record_uuid", "code", "detail")


def _hold_second_orders(found: pl.DataFrame, placed: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    """Contacts whose number has an order already, or will get one by another row, and contacts that two rows name, are held.

    A row that names its contact by id may say no number, so the contact's own number counts here.
    """
    # A campaign may have a million orders; only those of the people in `found` matter.
    people = found.select("person").drop_nulls().unique()
    owners = orders.select("order_uuid", person=person_key(pl.col("phone"))).join(
        people, on="person", how="semi", maintain_order="left"
    )
    owned = owners.group_by("person").agg(owned=pl.col("order_uuid").first())
    others = placed.select(ROW, person=person_key(pl.col("phone"))).join(people, on="person", how="semi")
    bringing = pl.concat([found.select(ROW, "person"), others])
    both = (
        found.join(owned, on="person", how="left", maintain_order="left")
        .join(_several(found, "record_uuid", "naming"), on="record_uuid", how="left", maintain_order="left")
        .join(_several(bringing, "person", "sharing"), on="person", how="left", maintain_order="left")
    )
    both = _hold(both, pl.col("owned").is_not_null(), "phone-taken", pl.col("owned"))
    both = _hold(both, pl.col("naming").is_not_null(), "match-shared", pl.col("naming"))
    return _hold(both, pl.col("sharing").is_not_null(), "phone-shared", pl.col("sharing"))


def _several(rows: pl.DataFrame, key: str, name: str) -> pl.DataFrame:
    """Each value of `key` that more than one row has, and those rows in words, as column `name`."""
    keyed = rows.filter(pl.col(key).is_not_null())
    groups = keyed.filter(keyed[key].is_duplicated()).group_by(key)
    return groups.agg(pl.col(ROW).sort().head(10).cast(pl.String).str.join(", ").alias(name))


def _wanted(key: str) -> str:
    return f"want_{key}" if key.startswith("parameters.") else key


def _standing(key: str) -> str:
    return f"have_{key}" if key.startswith("parameters.") else key


def _try_key(found: pl.DataFrame, placed: pl.DataFrame, key: str) -> pl.DataFrame:
    wanted, standing = _wanted(key), _standing(key)
    open_ = pl.col("place").is_null() & pl.col("code").is_null() & pl.col(wanted).is_not_null()
    if not found.select(open_.any()).item():
        return found
    by_key = _by_key(
        placed.filter(pl.col(standing).is_not_null()).select("place", pl.col(standing).alias(wanted), order="order_uuid"), wanted
    )
    tried = found.join(by_key, on=wanted, how="left", maintain_order="left")
    several = open_ & (pl.col("hits") > 1)
    nowhere = open_ & pl.col("hits").is_null() & pl.lit(key == "order_uuid")
    code = pl.when(several).then(pl.lit("match-several")).when(nowhere).then(pl.lit("match-missing"))
    detail = pl.when(several).then("named").when(nowhere).then(pl.col(wanted))
    place = pl.when(open_ & (pl.col("hits") == 1)).then("hit").otherwise("place")
    return tried.with_columns(place=place, code=pl.coalesce("code", code), detail=pl.coalesce("detail", detail)).drop(
        "hit", "hits", "named"
    )


def _by_key(keyed: pl.DataFrame, key: str) -> pl.DataFrame:
    """Each value of the key: `hit`, the first place that has it; `hits`, how many; `named`, some orders if there are several."""
    several = keyed[key].is_duplicated()
    # Almost every value stands once, and a group of one costs as much as any other.
    alone = keyed.filter(~several) if several.any() else keyed
    hits = alone.select(key, hit="place", hits=pl.lit(1, dtype=pl.UInt32), named=pl.lit(None, dtype=pl.String))
    if alone.height == keyed.height:
        return hits
    grouped = keyed.filter(several).group_by(key)
    return pl.concat(
        [hits, grouped.agg(hit=pl.col("place").first(), hits=pl.len(), named=pl.col("order").head(5).str.join(", "))]
    )


def _hold_conflicts(found: pl.DataFrame, placed: pl.DataFrame) -> pl.DataFrame:
    """A row whose ids name another order or contact than the one that it was matched with is held."""
    stands = placed.select(stands_order="order_uuid", stands_record="record_uuid", stands_phone="phone")
    both = frames.at(found, stands, found["place"])
    other_order = pl.col("order_uuid") != pl.col("stands_order")
    other_record = pl.col("record_uuid") != pl.col("stands_record")
    conflict = pl.col("place").is_not_null() & (other_order.fill_null(value=False) | other_record.fill_null(value=False))
    # Few rows have no place and yet name an order; only these orders are looked for.
    astray = found.filter(pl.col("place").is_null())["order_uuid"].drop_nulls().unique().to_frame()
    named = astray.join(placed.select("order_uuid"), on="order_uuid", how="semi")["order_uuid"]
    passed_over = pl.col("place").is_null() & pl.col("order_uuid").is_in(named.implode()).fill_null(value=False)
    conflict = conflict | passed_over
    told = pl.format(
        "the row names {}, its keys find {}",
        pl.coalesce("order_uuid", "record_uuid"),
        pl.coalesce("stands_order", pl.lit("none")),
    )
    return _hold(both, conflict, "match-conflict", told)


def _hold_taken(found: pl.DataFrame, placed: pl.DataFrame) -> pl.DataFrame:
    """A row whose number belongs to another order is held: under this spelling, or under another one of the same subscriber."""
    moved = pl.col("phone").is_not_null() & pl.col("phone").ne_missing(pl.col("stands_phone"))
    # Most rows say the number that stands there; only the owners of the others matter.
    people = found.filter(moved).select(person=person_key(pl.col("phone")))
    if people.is_empty():
        return found
    keyed = placed.filter(pl.col("phone").is_not_null()).select("place", order="order_uuid", person=person_key(pl.col("phone")))
    owners = _by_key(keyed.join(people, on="person", how="semi", maintain_order="left"), "person")
    owners = owners.rename({"hit": "owner", "hits": "owners"}).drop("named")
    owners = owners.with_columns(owned=placed["order_uuid"].gather(owners["owner"]))
    both = found.with_columns(person=person_key(pl.col("phone"))).join(owners, on="person", how="left", maintain_order="left")
    elsewhere = pl.col("place").is_null() | (pl.col("owner") != pl.col("place")) | (pl.col("owners") > 1)
    taken = pl.col("owner").is_not_null() & elsewhere & moved
    return _hold(both, taken, "phone-taken", pl.col("owned")).drop("person", "owner", "owners", "owned")


def _hold_meeting(found: pl.DataFrame) -> pl.DataFrame:
    """Rows that bring one number into the campaign twice, as a new contact or as another number of an order, are all held."""
    person = person_key(pl.col("phone"))
    brings = pl.col("code").is_null() & pl.col("phone").is_not_null() & pl.col("phone").ne_missing(pl.col("stands_phone"))
    meeting = _several(found.filter(brings).with_columns(person=person), "person", "meeting")
    if meeting.is_empty():
        return found
    both = found.with_columns(person=person).join(meeting, on="person", how="left", maintain_order="left")
    return _hold(both, brings & pl.col("meeting").is_not_null(), "phone-shared", pl.col("meeting"))


def _hold_shared(found: pl.DataFrame) -> pl.DataFrame:
    """Rows that point at one order are all held: a dict would let the last one win."""
    sharing = _several(found, "place", "shared")
    if sharing.is_empty():
        return found
    both = found.join(sharing, on="place", how="left", maintain_order="left")
    return _hold(both, pl.col("shared").is_not_null(), "match-shared", pl.col("shared"))


def _hold(found: pl.DataFrame, condition: pl.Expr, code: str, detail: pl.Expr) -> pl.DataFrame:
    """Give rows without a code that meet the condition this one."""
    now = pl.col("code").is_null() & condition
    return found.with_columns(
        code=pl.when(now).then(pl.lit(code)).otherwise("code"), detail=pl.when(now).then(detail).otherwise("detail")
    )
