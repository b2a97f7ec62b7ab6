"""The tables that the page at a glance gathers: the year's course, and where duties are lacking."""

from __future__ import annotations

from dataclasses import replace

from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.reports.definitions import notes
from app.reports.labels import short_month_label
from app.reports.queries import DutyGaps, Lacking, Trend, TrendMonth, UnitGaps
from app.reports.tables.model import Ask, Cell, Column, Door, Look, Params, Table, TableRow

# What the page at a glance shows of the coverage table; drawn are members reached and not reached.
_BRIEF = ("group", "members", "covered", "coverage", "required_coverage", "uncovered")
_DRAWN = ("covered", "uncovered")
_ON_PHONES = ("group", "required_coverage", "uncovered")


def coverage_brief(table: Table) -> Table:
    """The coverage table by group, fewer columns of it; the members not reached are the action."""
    kept = [at for at, column in enumerate(table.columns) if column.key in _BRIEF]
    columns = tuple(
        replace(column, series=column.key in _DRAWN, on_phone=column.key in _ON_PHONES)
        for column in table.columns
        if column.key in _BRIEF
    )

    def brief(row: TableRow) -> TableRow:
        cells = [row.cells[at] for at in kept]
        if cells[-1].value:
            cells[-1] = replace(cells[-1], words=_("%(n)s 人 →", n=f"{cells[-1].value:,}"))
        return replace(row, cells=tuple(cells))

    total = brief(table.total) if table.total else None
    return replace(table, columns=columns, rows=tuple(brief(row) for row in table.rows), total=total)


TREND_COLUMNS = (
    Column("month", lazy("月份"), width=12),
    Column("person_times", lazy("人次"), Look.COUNT, "person_times", series=True),
    Column("covered", lazy("累计已覆盖"), Look.COUNT, on_phone=False),
    Column("coverage", lazy("累计覆盖率(全体)"), Look.RATE, "coverage", on_phone=False),
    Column("required_coverage", lazy("累计覆盖率(应训)"), Look.RATE, "required_coverage", series=True),
    Column("uncovered", lazy("还没有学到"), Look.COUNT, "uncovered"),
)


def trend_table(result: Trend, ask: Ask) -> Table:
    """The months of a year, each with its person-times and the coverage reached by its end."""
    rows = tuple(_trend_row(row, result, ask) for row in result.months)
    told = notes("trend", "person_times", "coverage", "required_coverage")
    title = ask.title_as_of(lazy("走势"))
    return Table("trend", title, TREND_COLUMNS, rows, told, about=ask.about(of_members=True))


def _trend_row(row: TrendMonth, result: Trend, ask: Ask) -> TableRow:
    since = {"to": row.until.isoformat(), "on": result.on.isoformat()}
    reached = ask.door("reports.member_rows", **since, covered="1") if row.covered else None
    missing = ask.door("reports.uncovered", **since) if row.uncovered else None
    times = ask.door("reports.attendance_rows", month=row.month) if row.person_times else None
    label = short_month_label(row.month)
    return TableRow(
        row.month,
        (
            Cell(_("%(month)s(至今)", month=label) if row.until > result.on else label),
            Cell(row.person_times, times),
            Cell(row.covered, reached),
            Cell(row.coverage),
            Cell(row.required_coverage),
            Cell(row.uncovered, missing),
        ),
    )


def duty_gaps_table(result: DutyGaps, ask: Ask) -> Table:
    """Unit by month: how many branches held no duty session. Months to come stay empty."""
    months = [f"{result.year:04d}-{month:02d}" for month in range(1, 13)]
    columns = (
        Column("org", lazy("组织"), width=30),
        Column("branches", lazy("支部数"), Look.COUNT),
        *[Column(f"m{month[5:]}", short_month_label(month), Look.COUNT) for month in months],
    )
    several = len(result.rows) > 1
    rows = []
    for row in result.rows:
        is_own = several and row.code == ask.place.code
        label = _("%(name)s(本级)", name=row.label) if is_own else row.label
        unit = ask.unit_params(row.code, is_own)
        deeper = None if is_own or not several else ask.door("reports.duty_gaps", **unit)
        rows.append(_gaps_row(Cell(label, deeper), row, months, unit, ask))
    total = _gaps_row(Cell(_("合计")), result.total, months, {}, ask)
    title = ask.title_until(lazy("每月组织生活"))
    told = notes("duty_gaps", "duties")
    return Table("duty-gaps", title, columns, tuple(rows), told, total if several else None, ask.about())


def _gaps_row(label: Cell, row: UnitGaps, months: list[str], unit: Params, ask: Ask) -> TableRow:
    cells = [label, Cell(row.branches, Door("reports.duties", {**_of_year(ask), **unit}))]
    for month, count in zip(months, row.lacking, strict=False):
        door = Door("reports.lacking", {**_of_year(ask), **unit, "month": month}) if count else None
        cells.append(Cell(count, door))
    cells += [Cell(None)] * (len(months) - len(row.lacking))
    return TableRow(row.code or "total", tuple(cells))


def _of_year(ask: Ask) -> Params:
    """The parameters of pages about one year."""
    kept = {name: value for name, value in ask.params.items() if name in ("org", "under", "own")}
    return {"year": str(ask.period.first.year), **kept}


LACKING_COLUMNS = (
    Column("org", lazy("支部"), width=30),
    Column("months_met", lazy("今年开展月数"), Look.COUNT),
)


def lacking_table(result: Lacking, ask: Ask) -> Table:
    """The branches behind a number of the duty gaps."""
    year = str(ask.period.first.year)
    rows = tuple(
        TableRow(
            item.code,
            (
                Cell(item.name, Door("members.org", {"code": item.code})),
                Cell(item.months_met, Door("reports.duties", {"year": year, "org": item.code})),
            ),
        )
        for item in result.items
    )
    title = ask.title(lazy("没有开展组织生活的支部"))
    return Table("lacking", title, LACKING_COLUMNS, rows, notes("lacking"), about=ask.about())
