"""How much memory a process took at most. Linux' own mark where there is one: `ru_maxrss` of a child begins with its parent's."""

from __future__ import annotations

import re
import resource
from collections.abc import Callable
from pathlib import Path

_STATUS, _MARK = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def peak() -> float:
    """Megabytes that this process took at most since it began, or since `grown` set the mark back."""
    if not _STATUS.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return _kilobytes("VmHWM") / 1024


def grown(work: Callable[[], object]) -> float:
    """Megabytes by which this process was larger during `work` than before it, at most."""
    if _MARK.exists():
        _MARK.write_text("5")
    before = peak()
    work()
    return peak() - before


def _kilobytes(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", _STATUS.read_text())
    assert found is not None
    return int(found[1])
