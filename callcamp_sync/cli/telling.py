"""How a row that was followed is told: lines for people, a document for machines. Knows the values, not how they came about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from callcamp_sync.issues import shorten

if TYPE_CHECKING:
    from callcamp_sync.tracing import FieldTrace, RowTrace, Told


def trace_lines(traced: RowTrace, *, whole: bool = True) -> list[str]:
    """A row's way from its cells to its values. whole: with its issues and its verdict, as far as the sheet alone can tell."""
    lines = [f"row {traced.row}", "cells"]
    lines += [f"  {heading}: {_cell(cell)}" for heading, cell in traced.cells.items()]
    lines += ["values"]
    for one in traced.fields:
        lines += _field_lines(one)
    return [*lines, *issue_lines(traced.issues), _verdict(traced)] if whole else lines


def issue_lines(issues: tuple[Told, ...]) -> list[str]:
    """Issues with their cure, or nothing."""
    lines = [f"  {told.code} ({told.verdict}): {told.message}\n    cure: {told.cure}" for told in issues]
    return ["issues", *"\n".join(lines).split("\n")] if lines else []


def trace_document(traced: RowTrace) -> dict[str, Any]:
    """The same for machines."""
    return {
        "row": traced.row,
        "phone": traced.phone,
        "verdict": traced.verdict,
        "cells": dict(traced.cells),
        "fields": [
            {
                "field": one.field.name,
                "kind": one.field.kind.value,
                "cells": dict(one.cells),
                "mapped": one.mapped,
                "value": one.value,
                "steps": list(one.steps),
            }
            for one in traced.fields
        ],
        "issues": [issue_document(told) for told in traced.issues],
    }


def issue_document(told: Told) -> dict[str, Any]:
    """One issue for machines."""
    return {
        "code": told.code,
        "verdict": told.verdict,
        "heading": told.heading,
        "message": told.message,
        "cure": told.cure,
    }


def _field_lines(one: FieldTrace) -> list[str]:
    value = "left alone" if one.value is None else _cell(one.value)
    return [
        f"  {one.field.name} ({' / '.join(one.cells) or 'constant'}): {value}",
        *(f"    {shorten(step, 200)}" for step in one.steps),
    ]


def _cell(text: str | None) -> str:
    return "(blank)" if text is None else f"`{shorten(text)}`"


def _verdict(traced: RowTrace) -> str:
    return f"the row is {traced.verdict}" if traced.verdict else "the row goes on"
