"""The summaries by branch and by group, and the attendance rate by whatever divides it."""

from __future__ import annotations

from app.core.i18n import Text, lazy
from app.core.i18n import gettext as _
from app.reports.definitions import notes
from app.reports.queries import AttendanceRate, RateRow, Summary, SummaryRow
from app.reports.rules import Level, RateBy
from app.reports.tables.model import Ask, Cell, Column, Door, Look, Params, Table, TableRow, Value
from app.reports.tables.yearly import hour_rule_note

_COLUMNS = (
    Column("members", lazy("党员数"), Look.COUNT),
    Column("required", lazy("应训"), Look.COUNT, "required"),
    Column("people", lazy("人数"), Look.COUNT, "people"),
    Column("person_times", lazy("人次"), Look.COUNT, "person_times", on_phone=False),
    Column("hours", lazy("学时"), Look.HOURS, "summary_hours"),
    Column("expected", lazy("应到"), Look.COUNT, "expected", on_phone=False),
    Column("missing", lazy("未到"), Look.COUNT, "missing", on_phone=False),
    Column("attendance_rate", lazy("参训率(含补学)"), Look.RATE, "attendance_rate"),
    Column(
        "attendance_rate_without",
        lazy("参训率(不含补学)"),
        Look.RATE,
        "attendance_rate_without",
        on_phone=False,
    ),
    Column("coverage", lazy("覆盖率(全体)"), Look.RATE, "coverage"),
    Column("required_coverage", lazy("覆盖率(应训)"), Look.RATE, "required_coverage"),
    Column("uncovered", lazy("未覆盖"), Look.COUNT, "uncovered"),
)
_DEFINED = (
    "required",
    "people",
    "person_times",
    "summary_hours",
    "expected",
    "missing",
    "attendance_rate",
    "attendance_rate_without",
    "coverage",
    "required_coverage",
    "uncovered",
)
LEVEL_LABELS: dict[Level, Text] = {Level.BRANCH: lazy("每个支部"), Level.BELOW: lazy("直接下级")}


def branches_table(result: Summary, level: Level, ask: Ask) -> Table:
    """A line a branch or unit below, in the tree's order, and the deduplicated total."""
    rows = []
    for row in result.rows:
        params = _unit(row, level, ask)
        deeper = None
        if level is Level.BELOW and not row.is_own:
            address = {**_outside(ask.params), "level": level.value, "org": row.key}
            deeper = Door("reports.branches", address)
        rows.append(TableRow(row.key, (Cell(row.label, deeper), *_numbers(row, ask, params))))
    return Table(
        "branches",
        ask.title_as_of(lazy("支部汇总")),
        (Column("org", lazy("组织"), width=30), *_COLUMNS),
        tuple(rows),
        _told(result, ask, "three_days", "branches"),
        TableRow("total", (Cell(_("合计")), *_numbers(result.total, ask, ask.params))),
        about=ask.about(of_members=True),
    )


def _told(result: Summary, ask: Ask, *about: str) -> tuple[Text, ...]:
    return (*notes(*about, *_DEFINED), hour_rule_note(result.rule, ask.period.last.year))


def _outside(params: Params) -> Params:
    """The parameters without what says where."""
    return {name: value for name, value in params.items() if name not in ("org", "under", "own", "within")}


def _unit(row: SummaryRow, level: Level, ask: Ask) -> Params:
    """Where one line looks: its unit, as long as that hung where the question looks."""
    params = {**_outside(ask.params), "org": row.key}
    if row.is_own:
        params["own"] = "1"
    if ask.place.code is not None and ask.place.code != row.key and not ask.place.own_only:
        params["under" if level is Level.BELOW else "within"] = ask.place.code
    return params


def groups_table(result: Summary, ask: Ask) -> Table:
    """A line a group, each counted whole, and the deduplicated total."""
    rows = tuple(
        TableRow(row.key, (Cell(row.label), *_numbers(row, ask, {**ask.params, "group": row.key})))
        for row in result.rows
    )
    return Table(
        "groups",
        ask.title_as_of(lazy("分类汇总")),
        (Column("group", lazy("党员类别"), width=16), *_COLUMNS),
        rows,
        _told(result, ask, "overlap", "lost_contact", "three_days"),
        TableRow("total", (Cell(_("合计")), *_numbers(result.total, ask, ask.params))),
        about=ask.about(of_members=True),
    )


def _numbers(row: SummaryRow, ask: Ask, where: Params) -> tuple[Cell, ...]:
    year = ask.period.whole_year
    hours = Door("reports.study_hours", {**_dated(where), "year": str(year)}) if year else None
    listed, reached = row.turnout, row.reached
    of_members = {name: value for name, value in where.items() if name != "month"}

    def cell(value: Value, endpoint: str, **more: str) -> Cell:
        return Cell(value, Door(endpoint, {**of_members, **more}) if value else None)

    return (
        cell(reached.members, "reports.member_rows"),
        cell(reached.required, "reports.member_rows", required="1"),
        cell(row.people, "reports.attendance_rows", each="member"),
        cell(row.person_times, "reports.attendance_rows"),
        Cell(row.hours, hours if row.hours and "group" not in where else None),
        cell(listed.expected, "reports.expected_rows"),
        cell(listed.missing, "reports.expected_rows", part="missing"),
        Cell(listed.attendance_rate),
        Cell(listed.attendance_rate_without),
        Cell(reached.coverage),
        Cell(reached.required_coverage),
        cell(reached.uncovered, "reports.uncovered"),
    )


def _dated(where: Params) -> Params:
    """A yearly report takes the year instead of both days."""
    return {name: value for name, value in where.items() if name not in ("from", "to")}


RATE_LABELS: dict[RateBy, Text] = {
    RateBy.ORG: lazy("组织"),
    RateBy.GROUP: lazy("党员类别"),
    RateBy.KIND: lazy("类别"),
    RateBy.MODE: lazy("形式"),
    RateBy.MONTH: lazy("月份"),
    RateBy.CLASS: lazy("班次"),
}
_RATE_COLUMNS = (
    Column("expected", lazy("应到"), Look.COUNT, "expected"),
    Column("attended", lazy("实到"), Look.COUNT),
    Column("made_up", lazy("补学"), Look.COUNT),
    Column("missing", lazy("未到"), Look.COUNT, "missing"),
    Column("attendance_rate", lazy("参训率(含补学)"), Look.RATE, "attendance_rate", series=True),
    Column(
        "attendance_rate_without",
        lazy("参训率(不含补学)"),
        Look.RATE,
        "attendance_rate_without",
        series=True,
    ),
)


def attendance_rate_table(result: AttendanceRate, by: RateBy, ask: Ask) -> Table:
    """The asked part of the rows by `by`, and the total."""
    first = Column(by.value, RATE_LABELS[by], width=36 if by is RateBy.CLASS else 24)
    several = len(result.rows) > 1
    rows = []
    for row in result.rows:
        is_own = several and row.key == ask.place.code
        deeper = None
        if by is RateBy.ORG:
            params = ask.unit_params(row.key, is_own)
            if not is_own:
                address = {**ask.params, "by": "org", "org": row.key}
                deeper = Door("reports.attendance_rate", address)
        else:
            params = {"line" if by is RateBy.CLASS else by.value: row.key}
        rows.append(TableRow(row.key, (Cell(row.label, deeper), *_rates(row, ask, params))))
    about = ["overlap"] if by is RateBy.GROUP else []
    return Table(
        "attendance-rate",
        ask.title(lazy("参训率")),
        (first, *_RATE_COLUMNS),
        tuple(rows),
        notes(*about, "attendance_rate", "attendance_rate_without", "expected", "missing"),
        TableRow("total", (Cell(_("合计")), *_rates(result.total, ask, {}))),
        about=ask.about(),
    )


def _rates(row: RateRow, ask: Ask, params: Params) -> tuple[Cell, ...]:
    def cell(value: int, part: str) -> Cell:
        return Cell(value, ask.door("reports.expected_rows", **params, part=part) if value else None)

    return (
        cell(row.expected, "all"),
        cell(row.attended, "attended"),
        cell(row.made_up, "made_up"),
        cell(row.missing, "missing"),
        Cell(row.attendance_rate),
        Cell(row.attendance_rate_without),
    )
