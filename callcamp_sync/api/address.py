"""Where requests go, and with which token: checked before anything is sent. Pure: no I/O.

In:  the base URL and the token as the user set them; ids as the server gave them.
Out: the same, fit for use; SettingsError otherwise. The token is never part of a message.
Rule: plain http would show the token and the contacts to everyone on the way, so it is for loopback alone.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import quote

import httpx

from callcamp_sync.errors import NotFoundError, SettingsError


def checked_base_url(text: str, *, insecure_http: bool) -> str:
    """The base URL without a slash at its end; a path such as `/api` stays. Raises SettingsError."""
    try:
        url = httpx.URL(text.strip())
    except (httpx.InvalidURL, TypeError) as error:
        raise SettingsError(f"the base URL cannot be read: {error}") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise SettingsError("the base URL must begin with https:// and name a host", hint="set `CALLCAMP_BASE_URL`")
    if url.userinfo or url.query or url.fragment:
        raise SettingsError("the base URL must not hold a user, a query or a fragment", hint="set `CALLCAMP_BASE_URL`")
    if url.scheme == "http" and not insecure_http and not is_loopback(url.host):
        raise SettingsError(
            f"plain http to `{url.host}` would show the token and the contacts to everyone on the way",
            hint="use https, or pass `--insecure-http` if that is what you want",
        )
    return str(url).rstrip("/")


def checked_token(token: str) -> str:
    """The token, if it can stand in a header. Raises SettingsError, which does not show it."""
    if not token:
        raise SettingsError("there is no token", hint="set `CALLCAMP_TOKEN` or `CALLCAMP_TOKEN_FILE`")
    if not all("!" <= sign <= "~" for sign in token):
        raise SettingsError(
            "the token holds a space, a line break or a character that cannot stand in a header",
            hint="copy the token again, without what stands around it",
        )
    return token


def path_of(route: str, *ids: str) -> str:
    """The route's template with its `{…}` replaced by the ids, in order, each percent-encoded as one segment.

    Raises NotFoundError for what cannot be an id: "." and ".." are resolved on the way even when they are encoded, and an order
    id of ".." would turn the removal of an order into the removal of its campaign.
    """
    left = iter(ids)
    return "/".join(_segment(next(left)) if part.startswith("{") else part for part in route.split("/"))


def _segment(text: str) -> str:
    if text in ("", ".", ".."):
        raise NotFoundError(f"`{text}` is not an id")
    return quote(text, safe="")


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, by name or by number."""
    if host.casefold().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
