"""What the end of one attempt means, and how long to wait before the next one. Pure: no I/O, no clock of its own.

In:  method, status (None when no answer came), whether the request may have reached the server, whether the answer keeps
     the contract; headers as text.
Out: a Verdict; seconds.
Rule source: design, section 4 (a create whose answer was lost is never sent again blindly); RFC 9110, sections 9.2.2
     (idempotent methods), 10.2.3 (Retry-After) and 15; RFC 6585, section 4 (429).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from random import Random

#: Attempts of one request that end in failure (throttled ones are counted apart: the shared gate paces those).
ATTEMPTS = 4

#: Throttled answers to one request before it is given up.
THROTTLES = 30

#: Longest wait that a server may ask for, seconds.
LONGEST_WAIT = 60.0

_FIRST_BACKOFF = 0.5
_LONGEST_BACKOFF = 8.0


class Verdict(StrEnum):
    """What one attempt proved."""

    DONE = "done"
    RETRY = "retry"  # certainly not executed, or repeatable without harm
    REFUSED = "refused"  # answered no: the same request gets the same answer
    UNKNOWN = "unknown"  # may have been executed; only a fresh look at the campaign can tell


def judge(method: str, status: int | None, *, maybe_sent: bool = True, readable: bool = True) -> Verdict:
    """The verdict on one attempt.

    method: upper case; everything but GET counts as a write. status: None when no whole answer came. maybe_sent: False only
    if no byte of the request left us. readable: whether a 2xx body parsed and carries what the contract says.
    A redirect is not followed: an answer of something that is not the API proves nothing about a write.
    A 408 on a write proves nothing either: a proxy may say it after it has passed the request on.
    """
    reads = method == "GET"
    if not maybe_sent or status in (425, 429):
        return Verdict.RETRY
    if status is None or status >= 500 or status == 408:
        return Verdict.RETRY if reads else Verdict.UNKNOWN
    if 200 <= status < 300 and readable:
        return Verdict.DONE
    if status >= 400 or reads:
        return Verdict.REFUSED
    return Verdict.UNKNOWN


def delay(attempt: int, retry_after: float | None, rng: Random) -> float:
    """Seconds to wait after failed attempt number `attempt` (from 1).

    retry_after: what the server asked for, or None; it is kept to, up to LONGEST_WAIT. "0" says nothing useful, so it counts
    as None. Otherwise full jitter: a random share of 0.5 s, doubled with every attempt up to 8 s.
    """
    if retry_after is not None and retry_after > 0:
        return min(retry_after, LONGEST_WAIT)
    ceiling = min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2.0 ** min(attempt - 1, 16))
    return rng.uniform(0, ceiling)


def retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Seconds that `Retry-After` asks for, from 0 to LONGEST_WAIT; None where it is absent or cannot be read.

    headers: lower-case names. A date is taken relative to the answer's own `Date`, so that a wrong clock on either side does
    no harm; `now` (aware) serves where that is missing. Of several numbers the longest counts.
    """
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    numbers = [_number(part) for part in text.split(",")]
    known = [number for number in numbers if number is not None]
    if known and len(known) == len(numbers):
        return _clamped(max(known))
    until = instant(text)
    if until is None:
        return None
    return _clamped((until - (instant(headers.get("date", "")) or now)).total_seconds())


def _clamped(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) else number


def instant(text: str) -> datetime | None:
    """An HTTP date, aware; None for anything else."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
