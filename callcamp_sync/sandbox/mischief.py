"""What can go wrong with one request: each misfortune is a function of a Wire, named as the tables name it.

In:  a Wire (one request in the server's hands). Out: whether the connection stays.
Nothing here decides: a script (script.py) or a test chooses, by keys.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import orjson

from callcamp_sync.sandbox.front import Answer, Fault, Wire

HTML = b"<!doctype html><html><head><title>Please sign in</title></head><body>hotel network</body></html>"


def _json(status: int, said: object, **headers: str) -> Answer:
    return Answer(status, {"content-type": "application/json", **headers}, orjson.dumps(said))


# --- the connection --------------------------------------------------------------------------------------------------


async def reset_before(wire: Wire) -> bool:
    """The request was read, and then the connection was reset; nothing was done."""
    return wire.reset()


async def reset_after(wire: Wire) -> bool:
    """It was carried out, and then the connection was reset."""
    await wire.carry_out()
    return wire.reset()


async def closed_after(wire: Wire) -> bool:
    """It was carried out, and then the connection was closed without a byte."""
    await wire.carry_out()
    return False


async def cut(wire: Wire) -> bool:
    """It was carried out; half of the answer came."""
    done = await wire.carry_out()
    await wire.send(f"HTTP/1.1 {done.status} Because\r\ncontent-length: {len(done.body)}\r\n\r\n".encode())
    await wire.send(done.body[: len(done.body) // 2])
    return False


async def drip(wire: Wire, seconds: float = 0.7) -> bool:
    """It was carried out; the answer comes byte by byte, for ever: every read succeeds, the whole never does."""
    await wire.carry_out()
    await wire.send(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99999\r\n\r\n")
    while True:
        await wire.send(b" ")
        await asyncio.sleep(seconds)


def late(seconds: float) -> Fault:
    """It is carried out that much later, and answered if anybody is still there."""

    async def play(wire: Wire) -> bool:
        done = asyncio.get_running_loop().create_future()

        async def act() -> None:
            answer = await wire.carry_out()
            if not done.done():
                done.set_result(answer)

        wire.front.later(seconds, act)
        return await wire.answer(await done)

    return play


# --- answers that prove nothing --------------------------------------------------------------------------------------


def status(code: int, *, after: bool) -> Fault:
    """A 5xx, before or after it was carried out; as JSON, or as the web page of a proxy."""

    async def play(wire: Wire) -> bool:
        if after:
            await wire.carry_out()
        if code in (502, 504):
            return await wire.answer(Answer(code, {"content-type": "text/html"}, b"<html><title>Bad gateway</title></html>"))
        return await wire.answer(_json(code, {"error": "internal error"}))

    return play


def page(body: bytes, *, after: bool) -> Fault:
    """A 200 with something else than an answer in it: a web page, or nothing."""

    async def play(wire: Wire) -> bool:
        if after:
            await wire.carry_out()
        return await wire.answer(Answer(200, {"content-type": "text/html"}, body))

    return play


def throttle(retry_after: str | None) -> Fault:
    """429; not carried out. The server's clock stands still."""
    more = {} if retry_after is None else {"retry-after": retry_after, "date": "Fri, 01 May 2026 12:00:00 GMT"}
    return throttled(lambda: more)


def throttled(headers: Callable[[], dict[str, str]]) -> Fault:
    """429 with these headers; not carried out."""

    async def play(wire: Wire) -> bool:
        return await wire.answer(_json(429, {"error": "too many requests"}, **headers()))

    return play


def refuse(code: int, words: str) -> Fault:
    """Answered no; not carried out."""

    async def play(wire: Wire) -> bool:
        return await wire.answer(_json(code, {"error": words}))

    return play


def redirect(code: int, location: str) -> Fault:
    """Sent somewhere else; not carried out."""

    async def play(wire: Wire) -> bool:
        return await wire.answer(Answer(code, {"location": location, "content-type": "text/html"}, b"<title>Moved</title>"))

    return play


async def hollow(wire: Wire) -> bool:
    """A create, a change or a removal that is answered with success, and was never carried out."""
    heard = wire.heard
    if heard.method == "DELETE" or heard.route == "associate":
        return await wire.answer(_json(200, {"success": True}))
    if heard.method == "POST":
        contact = {"uuid": "record-nowhere", **heard.body["record"]}
        return await wire.answer(_json(201, {"uuid": "order-nowhere", "status": "registered", "record": contact}))
    return await wire.answer(_json(200, {"uuid": heard.ids[-1], **heard.body}))


# --- half of it ------------------------------------------------------------------------------------------------------


async def half_linked(wire: Wire) -> bool:
    """Of an associate, only the first half is carried out; the answer says success."""
    uuids = wire.heard.body["recordUuids"]
    wire.raw = orjson.dumps({"recordUuids": uuids[: max(1, len(uuids) // 2)]})
    return await wire.answer(await wire.carry_out())


# --- lists that are not what they seem -------------------------------------------------------------------------------


def edited(change: Callable[[dict[str, Any], Wire], None]) -> Fault:
    """A list's page, changed on its way out."""

    async def play(wire: Wire) -> bool:
        answer = await wire.carry_out()
        if answer.status != 200:
            return await wire.answer(answer)
        said = orjson.loads(answer.body)
        change(said, wire)
        return await wire.answer(Answer(200, answer.headers, orjson.dumps(said)))

    return play


def lying_total(off: int) -> Fault:
    """`total` is not the number of things that there are."""

    def change(said: dict[str, Any], _: Wire) -> None:
        said["total"] = max(0, said["total"] + off)

    return edited(change)


def _spoil_status(said: dict[str, Any], _: Wire) -> None:
    for order in said["orders"][::3]:
        order["status"] = "in-review"


def _spoil_fields(said: dict[str, Any], _: Wire) -> None:
    for order in said["orders"][::4]:
        order.pop("price", None)
        order.pop("campaignUuid", None)
        order["record"].pop("name", None)
        order["surprise"] = {"deep": [1, None]}


#: Orders in a word that no page knows; the word must be left alone.
unknown_status = edited(_spoil_status)

#: Orders without what they usually have, and with what nobody expects.
missing_fields = edited(_spoil_fields)


def shifted(by: int) -> Fault:
    """A list's page as if so many things had been added before it (below 0: taken away) since the page before was read.

    `by` above 0 repeats the end of the page before, below 0 leaves out the beginning of this one.
    """

    async def play(wire: Wire) -> bool:
        page = int(wire.heard.query.get("page", "1"))
        if page == 1:
            return await wire.answer(await wire.carry_out())
        this = await wire.carry_out()
        wire.target = _turned(wire.target, page - 1 if by > 0 else page + 1)
        other = await wire.carry_out()
        if {this.status, other.status} != {200}:
            return await wire.answer(this)
        said, near = orjson.loads(this.body), orjson.loads(other.body)
        name = next(key for key, value in said.items() if isinstance(value, list))
        count = min(abs(by), len(said[name]))
        said[name] = near[name][-count:] + said[name][:-count] if by > 0 else said[name][count:] + near[name][:count]
        return await wire.answer(Answer(200, this.headers, orjson.dumps(said)))

    return play


def _turned(target: str, page: int) -> str:
    """The same address, at another page."""
    path, _, query = target.partition("?")
    kept = [part for part in query.split("&") if part and not part.startswith("page=")]
    return f"{path}?{'&'.join([*kept, f'page={page}'])}"


async def same_page(wire: Wire) -> bool:
    """Whatever page is asked for, the first comes."""
    wire.target = _turned(wire.target, 1)
    return await wire.answer(await wire.carry_out())
