"""One request from its first attempt to its end: turn, attempt, verdict, wait, again. All workers share one Exchange.

In:  a Call (method, route, path, query, body, the contract's check).
Out: an Ended: the verdict that stands, the parsed answer, the words for people.
Rules: retry.judge decides, health says when to stop, the gate paces; here is only the order in which they are asked.
"""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

import anyio
import httpx
import orjson

from callcamp_sync.api.discretion import discreet, secrets_of
from callcamp_sync.api.health import Budget, Health
from callcamp_sync.api.hints import Hint, from_headers
from callcamp_sync.api.pace import Gate
from callcamp_sync.api.quota import Turn
from callcamp_sync.api.refusals import server_words
from callcamp_sync.api.retry import ATTEMPTS, THROTTLES, Verdict, delay, judge, retry_after
from callcamp_sync.api.transport import Answer, Lost, Transport
from callcamp_sync.model import RequestCounts

Before = Callable[[int], Awaitable[None]]
"""Told that an attempt is about to leave, by its number from 1; the attempt waits for it."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """What the outside world lends: a clock that never goes back (seconds), the time of day (aware), a sleep, chance."""

    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    rng: random.Random = field(default_factory=random.SystemRandom)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. route: its template, for messages. path: already percent-encoded. keeps_contract: judges a 2xx's JSON.

    patient: whether it is sent again by itself once the server lets it; else a 429 is its end, and who sent it looks first.
    before: awaited at its turn, right before each attempt leaves, with the attempt's number from 1; what it raises ends the call.
    """

    method: str
    route: str
    path: str
    keeps_contract: Callable[[object], bool]
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    patient: bool = True
    before: Before | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """What its answer's words must not repeat."""
        return secrets_of(self.body, [self.query["search"]] if "search" in self.query else [])

    @property
    def label(self) -> str:
        """Method and template, as messages name it."""
        return f"{self.method} {self.route}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a Call ended. verdict RETRY means: certainly not executed (a read: no usable answer), and given up. said: the parsed
    answer when DONE. words: for people, None when DONE. status: of the last answer."""

    verdict: Verdict
    status: int | None
    said: object
    words: str | None
    attempts: int


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One attempt's end, read and judged."""

    verdict: Verdict
    status: int | None
    said: object
    words: str | None
    asked_wait: float | None = None


class Exchange:
    """Sends calls through one transport, one gate, one idea of the server's health."""

    def __init__(
        self, transport: Transport, gate: Gate, *, base_url: str, timeout: float, runtime: Runtime, token: str = ""
    ) -> None:
        self._transport = transport
        self._gate = gate
        self._base_url = base_url
        self._last_address, self._last_url = "", httpx.URL(base_url)
        self._token = token
        self._timeout = timeout
        self._runtime = runtime
        self._health = Health()
        self._budget = Budget()
        self._sent = self._retried = self._throttled = 0
        self._busy_seconds = 0.0
        self._busy_since = 0.0
        self._on_wire = 0
        self._distrusted: str | None = None
        self.moved: str | None = None

    @property
    def broken(self) -> str | None:
        """Why nothing more is sent, or None while all is well."""
        return self._distrusted or self._health.gone

    @property
    def distrusted(self) -> str | None:
        """Why the server's certificate was refused, or None."""
        return self._distrusted

    @property
    def counts(self) -> RequestCounts:
        """What went over the wire so far."""
        running = self._runtime.monotonic() - self._busy_since if self._on_wire else 0.0
        return RequestCounts(
            sent=self._sent, retried=self._retried, throttled=self._throttled, seconds=self._busy_seconds + running
        )

    async def send(self, call: Call) -> Ended:
        """Carry `call` to its end. Raises only cancellation, and what `call.before` raises: then that attempt never left."""
        url = self._url(call)
        failures = throttles = attempts = 0
        last = _Attempt(Verdict.RETRY, None, None, None)
        while True:
            turn = await self._gate.enter()
            try:
                if self.broken or self.moved:
                    words = self.broken or f"the base URL moved to {self.moved}"
                    return Ended(verdict=Verdict.RETRY, status=last.status, said=None, words=words, attempts=attempts)
                if call.before is not None:
                    await call.before(attempts + 1)
                attempts += 1
                last = await self._attempt(call, url, turn, again=attempts > 1)
            finally:
                self._gate.leave()
            throttled = last.status == 429
            failures, throttles = failures + (not throttled), throttles + throttled
            over = last.verdict is not Verdict.RETRY or (throttled and not call.patient)
            if over or not self._may_retry(failures, throttles, throttled=throttled):
                return Ended(verdict=last.verdict, status=last.status, said=last.said, words=last.words, attempts=attempts)
            if not throttled:
                await self._runtime.sleep(delay(failures, last.asked_wait, self._runtime.rng))

    def _url(self, call: Call) -> httpx.URL:
        """Parsed once for as many calls to the same path as follow one another: creates, for the most part."""
        query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in call.query.items())
        address = f"{call.path}{'?' if query else ''}{query}"
        if address != self._last_address:
            self._last_address, self._last_url = address, httpx.URL(f"{self._base_url}{address}")
        return self._last_url

    def _may_retry(self, failures: int, throttles: int, *, throttled: bool) -> bool:
        """Throttled answers draw on no budget: the shared gate already keeps everybody to what the server asked for."""
        if self.broken:
            return False
        return throttles < THROTTLES if throttled else failures < ATTEMPTS and self._budget.spend(self._sent)

    async def _attempt(self, call: Call, url: httpx.URL, turn: Turn, *, again: bool) -> _Attempt:
        started = self._runtime.monotonic()
        self._sent += 1
        self._retried += again
        if not self._on_wire:
            self._busy_since = started
        self._on_wire += 1
        try:
            seconds = self._health.seconds_for(self._timeout, now=started)
            outcome = await self._transport.send(call.method, url, call.body, seconds=seconds)
        finally:
            self._on_wire -= 1
            if not self._on_wire:
                self._busy_seconds += self._runtime.monotonic() - self._busy_since
        if isinstance(outcome, Lost):
            return self._lost(call, outcome, started)
        return self._answered(call, outcome, turn, started)

    def _lost(self, call: Call, lost: Lost, started: float) -> _Attempt:
        if lost.distrusted:
            self._distrusted = lost.words
        self._failed(lost.words, started)
        return _Attempt(judge(call.method, None, maybe_sent=lost.maybe_sent), None, None, lost.words)

    def _answered(self, call: Call, answer: Answer, turn: Turn, started: float) -> _Attempt:
        said, flaw = _read(answer, call)
        verdict = judge(call.method, answer.status, readable=flaw is None)
        wait = retry_after(answer.headers, now=self._runtime.now())
        if verdict is Verdict.DONE:
            words = None
        else:
            words = flaw or server_words(answer.body, answer.headers.get("content-type", "")) or f"status {answer.status}"
            words = discreet(words, (*([self._token] if self._token else []), *call.secrets))
        if 300 <= answer.status < 400:
            self.moved = self.moved or _origin(self._base_url, answer.headers.get("location"))
        self._gate.told(from_headers(answer.headers, now=self._runtime.now()), turn)
        if answer.status == 429:
            self._refused(turn, wait, started)
        elif answer.status >= 500 or flaw:
            self._failed(words or "", started)
            if wait:
                self._gate.pause(wait)
        else:
            self._health.succeeded()
            self._gate.accepted(turn)
        return _Attempt(verdict, answer.status, said, words, wait)

    def _refused(self, turn: Turn, wait: float | None, started: float) -> None:
        """The server asked for patience: everybody has it, and the pace follows from it."""
        self._throttled += 1
        self._health.throttled(started=started, now=self._runtime.monotonic())
        self._gate.throttled(turn, delay(self._health.throttled_rounds, wait, self._runtime.rng))

    def hear(self, hint: Hint | None) -> None:
        """What the account says of its limit."""
        if hint is not None and hint.rate is not None:
            self._gate.hear(hint.rate)

    def _failed(self, words: str, started: float) -> None:
        """Tell the breaker; from the second round of failure on, everybody waits a moment."""
        self._health.failed(words, started=started, now=self._runtime.monotonic())
        if self._health.rounds > 1:
            self._gate.pause(delay(self._health.rounds - 1, None, self._runtime.rng))


def _read(answer: Answer, call: Call) -> tuple[object, str | None]:
    """(the parsed JSON of an answer that keeps the contract, None); (None, why it does not); (None, None) for 4xx and 5xx."""
    if not 200 <= answer.status < 300:
        return None, "a redirect, which is not followed" if answer.status < 400 else None
    if answer.body is None:
        return None, "the answer is too large or damaged"
    try:
        said = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        # Only a web page is quoted: anything else may be a cut answer, and that holds a contact's data.
        page = server_words(answer.body, "text/html") if answer.body.lstrip()[:1] == b"<" else None
        return None, f"the answer is not JSON but a web page: {page}" if page else "the answer is not JSON"
    if call.keeps_contract(said):
        return said, None
    words = server_words(answer.body, "")
    return None, f"the answer lacks what the contract says{f': {words}' if words else ''}"


def _origin(base_url: str, location: str | None) -> str | None:
    """Scheme and host that a redirect points at; None where it does not say. Its path may hold ids and is left out."""
    if not location:
        return None
    try:
        target = httpx.URL(base_url).join(location)
    except httpx.InvalidURL:
        return "an address that cannot be read"
    return f"{target.scheme}://{target.netloc.decode('ascii', 'replace')}"
