"""What a plan leaves as it is and a person should know: orders of people who must not be called, and that will be called. Pure.

In:  a plan's steps, the orders as they stand, and who must not be called (person keys, see policy).
Out: sentences for the report. The plan itself changes nothing about them: only a person says Do Not Call, order by order.
Rule source: design, section 4, promise 2: Do Not Call is about the person, not about one order.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from callcamp_sync.drift import sets_never
from callcamp_sync.model import Step, StepKind
from callcamp_sync.policy import is_group
from callcamp_sync.sides import Wishes
from callcamp_sync.statuses import Group


def still_callable(steps: Sequence[Step], orders: pl.DataFrame, wishes: Wishes) -> tuple[str, ...]:
    """A sentence where an order of somebody who must not be called is callable, and no step ends that.

    orders: snapshot.existing_orders.
    """
    leaving = (StepKind.CANCEL, StepKind.REMOVE)
    ended = [step.order_uuid for step in steps if step.order_uuid and (step.kind in leaving or sets_never(step))]
    callable_ = is_group(pl.col("status"), Group.CALLABLE) & wishes.is_never(pl.col("phone"))
    left = orders.filter(callable_ & ~pl.col("order_uuid").is_in(ended)).height
    if not left:
        return ()
    told = (
        "1 order of somebody who must not be called is" if left == 1 else f"{left:,} orders of people who must not be called are"
    )
    cure = "`callcamp-sync hygiene` names them; set each to Do Not Call by its order id"
    return (f"{told} still to be called in this campaign, and this plan does not change that: {cure}",)
