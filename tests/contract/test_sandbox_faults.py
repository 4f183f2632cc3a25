"""Scripted faults over real HTTP: each kind does what the script says, chance follows keys, and a wrong script is named."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from callcamp_sync.errors import UsageError
from callcamp_sync.sandbox import Sandbox, World, demo_world, read_script
from callcamp_sync.sandbox.kinds import KINDS
from callcamp_sync.sandbox.script import ROUTES, SELECTORS, script_of

PHONE = "+12015550123"
RECORD = {"phoneNumber": PHONE, "firstName": "Ada", "parameters": {"company": "Acme"}}
CONTACT: dict[str, Any] = {
    "record": {"phoneNumber": PHONE, "firstName": "Ada", "parameters": {"company": "Acme"}},
    "status": "registered",
}


@dataclass(frozen=True)
class Got:
    """What came of one request; status None: nothing whole."""

    status: int | None
    headers: Mapping[str, str]
    body: bytes

    @property
    def said(self) -> Any:
        return json.loads(self.body)


@contextmanager
def serving(*faults: dict[str, object], orders: int = 0, seed: int = 0) -> Iterator[Sandbox]:
    with Sandbox(demo_world(orders), faults=script_of({"seed": seed, "fault": list(faults)}, "script")) as box:
        yield box


def campaign(world: World) -> str:
    return next(uuid for uuid, one in world.campaigns.items() if one.name == "Spring renewals")


def ask(box: Sandbox, method: str, path: str, body: object = None) -> Got:
    wire = http.client.HTTPConnection("127.0.0.1", box.port, timeout=3)
    headers = {"authorization": f"Bearer {box.token}", "content-type": "application/json"}
    try:
        wire.request(method, f"/api/{path}", None if body is None else json.dumps(body), headers)
        answer = wire.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Got(answer.status, found, answer.read())
    except (http.client.HTTPException, ConnectionError, TimeoutError):
        return Got(None, {}, b"")
    finally:
        wire.close()


def create(box: Sandbox) -> Got:
    return ask(box, "POST", f"campaigns/{campaign(box.world)}/orders", CONTACT)


def made(box: Sandbox) -> int:
    return len(box.world.orders_of(campaign(box.world)))


#: A create under a fault: what is answered (None: nothing whole), what the answer has in it, and how many orders there are then.
CREATES: dict[str, tuple[dict[str, object], int | None, str, int]] = {
    "503 before it is carried out": ({"kind": "status"}, 503, "internal error", 0),
    "500 after it was carried out": ({"kind": "status", "code": 500, "when": "after"}, 500, "internal error", 1),
    "502 as a web page": ({"kind": "status", "code": 502}, 502, "<title>Bad gateway", 0),
    "reset before it is carried out": ({"kind": "reset"}, None, "", 0),
    "reset after it was carried out": ({"kind": "reset", "when": "after"}, None, "", 1),
    "closed after it was carried out": ({"kind": "close"}, None, "", 1),
    "half of the answer": ({"kind": "cut"}, None, "", 1),
    "a late answer": ({"kind": "late", "seconds": 0.05}, 201, "registered", 1),
    "a web page as success, before": ({"kind": "html"}, 200, "Please sign in", 0),
    "a web page as success, after": ({"kind": "html", "when": "after"}, 200, "Please sign in", 1),
    "nothing as success, before": ({"kind": "empty"}, 200, "^$", 0),
    "nothing as success, after": ({"kind": "empty", "when": "after"}, 200, "^$", 1),
    "429": ({"kind": "throttle"}, 429, "too many requests", 0),
    "a refusal": ({"kind": "refuse", "code": 422, "words": "not this one"}, 422, "not this one", 0),
    "a redirect": ({"kind": "redirect", "location": "http://127.0.0.1:1/"}, 302, "Moved", 0),
    "success without a deed": ({"kind": "hollow"}, 201, "order-nowhere", 0),
}


@pytest.mark.parametrize(("fault", "status", "words", "orders"), CREATES.values(), ids=CREATES)
def test_a_create_meets_the_fault_that_is_scripted(fault: dict[str, object], status: int | None, words: str, orders: int) -> None:
    with serving(fault) as box:
        got = create(box)
        assert (got.status, made(box)) == (status, orders)
        assert re.search(words, got.body.decode())


def test_a_drip_never_ends_and_the_order_is_there() -> None:
    with serving({"kind": "drip", "seconds": 0.02}) as box:
        body = json.dumps(CONTACT).encode()
        head = f"POST /api/campaigns/{campaign(box.world)}/orders HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {box.token}\r\n"
        with socket.create_connection(("127.0.0.1", box.port), timeout=3) as wire:
            wire.sendall(f"{head}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
            seen = b"".join(wire.recv(4096) for _ in range(6))
        assert seen.startswith(b"HTTP/1.1 200")
        assert seen.partition(b"\r\n\r\n")[2].strip() == b""
        assert made(box) == 1


def test_who_hangs_up_before_a_late_answer_finds_it_done_later() -> None:
    with serving({"kind": "late", "seconds": 0.3, "method": "POST"}) as box:
        wire = http.client.HTTPConnection("127.0.0.1", box.port, timeout=0.1)
        headers = {"authorization": f"Bearer {box.token}", "content-type": "application/json"}
        wire.request("POST", f"/api/campaigns/{campaign(box.world)}/orders", json.dumps(CONTACT), headers)
        with pytest.raises(TimeoutError):
            wire.getresponse()
        wire.close()
        assert made(box) == 0
        assert ask(box, "GET", "auth/me").status == 200
        for _ in range(200):
            if not made(box):
                time.sleep(0.05)
        assert made(box) == 1


RETRY_AFTER: dict[str, tuple[dict[str, object], str | None]] = {
    "seconds": ({"retry_after": 7}, "^7$"),
    "a negative number": ({"retry_after": -1}, "^-1$"),
    "words": ({"retry_after": "soon"}, "^soon$"),
    "nothing": ({"form": "none"}, None),
    "a date": ({"retry_after": 30, "form": "date"}, "GMT$"),
}


@pytest.mark.parametrize(("more", "shape"), RETRY_AFTER.values(), ids=RETRY_AFTER)
def test_a_429_names_its_time_in_the_form_that_is_scripted(more: dict[str, object], shape: str | None) -> None:
    with serving({"kind": "throttle", **more}) as box:
        got = create(box)
    said = got.headers.get("retry-after")
    assert (said is None) if shape is None else re.search(shape, said or "")
    if more.get("form") == "date":
        wait = parsedate_to_datetime(said or "") - parsedate_to_datetime(got.headers["date"])
        assert wait.total_seconds() == 30


def pages(box: Sandbox, count: int) -> list[Any]:
    where = f"campaigns/{campaign(box.world)}/orders"
    return [ask(box, "GET", f"{where}?page={n}&limit=10").said for n in range(1, count + 1)]


def ids(page: Any) -> list[str]:
    return [order["uuid"] for order in page["orders"]]


def test_a_total_lies_by_what_is_scripted() -> None:
    with serving({"kind": "lying-total", "off": -2}, orders=12) as box:
        assert [page["total"] for page in pages(box, 2)] == [10, 10]


@pytest.mark.parametrize(("by", "seen"), {2: 23, -2: 23}.items(), ids=["repeats two", "leaves two out"])
def test_a_page_shifts_from_the_second_on(by: int, seen: int) -> None:
    with serving({"kind": "page-shift", "by": by, "attempt": 1}, orders=25) as box:
        first, second, _ = pages(box, 3)
        with_fault = [*ids(first), *ids(second)]
    with serving({"kind": "page-shift", "rate": 0.0}, orders=25) as box:
        straight = [*ids(pages(box, 1)[0]), *ids(pages(box, 2)[1]), *ids(pages(box, 3)[2])]
    places = [straight.index(uuid) for uuid in with_fault]
    assert places == [*range(10), *(range(8, 18) if by > 0 else range(12, 22))]
    assert seen == 23


def test_every_page_is_the_first() -> None:
    with serving({"kind": "same-page"}, orders=25) as box:
        assert len({tuple(ids(page)) for page in pages(box, 3)}) == 1


def test_orders_come_in_words_and_forms_that_nobody_knows() -> None:
    with serving({"kind": "unknown-status", "request": 1}, {"kind": "missing-fields", "request": 2}, orders=10) as box:
        strange, thin = (page["orders"] for page in (*pages(box, 1), *pages(box, 1)))
    assert [order["status"] for order in strange].count("in-review") == 4
    assert ["surprise" in order for order in thin].count(True) == 3


def test_of_several_contacts_half_are_linked_and_success_is_said() -> None:
    with serving({"kind": "partial-associate"}) as box:
        kind = next(iter(box.world.record_types))
        uuids = [
            ask(box, "POST", "records", {"recordTypeUuid": kind, **RECORD, "phoneNumber": f"+1201555012{n}"}).said["uuid"]
            for n in range(4)
        ]
        got = ask(box, "POST", f"campaigns/{campaign(box.world)}/orders/associate", {"recordUuids": uuids})
        assert (got.status, made(box)) == (200, 2)


def test_the_token_expires_at_a_request_and_stays_so() -> None:
    with serving({"kind": "refuse", "code": 401, "from_request": 3}) as box:
        assert [ask(box, "GET", "auth/me").status for _ in range(4)] == [200, 200, 401, 401]


SELECTED: dict[str, tuple[dict[str, object], bool]] = {
    "its method": ({"method": "POST"}, True),
    "one of its methods": ({"method": ["PATCH", "POST"]}, True),
    "another method": ({"method": "GET"}, False),
    "its route": ({"route": "orders"}, True),
    "another route": ({"route": "associate"}, False),
    "its phone": ({"phone": PHONE}, True),
    "another phone": ({"phone": "+12015550199"}, False),
    "its attempt": ({"attempt": [1, 3]}, True),
    "another attempt": ({"attempt": 2}, False),
    "never": ({"rate": 0.0}, False),
}


@pytest.mark.parametrize(("where", "met"), SELECTED.values(), ids=SELECTED)
def test_a_request_meets_a_fault_by(where: dict[str, object], met: bool) -> None:
    with serving({"kind": "status", **where}) as box:
        assert create(box).status == (503 if met else 201)


def test_the_first_fault_that_fits_decides() -> None:
    with serving({"kind": "status", "method": "GET"}, {"kind": "throttle"}, {"kind": "empty"}) as box:
        assert create(box).status == 429


def befallen(seed: int, phones: list[str]) -> set[str]:
    """The phones whose create meets a fault that befalls half of all."""
    with serving({"kind": "status", "rate": 0.5, "method": "POST"}, seed=seed) as box:
        where = f"campaigns/{campaign(box.world)}/orders"
        return {phone for phone in phones if ask(box, "POST", where, {"record": {**RECORD, "phoneNumber": phone}}).status == 503}


def test_chance_follows_the_seed_and_the_phone_and_not_the_order() -> None:
    phones = [f"+120155501{n:02}" for n in range(40)]
    met = befallen(1, phones)
    assert 8 < len(met) < 32
    assert befallen(1, phones[::-1]) == met
    assert befallen(2, phones) != met


WRONG: dict[str, tuple[object, str, str]] = {
    "no faults": ({}, "has no list `fault`", r"\[\[fault\]\]"),
    "no table": ({"fault": [7]}, "fault 1` is no table", "docs/sandbox.md"),
    "a key beside": ({"sed": 1, "fault": [{"kind": "cut"}]}, "unknown key `sed`", "did you mean `seed`"),
    "a kind that is none": ({"fault": [{"kind": "trottle"}]}, "which is no kind", "did you mean `throttle`"),
    "a key of another kind": ({"fault": [{"kind": "cut", "code": 500}]}, "unknown key `code`", "there are|did you mean"),
    "a key misspelt": ({"fault": [{"kind": "late", "second": 1}]}, "unknown key `second`", "did you mean `seconds`"),
    "a key left out": ({"fault": [{"kind": "late"}]}, "`seconds` is missing", "must say it"),
    "a code that is none": ({"fault": [{"kind": "status", "code": 404}]}, "`code` is `404`", "500 to 599"),
    "a share above one": ({"fault": [{"kind": "cut", "rate": 3}]}, "`rate` is `3`", "from 0 to 1"),
    "a truth for a number": ({"fault": [{"kind": "cut", "rate": True}]}, "`rate` is `True`", "from 0 to 1"),
    "a route that is none": ({"fault": [{"kind": "cut", "route": "order/"}]}, "`route` is", "`orders`"),
    "a line break in a header": ({"fault": [{"kind": "throttle", "retry_after": "1\r\nx: y"}]}, "`retry_after`", "one line"),
}


@pytest.mark.parametrize(("said", "words", "hint"), WRONG.values(), ids=WRONG)
def test_a_script_that_is_wrong_is_named_with_a_cure(said: object, words: str, hint: str) -> None:
    with pytest.raises(UsageError, match=words) as refused:
        script_of(said, "faults.toml")
    assert re.search(hint, refused.value.hint or "")


def test_a_script_is_read_as_toml_and_as_json(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('seed = 7\n[[fault]]\nkind = "cut"\nrate = 0.5\n')
    (tmp_path / "a.json").write_text('{"seed": 7, "fault": [{"kind": "cut", "rate": 0.5}]}')
    one, other = read_script(tmp_path / "a.toml"), read_script(tmp_path / "a.json")
    assert (one.seed, [rule.where for rule in one.rules]) == (other.seed, [rule.where for rule in other.rules])


@pytest.mark.parametrize("text", ["[[fault", "\x00", "kind = "], ids=["cut off", "a NUL", "no value"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(UsageError, match="is not TOML"):
        read_script(tmp_path / "a.toml")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        read_script(tmp_path / "none.toml")


def test_every_kind_selector_and_route_stands_in_the_documentation() -> None:
    text = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text("utf-8")
    parameters = [name for kind in KINDS.values() for name in kind.parameters]
    assert [name for name in (*KINDS, *SELECTORS, *ROUTES, *parameters) if f"`{name}`" not in text] == []


def test_the_command_serves_what_is_scripted_and_ends_with_two_for_a_wrong_script(tmp_path: Path) -> None:
    script = tmp_path / "faults.toml"
    script.write_text('[[fault]]\nkind = "refuse"\ncode = 403\nroute = "auth"\n')
    command = [sys.executable, "-m", "callcamp_sync", "sandbox", "--json", "--faults", str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            where = urlsplit(json.loads(server.stdout.readline())["base_url"])
            wire = http.client.HTTPConnection("127.0.0.1", where.port or 0, timeout=10)
            wire.request("GET", "/api/auth/me", headers={"authorization": "Bearer sandbox-token"})
            assert wire.getresponse().status == 403
            wire.close()
        finally:
            server.send_signal(signal.SIGINT)
            assert server.wait(20) == 0
    script.write_text('[[fault]]\nknd = "refuse"\n')
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, "hint:" in ended.stderr, "Traceback" in ended.stderr) == (2, True, False)
