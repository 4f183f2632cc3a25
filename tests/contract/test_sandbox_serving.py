"""The sandbox as a server: who is let in, how often, how slowly; what it logs; how it starts and stops; what it imports."""

from __future__ import annotations

import ast
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

import callcamp_sync.sandbox
from callcamp_sync.errors import UsageError
from callcamp_sync.sandbox import Behaviour, Sandbox, World, bulk_phone
from callcamp_sync.sandbox.entities import PERMISSIONS

NOON = datetime(2026, 5, 10, 12, tzinfo=UTC)
PHONE = "+12015550123"


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox() as box:
        yield box


@pytest.fixture
def box(running: Sandbox) -> Sandbox:
    running.reset(World(clock=lambda: NOON))
    kind = running.world.add_record_type("Lead")
    running.world.add_campaign("Spring", kind, uuid="spring")
    record = running.world.add_record(PHONE, record_type=kind, uuid="record")
    running.world.add_order("spring", record, uuid="order")
    return running


#: No proxy from the environment, and no certificates to load for plain http.
PLAIN: dict[str, Any] = {"trust_env": False, "verify": False}


def ask(box: Sandbox, path: str = "/auth/me", method: str = "GET", token: str | None = None, **rest: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {token or box.token}"}
    return httpx.request(method, box.base_url + path, headers=headers, **PLAIN, **rest)


# --- tokens and permissions


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({}, id="no header"),
        pytest.param({"authorization": "Bearer"}, id="no token"),
        pytest.param({"authorization": "Bearer wrong"}, id="a token that nobody has"),
        pytest.param({"authorization": "Basic sandbox-token"}, id="another scheme"),
        pytest.param({"authorization": "sandbox-token"}, id="no scheme"),
        pytest.param({"authorization": "Bearer expired"}, id="a token that expired a moment ago"),
    ],
)
def test_without_a_good_token_nothing_is_answered_but_401(box: Sandbox, header: dict[str, str]) -> None:
    box.world.add_token("expired", expires_at=NOON)
    answer = httpx.get(f"{box.base_url}/campaigns", headers=header, **PLAIN)
    assert (answer.status_code, list(answer.json())) == (401, ["error"])


def test_a_token_works_until_it_expires(box: Sandbox) -> None:
    box.world.add_token("fresh", expires_at=NOON + timedelta(seconds=1))
    assert ask(box, token="fresh").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "permission"),
    [
        ("GET", "/campaigns", "campaigns:read"),
        ("GET", "/campaigns/spring", "campaigns:read"),
        ("GET", "/campaigns/spring/orders", "campaigns:read"),
        ("GET", "/record-types", "campaigns:read"),
        ("GET", "/record-types/x", "campaigns:read"),
        ("GET", "/records", "records:read"),
        ("GET", "/records/record", "records:read"),
        ("GET", "/calls", "calls:read"),
        ("POST", "/campaigns/spring/orders", "campaigns:write"),
        ("POST", "/campaigns/spring/orders/associate", "campaigns:write"),
        ("PATCH", "/campaigns/spring/orders/order", "campaigns:write"),
        ("DELETE", "/campaigns/spring/orders/order", "campaigns:write"),
        ("POST", "/records", "records:write"),
        ("PATCH", "/records/record", "records:write"),
        ("DELETE", "/records/record", "records:write"),
    ],
)
def test_what_the_token_may_not_do_is_403_and_not_done(box: Sandbox, method: str, path: str, permission: str) -> None:
    box.world.add_token("limited", permissions=[*(PERMISSIONS - {permission})])
    before = box.world.state()
    answer = ask(box, path, method, token="limited", json={} if method in ("POST", "PATCH") else None)
    assert (answer.status_code, permission in answer.json()["error"], box.world.state()) == (403, True, before)


def test_auth_me_shows_the_account_and_what_the_token_may_do(box: Sandbox) -> None:
    box.world.add_token("reader", permissions=["campaigns:read", "calls:read"])
    user = ask(box, token="reader").json()["user"]
    assert (user["permissions"], user["client"]["status"], user["status"]) == (
        ["calls:read", "campaigns:read"],
        "active",
        "active",
    )


# --- bodies


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        pytest.param(b"{", "application/json", 400, id="broken JSON"),
        pytest.param(b"[]", "application/json", 400, id="a list"),
        pytest.param(b"", "application/json", 400, id="nothing"),
        pytest.param(b'{"price": NaN}', "application/json", 400, id="NaN, which JSON does not have"),
        pytest.param(b'{"price": 1}', "text/plain", 415, id="another content type"),
        pytest.param(b'{"price": 1}', "application/json; charset=utf-8", 200, id="a content type with a charset"),
    ],
)
def test_a_body_must_be_a_json_object(box: Sandbox, content: bytes, kind: str, status: int) -> None:
    headers = {"authorization": f"Bearer {box.token}", "content-type": kind}
    path = f"{box.base_url}/campaigns/spring/orders/order"
    assert httpx.patch(path, content=content, headers=headers, **PLAIN).status_code == status


def test_text_of_every_kind_goes_through_unharmed(box: Sandbox) -> None:
    name = 'A [b]name[/b] with 🎉, a "quote",\na line end and ' + "x" * 3000
    ask(box, "/records/record", "PATCH", json={"name": name})
    assert ask(box, "/records/record").json()["name"] == name


# --- rate and latency


def test_beyond_the_rate_the_answer_is_429_with_seconds_to_wait(box: Sandbox) -> None:
    box.behaviour = Behaviour(rate=0.1, burst=2)
    answers = [ask(box) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["retry-after"] == "10"


def test_retry_after_can_be_a_date(box: Sandbox) -> None:
    box.behaviour = Behaviour(rate=0.1, burst=1, retry_after="date")
    ask(box)
    refused = ask(box)
    told, said = (parsedate_to_datetime(refused.headers[name]) for name in ("retry-after", "date"))
    assert timedelta(seconds=9) <= told - said <= timedelta(seconds=13)


def test_retry_after_can_be_missing(box: Sandbox) -> None:
    box.behaviour = Behaviour(rate=0.1, burst=1, retry_after="none")
    ask(box)
    assert "retry-after" not in ask(box).headers


def test_a_throttled_write_was_not_carried_out(box: Sandbox) -> None:
    box.behaviour = Behaviour(rate=0.1, burst=1)
    ask(box)
    assert (ask(box, "/campaigns/spring/orders/order", "DELETE").status_code, list(box.world.orders)) == (429, ["order"])


def test_every_token_has_a_rate_of_its_own(box: Sandbox) -> None:
    box.behaviour = Behaviour(rate=0.1, burst=1)
    box.world.add_token("second")
    assert [ask(box).status_code, ask(box, token="second").status_code] == [200, 200]


def test_auth_me_shows_what_is_left_of_the_rate(box: Sandbox) -> None:
    box.behaviour = Behaviour(rate=0.1, burst=3)
    assert ask(box).json()["rateLimit"] == {"limit": 3, "remaining": 2, "perSecond": 0.1}


def test_a_request_takes_at_least_the_latency(box: Sandbox) -> None:
    box.behaviour = Behaviour(latency_ms=120)
    start = time.monotonic()
    ask(box)
    assert time.monotonic() - start >= 0.12


# --- the log


def test_a_request_is_logged_as_the_server_read_it(box: Sandbox) -> None:
    ask(box, "/campaigns/spring/orders?search=+1201&limit=5")
    ask(box, "/campaigns/spring/orders/a%2Fb", "PATCH", json={"price": 1})
    logged = [(r.seq, r.method, r.path, r.query, r.raw_query, r.body, r.status) for r in box.requests]
    assert logged == [
        (
            1,
            "GET",
            "/api/campaigns/spring/orders",
            {"search": " 1201", "limit": "5"},
            "search=+1201&limit=5",
            None,
            200,
        ),
        (2, "PATCH", "/api/campaigns/spring/orders/a%2Fb", {}, "", {"price": 1}, 404),
    ]


def test_refused_requests_are_logged_too(box: Sandbox) -> None:
    ask(box, token="wrong")
    ask(box, "/nowhere", "PUT")
    assert [(request.method, request.status) for request in box.requests] == [("GET", 401), ("PUT", 404)]


def test_writes_are_the_requests_that_are_not_get(box: Sandbox) -> None:
    ask(box)
    ask(box, "/campaigns/spring/orders/order", "DELETE")
    assert [request.method for request in box.writes] == ["DELETE"]


def test_the_control_addresses_show_log_and_truth(box: Sandbox) -> None:
    ask(box, "/campaigns/spring/orders/order", "PATCH", json={"price": 1})
    root = box.base_url.removesuffix("/api")
    log, state = (httpx.get(f"{root}/_sandbox/{name}", **PLAIN).json() for name in ("log", "state"))
    assert ([r["method"] for r in log["requests"]], [c["kind"] for c in log["commits"]][-1]) == (["PATCH"], "update-order")
    assert [(order["uuid"], order["price"], order["record"]["phoneNumber"]) for order in state["orders"]] == [("order", 1, PHONE)]


# --- start and stop


def test_ids_are_the_same_on_every_run() -> None:
    def made(seed: int) -> tuple[str, str]:
        world = World(seed=seed)
        campaign = world.add_campaign("Spring")
        return campaign.uuid, world.add_order(campaign, world.add_record(PHONE)).uuid

    assert made(1) == made(1) != made(2)
    assert [len(made(1)[0]), len(made(1)[1])] == [36, len("order_") + 20]


def test_setting_up_leaves_no_commit() -> None:
    world = World()
    world.add_order(world.add_campaign("Spring"), world.add_record(PHONE))
    with Sandbox(world) as box:
        assert box.world.commits == []


def test_a_taken_port_is_a_usage_error(box: Sandbox) -> None:
    with pytest.raises(UsageError, match=f"port {box.port} cannot be used"), Sandbox(port=box.port):
        pass


def test_faults_can_be_put_around_the_app() -> None:
    def gone(app: Any) -> Any:
        async def answer(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body", "body": b"<h1>gone</h1>"})

        return answer

    with Sandbox(around=gone) as box:
        assert ask(box).text == "<h1>gone</h1>"


def test_slow_requests_overlap_and_a_stopping_server_answers_them_at_once() -> None:
    answers: list[int] = []
    with Sandbox(behaviour=Behaviour(latency_ms=60_000)) as box:
        threads = [threading.Thread(target=lambda: answers.append(ask(box, timeout=50).status_code)) for _ in range(4)]
        for thread in threads:
            thread.start()
        patience = time.monotonic() + 20
        while box.arrived < 4 and time.monotonic() < patience:
            time.sleep(0.01)
        under_way = box.arrived - len(box.requests)
    for thread in threads:
        thread.join()
    assert (under_way, answers) == (4, [200] * 4)


def test_many_clients_at_once_leave_a_consistent_world(box: Sandbox) -> None:
    def create(first: int) -> None:
        headers = {"authorization": f"Bearer {box.token}"}
        with httpx.Client(base_url=box.base_url, headers=headers, **PLAIN) as http:
            for n in range(first, first + 25):
                http.post("/campaigns/spring/orders", json={"record": {"phoneNumber": bulk_phone(n)}})

    threads = [threading.Thread(target=create, args=(25 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    listed = ask(box, "/campaigns/spring/orders?limit=100&page=1").json()
    assert (listed["total"], len({order["uuid"] for order in listed["orders"]})) == (101, 100)
    assert [commit.seq for commit in box.world.commits] == list(range(1, len(box.world.commits) + 1))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_a_signal_and_ends_well(number: signal.Signals) -> None:
    command = [sys.executable, "-W", "error", "-m", "callcamp_sync.sandbox", "--orders", "12", "--rate", "50"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        headers = {"authorization": f"Bearer {said['token']}"}
        found = httpx.get(f"{said['base_url']}/campaigns", headers=headers, **PLAIN).json()["total"]
        process.send_signal(number)
        rest, errors = process.communicate(timeout=10)
    assert (found, rest, errors, process.returncode) == (3, "", "", 0)


def test_the_command_says_that_a_port_is_taken(box: Sandbox) -> None:
    command = [sys.executable, "-m", "callcamp_sync.sandbox", "--port", str(box.port)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n"), "hint:" in ended.stderr) == (2, "", 2, True)


# --- independence


def test_the_sandbox_shares_nothing_with_the_client_but_the_errors() -> None:
    allowed = {"starlette", "uvicorn", "orjson", "re2", "callcamp_sync.errors", *sys.stdlib_module_names}
    folder = Path(str(callcamp_sync.sandbox.__file__)).parent
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            foreign = [
                name
                for name in names
                if name not in allowed and name.partition(".")[0] not in allowed and not name.startswith("callcamp_sync.sandbox")
            ]
            assert not foreign, f"{path.name} imports {foreign}"
