"""The person-times table: by kind, mode, organisation, group or month."""

from __future__ import annotations

from app.core.i18n import Text, lazy
from app.core.i18n import gettext as _
from app.reports.definitions import notes
from app.reports.queries import PersonTimes, PersonTimesRow
from app.reports.rules import By
from app.reports.tables.model import Ask, Cell, Column, Door, Look, Params, Table, TableRow

BY_LABELS: dict[By, Text] = {
    By.KIND: lazy("类别"),
    By.MODE: lazy("形式"),
    By.ORG: lazy("组织"),
    By.GROUP: lazy("党员类别"),
    By.MONTH: lazy("月份"),
}
COLUMNS = (
    Column("sessions", lazy("场次"), Look.COUNT, "sessions"),
    Column("classes", lazy("班次"), Look.COUNT, "classes"),
    Column("person_times", lazy("人次"), Look.COUNT, "person_times", series=True),
    Column("class_person_times", lazy("班次人次"), Look.COUNT, "class_person_times"),
    Column("members", lazy("人数"), Look.COUNT, "members"),
    Column("minutes", lazy("分钟"), Look.COUNT, "minutes"),
    Column("declared_person_times", lazy("上报人次"), Look.COUNT, "declared_person_times"),
)
# Column → list page and what one line of it is.
_BEHIND: dict[str, tuple[str, Params]] = {
    "sessions": ("reports.session_rows", {}),
    "classes": ("reports.session_rows", {"each": "class"}),
    "person_times": ("reports.attendance_rows", {}),
    "class_person_times": ("reports.attendance_rows", {"each": "class"}),
    "members": ("reports.attendance_rows", {"each": "member"}),
    "minutes": ("reports.attendance_rows", {}),
    "declared_person_times": ("reports.session_rows", {"declared": "1"}),
}


def person_times_table(result: PersonTimes, by: By, ask: Ask) -> Table:
    """Rows by `by` and the deduplicated total."""
    first = Column(by.value, BY_LABELS[by], width=24)
    several = len(result.rows) > 1
    rows = tuple(_row(row, by, ask, is_own=several and row.key == ask.place.code) for row in result.rows)
    total = TableRow("total", (Cell(_("合计")), *_numbers(result.total, ask, {})))
    about = ["groups"] if by is By.GROUP else ["host_and_member"]
    keys = [column.definition or "" for column in COLUMNS]
    title = ask.title(lazy("人次"))
    told = notes(*about, *keys)
    return Table("person-times", title, (first, *COLUMNS), rows, told, total, ask.about())


def _row(row: PersonTimesRow, by: By, ask: Ask, is_own: bool) -> TableRow:
    params = {by.value: row.key}
    deeper: Door | None = None
    if by is By.ORG:
        params = ask.unit_params(row.key, is_own)
        deeper = None if is_own else Door("reports.person_times", {**ask.params, "by": "org", "org": row.key})
    return TableRow(row.key, (Cell(row.label, deeper), *_numbers(row, ask, params)))


def _numbers(row: PersonTimesRow, ask: Ask, params: Params) -> tuple[Cell, ...]:
    cells = []
    for column in COLUMNS:
        value: int = getattr(row, column.key)
        endpoint, more = _BEHIND[column.key]
        cells.append(Cell(value, ask.door(endpoint, **params, **more) if value else None))
    return tuple(cells)
