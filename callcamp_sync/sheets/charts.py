"""What a tab has besides its cells: drop-downs, a chart, how it is printed, being hidden. No I/O of its own: XlsxWriter writes.

In:  a Tab whose cells were written, the sheet that holds them.
Out: the same sheet. A drop-down warns of other values and does not refuse them: a sheet may hold what nobody can choose.
Rule source: Excel's limit of 255 characters for a list that stands in the rule itself.
"""

from __future__ import annotations

from typing import Any

from callcamp_sync.sheets import tabs
from callcamp_sync.sheets.tabs import Chart, Colour, Tab

_LONGEST_LIST = 255
#: Of each colour the shade that stands out beside white.
_BARS: dict[Colour, str] = {
    "green": "#2E7D43",
    "blue": "#2F6DB5",
    "yellow": "#C99700",
    "orange": "#C96A1B",
    "red": "#B3261E",
    "grey": "#7A7A7A",
}


def finish(book: Any, sheet: Any, tab: Tab, rows: int) -> None:
    """Add what the tab has besides its cells. rows: how many were written below the header."""
    for index, column in enumerate(tab.columns):
        _offer(sheet, index, rows, column.offered)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    if tab.chart is not None:
        sheet.insert_chart(1, len(tab.columns) + 1, _drawn(book, sheet.get_name(), tab.chart))
    if tab.hidden:
        sheet.very_hidden()


def _offer(sheet: Any, index: int, rows: int, offered: tuple[str, ...]) -> None:
    texts = [tabs.clean(text) for text in offered]
    if not texts or len(",".join(texts)) > _LONGEST_LIST or any("," in text for text in texts):
        return
    words = {"error_title": "Not among the choices", "error_message": ("Choose one of: " + ", ".join(texts))[:255]}
    sheet.data_validation(1, index, max(rows, 1), index, {"validate": "list", "source": texts, "error_type": "warning"} | words)


def _drawn(book: Any, name: str, chart: Chart) -> Any:
    bars = book.add_chart({"type": "bar"})
    first, last = chart.first + 1, chart.last + 1
    bars.add_series(
        {
            "name": chart.title,
            "categories": [name, first, chart.labels, last, chart.labels],
            "values": [name, first, chart.values, last, chart.values],
            "points": [{"fill": {"color": _BARS[colour]}} for colour in chart.colours],
            "data_labels": {"value": True},
            "gap": 40,
        }
    )
    bars.set_title({"name": chart.title, "name_font": {"size": 12}})
    bars.set_legend({"none": True})
    bars.set_y_axis({"reverse": True})
    bars.set_x_axis({"visible": False, "min": 0, "major_gridlines": {"visible": False}})
    bars.set_size({"width": 480, "height": 90 + 32 * (last - first + 1)})
    return bars
