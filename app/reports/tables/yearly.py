"""The tables of a year by member and by class: study hours, ledger."""

from __future__ import annotations

from app.attendance.rules import HourRule
from app.core.i18n import Text, day_text, lazy, listed
from app.core.i18n import gettext as _
from app.reports.definitions import notes
from app.reports.labels import groups_label
from app.reports.queries import Ledger, LedgerItem, StudyHours, StudyHoursItem
from app.reports.rules import hours_of
from app.reports.tables.model import Ask, Cell, Column, Door, Look, Table, TableRow
from app.trainings.rules import HALF_DAY

STUDY_COLUMNS = (
    Column("name", lazy("姓名"), width=10),
    Column("org", lazy("支部"), width=30),
    Column("groups", lazy("党员类别"), width=24),
    Column("required_hours", lazy("要求"), Look.COUNT, "required_hours"),
    Column("hours", lazy("已修"), Look.HOURS, "study_hours"),
    Column("make_up_hours", lazy("其中补学"), Look.HOURS),
    Column("home_hours", lazy("其中送学"), Look.HOURS, "home_hours"),
    Column("shortfall_hours", lazy("差额"), Look.HOURS),
    Column("required_central", lazy("要求集中培训"), Look.COUNT, "required_central"),
    Column("central_classes", lazy("集中培训次数"), Look.COUNT, "central_classes"),
)


def hour_rule_note(rule: HourRule, year: int) -> Text:
    """The year's rule with its numbers: what the office set, and may set otherwise from a year on."""

    def hours(minutes: int) -> str:
        return f"{hours_of(minutes, rule.minutes_per_hour):g}"

    return lazy(
        "%(year)s 年的规定:%(minutes)s 分钟为 1 学时;每半日(以 %(half)s 为界)最多 %(half_day)s 学时,"
        "每日最多 %(day)s 学时;任书记、副书记、支委的党员 %(post)s 学时、集中培训 %(central)s 次,"
        "其他党员 %(member)s 学时。",
        year=str(year),
        minutes=str(rule.minutes_per_hour),
        half=f"{HALF_DAY:%H:%M}",
        half_day=hours(rule.half_day_cap_minutes),
        day=hours(rule.day_cap_minutes),
        post=str(rule.post_hours),
        central=str(rule.post_central_classes),
        member=str(rule.member_hours),
    )


def study_hours_table(result: StudyHours, ask: Ask) -> Table:
    """The asked part of the members' list."""
    return Table(
        "study-hours",
        ask.title_as_of(lazy("个人学时")),
        STUDY_COLUMNS,
        tuple(_study_row(item, ask) for item in result.items),
        (
            *notes("study_hours", "home_hours", "required_hours", "required_central", "central_classes"),
            hour_rule_note(result.rule, result.year),
        ),
        about=ask.about(of_members=True),
    )


def _study_row(item: StudyHoursItem, ask: Ask) -> TableRow:
    def behind(value: float, **more: str) -> Door | None:
        return ask.door("reports.attendance_rows", member=str(item.member), **more) if value else None

    central = behind(item.central_classes, kind="central_training", each="training")
    return TableRow(
        str(item.member),
        (
            Cell(item.name, Door("members.show", {"member_id": str(item.member)})),
            Cell(item.org_name),
            Cell(groups_label(item.groups)),
            Cell(item.required_hours),
            Cell(item.hours, behind(item.hours)),
            Cell(item.make_up_hours, behind(item.make_up_hours, status="made_up")),
            Cell(item.home_hours, behind(item.home_hours, visits="1")),
            Cell(item.shortfall_hours),
            Cell(item.required_central),
            Cell(item.central_classes, central),
        ),
        needs_attention=item.lacks,
    )


LEDGER_COLUMNS = (
    Column("number", lazy("编号"), width=8),
    Column("kind", lazy("类别"), width=12),
    Column("title", lazy("主题"), width=36),
    Column("days", lazy("日期"), width=24, nowrap=True),
    Column("venues", lazy("地点"), width=20, on_phone=False),
    Column("host", lazy("主办"), width=24),
    Column("lecturers", lazy("讲师"), width=16, on_phone=False),
    Column("sessions", lazy("场次"), Look.COUNT, "sessions"),
    Column("hours", lazy("学时"), Look.HOURS, on_phone=False),
    Column("expected", lazy("应到"), Look.COUNT, on_phone=False),
    Column("attended", lazy("实到"), Look.COUNT),
    Column("person_times", lazy("人次"), Look.COUNT, "person_times"),
    Column("declared_person_times", lazy("上报人次"), Look.COUNT, "declared_person_times", on_phone=False),
)


def ledger_table(result: Ledger, minutes_per_hour: int, ask: Ask) -> Table:
    """The asked part of the ledger."""
    rows = tuple(_ledger_row(item, minutes_per_hour, ask) for item in result.items)
    title = ask.title(lazy("班次台账"))
    told = notes("ledger", "declared_person_times")
    return Table("ledger", title, LEDGER_COLUMNS, rows, told, about=ask.about())


def _ledger_row(item: LedgerItem, minutes_per_hour: int, ask: Ask) -> TableRow:
    one_day = item.first_on == item.last_on
    days = day_text(item.first_on)
    if not one_day:
        days = str(_("%(first)s至%(last)s", first=days, last=day_text(item.last_on)))
    line = {"line": str(item.line)}
    sessions = ask.door("reports.session_rows", **line)
    people = ask.door("reports.attendance_rows", **line, host="1", each="member", came="1")
    rows = ask.door("reports.attendance_rows", **line, host="1")
    invited = ask.door("reports.expected_rows", **line, host="1", each="member")
    session = Door("trainings.show", {"session_id": str(-item.line)}) if item.line < 0 else sessions
    return TableRow(
        item.number,
        (
            Cell(item.number),
            Cell(item.kind_label),
            Cell(item.title, session),
            Cell(item.first_on if one_day else days, words=days),
            Cell(listed(item.venues)),
            Cell(item.host_name),
            Cell(listed(item.lecturers)),
            Cell(item.sessions, sessions),
            Cell(hours_of(item.minutes, minutes_per_hour)),
            Cell(item.expected, invited if item.expected else None),
            Cell(item.attended, people if item.attended else None),
            Cell(item.person_times, rows if item.person_times else None),
            Cell(item.declared_person_times, sessions if item.declared_person_times else None),
        ),
    )
