"""A seed -> a campaign, a sheet of some twenty rows, and what the sheet asks for, known without the code under test.

In:  a seed, a profile. Out: Scenario: rows with their cells, the world before the first run, what each row wants in the end.
Numbers are +1 NPA 555-01XX, reserved for fiction; they are only ever sent to a sandbox on loopback. Pure, but for the world.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from callcamp_sync.sandbox import Behaviour, Campaign, Order, Sandbox, World, bulk_phone
from callcamp_sync.sandbox.entities import RecordType
from callcamp_sync.sandbox.keyed import happens, pick, share, shuffled

from .profiles import Profile

HEADINGS = ("phone", "name", "email", "status", "action", "instructions", "order id")
CAMPAIGN = "Fault drill"
TOKEN = Sandbox().token

_NEVER = ("do-not-call", "Do Not Call", "DNC", "do_not_call")

#: kind of row -> how many of them a sheet has.
_MIX = {
    "new": 5,
    "new planned": 4,
    "new detailed": 1,
    "same": 2,
    "renamed": 2,
    "instructed": 1,
    "to plan": 2,
    "link": 2,
    "link planned": 1,
    "cancel": 1,
    "remove": 1,
    "never": 1,
    "never again": 1,
    "says never": 1,
    "two faces": 1,
    "served": 1,
}

#: Orders that stand in the campaign and in no row.
_EXTRAS = ("registered", "registered", "planned", "contacted", "do-not-call")


class Watch(Protocol):
    """Whatever tells the time of day."""

    def now(self) -> datetime:
        """An aware datetime."""


@dataclass(slots=True)
class Row:
    """One row of the sheet. kind: a word of the mix. wants: the status of its order in the end, None for no order, "any"."""

    kind: str
    phone: str
    cells: dict[str, str]
    wants: str | None = "any"
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Scenario:
    """Everything that a seed decides before anything is sent.

    rows: as the first sheet has them; `sheet(n)` is what the n-th run reads. extras: orders without a row. spoiled: a row that
    cannot be read stands in the sheet.
    """

    seed: int
    profile: Profile
    world: World
    campaign: Campaign
    behaviour: Behaviour
    rows: list[Row]
    extras: list[Order]
    mirror: str | None
    spoiled: bool

    def rows_of(self, run: int) -> list[Row]:
        """The rows in the order in which that run's sheet has them: people sort and insert between two runs."""
        if run == 0 or happens(0.4, self.seed, "same sheet", run):
            return self.rows
        return shuffled(self.rows, self.seed, "sorted", run)

    def write_sheet(self, path: Path, run: int) -> None:
        """The sheet of a run as CSV; row 1 is the header."""
        with path.open("w", encoding="utf-8", newline="") as stream:
            out = csv.DictWriter(stream, HEADINGS, restval="")
            out.writeheader()
            out.writerows(row.cells for row in self.rows_of(run))
            if self.spoiled:
                out.writerow({"phone": "call the office", "name": "Nobody"})


def build(seed: int, profile: Profile, clock: Watch, mix: Mapping[str, int] | None = None) -> Scenario:
    """The scenario of a seed. mix: kind of row -> how many, instead of the usual."""
    world = World(seed=seed, clock=clock.now)
    kind = world.add_record_type("Lead", [{"id": "company", "type": "text", "title": "Company", "required": False}])
    campaign = world.add_campaign(CAMPAIGN, kind, status="active")
    maker = _Maker(world, campaign, kind, seed)
    links = 3 if profile.halves else 1
    rows = [
        maker.row(name)
        for name, count in (mix or _MIX).items()
        for _ in range(count * links if name.startswith("link") else count)
    ]
    extras = [maker.order(status) for status in _EXTRAS]
    mirror = pick(("cancel", "remove"), seed, "on missing") if happens(profile.mirror, seed, "mirror") else None
    return Scenario(
        seed=seed,
        profile=profile,
        world=world,
        campaign=campaign,
        behaviour=Behaviour(
            order=pick(("newest", "oldest", "shuffled"), seed, "order"),
            do_not_call=pick(_NEVER, seed, "spelling"),
            parameters_patch=pick(("merge", "replace"), seed, "patch"),
            time_form=pick(("seconds", "millis"), seed, "time"),
        ),
        rows=shuffled(rows, seed, "rows"),
        extras=extras,
        mirror=mirror,
        spoiled=happens(0.1, seed, "spoiled"),
    )


class _Maker:
    """Makes rows, and what stands in the campaign for them."""

    def __init__(self, world: World, campaign: Campaign, kind: RecordType, seed: int) -> None:
        self._world = world
        self._campaign = campaign
        self._kind = kind
        self._next = int(share(seed, "phones") * 20_000)

    def order(self, status: str, phone: str | None = None) -> Order:
        """A contact that stands in the campaign."""
        phone = phone or self._phone()
        record = self._world.add_record(phone, record_type=self._kind, name=self._name(phone), email="old@example.com")
        return self._world.add_order(self._campaign, record, status=status)

    def row(self, kind: str) -> Row:
        """One row of that kind."""
        if kind.startswith(("new", "link")):
            return self._newcomer(kind)
        status, cells, wants, fields = _KNOWN[kind]
        order = self.order(status)
        phone = order.phone
        if kind == "two faces":
            self.order("do-not-call", phone)
            cells = {**cells, "order id": order.uuid}
        return Row(kind, phone, {"phone": phone, "name": self._name(phone), **cells}, wants, dict(fields))

    def _newcomer(self, kind: str) -> Row:
        phone = self._phone()
        wants = "planned" if kind.endswith("planned") else "registered"
        cells = {"phone": phone, "name": self._name(phone)}
        if wants == "planned":
            cells["status"] = "planned"
        if kind == "new detailed":
            cells["instructions"] = "Mention the early bird discount."
        if kind.startswith("link"):
            self._world.add_record(phone, record_type=self._kind, name=self._name(phone))
        return Row(kind, phone, cells, wants, {"name": cells["name"]})

    def _phone(self) -> str:
        self._next += 1
        return bulk_phone(self._next)

    @staticmethod
    def _name(phone: str) -> str:
        return f"Canary {phone[2:5]} {phone[-4:]}"


#: kind -> status that stands, cells beside phone and name, status wanted in the end, fields wanted in the end.
_KNOWN: dict[str, tuple[str, dict[str, str], str | None, dict[str, Any]]] = {
    "same": ("registered", {}, "registered", {}),
    "renamed": ("registered", {"email": "new@example.com"}, "registered", {"email": "new@example.com"}),
    "instructed": ("busy", {"instructions": "Ask for the buyer."}, "busy", {"instructions": "Ask for the buyer."}),
    "to plan": ("registered", {"status": "planned", "instructions": "Be brief."}, "planned", {"instructions": "Be brief."}),
    "cancel": ("planned", {"action": "cancel"}, "canceled", {}),
    "remove": ("registered", {"action": "remove"}, None, {}),
    "never": ("do-not-call", {"status": "planned"}, "do-not-call", {}),
    "never again": ("do-not-call", {"status": "planned"}, "any", {}),
    "says never": ("planned", {"status": "Do not call"}, "do-not-call", {}),
    "two faces": ("registered", {"status": "planned"}, "registered", {}),
    "served": ("contacted", {"status": "planned"}, "contacted", {}),
}
