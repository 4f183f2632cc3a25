"""Callcamp's operations as methods: reads raise when they cannot answer, writes always return a Reply.

In:  base URL, token, how many requests at once, how fast, how long each may take.
Out: listings as frames, single things as models or raw JSON, the end of every write.
Rule source: the vendor's page "Campaign Records" and its help pages. I/O: network, through the Exchange.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import anyio
import orjson
import polars as pl
from pydantic import SecretStr
from rapidfuzz import process

from callcamp_sync import __version__
from callcamp_sync.api.address import checked_base_url, checked_token, path_of
from callcamp_sync.api.columns import CALL_COLUMNS, ORDER_COLUMNS, page_texts, record_columns
from callcamp_sync.api.exchange import Before, Call, Ended, Exchange, Runtime
from callcamp_sync.api.hints import from_account
from callcamp_sync.api.pace import Gate, Pace
from callcamp_sync.api.paging import PAGE_LIMIT, Listing, items_of
from callcamp_sync.api.reader import Fetch, OnPage, read_all
from callcamp_sync.api.refusals import moved, refusal, unreachable
from callcamp_sync.api.remembered import Memory
from callcamp_sync.api.retry import Verdict
from callcamp_sync.api.route import DIRECT, Route
from callcamp_sync.api.transport import opened
from callcamp_sync.api.wire import (
    Account,
    Campaign,
    Reply,
    is_created_order,
    is_object_with_id,
    is_success,
    is_updated,
    is_updated_record,
)
from callcamp_sync.errors import NotFoundError, RefusedError, SettingsError, SyncError, ungrouped
from callcamp_sync.model import Fate, RequestCounts

_ORDERS = "/campaigns/{uuid}/orders"
_ORDER = "/campaigns/{uuid}/orders/{orderUuid}"

_RECORD = "/records/{uuid}"

#: A list of campaigns that never ends is not read for ever.
_MOST_CAMPAIGN_PAGES = 1000

#: Whether a 2xx answer carries what the contract says.
Check = Callable[[object], bool]

#: Told of every listing of orders that was read: the campaign, and its frame.
OnOrders = Callable[[str, pl.DataFrame], None]

_FATES = {
    Verdict.DONE: Fate.DONE,
    Verdict.REFUSED: Fate.REFUSED,
    Verdict.UNKNOWN: Fate.UNKNOWN,
    Verdict.RETRY: Fate.NOT_ATTEMPTED,
}


@contextmanager
def open_gate(
    *,
    base_url: str,
    token: str,
    concurrency: int,
    rate: float | None = None,
    share: float = 1.0,
    folder: Path | None = None,
    runtime: Runtime | None = None,
) -> Iterator[Gate]:
    """The gate of one account, for all clients of it in this process; what it has learned is kept when the block ends.

    concurrency: requests under way at once, of all clients together. rate: requests a second, never more. share: this process's
    part of the account's limit, above 0 and at most 1, where several processes divide it. folder: where the pace is kept.
    """
    runtime = runtime or Runtime()
    memory = None if folder is None else Memory.of(folder, base_url=base_url, token=token)
    known = None if memory is None else memory.recall(runtime.now())
    pace = Pace(concurrency=concurrency, rate=rate, share=share, known=known)
    try:
        yield Gate(pace, monotonic=runtime.monotonic, sleep=runtime.sleep)
    finally:
        if memory is not None and pace.learned is not None and pace.learned != known:
            memory.keep(pace.learned, runtime.now())


@dataclass(frozen=True, slots=True)
class FirstPage:
    """The first page of a list. frame: its items, as in a Listing. total: how many there are in all, where the server says it."""

    said: dict[str, Any]
    frame: pl.DataFrame
    total: int | None


class Client:
    """A connection to one Callcamp account; an async context manager.

    base_url: with its path, such as `https://callcamp.ai/api`. concurrency: requests under way at once, reads and writes
    together. rate: requests a second, evenly spaced; None for as fast as answers come. timeout: seconds for one attempt as a
    whole, from connecting to the last byte. insecure_http: allow plain http to a host that is not this machine. route: through
    which proxy, and whose certificates are believed. on_orders: told of every listing of orders, whatever it was read for.
    gate: one that other clients of the same account pass too, instead of one of its own (see `open_gate`). pace_folder: where
    the pace that was learned is kept for the next run; None for nowhere.
    Raises SettingsError at once when base URL, token or a number cannot be used.

    Reads raise AccessError (ForbiddenError for 403), NotFoundError, ContractError, RefusedError, UnreachableError.
    """

    def __init__(
        self,
        *,
        base_url: str,
        token: str,
        concurrency: int = 8,
        rate: float | None = None,
        timeout: float = 30.0,
        insecure_http: bool = False,
        route: Route = DIRECT,
        runtime: Runtime | None = None,
        on_orders: OnOrders = lambda _, __: None,
        gate: Gate | None = None,
        pace_folder: Path | None = None,
    ) -> None:
        if concurrency < 1 or timeout <= 0 or (rate is not None and rate <= 0):
            raise SettingsError("concurrency, rate and time-out must be more than 0")
        self.base_url = checked_base_url(base_url, insecure_http=insecure_http)
        self._token = SecretStr(checked_token(token))
        self.concurrency = concurrency
        self._rate = rate
        self._timeout = timeout
        self._route = route
        self._runtime = runtime or Runtime()
        self._on_orders = on_orders
        self._gate = gate
        self._pace_folder = pace_folder
        self._stack = AsyncExitStack()
        self._open: Exchange | None = None

    def __repr__(self) -> str:
        return f"Client(base_url={self.base_url!r})"

    async def __aenter__(self) -> Self:
        gate = self._gate or self._stack.enter_context(
            open_gate(
                base_url=self.base_url,
                token=self._token.get_secret_value(),
                concurrency=self.concurrency,
                rate=self._rate,
                folder=self._pace_folder,
                runtime=self._runtime,
            )
        )
        transport = await self._stack.enter_async_context(
            opened(
                token=self._token.get_secret_value(),
                connections=self.concurrency,
                agent=f"callcamp-sync/{__version__}",
                base_url=self.base_url,
                route=self._route,
            )
        )
        self._open = Exchange(
            transport,
            gate,
            base_url=self.base_url,
            timeout=self._timeout,
            runtime=self._runtime,
            token=self._token.get_secret_value(),
        )
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._stack.aclose()

    @property
    def _exchange(self) -> Exchange:
        if self._open is None:
            raise RuntimeError("use the client inside `async with`")
        return self._open

    @property
    def counts(self) -> RequestCounts:
        """What went over the wire so far; seconds: the time in which at least one request was under way."""
        return self._exchange.counts

    @property
    def account(self) -> str:
        """A name for the account, by which facts about it are kept. It tells nothing of the token."""
        said = f"{self.base_url} {self._token.get_secret_value()}".encode()
        return f"account {hashlib.sha256(said).hexdigest()[:16]}"

    @property
    def broken(self) -> str | None:
        """Why nothing more is sent (the server is gone, or refuses for load), or None. Once set it stays."""
        return self._exchange.broken

    @property
    def moved(self) -> str | None:
        """Scheme and host that a redirect pointed at, or None. Once set, nothing more is sent."""
        return self._exchange.moved

    # --- reads ---------------------------------------------------------------------------------------------------------

    async def me(self) -> Account:
        """The account of the token: whether it is accepted, and what it may do."""
        said = await self._read("/auth/me", check=lambda said: isinstance(said, dict))
        self._exchange.hear(from_account(said))
        return Account.model_validate(said)

    async def campaigns(self, search: str | None = None) -> list[Campaign]:
        """All campaigns that the token sees, or those that the server finds for `search`, in the server's order."""
        found: dict[str, Campaign] = {}
        for page in range(1, _MOST_CAMPAIGN_PAGES + 1):
            said = await self._page("/campaigns", (), "campaigns", {"search": search}, page)
            usable = [item for item in items_of(said, "campaigns") or [] if is_object_with_id(item)]
            before = len(found)
            found |= {campaign.uuid: campaign for campaign in map(Campaign.model_validate, usable)}
            if len(found) == before or len(found) == said.get("total"):
                break
        return list(found.values())

    async def campaign(self, uuid: str) -> Campaign:
        """One campaign by its id."""
        return Campaign.model_validate(await self._read("/campaigns/{uuid}", uuid))

    async def find_campaign(self, name_or_uuid: str) -> Campaign:
        """One campaign by its id or, where no id fits, by its name without regard to case.

        Raises NotFoundError that names the ids when several have the name, or the nearest names when none has.
        """
        wanted = name_or_uuid.strip()
        if wanted and not any(sign.isspace() for sign in wanted):
            try:
                return await self.campaign(wanted)
            except RefusedError as error:
                # 404, or 400 from a server that wants its ids in one form: then it is a name. All else is a real failure.
                if error.code not in (NotFoundError.code, RefusedError.code):
                    raise
        campaigns = await self.campaigns()
        named = [campaign for campaign in campaigns if (campaign.name or "").strip().casefold() == wanted.casefold()]
        if len(named) == 1:
            return named[0]
        raise _not_one(wanted, named, [campaign.name for campaign in campaigns if campaign.name])

    async def record_type(self, uuid: str) -> dict[str, Any]:
        """One record type, raw, as the server gives it."""
        return await self._read("/record-types/{uuid}", uuid)

    async def get_record(self, uuid: str) -> dict[str, Any]:
        """One contact, raw, as the server gives it."""
        return await self._read(_RECORD, uuid)

    async def first_orders(self, campaign: str, *, search: str | None = None, told: bool = True) -> FirstPage:
        """The first page of the campaign's orders, or of those that the server finds for `search`: one request.

        told: `on_orders` hears of it; False where whoever asks has something to do before that, and then says `tell_of`.
        """
        said = await self._page(_ORDERS, (campaign,), "orders", {"search": search}, 1)
        texts, _ = page_texts(items_of(said, "orders") or [], ORDER_COLUMNS)
        frame = pl.DataFrame(texts, schema=dict.fromkeys(ORDER_COLUMNS, pl.String()))
        if told:
            self.tell_of(campaign, frame)
        total = said.get("total")
        return FirstPage(said, frame, total if isinstance(total, int) and not isinstance(total, bool) else None)

    def tell_of(self, campaign: str, orders: pl.DataFrame) -> None:
        """Tell `on_orders` of orders that were read, and of which it has not heard."""
        self._on_orders(campaign, orders)

    async def list_orders(self, campaign: str, *, on_page: OnPage | None = None, first: FirstPage | None = None) -> Listing:
        """Every order of the campaign; its columns are those of columns.ORDER_COLUMNS.

        first: the first page, where it was read just now; it is not asked for again, unless the listing has to be repeated.
        """
        fetch = self._fetcher(campaign, {}, first)
        listing = await read_all(fetch, "orders", ORDER_COLUMNS, workers=self.concurrency, on_page=on_page)
        self._on_orders(campaign, listing.frame)
        return listing

    async def search_orders(self, campaign: str, phone: str, *, first: FirstPage | None = None) -> Listing:
        """The orders that the server finds for `phone`. It searches names and parts of numbers too: compare exactly."""
        fetch = self._fetcher(campaign, {"search": phone}, first)
        listing = await read_all(fetch, "orders", ORDER_COLUMNS, workers=self.concurrency)
        self._on_orders(campaign, listing.frame)
        return listing

    def _fetcher(self, campaign: str, query: Mapping[str, str | None], first: FirstPage | None) -> Fetch:
        """How pages of a campaign's orders are fetched; `first`, where it was read already, stands for the first one, once."""
        read = [first.said] if first is not None else []

        async def fetch(page: int) -> dict[str, Any]:
            return read.pop() if page == 1 and read else await self._page(_ORDERS, (campaign,), "orders", query, page)

        return fetch

    async def list_records(
        self,
        *,
        parameters: Sequence[str],
        campaign: str | None = None,
        record_type: str | None = None,
        dated: bool = False,
        on_page: OnPage | None = None,
    ) -> Listing:
        """Every contact of a campaign, of a record type, or of both; one column `parameters.<id>` for each of `parameters`.

        dated: when each was made, as well.
        """
        fetch = partial(self._page, "/records", (), "records", {"campaignUuid": campaign, "recordTypeUuid": record_type})
        columns = record_columns(parameters, dated=dated)
        return await read_all(fetch, "records", columns, workers=self.concurrency, on_page=on_page)

    async def records_of(self, uuids: Sequence[str], *, parameters: Sequence[str]) -> Listing:
        """These contacts, one request each, as `list_records` has them; one that is not there (any more) is left out."""
        found: list[dict[str, Any]] = []
        limiter = anyio.CapacityLimiter(self.concurrency)

        async def read(uuid: str) -> None:
            async with limiter:
                with suppress(NotFoundError):
                    found.append(await self.get_record(uuid))

        with ungrouped():
            async with anyio.create_task_group() as group:
                for uuid in uuids:
                    group.start_soon(read, uuid)
        columns = record_columns(parameters)
        frame = pl.DataFrame(page_texts(found, columns)[0], schema=dict.fromkeys(columns, pl.String()))
        return Listing(frame=frame, total=frame.height, complete=True)

    async def search_records(
        self, phone: str, *, parameters: Sequence[str], campaign: str | None = None, record_type: str | None = None
    ) -> Listing:
        """The contacts that the server finds for `phone`: compare exactly."""
        query = {"campaignUuid": campaign, "recordTypeUuid": record_type, "search": phone}
        fetch = partial(self._page, "/records", (), "records", query)
        return await read_all(fetch, "records", record_columns(parameters), workers=self.concurrency)

    async def list_calls(self, campaign: str, *, on_page: OnPage | None = None) -> Listing:
        """Every call of the campaign; its columns are those of columns.CALL_COLUMNS."""
        fetch = partial(self._page, "/calls", (), "calls", {"campaignUuid": campaign})
        return await read_all(fetch, "calls", CALL_COLUMNS, workers=self.concurrency, on_page=on_page)

    # --- writes --------------------------------------------------------------------------------------------------------

    # before: awaited right before each attempt leaves, with its number from 1: the place for a write-ahead journal.

    async def create_order(self, campaign: str, body: Mapping[str, Any], *, before: Before | None = None) -> Reply:
        """Create a contact and its order. Never sent again once it may have arrived."""
        return await self._write("POST", _ORDERS, campaign, body=body, check=is_created_order, before=before)

    async def associate(self, campaign: str, record_uuids: Sequence[str], *, before: Before | None = None) -> Reply:
        """Link existing contacts to the campaign. The answer names no orders: list again to see them."""
        body = {"recordUuids": list(record_uuids)}
        return await self._write("POST", f"{_ORDERS}/associate", campaign, body=body, check=is_success, before=before)

    async def update_order(self, campaign: str, order: str, body: Mapping[str, Any], *, before: Before | None = None) -> Reply:
        """Change properties or status of one order. With a status, a 429 ends it (NOT_ATTEMPTED): look again before another."""
        patient = "status" not in body
        check = partial(is_updated, order)
        return await self._write("PATCH", _ORDER, campaign, order, body=body, check=check, patient=patient, before=before)

    async def remove_order(self, campaign: str, order: str, *, before: Before | None = None) -> Reply:
        """Delete one order; the contact stays."""
        return await self._write("DELETE", _ORDER, campaign, order, body=None, check=is_success, before=before)

    async def update_record(self, record: str, body: Mapping[str, Any], *, before: Before | None = None) -> Reply:
        """Change fields of one contact."""
        return await self._write("PATCH", _RECORD, record, body=body, check=partial(is_updated_record, record), before=before)

    # --- how -----------------------------------------------------------------------------------------------------------

    async def _write(
        self,
        method: str,
        route: str,
        *ids: str,
        body: Mapping[str, Any] | None,
        check: Check,
        patient: bool = True,
        before: Before | None = None,
    ) -> Reply:
        try:
            path = path_of(route, *ids)
        except NotFoundError as error:
            return Reply(fate=Fate.REFUSED, error=error.message)
        content = None if body is None else orjson.dumps(body)
        call = Call(method=method, route=route, path=path, body=content, keeps_contract=check, patient=patient, before=before)
        ended = await self._exchange.send(call)
        return Reply(
            fate=_FATES[ended.verdict],
            status=ended.status,
            data=cast("dict[str, Any]", ended.said) if ended.verdict is Verdict.DONE else None,
            error=ended.words,
            attempts=ended.attempts,
        )

    async def _page(
        self, route: str, ids: tuple[str, ...], name: str, query: Mapping[str, str | None], page: int
    ) -> dict[str, Any]:
        numbers = {"page": str(page), "limit": str(PAGE_LIMIT)}
        return await self._read(route, *ids, check=lambda said: items_of(said, name) is not None, query={**query, **numbers})

    async def _read(
        self, route: str, *ids: str, check: Check = is_object_with_id, query: Mapping[str, str | None] | None = None
    ) -> dict[str, Any]:
        """The JSON object that a GET answers, if it passes `check`; query values of None are left out."""
        given = {name: value for name, value in (query or {}).items() if value is not None}
        call = Call(method="GET", route=route, path=path_of(route, *ids), query=given, keeps_contract=check)
        ended = await self._exchange.send(call)
        if ended.verdict is not Verdict.DONE:
            raise self._failure(call, ended)
        return cast("dict[str, Any]", ended.said)

    def _failure(self, call: Call, ended: Ended) -> SyncError:
        if self.moved:
            return moved(self.moved)
        if self._exchange.distrusted:
            return RefusedError(self._exchange.distrusted, hint="check the base URL, and this machine's clock and certificates")
        if ended.verdict is Verdict.RETRY or ended.status is None:
            return unreachable(call.label, ended.words or "nothing came back")
        return refusal(call.label, ended.status, ended.words)


def _not_one(wanted: str, named: Sequence[Campaign], names: Sequence[str]) -> NotFoundError:
    """Several campaigns of that name, or none."""
    if named:
        uuids = ", ".join(campaign.uuid for campaign in named)
        return NotFoundError(f"{len(named)} campaigns are called `{wanted}`: {uuids}", hint="pass the id of the one you mean")
    near = [name for name, _, _ in process.extract(wanted, names, limit=3, score_cutoff=60)]
    listed = ", ".join(f"`{name}`" for name in near)
    hint = f"did you mean {listed}?" if near else "`campaigns list` shows them all"
    return NotFoundError(f"there is no campaign `{wanted}`", hint=hint)
