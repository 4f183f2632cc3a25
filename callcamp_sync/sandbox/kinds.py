"""The kinds of faults that a script can name: what each takes, where it can befall, and what it does. Pure: a table.

In:  the name of a kind and its parameters as they stand in the script. Out: a Fault (mischief.py), or ValueError in words for
whoever wrote the script.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from callcamp_sync.sandbox import mischief
from callcamp_sync.sandbox.front import Fault, Heard

#: A parameter's reader: takes the value from the script, raises ValueError that says what is wanted.
Reader = Callable[[object], Any]

_LISTS = frozenset({"campaigns", "records", "orders", "calls"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """does: in words. parameters: name -> (reader, default; None: it must be said). fits: which requests it can befall at all."""

    does: str
    make: Callable[..., Fault]
    parameters: Mapping[str, tuple[Reader, object | None]] = field(default_factory=dict)
    fits: Callable[[Heard], bool] = lambda heard: True


def number(low: float, high: float, *, whole: bool = False) -> Reader:
    """A number from low to high, both included."""

    def read(value: object) -> float:
        right = isinstance(value, int) or (isinstance(value, float) and not whole)
        if isinstance(value, bool) or not right or not low <= float(str(value)) <= high:
            raise ValueError(f"a {'whole ' if whole else ''}number from {low:g} to {high:g}")
        return value  # type: ignore[return-value]  # narrowed by `right`

    return read


def word(*allowed: str) -> Reader:
    """One of these words, or any text where none is named."""

    def read(value: object) -> str:
        if not isinstance(value, str) or (allowed and value not in allowed) or any(c in value for c in "\r\n"):
            raise ValueError(" or ".join(f"`{one}`" for one in allowed) if allowed else "a text of one line")
        return value

    return read


def _code(low: int, high: int) -> Reader:
    return number(low, high, whole=True)


def _retry_after(value: object) -> str | int:
    """Seconds, or a text that is sent as it is."""
    return word()(value) if isinstance(value, str) else int(number(-1_000_000, 10**12, whole=True)(value))


def _throttle(retry_after: str | int, form: str) -> Fault:
    def headers() -> dict[str, str]:
        if form == "none":
            return {}
        if form == "date" and isinstance(retry_after, int):
            now = time.time()
            return {"retry-after": formatdate(now + retry_after, usegmt=True), "date": formatdate(now, usegmt=True)}
        return {"retry-after": str(retry_after)}

    return mischief.throttled(headers)


def _is_list(heard: Heard) -> bool:
    return heard.method == "GET" and heard.route in _LISTS


def _is_orders(heard: Heard) -> bool:
    return heard.method == "GET" and heard.route == "orders"


def _is_create_or_more(heard: Heard) -> bool:
    creates = heard.method == "POST" and heard.route == "orders" and isinstance(heard.body, dict) and "record" in heard.body
    changes = heard.method == "PATCH" and isinstance(heard.body, dict)
    return creates or changes or heard.method == "DELETE" or heard.route == "associate"


def _links_several(heard: Heard) -> bool:
    uuids = heard.body.get("recordUuids") if heard.route == "associate" and isinstance(heard.body, dict) else None
    return isinstance(uuids, list) and len(uuids) > 1


_WHEN = {"when": (word("before", "after"), "before")}

KINDS: Mapping[str, Kind] = {
    "status": Kind(
        does="answers `code` (a 5xx), `before` it was carried out or `after`; 502 and 504 as a proxy's web page",
        make=lambda code, when: mischief.status(code, after=when == "after"),
        parameters={"code": (_code(500, 599), 503), **_WHEN},
    ),
    "reset": Kind(
        does="resets the connection, `before` it was carried out or `after`",
        make=lambda when: mischief.reset_after if when == "after" else mischief.reset_before,
        parameters=_WHEN,
    ),
    "close": Kind(does="carries it out and closes the connection without a byte", make=lambda: mischief.closed_after),
    "cut": Kind(does="carries it out and sends half of the answer", make=lambda: mischief.cut),
    "drip": Kind(
        does="carries it out and sends a blank every `seconds`, for ever",
        make=lambda seconds: lambda wire: mischief.drip(wire, seconds),
        parameters={"seconds": (number(0.01, 60), 0.7)},
    ),
    "late": Kind(
        does="carries it out and answers `seconds` later, whoever is still there to hear of it",
        make=mischief.late,
        parameters={"seconds": (number(0, 600), None)},
    ),
    "html": Kind(
        does="answers 200 with a web page (a hotel's sign-in), `before` it was carried out or `after`",
        make=lambda when: mischief.page(mischief.HTML, after=when == "after"),
        parameters=_WHEN,
    ),
    "empty": Kind(
        does="answers 200 with nothing in it, `before` it was carried out or `after`",
        make=lambda when: mischief.page(b"", after=when == "after"),
        parameters=_WHEN,
    ),
    "throttle": Kind(
        does="answers 429; `retry_after` (seconds, or any text) as it stands, as a `date`, or not at all (`none`)",
        make=_throttle,
        parameters={"retry_after": (_retry_after, 1), "form": (word("as-is", "date", "none"), "as-is")},
    ),
    "refuse": Kind(
        does="answers `code` (a 4xx) with `words`: 401 for a token that has expired, 403, 404, 422 …",
        make=mischief.refuse,
        parameters={"code": (_code(400, 499), None), "words": (word(), "refused by the fault script")},
    ),
    "redirect": Kind(
        does="answers `code` (a 3xx) with `location`",
        make=mischief.redirect,
        parameters={"code": (_code(300, 399), 302), "location": (word(), None)},
    ),
    "hollow": Kind(
        does="says that a create, a change, a removal or a link was done, and does nothing",
        make=lambda: mischief.hollow,
        fits=_is_create_or_more,
    ),
    "partial-associate": Kind(
        does="of several contacts to link, links the first half and says success",
        make=lambda: mischief.half_linked,
        fits=_links_several,
    ),
    "lying-total": Kind(
        does="adds `off` to the `total` of a list's page",
        make=mischief.lying_total,
        parameters={"off": (number(-(10**6), 10**6, whole=True), 1)},
        fits=_is_list,
    ),
    "page-shift": Kind(
        does="shifts a list's page, from the second on: `by` above 0 repeats items of the page before, below 0 leaves some out",
        make=mischief.shifted,
        parameters={"by": (number(-100, 100, whole=True), 1)},
        fits=_is_list,
    ),
    "same-page": Kind(does="answers with page 1, whatever page is asked for", make=lambda: mischief.same_page, fits=_is_list),
    "unknown-status": Kind(
        does="shows every third order of a page in a status that no page knows",
        make=lambda: mischief.unknown_status,
        fits=_is_orders,
    ),
    "missing-fields": Kind(
        does="leaves fields out of every fourth order of a page, and adds one",
        make=lambda: mischief.missing_fields,
        fits=_is_orders,
    ),
}
