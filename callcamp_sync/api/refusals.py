"""What a read that failed for good raises, and how the server's own words are made fit to be shown. Pure: no I/O.

In:  the route's template (never a URL: a URL may hold a phone number), the status, the body.
Out: an exception of errors.py; one clean line of text.
"""

from __future__ import annotations

import re
import unicodedata
from html import unescape

import orjson

from callcamp_sync.errors import AccessError, ContractError, NotFoundError, RefusedError, SyncError, UnreachableError

_LONGEST = 300


class ForbiddenError(AccessError):
    """The token is accepted but may not do this (403). A listing of contacts may be done without."""

    code = "forbidden"


def refusal(route: str, status: int, words: str | None) -> SyncError:
    """The exception for a read that was refused (4xx), redirected without an address, or answered off the contract.

    route: such as "GET /campaigns/{uuid}/orders". words: the server's own, cleaned, or None.
    """
    said = f": {words}" if words else ""
    if status == 401:
        return AccessError(f"the server does not accept the token{said}", hint="check `CALLCAMP_TOKEN`; tokens expire")
    if status == 403:
        return ForbiddenError(f"the token may not use {route}{said}", hint="use a token that has this permission")
    if status == 404:
        return NotFoundError(f"{route} found nothing{said}", hint="check the id, and that the base URL ends as it should")
    if 200 <= status < 400:
        return ContractError(f"{route} did not answer as Callcamp does{said}", hint="check the base URL")
    return RefusedError(f"{route} was refused with status {status}{said}")


def unreachable(route: str, words: str) -> UnreachableError:
    """The exception for a read that got no usable answer in all its attempts."""
    return UnreachableError(f"{route} got no answer: {words}", hint="run again later; `doctor` shows what can be reached")


def moved(host: str) -> ContractError:
    """The exception for a redirect: the API answers somewhere else, and following it could change what a request means."""
    return ContractError(f"the base URL moved to `{host}`", hint="set `CALLCAMP_BASE_URL` to the new address if you trust it")


def server_words(body: bytes | None, content_type: str) -> str | None:
    """The server's own words in one clean line of at most 300 characters, or None where there are none.

    From JSON `error`, `message`, `errors` or `detail`, at any of the usual depths; from HTML the title; else the text itself.
    """
    if not body:
        return None
    try:
        return clean(_spoken(orjson.loads(body)))
    except orjson.JSONDecodeError:
        text = body[:65_536].decode("utf-8", "replace")
    if "html" in content_type.lower() or re.match(r"\s*<(!doctype|html)", text, re.IGNORECASE):
        title = re.search(r"<title[^>]*>([^<]{0,1000})", text, re.IGNORECASE)
        return clean(unescape(title[1])) if title else "a web page"
    return clean(text)


def clean(text: str | None) -> str | None:
    """`text` on one line, without control, bidirectional and unassigned characters, at most 300 long; None if nothing is left."""
    if text is None:
        return None
    seen = "".join(" " if unicodedata.category(sign) in ("Cc", "Zl", "Zp") else sign for sign in text[: 10 * _LONGEST])
    kept = "".join(sign for sign in seen if unicodedata.category(sign) not in ("Cf", "Cs", "Co", "Cn"))
    line = " ".join(kept.split())
    return (line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…") or None


def _spoken(said: object) -> str | None:
    """The sentence in a JSON error, whatever its shape."""
    if isinstance(said, str):
        return said
    if isinstance(said, list):
        return "; ".join(part for item in said[:20] if (part := _spoken(item))) or None
    if isinstance(said, dict):
        for key in ("message", "error", "errors", "detail", "title"):
            if part := _spoken(said.get(key)):
                return part
    return None
