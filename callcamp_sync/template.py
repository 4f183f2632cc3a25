"""A workbook to fill in, made from a campaign's Record Type: it is imported without a mapping file.

In:  a campaign. Out: a workbook with a column for each field and parameter, drop-downs, checks, comments, an example row and a
read-me tab. The example row asks to be skipped (column `Action`), has a number reserved for fiction and the quiet status, so it
brings nobody into a campaign, even where somebody forgets it.
I/O: network (reads), disk (through sheets).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from callcamp_sync import planning, schema
from callcamp_sync.bench import Bench, find_campaign, open_client
from callcamp_sync.errors import UsageError
from callcamp_sync.fields import FIELDS, Field, Home, Kind
from callcamp_sync.headings import headings
from callcamp_sync.issues import shorten
from callcamp_sync.model import CampaignInfo
from callcamp_sync.rules import ParameterSpec
from callcamp_sync.schema import RecordSchema
from callcamp_sync.sheets import Check, Form, Question, write_form
from callcamp_sync.sheets.tabs import Kind as CellKind
from callcamp_sync.values import offered

#: Rows below the example that have formats and drop-downs.
ROWS = 2_000

_CELLS: dict[Kind, CellKind] = {Kind.NUMBER: "number", Kind.DATE: "date", Kind.INSTANT: "instant"}

#: A line of help a kind, for the comment of the heading and for what Excel says of a wrong cell.
_HELP: dict[Kind, str] = {
    Kind.PHONE: "One number with + and its country code, such as +1 201 555 0123. The cell is text: zeros and + stay.",
    Kind.EMAIL: "Such as name@example.com.",
    Kind.COUNTRY: "Two letters (ISO 3166-1), such as GB.",
    Kind.CURRENCY: "Three letters (ISO 4217), such as USD.",
    Kind.MONEY: "An amount in digits, or a currency code such as USD.",
    Kind.TIMEZONE: "An IANA time zone, such as Europe/London.",
    Kind.NUMBER: "A number in digits.",
    Kind.BOOL: "yes or no.",
    Kind.DATE: "A date, such as 2030-05-10.",
    Kind.INSTANT: "A date and a time of day, such as 2030-05-10 14:30, in the zone of the column Timezone.",
    Kind.SELECT: "One of the words of the list.",
}
_ABOUT = {
    "action": "Leave it blank to create or update the contact. skip: the row is left alone. cancel, remove: the contact's order.",
    "status": "Blank: a new contact starts as registered, and nobody is called. planned, scheduled: the contact will be called.",
    "scheduledDurationSeconds": "In seconds.",
}
_EXAMPLE = {
    "action": "skip",
    "phoneNumber": "+12015550123",
    "name": "Example Contact",
    "firstName": "Example",
    "lastName": "Contact",
    "email": "contact@example.com",
    "country": "US",
    "status": "registered",
    "scheduledTime": "2030-05-10 14:30:00",
    "scheduledTimeTimezone": "America/New_York",
    "scheduledDurationSeconds": "300",
    "price": "12.50",
    "currencyCode": "USD",
    "instructions": "Example of a note for the call",
}
_EXAMPLE_KINDS = {
    Kind.BOOL: ("yes",),
    Kind.COUNTRY: ("US",),
    Kind.CURRENCY: ("USD",),
    Kind.MONEY: ("USD",),
    Kind.NUMBER: ("10",),
    Kind.DATE: ("2030-05-10",),
    Kind.INSTANT: ("2030-05-10 14:30:00",),
    Kind.TIMEZONE: ("America/New_York",),
    Kind.TEXT: ("Example", "example", "EXAMPLE", "AB-0001", "A1", "1", "12345"),
}


async def read_template(bench: Bench, campaign: str | None) -> tuple[CampaignInfo, RecordSchema]:
    """The campaign and its Record Type; an empty one where the campaign has none."""
    async with open_client(bench.settings) as client:
        info = await find_campaign(client, campaign)
        return info, await planning.read_type(client, info)


def check_target(path: Path) -> None:
    """Raise UsageError, before anything is read, where no template shall be written: another ending, or a file that is there."""
    if path.suffix.lower() != ".xlsx":
        raise UsageError(f"`{path}` is no name for a workbook", hint="end it in .xlsx")
    if path.exists():
        raise UsageError(f"`{path}` is there already, and somebody may have filled it in", hint="name another file, or remove it")


def write_template(campaign: CampaignInfo, record_type: RecordSchema, path: Path) -> tuple[str, ...]:
    """Write the workbook; returns sentences about what did not fit. Raises StateError when the file cannot be written."""
    properties = {"title": f"Template for {campaign.name}", "callcamp_kind": "template", "callcamp_campaign": campaign.uuid}
    return write_form(path, template_form(record_type), _guide(campaign, record_type), properties=properties)


def template_form(record_type: RecordSchema) -> Form:
    """The tab `Contacts`: `Action` first, then Callcamp's fields, ids apart, then the parameters; row 2 is the example."""
    specs = [ParameterSpec(field=field) for field in _offered_fields()] + list(record_type.parameters)
    names = headings([spec.field for spec in specs])
    frame = pl.DataFrame([pl.Series(str(i), [_example(spec)], dtype=pl.String) for i, spec in enumerate(specs)])
    return Form(
        name="Contacts",
        questions=tuple(_question(spec, names[spec.field.name]) for spec in specs),
        frame=frame,
        spare=ROWS,
        faded=1,
    )


def _offered_fields() -> list[Field]:
    """Callcamp's fields that a person fills in; ids are left to exports."""
    return [field for field in FIELDS if field.home is not Home.KEY]


def _question(spec: ParameterSpec, heading: str) -> Question:
    must = spec.required or spec.field.kind is Kind.PHONE
    return Question(
        heading=heading,
        kind=_CELLS.get(spec.field.kind, "text"),
        width=30 if spec.field.name == "instructions" else 20 if spec.field.kind in (Kind.PHONE, Kind.INSTANT) else None,
        comment=_comment(spec, heading, must=must),
        check=_check(spec),
        colour="orange" if must else None,
    )


def _comment(spec: ParameterSpec, heading: str, *, must: bool) -> str:
    """What the heading's comment says: name, whether it must be filled, form, choices, default, pattern."""
    named = spec.field.title if spec.field.title != heading else ""
    lines = [
        named,
        "Required." if must and spec.default is None else "",
        _ABOUT.get(spec.field.name) or _HELP.get(spec.field.kind, ""),
        f"Blank: `{shorten(spec.default)}`." if spec.default else "",
        f"Form: {spec.pattern}" if spec.pattern else "",
        spec.error or "",
    ]
    return "\n".join(line for line in lines if line)


def _check(spec: ParameterSpec) -> Check | None:
    kind = spec.field.kind
    words = offered(kind, spec.choices)
    message = spec.error or _HELP.get(kind) or "Choose from the list."
    if words:
        return Check(kind="list", words=words, message=message)
    if kind in (Kind.NUMBER, Kind.DATE):
        return Check(kind="number" if kind is Kind.NUMBER else "date", message=message)
    # A time may also be typed as text with an offset, such as 2030-05-10T14:30:00+02:00: asked about, not refused.
    return Check(kind="instant", strict=False, message=message) if kind is Kind.INSTANT else None


def _example(spec: ParameterSpec) -> str | None:
    """An example that the import would take, or null where none is known to fit the pattern."""
    own = _EXAMPLE.get(spec.field.name)
    if own is not None:
        return own
    known = spec.choices[:1] or _EXAMPLE_KINDS.get(spec.field.kind, ())
    if spec.default and spec.field.kind is not Kind.BOOL:
        known = (spec.default, *known)
    if not spec.pattern:
        return next(iter(known), None)
    fits = schema.judge_pattern(pl.Series(known, dtype=pl.String), spec.pattern)
    return None if isinstance(fits, str) else next((text for text, good in zip(known, fits, strict=True) if good), None)


def _guide(campaign: CampaignInfo, record_type: RecordSchema) -> Sequence[str]:
    return (
        f"# Contacts for {shorten(campaign.name)}",
        "Fill in the tab Contacts, one contact a row. Orange headings must be filled in; comments on the headings say how.",
        "",
        "# The example",
        "Row 2 is an example. It is not imported: its cell in the column Action says skip. Delete the row, or write over it "
        "and clear its cell in the column Action. Its phone number is one of those that are reserved for fiction.",
        "",
        "# What a cell means",
        "A blank cell says nothing: what stands in the campaign stays as it is. `__CLEAR__` empties a field.",
        "A new contact whose Status is blank starts as registered: nobody is called. planned and scheduled ask for a call.",
        "A row whose contact is in the campaign already updates that contact. Nobody who is marked Do Not Call is changed.",
        "",
        "# Your own columns",
        "Columns may be moved or deleted; keep the headings of those that you use. A heading that begins with _ is never read.",
        f"Formats and drop-downs reach down to row {ROWS + 2:,}; rows below are read, too.",
        "",
        "# Then",
        "Check it: callcamp-sync validate FILE.xlsx -c CAMPAIGN. Bring it in: callcamp-sync sync FILE.xlsx -c CAMPAIGN.",
        "This tab is not read. Put no contacts here.",
        *(("", "# About the record type", *record_type.notices) if record_type.notices else ()),
    )
