"""How the sandbox answers where the vendor's contract leaves the answer open. Pure data: no I/O, no clock.

In:  nothing. Out: `Behaviour`, a frozen set of choices that the listings, the mutations and the gate read on every request.
The defaults are the unfriendly reading wherever that reading could hurt a client that trusts too much.
Rule source: the vendor's page "Campaign Records", and the list of what no page says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ListOrder = Literal["newest", "oldest", "shuffled"]

#: How the truth names the status Do Not Call; on the wire it is spelled as Behaviour.do_not_call says.
DO_NOT_CALL = "do-not-call"

#: Statuses that an order can be given, beside Do Not Call.
STATUSES = (
    "registered",
    "planned",
    "scheduled",
    "busy",
    "calling",
    "contacted",
    "completed",
    "failed",
    "no-answer",
    "canceled",
)

#: What the list's `status` filter takes, by the vendor's page; anything else is refused.
STATUS_FILTERS = frozenset({"registered", "planned", "calling", "completed", "failed", "busy", "no-answer"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """One way that Callcamp may behave.

    latency_ms: what a request takes at least; half passes before the world is touched, half before the answer leaves.
    rate: requests a second for each token, None for no limit; burst: how many may come at once (default: one second's worth).
    retry_after: the form of the header on a 429.
    order: of every list; "shuffled" is stable while things come and go.
    created_status: of a create without `status`. associated_status: of an order made by associate.
    associate_foreign: an unknown record or one of another record type: "reject" the batch (422), "skip" it silently, or
    "partial": link what stands before it, then 422. associate_limit: the largest batch, beyond it 400.
    parameters_patch: whether PATCH of a record merges `parameters` or replaces them whole.
    statuses: what an order's `status` may be, without Do Not Call. do_not_call: how that one is spelled on the wire.
    time_form: how an instant comes back: 2026-05-10T14:30:00Z, or with ".000" before the Z.
    """

    latency_ms: float = 0.0
    rate: float | None = None
    burst: int | None = None
    retry_after: Literal["seconds", "date", "none"] = "seconds"
    order: ListOrder = "newest"
    created_status: str = "planned"
    associated_status: str = "registered"
    associate_foreign: Literal["reject", "skip", "partial"] = "reject"
    associate_limit: int = 100
    parameters_patch: Literal["merge", "replace"] = "merge"
    statuses: tuple[str, ...] = STATUSES
    do_not_call: str = "do-not-call"
    time_form: Literal["seconds", "millis"] = "seconds"

    def spell(self, status: str) -> str:
        """A status of the truth as it stands on the wire."""
        return self.do_not_call if status == DO_NOT_CALL else status

    def read_status(self, text: object) -> str | None:
        """A status from the wire as the truth keeps it; None when the wire's word is not one (letter case counts)."""
        if text == self.do_not_call:
            return DO_NOT_CALL
        return text if isinstance(text, str) and text in self.statuses else None
