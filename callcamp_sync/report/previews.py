"""A plan as a table for people, before anything is sent. Pure: no I/O, no colour.

In:  a model.Plan.
Out: counts per outcome, requests per kind, what it would take, every guard (tripped or not), notices, old -> new per field; safe
for any terminal.
Changes to contacts that are there already stand before those of new ones, which have no old value to lose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import polars as pl

from callcamp_sync.model import Guard, OrderOutcome, Plan, RowOutcome, StepKind
from callcamp_sync.report.forecasts import expected
from callcamp_sync.report.terminal import counted, cut, number, pad
from callcamp_sync.report.verdicts import guard_words, ordered, sentences

_SHOWN = 20
_NAME, _VALUE = 16, 30


def plan_table(plan: Plan, *, width: int = 100) -> str:
    """The plan in blocks, each with a heading line; at most 20 changes, then how many more the report has. No final line feed."""
    blocks = [
        _head(plan, width),
        _counts("Rows of the sheet", _outcomes(plan.lines, list(RowOutcome))),
        _counts("Orders without a row", _outcomes(plan.orders, list(OrderOutcome))),
        _counts("Requests to send", ordered(Counter(str(step.kind) for step in plan.steps), list(StepKind)))
        or ["Requests to send: none"],
        ["Forecast", f"  {expected(plan.forecast)}"] if plan.forecast else [],
        _guards(plan.guards),
        _changes(plan, width),
        _notices(plan, width),
    ]
    return "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks if block)


def _head(plan: Plan, width: int) -> list[str]:
    tab = f", tab {plan.source.sheet}" if plan.source.sheet else ""
    whole = "" if plan.complete else ", NOT PROVED COMPLETE: no removals"
    if plan.searched is not None:
        whole = f", not listed: searched for {counted(plan.searched, 'number')}"
    listing = counted(plan.total_orders, "order") + whole
    return [
        cut(f"Plan {plan.id}", width),
        cut(f"  campaign  {plan.campaign.name} ({plan.campaign.uuid}), {plan.campaign.status or 'status not shown'}", width),
        cut(f"  listed    {listing}", width),
        cut(f"  sheet     {plan.source.path}{tab}: {counted(plan.source.rows, 'row')}", width),
    ]


def _outcomes(frame: pl.DataFrame, names: list[str]) -> dict[str, int]:
    return ordered(dict(frame.get_column("outcome").value_counts().iter_rows()), names)


def _counts(title: str, counts: Mapping[str, int]) -> list[str]:
    if not counts:
        return []
    return [title, *(f"  {pad(name, _NAME)}{number(count):>11}" for name, count in counts.items())]


def _guards(guards: tuple[Guard, ...]) -> list[str]:
    """Every guard; never cut, because the flag that lifts it stands at the end."""
    lines = []
    for guard in guards:
        lift = f" (lift it with {guard.flag} {guard.actual})" if guard.tripped and guard.flag else ""
        lines.append(f"  {pad(guard.name, _NAME)}{'TRIPPED' if guard.tripped else 'ok':<9}{guard_words(guard)}{lift}")
    return ["Guards", *lines] if lines else []


def _changes(plan: Plan, width: int) -> list[str]:
    """The first changes, those of contacts that are there already before those of new ones."""
    new = plan.lines.filter(pl.col("outcome") == str(RowOutcome.CREATED)).get_column("row")
    listed = plan.changes.with_columns(fresh=pl.col("row").is_in(new.implode())).sort("fresh", "row", maintain_order=True)
    lines = [
        cut(f"  {'row ' + str(row):<11}{pad(field, 28)} {cut(_value(old), _VALUE)} → {cut(_value(new), _VALUE)}", width)
        for row, field, old, new in listed.head(_SHOWN).select("row", "field", "old", "new").iter_rows()
    ]
    if listed.height > _SHOWN:
        lines.append(f"  and {number(listed.height - _SHOWN)} more in the report")
    return ["Changes (old → new)", *lines] if lines else []


def _value(text: str | None) -> str:
    return "(blank)" if text is None else text


def _notices(plan: Plan, width: int) -> list[str]:
    notices = sentences(plan)
    return ["Notices", *(cut(f"  - {notice}", width) for notice in notices)] if notices else []
