"""A campaign's status sheet as a workbook: Summary, Status, Changes, Info, and the hidden baseline. Pure: sheets writes it.

In:  a StatusSheet. Out: sheets.Tab values, and the marks by which our own reader knows the workbook again.
Times are real dates on the clock of their own row's time zone, since that is how an import reads them; where a row names none,
in the campaign's zone. A time that this clock shows twice, one with a fraction of a second, and one without any zone stay text
with their offset: they would come back as another time.
Rule source: issue 4, item 6; docs/architecture.md; sheets/own.py for the marks.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl

from callcamp_sync import __version__
from callcamp_sync.calls import SUMMARY
from callcamp_sync.export.memory import CAME, GONE
from callcamp_sync.export.view import StatusSheet, local_times, zones_of
from callcamp_sync.fields import Kind
from callcamp_sync.sheets import Column, Tab
from callcamp_sync.sheets.own import BASELINE_TAB, Marks
from callcamp_sync.sheets.tabs import Chart, Colour
from callcamp_sync.sheets.tabs import Kind as CellKind
from callcamp_sync.statuses import Group, group_of

STATUS_TAB = "Status"
CHANGES_TAB = "Changes since last export"

#: A server that makes up statuses does not get a rule for each.
_MOST_STATUSES = 40

#: The colour of a status group, and what it means in words.
GROUPS: dict[Group, tuple[Colour, str]] = {
    Group.CALLABLE: ("blue", "will be called, or called again"),
    Group.RUNNING: ("yellow", "in a call right now"),
    Group.FINAL: ("green", "contacted: nothing more will be done"),
    Group.QUIET: ("grey", "in the campaign, no call planned"),
    Group.ENDED: ("orange", "canceled by somebody"),
    Group.FORBIDDEN: ("red", "never to be called"),
    Group.UNKNOWN: ("grey", "a status that this program does not know"),
}

_CELLS: dict[Kind, CellKind] = {Kind.NUMBER: "number", Kind.MONEY: "number", Kind.DATE: "date", Kind.INSTANT: "instant"}
_WIDTHS = {"order_uuid": 16, "record_uuid": 16, "phone": 18, "status_wire": 16, "have_instructions": 40}
_LOCAL = r"^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})$"
_WITH_OFFSET = 28
_HIDDEN = ("order_uuid", "record_uuid", "phone")

_SUMMARY = (
    Column(heading="About", width=12),
    Column(heading="What", width=28),
    Column(heading="Orders", kind="integer", width=10),
    Column(heading="Share", kind="percent", width=9),
    Column(heading="In words", width=58),
)
_CHANGES = (
    Column(heading="Order ID", width=16),
    Column(heading="Phone", width=18),
    Column(heading="Name", width=24),
    Column(heading="Field", width=20),
    Column(heading="Was", width=36),
    Column(heading="Is", width=36),
)
_INFO = (Column(heading="About", width=28), Column(heading="What", width=110))
_HOW = (
    "Edit cells of the tab Status and sync the file: `callcamp-sync sync FILE`.",
    "Only what you change is sent. What the campaign changed since stays; where both changed, the row is held and shows both.",
    "A blank cell changes nothing; __CLEAR__ empties a field. Columns that begin with _ are for reading only.",
    "Times are on the clock of the row's own Timezone; where it is blank, in the campaign's zone.",
)

_Line = tuple[str, str | None, int | None, str | None, str | None]


def tabs(sheet: StatusSheet) -> tuple[Tab, ...]:
    """The workbook's tabs, in order; the baseline last."""
    return (summary_tab(sheet), status_tab(sheet), changes_tab(sheet), info_tab(sheet), baseline_tab(sheet))


def properties(sheet: StatusSheet) -> dict[str, str]:
    """What the file says of itself: enough to read it again, and no contact data."""
    marks = Marks(sheet=STATUS_TAB, baseline=BASELINE_TAB, zone=sheet.zone)
    return {"title": "callcamp-sync export", "campaign": sheet.campaign.uuid} | marks.properties()


def summary_tab(sheet: StatusSheet) -> Tab:
    """Counts by group, with a chart, then by status."""
    whole = sheet.orders.height
    counts = sheet.orders["status_wire"].value_counts(name="orders").sort("orders", descending=True).iter_rows()
    by_status = sorted(((s, n, group_of(s)) for s, n in counts), key=lambda line: list(GROUPS).index(line[2]))
    by_group = {group: sum(count for _, count, own in by_status if own is group) for group in GROUPS}
    found = {group: count for group, count in by_group.items() if count}
    head: list[_Line] = [
        ("Campaign", sheet.campaign.name, None, None, f"as of {clock(sheet.taken_at, sheet.zone)}"),
        ("Orders", "in this sheet", whole, None, _scope(sheet)),
        ("Changes", "fields that changed", sheet.changes.height if sheet.since else None, None, _since(sheet)),
    ]
    groups: list[_Line] = [("Group", group.value, n, _share(n, whole), GROUPS[group][1]) for group, n in found.items()]
    statuses: list[_Line] = [("Status", s or "(none)", n, _share(n, whole), GROUPS[group][1]) for s, n, group in by_status]
    chart = Chart(
        title="Orders by status group",
        labels=1,
        values=2,
        first=len(head),
        last=len(head) + len(groups) - 1,
        colours=tuple(GROUPS[group][0] for group in found),
    )
    schema = {"about": pl.String, "what": pl.String, "orders": pl.Int64, "share": pl.String, "words": pl.String}
    frame = pl.DataFrame([*head, *groups, *statuses], schema=schema, orient="row")
    marks = {"What": _group_colours() | _status_colours(sheet)}
    return Tab(name="Summary", columns=_SUMMARY, frame=frame, filter=False, marks=marks, chart=chart if groups else None)


def status_tab(sheet: StatusSheet) -> Tab:
    """One row an order: text as text, numbers and dates as such, statuses in the colours of their groups."""
    zones = zones_of(sheet.orders, sheet.zone)
    ours = pl.Series([sheet.zone or "UTC"] * sheet.orders.height, dtype=pl.String)
    found: list[tuple[Column, pl.Series]] = []
    for shown in sheet.columns:
        values, kind = sheet.orders[shown.source], _CELLS.get(shown.kind, "text")
        offered = sheet.offered if shown.source == "status_wire" else ()
        if kind == "instant":
            values = local_times(values, zones if shown.source.startswith("have_") else ours)
        width = _WITH_OFFSET if kind == "instant" and values.str.contains(" ").any() else _WIDTHS.get(shown.source)
        found.append((Column(heading=shown.heading, kind=kind, width=width, offered=offered), values))
        if shown.source == "status_wire":
            groups = pl.Series([group_of(status).value for status in values], dtype=pl.String)
            found.append((Column(heading="_Status group", width=16), groups))
        if shown.source == "have_scheduledTime" and (values.is_not_null() & zones.ne_missing(ours)).any():
            times = local_times(sheet.orders[shown.source], ours)
            found.append((Column(heading=f"_Scheduled, {sheet.zone or 'UTC'}", kind="instant", width=_WITH_OFFSET), times))
    statuses = {shown.heading: _status_colours(sheet) for shown in sheet.columns if shown.source == "status_wire"}
    frame = pl.DataFrame([values.alias(str(place)) for place, (_, values) in enumerate(found)])
    columns = tuple(column for column, _ in found)
    return Tab(name=STATUS_TAB, columns=columns, frame=frame, marks=statuses | {"_Status group": _group_colours()})


def changes_tab(sheet: StatusSheet) -> Tab:
    """What the campaign changed since the export that this one is compared with; the header alone where there is none."""
    words: dict[str, Colour] = {CAME: "green", GONE: "orange"}
    marks = {name: words | _status_colours(sheet) for name in ("Was", "Is")}
    zone = sheet.zone or "UTC"
    clocks = pl.Series([zone] * sheet.changes.height, dtype=pl.String)
    local = [local_times(sheet.changes[name], clocks).str.replace(_LOCAL, f"$1 $2 {zone}") for name in ("was", "stands")]
    return Tab(name=CHANGES_TAB, columns=_CHANGES, frame=sheet.changes.with_columns(local), marks=marks)


def info_tab(sheet: StatusSheet) -> Tab:
    """Where the sheet comes from, what it leaves out, and how it is used."""
    proved = "proved to be all of them" if sheet.complete else "not proved: the campaign changed while it was read"
    lines = [
        ("Campaign", sheet.campaign.name),
        ("Campaign id", sheet.campaign.uuid),
        ("Server", sheet.host),
        ("Read at", f"{clock(sheet.taken_at, 'UTC')}; {clock(sheet.taken_at, sheet.zone)}"),
        ("Orders in this sheet", f"{sheet.orders.height:,}"),
        ("Orders by the server's count", f"{sheet.total:,}, {proved}"),
        *[("Filter", words) for words in sheet.filters or ("none",)],
        ("Changes", _since(sheet)),
        ("Program", f"callcamp-sync {__version__}"),
        *[("Notice", notice) for notice in sheet.notices],
        *[("How to use it", words) for words in _HOW],
    ]
    frame = pl.DataFrame(lines, schema={"about": pl.String, "what": pl.String}, orient="row")
    return Tab(name="Info", columns=_INFO, frame=frame, filter=False)


def baseline_tab(sheet: StatusSheet) -> Tab:
    """What stood when the sheet was written, in canonical text: ids, number, and the columns that are shown."""
    names = dict.fromkeys([*_HIDDEN, *(shown.source for shown in sheet.columns if shown.name not in SUMMARY)])
    columns = tuple(Column(heading=name, width=12) for name in names)
    return Tab(name=BASELINE_TAB, columns=columns, frame=sheet.orders.select(list(names)), hidden=True, filter=False)


def clock(moment: datetime, zone: str | None) -> str:
    """A time for people, with its zone."""
    return f"{moment.astimezone(ZoneInfo(zone or 'UTC')):%Y-%m-%d %H:%M} {zone or 'UTC'}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.4f}"


def _scope(sheet: StatusSheet) -> str:
    if sheet.orders.height == sheet.total:
        return "all orders of the campaign"
    return f"of {sheet.total:,} in the campaign; {'; '.join(sheet.filters) or 'the campaign changed while it was read'}"


def _since(sheet: StatusSheet) -> str:
    return f"since the export of {clock(sheet.since, sheet.zone)}" if sheet.since else "no earlier export to compare with"


def _group_colours() -> dict[str, Colour]:
    return {group.value: colour for group, (colour, _) in GROUPS.items()}


def _status_colours(sheet: StatusSheet) -> dict[str, Colour]:
    """Every status that stands there or may be asked for, in the colour of its group."""
    seen = [*sheet.orders["status_wire"].drop_nulls().unique().sort().head(_MOST_STATUSES), *sheet.offered]
    return {status: GROUPS[group_of(status)][0] for status in dict.fromkeys(seen)}
