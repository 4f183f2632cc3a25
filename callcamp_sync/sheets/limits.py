"""How much of a file is read before it is refused. Pure: numbers only.

In:  the settings `sheet_max_mb`, `sheet_max_rows`, `sheet_max_cells`, `sheet_memory_mb`, `sheet_seconds`.
Out: one Limits that the readers ask. Every limit ends as one line that names the number and the setting that lifts it.
Rule source: reliability notes, section 5: what files can do to the memory of those who open them.
"""

from __future__ import annotations

from dataclasses import dataclass

from callcamp_sync.errors import SheetError


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """megabytes: of the file, and of what an archive unpacks to. rows, cells: of the sheet, header not counted. memory: megabytes
    that a foreign workbook's reader may take in a process of its own; the cells of any workbook may take less than half of that.
    seconds: of reading a workbook.
    """

    megabytes: int = 1_500
    rows: int = 2_000_000
    cells: int = 40_000_000
    memory: int = 800
    seconds: float = 300.0

    @property
    def table_bytes(self) -> int:
        """What the cells of a workbook may take while they are read: more is needed beside them, and afterwards."""
        return self.memory * 400_000

    @property
    def bytes(self) -> int:
        """The largest file, in bytes."""
        return self.megabytes * 1_000_000

    def check_size(self, size: int, shown: str) -> None:
        """Raise SheetError where a file, or what an archive holds, has more bytes than are read."""
        if size > self.bytes:
            raise SheetError(
                f"`{shown}` is larger than {self.megabytes:,} MB", hint="split the sheet, or raise the setting `sheet_max_mb`"
            )

    def check_time(self, seconds: float, shown: str) -> None:
        """Raise SheetError where reading has taken longer than it may."""
        if seconds > self.seconds:
            raise SheetError(
                f"`{shown}` took longer than {self.seconds:g} seconds to read",
                hint="save it as .csv, or raise the setting `sheet_seconds`",
            )

    def check_extent(self, rows: int, columns: int, shown: str) -> None:
        """Raise SheetError where a sheet has more rows or cells than are read."""
        if rows > self.rows:
            raise SheetError(
                f"`{shown}` has {rows:,} rows, more than {self.rows:,}",
                hint="split the sheet, or raise the setting `sheet_max_rows`",
            )
        if rows * columns > self.cells:
            raise SheetError(
                f"`{shown}` has {rows:,} rows and {columns:,} columns, more than {self.cells:,} cells",
                hint="remove columns that are not needed, or raise the setting `sheet_max_cells`",
            )


STANDARD = Limits()
