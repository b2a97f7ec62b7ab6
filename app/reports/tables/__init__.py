"""Lays a result out as a table once, for the page, the print-out, Excel, CSV and the terminal."""

from app.reports.tables.by_form import forms_table, lecturers_table
from app.reports.tables.corrections import corrections_table, with_adjustments
from app.reports.tables.coverage import coverage_table, uncovered_table
from app.reports.tables.drill import attendance_table, expected_table, members_table, sessions_table
from app.reports.tables.duties import EACH_KIND, duties_table
from app.reports.tables.glance import coverage_brief, duty_gaps_table, lacking_table, trend_table
from app.reports.tables.low_assurance import with_low_assurance
from app.reports.tables.make_ups import make_ups_table
from app.reports.tables.model import Ask, Cell, Column, Door, Look, Table, TableRow
from app.reports.tables.person_times import person_times_table
from app.reports.tables.summary import attendance_rate_table, branches_table, groups_table
from app.reports.tables.yearly import ledger_table, study_hours_table

__all__ = [
    "EACH_KIND",
    "Ask",
    "Cell",
    "Column",
    "Door",
    "Look",
    "Table",
    "TableRow",
    "attendance_rate_table",
    "attendance_table",
    "branches_table",
    "corrections_table",
    "coverage_brief",
    "coverage_table",
    "duties_table",
    "duty_gaps_table",
    "expected_table",
    "forms_table",
    "groups_table",
    "lacking_table",
    "lecturers_table",
    "ledger_table",
    "make_ups_table",
    "members_table",
    "person_times_table",
    "sessions_table",
    "study_hours_table",
    "trend_table",
    "uncovered_table",
    "with_adjustments",
    "with_low_assurance",
]
