"""What exists in the small Callcamp, and how it looks in JSON. Plain data: no I/O, no clock, no rules.

In:  values in the vendor's own field names. Out: dataclasses, and `*_json` functions, one for each shape that the pages show.
The shapes are told apart on purpose: an order in a list carries uuid, name and phoneNumber of its record and nothing more.
Rule source: the vendor's page "Campaign Records" and the reference of the other endpoints.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from callcamp_sync.sandbox.behaviour import Behaviour

JsonObject = dict[str, Any]

#: What an order carries beside its status, in the order of the vendor's page.
ORDER_PROPERTIES = (
    "scheduledTime",
    "scheduledTimeTimezone",
    "scheduledDurationSeconds",
    "price",
    "currencyCode",
    "instructions",
)

#: A record's own fields, without `parameters`.
RECORD_FIELDS = ("name", "firstName", "lastName", "email", "phoneNumber", "country")

PERMISSIONS = frozenset({"campaigns:read", "campaigns:write", "records:read", "records:write", "calls:read"})


@dataclass(slots=True)
class Token:
    """A bearer token: what it may do, and until when (None: for ever)."""

    value: str
    permissions: frozenset[str] = PERMISSIONS
    expires_at: datetime | None = None


@dataclass(slots=True)
class Campaign:
    """A campaign. record_type may be None; status is shown and blocks nothing."""

    uuid: str
    seq: int
    name: str
    record_type: str | None
    status: str = "active"
    type: str = "outbound"
    timezone: str = "UTC"
    description: str = ""
    schedule: JsonObject = field(default_factory=dict)
    created_at: str = ""
    updated_at: str = ""


@dataclass(slots=True)
class RecordType:
    """A record type. parameters: as the vendor shows them (id, type, title, required, validation, default, error, options)."""

    uuid: str
    name: str
    parameters: list[JsonObject]
    created_at: str = ""


@dataclass(slots=True, eq=False)
class Record:
    """A contact. fields: RECORD_FIELDS, all of them, None where nothing stands. named: whether somebody chose the name."""

    uuid: str
    seq: int
    record_type: str | None
    fields: dict[str, Any]
    parameters: JsonObject
    named: bool = True
    status: str = "active"
    created_at: str = ""
    updated_at: str = ""

    @property
    def phone(self) -> str:
        """The number that would be called."""
        return str(self.fields["phoneNumber"])

    @property
    def name(self) -> str:
        """The name, chosen or generated."""
        return str(self.fields["name"])


@dataclass(slots=True, eq=False)
class Order:
    """A record's place in a campaign. status: as the truth names it; properties: ORDER_PROPERTIES, all of them."""

    uuid: str
    seq: int
    campaign: str
    record: Record
    status: str
    properties: dict[str, Any]
    created_at: str = ""
    updated_at: str = ""

    @property
    def phone(self) -> str:
        """The number that would be called."""
        return self.record.phone


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that took place. started: ISO 8601, UTC; duration in seconds."""

    uuid: str
    campaign: str
    order: str
    status: str
    to_phone: str
    from_phone: str
    duration: int
    started: str
    price: float
    currency: str
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One change of the truth. request: the `seq` of the request that made it; None where a test (a dialer, a person) did.

    kind: create-record, update-record, delete-record, create-order, associate, update-order, remove-order.
    before, after: the whole thing in JSON (orders with their record); None where it did not exist.
    """

    seq: int
    kind: str
    order_uuid: str | None
    record_uuid: str
    phone: str
    before: JsonObject | None
    after: JsonObject | None
    request: int | None
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as the server saw it. seq: by arrival; the log has them by completion.

    path: as sent, without the query. query: as a server reads it (a raw `+` is a space). body: parsed JSON, else the text, else
    None. at: seconds on a monotonic clock at arrival.
    """

    seq: int
    method: str
    path: str
    query: dict[str, str]
    raw_query: str
    body: Any
    status: int
    at: float


def campaign_json(campaign: Campaign) -> JsonObject:
    """A campaign, in a list or alone."""
    return {
        "uuid": campaign.uuid,
        "name": campaign.name,
        "description": campaign.description,
        "status": campaign.status,
        "type": campaign.type,
        "timezone": campaign.timezone,
        "schedule": campaign.schedule,
        "recordTypeUuid": campaign.record_type,
        "createdAt": campaign.created_at,
        "updatedAt": campaign.updated_at,
    }


def record_type_json(kind: RecordType) -> JsonObject:
    """A record type, in a list or alone."""
    slug = kind.name.lower().replace(" ", "-")
    return {
        "uuid": kind.uuid,
        "name": kind.name,
        "plural": f"{kind.name}s",
        "slug": slug,
        "icon": "user",
        "description": "",
        "isName": True,
        "parameters": kind.parameters,
        "isDefault": False,
        "status": "active",
        "createdAt": kind.created_at,
        "updatedAt": kind.created_at,
    }


def record_json(record: Record) -> JsonObject:
    """A record with all its fields, as /records shows it."""
    return {
        "uuid": record.uuid,
        **record.fields,
        "status": record.status,
        "parameters": record.parameters,
        "createdAt": record.created_at,
        "updatedAt": record.updated_at,
    }


def order_json(order: Order, behaviour: Behaviour) -> JsonObject:
    """An order as a list and a PATCH show it: of its record only uuid, name and phoneNumber."""
    fields = order.record.fields
    return {
        "uuid": order.uuid,
        "campaignUuid": order.campaign,
        "status": behaviour.spell(order.status),
        **order.properties,
        "record": {"uuid": order.record.uuid, "name": fields["name"], "phoneNumber": fields["phoneNumber"]},
    }


def created_json(order: Order, behaviour: Behaviour) -> JsonObject:
    """An order as the create answers it."""
    record = order.record
    return {
        "uuid": order.uuid,
        "status": behaviour.spell(order.status),
        "record": {
            "uuid": record.uuid,
            "name": record.fields["name"],
            "email": record.fields["email"],
            "phoneNumber": record.fields["phoneNumber"],
            "parameters": record.parameters,
        },
    }


def order_truth(order: Order) -> JsonObject:
    """An order with its whole record, as the commit log and the control address show it."""
    return {
        "uuid": order.uuid,
        "campaignUuid": order.campaign,
        "status": order.status,
        **order.properties,
        "createdAt": order.created_at,
        "updatedAt": order.updated_at,
        "record": record_truth(order.record),
    }


def record_truth(record: Record) -> JsonObject:
    """A record as the commit log and the control address show it; a copy that later changes do not touch."""
    return {**record_json(record), "parameters": dict(record.parameters), "recordTypeUuid": record.record_type}


def call_json(call: Call) -> JsonObject:
    """A call, as /calls shows it."""
    return {
        "uuid": call.uuid,
        "callOrderUuid": call.order,
        "status": call.status,
        "toPhoneNumber": call.to_phone,
        "fromPhoneNumber": call.from_phone,
        "callDurationSeconds": call.duration,
        "callStartTime": call.started,
        "price": call.price,
        "currencyCode": call.currency,
        "recordingUrl": None,
        "summary": call.summary,
        "createdAt": call.started,
    }
