"""Links from a cell of a tab to a row of another tab in the same workbook. Pure: no I/O.

In:  a Tab with `links`. Out: for each linked column, by its position, the address that each cell leads to, or None.
Never an address outside the workbook: nothing from a sheet or a server becomes one.
Rule source: Excel's limit of 65,530 links a sheet; cells after that have none.
"""

from __future__ import annotations

from collections.abc import Mapping

from callcamp_sync.sheets.tabs import Tab

MOST_LINKS = 65_000


def targets(tab: Tab, rows: int) -> Mapping[int, list[str | None]]:
    """Position of a column -> an address or None for each of the tab's rows.

    rows: how many stand on this sheet. A tab that was split over sheets has no links.
    """
    if rows != tab.frame.height or not tab.links:
        return {}
    most = MOST_LINKS // len(tab.links)
    found: dict[int, list[str | None]] = {}
    for index, column in enumerate(tab.columns):
        if column.heading in tab.links:
            link = tab.links[column.heading]
            # Excel counts from 1, and the header is its first row.
            places = [None if row is None else f"internal:'{link.tab}'!A{row + 2}" for row in link.rows.head(most)]
            found[index] = places + [None] * (rows - len(places))
    return found
