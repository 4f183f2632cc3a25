"""What `resume` takes up: which run, how its steps ended so far, and what is left of its plan. Sends nothing.

In:  the journal, a host, a plan. Out: the run to resume, the outcomes of its steps over all runs of that plan, the plan's rest.
A plan that another run came after is never taken up: it would bring an older sheet's wishes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from callcamp_sync.errors import NotFoundError, StalePlanError
from callcamp_sync.journal import Journal, RunRow
from callcamp_sync.model import Fate, Outcome, Plan, StepKind


def last_unfinished(journal: Journal, host: str) -> RunRow:
    """The newest run on this host that left something open.

    Of each campaign only the newest run counts: it began with a look at what older ones left, and an older plan, carried out
    after it, would bring an older sheet back.
    """
    judged: set[str] = set()
    for row in journal.runs(limit=1000):
        if row.host != host or row.dry_run or row.campaign in judged:
            continue
        judged.add(row.campaign)
        left = any(row.counts.get(name) or row.missing.get(name) for name in ("unknown", "not-attempted"))
        if row.finished_at is None or row.pending or left:
            return row
    raise NotFoundError("no run has left anything open", hint="see `callcamp-sync runs list`")


def refuse_overtaken(journal: Journal, run: RunRow) -> None:
    """A plan that another run came after would put an older sheet's wishes over newer ones."""
    for row in journal.runs(limit=10_000):
        same = row.host == run.host and row.campaign == run.campaign and not row.dry_run
        if same and row.plan_id != run.plan_id and row.started_at > run.started_at:
            hint = "sync the sheet again: what is unknown is settled by it"
            raise StalePlanError(f"run `{row.run_id}` came after run `{run.run_id}`", hint=hint)


def earlier(journal: Journal, plan: Plan) -> list[Outcome]:
    """How the plan's steps ended in earlier runs; what was not attempted, or is proved absent, is left out: it may be sent."""
    found: dict[tuple[str, int | None], Outcome] = {}
    runs = [row.run_id for row in journal.runs(limit=1000) if row.plan_id == plan.id]
    for row in (step for run_id in reversed(runs) for step in journal.steps(run_id)):
        fate = Fate.UNKNOWN if row.state == "intent" else Fate(row.state)
        number = row.rows[0] if row.rows else None
        if fate is Fate.NOT_ATTEMPTED:
            found.pop((row.step_id, number), None)
            continue
        found[row.step_id, number] = Outcome(
            step=row.step_id,
            kind=row.kind,
            fate=fate,
            row=number,
            order_uuid=row.order_uuid,
            record_uuid=row.record_uuid,
            http_status=row.http_status,
            error=row.error,
            attempts=row.attempts,
        )
    return list(found.values())


def todo(plan: Plan, ended: Sequence[Outcome]) -> Plan:
    """The plan without the steps, and the contacts of a link, that ended before."""
    over = {(outcome.step, outcome.row) for outcome in ended}
    left = []
    for step in plan.steps:
        if step.kind is StepKind.ASSOCIATE:
            records = tuple(r for r in step.records if (step.id, r[0]) not in over)
            if records:
                body = {"recordUuids": [record for _, record, _ in records]}
                left.append(replace(step, records=records, rows=tuple(r[0] for r in records), body=body))
        elif (step.id, step.rows[0] if step.rows else None) not in over:
            left.append(step)
    return replace(plan, steps=tuple(left))
