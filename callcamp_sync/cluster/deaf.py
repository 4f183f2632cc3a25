"""What a worker of our own does first: it no longer hears Ctrl-C and SIGTERM, which reach every process of a terminal or service.

Whoever started the worker hears them, and tells the jobs to drain; a worker that left at once would take its job along. It ends
when it is told to, or when its parent is gone. Loaded by dask (`preload`), which calls `dask_setup` in the main thread.
"""

from __future__ import annotations

import signal


def dask_setup(_worker: object) -> None:
    """Called by dask when the worker starts."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
