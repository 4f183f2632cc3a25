"""What an answer's headers, or the account, say about the server's limit: several dialects, one Hint. Pure: no I/O, no clock.

In:  headers with lower-case names and the time of day; the JSON of `/auth/me`.
Out: a Hint, or None where nothing usable is said. What cannot be read counts as not said; nothing raises.
Rule source: draft-ietf-httpapi-ratelimit-headers (`RateLimit`, `RateLimit-Policy`; up to -06 `RateLimit-Limit`, `-Remaining`,
     `-Reset`), the older `X-RateLimit-*`, where the reset may be seconds, or an instant in seconds or milliseconds since 1970 or
     as a date. The shape of the usage in `/auth/me` is not documented: names are looked for, whatever holds them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from callcamp_sync.api.retry import instant

#: No reset lies further ahead, seconds: a day and a little. What does is no reset.
_FURTHEST = 100_000.0

#: Numbers above these are instants since 1970, in seconds or in milliseconds.
_EPOCH_SECONDS, _EPOCH_MILLISECONDS = 1e9, 1e11

#: A limit over more seconds than this is a store, not a pace: 5,000 an hour may well be spent in ten minutes.
PACED_SECONDS = 120.0

_FAMILIES = ("ratelimit-", "x-ratelimit-", "x-rate-limit-")

#: Names in the account's JSON, folded, that say so many requests in so many seconds.
_PER_SECONDS = {
    **dict.fromkeys(("persecond", "requestspersecond", "rps", "ratepersecond"), 1.0),
    **dict.fromkeys(("perminute", "requestsperminute", "rpm", "limitperminute"), 60.0),
}
_LIMITS = ("limit", "quota", "max", "maxrequests", "total")
_REMAINING = ("remaining", "left", "available")
_RESETS = ("reset", "resetin", "resetseconds", "resetafter", "resetsin")
_WINDOWS = ("window", "windowseconds", "period", "periodseconds", "interval")
_DEEPEST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """limit: requests in `window` seconds. remaining: how many are left of it. reset: seconds until there are more again."""

    limit: float | None = None
    window: float | None = None
    remaining: float | None = None
    reset: float | None = None

    @property
    def rate(self) -> float | None:
        """Requests a second that may be sent for ever, where that is said over a short time."""
        return self.limit / self.window if self.limit and self.window and self.window <= PACED_SECONDS else None


def from_headers(headers: Mapping[str, str], *, now: datetime) -> Hint | None:
    """What the answer says. now: aware; serves for resets that are instants, where the answer has no `Date` of its own."""
    if not any("rate" in name and "limit" in name for name in headers):
        return None
    reference = instant(headers.get("date", "")) or now
    said = [_structured(headers), *(_family(headers, family, reference) for family in _FAMILIES)]
    return _known(next((hint for hint in said if hint is not None and hint.remaining is not None), _first(said)))


def from_account(said: object) -> Hint | None:
    """What `/auth/me` says of the limit, if an object anywhere in it is called by a name with "rate" or "quota" in it."""
    return _known(_first(map(_usage, _objects(said, _DEEPEST, wanted=False))))


def _first(hints: Iterator[Hint | None] | list[Hint | None]) -> Hint | None:
    return next((hint for hint in hints if hint is not None), None)


def _known(hint: Hint | None) -> Hint | None:
    """None for a Hint that nothing follows from: a limit without its time, nothing left without an end."""
    if hint is None or (hint.rate is None and (hint.remaining is None or hint.reset is None)):
        return None
    return hint


def _structured(headers: Mapping[str, str]) -> Hint | None:
    """`RateLimit: "default";r=50;t=30` and `RateLimit-Policy: "default";q=100;w=60`; of several the tightest."""
    policies = [_parameters(part) for part in headers.get("ratelimit-policy", "").split(",")]
    rated = [
        (limit / window, limit, window)
        for one in policies
        if (limit := one.get("q", one.get(""))) and (window := one.get("w")) and window <= PACED_SECONDS
    ]
    _, limit, window = min(rated, default=(0.0, None, None))
    text = headers.get("ratelimit", "")
    # Up to draft -07 the parts were joined by commas: `limit=100, remaining=50, reset=30`.
    lefts = [_parameters(text)] if "remaining=" in text else [_parameters(part) for part in text.split(",")]
    left = min(lefts, key=lambda one: one.get("r", one.get("remaining", math.inf)))
    remaining, reset = left.get("r", left.get("remaining")), left.get("t", left.get("reset"))
    if limit is None and remaining is None:
        return None
    return Hint(limit=limit or left.get("limit"), window=window, remaining=remaining, reset=_ahead(reset))


def _family(headers: Mapping[str, str], family: str, reference: datetime) -> Hint | None:
    """`…-Limit`, `…-Remaining`, `…-Reset`; the limit may bring its window: `100, 100;w=60`."""
    limit = headers.get(f"{family}limit", "")
    remaining = _number(headers.get(f"{family}remaining", "").split(",")[0])
    windows = [one["w"] for part in limit.split(",") if "w" in (one := _parameters(part))]
    first = _number(re.split(r"[,;]", limit)[0])
    if first is None and remaining is None:
        return None
    reset = _reset(headers.get(f"{family}reset", ""), reference)
    return Hint(limit=first or None, window=min(windows, default=None), remaining=remaining, reset=reset)


def _parameters(text: str) -> dict[str, float]:
    """`"name";q=100;w=60` -> q and w; a bare number goes under "". Numbers that are not finite and positive are left out."""
    found: dict[str, float] = {}
    for part in re.split(r"[;,]", text):
        name, is_pair, value = part.strip().rpartition("=")
        number = _number(value)
        if number is not None:
            found.setdefault(name.strip().lower() if is_pair else "", number)
    return found


def _number(text: object) -> float | None:
    """A finite number from 0 up, or None."""
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        return None
    try:
        number = float(text)
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number < math.inf else None


def _reset(text: str, reference: datetime) -> float | None:
    number = _number(text.split(",", maxsplit=1)[0])
    if number is None:
        moment = instant(text)
        return None if moment is None else _ahead((moment - reference).total_seconds())
    if number > _EPOCH_SECONDS:
        number = number / (1000 if number > _EPOCH_MILLISECONDS else 1) - reference.timestamp()
    return _ahead(number)


def _ahead(seconds: float | None) -> float | None:
    return None if seconds is None or seconds > _FURTHEST else max(0.0, seconds)


def _fold(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())


def _objects(said: object, deep: int, *, wanted: bool) -> Iterator[Mapping[str, object]]:
    """The objects under a name that speaks of a rate or a quota, outer ones first."""
    if not isinstance(said, dict) or deep < 0:
        return
    if wanted:
        yield said
    for name, inner in said.items():
        if isinstance(name, str):
            folded = _fold(name)
            yield from _objects(inner, deep - 1, wanted=wanted or "ratelimit" in folded or "quota" in folded)


def _usage(said: Mapping[str, object]) -> Hint | None:
    """One object as a Hint: the tightest of its `per…` names, else its limit and window."""
    given = {_fold(name): number for name, value in said.items() if (number := _number(value)) is not None}
    rated = [(given[name] / seconds, given[name], seconds) for name, seconds in _PER_SECONDS.items() if given.get(name)]
    if rated:
        _, requests, seconds = min(rated)
        return Hint(limit=requests, window=seconds)
    limit, window, remaining, reset = (_named(given, names) for names in (_LIMITS, _WINDOWS, _REMAINING, _RESETS))
    if limit is None and remaining is None:
        return None
    return Hint(limit=limit or None, window=window or None, remaining=remaining, reset=_ahead(reset))


def _named(given: Mapping[str, float], names: tuple[str, ...]) -> float | None:
    return next((given[name] for name in names if name in given), None)
