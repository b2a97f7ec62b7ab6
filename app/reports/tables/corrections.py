"""Lays corrections out as a table, and marks a table whose period was adjusted after it was locked."""

from __future__ import annotations

from dataclasses import replace

from app.core.i18n import Text, lazy, moment_text
from app.core.i18n import gettext as _
from app.core.vocabulary import Status
from app.reports.definitions import notes
from app.reports.labels import period_label
from app.reports.queries.adjusted import Adjusted
from app.reports.queries.corrections import Correction, Corrections, Waits
from app.reports.tables.model import Ask, Cell, Column, Door, Look, Table, TableRow

WAITS_LABELS: dict[Waits, Text] = {
    Waits.WAITING: lazy("锁定后,未计入"),
    Waits.APPLIED: lazy("锁定后,解锁时已计入"),
    Waits.WITHDRAWN: lazy("锁定后,已撤回"),
}
COLUMNS = (
    Column("at", lazy("时间"), width=17, nowrap=True),
    Column("title", lazy("场次"), width=30),
    Column("day", lazy("日期"), Look.DAY),
    Column("name", lazy("党员"), width=10, nowrap=True),
    Column("org", lazy("支部"), width=26, on_phone=False),
    Column("before", lazy("原来"), Look.STATUS, nowrap=True),
    Column("after", lazy("改为"), Look.STATUS, nowrap=True),
    Column("reason", lazy("原因"), width=30),
    Column("by", lazy("经办人"), width=12, nowrap=True),
    Column("lock", lazy("锁定后"), width=20),
)


def corrections_table(result: Corrections, ask: Ask) -> Table:
    """Form 10, the latest first."""
    rows = tuple(_row(item, number) for number, item in enumerate(result.items))
    told = notes("corrections", "adjustments")
    return Table("corrections", ask.title(lazy("更正记录")), COLUMNS, rows, told, about=ask.about())


def _row(item: Correction, number: int) -> TableRow:
    return TableRow(
        f"{item.session_id}-{item.member}-{number}",
        (
            Cell(moment_text(item.at)),
            Cell(item.title, Door("trainings.show", {"session_id": str(item.session_id)})),
            Cell(item.office_date),
            Cell(item.name, Door("members.show", {"member_id": str(item.member)})),
            Cell(item.org_name),
            _status(item.status_before),
            _status(item.status_after),
            Cell(item.reason or None, words=item.reason or _("未写")),
            Cell(item.by, words=item.by or _("系统")),
            Cell(str(WAITS_LABELS[item.after_lock]) if item.after_lock else ""),
        ),
        needs_attention=item.after_lock is Waits.WAITING,
    )


def _status(status: Status | None) -> Cell:
    return Cell(status.value if status else None, words=None if status else _("未登记"))


def with_adjustments(table: Table, found: Adjusted, ask: Ask, *, by_host: bool = False) -> Table:
    """The table with the line and the door to the list; as it is where nothing waits."""
    if found.days is None:
        return table
    words = _(
        "锁定后调整:%(n)s 条(%(days)s的场次),人次 +%(added)s −%(removed)s,分钟 %(minutes)s;不计入以上数字。",
        days=period_label(found.days),
        n=f"{found.count:,}",
        added=f"{found.added:,}",
        removed=f"{found.removed:,}",
        minutes=signed(found.minutes),
    )
    more = {"host": "1"} if by_host else {}
    door = ask.door("reports.corrections", after_lock="waiting", **more)
    return replace(table, adjustments=Cell(found.count, door, words))


def signed(number: int) -> str:
    """With its sign in words' own characters: a cell that begins with "-" would be run as a formula."""
    if number == 0:
        return "±0"
    return f"+{number:,}" if number > 0 else f"−{-number:,}"
