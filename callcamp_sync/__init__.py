"""callcamp-sync: keeps a Callcamp campaign in step with a spreadsheet.

The names of `__all__` are the library; the command line is made of them. What waits for the network is async, and `run` is the
one way to it from plain code: `run(sync("leads.csv", campaign="Spring renewals"))`. docs/library.md shows each at work.

Names are loaded when they are first used: importing the package costs no library.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from callcamp_sync.api.client import Client
    from callcamp_sync.bench import Bench
    from callcamp_sync.errors import ExitCode, SyncError
    from callcamp_sync.library import (
        apply,
        export_status,
        load_settings,
        open_client,
        plan,
        read_sheet,
        resume,
        run,
        sync,
        validate,
    )
    from callcamp_sync.model import Plan, Report, Sheet
    from callcamp_sync.settings import Settings

__version__ = "0.1.0"

__all__ = [
    "Bench",
    "Client",
    "ExitCode",
    "Plan",
    "Report",
    "Settings",
    "Sheet",
    "SyncError",
    "apply",
    "export_status",
    "load_settings",
    "open_client",
    "plan",
    "read_sheet",
    "resume",
    "run",
    "sync",
    "validate",
]

_ROOMS = {
    "Bench": "bench",
    "Client": "api.client",
    "ExitCode": "errors",
    "Plan": "model",
    "Report": "model",
    "Settings": "settings",
    "Sheet": "model",
    "SyncError": "errors",
}

if not TYPE_CHECKING:  # a type checker must not take every name for one of ours

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(import_module(f"{__name__}.{_ROOMS.get(name, 'library')}"), name)
        globals()[name] = found
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
