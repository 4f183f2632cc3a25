"""Is every line of a report true? Held against the server's commits and the state at the run's end.

In:  a Played. Out: (code, sentence) pairs; `outcome_table`, what a scenario came to, without ids and times. Pure: no I/O.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from callcamp_sync.sandbox import Commit

from .play import Played, Run
from .scenario import Row

#: Lines that say that nothing was done for the row in this run.
_STILL = ("unchanged", "protected", "rejected", "held", "duplicate", "not-attempted")

#: What a line's claim must have left in the log.
_KINDS = {"created": "create-order", "associated": "associate", "canceled": "update-order", "removed": "remove-order"}

_OPEN = ("failed", "unknown", "drifted", "not-attempted")


def report_findings(played: Played) -> Iterator[tuple[str, str]]:
    """Everything that a report of this scenario says and that is not so."""
    for run in played.runs:
        if run.report is not None:
            yield from _books(played, run)
            for line in run.report.lines.iter_rows(named=True):
                row = _row(played, run, line["row"])
                why = _untrue(played, run, line, row) if row is not None else None
                if why:
                    yield "untrue-line", f"run {run.nr} ({run.command}), {line['outcome']} {row.kind if row else ''}: {why}"
            yield from _orders(played, run)


def outcome_table(played: Played) -> list[tuple[Any, ...]]:
    """Run, command, exit, row, outcome: what must be the same when the same seed is played again."""
    table: list[tuple[Any, ...]] = []
    for run in [*played.runs, *played.rivals]:
        if run.report is None:
            table.append((run.nr, run.command, run.error.code if run.error else None))
            continue
        ends = run.report.lines.select("row", "outcome").sort("row").iter_rows()
        table += [(run.nr, run.command, run.report.exit_name, row, outcome) for row, outcome in ends]
        table += [(run.nr, run.command, "orders", *pair) for pair in sorted(run.report.missing.items())]
    return table


def _row(played: Played, run: Run, number: int) -> Row | None:
    """The row of that number in the sheet that the run's plan was made from; a resumed plan is an earlier run's."""
    rows = played.scenario.rows_of(run.sheet)
    return rows[number - 2] if number - 2 < len(rows) else None


def _books(played: Played, run: Run) -> Iterator[tuple[str, str]]:
    """Every row of the sheet in exactly one line, the counts those of the lines, the exit code no better than they are."""
    report = run.report
    assert report is not None
    expected = list(range(2, 2 + len(played.scenario.rows) + played.scenario.spoiled))
    if sorted(report.lines["row"].to_list()) != expected:
        yield "lost-row", f"the report of run {run.nr} has not one line for each of {len(expected)} rows"
    if dict(report.counts) != dict(Counter(report.lines["outcome"].to_list())) or report.source.rows != len(expected):
        yield "untrue-line", f"the counts of run {run.nr} are not those of its lines"
    left = any(report.counts.get(name) or report.missing.get(name) for name in _OPEN)
    if left and report.exit_code == 0:
        yield "untrue-line", f"run {run.nr} left something open and says ok"


def _untrue(played: Played, run: Run, line: dict[str, Any], row: Row) -> str | None:
    """Why a line is not so; None where it is, or where nothing can be said."""
    outcome, message = line["outcome"], line["message"] or ""
    mine = [c for heard in played.log if heard.client == "main" for c in heard.commits if c.phone == row.phone]
    now = [
        c for heard in played.log if (heard.client, heard.run) == ("main", run.nr) for c in heard.commits if c.phone == row.phone
    ]
    if line["phone"] != row.phone:
        return "it names another number"
    if outcome in _STILL and now and not message.startswith("partly done") and not _from_before(run, outcome):
        return f"the server did {[c.kind for c in now]} for it"
    if outcome == "failed" and any(c.kind == "create-order" for c in now) and not _excused(message):
        return "it was created"
    if outcome in _KINDS:
        return _unclaimed(played, run, line, [c for c in mine if c.kind == _KINDS[outcome] and c.seq <= run.ends])
    if outcome == "updated" and row.phone not in played.touched and not _unread(run):
        return _unlike(run, row, mine)
    return None


def _from_before(run: Run, outcome: str) -> bool:
    """Whether the line may speak of an earlier run of the same plan."""
    return run.command == "resume" and outcome == "held"


def _unread(run: Run) -> bool:
    """Whether the report says itself that not everything could be read back: then its lines are the server's word."""
    return run.report is not None and any("read back" in notice for notice in run.report.notices)


def _excused(message: str) -> bool:
    return message.startswith(("partly done", "the server reported success"))


def _unclaimed(played: Played, run: Run, line: dict[str, Any], commits: list[Commit]) -> str | None:
    """A claim that an order was made, canceled or removed, without a commit that did so; or the order was gone when read back."""
    uuid = line["order_uuid"]
    if line["outcome"] == "removed":
        gone = any(c.kind == "remove-order" and c.order_uuid == uuid and c.seq <= run.ends for c in played.commits)
        return None if gone else "no such order was removed"
    fitting = [c for c in commits if c.order_uuid == uuid]
    if line["outcome"] == "canceled":
        fitting = [c for c in fitting if isinstance(c.after, dict) and c.after["status"] == "canceled"]
    if not fitting and not _unread(run):
        return f"the server has no commit for order {uuid}"
    looks = [one for one in played.log if (one.client, one.run, one.route) == ("main", run.nr, "orders") and one.method == "GET"]
    last = max((one.known for one in looks if not one.query.get("search")), default=0)
    taken = [c for c in played.commits if c.kind == "remove-order" and c.order_uuid == uuid and c.seq <= last]
    return "the order was gone when the campaign was read back" if taken and not _unread(run) else None


def _unlike(run: Run, row: Row, mine: list[Commit]) -> str | None:
    """A row that says updated while the order is not as the row wants it."""
    if not mine:
        return "the server has no commit for it"
    for order in run.after.get(row.phone, ()):
        wrong = {name: order.get(name) for name, value in row.fields.items() if order.get(name) != value}
        if wrong and row.kind != "two faces":
            return f"it stands with {sorted(wrong)} as they were"
        if row.wants not in ("any", None) and row.kind != "two faces" and order["status"] != row.wants:
            return f"it is `{order['status']}`"
    return None


def _orders(played: Played, run: Run) -> Iterator[tuple[str, str]]:
    """The lines of orders without a row."""
    assert run.report is not None
    now = [c for heard in played.log if (heard.client, heard.run) == ("main", run.nr) for c in heard.commits]
    earlier = [c for heard in played.log if heard.client == "main" for c in heard.commits if c.seq <= run.ends]
    for order, outcome in run.report.orders.select("order_uuid", "outcome").iter_rows():
        if outcome in ("kept", "protected", "not-attempted") and any(c.order_uuid == order for c in now):
            yield "untrue-line", f"run {run.nr}: order {order} is `{outcome}`, and the server changed it"
        if outcome in ("canceled", "removed") and not any(c.order_uuid == order for c in earlier):
            gone = any(c.order_uuid == order and c.kind == "remove-order" for c in played.commits)
            if not gone:
                yield "untrue-line", f"run {run.nr}: order {order} is not {outcome}"
