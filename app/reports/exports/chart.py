"""Adds the page's chart to a workbook, drawn by the spreadsheet itself out of the table's cells."""

from __future__ import annotations

from typing import Any

from app.core.i18n import gettext as _
from app.reports.tables import Look, Table

# The colours of static/css/tokens.css: one red for the thing meant, greys for the rest.
_COLOURS = ("#a4161a", "#8a8f98", "#c3c7cd")
# With more rows no label can be read.
_MOST_BARS = 60


def add_chart_sheet(book: Any, sheet: Any, table: Table, header_row: int) -> None:
    """A sheet of its own, so that the table prints as before; none without columns to draw."""
    series = [index for index, column in enumerate(table.columns) if column.series]
    if not series or not 2 <= len(table.rows) <= _MOST_BARS:
        return
    over_time = table.columns[0].key == "month"
    chart = book.add_chart({"type": "line" if over_time else "bar"})
    first, last = header_row + 1, header_row + len(table.rows)
    for place, index in enumerate(series):
        colour = _COLOURS[min(place, len(_COLOURS) - 1)]
        drawn: dict[str, Any] = (
            {"line": {"color": colour, "width": 2.5}} if over_time else {"fill": {"color": colour}}
        )
        chart.add_series(
            {
                "name": [sheet.name, header_row, index],
                "categories": [sheet.name, first, 0, last, 0],
                "values": [sheet.name, first, index, last, index],
                "gap": 60,
                "data_labels": {"value": True, "font": {"size": 9}},
                **drawn,
            }
        )
    is_rate = table.columns[series[0]].look is Look.RATE
    chart.set_title({"name": table.title, "overlay": False, "name_font": {"size": 14}})
    chart.set_legend({"none": True} if len(series) == 1 else {"position": "bottom"})
    values = {"min": 0, "major_gridlines": {"visible": over_time, "line": {"color": "#e4dfd7"}}}
    values |= {"max": 1, "num_format": "0%"} if is_rate else {"num_format": "#,##0"}
    if over_time:
        chart.set_y_axis(values)
    else:
        # The first row of the table at the top.
        chart.set_y_axis({"reverse": True})
        chart.set_x_axis({**values, "visible": False})
    page = book.add_chartsheet(_("图"))
    page.set_chart(chart)
    page.set_paper(9)
    page.set_landscape()
