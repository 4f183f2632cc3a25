"""A workbook's cells as text, all at once, without trusting the file. An edge: runs a process of its own for some files.

In:  the workbook's bytes, and which sheet.
Out: every cell as text, and the spreadsheet's column of the first one.
Rows that were proved before are read here, some at a time; odd and foreign workbooks by child.py, whose memory and time are
limited.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import fastexcel
import polars as pl

from callcamp_sync.errors import SheetError
from callcamp_sync.sheets import child
from callcamp_sync.sheets.choice import Tab
from callcamp_sync.sheets.limits import Limits

#: Bytes that a string takes in the reader beside its own.
STRING = 40
_SCRIPT = str(Path(child.__file__))

#: What any workbook gets, and what each byte of it adds: a hundred times what the slowest form needs.
_SECONDS_AT_LEAST = 15.0
_SECONDS_PER_BYTE = 20 / 1_000_000
#: The child's seconds are the processor's; on a busy machine they take longer.
_PATIENCE = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """table: String columns; its row 0 is the spreadsheet's row 1. first: the spreadsheet's column of the first, 0 is A."""

    table: pl.DataFrame
    first: int


def rows(data: bytes, first: int, shown: str) -> pl.DataFrame:
    """Read a miniature (miniature.py) in this process: rows from `first` on, columns named by their number from 0.

    Raises SheetError.
    """
    try:
        loaded = fastexcel.read_excel(data).load_sheet(0, header_row=None, skip_rows=0 if first == 1 else None, dtypes="string")
        places = [str(column.absolute_index) for column in loaded.available_columns()]
        table = loaded.to_polars() if places else pl.DataFrame()
    except (fastexcel.FastExcelError, ValueError) as error:
        raise _unreadable(shown, str(error)) from error
    except BaseException as error:
        # A panic of the reader's Rust is no Exception, and its class has no name that could be imported.
        if type(error).__name__ != "PanicException":
            raise
        raise _unreadable(shown, "its contents contradict each other") from error
    table.columns = places
    return table if first == 1 else table.slice(1)


def choose(data: bytes, wanted: str | int | None, shown: str, limits: Limits) -> tuple[list[Tab], Cells]:
    """Every sheet of a foreign workbook, and the cells of the one that is wanted (see choice.py), read by a child.

    Where there is no such sheet, or several, there are no cells. Raises SheetError.
    """
    with _started(data, {"name": None, "wanted": wanted}, limits) as run:
        said, rest = _answer(run, shown, limits)
    return [Tab(**tab) for tab in said["tabs"]], Cells(table=pl.read_ipc(BytesIO(rest)), first=said["first"])


def load(data: bytes, name: str, shown: str, limits: Limits) -> Cells:
    """The cells of a sheet, read by a child. Raises SheetError where it failed, was stopped, or broke a limit."""
    with _started(data, {"name": name}, limits) as run:
        said, rest = _answer(run, shown, limits)
    return Cells(table=pl.read_ipc(BytesIO(rest)), first=said["first"])


@dataclass(slots=True)
class Run:
    """A child at work. out, err: what it wrote, when `feeder` has ended. late: it was stopped for its time."""

    process: subprocess.Popen[bytes]
    seconds: float
    feeder: threading.Thread | None = None
    out: bytes = b""
    err: bytes = b""
    late: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def converse(self, data: bytes, seconds: float) -> None:
        """Give the child its bytes and take its answer; stop it when its time is over."""
        try:
            self.out, self.err = self.process.communicate(data, timeout=seconds)
        except subprocess.TimeoutExpired:
            self.late = True
            self.process.kill()
            self.out, self.err = self.process.communicate()


@contextmanager
def _started(data: bytes, asked: dict[str, Any], limits: Limits) -> Iterator[Run]:
    seconds = _allowed(len(data), limits)
    order = json.dumps({**asked, "memory": limits.memory, "seconds": seconds})
    # Nothing of the environment is needed but where libraries are; a token has no business in a process that reads files.
    kept = {key: os.environ[key] for key in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "HOME", "TMPDIR") if key in os.environ}
    process = subprocess.Popen(  # noqa: S603 - our own script, run by our own interpreter
        [sys.executable, "-I", _SCRIPT, order],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=kept,
    )
    run = Run(process, seconds)
    run.feeder = threading.Thread(target=run.converse, args=(data, min(limits.seconds, seconds * _PATIENCE)), daemon=True)
    run.feeder.start()
    try:
        yield run
    finally:
        if process.poll() is None:
            process.kill()
        run.feeder.join()


def _allowed(size: int, limits: Limits) -> float:
    """Seconds of the processor for a file of `size` bytes: damage can send the reader round for ever."""
    return min(limits.seconds, _SECONDS_AT_LEAST + size * _SECONDS_PER_BYTE)


def _answer(run: Run, shown: str, limits: Limits) -> tuple[dict[str, Any], bytes]:
    if run.feeder is not None:
        run.feeder.join()
    line, _, rest = run.out.partition(b"\n")
    code = run.process.returncode
    if code == 0 and line:
        said = json.loads(line)
        if "error" in said:
            raise _unreadable(shown, said["error"])
        return said, rest
    if run.late or code in (-24, 152):  # SIGXCPU
        if run.seconds < limits.seconds:
            raise _unreadable(shown, f"the reader found no end of it in {run.seconds:.0f} seconds")
        raise SheetError(
            f"`{shown}` took longer than {limits.seconds:g} seconds to read",
            hint="save it as .csv, or raise the setting `sheet_seconds`",
        )
    if any(word in run.err.lower() for word in (b"memory", b"spawn")):  # without memory no thread begins, either
        raise SheetError(
            f"`{shown}` needs more than {limits.memory:,} MB of memory to read",
            hint="save it as .csv, or raise the setting `sheet_memory_mb`",
        )
    raise _unreadable(shown, "the reader gave up on it")


def _unreadable(shown: str, why: str) -> SheetError:
    plain = " ".join(why.split())[:200]
    return SheetError(f"`{shown}` cannot be read: {plain}", hint="open it in Excel and save it again as .xlsx")
