"""From a sheet and a campaign to a Plan: reads, lists, matches, compares, and checks the guards. Sends nothing but GET.

In:  a Sheet, a Mapping, settings, an open client, the ledger, what earlier runs left unsettled. Out: a Plan.
The campaign is listed once; contacts that may be linked are looked for only where rows found no order.
I/O: network (reads), through the client. The clock is a parameter.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import anyio
import polars as pl

from callcamp_sync import __version__, frames, guards, schema, searching, snapshot
from callcamp_sync.api.client import Client
from callcamp_sync.api.paging import Listing
from callcamp_sync.api.refusals import ForbiddenError
from callcamp_sync.aside import aside, both
from callcamp_sync.diff import Difference, diff
from callcamp_sync.errors import UsageError, ungrouped
from callcamp_sync.fields import FIELDS, ROW, Field, Home
from callcamp_sync.issues import CATALOGUE, render
from callcamp_sync.mapping import Binding, bind
from callcamp_sync.mapping import Mapping as SheetMapping
from callcamp_sync.matching import link, match
from callcamp_sync.model import LINE_SCHEMA, CampaignInfo, Limit, Mode, OnMissing, Plan, Sheet
from callcamp_sync.policy import is_group, person_keys
from callcamp_sync.rows import Desired, forgiven, merged, phones_that_said_never, read_rows
from callcamp_sync.schema import RecordSchema
from callcamp_sync.searching import OnPage
from callcamp_sync.settings import Settings
from callcamp_sync.sides import Sides, Wishes
from callcamp_sync.statuses import REGISTERED, RELEASING, Group, fold_status, spellings
from callcamp_sync.steps import digest, frame_digest, steps

#: A saved plan is good for so long.
PLAN_LIFE = timedelta(hours=24)

#: Up to so many rows without an order are searched one by one; more are cheaper to find in a listing of all contacts.
_SEARCHED_ONE_BY_ONE = 50

#: Which of a row's issues is said in words: the one that decided.
_WEIGHTS = {"rejected": 0, "held": 1, "protected": 2, "unknown": 3, "duplicate": 4, "note": 5}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is to be synced with what.

    by_name: no mapping file was given. shown: what the report says of the settings. digests: of the mapping.
    """

    sheet: Sheet
    mapping: SheetMapping
    by_name: bool
    settings: Settings
    shown: Mapping[str, Any]
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the campaign is.

    visible: fields that could be read. complete: the listing of orders was proved complete. total: orders of the campaign.
    searched: how many numbers were searched instead of a listing; `orders` are then those of these numbers alone.
    """

    campaign: CampaignInfo
    record_type: RecordSchema
    orders: pl.DataFrame
    contacts: pl.DataFrame
    visible: frozenset[str]
    complete: bool
    notices: tuple[str, ...]
    digests: Mapping[str, str]
    total: int
    searched: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Which row means which order, and which contact may be linked: the frames of matching.match and matching.link."""

    matched: pl.DataFrame
    linked: pl.DataFrame


def effective(settings: Settings, mapping: SheetMapping) -> Settings:
    """The settings, with what the mapping says where nobody else did. Raises UsageError where they clash."""
    given = settings.model_fields_set
    said: dict[str, Any] = {
        "mode": mapping.sync.mode,
        "on_missing": mapping.sync.missing,
        "initial_status": mapping.sync.initial_status,
        "on_duplicate": mapping.match.on_duplicate,
        "region": mapping.phone.region,
    }
    chosen = settings.model_copy(update={k: v for k, v in said.items() if v is not None and k not in given})
    if chosen.mode is not Mode.MIRROR and chosen.on_missing not in (None, OnMissing.KEEP):
        raise UsageError(
            f"`--on-missing {chosen.on_missing}` needs `--mode mirror`: mode `{chosen.mode}` touches no order without a row",
            hint="pass `--mode mirror`, or leave `--on-missing` out",
        )
    start = fold_status(chosen.initial_status)
    if start not in (REGISTERED, *RELEASING):
        raise UsageError(
            f"a new contact cannot start as `{chosen.initial_status}`", hint="use `--initial-status registered|planned|scheduled`"
        )
    return chosen.model_copy(update={"initial_status": start})


def desire(subject: Subject, record_type: RecordSchema) -> Desired:
    """What the sheet asks for, under the campaign's Record Type. Raises MappingError where headers do not fit."""
    settings, sheet = subject.settings, subject.sheet
    prepared = sheet.prepared
    fits = prepared is not None and prepared.key == reading_key(subject, record_type)
    desired = read_rows(
        sheet,
        bound(subject, record_type),
        record_type,
        region=settings.region,
        on_duplicate=settings.on_duplicate,
        part=prepared.part if prepared is not None and fits else None,
    )
    if prepared is None or fits:
        return desired
    anew = "the sheet was prepared with another mapping, record type, region or version, so its cells were read anew"
    return replace(desired, notices=(*desired.notices, anew))


def reading_key(subject: Subject, record_type: RecordSchema) -> str:
    """Of all that decides what a cell means, besides the cell: two readings with the same key say the same."""
    settings = subject.settings
    return digest(
        {
            "version": __version__,
            "headings": list(subject.sheet.headings),
            "mapping": subject.mapping.model_dump(mode="json"),
            "by_name": subject.by_name,
            "key": list(settings.key or ()),
            "region": settings.region,
            "record_type": record_type.digest,
        }
    )


def bound(subject: Subject, record_type: RecordSchema) -> Binding:
    """Which heading feeds which field. Raises MappingError where headers do not fit."""
    keys = subject.settings.key or ()
    return bind(subject.mapping, subject.sheet.headings, record_type.parameters, by_name=subject.by_name, keys=keys)


async def read_type(client: Client, campaign: CampaignInfo) -> RecordSchema:
    """The campaign's Record Type; an empty one where the campaign has none."""
    if campaign.record_type_uuid is None:
        return schema.empty_schema()
    return schema.read_record_type(await client.record_type(campaign.record_type_uuid))


async def stand(
    client: Client,
    campaign: CampaignInfo,
    record_type: RecordSchema,
    desired: Desired,
    *,
    mode: Mode,
    on_page: OnPage,
    missing: OnMissing = OnMissing.CANCEL,
    begun: searching.Begun | None = None,
) -> tuple[Standing, Found, Desired]:
    """List or search the campaign, and find for each live row its order, or the contact that may be linked.

    missing: what becomes of orders without a row; a search is thought of only where they are kept. begun: what was read of the
    campaign already.

    The third answer is `desired` without the issues of cells that say what stands there already and, for an export, without what
    nobody edited.
    """
    read = await searching.orders(client, campaign, desired, missing, on_page, begun=begun)
    complete, searched, total, words = read.complete, read.searched, read.total, read.words
    few = read.orders if searched else None
    records, notices = await searching.records(client, campaign, desired, on_page, few, begun=begun)
    fields = [*FIELDS, *(spec.field for spec in record_type.parameters)]
    orders = snapshot.with_records(read.orders, records, fields)
    visible = _visible(records, fields)
    del read  # It is in `orders` by now, and of a large campaign it need not be kept twice.
    if complete:
        records = None
    desired = merged(forgiven(desired, orders), orders)
    live = _live(desired)
    matched, seen = await _placed(live, orders, desired.keys)
    if not complete and not searched:
        found = await _searched(client, campaign, _new_phones(live, matched))
        extra = snapshot.existing_orders(found, records, fields).filter(
            ~pl.col("order_uuid").is_in(orders["order_uuid"].implode())
        )
        orders = pl.concat([orders, extra])
        matched, seen = await _placed(live, orders, desired.keys)
        notices.append("the campaign changed while it was read: new numbers were searched one by one, and no order is removed")
    unplaced = matched.filter(pl.col("place").is_null() & pl.col("code").is_null() & (mode is not Mode.UPDATE))
    new = live.join(unplaced, on=ROW, how="semi", maintain_order="left")
    contacts, more = await _contacts(client, campaign, desired, new, on_page)
    linked = link(new, live, matched, contacts, orders)
    standing = Standing(
        campaign=campaign,
        record_type=record_type,
        orders=orders,
        contacts=contacts,
        visible=visible,
        complete=complete,
        notices=(*words, *notices, *more),
        digests={"record_type": record_type.digest, "snapshot": seen},
        total=total if total is not None else orders.height,
        searched=searched,
    )
    return standing, Found(matched=matched, linked=linked), desired


def _live(desired: Desired) -> pl.DataFrame:
    """The rows of which nothing is wrong, with what they are found by: all their cells would be as large as the sheet."""
    keys = [f"want_{key}" for key in desired.keys if key.startswith("parameters.")]
    found_by = [name for name in keys if name in desired.frame.columns]
    return desired.frame.select(ROW, "phone", "order_uuid", "record_uuid", *found_by, "verdict").filter(
        pl.col("verdict").is_null()
    )


async def _placed(live: pl.DataFrame, orders: pl.DataFrame, keys: Sequence[str]) -> tuple[pl.DataFrame, str]:
    """Which row means which order, and the digest of all orders as they were seen, worked out side by side."""
    return await both(
        partial(aside, match, live, orders, keys), partial(aside, lambda: frame_digest(snapshot.fingerprint(orders)))
    )


def _visible(records: pl.DataFrame | None, fields: Sequence[Field]) -> frozenset[str]:
    if records is not None:
        return frozenset(f.name for f in fields)
    return frozenset(f.name for f in fields if f.home not in (Home.RECORD, Home.PARAMETER) or f.name in ("name", "phoneNumber"))


def _new_phones(live: pl.DataFrame, matched: pl.DataFrame) -> list[str]:
    unplaced = matched.filter(pl.col("place").is_null() & pl.col("code").is_null())
    return live.join(unplaced, on=ROW, how="semi")["phone"].drop_nulls().unique().sort().to_list()


async def _searched(client: Client, campaign: CampaignInfo, phones: Sequence[str]) -> pl.DataFrame:
    """The orders that a search finds for these numbers, of a campaign whose listing could not be proved complete."""
    listings = await each(phones, lambda phone: client.search_orders(campaign.uuid, phone))
    return pl.concat([listing.frame for listing in listings]).unique("order_uuid") if listings else _no_orders()


def _no_orders() -> pl.DataFrame:
    names = ("order_uuid", "status", *snapshot.ORDER_TEXTS, "record_uuid", "name", "phoneNumber")
    return frames.empty(dict.fromkeys(names, "String"))


async def each(items: Sequence[str], work: Callable[[str], Awaitable[Listing]]) -> list[Listing]:
    """`work` for each item, eight at once; the client's own gate decides how many of them are sent."""
    found: list[Listing] = []
    limiter = anyio.CapacityLimiter(8)

    async def one(item: str) -> None:
        async with limiter:
            found.append(await work(item))

    with ungrouped():
        async with anyio.create_task_group() as group:
            for item in items:
                group.start_soon(one, item)
    return found


async def _contacts(
    client: Client, campaign: CampaignInfo, desired: Desired, new: pl.DataFrame, on_page: OnPage
) -> tuple[pl.DataFrame, list[str]]:
    """The contacts of the campaign's type that rows without an order may mean; none where there are no such rows.

    new: the live rows without an order.
    """
    nobody = frames.empty({"record_uuid": "String", "phone": "String"})
    if campaign.record_type_uuid is None or new.is_empty():
        return nobody, []
    names = sorted({f.wire for f in desired.fields if f.home is Home.PARAMETER})
    phones = new["phone"].drop_nulls().unique().sort().to_list()
    by_id = new["record_uuid"].drop_nulls().len()
    try:
        if len(phones) > _SEARCHED_ONE_BY_ONE or by_id:
            listing = await client.list_records(
                record_type=campaign.record_type_uuid, parameters=names, on_page=lambda done, of: on_page("contacts", done, of)
            )
            listings = [listing]
        else:
            kind = campaign.record_type_uuid
            listings = await each(phones, lambda phone: client.search_records(phone, parameters=names, record_type=kind))
    except ForbiddenError:
        return nobody, ["the token may not read contacts: rows without an order become new contacts, even if a contact exists"]
    if not listings:
        return nobody, []
    found = pl.concat([listing.frame for listing in listings]).unique("record_uuid", maintain_order=True)
    return snapshot.contacts(found, desired.fields), [note for listing in listings for note in listing.notes]


def wishes(
    subject: Subject, desired: Desired, standing: Standing, *, never: Iterable[str], waiting: frozenset[str], now: datetime
) -> Wishes:
    """What this run may do. never: the ledger's phones; those of the campaign and of the sheet are added here."""
    settings = subject.settings
    said = person_keys(phones_that_said_never(desired.frame, standing.orders))
    because = None if standing.complete else "the campaign changed while it was read, so absent is not missing"
    if because is None and desired.lacks(standing.orders):
        because = "the sheet is an export that does not have all of today's orders, so absent is not missing"
    if subject.sheet.info.fix_of is not None:
        because = "the sheet is a fix file, which holds some of the rows, so absent is not missing"
    return Wishes(
        mode=settings.mode,
        on_missing=settings.missing,
        reopen=settings.reopen,
        now=now,
        never=snapshot.forbidden_phones(standing.orders, never) | said,
        initial_status=settings.initial_status,
        keep_because=because,
        unsettled=waiting,
    )


def compare(desired: Desired, standing: Standing, found: Found, wished: Wishes) -> Difference:
    """The diff of what was read."""
    sides = Sides(
        desired=desired.frame,
        orders=standing.orders,
        contacts=standing.contacts,
        matched=found.matched,
        linked=found.linked,
        rules=desired.rules,
        needed=desired.needed,
        needed_unmapped=desired.needed_unmapped,
        visible=standing.visible,
    )
    return diff(sides, wished)


def build(
    subject: Subject,
    desired: Desired,
    standing: Standing,
    difference: Difference,
    *,
    host: str,
    last_valid: int | None,
    now: datetime,
) -> Plan:
    """The plan: its steps, its lines, its guards (checked, not raised)."""
    settings = subject.settings
    wire = spellings(standing.orders["status_wire"].drop_nulls().unique(maintain_order=True), settings.status_spellings)
    all_steps = steps(difference, desired.rules, wire, settings.release)
    issues = pl.concat([desired.issues, difference.issues]).sort("row", maintain_order=True)
    sizes = guards.Sizes(
        rows=subject.sheet.info.rows,
        orders=standing.total,
        standing=standing.orders.filter(is_group(pl.col("status"), Group.QUIET, Group.CALLABLE)).height,
        last_valid=last_valid,
    )
    limits = guards.Limits(
        **{name: getattr(settings, name) for name in ("max_create", "max_update", "max_remove", "max_invalid", "max_shrink")}
    )
    if subject.sheet.info.fix_of is not None and limits.max_invalid is None:
        # Rows that nobody has corrected yet are what a fix file is made of.
        limits = replace(limits, max_invalid=Limit(percent=100))
    return Plan(
        id=secrets.token_hex(8),
        created_at=now,
        expires_at=now + PLAN_LIFE,
        host=host,
        campaign=standing.campaign,
        source=subject.sheet.info,
        settings=subject.shown,
        digests={**standing.digests, **subject.digests, "sheet": subject.sheet.info.sha256, "steps": digest(all_steps)},
        steps=all_steps,
        lines=lines(difference.rows, issues),
        changes=difference.changes,
        orders=difference.orders,
        issues=issues,
        guards=guards.check(difference, sizes, limits),
        notices=(*desired.notices, *standing.notices),
        complete=standing.complete,
        total_orders=standing.total,
        searched=standing.searched,
        seen_orders=standing.orders["order_uuid"],
        said_never=tuple(phones_that_said_never(desired.frame, standing.orders)),
    )


def lines(rows: pl.DataFrame, issues: pl.DataFrame) -> pl.DataFrame:
    """LINE_SCHEMA: every row of the sheet with its planned outcome, its codes, and its gravest issue in words.

    rows: ROW, `outcome`, `phone`, `order_uuid`, `record_uuid`.
    """
    told = issues.group_by("row", maintain_order=True).agg(codes=pl.col("code").unique(maintain_order=True))
    weight = {code: _WEIGHTS[str(entry.verdict)] for code, entry in CATALOGUE.items()}
    first = (
        issues.with_columns(weight=pl.col("code").replace_strict(weight))
        .sort("row", "weight", maintain_order=True)
        .unique("row", keep="first", maintain_order=True)
    )
    words = [
        render(code, heading=h, cell=c, detail=d)[0]
        for code, h, c, d in first.select("code", "heading", "cell", "detail").iter_rows()
    ]
    said = first.select("row", message=pl.Series(words, dtype=pl.String))
    both = rows.rename({ROW: "row"}).join(told, on="row", how="left", maintain_order="left")
    both = both.join(said, on="row", how="left", maintain_order="left")
    return frames.fit(both.with_columns(codes=pl.col("codes").fill_null([])), LINE_SCHEMA)
