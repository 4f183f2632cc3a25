"""A Plan as a JSON document and back: what `plan -o` saves, `apply` reads and `resume` finds in the journal.

In: a Plan. Out: a mapping of plain values, frames as columns. Round trip: load(document(plan)) == plan, frame by frame.
Pure: no I/O. A document of another version, or one that was edited, is a StalePlanError: its digest no longer fits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import polars as pl

from callcamp_sync import frames
from callcamp_sync.errors import StalePlanError, UsageError
from callcamp_sync.model import (
    CHANGE_SCHEMA,
    ISSUE_SCHEMA,
    LINE_SCHEMA,
    ORDER_LINE_SCHEMA,
    CampaignInfo,
    Forecast,
    Guard,
    Pace,
    Plan,
    SourceInfo,
    Step,
    StepKind,
)
from callcamp_sync.steps import digest

SCHEMA = "callcamp-sync/plan/1"

_FRAMES = {"lines": LINE_SCHEMA, "changes": CHANGE_SCHEMA, "orders": ORDER_LINE_SCHEMA, "issues": ISSUE_SCHEMA}


def document(plan: Plan) -> dict[str, Any]:
    """The plan as plain values. `digests.document` covers all the rest, so that an edited plan is noticed."""
    body: dict[str, Any] = {
        "schema": SCHEMA,
        "id": plan.id,
        "created_at": plan.created_at.isoformat(),
        "expires_at": plan.expires_at.isoformat(),
        "host": plan.host,
        "campaign": asdict(plan.campaign),
        "source": asdict(plan.source) | {"warnings": list(plan.source.warnings)},
        "settings": dict(plan.settings),
        "digests": {name: value for name, value in plan.digests.items() if name != "document"},
        "complete": plan.complete,
        "total_orders": plan.total_orders,
        "searched": plan.searched,
        "guards": [asdict(guard) for guard in plan.guards],
        "notices": list(plan.notices),
        "seen_orders": plan.seen_orders.sort().to_list(),
        "said_never": list(plan.said_never),
        "forecast": asdict(plan.forecast) if plan.forecast else None,
        "steps": [_step_document(step) for step in plan.steps],
        **{name: getattr(plan, name).to_dict(as_series=False) for name in _FRAMES},
    }
    body["digests"] = body["digests"] | {"document": digest(body)}
    return body


def load(data: Any) -> Plan:
    """The plan that a document holds. Raises UsageError when it is none, StalePlanError when it is not as it was written."""
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise UsageError(
            f"this is not a saved plan (`{SCHEMA}`)", hint="make one with `callcamp-sync plan SHEET -c CAMPAIGN -o plan.json`"
        )
    try:
        return _read(data)
    except (KeyError, TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise StalePlanError("the saved plan is damaged", hint="make a new one with `callcamp-sync plan`") from error


def _read(data: dict[str, Any]) -> Plan:
    digests = dict(data["digests"])
    said = digests.pop("document")
    if digest(data | {"digests": digests}) != said:
        raise StalePlanError("the saved plan was changed after it was made", hint="make a new one with `callcamp-sync plan`")
    return Plan(
        id=data["id"],
        created_at=datetime.fromisoformat(data["created_at"]),
        expires_at=datetime.fromisoformat(data["expires_at"]),
        host=data["host"],
        campaign=CampaignInfo(**data["campaign"]),
        source=SourceInfo(**(data["source"] | {"warnings": tuple(data["source"]["warnings"])})),
        settings=data["settings"],
        digests=data["digests"],
        steps=tuple(_step(step) for step in data["steps"]),
        guards=tuple(Guard(**guard) for guard in data["guards"]),
        notices=tuple(data["notices"]),
        complete=data["complete"],
        total_orders=data["total_orders"],
        searched=data.get("searched"),
        seen_orders=pl.Series("order_uuid", data["seen_orders"], pl.String),
        said_never=tuple(data.get("said_never", ())),
        forecast=_forecast(data.get("forecast")),
        **{name: pl.DataFrame(data[name], schema=frames.schema(shape)) for name, shape in _FRAMES.items()},
    )


def _forecast(data: Mapping[str, Any] | None) -> Forecast | None:
    if data is None:
        return None
    pace = Pace(**data["pace"]) if data["pace"] else None
    return Forecast(requests=data["requests"], calls=data["calls"], pace=pace)


def _step_document(step: Step) -> dict[str, Any]:
    return {name: value for name, value in asdict(step).items() if value not in (None, (), {})} | {"kind": str(step.kind)}


def _step(data: Mapping[str, Any]) -> Step:
    known = dict(data)
    known["kind"] = StepKind(known["kind"])
    known["rows"] = tuple(known.get("rows", ()))
    known["records"] = tuple((row, record, phone) for row, record, phone in known.get("records", ()))
    return Step(**known)
