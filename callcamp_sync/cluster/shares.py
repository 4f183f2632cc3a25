"""Who may send how much of an account's limit, at every moment no more than all of it. Pure: no I/O, no clock.

In:  what each job says: that it wants to send, and which part it keeps to now. Out: the part that it may keep to from now on.
Rules: those who want to send share evenly. A part that was given counts until its holder says that it keeps to a smaller one, so
a newcomer waits for the others to make room; who left, or whose worker died, holds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class _Seat:
    """One job. most: the part that it may be using, at the most. place: the worker that it runs on."""

    place: str
    most: float = 0.0
    wants: bool = True


class Shares:
    """The accounts of one scheduler."""

    def __init__(self) -> None:
        self._accounts: dict[str, dict[str, _Seat]] = {}

    def ask(self, account: str, job: str, *, place: str, holds: float, wants: bool) -> float:
        """The part that the job may keep to, 0 to 1. holds: what it keeps to now. wants: whether it has anything to send."""
        seats = self._accounts.setdefault(account, {})
        seat = seats.setdefault(job, _Seat(place))
        if seat.place != place:  # begun anew elsewhere: what the former worker held is not held by this one
            seat = seats[job] = _Seat(place)
        seat.wants, seat.most = wants, holds
        fair = 1 / sum(one.wants for one in seats.values()) if wants else 0.0
        free = 1 - sum(one.most for name, one in seats.items() if name != job)
        given = min(fair, max(free, 0.0))
        seat.most = max(holds, given)
        return given

    def leave(self, account: str, job: str) -> None:
        """The job has ended."""
        seats = self._accounts.get(account, {})
        seats.pop(job, None)
        if not seats:
            self._accounts.pop(account, None)

    def lose(self, place: str) -> None:
        """The worker is gone, and with it whatever ran there."""
        for account, seats in list(self._accounts.items()):
            for job in [name for name, seat in seats.items() if seat.place == place]:
                self.leave(account, job)

    def used(self, account: str) -> float:
        """How much of the limit may be in use."""
        return sum(seat.most for seat in self._accounts.get(account, {}).values())
