"""The small Callcamp as an ASGI app: routes, the way of a request through them, the request log, the control addresses.

In:  a `Service` (world, behaviour, log). Out: a Starlette app that answers as the vendor's pages say, under /api.
A request passes: bearer token (401), rate (429), permission (403), path and body (404, 400, 415, 422), the world, the answer.
The world is touched in one go, under its lock; latency is waited for outside, so that slow requests overlap.
`/_sandbox/log` and `/_sandbox/state` show the log and the truth as JSON, to loopback only; they are neither logged nor limited.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from ipaddress import ip_address
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from callcamp_sync.sandbox import gate, listings, mutations
from callcamp_sync.sandbox.behaviour import Behaviour
from callcamp_sync.sandbox.checks import Refusal
from callcamp_sync.sandbox.entities import JsonObject, Request, Token, campaign_json
from callcamp_sync.sandbox.world import World

#: While a request waits for its latency, it looks this often whether the server is being stopped. Seconds.
_NAP = 0.05


@dataclass(slots=True)
class Service:
    """What the app serves from. behaviour may be exchanged at any time; closing makes waiting requests answer at once."""

    world: World
    behaviour: Behaviour = field(default_factory=Behaviour)
    requests: list[Request] = field(default_factory=list)
    meter: gate.Meter = field(default_factory=gate.Meter)
    closing: bool = False
    arrived: int = 0


@dataclass(frozen=True, slots=True)
class Ask:
    """What a handler gets of a request: ids from the path, decoded query, JSON body ({} for methods without one)."""

    ids: Mapping[str, str]
    query: Mapping[str, str]
    body: JsonObject
    token: Token
    usage: JsonObject | None


Handler = Callable[[World, Behaviour, Ask], object]


@dataclass(frozen=True, slots=True)
class Rule:
    """One documented request. permission None: any token will do."""

    method: str
    path: str
    permission: str | None
    handler: Handler
    status: int = 200


_ORDERS = "/api/campaigns/{campaign}/orders"

RULES = (
    Rule("GET", "/api/auth/me", None, lambda w, b, a: gate.account_json(a.token, a.usage)),
    Rule("GET", "/api/campaigns", "campaigns:read", lambda w, b, a: listings.list_campaigns(w, b, a.query)),
    Rule(
        "GET",
        "/api/campaigns/{campaign}",
        "campaigns:read",
        lambda w, b, a: campaign_json(listings.campaign_of(w, a.ids["campaign"])),
    ),
    Rule("GET", "/api/record-types", "campaigns:read", lambda w, b, a: listings.list_record_types(w)),
    Rule("GET", "/api/record-types/{kind}", "campaigns:read", lambda w, b, a: listings.one_record_type(w, a.ids["kind"])),
    Rule("GET", "/api/records", "records:read", lambda w, b, a: listings.list_records(w, b, a.query)),
    Rule("GET", "/api/records/{record}", "records:read", lambda w, b, a: listings.one_record(w, a.ids["record"])),
    Rule("POST", "/api/records", "records:write", lambda w, b, a: mutations.create_record(w, a.body), 201),
    Rule(
        "PATCH",
        "/api/records/{record}",
        "records:write",
        lambda w, b, a: mutations.update_record(w, b, a.ids["record"], a.body),
    ),
    Rule("DELETE", "/api/records/{record}", "records:write", lambda w, b, a: mutations.remove_record(w, a.ids["record"])),
    Rule("GET", _ORDERS, "campaigns:read", lambda w, b, a: listings.list_orders(w, b, a.ids["campaign"], a.query)),
    Rule("POST", _ORDERS, "campaigns:write", lambda w, b, a: mutations.create_order(w, b, a.ids["campaign"], a.body), 201),
    Rule(
        "POST",
        f"{_ORDERS}/associate",
        "campaigns:write",
        lambda w, b, a: mutations.associate(w, b, a.ids["campaign"], a.body),
    ),
    Rule(
        "PATCH",
        f"{_ORDERS}/{{order}}",
        "campaigns:write",
        lambda w, b, a: mutations.update_order(w, b, a.ids["campaign"], a.ids["order"], a.body),
    ),
    Rule(
        "DELETE",
        f"{_ORDERS}/{{order}}",
        "campaigns:write",
        lambda w, b, a: mutations.remove_order(w, a.ids["campaign"], a.ids["order"]),
    ),
    Rule("GET", "/api/calls", "calls:read", lambda w, b, a: listings.list_calls(w, a.query)),
)


def build_app(service: Service) -> Starlette:
    """The ASGI app over `service`."""
    routes = [Route(rule.path, _endpoint(service, rule), methods=[rule.method]) for rule in RULES]
    routes += [
        Route("/_sandbox/log", _control(service, _log)),
        Route("/_sandbox/state", _control(service, _state)),
        Route("/{rest:path}", _endpoint(service, None), methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    ]
    return Starlette(routes=routes)


def _json(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), status, headers, "application/json")


def _log(service: Service) -> JsonObject:
    return {"requests": service.requests, "commits": service.world.commits}


def _state(service: Service) -> JsonObject:
    return service.world.state()


def _control(service: Service, read: Callable[[Service], JsonObject]) -> Callable[[HttpRequest], Awaitable[Response]]:
    async def show(request: HttpRequest) -> Response:
        if request.client is None or not ip_address(request.client.host).is_loopback:
            return _json({"error": "loopback only"}, 403)
        return _json(read(service))

    return show


def _endpoint(service: Service, rule: Rule | None) -> Callable[[HttpRequest], Awaitable[Response]]:
    """One route; without a rule, the answer to everything that is not documented."""

    async def answer(request: HttpRequest) -> Response:
        service.arrived += 1
        seq, at, behaviour = service.arrived, time.monotonic(), service.behaviour
        await _wait(service, behaviour.latency_ms / 2000)
        try:
            raw = await request.body()
        except ClientDisconnect:
            raw = b""
        body = _parsed(raw)
        response = _carried_out(service, rule, request, body, seq)
        service.requests.append(_logged(request, body, response.status_code, seq, at))
        await _wait(service, behaviour.latency_ms / 2000)
        return response

    return answer


async def _wait(service: Service, seconds: float) -> None:
    until = time.monotonic() + seconds
    while seconds > 0 and not service.closing:
        await asyncio.sleep(min(seconds, _NAP))
        seconds = until - time.monotonic()


def _parsed(raw: bytes) -> Any:
    """JSON, else the text as it came, else None for nothing."""
    try:
        return orjson.loads(raw) if raw else None
    except orjson.JSONDecodeError:
        return raw.decode("utf-8", "replace")


def _logged(request: HttpRequest, body: Any, status: int, seq: int, at: float) -> Request:
    return Request(
        seq=seq,
        method=request.method,
        path=request.scope["raw_path"].decode("ascii", "replace"),
        query=dict(request.query_params),
        raw_query=request.scope["query_string"].decode("ascii", "replace"),
        body=body,
        status=status,
        at=at,
    )


def _carried_out(service: Service, rule: Rule | None, request: HttpRequest, body: Any, seq: int) -> Response:
    """Let one request through the gate and to its handler; every refusal becomes its answer here."""
    behaviour, world = service.behaviour, service.world
    try:
        token = gate.admit(world, request.headers.get("authorization"), world.clock())
        seconds = service.meter.wait(token, behaviour, time.monotonic())
        if seconds:
            return _json({"error": "too many requests"}, 429, _retry_after(seconds, behaviour))
        if rule is None:
            raise Refusal(404, "no such address")
        gate.allow(token, rule.permission)
        usage = service.meter.usage(token, behaviour, time.monotonic())
        ask = Ask(request.path_params, request.query_params, _object(request, body), token, usage)
        with world.acting(seq):
            return _json(rule.handler(world, behaviour, ask), rule.status)
    except Refusal as refusal:
        field_named = {"field": refusal.field} if refusal.field else {}
        return _json({"error": refusal.error, **field_named}, refusal.status)


def _object(request: HttpRequest, body: Any) -> JsonObject:
    if request.method not in ("POST", "PATCH"):
        return {}
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refusal(415, "content-type must be application/json")
    if not isinstance(body, dict):
        raise Refusal(400, "the body must be a JSON object")
    return body


def _retry_after(seconds: float, behaviour: Behaviour) -> dict[str, str]:
    """The header in the form asked for, rounded up, so that who obeys it comes late enough."""
    whole = max(1, math.ceil(seconds))
    if behaviour.retry_after == "none":
        return {}
    if behaviour.retry_after == "date":
        return {"retry-after": formatdate(math.ceil(time.time() + whole), usegmt=True)}
    return {"retry-after": str(whole)}
