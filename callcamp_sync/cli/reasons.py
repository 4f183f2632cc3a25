"""How an explanation is told: lines for people, a document for machines. Phone numbers in requests are masked unless verbose."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from callcamp_sync.cli.telling import issue_document, issue_lines, trace_document, trace_lines
from callcamp_sync.explaining import Candidates, Decision, Earlier, Explanation, OrderWhy, RowWhy, Sending, masked
from callcamp_sync.issues import shorten


def lines(found: Explanation, *, verbose: bool) -> list[str]:
    """The whole explanation as text."""
    told = [f"{found.source.path} and the campaign {found.campaign.name!r} ({found.campaign.uuid})"]
    for row in found.rows:
        told += ["", *_row_lines(row, verbose=verbose)]
    if found.more_rows:
        told += ["", f"and {found.more_rows} more rows"]
    for order in found.orders:
        told += ["", *_order_lines(order, verbose=verbose)]
    if not found.rows and not found.orders:
        told += ["", f"neither the sheet nor the campaign has {found.phone}"]
    told += [
        "",
        "ledger of who must never be called",
        *_or_none([f"  {e.phone}: {e.source}, {_when(e.at)}" for e in found.ledger]),
    ]
    told += ["earlier runs", *_or_none([line for earlier in found.earlier for line in _earlier_lines(earlier)])]
    told += [f"the run would stop before its first write: {guard.message}" for guard in found.guards]
    return [*told, *(f"note: {notice}" for notice in found.notices)]


def document(found: Explanation, *, verbose: bool) -> dict[str, Any]:
    """The whole explanation for machines."""
    return {
        "schema": "callcamp-sync/explain/1",
        "asked": {"row": found.row, "phone": found.phone},
        "campaign": {"uuid": found.campaign.uuid, "name": found.campaign.name},
        "source": {"path": found.source.path, "sheet": found.source.sheet, "sha256": found.source.sha256},
        "rows": [_row_document(row, verbose=verbose) for row in found.rows],
        "more_rows": found.more_rows,
        "orders": [_order_document(order, verbose=verbose) for order in found.orders],
        "ledger": [{"phone": e.phone, "source": e.source, "at": _iso(e.at)} for e in found.ledger],
        "earlier": [_earlier_document(earlier) for earlier in found.earlier],
        "guards": [{"name": g.name, "limit": g.limit, "actual": g.actual, "message": g.message} for g in found.guards],
        "notices": list(found.notices),
    }


# --- text -------------------------------------------------------------------------------------------------------------


def _row_lines(row: RowWhy, *, verbose: bool) -> list[str]:
    # The verdict is told by the decision, and issues with those that the campaign adds.
    told = trace_lines(row.trace, whole=False)
    told += issue_lines(row.issues)
    told += ["which order", *(_candidate_line(one) for one in row.candidates)]
    meant = row.order_uuid or (f"none, but the contact {row.record_uuid}" if row.record_uuid else "none")
    told += [f"  so: {meant}; {row.match}"]
    if row.stands:
        told += ["what stands there now", *(f"  {name}: {_value(value)}" for name, value in row.stands.items())]
    return [*told, *_decision_lines(row.decision), *_sending_lines(row.sendings, verbose=verbose)]


def _order_lines(order: OrderWhy, *, verbose: bool) -> list[str]:
    head = f"order {order.order_uuid} ({order.status}), which no row means"
    return [head, *_decision_lines(order.decision), *_sending_lines(order.sendings, verbose=verbose)]


def _candidate_line(one: Candidates) -> str:
    named = "; ".join(f"{order} ({status})" for order, _, status in one.orders)
    return f"  {one.key} {_value(one.value)}: {one.words}" + (f": {named}" if named else "")


def _decision_lines(decision: Decision) -> list[str]:
    rule = f", by the rule {decision.rule}" if decision.rule else ""
    told = ["decision", f"  {decision.outcome}{rule}: {decision.because}"]
    return [*told, *(f"  {field}: {_value(old)} → {_value(new)}" for field, old, new in decision.changes)]


def _sending_lines(sendings: tuple[Sending, ...], *, verbose: bool) -> list[str]:
    told = []
    for one in sendings:
        told.append(f"  {one.step}: {one.method} {one.route}" + (f", after {one.after}" if one.after else ""))
        if one.body:
            told.append(f"    {json.dumps(_shown(one.body, verbose=verbose), ensure_ascii=False)}")
        if one.expect:
            told.append(f"    only if {_expected(_shown(one.expect, verbose=verbose))}")
    return ["requests", *_or_none(told)]


def _expected(expect: Mapping[str, str | None]) -> str:
    words = {"absent": "no order has the number", "phone": "its number is", "status": "its status is"}
    said = [f"{words.get(name, name.removeprefix('have_') + ' is')} {_value(value)}" for name, value in expect.items()]
    return ", ".join(said)


def _earlier_lines(earlier: Earlier) -> list[str]:
    run = earlier.run
    ended = "not ended" if run.exit_code is None else f"exit {run.exit_code}"
    told = [f"  {run.run_id}, {_when(run.started_at)}: {run.command}, {ended}"]
    for step in earlier.steps:
        answer = f", HTTP {step.http_status}" if step.http_status else ""
        why = "".join(f", {words}" for words in (step.error, step.note) if words)
        told.append(f"    {step.step_id} ({step.kind}): {step.state}{answer}, {step.attempts} sent{why}")
    return told


def _or_none(told: list[str]) -> list[str]:
    return told or ["  none"]


def _value(text: str | None) -> str:
    return "(blank)" if text is None else f"`{shorten(text)}`"


def _when(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "at an unknown time"


# --- document ---------------------------------------------------------------------------------------------------------


def _row_document(row: RowWhy, *, verbose: bool) -> dict[str, Any]:
    traced = trace_document(row.trace)
    for field in traced["fields"]:
        field["stands"] = row.stands.get(field["field"])
    return traced | {
        "issues": [issue_document(told) for told in row.issues],
        "match": {
            "order_uuid": row.order_uuid,
            "record_uuid": row.record_uuid,
            "why": row.match,
            "candidates": [
                {
                    "key": one.key,
                    "value": one.value,
                    "found": one.words,
                    "orders": [{"order_uuid": order, "phone": phone, "status": status} for order, phone, status in one.orders],
                }
                for one in row.candidates
            ],
        },
        "decision": _decision_document(row.decision),
        "requests": [_sending_document(one, verbose=verbose) for one in row.sendings],
    }


def _order_document(order: OrderWhy, *, verbose: bool) -> dict[str, Any]:
    return {
        "order_uuid": order.order_uuid,
        "phone": order.phone,
        "status": order.status,
        "decision": _decision_document(order.decision),
        "requests": [_sending_document(one, verbose=verbose) for one in order.sendings],
    }


def _decision_document(decision: Decision) -> dict[str, Any]:
    changes = [{"field": field, "old": old, "new": new} for field, old, new in decision.changes]
    return {"outcome": decision.outcome, "rule": decision.rule, "because": decision.because, "changes": changes}


def _sending_document(one: Sending, *, verbose: bool) -> dict[str, Any]:
    return {
        "step": one.step,
        "kind": one.kind,
        "method": one.method,
        "route": one.route,
        "body": _shown(one.body, verbose=verbose),
        "after": one.after,
        "expect": _shown(one.expect, verbose=verbose),
    }


def _earlier_document(earlier: Earlier) -> dict[str, Any]:
    run = earlier.run
    return {
        "run": run.run_id,
        "command": run.command,
        "started_at": _iso(run.started_at),
        "exit": run.exit_code,
        "folder": run.folder,
        "steps": [
            {
                "step": step.step_id,
                "kind": str(step.kind),
                "rows": list(step.rows),
                "order_uuid": step.order_uuid,
                "state": step.state,
                "attempts": step.attempts,
                "http_status": step.http_status,
                "error": step.error,
                "note": step.note,
                "intent_at": _iso(step.intent_at),
                "outcome_at": _iso(step.outcome_at),
            }
            for step in earlier.steps
        ],
    }


def _shown(value: Mapping[str, Any], *, verbose: bool) -> Any:
    return dict(value) if verbose else masked(value)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
