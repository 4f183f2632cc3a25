"""The truth of the small Callcamp: what exists, how it changes, and a log of every change. No network, no rules of the API.

In:  a seed for ids and a clock. Out: `World`; its dictionaries are the truth and may be read at any time, its methods are the
only way to change it. Set-up (`add_*`) and actors beside the client (a dialer, a person: `change_*`, `remove_*`) use the same
methods as the API. Every method holds `lock`; hold it yourself to read several things as of one moment.
Commits are written from the moment a server is opened on the world, so that setting it up leaves no trace.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from callcamp_sync.sandbox.entities import (
    ORDER_PROPERTIES,
    PERMISSIONS,
    RECORD_FIELDS,
    Call,
    Campaign,
    Commit,
    JsonObject,
    Order,
    Record,
    RecordType,
    Token,
    order_truth,
    record_truth,
)
from callcamp_sync.sandbox.ids import Mint
from callcamp_sync.sandbox.index import PhoneBook, Roll

_FOUND_LISTS_KEPT = 16

#: The token that every world accepts, with all permissions.
TOKEN = "sandbox-token"  # noqa: S105 (it opens nothing but a loopback sandbox)


def _now() -> datetime:
    return datetime.now(UTC)


class World:
    """One account of Callcamp: campaigns, record types, records, orders, calls, tokens.

    seed: ids are made from it and a counter, so that the same steps give the same ids. clock: gives an aware datetime.
    """

    def __init__(self, *, seed: int = 0, clock: Callable[[], datetime] = _now) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.tokens: dict[str, Token] = {}
        self.record_types: dict[str, RecordType] = {}
        self.campaigns: dict[str, Campaign] = {}
        self.records: dict[str, Record] = {}
        self.orders: dict[str, Order] = {}
        self.calls: list[Call] = []
        self.commits: list[Commit] = []
        self.recording = False
        self._mint = Mint(seed)
        self._seq = 0
        self._version = 0
        self._request: int | None = None
        self._campaign_roll: Roll[Campaign] = Roll()
        self._record_roll: Roll[Record] = Roll()
        self._records_of_type: dict[str | None, Roll[Record]] = {}
        self._records_of_campaign: dict[str, Roll[Record]] = {}
        self._orders_of_campaign: dict[str, Roll[Order]] = {}
        self._links: dict[str, dict[str, Order]] = {}  # record -> campaign -> order
        self._phones: PhoneBook[Record] = PhoneBook()
        self._plus_names: dict[str, Record] = {}
        self._found: dict[Hashable, tuple[int, list[Any]]] = {}
        self.add_token(TOKEN)

    # --- time, log

    def _next(self) -> int:
        self._seq += 1
        self._version += 1
        return self._seq

    def now(self) -> str:
        """The clock's time as the wire shows it, in UTC."""
        return self.clock().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    @contextmanager
    def acting(self, request: int) -> Iterator[None]:
        """Hold the lock; commits made inside carry the number of the request."""
        with self.lock:
            self._request = request
            try:
                yield
            finally:
                self._request = None

    def _commit(
        self, kind: str, record: Record, order: Order | None, *, before: JsonObject | None, after: JsonObject | None
    ) -> None:
        self._version += 1
        if not self.recording:
            return
        self.commits.append(
            Commit(
                seq=len(self.commits) + 1,
                kind=kind,
                order_uuid=order.uuid if order else None,
                record_uuid=record.uuid,
                phone=record.phone,
                before=before,
                after=after,
                request=self._request,
                at=self.now(),
            )
        )

    # --- what there is to begin with

    def add_token(self, value: str, *, permissions: Sequence[str] | None = None, expires_at: datetime | None = None) -> Token:
        """Accept a bearer token. permissions: all of them unless given."""
        with self.lock:
            granted = PERMISSIONS if permissions is None else frozenset(permissions)
            self.tokens[value] = Token(value, granted, expires_at)
            return self.tokens[value]

    def add_record_type(self, name: str, parameters: Sequence[JsonObject] = (), *, uuid: str | None = None) -> RecordType:
        """A record type with parameters as the vendor shows them."""
        with self.lock:
            kind = RecordType(uuid or self._mint.uuid(self._next()), name, list(parameters), self.now())
            self.record_types[kind.uuid] = kind
            return kind

    def add_campaign(
        self, name: str, record_type: RecordType | None = None, *, uuid: str | None = None, **shown: Any
    ) -> Campaign:
        """A campaign. shown: status, type, timezone, description, schedule."""
        with self.lock:
            seq, at = self._next(), self.now()
            kind = record_type.uuid if record_type else None
            campaign = Campaign(uuid or self._mint.uuid(seq), seq, name, kind, created_at=at, updated_at=at, **shown)
            self.campaigns[campaign.uuid] = campaign
            self._campaign_roll.add(seq, campaign)
            self._orders_of_campaign[campaign.uuid] = Roll()
            self._records_of_campaign[campaign.uuid] = Roll()
            return campaign

    def add_call(self, order: Order, *, status: str = "completed", duration: int = 60, price: float = 0.1) -> Call:
        """A call to an order's contact that took place now."""
        with self.lock:
            call = Call(
                uuid=self._mint.uuid(self._next()),
                campaign=order.campaign,
                order=order.uuid,
                status=status,
                to_phone=order.phone,
                from_phone="+12015550100",
                duration=duration,
                started=self.now(),
                price=price,
                currency="USD",
            )
            self.calls.append(call)
            return call

    # --- records

    def add_record(
        self,
        phone: str,
        *,
        record_type: RecordType | str | None = None,
        parameters: JsonObject | None = None,
        uuid: str | None = None,
        **fields: Any,
    ) -> Record:
        """A contact. fields: name, firstName, lastName, email, country; a missing name is made up."""
        with self.lock:
            seq, at = self._next(), self.now()
            kind = record_type.uuid if isinstance(record_type, RecordType) else record_type
            held = dict.fromkeys(RECORD_FIELDS) | fields | {"phoneNumber": phone}
            record = Record(
                uuid or self._mint.uuid(seq),
                seq,
                kind,
                held,
                dict(parameters or {}),
                bool(held["name"]),
                created_at=at,
                updated_at=at,
            )
            self._name(record)
            self.records[record.uuid] = record
            self._record_roll.add(seq, record)
            self._records_of_type.setdefault(kind, Roll()).add(seq, record)
            self._links[record.uuid] = {}
            self._enter(record)
            self._commit("create-record", record, None, before=None, after=record_truth(record) if self.recording else None)
            return record

    def _name(self, record: Record) -> None:
        """A contact always has a name: the chosen one, the two halves of it, or a made-up one."""
        if not record.named:
            halves = [part for part in (record.fields["firstName"], record.fields["lastName"]) if part]
            record.fields["name"] = " ".join(halves) or f"Contact {record.seq}"

    def _enter(self, record: Record) -> None:
        self._phones.add(record.phone, record)
        if "+" in record.name:
            self._plus_names[record.uuid] = record

    def _strike(self, record: Record) -> None:
        self._phones.discard(record.phone, record)
        self._plus_names.pop(record.uuid, None)

    def change_record(self, record: Record | str, *, parameters: JsonObject | None = None, **fields: Any) -> Record:
        """Set fields of a contact. parameters: the whole new object; None leaves it. A cleared name is made up again."""
        with self.lock:
            record = self.records[record] if isinstance(record, str) else record
            before = record_truth(record)
            self._strike(record)
            record.fields.update(fields)
            if "name" in fields:
                record.named = bool(fields["name"])
                self._name(record)
            if parameters is not None:
                record.parameters = dict(parameters)
            record.updated_at = self.now()
            self._enter(record)
            self._commit("update-record", record, None, before=before, after=record_truth(record))
            return record

    def remove_record(self, record: Record | str) -> None:
        """Delete a contact, and with it its orders in every campaign."""
        with self.lock:
            record = self.records[record] if isinstance(record, str) else record
            for order in list(self._links[record.uuid].values()):
                self.remove_order(order)
            self._strike(record)
            del self.records[record.uuid], self._links[record.uuid]
            self._record_roll.discard(record.seq)
            self._records_of_type[record.record_type].discard(record.seq)
            self._commit("delete-record", record, None, before=record_truth(record), after=None)

    # --- orders

    def add_order(
        self,
        campaign: Campaign | str,
        record: Record,
        *,
        status: str = "registered",
        uuid: str | None = None,
        kind: str = "create-order",
        **properties: Any,
    ) -> Order:
        """Link a contact to a campaign. properties: ORDER_PROPERTIES. Raises ValueError if it is linked there already."""
        with self.lock:
            where = campaign if isinstance(campaign, str) else campaign.uuid
            if where in self._links[record.uuid]:
                raise ValueError(f"record {record.uuid} is already in campaign {where}")
            seq, at = self._next(), self.now()
            held = dict.fromkeys(ORDER_PROPERTIES) | properties
            order = Order(uuid or self._mint.order(seq), seq, where, record, status, held, at, at)
            self.orders[order.uuid] = order
            self._orders_of_campaign[where].add(seq, order)
            self._records_of_campaign[where].add(record.seq, record)
            self._links[record.uuid][where] = order
            self._commit(kind, record, order, before=None, after=order_truth(order) if self.recording else None)
            return order

    def change_order(self, order: Order | str, *, status: str | None = None, **properties: Any) -> Order:
        """Set an order's status (None leaves it) and properties (None clears them)."""
        with self.lock:
            order = self.orders[order] if isinstance(order, str) else order
            before = order_truth(order)
            order.status = status or order.status
            order.properties.update(properties)
            order.updated_at = self.now()
            self._commit("update-order", order.record, order, before=before, after=order_truth(order))
            return order

    def remove_order(self, order: Order | str) -> None:
        """Take a contact out of a campaign; the contact stays."""
        with self.lock:
            order = self.orders[order] if isinstance(order, str) else order
            del self.orders[order.uuid], self._links[order.record.uuid][order.campaign]
            self._orders_of_campaign[order.campaign].discard(order.seq)
            self._records_of_campaign[order.campaign].discard(order.record.seq)
            self._commit("remove-order", order.record, order, before=order_truth(order), after=None)

    # --- views

    def orders_of(self, campaign: Campaign | str, phone: str | None = None) -> list[Order]:
        """The orders of a campaign, oldest first; of one number, where given."""
        with self.lock:
            where = campaign if isinstance(campaign, str) else campaign.uuid
            if phone is None:
                return list(self._orders_of_campaign[where])
            linked = (self._links[record.uuid].get(where) for record in self._phones.at(phone))
            return [order for order in linked if order is not None]

    def order_of(self, record: Record, campaign: str) -> Order | None:
        """The order that links a contact to a campaign, if one does."""
        return self._links[record.uuid].get(campaign)

    def campaign_roll(self) -> Roll[Campaign]:
        """All campaigns."""
        return self._campaign_roll

    def order_roll(self, campaign: str) -> Roll[Order]:
        """The orders of a campaign."""
        return self._orders_of_campaign[campaign]

    def record_roll(self, *, record_type: str | None, campaign: str | None) -> Roll[Record]:
        """Records of a campaign, else of a type, else all. An unknown campaign or type has none."""
        if campaign is not None:
            return self._records_of_campaign.get(campaign) or Roll()
        return self._record_roll if record_type is None else self._records_of_type.get(record_type) or Roll()

    def records_found(self, text: str) -> list[Record]:
        """Records whose number begins with `text` ("+" and digits) or whose name holds it; without looking at the others."""
        named = (record for record in self._plus_names.values() if text in record.name)
        return [*self._phones.beginning(text), *named]

    def remembered(self, key: Hashable, find: Callable[[], list[Any]]) -> list[Any]:
        """What `find` gives, kept under `key` until anything changes: pages of one search then cost one search."""
        held = self._found.get(key)
        if held is not None and held[0] == self._version:
            return held[1]
        if len(self._found) >= _FOUND_LISTS_KEPT:
            self._found.clear()
        found = find()
        self._found[key] = (self._version, found)
        return found

    def state(self) -> JsonObject:
        """Everything that exists, as JSON; statuses as the truth names them."""
        with self.lock:
            return {
                "campaigns": [{"uuid": c.uuid, "name": c.name, "recordTypeUuid": c.record_type} for c in self.campaigns.values()],
                "recordTypes": [{"uuid": kind.uuid, "name": kind.name} for kind in self.record_types.values()],
                "records": [record_truth(record) for record in self.records.values()],
                "orders": [order_truth(order) for order in self.orders.values()],
            }
