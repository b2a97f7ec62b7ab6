"""The make-up and home-visit list: who missed what, how it can be made up, and what was."""

from __future__ import annotations

from collections.abc import Mapping

from app.core.i18n import Text, day_text, lazy
from app.core.i18n import gettext as _
from app.reports.definitions import notes
from app.reports.labels import groups_label
from app.reports.queries import ListState, MakeUpItem, MakeUps
from app.reports.tables.model import Ask, Cell, Column, Door, Look, Table, TableRow

LIST_STATE_LABELS: dict[ListState, Text] = {
    ListState.OPEN: lazy("待安排"),
    ListState.PLANNED: lazy("已约"),
    ListState.DONE: lazy("已补"),
}
MAKE_UP_COLUMNS = (
    Column("name", lazy("姓名"), width=10),
    Column("org", lazy("支部"), width=24),
    Column("groups", lazy("党员类别"), width=18, on_phone=False),
    Column("phone", lazy("手机"), width=14),
    Column("title", lazy("缺的场次"), width=28),
    Column("date", lazy("日期"), Look.DAY),
    Column("kind", lazy("类别"), width=12, on_phone=False),
    Column("status", lazy("状态"), Look.STATUS),
    Column("suggested_mode", lazy("建议方式"), width=12),
    Column("planned", lazy("已约的补学"), width=28),
    Column("done_on", lazy("完成日期"), Look.DAY),
)


def make_ups_table(result: MakeUps, modes: Mapping[str, str], kinds: Mapping[str, str], ask: Ask) -> Table:
    """The asked part of the list; modes, kinds: their names by key."""
    rows = tuple(
        TableRow(
            f"{item.session_id}-{item.member}",
            (
                Cell(item.name, _member_door(item)),
                Cell(item.org_name),
                Cell(groups_label(item.groups)),
                Cell(item.phone_masked),
                Cell(item.title, Door("trainings.show", {"session_id": str(item.session_id)})),
                Cell(item.office_date),
                Cell(kinds.get(item.kind_key, item.kind_key)),
                Cell(item.status.value if item.status else None, words=None if item.status else _("未登记")),
                Cell(modes.get(item.suggested_mode, item.suggested_mode)),
                Cell(_planned(item, modes)),
                Cell(item.done_on),
            ),
        )
        for item in result.items
    )
    title = ask.title(lazy("补学送学清单"))
    return Table("make_ups", title, MAKE_UP_COLUMNS, rows, notes("make_ups"), about=ask.about())


def _member_door(item: MakeUpItem) -> Door:
    return Door("members.show", {"member_id": str(item.member), "year": str(item.office_date.year)})


def _planned(item: MakeUpItem, modes: Mapping[str, str]) -> str | None:
    """The session in which it is or was made up, with its day; else how it is by itself."""
    if item.mode_key is None:
        return None
    if item.via_title is None or item.via_on is None:
        return modes.get(item.mode_key, item.mode_key)
    return f"{item.via_title}({day_text(item.via_on)})"
