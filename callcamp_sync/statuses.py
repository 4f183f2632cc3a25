"""The statuses of an order: one name for every spelling, and what each means for the person behind the number.

Pure: no I/O. Two vocabularies stand in the vendor's pages, and the wire spelling of Do Not Call in none: so statuses are read
without regard to case, spaces, `-` and `_`, and one that no one has heard of is kept (lower case with hyphens) and never
treated as callable.
Rule source: the vendor's page "Campaign Records", "Record order statuses" and the list filter; reference, contradiction 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

REGISTERED = "registered"
PLANNED = "planned"
SCHEDULED = "scheduled"
BUSY = "busy"
CALLING = "calling"
CONTACTED = "contacted"
COMPLETED = "completed"
FAILED = "failed"
NO_ANSWER = "no-answer"
CANCELED = "canceled"
DO_NOT_CALL = "do-not-call"


class Group(StrEnum):
    """What a status means for the person behind the number."""

    QUIET = "quiet"  # assigned, no call planned
    CALLABLE = "callable"  # the dialer will call, or call again
    RUNNING = "running"  # a call is under way
    FINAL = "final"  # contacted: nothing more will be done
    ENDED = "ended"  # a user canceled it
    FORBIDDEN = "forbidden"  # never to be called
    UNKNOWN = "unknown"  # a word that is in no page


GROUPS: dict[str, Group] = {
    REGISTERED: Group.QUIET,
    PLANNED: Group.CALLABLE,
    SCHEDULED: Group.CALLABLE,
    BUSY: Group.CALLABLE,
    NO_ANSWER: Group.CALLABLE,
    FAILED: Group.CALLABLE,
    CALLING: Group.RUNNING,
    CONTACTED: Group.FINAL,
    COMPLETED: Group.FINAL,
    CANCELED: Group.ENDED,
    DO_NOT_CALL: Group.FORBIDDEN,
}

#: What a sheet may ask an order to become; all other statuses are the dialer's to give.
ASKABLE = (REGISTERED, PLANNED, SCHEDULED, CANCELED, DO_NOT_CALL)

#: Statuses that a sheet may ask for and that lead to a call.
RELEASING = (PLANNED, SCHEDULED)

#: What the dialer makes of a released order while it tries: a sheet that asks for the call has what it asked for.
UNDER_WAY = (BUSY, NO_ANSWER, FAILED)

_OTHER_SPELLINGS = {
    "cancelled": CANCELED,
    "incall": CALLING,
}
#: How a server may say Do Not Call in more words. An unknown status could be reopened; this one never.
_NEVER = re.compile(r"(?:onthe|on)?(?:donotcall|dontcall|donotcontact|dnc)(?:again|anymore|ever|list|listed|request|requested)?")

_BY_LETTERS = {name.replace("-", ""): name for name in GROUPS} | _OTHER_SPELLINGS


def fold_status(text: str) -> str:
    """The one name of a status, whatever its spelling: `Do Not Call`, `do_not_call`, `doNotCall`, `DNC` -> `do-not-call`.

    An unknown word comes back in lower case with hyphens ("inReview" -> "in-review"); one without letters and digits stays.
    Never raises; idempotent.
    """
    letters = re.sub(r"[\W_]+", "", text).casefold()
    known = DO_NOT_CALL if _NEVER.fullmatch(letters) else _BY_LETTERS.get(letters)
    if known is not None:
        return known
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", text)
    return re.sub(r"[\s_-]+", "-", apart).strip("-").lower() or text


def group_of(status: str | None) -> Group:
    """The group of a status in any spelling; no status at all is UNKNOWN."""
    return Group.UNKNOWN if status is None else GROUPS.get(fold_status(status), Group.UNKNOWN)


def spellings(seen: Iterable[str | None], configured: Mapping[str, str] | None = None) -> dict[str, str]:
    """How each status is written on the wire: as seen live, else as configured, else lower case with hyphens.

    seen: statuses as the server wrote them, any number of times; the first spelling of each counts.
    """
    live: dict[str, str] = {}
    for text in seen:
        if text is not None:
            live.setdefault(fold_status(text), text)
    return {name: live.get(name) or (configured or {}).get(name) or name for name in (*GROUPS, *live)}
