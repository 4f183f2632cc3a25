"""Why a row, or a number, ends as it does: the cells, the steps, the candidates, the decision, the requests, what is known of it.

In:  a Request, a Bench, and a row number or a phone number. Out: an Explanation, made from the very plan that `plan` would make.
Sends nothing but GET; numbers that the campaign marks Do Not Call go into the ledger, as with every look at a campaign.
I/O: network (reads), disk (reads journal and ledger). Rule source: issue 3, item 7.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from callcamp_sync import phones
from callcamp_sync.bench import Bench, Desk, Request, find_campaign, load_subject, open_desk
from callcamp_sync.errors import UsageError
from callcamp_sync.fields import ROW
from callcamp_sync.issues import render
from callcamp_sync.journal import RunRow, StepRow
from callcamp_sync.ledger import Entry
from callcamp_sync.model import CampaignInfo, Guard, SourceInfo, Step, StepKind
from callcamp_sync.opening import Coming
from callcamp_sync.planning import Subject
from callcamp_sync.policy import person_key, person_keys
from callcamp_sync.study import Study, study
from callcamp_sync.tracing import RowTrace, Told, insist, told, trace

#: No more rows than these are told for one number.
_MOST_ROWS = 20

#: So many digits at the end make an unreadable cell worth showing to one who asks for a number.
_ALIKE_DIGITS = 7

#: Which request carries a step. A release after a create goes to the order that the create makes.
_ROUTES: Mapping[StepKind, tuple[str, str]] = {
    StepKind.CREATE: ("POST", "/campaigns/{campaign}/orders"),
    StepKind.ASSOCIATE: ("POST", "/campaigns/{campaign}/orders/associate"),
    StepKind.UPDATE_RECORD: ("PATCH", "/records/{record}"),
    StepKind.UPDATE_ORDER: ("PATCH", "/campaigns/{campaign}/orders/{order}"),
    StepKind.RELEASE: ("PATCH", "/campaigns/{campaign}/orders/{order}"),
    StepKind.CANCEL: ("PATCH", "/campaigns/{campaign}/orders/{order}"),
    StepKind.REMOVE: ("DELETE", "/campaigns/{campaign}/orders/{order}"),
}

#: What a decision rests on where no rule stands against it.
_GROUNDS: Mapping[str | None, str] = {
    "create": "no order and no contact was found for it",
    "associate": "no order was found, and a contact that can be linked",
    "update": "what it says differs from what stands",
    "cancel": "the row asks for it",
    "remove": "the row asks for it",
    None: "nothing that it says differs from what stands",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """What one key found. value: as the row says it, null when it says nothing. orders: (id, phone, status) of each that fits."""

    key: str
    value: str | None
    orders: tuple[tuple[str, str | None, str | None], ...]
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """How a row, or an order without one, is to end. rule: the code that decided, null where none stood against it."""

    outcome: str
    rule: str | None
    because: str
    changes: tuple[tuple[str, str | None, str | None], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One request of the plan. route: with ids filled in; `{order of STEP}` where a request before it makes the order."""

    step: str
    kind: str
    method: str
    route: str
    body: Mapping[str, Any]
    after: str | None
    expect: Mapping[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowWhy:
    """One row. stands: field -> what its order or contact says now. order_uuid, record_uuid: what it means, null when new."""

    trace: RowTrace
    candidates: tuple[Candidates, ...]
    match: str
    order_uuid: str | None
    record_uuid: str | None
    stands: Mapping[str, str | None]
    issues: tuple[Told, ...]
    decision: Decision
    sendings: tuple[Sending, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderWhy:
    """One order that no row of the sheet means."""

    order_uuid: str
    phone: str | None
    status: str | None
    decision: Decision
    sendings: tuple[Sending, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """One earlier run and its steps about the row, the number or the order."""

    run: RunRow
    steps: tuple[StepRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything that is known. phone: E.164, where a number was asked for. guards: those that would stop the run."""

    campaign: CampaignInfo
    source: SourceInfo
    row: int | None
    phone: str | None
    rows: tuple[RowWhy, ...]
    more_rows: int
    orders: tuple[OrderWhy, ...]
    ledger: tuple[Entry, ...]
    earlier: tuple[Earlier, ...]
    guards: tuple[Guard, ...]
    notices: tuple[str, ...]


async def explain(request: Request, bench: Bench, *, row: int | None = None, phone: str | None = None) -> Explanation:
    """Explain a row of the sheet, or everything that is known of a number.

    Exactly one of row (the spreadsheet's own number) and phone (any spelling, national with a region) is given.
    Raises UsageError for neither or both, a row that is not there, a text that is no number; and what planning raises.
    """
    if (row is None) == (phone is None):
        raise UsageError("name one row or one number", hint="pass `--row N` or `--phone P`")
    subject = load_subject(request, bench.settings)
    number = _number(phone, subject) if phone is not None else None
    if row is not None:
        insist(subject, row)
    async with open_desk(bench, subject.settings) as desk:
        campaign = await find_campaign(desk.client, request.campaign, subject.mapping)
        made = await study(desk, Coming.of(subject), campaign)
        return _explanation(desk, subject, made, row=row, phone=number)


def _number(text: str, subject: Subject) -> str:
    region = subject.mapping.phone.region or subject.settings.region
    phone, code, detail = phones.normalise_phone(text, region=region)
    if phone is None:
        message, cure = render(code or "phone-unreadable", cell=text, detail=detail)
        raise UsageError(message, hint=cure)
    return phone


def _explanation(desk: Desk, subject: Subject, made: Study, *, row: int | None, phone: str | None) -> Explanation:
    numbers = [row] if row is not None else _rows_of(subject, made, phone or "")
    rows = tuple(_row(subject, made, number) for number in numbers[:_MOST_ROWS])
    orders = tuple(_orders(made, phone)) if phone is not None else ()
    known = {p for p in (phone, *(one.trace.phone for one in rows), *_standing_phones(made, rows)) if p}
    ids = {i for i in (*(one.order_uuid for one in rows), *(one.order_uuid for one in orders)) if i}
    people = person_keys(known)
    return Explanation(
        campaign=made.plan.campaign,
        source=made.plan.source,
        row=row,
        phone=phone,
        rows=rows,
        more_rows=max(len(numbers) - _MOST_ROWS, 0),
        orders=orders,
        ledger=tuple(entry for entry in desk.ledger.entries() if person_keys([entry.phone]) & people) if people else (),
        earlier=_earlier(desk, made, known, ids, numbers),
        guards=tuple(guard for guard in made.plan.guards if guard.tripped),
        notices=made.standing.notices,
    )


# --- which rows -------------------------------------------------------------------------------------------------------


def _rows_of(subject: Subject, made: Study, phone: str) -> list[int]:
    """Rows that mean this number: read so, matched with an order of it, or unreadable with the same last digits."""
    person = person_key(pl.col("phone")) == next(iter(person_keys([phone])))
    frame = made.desired.frame
    read = frame.filter(person)[ROW].to_list()
    places = made.standing.orders.with_row_index("place").filter(person).select("place")
    matched = made.found.matched.join(places, on="place", how="semi")[ROW].to_list()
    return sorted({*read, *matched, *_unreadable(subject, made, phone)})


def _unreadable(subject: Subject, made: Study, phone: str) -> list[int]:
    rule = next((rule for rule in made.desired.rules if rule.field.name == "phoneNumber"), None)
    if rule is None:
        return []
    unread = made.desired.frame.filter(pl.col("phone").is_null()).select(ROW)
    cells = subject.sheet.frame.join(unread, on=ROW, how="semi", maintain_order="left")
    found = []
    for heading in rule.heading.split(" / "):
        if heading in cells.columns:
            digits = cells[heading].str.replace_all(r"\D", "")
            found += cells[ROW].filter(digits.str.ends_with(phone[-_ALIKE_DIGITS:]).fill_null(value=False)).to_list()
    return found


# --- one row ----------------------------------------------------------------------------------------------------------


def _row(subject: Subject, made: Study, number: int) -> RowWhy:
    traced = trace(subject, made.record_type, made.desired, number)
    wanted = made.desired.frame.row(by_predicate=pl.col(ROW) == number, named=True)
    decided = made.difference.rows.row(by_predicate=pl.col(ROW) == number, named=True)
    place = _of_row(made.found.matched, number)
    linked = _of_row(made.found.linked, number)
    order = made.standing.orders.row(place["place"], named=True) if place and place["place"] is not None else None
    candidates = tuple(_candidates(made, key, wanted) for key in made.desired.keys)
    return RowWhy(
        trace=traced,
        candidates=candidates,
        match=_match_words(traced, candidates, place, linked),
        order_uuid=order["order_uuid"] if order else None,
        record_uuid=order["record_uuid"] if order else (linked or {}).get("record_uuid"),
        stands=_stands(made, order, linked),
        issues=told(made.plan.issues, number),
        decision=_decision(made, number, decided),
        sendings=tuple(_sending(made, step) for step in made.plan.steps if number in step.rows),
    )


def _of_row(frame: pl.DataFrame, number: int) -> dict[str, Any] | None:
    found = frame.filter(pl.col(ROW) == number)
    return found.row(0, named=True) if found.height else None


def _candidates(made: Study, key: str, wanted: Mapping[str, Any]) -> Candidates:
    """The orders that one key finds for the row."""
    value = wanted.get(f"want_{key}" if key.startswith("parameters.") else key)
    column = f"have_{key}" if key.startswith("parameters.") else key
    orders = made.standing.orders
    if value is None or column not in orders.columns:
        return Candidates(key=key, value=value, orders=(), words="the row says nothing" if value is None else "not visible")
    hits = orders.filter(pl.col(column) == value).select("order_uuid", "phone", "status_wire")
    words = {0: "no order has it", 1: "one order has it"}.get(hits.height, f"{hits.height} orders have it")
    return Candidates(key=key, value=value, orders=tuple(hits.head(10).iter_rows()), words=words)


def _match_words(
    traced: RowTrace, candidates: Sequence[Candidates], place: Mapping[str, Any] | None, linked: Mapping[str, Any] | None
) -> str:
    """Why this order, or why none."""
    if traced.verdict is not None:
        return f"the row is {traced.verdict}, so it means no order"
    if place is not None and place["place"] is not None and place["code"] is None:
        key = next((one.key for one in candidates if len(one.orders) == 1), "a key")
        return f"`{key}` is the first key that the row names and one order has"
    uncertain = next((one for one in (place, linked) if one is not None and one["code"] is not None), None)
    if uncertain is not None:
        detail = uncertain["detail"]
        return render(uncertain["code"], cell=detail, detail=detail)[0]
    if linked is not None and linked["record_uuid"] is not None:
        return "no order has any of its keys; a contact of the record type has it"
    return "no order has any of its keys, and no contact that could be linked"


def _stands(made: Study, order: Mapping[str, Any] | None, linked: Mapping[str, Any] | None) -> dict[str, str | None]:
    """What stands now for each mapped field; empty where there is nothing yet."""
    row: Mapping[str, Any] | None = order
    if row is None and linked is not None and linked["record_uuid"] is not None:
        found = made.standing.contacts.filter(pl.col("record_uuid") == linked["record_uuid"])
        row = found.row(0, named=True) if found.height else None
    if row is None:
        return {}
    special = {"phoneNumber": "phone", "status": "status_wire"}
    names = {rule.field.name: special.get(rule.field.name, f"have_{rule.field.name}") for rule in made.desired.rules}
    return {name: row[column] for name, column in names.items() if column in row}


def _decision(made: Study, number: int, decided: Mapping[str, Any]) -> Decision:
    line = made.plan.lines.row(by_predicate=pl.col("row") == number, named=True)
    changes = made.plan.changes.filter(pl.col("row") == number).select("field", "old", "new")
    ruled = [one.code for one in told(made.plan.issues, number) if one.message == line["message"]]
    return Decision(
        outcome=decided["outcome"],
        rule=ruled[0] if ruled else None,
        because=line["message"] or _GROUNDS[decided["act"]],
        changes=tuple(changes.iter_rows()),
    )


# --- orders without a row, requests, what is known ---------------------------------------------------------------------


def _orders(made: Study, phone: str) -> Iterable[OrderWhy]:
    """The orders of this number that no row means."""
    person = person_key(pl.col("phone")) == next(iter(person_keys([phone])))
    for order in made.difference.orders.filter(person).iter_rows(named=True):
        steps = [step for step in made.plan.steps if not step.rows and step.order_uuid == order["order_uuid"]]
        yield OrderWhy(
            order_uuid=order["order_uuid"],
            phone=order["phone"],
            status=order["status"],
            decision=Decision(outcome=order["outcome"], rule=None, because=order["message"] or "no row of the sheet means it"),
            sendings=tuple(_sending(made, step) for step in steps),
        )


def _sending(made: Study, step: Step) -> Sending:
    method, route = _ROUTES[step.kind]
    order = step.order_uuid or (f"{{order of {step.after}}}" if step.after else "{order of the link}")
    return Sending(
        step=step.id,
        kind=str(step.kind),
        method=method,
        route=route.format(campaign=made.plan.campaign.uuid, order=order, record=step.record_uuid),
        body=step.body,
        after=step.after,
        expect=step.expect,
    )


def _standing_phones(made: Study, rows: Sequence[RowWhy]) -> list[str | None]:
    return [one.stands.get("phoneNumber") for one in rows]


def _earlier(desk: Desk, made: Study, known: set[str], ids: set[str], rows: Sequence[int]) -> tuple[Earlier, ...]:
    """What the journal has of these numbers and orders, and of these rows in runs of the very same sheet."""
    steps = desk.journal.steps_about(
        desk.settings.host, made.plan.campaign.uuid, phones=known, orders=ids, sheet=made.plan.source.sha256, rows=rows
    )
    by_run: dict[str, list[StepRow]] = {}
    for step in steps:
        by_run.setdefault(step.run_id, []).append(step)
    return tuple(Earlier(run=desk.journal.run(run_id), steps=tuple(found)) for run_id, found in by_run.items())


_E164 = re.compile(r"\+(\d{2})\d{3,11}(\d{2})(?!\d)", re.ASCII)


def masked(value: Any) -> Any:
    """`value` (JSON) with the middle of every phone number in its texts taken out: +12•••••23."""
    if isinstance(value, str):
        return _E164.sub(lambda match: f"+{match[1]}•••••{match[2]}", value)
    if isinstance(value, Mapping):
        return {key: masked(inner) for key, inner in value.items()}
    return [masked(inner) for inner in value] if isinstance(value, list | tuple) else value
