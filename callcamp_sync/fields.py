"""Callcamp's fields: what a column can mean, of which kind its values are, and how a value stands as text and as JSON.

Pure: no I/O. Every value travels through the column stages as *canonical text*, so that two values are equal exactly when
their texts are: a number as plain decimal ("10.5", "-3", never "1e3" or "10.50"), a bool as "true"/"false", a date as
"2026-05-10", an instant as UTC "2026-05-10T14:30:00Z", codes in upper case, text as it is. Null leaves the field alone; the
word CLEAR empties it. `to_json` turns canonical text into what is sent.
Rule source: the vendor's page "Campaign Records" (order properties, record fields) and its record types.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

#: The row number that the spreadsheet shows; the name of that column in every frame of this package.
ROW = "__row__"

#: A cell that says this empties the field (the mapping may name another word; it becomes this one).
CLEAR = "__CLEAR__"

Json = str | int | float | bool | None


class Kind(StrEnum):
    """How a field's text is read and compared."""

    TEXT = "text"
    ID = "id"
    PHONE = "phone"
    EMAIL = "email"
    COUNTRY = "country"
    CURRENCY = "currency"  # ISO 4217 code
    MONEY = "money"  # a Record Type's `currency`: the vendor does not say whether code or amount, so either
    TIMEZONE = "timezone"
    STATUS = "status"
    ACTION = "action"
    NUMBER = "number"
    BOOL = "bool"
    DATE = "date"
    INSTANT = "instant"
    SELECT = "select"


class Home(StrEnum):
    """Where a field lives, and so which request carries it."""

    KEY = "key"  # ids: they find things and are never sent as values
    ROW = "row"  # what the row itself asks for
    ORDER = "order"  # PATCH /campaigns/{c}/orders/{o}
    RECORD = "record"  # POST .../orders `record`, PATCH /records/{r}
    PARAMETER = "parameters"  # the same, inside `parameters`


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a column can mean. `name` is the column's name in frames and the field's name in reports."""

    name: str
    kind: Kind
    home: Home
    title: str
    aliases: tuple[str, ...] = ()

    @property
    def wire(self) -> str:
        """The key in the request's JSON; for a parameter, its id."""
        return self.name.removeprefix("parameters.")


FIELDS: tuple[Field, ...] = (
    Field("order_uuid", Kind.ID, Home.KEY, "Order ID", ("order id", "order uuid")),
    Field("record_uuid", Kind.ID, Home.KEY, "Record ID", ("record id", "record uuid")),
    Field("action", Kind.ACTION, Home.ROW, "Action", ("action",)),
    Field(
        "phoneNumber",
        Kind.PHONE,
        Home.RECORD,
        "Phone",
        (
            "phone",
            "phone number",
            "mobile",
            "mobile phone",
            "mobile number",
            "tel",
            "telephone",
            "telephone number",
            "cell",
            "cell phone",
        ),
    ),
    Field("name", Kind.TEXT, Home.RECORD, "Name", ("name", "full name")),
    Field("firstName", Kind.TEXT, Home.RECORD, "First name", ("first name", "given name")),
    Field("lastName", Kind.TEXT, Home.RECORD, "Last name", ("last name", "surname", "family name")),
    Field("email", Kind.EMAIL, Home.RECORD, "Email", ("email", "e-mail", "email address", "e-mail address")),
    Field("country", Kind.COUNTRY, Home.RECORD, "Country", ("country", "country code")),
    Field("status", Kind.STATUS, Home.ORDER, "Status", ("status",)),
    Field("scheduledTime", Kind.INSTANT, Home.ORDER, "Scheduled time", ("scheduled time", "scheduled")),
    Field(
        "scheduledTimeTimezone",
        Kind.TIMEZONE,
        Home.ORDER,
        "Timezone",
        ("timezone", "time zone", "scheduled time timezone"),
    ),
    Field(
        "scheduledDurationSeconds",
        Kind.NUMBER,
        Home.ORDER,
        "Duration",
        ("duration", "duration seconds", "scheduled duration seconds"),
    ),
    Field("price", Kind.NUMBER, Home.ORDER, "Price", ("price",)),
    Field("currencyCode", Kind.CURRENCY, Home.ORDER, "Currency", ("currency", "currency code")),
    Field("instructions", Kind.TEXT, Home.ORDER, "Instructions", ("instructions",)),
)

BY_NAME: dict[str, Field] = {field.name: field for field in FIELDS}


def fold_heading(text: str) -> str:
    """A heading without case, spaces, `_` and `-`, as headings are compared."""
    return re.sub(r"[\s_\-]+", "", text).casefold()


def plain_number(value: Decimal) -> str:
    """The canonical text of a number: no exponent, no trailing zeros, no "-0"."""
    if value == 0:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def to_json(kind: Kind, text: str) -> Json:
    """What is sent for canonical `text`. CLEAR becomes null; numbers become JSON numbers, bools JSON booleans."""
    if text == CLEAR:
        return None
    if kind is Kind.BOOL:
        return text == "true"
    if kind is Kind.NUMBER or (kind is Kind.MONEY and not text.isalpha()):
        return int(text) if re.fullmatch(r"-?\d{1,15}", text) else float(text)
    return text
