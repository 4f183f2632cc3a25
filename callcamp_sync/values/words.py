"""Words from a fixed list: bools, countries, currencies, statuses, actions, choices. One cell -> its canonical word. Pure.

In:  a stripped cell. Out: a Reading. Case never matters; spelling-blindness beyond that is for statuses alone.
Rule source: the vendor's pages use two vocabularies of statuses, both are known here; what no one has heard of is kept, in
lower case with hyphens, so that it can be shown and compared, and is never taken for another.
"""

from __future__ import annotations

from collections.abc import Callable

from callcamp_sync.statuses import ASKABLE, GROUPS, fold_status
from callcamp_sync.values.codes import COUNTRIES, CURRENCIES
from callcamp_sync.values.reading import Reading, good, wrong

_TRUE = frozenset({"true", "yes", "y", "1", "on"})
_FALSE = frozenset({"false", "no", "n", "0", "off"})
_ACTIONS = frozenset({"cancel", "remove", "skip"})

_CHOICES_SHOWN = 20


def read_status(text: str) -> Reading:
    """Read a status. Issue code: status-unknown, with what a sheet may ask for."""
    status = fold_status(text)
    return good(status) if status in GROUPS else wrong("status-unknown", ", ".join(ASKABLE))


def read_action(text: str) -> Reading:
    """Read what the row itself asks for. Issue code: action-unknown."""
    return good(text.casefold()) if text.casefold() in _ACTIONS else wrong("action-unknown")


def read_bool(text: str) -> Reading:
    """Read yes or no, in the words and digits that English sheets use. Issue code: bool-unreadable."""
    word = text.casefold()
    if word in _TRUE:
        return good("true")
    return good("false") if word in _FALSE else wrong("bool-unreadable")


def read_country(text: str) -> Reading:
    """Read an ISO 3166-1 alpha-2 code. Issue code: country-unknown."""
    return good(text.upper()) if text.upper() in COUNTRIES else wrong("country-unknown")


def read_currency(text: str) -> Reading:
    """Read an ISO 4217 code. Issue code: currency-unknown."""
    return good(text.upper()) if text.upper() in CURRENCIES else wrong("currency-unknown")


def choice_reader(choices: tuple[str, ...]) -> Callable[[str], Reading]:
    """A reader for these choices: the choice's own spelling, whatever the cell's case. Without choices every text is good.

    The reader's issue code: choice-unknown, with the choices.
    """
    if not choices:
        return good
    exact = {choice.strip(): choice for choice in reversed(choices)}
    folded = {choice.strip().casefold(): choice for choice in reversed(choices)}
    more = f" and {len(choices) - _CHOICES_SHOWN} more" if len(choices) > _CHOICES_SHOWN else ""
    listed = ", ".join(choices[:_CHOICES_SHOWN]) + more

    def read(text: str) -> Reading:
        choice = exact.get(text) or folded.get(text.casefold())
        return good(choice) if choice is not None else wrong("choice-unknown", listed)

    return read
