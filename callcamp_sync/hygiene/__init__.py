"""`hygiene`: what is odd about a campaign as it stands, apart from any sheet. It sends nothing but GET and changes nothing.

In:  a Bench, a campaign. Out: a Hygiene: findings, each with the order, the contact and the other campaign that it is about;
and a workbook of it. I/O: network (reads), disk (reads the ledger, writes the workbook).
"""

from __future__ import annotations

from callcamp_sync.hygiene.book import write
from callcamp_sync.hygiene.findings import KINDS
from callcamp_sync.hygiene.reading import Hygiene, look

__all__ = ["KINDS", "Hygiene", "look", "write"]
