"""JSON items of a page -> text columns. Pure: no I/O.

In:  the list of items of one page, as parsed; where each column is found in an item.
Out: one list of texts a column, an entry for each item that has an id, in the page's order; how many items had none.
Text of a value: a string as it is; a number as plain decimal without exponent or trailing zeros; a bool as "true"/"false";
null and absent as null; anything nested as compact JSON. So no page can fail for a field of an unexpected kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from callcamp_sync.fields import plain_number


@dataclass(frozen=True, slots=True)
class Source:
    """Where a column is found: under `key` of the item, or of its object `parent`; under `older` where `key` has nothing."""

    key: str
    parent: str | None = None
    older: str | None = None


def text_of(value: object) -> str | None:
    """The text of one JSON value, as the module says. Never fails for a value that was parsed."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return plain_number(Decimal(repr(value)))
    return orjson.dumps(value).decode()


def _phone(parent: str | None = None) -> Source:
    """`phoneNumber` of a contact; an older version of the vendor's page calls it `phone`."""
    return Source("phoneNumber", parent, older="phone")


#: What needs no `text_of`.
_TEXT = frozenset({str, type(None)})

#: The columns of a listing of orders; the first is the id.
ORDER_COLUMNS: Mapping[str, Source] = {
    "order_uuid": Source("uuid"),
    "status": Source("status"),
    "scheduledTime": Source("scheduledTime"),
    "scheduledTimeTimezone": Source("scheduledTimeTimezone"),
    "scheduledDurationSeconds": Source("scheduledDurationSeconds"),
    "price": Source("price"),
    "currencyCode": Source("currencyCode"),
    "instructions": Source("instructions"),
    "record_uuid": Source("uuid", "record"),
    "name": Source("name", "record"),
    "phoneNumber": _phone("record"),
}


#: The columns of a listing of calls; the first is the id.
CALL_COLUMNS: Mapping[str, Source] = {
    "call_uuid": Source("uuid"),
    "order_uuid": Source("callOrderUuid"),
    "status": Source("status"),
    "started": Source("callStartTime"),
    "seconds": Source("callDurationSeconds"),
    "price": Source("price"),
    "currency": Source("currencyCode"),
}


def record_columns(parameters: Sequence[str], *, dated: bool = False) -> Mapping[str, Source]:
    """The columns of a listing of contacts, the id first; `parameters.<id>` for each id asked for. dated: with `createdAt`."""
    return {
        "record_uuid": Source("uuid"),
        **{name: Source(name) for name in ("name", "firstName", "lastName", "email")},
        "phoneNumber": _phone(),
        **{name: Source(name) for name in ("country", *(["createdAt"] if dated else []))},
        **{f"parameters.{key}": Source(key, "parameters") for key in parameters},
    }


def page_texts(items: Sequence[object], columns: Mapping[str, Source]) -> tuple[dict[str, list[str | None]], int]:
    """(the page's columns as texts, the number of items left out because they are no object or have no id).

    The first of `columns` is the id.
    """
    key = next(iter(columns.values())).key
    usable = [item for item in items if isinstance(item, dict) and _is_named(item.get(key))]
    homes: dict[str | None, list[dict[str, Any]]] = {None: usable}
    for parent in {source.parent for source in columns.values() if source.parent is not None}:
        inner = [item.get(parent) for item in usable]
        homes[parent] = [found if isinstance(found, dict) else {} for found in inner]
    return {name: _column(homes[source.parent], source) for name, source in columns.items()}, len(items) - len(usable)


def _column(objects: Sequence[dict[str, Any]], source: Source) -> list[str | None]:
    """One column. Nearly every value is text, and a listing has a million of them: so text is passed on without a call."""
    values = [found.get(source.key) for found in objects]
    if source.older is not None and None in values:
        values = [found.get(source.older) if value is None else value for value, found in zip(values, objects, strict=True)]
    if _TEXT.issuperset(map(type, values)):
        return values
    return [value if type(value) is str else text_of(value) for value in values]


def _is_named(key: object) -> bool:
    return bool(key if type(key) is str else text_of(key))
