"""What can end a run: one exception a cause, each with its code, its exit code and its cure.

    SyncError
     +-- UsageError              2   a flag, a setting, a path: the call itself is wrong
     |    +-- SettingsError      2   a value from environment or configuration file
     |    +-- MappingError       2   the mapping file, or headers that fit no field
     |    +-- SheetError         2   the sheet cannot be read at all
     |    +-- StateError         2   journal, ledger or report folder cannot be used
     +-- AccessError             4   token missing, expired or without the permission
     +-- UnreachableError        5   no answer, or refused for load: run again later
     +-- RefusedError            7   refused for good
     |    +-- NotFoundError      7   campaign, record type or run that is not there
     |    +-- ContractError      7   an answer that breaks the vendor's contract
     |    +-- StalePlanError     7   a plan that is spent, expired or no longer true
     +-- UnsafePlanError         8   a guard stopped it; nothing was sent
     +-- LockedError             9   another run holds this campaign
     +-- StoppedError      130/143   a signal came before the first write

A wrong row is never an exception (see issues.py), nor is the end of one request (see model.Outcome).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum


class ExitCode(IntEnum):
    """What the process says to a scheduler. Source: interface document, "Exit codes"."""

    OK = 0
    BUG = 1
    USAGE = 2
    ROWS = 3
    ACCESS = 4
    UNREACHABLE = 5
    INCOMPLETE = 6
    REFUSED = 7
    GUARD = 8
    LOCKED = 9
    CHANGES = 10
    INTERRUPTED = 130
    TERMINATED = 143

    @property
    def label(self) -> str:
        """The name that stands in reports."""
        return _LABELS[self]


_LABELS = {
    ExitCode.OK: "ok",
    ExitCode.BUG: "bug",
    ExitCode.USAGE: "usage",
    ExitCode.ROWS: "rows-rejected-or-held",
    ExitCode.ACCESS: "access",
    ExitCode.UNREACHABLE: "unreachable",
    ExitCode.INCOMPLETE: "incomplete",
    ExitCode.REFUSED: "refused",
    ExitCode.GUARD: "guard",
    ExitCode.LOCKED: "locked",
    ExitCode.CHANGES: "changes-pending",
    ExitCode.INTERRUPTED: "interrupted",
    ExitCode.TERMINATED: "terminated",
}

#: Where several codes apply, the first of these stands.
PRECEDENCE = (1, 130, 143, 2, 9, 7, 8, 4, 5, 6, 3, 10, 0)


def gravest(*codes: ExitCode) -> ExitCode:
    """The one code that stands when several apply; OK when none is given."""
    return min(codes, key=PRECEDENCE.index, default=ExitCode.OK)


class SyncError(Exception):
    """A run that cannot go on.

    message: what happened, with its numbers, one sentence, no full stop needed.
    hint: what to do about it; None where the message says all.
    """

    code = "error"
    exit_code = ExitCode.BUG

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(SyncError):
    """The call itself is wrong: a flag, an argument, a path."""

    code = "usage"
    exit_code = ExitCode.USAGE


class SettingsError(UsageError):
    """A setting from environment or configuration file is wrong."""

    code = "settings"


class MappingError(UsageError):
    """The mapping is wrong, or the sheet's headers do not fit it.

    cells: what the message repeats of a sheet of which no heading is known: of a file without headings they are a contact's.
    """

    code = "mapping"

    def __init__(self, message: str, *, hint: str | None = None, cells: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.cells = cells


class SheetError(UsageError):
    """The sheet cannot be read: missing, empty, damaged, or not what its name says."""

    code = "sheet"


class StateError(UsageError):
    """A file of our own (journal, ledger, report folder) cannot be read or written."""

    code = "state"


class AccessError(SyncError):
    """The server does not accept the token, or the token lacks the permission."""

    code = "access"
    exit_code = ExitCode.ACCESS


class UnreachableError(SyncError):
    """The server gave no answer, or kept refusing for load. Running again later helps."""

    code = "unreachable"
    exit_code = ExitCode.UNREACHABLE


class RefusedError(SyncError):
    """Refused for good; running again does not help."""

    code = "refused"
    exit_code = ExitCode.REFUSED


class NotFoundError(RefusedError):
    """The campaign, record type or run is not there."""

    code = "not-found"


class ContractError(RefusedError):
    """The server's answer breaks the contract (not JSON, fields missing, a redirect)."""

    code = "contract"


class StalePlanError(RefusedError):
    """The plan is spent, expired, or the campaign is no longer what it was made for."""

    code = "stale-plan"


class UnsafePlanError(SyncError):
    """The plan would change more of the campaign than the user allowed; nothing was sent."""

    code = "unsafe-plan"
    exit_code = ExitCode.GUARD


class LockedError(SyncError):
    """Another run holds this campaign."""

    code = "locked"
    exit_code = ExitCode.LOCKED


class StoppedError(SyncError):
    """A signal came before the first write; nothing was sent."""

    code = "stopped"
    exit_code = ExitCode.INTERRUPTED

    def __init__(self, exit_code: ExitCode) -> None:
        super().__init__(f"{exit_code.label}: nothing was sent")
        self.exit_code = exit_code


@contextmanager
def ungrouped() -> Iterator[None]:
    """Raise the first SyncError of a task group as itself: whoever waits for the group knows no groups.

    A group that holds anything else, a bug, stays as it is.
    """
    try:
        yield
    except BaseExceptionGroup as group:
        ours, others = group.split(SyncError)
        if ours is None or others is not None:
            raise
        raise _first_of(ours) from None


def _first_of(group: BaseExceptionGroup[SyncError]) -> SyncError:
    first = group.exceptions[0]
    return _first_of(first) if isinstance(first, BaseExceptionGroup) else first
