"""Random sheets and campaigns for whole runs over real HTTP, and what each cell says, known without the code under test.

In:  strategies draw a Case: contacts that stand in the campaign, rows of a sheet, flags, a behaviour of the server.
Out: `world_of` builds the sandbox's truth, `Stage` carries a run out against it; `rows_of` gives each row back with its cells as
     values, so that a test judges the outcome by the sheet itself.
Every cell is drawn from a table of spellings with their meaning: nothing here reads text as the tool does.
Numbers are +1 201 555 01XX, reserved for fiction; they are only ever sent to a sandbox on loopback.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from callcamp_sync import pipeline
from callcamp_sync.bench import Bench, Request
from callcamp_sync.model import Report
from callcamp_sync.sandbox import Behaviour, Commit, Order, Sandbox, World
from callcamp_sync.settings import load


def runs(examples: int) -> settings:
    """Whole runs cost a tenth of a second each: few, the same on every machine, and not shrunk, which would take minutes."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )


NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
CAMPAIGN = "campaign-1"
PHONES = tuple(f"+120155501{line:02}" for line in range(9))

#: Every guard lifted by its own flag: for laws about what is sent, not about how much.
LIFTED = dict.fromkeys(("max_create", "max_update", "max_remove", "max_invalid", "max_shrink"), "1000")

#: Do Not Call as a server may spell it.
NEVER_SPELLINGS = ("Do Not Call", "do-not-call", "do_not_call", "DNC", "doNotCall")

#: How a person may write each number, by the region that the run is told.
SPELLED = {
    "US": (
        lambda p: p,
        lambda p: f"({p[2:5]}) {p[5:8]}-{p[8:]}",
        lambda p: f"011 1 {p[2:]}",
        lambda p: f" +1 {p[2:5]}.{p[5:8]}-{p[8:]} ",
        lambda p: p.translate({ord(c): ord(c) + 0xFEE0 for c in "+0123456789"}),
    ),
    "GB": (
        lambda p: p,
        lambda p: f"00{p[1:]}",
        lambda p: f"00 1 ({p[2:5]}) {p[5:]}",
        lambda p: f"+1-{p[2:5]}-{p[5:]}",
        lambda p: p.translate({ord(c): ord(c) + 0xFEE0 for c in "+0123456789"}),
    ),
}

GONE = None  # the cell empties the field

#: heading -> cell -> what it says; blank cells say nothing and stand in no table.
CELLS: dict[str, dict[str, Any]] = {
    "Name": {"Ada": "Ada", " Bo [x] ": "Bo [x]"},
    "Email": {"a@example.com": "a@example.com", "b@example.com": "b@example.com", "__CLEAR__": GONE},
    "Company": {"Acme": "Acme", "Zeta": "Zeta", "__CLEAR__": GONE},
    "Status": {
        "planned": "planned",
        "Planned": "planned",
        "scheduled": "scheduled",
        "registered": "registered",
        "Cancelled": "canceled",
        "do_not_call": "do-not-call",
    },
    "Scheduled time": {
        "2026-06-10T14:30:00Z": "2026-06-10T14:30:00Z",
        "2026-06-10T16:30:00+02:00": "2026-06-10T14:30:00Z",
        "2026-07-01T08:00:00Z": "2026-07-01T08:00:00Z",
    },
    "Timezone": {"Europe/Berlin": "Europe/Berlin", "UTC": "UTC"},
    "Price": {"10.5": 10.5, "10.50": 10.5, "7": 7, "__CLEAR__": GONE},
    "Instructions": {"Be brief": "Be brief", "Say hello": "Say hello", "__CLEAR__": GONE},
    "Action": {"cancel": "cancel", "remove": "remove", "skip": "skip"},
}

#: Cells that make their row wrong, or that no sheet may ask for.
WRONG = {
    "Email": ("nobody",),
    "Status": ("busy", "soon"),
    "Scheduled time": ("2020-01-01T00:00:00Z", "tomorrow"),
    "Timezone": ("Europe",),
    "Price": ("cheap",),
    "Action": ("call",),
}

#: heading -> where the sandbox's truth keeps it.
HELD_IN_ORDER = {
    "Scheduled time": "scheduledTime",
    "Timezone": "scheduledTimeTimezone",
    "Price": "price",
    "Instructions": "instructions",
}
HELD_IN_RECORD = {"Name": "name", "Email": "email"}

STATUSES = ("registered", "planned", "scheduled", "busy", "calling", "contacted", "completed", "canceled", "do-not-call", "odd")


@dataclass(frozen=True)
class Contact:
    """A contact of the server. person: index into PHONES. status: of its order, None where it has none."""

    person: int
    status: str | None
    fields: Mapping[str, Any] = field(default_factory=dict)
    company: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One row of the sheet. number: as the spreadsheet shows it. person: whose number it carries, None for none that is right."""

    number: int
    person: int | None
    cells: Mapping[str, str]

    def says(self, heading: str) -> Any:
        """What the cell says; KeyError where it is blank."""
        return CELLS[heading][self.cells[heading]]

    def told(self, *headings: str) -> dict[str, Any]:
        """What the filled ones of these cells say."""
        return {heading: self.says(heading) for heading in headings if self.cells.get(heading)}

    @property
    def action(self) -> str | None:
        """What the row asks for besides its values."""
        return self.cells.get("Action") or None


@dataclass(frozen=True)
class Case:
    """One whole situation."""

    contacts: tuple[Contact, ...]
    rows: tuple[Row, ...]
    flags: Mapping[str, Any]
    behaviour: Behaviour


def some(draw: st.DrawFn, values: Sequence[Any], *, percent: int) -> Any:
    """One of the values in so many of a hundred draws, else None."""
    return draw(st.sampled_from(values)) if draw(st.integers(0, 99)) >= 100 - percent else None


def people(draw: st.DrawFn, least: int, most: int) -> list[int]:
    """Persons, mostly different ones."""
    drawn = draw(st.permutations(range(len(PHONES))))[: draw(st.integers(least, most))]
    return drawn + ([draw(st.sampled_from(drawn))] if drawn and draw(st.integers(0, 3)) == 3 else [])


def a_contact(draw: st.DrawFn, person: int, statuses: Sequence[str | None]) -> Contact:
    """A contact, with or without an order."""
    return Contact(
        person=person,
        status=draw(st.sampled_from(statuses)),
        fields={"name": draw(st.sampled_from(["Ada", "Cy"])), "email": some(draw, ["a@example.com"], percent=50)},
        company=some(draw, ["Acme", "Other"], percent=50),
        properties={
            "price": some(draw, [10.5, 3], percent=50),
            "instructions": some(draw, ["Be brief"], percent=50),
        },
    )


def a_cell(draw: st.DrawFn, heading: str) -> str:
    """A cell: blank, right, or (seldom) wrong."""
    chance = draw(st.integers(0, 99))
    if chance > 98 and heading in WRONG:
        return draw(st.sampled_from(WRONG[heading]))
    filled = chance >= (85 if heading in ("Action", "Scheduled time", "Timezone") else 50)
    return draw(st.sampled_from(sorted(CELLS[heading]))) if filled else ""


def a_row(draw: st.DrawFn, number: int, person: int, region: str, *, headings: Sequence[str], ids: Sequence[int]) -> Row:
    """One row. ids: indexes of contacts whose ids the sheet may name."""
    wrong = draw(st.integers(0, 49)) == 49
    cells = {"Phone": "12 or 13" if wrong else draw(st.sampled_from(SPELLED[region]))(PHONES[person])}
    cells |= {heading: a_cell(draw, heading) for heading in headings}
    if ids:
        for heading, word in (("Order ID", "order"), ("Record ID", "record")):
            named = some(draw, [*ids, 99], percent=5)
            cells[heading] = "" if named is None else f"{word}-{named}"
    return Row(number, None if wrong else person, cells)


def flags_for(**fixed: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Modes and flags, as settings have them; `fixed` ones as given. The guards are lifted."""
    free: dict[str, st.SearchStrategy[Any]] = {
        "mode": st.sampled_from(["create", "update", "upsert", "upsert", "mirror", "mirror"]),
        "on_missing": st.sampled_from(["keep", "cancel", "remove"]),
        "release": st.sampled_from(["staged", "direct"]),
        "on_duplicate": st.sampled_from(["hold", "first", "last"]),
        "reopen": st.booleans(),
        "initial_status": st.sampled_from(["registered", "planned"]),
    }
    drawn = st.fixed_dictionaries(free | {name: st.just(value) for name, value in fixed.items()})
    return drawn.map(lambda flags: flags | ({"on_missing": None} if flags["mode"] != "mirror" else {}))


def behaviours(**fixed: Any) -> st.SearchStrategy[Behaviour]:
    """Ways in which the server may answer."""
    free: dict[str, st.SearchStrategy[Any]] = {
        "order": st.sampled_from(["newest", "oldest", "shuffled"]),
        "parameters_patch": st.sampled_from(["merge", "replace"]),
        "do_not_call": st.sampled_from(NEVER_SPELLINGS),
        "time_form": st.sampled_from(["seconds", "millis"]),
    }
    return st.fixed_dictionaries(free | {name: st.just(value) for name, value in fixed.items()}).map(lambda b: Behaviour(**b))


@st.composite
def cases(
    draw: st.DrawFn,
    *,
    headings: Sequence[str] = tuple(CELLS),
    statuses: Sequence[str | None] = (*STATUSES, "registered", "registered", "planned", None, None, None),
    flags: Mapping[str, Any] | None = None,
    server: Mapping[str, Any] | None = None,
    ids: bool = True,
) -> Case:
    """A campaign, a sheet, flags and a server. headings: the sheet's, beside the phone. ids: whether it may name ids."""
    standing = tuple(a_contact(draw, person, statuses) for person in people(draw, 2, 7))
    region = draw(st.sampled_from(sorted(SPELLED)))
    named = range(len(standing)) if ids else ()
    sheet = [
        a_row(draw, number, person, region, headings=headings, ids=named)
        for number, person in enumerate(people(draw, 3, 8), start=2)
    ]
    if draw(st.integers(0, 3)) == 3:
        copied = draw(st.sampled_from(sheet))
        sheet.append(Row(len(sheet) + 2, copied.person, copied.cells))
    asked = draw(flags_for(**(flags or {})))
    seen = any(contact.status == "do-not-call" for contact in standing)
    spelled = {} if seen else {"do_not_call": "do-not-call"}  # a spelling that was never seen cannot be written
    return Case(standing, tuple(sheet), asked | {"region": region}, draw(behaviours(**spelled, **(server or {}))))


def world_of(standing: Sequence[Contact], phones: Sequence[str] = PHONES, make: type[World] = World) -> World:
    """The sandbox's truth: contact k is `record-k`, and its order, where it has one, `order-k`."""
    world = make(clock=lambda: NOW)
    kind = world.add_record_type(
        "Lead", [{"id": "company", "type": "text", "title": "Company", "required": False}], uuid="type-1"
    )
    campaign = world.add_campaign("Only", kind, uuid=CAMPAIGN)
    for at, contact in enumerate(standing):
        parameters = {"company": contact.company} if contact.company else {}
        record = world.add_record(
            phones[contact.person], record_type=kind, parameters=parameters, uuid=f"record-{at}", **contact.fields
        )
        if contact.status is not None:
            world.add_order(campaign, record, status=contact.status, uuid=f"order-{at}", **contact.properties)
    return world


def write_sheet(path: Path, sheet: Sequence[Row]) -> Path:
    """The rows as CSV, under the headings that they have."""
    headings = list(sheet[0].cells) if sheet else ["Phone"]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(headings)
        writer.writerows([row.cells[heading] for heading in headings] for row in sheet)
    return path


@dataclass
class Stage:
    """One case on its server, with folders of its own, for as many runs as a test likes."""

    box: Sandbox
    folder: Path
    case: Case

    @property
    def orders(self) -> dict[str, Order]:
        """The orders that stand now."""
        return {order.uuid: order for order in self.box.world.orders_of(CAMPAIGN)}

    @property
    def commits(self) -> list[Commit]:
        """What the client changed."""
        return [commit for commit in self.box.world.commits if commit.request is not None]

    def bench(self, **changes: Any) -> Bench:
        """What a run works with."""
        flags = {**LIFTED, **self.case.flags, **changes}
        paths = {"state_dir": self.folder / "state", "report_dir": self.folder / "reports"}
        server = {"base_url": self.box.base_url, "token": self.box.token, "settle_seconds": 0.0, "timeout": 10.0}
        chosen = load({**server, **paths, **flags}, environ={}, project=self.folder, user=self.folder / "none.toml")
        return Bench(settings=chosen, clock=lambda: NOW)

    def request(self) -> Request:
        """The case's sheet against its campaign."""
        return Request(sheet=str(write_sheet(self.folder / "sheet.csv", self.case.rows)), campaign=CAMPAIGN)

    def sync(self, **changes: Any) -> Report:
        """A whole run. changes: flags."""
        return anyio.run(pipeline.sync, self.request(), self.bench(**changes))


@contextmanager
def staged(box: Sandbox, case: Case, phones: Sequence[str] = PHONES, make: type[World] = World) -> Iterator[Stage]:
    """The case's world on the server that runs already, and an empty folder."""
    box.reset(world_of(case.contacts, phones, make), behaviour=case.behaviour)
    with tempfile.TemporaryDirectory(prefix="sync-law-") as folder:
        yield Stage(box, Path(folder), case)


def lines_by_row(report: Report) -> dict[int, dict[str, Any]]:
    """Row number -> its line."""
    return {line["row"]: line for line in report.lines.iter_rows(named=True)}
