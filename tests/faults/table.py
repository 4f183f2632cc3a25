"""The numbers of the long form as Markdown. Pure: no I/O.

In:  summaries, what became of the broken clients, the kill points, how many seeds came out the same twice. Out: text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from .batch import Summary
from .invariants import CODES, Finding
from .kills import KillPoint

Caught = Mapping[str, tuple[int, Finding] | None]


def markdown(summaries: Sequence[Summary], caught: Caught, kills: Sequence[KillPoint], twice: tuple[int, int] | None) -> str:
    """Everything, as tables. twice: how many seeds were the same when they were played again, of how many."""
    parts = [_rows(("figure", "value"), _figures(summaries, kills, twice))]
    if caught:
        ends = ((f"`{name}`", *_end(found)) for name, found in caught.items())
        parts.append(_rows(("broken client", "caught after seeds", "by"), ends))
    return "\n\n".join(parts)


def _figures(summaries: Sequence[Summary], kills: Sequence[KillPoint], twice: tuple[int, int] | None) -> list[tuple[str, object]]:
    counts = Counter(finding.code for one in summaries for finding in one.findings)
    runs = sorted(one.further_runs if one.further_runs is not None else 99 for one in summaries)
    unknown = sum(one.unknown for one in summaries)
    compared = [one for one in summaries if one.calm_requests]
    calm = sum(one.calm_requests or 0 for one in compared)
    figures: list[tuple[str, object]] = [
        ("scenarios", len(summaries)),
        ("faults injected", f"{sum(one.injected for one in summaries)} of {len(_kinds(summaries))} kinds"),
        *((f"{words} (`{code}`)", counts[code]) for code, words in CODES.items()),
        ("runs to converge once faults stop, p50 / max", f"{runs[len(runs) // 2]} / {runs[-1]}" if runs else "-"),
        ("rows left unknown", unknown),
        (
            "of those, truly not as wanted then",
            f"{1 - sum(one.settled_unknown for one in summaries) / unknown:.1%}" if unknown else "-",
        ),
        ("requests, against good weather", f"{sum(one.requests for one in compared) / calm:.2f}x" if calm else "-"),
        ("longest run, seconds of the loop's time", f"{max((one.seconds for one in summaries), default=0):.0f}"),
    ]
    if kills:
        figures.append(("kill points survived", f"{sum(not point.found for point in kills)} of {len(kills)}"))
    if twice:
        figures.append(("same seed, same outcomes", f"{twice[0]} of {twice[1]}"))
    return figures


def _kinds(summaries: Sequence[Summary]) -> set[str]:
    return {kind for one in summaries for kind in one.kinds}


def _end(found: tuple[int, Finding] | None) -> tuple[object, str]:
    return (found[0], f"`{found[1].code}`") if found else ("**not caught**", "")


def _rows(head: Sequence[str], rows: object) -> str:
    assert not isinstance(rows, str)
    lines = [head, ["---"] * len(head), *rows]  # type: ignore[misc]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
