"""The bulletin's figures as a table, and the people and units behind some of them."""

from __future__ import annotations

from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.reports.bulletin.figures import BACKING_LABELS, Figure
from app.reports.definitions import notes
from app.reports.queries import BackingLine
from app.reports.rules_bulletin import Backing
from app.reports.tables.model import Ask, Cell, Column, Door, Look, Table, TableRow

COLUMNS = (
    Column("label", lazy("项目"), width=36),
    Column("count", lazy("数量"), Look.COUNT),
    Column("rate", lazy("比率"), Look.RATE),
)
NOTES = ("sessions", "person_times", "class_person_times", "declared_person_times", "coverage", "bulletin")
_COUNT_LABELS = {
    Backing.LECTURERS: lazy("场次"),
    Backing.EXEMPLARS: lazy("场次"),
    Backing.INSTRUCTORS: lazy("联系的组织"),
    Backing.TEAMS: lazy("联系的组织"),
}
_DETAIL_LABELS = {
    Backing.OFFICIALS: lazy("督导组"),
    Backing.GUIDED: lazy("编码"),
    Backing.MODEL: lazy("编码"),
}


def bulletin_table(figures: dict[str, Figure], ask: Ask) -> Table:
    """Every figure that is not nought, with its door."""
    rows = tuple(_row(figure) for figure in figures.values() if figure.value)
    title = ask.title_until(lazy("年度综述"))
    return Table("bulletin", title, COLUMNS, rows, notes(*NOTES), about=ask.about())


def _row(figure: Figure) -> TableRow:
    marked = None if figure.words == f"{figure.value:,}" else figure.words
    number = Cell(figure.value, figure.door, marked)
    blank = Cell(None, words="")
    values = (blank, Cell(figure.value, figure.door)) if figure.is_rate else (number, blank)
    return TableRow(figure.name, (Cell(figure.label), *values))


def backing_table(which: Backing, lines: tuple[BackingLine, ...], ask: Ask) -> Table:
    """People or units, one a line."""
    columns = [
        Column("name", lazy("名称"), width=30),
        Column("detail", _DETAIL_LABELS.get(which, lazy("单位和职务")), width=30),
    ]
    if which in _COUNT_LABELS:
        columns.append(Column("count", _COUNT_LABELS[which], Look.COUNT))
    rows = []
    for line in lines:
        cells = [Cell(line.name, _page(which, line)), Cell(line.detail or "")]
        if which in _COUNT_LABELS:
            cells.append(Cell(line.count))
        rows.append(TableRow(str(line.id), tuple(cells)))
    title = ask.title_until(_("%(what)s明细", what=BACKING_LABELS[which]))
    return Table("bulletin-rows", title, tuple(columns), tuple(rows), (), about=ask.about())


def _page(which: Backing, line: BackingLine) -> Door | None:
    if which in (Backing.GUIDED, Backing.MODEL):
        return Door("members.org", {"code": str(line.detail)})
    return None
