"""What must hold whatever happened, judged from the server's own log: never from what the client says of itself.

In:  a Played. Out: Findings, each with a code of CODES and a sentence. Pure: no I/O.
`told` and `looked` decide what a client could have known: the API has no conditions on a write, so an order that changes between
the last look and the request is nobody's fault; one that changed before the look is.
Rule source: issue 3, item 8; design, section 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from callcamp_sync.sandbox import Commit
from callcamp_sync.sandbox.front import Heard

from .play import Played, Run
from .reports import report_findings
from .scenario import TOKEN, Row

#: code -> what must not happen.
CODES = {
    "duplicate": "two live orders for one planned row",
    "never-called": "somebody who must not be called became callable, or was touched",
    "unplanned-removal": "an order was canceled or removed outside plan and policy",
    "protected-touched": "an order in a call, or served, was changed although the client had been told",
    "unjournaled": "a write without an earlier intent and a plan entry",
    "lost-row": "a row that is nowhere in the end, or in no line of a report",
    "untrue-line": "a line of a report that is not so",
    "not-converged": "more than two runs after the faults stopped",
    "leak": "token, name or number in a log or a message",
    "led-astray": "a request that went to another address",
    "two-at-once": "two runs in one campaign",
    "hung": "a run that did not end in time",
}

_NEVER = "do-not-call"
_CALLABLE = ("planned", "scheduled", "busy", "no-answer", "failed")
_CLOSED = ("calling", "contacted", "completed")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not happen, and did. code: of CODES."""

    code: str
    words: str


def judge(played: Played) -> list[Finding]:
    """Everything that did not hold."""
    story = Story(played)
    checks = (_duplicates, _never, _protected, _leaving, _journal, _ends, _doors)
    found = [finding for check in checks for finding in check(story)]
    return found + [Finding(code, words) for code, words in report_findings(played)] + list(_leaks(played))


class Story:
    """The log, made easy to ask."""

    def __init__(self, played: Played) -> None:
        self.played = played
        self.rows = {row.phone: row for row in played.scenario.rows}
        self.cause: dict[int, Heard] = {commit.seq: heard for heard in played.log for commit in heard.commits}

    def writes(self) -> Iterator[tuple[Commit, Heard]]:
        """Every change that a client made, with the request that made it."""
        for commit in self.played.commits:
            if commit.seq in self.cause:
                yield commit, self.cause[commit.seq]

    def run_of(self, heard: Heard) -> Run:
        """The run that sent a request."""
        book = self.played.runs if heard.client == "main" else self.played.rivals
        return next(run for run in book if run.nr == heard.run)

    def looked(self, heard: Heard, *, since: int) -> bool:
        """Whether the client looked at what stands for this number after request `since` and before this one."""
        return any(
            one.method == "GET"
            and one.route == "orders"
            and one.status == 200
            and one.client == heard.client
            and one.query.get("search", heard.key) == heard.key
            for one in self.played.log[since : heard.nr - 1]
        )

    def told(self, heard: Heard, statuses: tuple[str, ...], *, order: str | None = None, phone: str | None = None) -> bool:
        """Whether a list that the client got before this request shows the order (or number) in one of these statuses.

        Of one order: in the same run, the last word counts. Of a number: in any run, of whose list every page was read.
        """
        last: str | None = None
        for one in self.played.log[: heard.nr - 1]:
            if one.client != heard.client or one.method != "GET" or one.route != "orders" or one.status != 200:
                continue
            for item in (one.said or {}).get("orders", ()):
                word = _folded(item.get("status"))
                mine = phone is not None and item["record"].get("phoneNumber") == phone and word in statuses
                if mine and (one.run == heard.run or self._went_on(one)):
                    return True
                if order is not None and one.run == heard.run and item["uuid"] == order:
                    last = word
        return last in statuses

    def _went_on(self, page: Heard) -> bool:
        """Whether the run that read this page went on to something else than lists of orders: it had the whole list then."""
        same = [one for one in self.played.log[page.nr :] if (one.client, one.run) == (page.client, page.run)]
        return any(one.route != "orders" or one.method != "GET" for one in same)


def _folded(status: object) -> str:
    """A wire status as the truth names it; the sandbox's spellings of Do Not Call only."""
    text = str(status).lower().replace(" ", "-").replace("_", "-")
    return _NEVER if text == "dnc" else text


def _status(side: object) -> str | None:
    return str(side["status"]) if isinstance(side, dict) and "status" in side else None


# --- J1: one live order for one planned row ----------------------------------------------------------------------------


def _duplicates(story: Story) -> Iterator[Finding]:
    live: dict[str, dict[str, int]] = {}
    for phone, orders in story.played.before.items():
        live[phone] = {uuid: 0 for uuid, _ in orders}
    made: set[str] = set()
    for commit in story.played.commits:
        standing = live.setdefault(commit.phone, {})
        heard = story.cause.get(commit.seq)
        if commit.kind == "remove-order" and commit.order_uuid:
            standing.pop(commit.order_uuid, None)
        if commit.kind not in ("create-order", "associate") or commit.order_uuid is None:
            continue
        if heard is not None:
            begins = story.run_of(heard).begins
            others = [uuid for uuid, seq in standing.items() if uuid in made or seq <= begins]
            if others:
                yield Finding(
                    "duplicate", f"{heard.method} {heard.nr} of run {heard.run} made a second order for {_who(story, commit)}"
                )
            made.add(commit.order_uuid)
        standing[commit.order_uuid] = commit.seq


def _who(story: Story, commit: Commit) -> str:
    row = story.rows.get(commit.phone)
    return f"{commit.phone} ({row.kind if row else 'no row'})"


# --- J2: Do Not Call is one way ----------------------------------------------------------------------------------------


def _never(story: Story) -> Iterator[Finding]:
    never = {phone: 0 for phone, orders in story.played.before.items() if any(status == _NEVER for _, status in orders)}
    gone: dict[str, int] = {}
    for commit in story.played.commits:
        heard = story.cause.get(commit.seq)
        if heard is not None and (why := _breach(commit, never)):
            begins = story.run_of(heard).begins
            stood = never[commit.phone] <= begins < gone.get(commit.phone, begins + 1)
            if stood or _knew(story, heard, commit, never[commit.phone]):
                yield Finding("never-called", f"{heard.method} {heard.nr} of run {heard.run}: {why}, {_who(story, commit)}")
        if _status(commit.after) == _NEVER and commit.kind != "update-record":
            never.setdefault(commit.phone, commit.seq)
        if _status(commit.before) == _NEVER != _status(commit.after):
            gone[commit.phone] = commit.seq


def _breach(commit: Commit, never: dict[str, int]) -> str | None:
    """What a client's change does to somebody who must not be called; None if nothing."""
    if commit.phone not in never:
        return None
    before, after = _status(commit.before), _status(commit.after)
    if commit.kind in ("create-order", "associate"):
        return "a new order"
    if commit.kind == "remove-order":
        return "the order was removed" if before == _NEVER else None
    if commit.kind != "update-order":
        return None
    if before == _NEVER and after != _NEVER:
        return f"Do Not Call became `{after}`"
    return f"became `{after}`" if after in _CALLABLE and before != after else None


def _knew(story: Story, heard: Heard, commit: Commit, since: int) -> bool:
    """Whether the client had been told, or would have been if it had looked where it has to look."""
    if story.told(heard, (_NEVER,), phone=commit.phone):
        return True
    earlier = _earlier(story, heard)
    return earlier is not None and since > earlier.known and not story.looked(heard, since=earlier.nr)


def _earlier(story: Story, heard: Heard) -> Heard | None:
    """The last request of the same run that asked for the same, and was not merely asked to come back later."""
    same = [
        one
        for one in story.played.log[: heard.nr - 1]
        if (one.client, one.run, one.method, one.route, one.ids)
        == (heard.client, heard.run, heard.method, heard.route, heard.ids)
        and one.key == heard.key
        and not (one.fault or "").startswith("429")
    ]
    return same[-1] if same else None


# --- orders that the dialer has at work, or is done with -------------------------------------------------------------------


def _protected(story: Story) -> Iterator[Finding]:
    since: dict[str, int] = {}
    for orders in story.played.before.values():
        since |= {uuid: 0 for uuid, status in orders if status in _CLOSED}
    for commit in story.played.commits:
        heard, uuid = story.cause.get(commit.seq), commit.order_uuid or ""
        closed = commit.kind in ("update-order", "remove-order") and _status(commit.before) in _CLOSED
        if heard is not None and closed and _status(commit.after) != _NEVER:
            begun = since.get(uuid, 0) <= story.run_of(heard).begins
            if begun or story.told(heard, _CLOSED, order=uuid):
                yield Finding("protected-touched", f"{heard.method} {heard.nr} of run {heard.run}, {_who(story, commit)}")
        if _status(commit.after) in _CLOSED and _status(commit.before) not in _CLOSED:
            since[uuid] = commit.seq


# --- J4: nobody is taken out but by the plan ------------------------------------------------------------------------------


def _leaving(story: Story) -> Iterator[Finding]:
    first: dict[tuple[str, int], Heard] = {}
    for commit, heard in story.writes():
        if not _takes_out(commit):
            continue
        row = story.rows.get(commit.phone)
        why = _row_forbids(row, commit) if row is not None else _absence_forbids(story, commit, heard)
        if why:
            yield Finding("unplanned-removal", f"{heard.method} {heard.nr} of run {heard.run}: {why}, {_who(story, commit)}")
        key = heard.client, heard.run
        if row is None and (key not in first or heard.nr < first[key].nr):
            first[key] = heard
    for (client, run), heard in first.items():
        late = [one for one in story.played.log[heard.nr :] if (one.client, one.run) == (client, run) and _brings(story, one)]
        if late:
            yield Finding("unplanned-removal", f"run {run} removed absent orders before its other writes")


def _takes_out(commit: Commit) -> bool:
    canceled = _status(commit.after) == "canceled" and _status(commit.before) != "canceled"
    return commit.kind == "remove-order" or (commit.kind == "update-order" and canceled)


def _row_forbids(row: Row, commit: Commit) -> str | None:
    asked = {"cancel": "update-order", "remove": "remove-order"}.get(row.kind)
    return None if commit.kind == asked else f"its row asks for `{row.kind}`"


def _absence_forbids(story: Story, commit: Commit, heard: Heard) -> str | None:
    scenario, run = story.played.scenario, story.run_of(heard)
    wanted = {"cancel": "update-order", "remove": "remove-order"}.get(scenario.mirror or "")
    if commit.kind != wanted:
        return "the run does not ask for it"
    if scenario.spoiled:
        return "the sheet has a row that cannot be read"
    if run.lied:
        return "no listing of the run was complete"
    return None


def _brings(story: Story, heard: Heard) -> bool:
    """Whether a request is a write that is not itself a removal or a cancellation."""
    if not heard.writes or heard.method == "DELETE":
        return False
    return not (isinstance(heard.body, dict) and heard.body.get("status") == "canceled")


# --- J3, J7 and the rest ----------------------------------------------------------------------------------------------------


def _journal(story: Story) -> Iterator[Finding]:
    for heard in story.played.log:
        if heard.witness is not None:
            yield Finding("unjournaled", f"request {heard.nr} of run {heard.run}: {heard.witness}")


def _ends(story: Story) -> Iterator[Finding]:
    """Once the faults have stopped, two runs are enough; then every row is where it belongs."""
    played = story.played
    if played.settled_after is None:
        sent = sorted({f"{one.method} {one.route}" for one in played.log[played.runs[-1].heard :] if one.writes})
        yield Finding("not-converged", f"a third run after the faults had stopped still sends {sent}")
    for row in played.scenario.rows:
        orders = played.scenario.world.orders_of(played.scenario.campaign, row.phone)
        if why := _misplaced(story, row, [order.status for order in orders]):
            yield Finding("lost-row", f"{row.phone} ({row.kind}): {why}")


def _misplaced(story: Story, row: Row, statuses: list[str]) -> str | None:
    """Why a row is not where it belongs in the end; what an actor had a hand in is only asked to be there.

    Not even that where it asks for nobody who is to be called, nor where a person left several contacts with its number behind:
    such a row is held, rightly.
    """
    never = any(
        _status(commit.after) == _NEVER or _status(commit.before) == _NEVER
        for commit in story.played.commits
        if commit.phone == row.phone
    )
    if row.wants == "any" or (never and row.wants != _NEVER):
        return None
    if row.wants is None:
        return f"still there as {statuses}" if statuses and row.phone not in story.played.touched else None
    if not statuses:
        world = story.played.scenario.world
        twins = sum(record.phone == row.phone for record in world.records.values())
        unwanted = row.kind in ("cancel", "says never") or twins > 1
        return None if unwanted and row.phone in story.played.touched else "it is nowhere"
    if row.phone in story.played.touched:
        return None
    wanted = ["do-not-call", "registered"] if row.kind == "two faces" else [row.wants]
    return f"stands as {statuses}, wants {wanted}" if sorted(statuses) != wanted else None


def _doors(story: Story) -> Iterator[Finding]:
    played = story.played
    if any(heard.client == "elsewhere" for heard in played.log):
        yield Finding("led-astray", "a redirect was followed")
    for run in played.rivals:
        if any(heard.writes and heard.client == "rival" for heard in played.log) or run.report is not None:
            yield Finding("two-at-once", "the second run was not turned away")
    for run in [*played.runs, *played.rivals]:
        if run.hung:
            yield Finding("hung", f"run {run.nr} had not ended after {run.seconds:.0f} s")


def _leaks(played: Played) -> Iterator[Finding]:
    said = "\n".join([*played.lines, *(line for run in [*played.runs, *played.rivals] for line in _spoken(run))])
    secrets = [TOKEN, "Canary", *(row.phone[2:] for row in played.scenario.rows)]
    for secret in secrets:
        if secret in said:
            line = next(line for line in said.splitlines() if secret in line)
            yield Finding("leak", f"`{secret}` in `{line[:200]}`")
            return


def _spoken(run: Run) -> list[str]:
    """What a run says to people beside its report's lines: notices, mismatches, the error that ended it."""
    if run.report is not None:
        return [*run.report.notices, *run.report.mismatches]
    return [run.error.message, str(run.error.hint)] if run.error else []
