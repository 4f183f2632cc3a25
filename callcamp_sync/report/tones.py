"""Outcomes in colours and in a few words, the same in the workbook, on the page and in Markdown. Pure: tables only.

A colour is never the only sign: wherever one is shown, the outcome's name stands beside it.
Rule source: design document, section 3 (outcomes).
"""

from __future__ import annotations

from collections.abc import Mapping

from callcamp_sync.errors import ExitCode
from callcamp_sync.sheets.tabs import Colour

#: The colour of an outcome: green was done, yellow is for people to decide, red is wrong or open, grey stayed as it was.
COLOURS: Mapping[str, Colour] = {
    "created": "green",
    "associated": "green",
    "updated": "blue",
    "canceled": "orange",
    "removed": "orange",
    "rejected": "red",
    "held": "yellow",
    "protected": "yellow",
    "drifted": "yellow",
    "failed": "red",
    "unknown": "red",
    "not-attempted": "red",
    "duplicate": "grey",
    "unchanged": "grey",
    "kept": "grey",
}

#: The colour of a step's end (model.Fate).
FATES: Mapping[str, Colour] = {
    "done": "green",
    "refused": "red",
    "unknown": "orange",
    "drifted": "yellow",
    "held": "yellow",
    "not-attempted": "grey",
}

#: What an outcome means, for somebody who reads it for the first time.
MEANINGS: Mapping[str, str] = {
    "created": "new in the campaign",
    "associated": "known contacts, linked to the campaign",
    "updated": "changed in the campaign",
    "unchanged": "already as the sheet says",
    "canceled": "no call will be made",
    "removed": "taken out of the campaign",
    "duplicate": "the same contact as another row",
    "rejected": "the row is wrong: correct it",
    "held": "not certain what is meant: decide",
    "protected": "a rule forbids the change",
    "drifted": "the campaign changed since the plan",
    "failed": "the server refused",
    "unknown": "sent, and no answer came yet",
    "not-attempted": "not sent",
    "kept": "left as they are",
}

_CALM = (ExitCode.OK, ExitCode.CHANGES)
_WARNED = (ExitCode.ROWS, ExitCode.GUARD, ExitCode.LOCKED, ExitCode.INTERRUPTED, ExitCode.TERMINATED)


def of_exit(code: int) -> Colour:
    """The colour of a run that ended with this exit code."""
    if code in _CALM:
        return "green"
    return "yellow" if code in _WARNED else "red"
