"""The report forms by name, each with how its whole table is made without a reader: for files made by rule.

A new form is one entry here; it calls the query and the table that its page and its command call.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from app.attendance.queries.hours import policy_of
from app.core.i18n import Text, lazy
from app.reports import queries, tables
from app.reports.bulletin import bulletin_of, bulletin_table
from app.reports.rules import EVERYTHING, By, CoverageBy, Level, Period, RateBy
from app.reports.tables import Ask, Table

Make = Callable[[Any, Ask], Table]


@dataclass(frozen=True, slots=True)
class ReportForm:
    """A form and how it is made. by_year: it shows the whole year that the asked period begins in."""

    name: str
    label: Text
    make: Make
    by_year: bool = False

    def table(self, session: Any, ask: Ask) -> Table:
        """The form's table about the asked period, in full."""
        if self.by_year:
            ask = replace(ask, period=Period.of_year(ask.period.first.year))
        return self.make(session, ask)


def _person_times(session: Any, ask: Ask) -> Table:
    result = queries.person_times(session, ask.period, ask.place, By.KIND)
    return _marked(session, ask, tables.person_times_table(result, By.KIND, ask))


def _coverage(session: Any, ask: Ask) -> Table:
    result = queries.coverage(session, ask.period, ask.snapshot, ask.place, CoverageBy.GROUP)
    return _marked(session, ask, tables.coverage_table(result, CoverageBy.GROUP, ask))


def _uncovered(session: Any, ask: Ask) -> Table:
    result = queries.uncovered(session, ask.period, ask.snapshot, ask.place, None, EVERYTHING)
    return _marked(session, ask, tables.uncovered_table(result, queries.mode_names(session), ask))


def _study_hours(session: Any, ask: Ask) -> Table:
    year = ask.period.first.year
    result = queries.study_hours(session, year, ask.snapshot, ask.place, False, EVERYTHING)
    return _marked(session, ask, tables.study_hours_table(result, ask))


def _duties(session: Any, ask: Ask) -> Table:
    result = queries.duties(session, ask.period.first.year, ask.place, ask.snapshot.on, EVERYTHING)
    table = tables.duties_table(result, tables.EACH_KIND, ask)
    return _adjusted(session, ask, table, by_host=True)


def _ledger(session: Any, ask: Ask) -> Table:
    result = queries.ledger(session, ask.period, ask.place, EVERYTHING)
    per_hour = policy_of(session, ask.period.last.year).minutes_per_hour
    return _marked(session, ask, tables.ledger_table(result, per_hour, ask), by_host=True)


def _attendance_rate(session: Any, ask: Ask) -> Table:
    result = queries.attendance_rate(session, ask.period, ask.place, RateBy.KIND)
    return _marked(session, ask, tables.attendance_rate_table(result, RateBy.KIND, ask))


def _branches(session: Any, ask: Ask) -> Table:
    result = queries.branch_summary(session, ask.period, ask.snapshot, ask.place, Level.BRANCH)
    return _marked(session, ask, tables.branches_table(result, Level.BRANCH, ask))


def _groups(session: Any, ask: Ask) -> Table:
    result = queries.group_summary(session, ask.period, ask.snapshot, ask.place)
    return _marked(session, ask, tables.groups_table(result, ask))


def _by_form(session: Any, ask: Ask) -> Table:
    result = queries.form_summary(session, ask.period, ask.place)
    return _marked(session, ask, tables.forms_table(result, ask))


def _make_ups(session: Any, ask: Ask) -> Table:
    result = queries.make_ups(session, ask.period, ask.place, None, None, EVERYTHING)
    return tables.make_ups_table(result, queries.mode_names(session), queries.kind_names(session), ask)


def _lecturers(session: Any, ask: Ask) -> Table:
    result = queries.lecturer_summary(session, ask.period, ask.place)
    per_hour = policy_of(session, ask.period.last.year).minutes_per_hour
    return _marked(session, ask, tables.lecturers_table(result, per_hour, ask), by_host=True)


def _corrections(session: Any, ask: Ask) -> Table:
    asked = queries.CorrectionsAsked()
    result = queries.corrections(session, ask.period, ask.place, asked, EVERYTHING)
    return tables.corrections_table(result, ask)


def _bulletin(session: Any, ask: Ask) -> Table:
    numbers = queries.bulletin_numbers(session, ask.period, ask.snapshot, ask.place)
    return _marked(session, ask, bulletin_table(bulletin_of(numbers, ask).figures, ask))


def _marked(session: Any, ask: Ask, table: Table, *, by_host: bool = False) -> Table:
    found = queries.low_assurance_person_times(session, ask.period, ask.place, by_host=by_host)
    table = tables.with_low_assurance(table, found, ask, by_host=by_host)
    return _adjusted(session, ask, table, by_host=by_host)


def _adjusted(session: Any, ask: Ask, table: Table, *, by_host: bool = False) -> Table:
    found = queries.adjusted(session, ask.period, ask.place, by_host=by_host)
    return tables.with_adjustments(table, found, ask, by_host=by_host)


FORMS: dict[str, ReportForm] = {
    form.name: form
    for form in (
        ReportForm("person-times", lazy("人次"), _person_times),
        ReportForm("coverage", lazy("覆盖率"), _coverage),
        ReportForm("uncovered", lazy("未覆盖名单"), _uncovered),
        ReportForm("study-hours", lazy("个人学时"), _study_hours, by_year=True),
        ReportForm("duties", lazy("组织生活"), _duties, by_year=True),
        ReportForm("ledger", lazy("班次台账"), _ledger),
        ReportForm("attendance-rate", lazy("参训率"), _attendance_rate),
        ReportForm("branches", lazy("支部汇总"), _branches),
        ReportForm("groups", lazy("分类汇总"), _groups),
        ReportForm("forms", lazy("形式汇总"), _by_form),
        ReportForm("make-ups", lazy("补学送学清单"), _make_ups),
        ReportForm("lecturers", lazy("讲师授课统计"), _lecturers),
        ReportForm("corrections", lazy("更正记录"), _corrections),
        ReportForm("bulletin", lazy("年度综述"), _bulletin, by_year=True),
    )
}
