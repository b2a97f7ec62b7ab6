"""The tables of rows behind a number."""

from __future__ import annotations

from app.core.i18n import Text, lazy
from app.core.i18n import gettext as _
from app.core.labels import NOT_RECORDED_LABEL
from app.core.vocabulary import CountMark
from app.reports.definitions import notes
from app.reports.labels import groups_label, marked_count
from app.reports.queries import Each, Lines, MemberLine, SessionLine
from app.reports.rules import ExpectedPart
from app.reports.tables.model import Ask, Cell, Column, Door, Look, Table, TableRow

ROW_COLUMNS = (
    Column("name", lazy("姓名"), width=10),
    Column("org", lazy("当日支部"), width=30),
    Column("title", lazy("场次"), width=30),
    Column("day", lazy("日期"), Look.DAY),
    Column("status", lazy("状态"), Look.STATUS),
    Column("minutes", lazy("分钟"), Look.COUNT),
)
GATHERED_COLUMNS = (
    Column("name", lazy("姓名"), width=10),
    Column("org", lazy("支部"), width=30),
    Column("title", lazy("班次"), width=30),
    Column("first_on", lazy("最早"), Look.DAY),
    Column("last_on", lazy("最近"), Look.DAY),
    Column("rows", lazy("人次"), Look.COUNT),
    Column("minutes", lazy("分钟"), Look.COUNT),
)


def attendance_table(lines: Lines, each: Each, ask: Ask) -> Table:
    """Attendance rows, or those of one member, class or training gathered in a line."""
    if each is Each.ROW:
        rows = tuple(_single(line) for line in lines.items)
        return Table("rows", ask.title(lazy("人次明细")), ROW_COLUMNS, rows, (), about=ask.about())
    columns = tuple(column for column in GATHERED_COLUMNS if each is not Each.MEMBER or column.key != "title")
    titles = {
        Each.MEMBER: lazy("参加过的党员"),
        Each.CLASS: lazy("班次人次明细"),
        Each.TRAINING: lazy("参加过的培训"),
    }
    gathered = tuple(_gathered(line, each) for line in lines.items)
    return Table("rows", ask.title(titles[each]), columns, gathered, (), about=ask.about())


def _member(line: MemberLine) -> Cell:
    return Cell(line.name, Door("members.show", {"member_id": str(line.member)}))


def _single(line: MemberLine) -> TableRow:
    session = Door("trainings.show", {"session_id": str(line.session_id)})
    return TableRow(
        f"{line.session_id}-{line.member}",
        (
            _member(line),
            Cell(line.org_name),
            Cell(line.title, session),
            Cell(line.first_on),
            Cell(line.status.value if line.status else None),
            Cell(line.minutes),
        ),
    )


def _gathered(line: MemberLine, each: Each) -> TableRow:
    title = () if each is Each.MEMBER else (Cell(line.title),)
    dates = (Cell(line.first_on), Cell(line.last_on), Cell(line.rows), Cell(line.minutes))
    return TableRow(str(line.member), (_member(line), Cell(line.org_name), *title, *dates))


_EXPECTED_COLUMNS = (
    Column("name", lazy("姓名"), width=10),
    Column("org", lazy("名单上的支部"), width=30),
    Column("title", lazy("场次"), width=30),
    Column("day", lazy("日期"), Look.DAY),
    Column("status", lazy("状态"), Look.STATUS),
)
_EXPECTED_TITLES: dict[ExpectedPart, Text] = {
    ExpectedPart.ALL: lazy("应到明细"),
    ExpectedPart.ATTENDED: lazy("应到且到课明细"),
    ExpectedPart.MADE_UP: lazy("应到且补学明细"),
    ExpectedPart.MISSING: lazy("应到未到明细"),
}


def expected_table(lines: Lines, part: ExpectedPart, each: Each, ask: Ask) -> Table:
    """Places on the expected lists, or those of one member in a line; no row is "not recorded"."""
    title = ask.title(_EXPECTED_TITLES[part])
    told = notes("expected", "missing")
    if each is not Each.ROW:
        columns = tuple(c for c in GATHERED_COLUMNS if c.key not in ("title", "minutes"))
        gathered = tuple(_invited(line) for line in lines.items)
        return Table("expected", title, columns, gathered, told, about=ask.about())
    rows = tuple(
        TableRow(
            f"{line.session_id}-{line.member}",
            (
                _member(line),
                Cell(line.org_name),
                Cell(line.title, Door("trainings.show", {"session_id": str(line.session_id)})),
                Cell(line.first_on),
                Cell(line.status.value) if line.status else Cell(None, words=str(NOT_RECORDED_LABEL)),
            ),
        )
        for line in lines.items
    )
    return Table("expected", title, _EXPECTED_COLUMNS, rows, told, about=ask.about())


def _invited(line: MemberLine) -> TableRow:
    days = (Cell(line.first_on), Cell(line.last_on), Cell(line.rows))
    return TableRow(str(line.member), (_member(line), Cell(line.org_name), *days))


SESSION_COLUMNS = (
    Column("title", lazy("主题"), width=36),
    Column("kind", lazy("类别"), width=12),
    Column("host", lazy("主办"), width=24),
    Column("first_on", lazy("日期"), Look.DAY),
    Column("sessions", lazy("场次"), Look.COUNT),
    Column("person_times", lazy("人次"), Look.COUNT, "person_times"),
    Column("declared_person_times", lazy("上报人次"), Look.COUNT, "declared_person_times"),
)


def sessions_table(lines: Lines, each: Each, ask: Ask) -> Table:
    """Held sessions, or classes."""
    title = lazy("班次明细") if each is Each.CLASS else lazy("场次明细")
    rows = tuple(_session(line) for line in lines.items)
    return Table("sessions", ask.title(title), SESSION_COLUMNS, rows, (), about=ask.about())


def _session(line: SessionLine) -> TableRow:
    door = Door("trainings.show", {"session_id": str(line.session_id)}) if line.session_id else None
    return TableRow(
        str(line.session_id or line.title),
        (
            Cell(line.title, door),
            Cell(line.kind_label),
            Cell(line.host_name),
            Cell(line.first_on),
            Cell(line.sessions),
            Cell(line.person_times),
            Cell(_declared(line.declared_person_times, line.declared_mark)),
        ),
    )


def _declared(count: int | None, mark: CountMark) -> int | str | None:
    """A head count, in words with the mark it was published with: 近50, 50余 / nearly 50, over 50."""
    if count is None or mark not in (CountMark.NEARLY, CountMark.OVER):
        return count
    return marked_count(count, mark)


MEMBER_COLUMNS = (
    Column("name", lazy("姓名"), width=10),
    Column("org", lazy("所在支部"), width=30),
    Column("groups", lazy("党员类别"), width=24),
    Column("covered", lazy("期间内"), width=12),
)


def members_table(lines: Lines, ask: Ask) -> Table:
    """Members of the day, reached or not."""
    rows = tuple(
        TableRow(
            str(line.member),
            (
                _member(line),
                Cell(line.org_name),
                Cell(groups_label(line.groups)),
                Cell(_("已覆盖") if line.covered else _("未覆盖")),
            ),
        )
        for line in lines.items
    )
    title = ask.title_as_of(lazy("党员明细"))
    return Table("members", title, MEMBER_COLUMNS, rows, (), about=ask.about(of_members=True))
