"""The health gate: is what arrived what usually arrives? Each guard has a number and one flag that lifts it and no other.

In:  facts about a file (before it is read), an Arrival (read and mapped), the Past, the limits. Out: one Guard each, tripped or
not. Pure: no I/O, no clock. Rule source: issue 6, item 2. A tripped guard ends the job with exit 8, and nothing is sent.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

import polars as pl

from callcamp_sync.model import Arrival, Guard, Limit
from callcamp_sync.night import Past

#: Shares mean little on small numbers: they count only from so many rows up.
SMALL = 20

_BAND = Limit(percent=50)
_BLANKS = Limit(percent=5)
_PHONES = Limit(percent=50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What a job allows of a file that arrives.

    max_no_file: runs in a row without one. max_age: seconds since the file was written, null for any. max_same: runs in a row
    that may take the same file again, null for any. max_rows_change, max_blank_keys, max_changed_phones: null is the guard's own
    default. max_headers: headings that are gone or new.
    """

    max_no_file: int = 0
    max_age: float | None = None
    max_same: int | None = None
    max_rows_change: Limit | None = None
    max_headers: int = 0
    max_blank_keys: Limit | None = None
    max_changed_phones: Limit | None = None


# --- before the file is read --------------------------------------------------------------------------------------------


def no_file(past: Past, habits: Habits, source: str) -> Guard:
    """Nothing is there. Within the limit the job has nothing to do; over it, somebody has to look."""
    runs = past.without + 1
    message = f"no file matches `{source}`" + (f", for {runs} runs in a row" if runs > 1 else "")
    return _guard("no-file", habits.max_no_file, runs, message, flag="--max-no-file")


def half_written(grown: int, waited: float, source: str) -> Guard:
    """grown: bytes by which the file was still changing when the wait was over."""
    message = f"`{source}` is still being written: it changed by {grown} bytes within {waited:g} s"
    return Guard(
        name="half-written",
        limit=0,
        actual=grown,
        tripped=grown > 0,
        flag="--stable-seconds",
        message=message,
    )


def old_file(age: float, habits: Habits, source: str) -> Guard:
    """age: seconds since the file was written. The guard counts in whole minutes."""
    limit = None if habits.max_age is None else int(habits.max_age // 60)
    minutes = max(int(age // 60), 0)
    message = f"`{source}` was written {_span(minutes)} ago, over {_span(limit or 0)}"
    return _guard("old-file", limit, minutes, message, flag="--max-age")


def same_file(sha256: str, past: Past, habits: Habits, source: str) -> Guard:
    """The same bytes as the last good file had."""
    again = past.repeated if sha256 == past.sha256 else 0
    message = f"`{source}` is the same file again: {again} good runs in a row took it"
    return _guard("same-file", habits.max_same, again, message, flag="--max-same")


# --- when it was read ---------------------------------------------------------------------------------------------------


def check(arrival: Arrival, past: Past, habits: Habits) -> tuple[Guard, ...]:
    """The guards of a file that was read, in the order in which people read them; without a past there is nothing to compare."""
    return (
        _rows(arrival, past, habits.max_rows_change),
        _headers(arrival, past, habits.max_headers),
        _blanks(arrival, past, habits.max_blank_keys),
        _phones(arrival, past, habits.max_changed_phones),
    )


def pack(phones: Iterable[str]) -> bytes:
    """Numbers as `Arrival.phones` has them; what is no E.164 number is left out."""
    digits = {int(phone[1:]) for phone in phones if phone.startswith("+") and phone[1:].isascii() and phone[1:].isdigit()}
    return array("Q", sorted(digits)).tobytes()


def cure(guard: Guard) -> str:
    """What to do about a guard that tripped, with the one flag that lifts it."""
    # A run without a file is one more run without a file, and a file is older by then.
    later = {"half-written": "0", "old-file": f"{guard.actual + 60}m", "no-file": str(guard.actual + 1)}
    value = later.get(guard.name, str(guard.actual))
    return f"look at where the file comes from; if it is right, pass `{guard.flag} {value}` once, or change the job's key"


def _rows(arrival: Arrival, past: Past, allowed: Limit | None) -> Guard:
    usual = int(median(past.rows)) if past.rows else 0
    counted = bool(past.rows) and (allowed is not None or usual >= SMALL)
    off = abs(arrival.rows - usual) if past.rows else 0
    message = f"the file has {arrival.rows} rows, {off} off the {usual} that are usual, over {allowed or _BAND}"
    limit = (allowed or _BAND).of(usual) if counted else None
    return _guard("rows-changed", limit, off, message, flag="--max-rows-change")


def _headers(arrival: Arrival, past: Past, allowed: int) -> Guard:
    before, now = past.headings or (), arrival.headings
    gone = [heading for heading in before if heading not in now]
    new = [heading for heading in now if heading not in before] if past.headings is not None else []
    told = [f"gone: {_named(gone)}"] if gone else []
    told += [f"new: {_named(new)}"] if new else []
    message = "the file has other headings than the last one, " + "; ".join(told)
    limit = None if past.headings is None else allowed
    return _guard("headers-changed", limit, len(gone) + len(new), message, flag="--max-headers")


def _blanks(arrival: Arrival, past: Past, allowed: Limit | None) -> Guard:
    counted = bool(past.rows) and (allowed is not None or arrival.rows >= SMALL)
    more = max(arrival.blank_keys - round(past.blank_share * arrival.rows), 0) if past.rows else 0
    message = (
        f"{arrival.blank_keys} of {arrival.rows} rows have no readable key, {more} more than usual, over {allowed or _BLANKS}"
    )
    limit = (allowed or _BLANKS).of(arrival.rows) if counted else None
    return _guard("blank-keys", limit, more, message, flag="--max-blank-keys")


def _phones(arrival: Arrival, past: Past, allowed: Limit | None) -> Guard:
    now, before = _numbers(arrival.phones), _numbers(past.phones)
    changed = now.filter(~now.is_in(before.implode())).len() if before.len() else 0
    counted = bool(before.len()) and (allowed is not None or now.len() >= SMALL)
    message = f"{changed} of {now.len()} phone numbers were not in the last file, over {allowed or _PHONES}"
    limit = (allowed or _PHONES).of(now.len()) if counted else None
    return _guard("phones-changed", limit, changed, message, flag="--max-changed-phones")


def _numbers(packed: bytes) -> pl.Series:
    return pl.Series(array("Q", packed).tolist(), dtype=pl.UInt64)


def _guard(name: str, limit: int | None, actual: int, message: str, *, flag: str) -> Guard:
    tripped = limit is not None and actual > limit
    return Guard(name=name, limit=limit, actual=actual, tripped=tripped, flag=flag, message=message)


def _named(headings: list[str]) -> str:
    shown = ", ".join(f"`{heading}`" for heading in headings[:5])
    return shown + (f" and {len(headings) - 5} more" if len(headings) > 5 else "")


def _span(minutes: int) -> str:
    """`90 min`, `26 h`, `3 d`: the largest unit that says it in full, hours from two hours up."""
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 2 * 24 * 60 else f"{minutes // (24 * 60)} d"
