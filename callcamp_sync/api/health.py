"""One shared idea of the server's health: when to stop retrying, and when to stop altogether. Pure: times are passed in.

In:  the end of every attempt of every worker, with the monotonic second at which it began and ended.
Out: whether one more retry is allowed (Budget), whether the server counts as gone and why (Health).
Rule source: issue 3, item 2 (a dead server gives up in under 60 s); the error-budget idea of Finagle and botocore.
"""

from __future__ import annotations

#: Rounds of failure without one good answer between them, after which the server counts as gone.
ROUNDS = 8

#: Seconds of nothing but failure after which the server counts as gone, whatever the rounds.
PATIENCE = 50.0

#: Seconds of nothing but 429 after which the server counts as refusing for load.
THROTTLE_PATIENCE = 120.0

#: An attempt is not cut shorter than this, seconds.
_SHORTEST_ATTEMPT = 5.0


class Budget:
    """How many retries a run may make: a tenth of its requests, and always ten."""

    def __init__(self) -> None:
        self._spent = 0

    def spend(self, sent: int) -> bool:
        """Take one retry after `sent` requests. False when the budget is used up."""
        if self._spent >= max(10, sent // 10):
            return False
        self._spent += 1
        return True


class Health:
    """A breaker over all workers. Once `gone` is set it stays set: the run ends, and running again starts afresh.

    Failures, and throttled answers, are counted in rounds: requests that were already under way when one was counted belong
    to it, so one blip that hits sixteen requests in flight is one round, not sixteen.
    """

    def __init__(self) -> None:
        self.gone: str | None = None
        self.rounds = 0
        self.throttled_rounds = 0
        self._failing_since: float | None = None
        self._counted_at = float("-inf")
        self._throttled_since: float | None = None

    def succeeded(self) -> None:
        """An answer came that a healthy server gives (any but 5xx, 429 and what breaks the contract)."""
        self.rounds = 0
        self.throttled_rounds = 0
        self._failing_since = None
        self._throttled_since = None

    def throttled(self, *, started: float, now: float) -> None:
        """The server asked for patience. It lives, so the rounds of failure start afresh."""
        self.rounds = 0
        self._failing_since = None
        if started >= self._counted_at:
            self.throttled_rounds += 1
            self._counted_at = now
        if self._throttled_since is None:
            self._throttled_since = started
        if now - self._throttled_since > THROTTLE_PATIENCE:
            self.gone = self.gone or f"the server refused for load for {now - self._throttled_since:.0f} s"

    def failed(self, words: str, *, started: float, now: float) -> None:
        """No answer, a 5xx, or an answer that is not the API's. words: what happened, for people."""
        if self._failing_since is None:
            self._failing_since = started
        if started >= self._counted_at:
            self.rounds += 1
            self._counted_at = now
        if self.rounds >= ROUNDS or now - self._failing_since >= PATIENCE:
            self.gone = self.gone or f"nothing but failures for {now - self._failing_since:.0f} s, the last: {words}"

    def seconds_for(self, timeout: float, *, now: float) -> float:
        """How long the next attempt may take: `timeout`, or less while the server fails, so that giving up stays prompt."""
        if self._failing_since is None:
            return timeout
        return min(timeout, max(_SHORTEST_ATTEMPT, self._failing_since + PATIENCE - now))
