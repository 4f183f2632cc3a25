"""How fast earlier runs went: kept in the journal, by host and account, for forecasts. I/O: disk, through the journal.

In:  a Desk, what a run took. Out: the Pace of the last run that was long enough to say something.
An account is known by a digest (Client.account): which token it was cannot be told from the file.
"""

from __future__ import annotations

import math

from callcamp_sync.bench import Desk
from callcamp_sync.errors import StateError
from callcamp_sync.model import Pace, Took

#: Shorter runs say more of start and end than of the pace.
LEAST_REQUESTS = 50
LEAST_SECONDS = 1.0

_KEY = "pace"


def recall(desk: Desk) -> Pace | None:
    """The measured pace, never above the limit `rate`; where nothing was measured, that limit; null where there is neither."""
    limit = desk.settings.rate
    kept = desk.journal.recall(desk.settings.host, desk.client.account, _KEY)
    measured = _number(kept)
    if measured is None:
        return Pace(per_second=limit, measured=False) if limit else None
    return Pace(per_second=min(measured, limit or math.inf), measured=True)


def remember(desk: Desk, took: Took) -> None:
    """Keep the pace of a run that was long enough. A journal that cannot be written any more is no reason to lose the report."""
    if took.requests < LEAST_REQUESTS or took.seconds < LEAST_SECONDS:
        return
    try:
        desk.journal.remember(desk.settings.host, desk.client.account, _KEY, f"{took.requests / took.seconds:.3f}")
    except StateError:
        return


def _number(text: str | None) -> float | None:
    try:
        found = float(text) if text else 0.0
    except ValueError:
        return None
    return found if math.isfinite(found) and found > 0 else None
