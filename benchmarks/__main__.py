"""`python -m benchmarks [NAME…]`: run the benchmarks one after another, print one table."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from importlib.metadata import version

from benchmarks import columns, diffing, journals, million, pacing, phones, reading, starting, syncing, transport, workbooks
from benchmarks.table import Line, shown

BENCHMARKS: dict[str, Callable[[], list[Line]]] = {
    "phones": phones.lines,
    "reading": reading.lines,
    "columns": columns.lines,
    "diff": diffing.lines,
    "million": million.lines,
    "workbooks": workbooks.lines,
    "journal": journals.lines,
    "pacing": pacing.lines,
    "transport": transport.lines,
    "sync": syncing.lines,
    "start": starting.lines,
}


def main(names: list[str]) -> None:
    """Run the named benchmarks, or all."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"there is no benchmark `{unknown[0]}`; there are {', '.join(BENCHMARKS)}")
    lines: list[Line] = []
    for name in names or BENCHMARKS:
        print(f"{name} …", file=sys.stderr)
        lines += BENCHMARKS[name]()
    libraries = ", ".join(f"{name} {version(name)}" for name in ("polars", "phonenumbers", "httpx", "aiohttp"))
    print(shown(lines))
    print(f"\nPython {platform.python_version()}, {libraries}; {os.cpu_count()} cores, {platform.system()} {platform.machine()}")


main(sys.argv[1:])
