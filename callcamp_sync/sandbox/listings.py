"""What the GET requests answer: one page of a list, or one thing. Reads the world, changes nothing.

In:  the world (its lock held by the caller), the behaviour, path ids, query parameters as strings. Out: the JSON to answer;
`Refusal` with 400 for a page, limit, status or date that makes no sense, 404 for what is not there.
Unknown query parameters are ignored, as most servers do. A page costs what it shows; a search costs its matches or, where the
text is no phone number, one look over the list, kept until something changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from callcamp_sync.sandbox.behaviour import STATUS_FILTERS, Behaviour
from callcamp_sync.sandbox.checks import Refusal
from callcamp_sync.sandbox.entities import (
    Call,
    Campaign,
    JsonObject,
    Order,
    Record,
    call_json,
    campaign_json,
    order_json,
    record_json,
    record_type_json,
)
from callcamp_sync.sandbox.index import Roll
from callcamp_sync.sandbox.world import World

Query = Mapping[str, str]
T = TypeVar("T")

_PHONE_SEARCH = re.compile(r"\+\d+", re.ASCII)
_CAMPAIGN_STATUSES = ("draft", "active", "paused", "completed", "archived")
_CALL_STATUSES = ("completed", "failed", "busy", "no-answer")
_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for: page from 1, limit 1 to 100."""

    page: int
    limit: int

    @classmethod
    def of(cls, query: Query) -> Page:
        """Read `page` (default 1) and `limit` (default 10)."""
        page, limit = _whole(query, "page", 1), _whole(query, "limit", 10)
        if limit > _LIMIT:
            raise Refusal(400, f"limit must not be more than {_LIMIT}", "limit")
        return cls(page, limit)

    @property
    def start(self) -> int:
        """The first item's place in the list, from 0."""
        return (self.page - 1) * self.limit

    def answer(self, name: str, items: list[JsonObject], total: int) -> JsonObject:
        """The envelope that every list has."""
        pages = -(-total // self.limit)
        return {name: items, "total": total, "page": self.page, "limit": self.limit, "totalPages": pages}


def _whole(query: Query, name: str, default: int) -> int:
    text = query.get(name, "")
    if not text:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 1:
        raise Refusal(400, f"{name} must be a whole number, 1 or more", name)
    return int(text)


def _filter(query: Query, allowed: frozenset[str] | tuple[str, ...]) -> str:
    text = query.get("status", "")
    if text and text not in allowed:
        raise Refusal(400, f"status must be one of: {', '.join(sorted(allowed))}", "status")
    return text


def _cut(page: Page, roll: Roll[T], found: list[T] | None, order: Behaviour) -> tuple[list[T], int]:
    """One page and the total: of the whole roll, or of what a search found."""
    stop = page.start + page.limit
    if found is None:
        return roll.slice(order.order, page.start, stop), len(roll)
    return found[page.start : stop], len(found)


def _in_order(roll: Roll[T], behaviour: Behaviour, keep: Callable[[T], bool]) -> list[T]:
    return [item for item in roll.slice(behaviour.order, 0, len(roll)) if keep(item)]


def campaign_of(world: World, uuid: str) -> Campaign:
    """The campaign, or 404."""
    campaign = world.campaigns.get(uuid)
    if campaign is None:
        raise Refusal(404, "campaign not found")
    return campaign


def order_of(world: World, campaign: str, uuid: str) -> Order:
    """The order of that campaign, or 404."""
    campaign_of(world, campaign)
    order = world.orders.get(uuid)
    if order is None or order.campaign != campaign:
        raise Refusal(404, "order not found")
    return order


def record_of(world: World, uuid: str) -> Record:
    """The record, or 404."""
    record = world.records.get(uuid)
    if record is None:
        raise Refusal(404, "record not found")
    return record


def one_record(world: World, uuid: str) -> JsonObject:
    """GET /records/{uuid}: a record with all its fields."""
    return record_json(record_of(world, uuid))


def list_campaigns(world: World, behaviour: Behaviour, query: Query) -> JsonObject:
    """GET /campaigns: search by name, filter by status."""
    page, wanted, text = Page.of(query), _filter(query, _CAMPAIGN_STATUSES), query.get("search", "").casefold()
    roll = world.campaign_roll()
    found = _in_order(roll, behaviour, lambda c: (not wanted or c.status == wanted) and text in c.name.casefold())
    items, total = _cut(page, roll, found, behaviour)
    return page.answer("campaigns", [campaign_json(campaign) for campaign in items], total)


def list_record_types(world: World) -> list[JsonObject]:
    """GET /record-types: all of them; the vendor has no pages here."""
    return [record_type_json(kind) for kind in world.record_types.values()]


def one_record_type(world: World, uuid: str) -> JsonObject:
    """GET /record-types/{uuid}."""
    kind = world.record_types.get(uuid)
    if kind is None:
        raise Refusal(404, "record type not found")
    return record_type_json(kind)


def _says(record: Record, text: str, folded: str) -> bool:
    """Whether number or name hold the text; names without regard to case."""
    return text in record.phone or folded in record.name.casefold()


def list_orders(world: World, behaviour: Behaviour, campaign: str, query: Query) -> JsonObject:
    """GET /campaigns/{uuid}/orders: search by name or phone, filter by one of the seven documented statuses."""
    campaign_of(world, campaign)
    page, wanted, text = Page.of(query), _filter(query, STATUS_FILTERS), query.get("search", "")
    roll = world.order_roll(campaign)
    found = None
    if text or wanted:
        key = ("orders", campaign, wanted, text, behaviour.order)
        found = world.remembered(key, lambda: _orders_found(world, behaviour, campaign, text, wanted))
    items, total = _cut(page, roll, found, behaviour)
    return page.answer("orders", [order_json(order, behaviour) for order in items], total)


def _orders_found(world: World, behaviour: Behaviour, campaign: str, text: str, wanted: str) -> list[Order]:
    roll = world.order_roll(campaign)
    if not _PHONE_SEARCH.fullmatch(text):
        folded = text.casefold()
        return _in_order(roll, behaviour, lambda o: (not wanted or o.status == wanted) and _says(o.record, text, folded))
    orders = (world.order_of(record, campaign) for record in world.records_found(text))
    seqs = [order.seq for order in orders if order is not None and (not wanted or order.status == wanted)]
    return roll.arranged(seqs, behaviour.order)


def list_records(world: World, behaviour: Behaviour, query: Query) -> JsonObject:
    """GET /records: of a campaign or a type or both, search by name or phone. Unknown ids have no records."""
    page, text = Page.of(query), query.get("search", "")
    kind, campaign = query.get("recordTypeUuid") or None, query.get("campaignUuid") or None
    roll = world.record_roll(record_type=kind, campaign=campaign)
    found = None
    if text or (kind and campaign):
        key = ("records", kind, campaign, text, behaviour.order)
        found = world.remembered(key, lambda: _records_found(world, behaviour, roll, text, kind))
    items, total = _cut(page, roll, found, behaviour)
    return page.answer("records", [record_json(record) for record in items], total)


def _records_found(world: World, behaviour: Behaviour, roll: Roll[Record], text: str, kind: str | None) -> list[Record]:
    if not _PHONE_SEARCH.fullmatch(text):
        folded = text.casefold()
        return _in_order(roll, behaviour, lambda r: (kind is None or r.record_type == kind) and _says(r, text, folded))
    seqs = [record.seq for record in world.records_found(text) if kind is None or record.record_type == kind]
    return roll.arranged(seqs, behaviour.order)


def list_calls(world: World, query: Query) -> JsonObject:
    """GET /calls: by campaign, status, number and day (both days included), newest first; totals are of all that fit."""
    page, wanted = Page.of(query), _filter(query, _CALL_STATUSES)
    first, last = _day(query, "startDate", "0001-01-01"), _day(query, "endDate", "9999-12-31")
    campaign, text = query.get("campaignUuid", ""), query.get("search", "")

    def fits(call: Call) -> bool:
        there = (not campaign or call.campaign == campaign) and (not wanted or call.status == wanted)
        return there and text in call.to_phone and first <= call.started[:10] <= last

    found = [call for call in reversed(world.calls) if fits(call)]
    answer = page.answer("calls", [call_json(call) for call in found[page.start : page.start + page.limit]], len(found))
    totals = {"totalDuration": sum(c.duration for c in found), "totalPrice": round(sum(c.price for c in found), 4)}
    return answer | totals


def _day(query: Query, name: str, default: str) -> str:
    text = query.get(name) or default
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Refusal(400, f"{name} must be a date, YYYY-MM-DD", name) from None
    return day.isoformat()
