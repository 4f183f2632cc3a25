"""What a run works with, and how it is opened: settings, clock, client, journal, ledger, sheet and mapping.

In:  a Request (what the user asked for) and a Bench (settings, clock, who is told of progress, who may stop or confirm).
Out: the things themselves, open; or a SyncError, before anything was sent. I/O: network, disk.
"""

from __future__ import annotations

import json
import secrets
import tomllib
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from callcamp_sync import fixes, journal, planning, snapshot
from callcamp_sync.api.client import Client, OnOrders
from callcamp_sync.api.pace import Gate
from callcamp_sync.api.route import Route
from callcamp_sync.errors import MappingError, UsageError
from callcamp_sync.journal import Journal
from callcamp_sync.ledger import Entry, Ledger
from callcamp_sync.mapping import Mapping as SheetMapping
from callcamp_sync.mapping import parse_mapping, plain_mapping
from callcamp_sync.model import CampaignInfo, Plan, Sheet
from callcamp_sync.night import Past
from callcamp_sync.schema import RecordSchema, read_record_type
from callcamp_sync.settings import Settings, token_of
from callcamp_sync.sheets import SheetLimits, read_sheet
from callcamp_sync.statuses import DO_NOT_CALL, fold_status
from callcamp_sync.steps import digest
from callcamp_sync.tally import Stop
from callcamp_sync.values.codes import REGIONS

LEDGER_NAME = "do-not-call.jsonl"
PACE_FOLDER = "pace"


class Progress(Protocol):
    """Who is told how far a run is."""

    def reading(self, what: str, done: int, total: int) -> None:
        """Pages of a list that were read."""

    def sending(self, done: int, total: int) -> None:
        """Steps of the plan that ended."""


class Silent:
    """A Progress that tells nobody."""

    def reading(self, what: str, done: int, total: int) -> None:
        """Nobody is told."""

    def sending(self, done: int, total: int) -> None:
        """Nobody is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a run works with.

    confirm: shown the plan, says whether to go on; null where `--yes` was given. stop: set by a signal. gate: the pace that
    this run shares with others of the same account, null for one of its own. past: what is known of earlier files, null outside
    jobs.
    """

    settings: Settings
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    progress: Progress = field(default_factory=Silent)
    stop: Stop = field(default_factory=Stop)
    confirm: Callable[[Plan], bool] | None = None
    gate: Gate | None = None
    past: Past | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One sync as the user asked for it.

    sheet: what names it, or a sheet that was read already. campaign: uuid or unique name. mapping: a TOML file, null for
    matching by heading. plan_file: where the plan will be saved, for the report's next step. record_type: a JSON file, instead
    of a campaign's Record Type. fix_file: where `validate` writes the rows to correct. job: the job that asks, null
    outside `jobs run`.
    """

    sheet: str | Sheet
    campaign: str | None
    mapping: Path | None = None
    command: str = "sync"
    plan_file: Path | None = None
    record_type: Path | None = None
    fix_file: Path | None = None
    job: str | None = None

    @property
    def source(self) -> str:
        """What the user named as the sheet."""
        return self.sheet.info.path if isinstance(self.sheet, Sheet) else self.sheet


@dataclass(slots=True)
class Desk:
    """What is open during a run."""

    client: Client
    journal: Journal
    ledger: Ledger
    settings: Settings
    bench: Bench
    run_id: str
    started: datetime

    @property
    def now(self) -> datetime:
        """The clock's time."""
        return self.bench.clock()


# --- opening ---------------------------------------------------------------------------------------------------------


def open_client(settings: Settings, *, on_orders: OnOrders = lambda _, __: None, gate: Gate | None = None) -> Client:
    """A client for these settings. Raises AccessError without a token, SettingsError for a token or address that is none."""
    return Client(
        base_url=settings.base_url,
        token=token_of(settings),
        concurrency=settings.concurrency,
        rate=settings.rate,
        timeout=settings.timeout,
        insecure_http=settings.insecure_http,
        route=Route(proxy=settings.proxy.get_secret_value() if settings.proxy else None, ca_file=settings.ca_file),
        on_orders=on_orders,
        pace_folder=settings.state_dir / PACE_FOLDER,
        gate=gate,
    )


def open_ledger(settings: Settings, clock: Callable[[], datetime]) -> Ledger:
    """The ledger of the state folder."""
    return Ledger.open(settings.state_dir / LEDGER_NAME, clock=clock)


def open_journal(settings: Settings, clock: Callable[[], datetime]) -> Journal:
    """The journal of the state folder."""
    return Journal.open(settings.state_dir / journal.FILE_NAME, clock=clock)


@asynccontextmanager
async def open_desk(bench: Bench, settings: Settings) -> AsyncIterator[Desk]:
    """Client, journal and ledger, open until the context ends."""
    with ExitStack() as stack:
        ledger = open_ledger(settings, bench.clock)
        client = open_client(settings, on_orders=lambda campaign, orders: note_listed(ledger, campaign, orders), gate=bench.gate)
        book = stack.enter_context(open_journal(settings, bench.clock))
        async with client:
            yield Desk(client, book, ledger, settings, bench, secrets.token_hex(4), bench.clock())


def note_listed(ledger: Ledger, campaign: str, listed: pl.DataFrame) -> None:
    """Append every number that a listing of orders marks Do Not Call, whatever it was read for and whatever comes after it.

    listed: as the API room lists orders. Costs nothing where nobody is marked.
    """
    marked = [status for status in listed["status"].drop_nulls().unique() if fold_status(status) == DO_NOT_CALL]
    if marked:
        note_never(ledger, campaign, snapshot.existing_orders(listed.filter(pl.col("status").is_in(marked)), None, ()))


def note_never(ledger: Ledger, campaign: str, orders: pl.DataFrame) -> None:
    """Append every number that the campaign marks Do Not Call. orders: snapshot.existing_orders.

    A number that the server holds without its + is the one that policy.person_key takes it for.
    """
    whole = pl.col("phone").str.replace(r"^([1-9]\d{10,14})$", "+${1}")
    marked = orders.filter(pl.col("status") == DO_NOT_CALL).with_columns(phone=whole)
    found = marked.filter(pl.col("phone").str.contains(r"^\+[1-9]\d{6,14}$"))
    known = ledger.phones()
    pairs = found.select("phone", "order_uuid").iter_rows()
    ledger.add(Entry(phone=phone, source=f"campaign {campaign} order {order}") for phone, order in pairs if phone not in known)


def load_mapping(path: Path | None) -> SheetMapping:
    """The mapping file, or the plain mapping. Raises MappingError: not there, not TOML, or wrong inside."""
    if path is None:
        return plain_mapping()
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise MappingError(f"the mapping `{path}` cannot be read: {error.strerror}", hint="check the path after `-m`") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MappingError(f"the mapping `{path}` is not TOML: {error}", hint="see docs/mapping.md") from error
    made = parse_mapping(data, path=str(path))
    if made.phone.region is not None and made.phone.region not in REGIONS:
        words = f"[phone] region: `{made.phone.region}` is no country; write its two letters, such as GB"
        raise MappingError(f"`{path}`: {words}", hint="docs/mapping.md lists every table and key")
    return made


def load_record_type(path: Path) -> RecordSchema:
    """A Record Type from a JSON file, as `GET /record-types/{uuid}` answers it. Raises UsageError."""
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"the record type `{path}` cannot be read: {error.strerror}", hint="check the path") from error
    except ValueError as error:
        raise UsageError(f"the record type `{path}` is not JSON", hint="save the answer of `GET /record-types/UUID`") from error
    if not isinstance(data, dict):
        raise UsageError(f"the record type `{path}` is not a JSON object", hint="save one record type, not a list")
    if not isinstance(data.get("parameters"), list):
        hint = "save the answer of `GET /record-types/UUID`"
        raise UsageError(f"the record type `{path}` has no list of `parameters`, so it is another document", hint=hint)
    return read_record_type(data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a sheet is to be read and synced: all of a Subject but the sheet itself. given: the settings without the mapping."""

    request: Request
    mapping: SheetMapping
    given: Settings
    settings: Settings


def load_terms(request: Request, settings: Settings) -> Terms:
    """Read the mapping, and hold the settings against it. Raises MappingError, UsageError."""
    mapping = load_mapping(request.mapping)
    return Terms(request=request, mapping=mapping, given=settings, settings=planning.effective(settings, mapping))


def load_subject(request: Request, settings: Settings) -> planning.Subject:
    """Read sheet and mapping. Raises SheetError, MappingError, UsageError."""
    return subject_of(load_terms(request, settings))


def subject_of(terms: Terms) -> planning.Subject:
    """Read the sheet. Raises SheetError."""
    request, mapping = terms.request, terms.mapping
    sheet = load_sheet(request.sheet, mapping, terms.given)
    # The runs of fix files are counted apart: how many rows they have says nothing of the next whole sheet.
    kind = {"fix": True} if sheet.info.fix_of is not None else {}
    return planning.Subject(
        sheet=sheet,
        mapping=mapping,
        by_name=request.mapping is None,
        settings=terms.settings,
        shown=_shown(request, terms.settings),
        digests={"mapping": digest(mapping.model_dump(mode="json") | kind)},
    )


def load_sheet(source: str | Sheet, mapping: SheetMapping, settings: Settings) -> Sheet:
    """Read the sheet that `source` names, as the mapping says it is to be read; one that was read stays. Raises SheetError."""
    if isinstance(source, Sheet):
        return source
    how = mapping.source
    return fixes.reopened(
        read_sheet(
            source,
            sheet=how.sheet,
            header_row=how.header_row,
            encoding=how.encoding,
            delimiter=how.delimiter,
            hidden_rows=how.hidden_rows,
            limits=_sheet_limits(settings),
        )
    )


def _sheet_limits(settings: Settings) -> SheetLimits:
    return SheetLimits(
        megabytes=settings.sheet_max_mb,
        rows=settings.sheet_max_rows,
        cells=settings.sheet_max_cells,
        memory=settings.sheet_memory_mb,
        seconds=settings.sheet_seconds,
    )


def _shown(request: Request, settings: Settings) -> dict[str, Any]:
    """What the report says of the settings: what was chosen, never the token."""
    names = (
        "mode",
        "initial_status",
        "release",
        "region",
        "on_duplicate",
        "reopen",
        *("max_create", "max_update", "max_remove", "max_invalid", "max_shrink"),
    )
    values = {name: getattr(settings, name) for name in names}
    return {
        "mapping": str(request.mapping) if request.mapping else None,
        "plan_file": str(request.plan_file) if request.plan_file else None,
        "record_type": str(request.record_type) if request.record_type else None,
        "campaign": request.campaign,
        **({"job": request.job} if request.job else {}),
        "on_missing": str(settings.missing),
        "key": ",".join(settings.key) if settings.key else None,
        **{name: value if value is None or isinstance(value, bool) else str(value) for name, value in values.items()},
    }


async def find_campaign(client: Client, name: str | None, mapping: SheetMapping | None = None) -> CampaignInfo:
    """The campaign by uuid or unique name; the mapping's where none was given."""
    wanted = name or (mapping.campaign if mapping else None)
    if wanted is None:
        raise UsageError("no campaign is given", hint="pass `-c CAMPAIGN`, or set `campaign` in the mapping")
    return (await client.find_campaign(wanted)).info()
