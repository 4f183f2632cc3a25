"""The words that a drop-down offers for a kind of field. Pure, but for the names of zones that zoneinfo reads.

In:  a kind, and the choices of a select.
Out: words, each of which reads as a good value of that kind; none where there is no list.
Rule source: the readers of this room (words.py, times.py); only statuses that a sheet may ask for are offered.
"""

from __future__ import annotations

from callcamp_sync.fields import Kind
from callcamp_sync.statuses import ASKABLE
from callcamp_sync.values.codes import COUNTRIES, CURRENCIES
from callcamp_sync.values.times import zone_names


def offered(kind: Kind, choices: tuple[str, ...] = ()) -> tuple[str, ...]:
    """What a cell of that kind may hold, in the order in which a list shows it; () where there is no list.

    choices: of a select; a select without known choices has no list.
    """
    if kind is Kind.SELECT:
        return choices
    if kind is Kind.TIMEZONE:
        return _zones()
    lists: dict[Kind, tuple[str, ...]] = {
        Kind.BOOL: ("yes", "no"),
        Kind.COUNTRY: tuple(sorted(COUNTRIES)),
        Kind.CURRENCY: tuple(sorted(CURRENCIES)),
        Kind.STATUS: ASKABLE,
        Kind.ACTION: ("skip", "cancel", "remove"),
    }
    return lists.get(kind, ())


def _zones() -> tuple[str, ...]:
    """Zones by continent and city, and UTC: the names that people look for. The others are read, too, but not offered."""
    continents = ("Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/", "Australia/")
    return tuple(n for n in sorted(zone_names()) if n == "UTC" or n.startswith((*continents, "Europe/", "Indian/", "Pacific/")))
