"""What the writing requests do: create, associate, update, remove. Changes the world, and only after all checks have passed.

In:  the world (its lock held by the caller), the behaviour, path ids, the body as parsed JSON. Out: the JSON to answer;
`Refusal` before anything changed (but for the behaviour "partial" of associate, which leaves half of it done on purpose).
A create never looks whether the number is there already: it makes a second record and a second order.
Rule source: the vendor's page "Campaign Records"; what it leaves open is in `Behaviour`.
"""

from __future__ import annotations

from callcamp_sync.sandbox import checks
from callcamp_sync.sandbox.behaviour import Behaviour
from callcamp_sync.sandbox.checks import Refusal
from callcamp_sync.sandbox.entities import RECORD_FIELDS, JsonObject, Record, created_json, order_json, record_json
from callcamp_sync.sandbox.listings import campaign_of, order_of, record_of
from callcamp_sync.sandbox.world import World

_BODY_FIELDS = (*RECORD_FIELDS, "parameters")


def _schema(world: World, record_type: str | None) -> list[JsonObject]:
    return world.record_types[record_type].parameters if record_type else []


def _new_record(world: World, body: JsonObject, record_type: str | None) -> Record:
    """Check a contact's details whole, then enter them."""
    fields = checks.record_fields(body, creating=True)
    given = {} if body.get("parameters") is None else checks.object_of(body["parameters"], "parameters")
    values = checks.parameters(given, _schema(world, record_type), creating=True)
    kept = {name: value for name, value in values.items() if value is not None}
    return world.add_record(fields.pop("phoneNumber"), record_type=record_type, parameters=kept, **fields)


def create_order(world: World, behaviour: Behaviour, campaign: str, body: JsonObject) -> JsonObject:
    """POST /campaigns/{uuid}/orders: a new record and its order, without a look for duplicates."""
    where = campaign_of(world, campaign)
    checks.only(body, ("status", "record"))
    if "record" not in body:
        raise Refusal(422, "record is required", "record")
    contact = checks.object_of(body["record"], "record")
    checks.only(contact, _BODY_FIELDS, "record.")
    status = checks.status(body["status"], behaviour) if "status" in body else behaviour.created_status
    record = _new_record(world, contact, where.record_type)
    return created_json(world.add_order(where, record, status=status), behaviour)


def update_order(world: World, behaviour: Behaviour, campaign: str, order: str, body: JsonObject) -> JsonObject:
    """PATCH /campaigns/{uuid}/orders/{orderUuid}: documented fields only; null clears a property."""
    held = order_of(world, campaign, order)
    status, properties = checks.order_changes(body, behaviour)
    return order_json(world.change_order(held, status=status, **properties), behaviour)


def remove_order(world: World, campaign: str, order: str) -> JsonObject:
    """DELETE /campaigns/{uuid}/orders/{orderUuid}: the link goes, the contact stays."""
    world.remove_order(order_of(world, campaign, order))
    return {"success": True, "message": "Record removed from campaign successfully"}


def associate(world: World, behaviour: Behaviour, campaign: str, body: JsonObject) -> JsonObject:
    """POST /campaigns/{uuid}/orders/associate: link existing records. Those already linked are skipped without a word."""
    where = campaign_of(world, campaign)
    checks.only(body, ("recordUuids",))
    uuids = body.get("recordUuids")
    if not isinstance(uuids, list) or not uuids or not all(isinstance(uuid, str) for uuid in uuids):
        raise Refusal(422, "recordUuids must be a list of record uuids", "recordUuids")
    if len(uuids) > behaviour.associate_limit:
        raise Refusal(400, f"at most {behaviour.associate_limit} records at a time", "recordUuids")
    fitting = [world.records.get(uuid) for uuid in uuids]
    fitting = [record if record and record.record_type == where.record_type else None for record in fitting]
    foreign = next((uuid for uuid, record in zip(uuids, fitting, strict=True) if record is None), None)
    refusal = Refusal(422, f"record {foreign} cannot be associated with this campaign", "recordUuids")
    if foreign is not None and behaviour.associate_foreign == "reject":
        raise refusal
    for record in fitting:
        if record is None and behaviour.associate_foreign == "partial":
            raise refusal
        if record is not None and world.order_of(record, where.uuid) is None:
            world.add_order(where, record, status=behaviour.associated_status, kind="associate")
    return {"success": True}


def create_record(world: World, body: JsonObject) -> JsonObject:
    """POST /records: a contact that is in no campaign yet."""
    checks.only(body, ("recordTypeUuid", *_BODY_FIELDS))
    kind = body.get("recordTypeUuid")
    if not isinstance(kind, str) or kind not in world.record_types:
        raise Refusal(422, "recordTypeUuid must be the uuid of a record type", "recordTypeUuid")
    return record_json(_new_record(world, body, kind))


def update_record(world: World, behaviour: Behaviour, uuid: str, body: JsonObject) -> JsonObject:
    """PATCH /records/{uuid}: core fields, or single values inside `parameters`; null clears."""
    record = record_of(world, uuid)
    checks.only(body, _BODY_FIELDS)
    fields = checks.record_fields(body, creating=False)
    if "parameters" not in body:
        return record_json(world.change_record(record, **fields))
    given = checks.object_of(body["parameters"], "parameters")
    values = checks.parameters(given, _schema(world, record.record_type), creating=False)
    merged = values if behaviour.parameters_patch == "replace" else record.parameters | values
    kept = {name: value for name, value in merged.items() if value is not None}
    return record_json(world.change_record(record, parameters=kept, **fields))


def remove_record(world: World, uuid: str) -> JsonObject:
    """DELETE /records/{uuid}: the contact and its orders in every campaign."""
    world.remove_record(record_of(world, uuid))
    return {"success": True, "message": "Record deleted successfully"}
