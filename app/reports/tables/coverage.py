"""The coverage table and the list of members not yet reached."""

from __future__ import annotations

from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.reports.definitions import notes
from app.reports.labels import groups_label
from app.reports.queries import Coverage, CoverageRow, Uncovered
from app.reports.rules import CoverageBy
from app.reports.tables.model import Ask, Cell, Column, Door, Look, Params, Table, TableRow

COLUMNS = (
    Column("members", lazy("党员数"), Look.COUNT),
    Column("covered", lazy("已覆盖"), Look.COUNT),
    Column("coverage", lazy("覆盖率(全体)"), Look.RATE, "coverage", series=True),
    Column("required", lazy("应训"), Look.COUNT),
    Column("required_covered", lazy("应训已覆盖"), Look.COUNT),
    Column("required_coverage", lazy("覆盖率(应训)"), Look.RATE, "required_coverage", series=True),
    Column("uncovered", lazy("未覆盖"), Look.COUNT, "uncovered"),
)
_BEHIND: dict[str, tuple[str, Params]] = {
    "members": ("reports.member_rows", {}),
    "covered": ("reports.member_rows", {"covered": "1"}),
    "required": ("reports.member_rows", {"required": "1"}),
    "required_covered": ("reports.member_rows", {"covered": "1", "required": "1"}),
    "uncovered": ("reports.uncovered", {}),
}


def coverage_table(result: Coverage, by: CoverageBy, ask: Ask) -> Table:
    """Rows by group or organisation and the deduplicated total."""
    label = lazy("党员类别") if by is CoverageBy.GROUP else lazy("组织")
    several = len(result.rows) > 1
    rows = []
    for row in result.rows:
        is_own = several and row.key == ask.place.code
        params = {"group": row.key} if by is CoverageBy.GROUP else ask.unit_params(row.key, is_own)
        deeper = None
        if by is CoverageBy.ORG and not is_own:
            deeper = Door("reports.coverage", {**ask.params, "by": "org", "org": row.key})
        rows.append(TableRow(row.key, (Cell(row.label, deeper), *_numbers(row, ask, params))))
    total = TableRow("total", (Cell(_("合计")), *_numbers(result.total, ask, {})))
    about = ["overlap", "lost_contact"] if by is CoverageBy.GROUP else []
    return Table(
        "coverage",
        ask.title_as_of(lazy("覆盖率")),
        (Column(by.value, label, width=24), *COLUMNS),
        tuple(rows),
        notes(*about, "coverage", "required_coverage", "uncovered"),
        total,
        about=ask.about(of_members=True),
    )


def _numbers(row: CoverageRow, ask: Ask, params: Params) -> tuple[Cell, ...]:
    cells = []
    for column in COLUMNS:
        value = getattr(row, column.key)
        behind = _BEHIND.get(column.key)
        door = ask.door(behind[0], **params, **behind[1]) if behind and value else None
        cells.append(Cell(value, door))
    return tuple(cells)


UNCOVERED_COLUMNS = (
    Column("name", lazy("姓名"), width=10),
    Column("org", lazy("所在支部"), width=30),
    Column("groups", lazy("党员类别"), width=24),
    Column("phone", lazy("手机"), width=14),
    Column("last_attended_on", lazy("最近一次参加"), Look.DAY),
    Column("suggested_mode", lazy("建议方式"), width=12),
)


def uncovered_table(result: Uncovered, modes: dict[str, str], ask: Ask) -> Table:
    """The asked part of the list; modes: names of delivery modes by key."""
    rows = tuple(
        TableRow(
            str(item.member),
            (
                Cell(item.name, Door("members.show", {"member_id": str(item.member)})),
                Cell(item.org_name),
                Cell(groups_label(item.groups)),
                Cell(item.phone_masked),
                Cell(item.last_attended_on, words=None if item.last_attended_on else _("没有记录")),
                # Where nobody knows how to find somebody, no way of delivery can be meant yet.
                Cell(_("先联系上") if item.is_lost else modes.get(item.suggested_mode, item.suggested_mode)),
            ),
            needs_attention=item.is_lost,
        )
        for item in result.items
    )
    title = ask.title_as_of(lazy("未覆盖名单"))
    told = notes("uncovered", "lost_contact")
    return Table("uncovered", title, UNCOVERED_COLUMNS, rows, told, about=ask.about(of_members=True))
