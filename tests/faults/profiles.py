"""Which misfortune befalls which request: one profile a kind of bad day, rates and choices decided by keys.

In:  a seed, a Heard. Out: the name of a fault and the fault, or None.
Delays are multiples of the client's time-out; the longest is shorter than the grace period (Timing), which is what the grace
period is for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from callcamp_sync.sandbox import mischief
from callcamp_sync.sandbox.front import Fault, Heard
from callcamp_sync.sandbox.keyed import happens, pick, share


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds, all in the loop's time: the client's time-out, its wait before a second look, its grace; the latest commit."""

    timeout: float = 10.0
    settle: float = 5.0
    grace: float = 120.0

    @property
    def latest(self) -> float:
        """The longest that the server ever takes."""
        return 10 * self.timeout


TIMING = Timing()

#: What leaves a write without an answer that proves anything, before or after it was carried out.
LOST: Mapping[str, Fault] = {
    "reset before": mischief.reset_before,
    "reset after": mischief.reset_after,
    "closed after": mischief.closed_after,
    "cut body": mischief.cut,
    "slow drip": mischief.drip,
    **{f"{code} before": mischief.status(code, after=False) for code in (500, 502, 503, 504)},
    **{f"{code} after": mischief.status(code, after=True) for code in (500, 502, 503, 504)},
    "html 200 before": mischief.page(mischief.HTML, after=False),
    "html 200 after": mischief.page(mischief.HTML, after=True),
    "empty 200 before": mischief.page(b"", after=False),
    "empty 200 after": mischief.page(b"", after=True),
}
_LATE: Mapping[str, Fault] = {
    f"late {multiple:g}x": mischief.late(multiple * TIMING.timeout) for multiple in (0.3, 1.5, 10.0, 10.0)
}
_BUSY: Mapping[str, Fault] = {
    f"429 {form!r}": mischief.throttle(form)
    for form in ("1", "0", None, "-5", "2, 1", "soon", "3.5", "86400", "Fri, 01 May 2026 12:00:02 GMT")
}
_HURT: Mapping[str, Fault] = {"422": mischief.refuse(422, "this number cannot be assigned to the campaign")}
_LISTS: Mapping[str, Fault] = {
    "lying total +1": mischief.lying_total(1),
    "lying total -2": mischief.lying_total(-2),
    "duplicate page": mischief.same_page,
    "unknown status": mischief.unknown_status,
    "missing fields": mischief.missing_fields,
}
_READ: Mapping[str, Fault] = {
    name: fault for name, fault in LOST.items() if "after" not in name or name in ("reset after", "closed after")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A kind of bad day.

    lost, late, busy, hurt, hollow, halves: shares of writes. read: of reads that fail. lists: of pages that are edited.
    doors: how the door may close in the middle. liar: the share of runs in which every list's total is wrong. small_pages: pages
    of seven. dialer, person: shares of requests after which they act. rival: a second run starts while the first works.
    stops: the run is interrupted. mirror: the share of seeds whose sheet is mirrored.
    """

    name: str
    lost: float = 0.0
    late: float = 0.0
    busy: float = 0.0
    hurt: float = 0.0
    hollow: float = 0.0
    halves: float = 0.0
    read: float = 0.0
    lists: float = 0.0
    liar: float = 0.0
    doors: tuple[str, ...] = ()
    small_pages: bool = False
    dialer: float = 0.0
    person: float = 0.0
    rival: bool = False
    stops: bool = False
    mirror: float = 0.3


PROFILES = (
    Profile(name="wire", lost=0.25, read=0.03),
    Profile(name="late", late=0.35, lost=0.05),
    Profile(name="people", lost=0.25, hollow=0.06, dialer=0.25, person=0.15),
    Profile(name="pages", lists=0.15, read=0.02, liar=0.9, small_pages=True, person=0.1, mirror=1.0),
    Profile(name="doors", lost=0.05, doors=("401", "301", "302", "307")),
    Profile(name="rival", lost=0.1, late=0.05, rival=True),
    Profile(name="load", busy=0.25, hurt=0.05, lost=0.03),
    Profile(name="links", halves=0.5, lost=0.25, hurt=0.05, mirror=0.5),
    Profile(name="stops", lost=0.1, late=0.1, stops=True, dialer=0.1),
    Profile(name="all", lost=0.08, late=0.08, busy=0.05, hurt=0.03, hollow=0.03, halves=0.2, read=0.02, lists=0.04, dialer=0.1,
            person=0.06, small_pages=True, mirror=0.5),
)  # fmt: skip

CALM = Profile(name="calm")

#: Every page of every list of a run: counted as one fault.
_WHOLE_RUN = "lying totals"


class Weather:
    """The faults of one scenario. `calm` ends them all; `begin` is told of every run."""

    def __init__(self, seed: int, profile: Profile, elsewhere: str) -> None:
        self.calm = False
        self.injected: dict[str, int] = {}
        self._seed = seed
        self._profile = profile
        self._elsewhere = elsewhere
        self._shut: str | None = None
        self._run = 0
        self._counted = -1

    def begin(self, run: int) -> None:
        """Another run of the client begins; the door is open again."""
        self._run = run
        self._shut = None

    @property
    def lies(self) -> bool:
        """Whether every total is wrong during this run."""
        return not self.calm and happens(self._profile.liar, self._seed, "liar", self._run)

    def choose(self, heard: Heard) -> tuple[str, Fault] | None:
        """The fault of one request, by its key."""
        if self.calm:
            return None
        found = self._write(heard) if heard.writes else self._read(heard)
        if found is not None and not (found[0] == _WHOLE_RUN and self._counted == self._run):
            self.injected[found[0]] = self.injected.get(found[0], 0) + 1
            self._counted = self._run if found[0] == _WHOLE_RUN else self._counted
        return found

    def _key(self, heard: Heard) -> tuple[object, ...]:
        return self._seed, heard.client, heard.method, heard.route, heard.key, heard.attempt

    def _write(self, heard: Heard) -> tuple[str, Fault] | None:
        profile, key = self._profile, self._key(heard)
        if door := self._door(heard):
            return door
        if heard.route == "associate" and len(heard.body["recordUuids"]) > 1 and happens(profile.halves, "halves", *key):
            return "partial associate", mischief.half_linked
        tables = (
            (profile.lost, LOST),
            (profile.late, _LATE),
            (profile.busy, _BUSY),
            (profile.hurt if heard.attempt == 1 else 0.0, _HURT),
            (profile.hollow, {"hollow success": mischief.hollow}),
        )
        return _chosen(tables, key)

    def _door(self, heard: Heard) -> tuple[str, Fault] | None:
        """Once shut by one request, the door stays shut for every later write of this run."""
        doors = self._profile.doors
        if doors and self._shut is None and self._run < 3 and happens(0.12, self._seed, "door", self._run, heard.key):
            self._shut = pick(doors, self._seed, "door", self._run)
        if self._shut is None:
            return None
        if self._shut == "401":
            return "401 from here on", mischief.refuse(401, "token expired")
        return f"redirect {self._shut}", mischief.redirect(int(self._shut), f"{self._elsewhere}/api/campaigns")

    def _read(self, heard: Heard) -> tuple[str, Fault] | None:
        profile, key = self._profile, self._key(heard)
        if self._shut == "401":
            return "401 from here on", mischief.refuse(401, "token expired")
        if heard.route == "orders" and self.lies:
            return _WHOLE_RUN, mischief.lying_total(2)
        lists = _LISTS if heard.route == "orders" else {}
        return _chosen(((profile.read, _READ), (profile.busy / 4, _BUSY), (profile.lists if lists else 0.0, lists)), key)


def _chosen(tables: tuple[tuple[float, Mapping[str, Fault]], ...], key: tuple[object, ...]) -> tuple[str, Fault] | None:
    """One fault of one table, the tables weighed by their rates."""
    at = share("fault", *key)
    for rate, table in tables:
        if at < rate:
            name = pick(tuple(table), *key)
            return name, table[name]
        at -= rate
    return None
