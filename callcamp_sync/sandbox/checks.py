"""The server's own validation of what a request brings. Pure: no I/O, no clock; knows nothing of the client's rules.

In:  parsed JSON, a record type's parameters, the behaviour. Out: checked values, or `Refusal` with the status to answer.
400 is for requests that make no sense (an unknown field, a wrong page), 422 for values that are wrong.
Rule source: the vendor's page "Campaign Records" and its record types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from typing import Any
from zoneinfo import available_timezones

import re2

from callcamp_sync.sandbox.behaviour import Behaviour
from callcamp_sync.sandbox.entities import ORDER_PROPERTIES, RECORD_FIELDS, JsonObject

_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_COUNTRY = re.compile(r"[A-Z]{2}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})", re.ASCII)


class Refusal(Exception):  # noqa: N818 (it is an answer, not an error of ours)
    """A request that is not carried out. status: HTTP; field: what is wrong, where one thing is."""

    def __init__(self, status: int, error: str, field: str | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.field = field


def only(body: JsonObject, allowed: Collection[str], where: str = "") -> None:
    """Raise 400 for the first field that is not documented."""
    for name in body:
        if name not in allowed:
            raise Refusal(400, f"unknown field {where}{name}", where + name)


def object_of(value: object, field: str) -> JsonObject:
    """Raise 422 unless `value` is a JSON object."""
    if not isinstance(value, dict):
        raise Refusal(422, f"{field} must be an object", field)
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _matches(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_date(value: object) -> bool:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def instant(value: object) -> datetime | None:
    """An ISO 8601 date and time with its offset, in UTC; None for anything else."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


# --- orders


def _zone(value: object) -> bool:
    return isinstance(value, str) and value in _zones()


def _amount(value: object) -> bool:
    return isinstance(value, int | float) and _is_number(value) and value >= 0


_PROPERTY_CHECKS: dict[str, tuple[Callable[[object], bool], str]] = {
    "scheduledTime": (lambda value: instant(value) is not None, "must be an ISO 8601 date-time with an offset"),
    "scheduledTimeTimezone": (_zone, "must be an IANA time zone"),
    "scheduledDurationSeconds": (_amount, "must be a number, 0 or more"),
    "price": (_amount, "must be a number, 0 or more"),
    "currencyCode": (_matches(_CURRENCY), "must be a three-letter currency code"),
    "instructions": (_is_text, "must be a string"),
}


def status(value: object, behaviour: Behaviour) -> str:
    """An order's status as the truth keeps it."""
    read = behaviour.read_status(value)
    if read is None:
        raise Refusal(422, f"status must be one of: {', '.join([*behaviour.statuses, behaviour.do_not_call])}", "status")
    return read


def order_changes(body: JsonObject, behaviour: Behaviour) -> tuple[str | None, JsonObject]:
    """What a PATCH of an order asks for: the status (None: not mentioned) and properties (None clears)."""
    only(body, ("status", *ORDER_PROPERTIES))
    asked = status(body["status"], behaviour) if "status" in body else None
    properties: JsonObject = {}
    for name in (name for name in ORDER_PROPERTIES if name in body):
        value = body[name]
        fits, says = _PROPERTY_CHECKS[name]
        if value is not None and not fits(value):
            raise Refusal(422, f"{name} {says}", name)
        properties[name] = _shown(instant(value), behaviour) if name == "scheduledTime" else value
    return asked, properties


def _shown(when: datetime | None, behaviour: Behaviour) -> str | None:
    if when is None:
        return None
    precision = "milliseconds" if behaviour.time_form == "millis" else "seconds"
    return when.isoformat(timespec=precision).replace("+00:00", "Z")


# --- records

_FIELD_CHECKS: dict[str, tuple[Callable[[object], bool], str]] = {
    "name": (_is_text, "must be a string"),
    "firstName": (_is_text, "must be a string"),
    "lastName": (_is_text, "must be a string"),
    "email": (_matches(_EMAIL), "must be an email address"),
    "phoneNumber": (_matches(_E164), "must be a phone number in E.164 format"),
    "country": (_matches(_COUNTRY), "must be an ISO country code"),
}


def record_fields(body: JsonObject, *, creating: bool) -> JsonObject:
    """The core fields that a body brings (None clears). The phone number is needed to create, and never cleared."""
    if creating and "phoneNumber" not in body:
        raise Refusal(422, "phoneNumber is required", "phoneNumber")
    fields = {name: body[name] for name in RECORD_FIELDS if name in body}
    for name, value in fields.items():
        fits, says = _FIELD_CHECKS[name]
        if (value is not None or name == "phoneNumber") and not fits(value):
            raise Refusal(422, f"{name} {says}", name)
    return fields


def _choices(parameter: Mapping[str, Any]) -> list[Any]:
    return [choice.get("value") if isinstance(choice, dict) else choice for choice in parameter.get("options") or ()]


#: Parameter type -> what its values are. `currency` is shown by no page: a code or an amount. Types not listed take anything.
_PARAMETER_CHECKS: dict[str, tuple[Callable[[object], bool], str]] = {
    **dict.fromkeys(("text", "input", "string", "textarea"), (_is_text, "must be a string")),
    **dict.fromkeys(("number", "decimal"), (_is_number, "must be a number")),
    "bool": (lambda value: isinstance(value, bool), "must be true or false"),
    "date": (_is_date, "must be a date, YYYY-MM-DD"),
    "datetime": (lambda value: instant(value) is not None, "must be an ISO 8601 date-time with an offset"),
    "currency": (
        lambda value: _is_number(value) or _matches(_CURRENCY)(value),
        "must be a three-letter currency code or an amount",
    ),
    "country": (_matches(_COUNTRY), "must be an ISO country code"),
}


@lru_cache(maxsize=256)
def _pattern(text: str) -> Any:
    """The compiled pattern, or None where the engine cannot run it."""
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(text, options)
    except re2.error:
        return None


def _parameter(parameter: Mapping[str, Any], value: object) -> None:
    name, kind = f"parameters.{parameter['id']}", parameter.get("type")
    fits, says = _PARAMETER_CHECKS.get(str(kind), (lambda _: True, ""))
    if not fits(value):
        raise Refusal(422, f"{name} {says}", name)
    if kind == "select" and value not in _choices(parameter):
        raise Refusal(422, f"{name} must be one of: {', '.join(map(str, _choices(parameter)))}", name)
    pattern = _pattern(parameter["validation"]) if parameter.get("validation") else None
    if pattern is not None and pattern.search(str(value)) is None:
        raise Refusal(422, parameter.get("error") or f"{name} does not fit", name)


def parameters(given: JsonObject, schema: Sequence[Mapping[str, Any]], *, creating: bool) -> JsonObject:
    """Values for a record's parameters, checked against its record type; None stands for "cleared".

    creating: defaults are filled in, and every required parameter must have a value.
    """
    known = {parameter["id"]: parameter for parameter in schema}
    for name in given:
        if name not in known:
            raise Refusal(422, f"parameters.{name} is not a parameter of the record type", f"parameters.{name}")
    values = dict(given)
    for name, parameter in known.items():
        if creating and values.get(name) is None and parameter.get("default") is not None:
            values[name] = parameter["default"]
        concerned = creating or name in values
        if concerned and parameter.get("required") and values.get(name) in (None, ""):
            raise Refusal(422, f"parameters.{name} is required", f"parameters.{name}")
        if values.get(name) is not None:
            _parameter(parameter, values[name])
    return values
