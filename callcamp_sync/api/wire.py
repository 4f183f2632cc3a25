"""What the server answers, as models that stand extra and missing fields; and the end of one write as a Reply.

In:  parsed JSON.
Out: frozen models with Python names; checks that say whether a 2xx answer carries what the contract says.
Rule source: the vendor's page "Campaign Records" and its help pages on access, campaigns and record types. Pure: no I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

from callcamp_sync.model import CampaignInfo, Fate


def _text(value: object) -> str | None:
    """Text stays; a number is written out; anything else of the wrong kind counts as missing."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _texts(value: object) -> tuple[str, ...]:
    return tuple(text for item in value if (text := _text(item)) is not None) if isinstance(value, list | tuple) else ()


def _object(value: object) -> object:
    return value if isinstance(value, Mapping | BaseModel) else {}


Text = Annotated[str | None, BeforeValidator(_text)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]


class _Wire(BaseModel):
    """Camel case outside, extra fields ignored, values never shown in errors."""

    model_config = ConfigDict(
        extra="ignore", frozen=True, alias_generator=to_camel, populate_by_name=True, hide_input_in_errors=True
    )


class Campaign(_Wire):
    """One campaign. Only `uuid` is certain to be there."""

    uuid: str
    name: Text = None
    description: Text = None
    status: Text = None
    type: Text = None
    timezone: Text = None
    schedule: Any = None
    record_type_uuid: Text = None
    created_at: Text = None
    updated_at: Text = None

    def info(self) -> CampaignInfo:
        """The part that plans and reports carry."""
        return CampaignInfo(
            uuid=self.uuid,
            name=self.name or self.uuid,
            status=self.status,
            timezone=self.timezone,
            record_type_uuid=self.record_type_uuid,
        )


class Owner(_Wire):
    """The vendor's client that the account belongs to."""

    uuid: Text = None
    name: Text = None
    type: Text = None
    status: Text = None


class User(_Wire):
    """Whom the token stands for."""

    uuid: Text = None
    status: Text = None
    permissions: Texts = ()
    client: Annotated[Owner, BeforeValidator(_object)] = Owner()


class Account(_Wire):
    """The answer of `/auth/me`."""

    user: Annotated[User, BeforeValidator(_object)] = User()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """How one write ended.

    fate: DONE (a whole answer that keeps the contract), REFUSED (answered no), UNKNOWN (may have been carried out), or
    NOT_ATTEMPTED (certainly not carried out, and given up). status: of the last answer, None when none came. data: the answer's
    JSON when done. error: the server's words or ours, one clean line; None when done. attempts: requests made for it.
    """

    fate: Fate
    status: int | None = None
    data: dict[str, Any] | None = None
    error: str | None = None
    attempts: int = 0


def is_object_with_id(said: object) -> bool:
    """A JSON object with a `uuid` that can be used: a campaign, a record, a record type."""
    return isinstance(said, dict) and isinstance(said.get("uuid"), str) and bool(said["uuid"])


def is_created_order(said: object) -> bool:
    """The contract's answer to a create: an order with its id and its record, the record with its id."""
    return isinstance(said, dict) and is_object_with_id(said) and is_object_with_id(said.get("record"))


def is_success(said: object) -> bool:
    """The contract's answer to associate and remove: `{"success": true}`."""
    return isinstance(said, dict) and said.get("success") is True


def is_updated(uuid: str, said: object) -> bool:
    """The contract's answer to the PATCH of an order: the order that was changed, under its own id."""
    return isinstance(said, dict) and is_object_with_id(said) and said["uuid"].casefold() == uuid.casefold()


def is_updated_record(uuid: str, said: object) -> bool:
    """The answer to the PATCH of a contact. No page shows it, so the contact itself or a plain success will do."""
    return is_updated(uuid, said) or is_success(said)
