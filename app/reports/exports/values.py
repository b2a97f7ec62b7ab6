"""What the files have in common: the rows in their order, and the words of a cell."""

from __future__ import annotations

from datetime import date

from app.core.i18n import day_text
from app.core.labels import STATUS_LABELS
from app.reports.tables import Cell, Column, Look, Table, TableRow
from app.reports.tables.model import TITLE_SEPARATOR

NUMBERS = frozenset({Look.COUNT, Look.RATE, Look.HOURS})


def all_rows(table: Table) -> tuple[TableRow, ...]:
    """The rows, the total last."""
    return (*table.rows, table.total) if table.total else table.rows


def about_line(table: Table) -> str:
    """Which part of the office and of its members, in one line; "" for all of it."""
    return TITLE_SEPARATOR.join(table.about)


class Words:
    """How cells read in one file; the words for statuses are looked up once, not for each of its rows."""

    def __init__(self) -> None:
        self._statuses = {status.value: str(label) for status, label in STATUS_LABELS.items()}

    def of(self, column: Column, cell: Cell) -> str:
        """The text of a cell that is no number and no date."""
        if cell.words is not None:
            return cell.words
        if cell.value is None:
            return ""
        text = str(cell.value)
        return self._statuses[text] if column.look is Look.STATUS else text

    def shown(self, column: Column, cell: Cell) -> str:
        """A cell as people read it, numbers with separators."""
        value = cell.value
        if isinstance(value, date):
            return day_text(value)
        if not isinstance(value, (int, float)):
            return self.of(column, cell) or ("—" if column.look in NUMBERS else "")
        if column.look is Look.RATE:
            return f"{value * 100:.2f}%"
        return f"{value:,.2f}".rstrip("0").rstrip(".") if column.look is Look.HOURS else f"{value:,}"

    def lines(self, table: Table) -> list[list[str]]:
        """Every row, the total last."""
        columns = table.columns
        return [
            [self.shown(c, cell) for c, cell in zip(columns, row.cells, strict=True)]
            for row in all_rows(table)
        ]
