"""A campaign's orders as a status sheet: one row an order, ids included, phones as text; importable without a mapping file.

In:  settings, a campaign, what of it is wanted. Out: a StatusSheet, and a workbook, CSV, Parquet or JSON Lines of it.
Importing the unedited file plans nothing: a workbook remembers what it said (book.py), and a CSV file has the canonical text of
what stands. I/O: network (reads), disk.
"""

from __future__ import annotations

from callcamp_sync.export.reading import Wanted, overview, read_status, remember
from callcamp_sync.export.view import StatusSheet
from callcamp_sync.export.writing import check_dialect, check_format, write_status

__all__ = ["StatusSheet", "Wanted", "check_dialect", "check_format", "overview", "read_status", "remember", "write_status"]
