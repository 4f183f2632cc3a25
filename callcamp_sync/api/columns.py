"""JSON items of a page -> text columns. Pure: no I/O.

In:  the list of items of one page, as parsed.
Out: a frame of String columns, one row an item that has an id, in the page's order, and how many had none.
Text of a value: a string as it is; a number as plain decimal without exponent or trailing zeros; a bool as "true"/"false";
null and absent as null; anything nested as compact JSON. So no page can fail for a field of an unexpected kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson
import polars as pl

from callcamp_sync.fields import plain_number

#: How one column is found in an item.
Pick = Callable[[Mapping[str, Any]], object]


def text_of(value: object) -> str | None:
    """The text of one JSON value, as the module says. Never fails for a value that was parsed."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return plain_number(Decimal(repr(value)))
    return orjson.dumps(value).decode()


def _at(*path: str) -> Pick:
    """Pick the value at `path`; null where anything on the way is missing or no object."""

    def pick(item: Mapping[str, Any]) -> object:
        found: object = item
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        return found

    return pick


def _phone(*path: str) -> Pick:
    """`phoneNumber` of a contact; an older version of the vendor's page calls it `phone`."""
    new, old = _at(*path, "phoneNumber"), _at(*path, "phone")
    return lambda item: value if (value := new(item)) is not None else old(item)


ORDER_COLUMNS: Mapping[str, Pick] = {
    "order_uuid": _at("uuid"),
    "status": _at("status"),
    "scheduledTime": _at("scheduledTime"),
    "scheduledTimeTimezone": _at("scheduledTimeTimezone"),
    "scheduledDurationSeconds": _at("scheduledDurationSeconds"),
    "price": _at("price"),
    "currencyCode": _at("currencyCode"),
    "instructions": _at("instructions"),
    "record_uuid": _at("record", "uuid"),
    "name": _at("record", "name"),
    "phoneNumber": _phone("record"),
}


def record_columns(parameters: Sequence[str]) -> Mapping[str, Pick]:
    """The columns of a listing of contacts; `parameters.<id>` for each id asked for."""
    plain = ("name", "firstName", "lastName", "email")
    return {
        "record_uuid": _at("uuid"),
        **{name: _at(name) for name in plain},
        "phoneNumber": _phone(),
        **{name: _at(name) for name in ("country", "status", "createdAt", "updatedAt")},
        **{f"parameters.{key}": _at("parameters", key) for key in parameters},
    }


def page_frame(items: Sequence[object], columns: Mapping[str, Pick]) -> tuple[pl.DataFrame, int]:
    """(the page as a frame, the number of items left out because they are no object or have no id).

    The first of `columns` is the id.
    """
    key = next(iter(columns.values()))
    usable = [item for item in items if isinstance(item, dict) and text_of(key(item))]
    data = {name: [text_of(pick(item)) for item in usable] for name, pick in columns.items()}
    return pl.DataFrame(data, schema=dict.fromkeys(columns, pl.String())), len(items) - len(usable)
