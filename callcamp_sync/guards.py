"""The limits on the whole plan, checked before the first write. Each names its numbers and the one flag that lifts it.

In:  a Difference, the size of the sheet and of the campaign, the limits. Out: one Guard each, tripped or not.
Pure: no I/O. Rule source: interface document, "Guards". There is no flag that lifts all.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from callcamp_sync.diff import Difference
from callcamp_sync.errors import UnsafePlanError
from callcamp_sync.model import Guard, Limit

#: Shares mean little on small numbers: these guards count only from so many rows or orders up.
SMALL = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the user allowed; null is the default of the guard."""

    max_create: Limit | None = None
    max_update: Limit | None = None
    max_remove: Limit | None = None
    max_invalid: Limit | None = None
    max_shrink: Limit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """The wholes that shares are of. rows: of the sheet. orders: of the campaign. standing: orders that are not canceled.

    last_valid: valid rows of the last applied run of this campaign and mapping, null when there was none.
    """

    rows: int
    orders: int
    standing: int
    last_valid: int | None


def check(difference: Difference, sizes: Sizes, limits: Limits) -> tuple[Guard, ...]:
    """Every guard of the plan, in the order in which people read them."""
    counts = dict(difference.rows["act"].drop_nulls().value_counts().iter_rows())
    outcomes = dict(difference.rows["outcome"].value_counts().iter_rows())
    missing = difference.orders.filter(pl.col("outcome").is_in(["canceled", "removed"])).height
    leaving = missing + counts.get("cancel", 0) + counts.get("remove", 0)
    invalid = outcomes.get("rejected", 0) + outcomes.get("held", 0)
    valid = sizes.rows - invalid
    return (
        _empty(sizes.rows, valid),
        _remove(leaving, sizes, limits.max_remove),
        _shrink(valid, missing, sizes, limits.max_shrink),
        _update(counts.get("update", 0), sizes.orders, limits.max_update),
        _create(counts.get("create", 0) + counts.get("associate", 0), sizes.orders, limits.max_create),
        _invalid(invalid, sizes.rows, limits.max_invalid),
    )


def refuse(guards: tuple[Guard, ...]) -> None:
    """Raise UnsafePlanError when a guard tripped, naming each one's numbers and flag."""
    tripped = [guard for guard in guards if guard.tripped]
    if tripped:
        cures = [f"pass `{guard.flag} {guard.actual}`" for guard in tripped]
        liftable = all(guard.flag for guard in tripped)  # where one is not, the flags of the others would change nothing
        hint = "check that the sheet is complete" + (", or " + " and ".join(cures) if liftable else "")
        raise UnsafePlanError("; ".join(guard.message for guard in tripped), hint=hint)


def _empty(rows: int, valid: int) -> Guard:
    few = {0: "the sheet has no rows", 1: "the only row of the sheet is not valid"}
    message = few.get(rows, f"no row of the sheet is valid ({rows} rows)")
    return Guard(name="empty-sheet", limit=1, actual=valid, tripped=valid == 0, flag=None, message=message)


def _remove(leaving: int, sizes: Sizes, allowed: Limit | None) -> Guard:
    """Cancel and remove together; by default never all that stand."""
    limit = allowed.of(sizes.orders) if allowed else max(sizes.orders // 10, 5)
    empties = allowed is None and leaving > 0 and leaving >= sizes.standing
    over = leaving > limit
    why = f"over {allowed or 'the larger of 10 % and 5'}" if over else "which would leave none"
    message = f"the plan cancels or removes {leaving} of {sizes.orders} orders, {why}"
    return Guard(name="max-remove", limit=limit, actual=leaving, tripped=over or empties, flag="--max-remove", message=message)


def _shrink(valid: int, missing: int, sizes: Sizes, allowed: Limit | None) -> Guard:
    """No removal from a sheet that lost many rows since the last run; counts rows that are gone."""
    before = sizes.last_valid or 0
    gone = max(before - valid, 0)
    limit = allowed.of(before) if allowed else int(before * 0.3)
    message = f"the sheet has {valid} valid rows, {gone} fewer than in the last run, and the plan takes {missing} orders out"
    return Guard(
        name="shrunken-sheet",
        limit=limit if before else None,
        actual=gone,
        tripped=missing > 0 and before > 0 and gone > limit,
        flag="--max-shrink",
        message=message,
    )


def _update(updated: int, orders: int, allowed: Limit | None) -> Guard:
    counted = allowed is not None or orders >= SMALL
    limit = (allowed.of(orders) if allowed else int(orders * 0.6)) if counted else None
    message = f"the plan updates {updated} of {orders} orders, over {allowed or '60 %'}"
    tripped = limit is not None and updated > limit
    return Guard(name="max-update", limit=limit, actual=updated, tripped=tripped, flag="--max-update", message=message)


def _create(created: int, orders: int, allowed: Limit | None) -> Guard:
    limit = allowed.of(orders) if allowed else None
    message = f"the plan adds {created} contacts, over {allowed}"
    tripped = limit is not None and created > limit
    return Guard(name="max-create", limit=limit, actual=created, tripped=tripped, flag="--max-create", message=message)


def _invalid(invalid: int, rows: int, allowed: Limit | None) -> Guard:
    counted = allowed is not None or rows >= SMALL
    limit = (allowed.of(rows) if allowed else int(rows * 0.3)) if counted else None
    message = f"{invalid} of {rows} rows were rejected or held, over {allowed or '30 %'}"
    tripped = limit is not None and invalid > limit
    return Guard(name="max-invalid", limit=limit, actual=invalid, tripped=tripped, flag="--max-invalid", message=message)
