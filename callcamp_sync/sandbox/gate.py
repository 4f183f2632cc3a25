"""Who may come in, and how often: bearer tokens, permissions, a token bucket. No I/O; the clocks are given.

In:  the Authorization header, the permission that a route needs, the behaviour, monotonic seconds.
Out: the token, or `Refusal` 401 or 403; seconds to wait where the bucket is empty (the app answers 429 then).
"""

from __future__ import annotations

from datetime import datetime

from callcamp_sync.sandbox.behaviour import Behaviour
from callcamp_sync.sandbox.checks import Refusal
from callcamp_sync.sandbox.entities import JsonObject, Token
from callcamp_sync.sandbox.world import World


def admit(world: World, header: str | None, now: datetime) -> Token:
    """The token that the Authorization header carries. 401 if it is missing, unknown or expired."""
    scheme, _, value = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not value:
        raise Refusal(401, "missing bearer token")
    token = world.tokens.get(value)
    if token is None:
        raise Refusal(401, "invalid token")
    if token.expires_at is not None and token.expires_at <= now:
        raise Refusal(401, "token expired")
    return token


def allow(token: Token, permission: str | None) -> None:
    """403 unless the token has the permission; None needs none."""
    if permission is not None and permission not in token.permissions:
        raise Refusal(403, f"token lacks the permission {permission}")


class Meter:
    """A token bucket for each bearer token: `burst` at once, then `rate` a second."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[float, float]] = {}  # token -> (requests left, when that was)

    @staticmethod
    def _size(behaviour: Behaviour) -> float:
        return float(behaviour.burst or max(1.0, behaviour.rate or 0.0))

    def left(self, token: Token, behaviour: Behaviour, now: float) -> float:
        """Requests that the token may send at once."""
        size = self._size(behaviour)
        held, since = self._held.get(token.value, (size, now))
        return min(size, held + (now - since) * (behaviour.rate or 0.0))

    def wait(self, token: Token, behaviour: Behaviour, now: float) -> float:
        """Count one request. 0.0 when it may go on, else seconds until the next one may; refused ones are not counted."""
        if behaviour.rate is None:
            return 0.0
        left = self.left(token, behaviour, now)
        if left < 1.0:
            self._held[token.value] = (left, now)
            return (1.0 - left) / behaviour.rate
        self._held[token.value] = (left - 1.0, now)
        return 0.0

    def usage(self, token: Token, behaviour: Behaviour, now: float) -> JsonObject | None:
        """What /auth/me shows; None without a limit."""
        if behaviour.rate is None:
            return None
        size = self._size(behaviour)
        return {"limit": int(size), "remaining": int(self.left(token, behaviour, now)), "perSecond": behaviour.rate}


def account_json(token: Token, usage: JsonObject | None) -> JsonObject:
    """GET /auth/me: the account of the token."""
    return {
        "user": {
            "uuid": "user_sandbox",
            "name": "Sandbox user",
            "email": "sandbox@example.com",
            "permissions": sorted(token.permissions),
            "client": {"uuid": "client_sandbox", "name": "Sandbox Ltd", "type": "customer", "status": "active"},
            "status": "active",
        },
        "rateLimit": usage,
    }
