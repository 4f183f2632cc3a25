"""Plan, outcomes and a second listing -> how every row and every order ended. Claims nothing that was not read back.

In:  the plan's lines, the outcomes of its steps, and the campaign as it stands afterwards (null when nothing was sent).
Out: lines and orders with their final outcomes, and what did not hold when it was read back.
Pure: no I/O. Every row of the sheet and every order without a row ends in exactly one line: `balance` of the report holds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from callcamp_sync import frames
from callcamp_sync.model import LINE_SCHEMA, ORDER_LINE_SCHEMA, Fate, Outcome, Plan, Step
from callcamp_sync.statuses import CANCELED, GROUPS, RELEASING, Group, fold_status

#: How a row ends when one of its steps did not end well; the first that applies stands.
_BY_FATE = {
    Fate.UNKNOWN: "unknown",
    Fate.REFUSED: "failed",
    Fate.DRIFTED: "drifted",
    Fate.HELD: "held",
    Fate.NOT_ATTEMPTED: "not-attempted",
}
_GRAVEST = tuple(_BY_FATE)

#: Where a released contact may be by the time it is read back: the dialer works on.
_AFTER_RELEASE = (Group.CALLABLE, Group.RUNNING, Group.FINAL, Group.FORBIDDEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """How everything ended. checked: rows and orders that were read back. mismatches: sentences, no phone numbers in them."""

    lines: pl.DataFrame
    orders: pl.DataFrame
    counts: Mapping[str, int]
    missing: Mapping[str, int]
    checked: int
    mismatches: tuple[str, ...]


def reconcile(plan: Plan, outcomes: Sequence[Outcome], after: pl.DataFrame | None, *, complete: bool = True) -> Books:
    """Enter the outcomes into the plan's lines, then hold what is claimed against `after` (snapshot.existing_orders).

    complete: `after` is all that stands; otherwise an order that is not in it proves nothing, and is not counted as checked.
    """
    lines = _entered(plan.lines, _ends([o for o in outcomes if o.row is not None], "row"), "row")
    by_order = {step.id: step.order_uuid for step in plan.steps if not step.rows}
    missing = [o for o in outcomes if o.step in by_order]
    orders = _entered(plan.orders, _ends(missing, "order_uuid"), "order_uuid")
    checked = 0
    said: list[str] = []
    if after is not None:
        lines, orders, checked, said = _read_back(lines, orders, plan, after, complete=complete)
    return Books(
        lines=frames.fit(lines, LINE_SCHEMA),
        orders=frames.fit(orders, ORDER_LINE_SCHEMA),
        counts=count(lines),
        missing=count(orders),
        checked=checked,
        mismatches=tuple(said),
    )


def count(lines: pl.DataFrame) -> dict[str, int]:
    """Outcome -> lines, in the order of the alphabet; outcomes that did not occur are left out."""
    return dict(sorted(lines["outcome"].value_counts().iter_rows()))


def _ends(outcomes: Iterable[Outcome], key: str) -> pl.DataFrame:
    """One line a row (or order): the outcome that its steps give it (null: as planned), the ids that became known, a message."""
    grouped: dict[object, list[Outcome]] = {}
    for outcome in outcomes:
        grouped.setdefault(getattr(outcome, key), []).append(outcome)
    ends = [{key: value, **_end(found)} for value, found in grouped.items()]
    shape = {
        key: "UInt32" if key == "row" else "String",
        "ended": "String",
        "said": "String",
        "made_order": "String",
        "made_record": "String",
    }
    return frames.of_rows(shape, ends)


def _end(outcomes: Sequence[Outcome]) -> dict[str, str | None]:
    worst = min((o for o in outcomes if o.fate in _BY_FATE), key=lambda o: _GRAVEST.index(o.fate), default=None)
    done = any(o.fate is Fate.DONE for o in outcomes)
    said = None
    if worst is not None:
        words = worst.error or "no reason given"
        said = f"partly done, then {worst.kind}: {words}" if done else words
    return {
        "ended": _BY_FATE[worst.fate] if worst else None,
        "said": said,
        "made_order": next((o.order_uuid for o in outcomes if o.order_uuid), None),
        "made_record": next((o.record_uuid for o in outcomes if o.record_uuid), None),
    }


def _entered(lines: pl.DataFrame, ends: pl.DataFrame, key: str) -> pl.DataFrame:
    both = lines.join(ends, on=key, how="left", maintain_order="left")
    ids = {} if key == "order_uuid" else {"order_uuid": pl.coalesce("order_uuid", "made_order")}
    return both.with_columns(
        outcome=pl.coalesce("ended", "outcome"),
        message=pl.coalesce("said", "message"),
        record_uuid=pl.coalesce("record_uuid", "made_record"),
        **ids,
    ).select(lines.columns)


def _read_back(
    lines: pl.DataFrame, orders: pl.DataFrame, plan: Plan, after: pl.DataFrame, *, complete: bool
) -> tuple[pl.DataFrame, pl.DataFrame, int, list[str]]:
    """Hold every claim against what stands now; a claim that does not hold becomes `failed`, with the reason."""
    claimed = lines.filter(pl.col("outcome").is_in(["created", "associated", "updated", "canceled", "removed"]))
    gone = orders.filter(pl.col("outcome").is_in(["canceled", "removed"]))
    if not complete:
        seen = pl.col("order_uuid").is_in(after["order_uuid"].implode())
        claimed, gone = claimed.filter(seen), gone.filter(seen)
    row_faults = pl.concat([_ends_wrong(claimed, after, "row"), _fields_wrong(claimed, plan.changes, after)])
    row_faults = row_faults.unique("row", keep="first", maintain_order=True)
    order_faults = _ends_wrong(gone, after, "order_uuid")
    said = [f"row {row}: {why}" for row, why in row_faults.iter_rows()]
    said += [f"order {order}: {why}" for order, why in order_faults.iter_rows()]
    return _faulted(lines, row_faults, "row"), _faulted(orders, order_faults, "order_uuid"), claimed.height + gone.height, said


def _faulted(lines: pl.DataFrame, faults: pl.DataFrame, key: str) -> pl.DataFrame:
    both = lines.join(faults, on=key, how="left", maintain_order="left")
    wrong = pl.col("why").is_not_null()
    return both.with_columns(
        outcome=pl.when(wrong).then(pl.lit("failed")).otherwise("outcome"),
        message=pl.when(wrong).then(pl.format("the server reported success, but read back {}", "why")).otherwise("message"),
    ).select(lines.columns)


def _ends_wrong(claimed: pl.DataFrame, after: pl.DataFrame, key: str) -> pl.DataFrame:
    """Orders that should be there and are not, or the other way round, or that should be canceled and are not."""
    stands = after.select("order_uuid", now_status="status", now_phone="phone", stands=pl.lit(value=True))
    both = claimed.join(stands.unique("order_uuid"), on="order_uuid", how="left", maintain_order="left")
    there = pl.col("stands").is_not_null()
    removed = pl.col("outcome") == "removed"
    why = (
        pl.when(removed & there)
        .then(pl.lit("the order still stands"))
        .when(~removed & ~there)
        .then(pl.lit("the order is not there"))
        .when((pl.col("outcome") == "canceled") & (pl.col("now_status") != CANCELED))
        .then(pl.format("the order is `{}`", "now_status"))
        .when(pl.col("outcome").is_in(["created", "associated"]) & (pl.col("phone") != pl.col("now_phone")))
        .then(pl.lit("the order has another phone number"))
    )
    return both.select(key, why=why).filter(pl.col("why").is_not_null())


def _fields_wrong(claimed: pl.DataFrame, changes: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Changed fields that do not stand as they were sent. Fields that cannot be read are not judged."""
    keyed = claimed.filter(pl.col("outcome") != "removed").select("row", "order_uuid")
    parts = [frames.empty({"row": "UInt32", "why": "String"})]
    for (field,), group in changes.join(keyed, on="row", how="inner", maintain_order="left").group_by(
        "field", maintain_order=True
    ):
        column = {"status": "status", "phoneNumber": "phone"}.get(str(field), f"have_{field}")
        if column not in after.columns:
            continue
        now = after.select("order_uuid", now=column).unique("order_uuid")
        both = group.join(now, on="order_uuid", how="left", maintain_order="left")
        wrong = _status_wrong(both) if field == "status" else both.filter(pl.col("now").ne_missing(pl.col("new")))
        parts.append(wrong.select("row", why=pl.lit(f"`{field}` is not the value that was sent")))
    return pl.concat(parts)


def _status_wrong(both: pl.DataFrame) -> pl.DataFrame:
    """A released contact may be further by now; every other status must stand as it was sent."""
    further = [name for name, group in GROUPS.items() if group in _AFTER_RELEASE]
    released = pl.col("new").is_in(list(RELEASING)) & pl.col("now").is_in(further)
    return both.filter(pl.col("now").ne_missing(pl.col("new")) & ~released)


def wants_read_back(steps: Sequence[Step], outcomes: Sequence[Outcome]) -> bool:
    """Whether anything was sent that may have changed the campaign."""
    sent = {o.step for o in outcomes if o.fate in (Fate.DONE, Fate.UNKNOWN, Fate.REFUSED) and o.attempts > 0}
    return any(step.id in sent for step in steps)


def statuses_seen(orders: pl.DataFrame) -> dict[str, int]:
    """Canonical status -> orders, for summaries."""
    folded = {status: fold_status(status) for status in orders["status"].drop_nulls().unique()}
    return dict(sorted(orders["status"].replace(folded).drop_nulls().value_counts().iter_rows()))
