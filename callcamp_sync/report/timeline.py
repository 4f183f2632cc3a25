"""The audit trail as a picture over time: how many operations ended when, and how. Pure: takes lines, touches no disk.

In:  the lines of a run's audit.jsonl, one after the other, as bytes.
Out: a Timeline: operations by kind and end, and at most SLOTS slots of equal length, whatever the length of the run; so memory
does not grow with the trail. Lines that are no operation (the head) are left out; lines that cannot be read are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson

from callcamp_sync.model import Fate, StepKind

#: The most slots that a timeline has; there are at least half as many as soon as the run took that long.
SLOTS = 60

_SHORTEST_MS = 10

_Bins = Counter[tuple[int, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What a run sent, over time.

    began, ended: the moments of the first and the last operation. slot_ms: milliseconds a slot. slots: for each slot, end ->
    operations that were sent and ended in it. kinds: kind of step -> end -> operations, those that were not sent included.
    unreadable: lines of the trail that could not be read.
    """

    began: datetime
    ended: datetime
    slot_ms: int
    slots: tuple[Mapping[str, int], ...]
    kinds: Mapping[str, Mapping[str, int]]
    unreadable: int = 0


def timeline(lines: Iterable[bytes]) -> Timeline | None:
    """The trail as a Timeline; None when no operation stands in it."""
    width, bins, unreadable = _SHORTEST_MS, _Bins(), 0
    kinds: dict[str, Counter[str]] = {}
    moments: list[datetime] = []
    for line in lines:
        try:
            entry = orjson.loads(line)
            if "fate" not in entry:
                continue
            at, kind, fate = datetime.fromisoformat(entry["at"]), str(entry["kind"]), str(entry["fate"])
        except (ValueError, TypeError, KeyError):
            unreadable += 1
            continue
        kinds.setdefault(kind, Counter())[fate] += 1
        moments = [min([at, *moments[:1]]), max([at, *moments[1:]])]
        if not entry.get("attempts"):
            continue
        slot = _slot(at, moments[0], width)
        while slot >= SLOTS:
            width, bins = width * 2, _halved(bins)
            slot = _slot(at, moments[0], width)
        bins[slot, fate] += 1
    if not moments:
        return None
    return Timeline(
        began=moments[0],
        ended=moments[1],
        slot_ms=width,
        slots=_filled(bins),
        kinds={kind: _ordered(kinds[kind], list(Fate)) for kind in _names(kinds, list(StepKind))},
        unreadable=unreadable,
    )


def _slot(at: datetime, began: datetime, width: int) -> int:
    return max(int((at - began).total_seconds() * 1000), 0) // width


def _halved(bins: _Bins) -> _Bins:
    """The same operations in slots twice as long."""
    merged = _Bins()
    for (slot, fate), count in bins.items():
        merged[slot // 2, fate] += count
    return merged


def _filled(bins: _Bins) -> tuple[Mapping[str, int], ...]:
    slots: list[Counter[str]] = [Counter() for _ in range(max((slot for slot, _ in bins), default=-1) + 1)]
    for (slot, fate), count in bins.items():
        slots[slot][fate] = count
    return tuple(_ordered(slot, list(Fate)) for slot in slots)


def _names(found: Iterable[str], known: list[StepKind]) -> list[str]:
    names = [str(name) for name in known]
    return [name for name in names if name in found] + sorted(set(found) - set(names))


def _ordered(counts: Mapping[str, int], known: list[Fate]) -> dict[str, int]:
    names = [str(name) for name in known]
    return {name: counts[name] for name in [*names, *sorted(set(counts) - set(names))] if counts.get(name)}
