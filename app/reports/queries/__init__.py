"""Every SELECT behind a figure; one definition each."""

from app.reports.queries.attendance_rate import AttendanceRate, RateRow, attendance_rate, session_rate
from app.reports.queries.bulletin import BackingLine, BulletinNumbers, backing_lines, bulletin_numbers
from app.reports.queries.by_form import FormRow, FormSummary, form_summary
from app.reports.queries.coverage import Coverage, CoverageRow, coverage
from app.reports.queries.drill import (
    Behind,
    Each,
    Lines,
    MemberLine,
    MembersAsked,
    SessionLine,
    Speaking,
    expected_behind,
    lecturer_name,
    line_title,
    member_of_place,
    members_behind,
    rows_behind,
    sessions_behind,
)
from app.reports.queries.duties import (
    Duties,
    DutyCount,
    DutyKind,
    DutyRow,
    ExcludedBranch,
    duties,
    duty_kinds,
)
from app.reports.queries.lecturers import LecturerRow, LecturerSummary, lecturer_summary
from app.reports.queries.ledger import Ledger, LedgerItem, ledger
from app.reports.queries.low_assurance import low_assurance_person_times
from app.reports.queries.make_ups import ListState, MakeUpItem, MakeUps, make_ups
from app.reports.queries.person_times import PersonTimes, PersonTimesRow, person_times, person_times_total
from app.reports.queries.place import (
    Place,
    default_period,
    kind_names,
    mode_names,
    place_in_scope,
    places_to_choose,
)
from app.reports.queries.study_hours import StudyHours, StudyHoursItem, study_hours, year_hours
from app.reports.queries.summary import Summary, SummaryRow, branch_summary, group_summary
from app.reports.queries.uncovered import Uncovered, UncoveredItem, uncovered

__all__ = [
    "AttendanceRate",
    "BackingLine",
    "Behind",
    "BulletinNumbers",
    "Coverage",
    "CoverageRow",
    "Duties",
    "DutyCount",
    "DutyKind",
    "DutyRow",
    "Each",
    "ExcludedBranch",
    "FormRow",
    "FormSummary",
    "LecturerRow",
    "LecturerSummary",
    "Ledger",
    "LedgerItem",
    "Lines",
    "ListState",
    "MakeUpItem",
    "MakeUps",
    "MemberLine",
    "MembersAsked",
    "PersonTimes",
    "PersonTimesRow",
    "Place",
    "RateRow",
    "SessionLine",
    "Speaking",
    "StudyHours",
    "StudyHoursItem",
    "Summary",
    "SummaryRow",
    "Uncovered",
    "UncoveredItem",
    "attendance_rate",
    "backing_lines",
    "branch_summary",
    "bulletin_numbers",
    "coverage",
    "default_period",
    "duties",
    "duty_kinds",
    "expected_behind",
    "form_summary",
    "group_summary",
    "kind_names",
    "lecturer_name",
    "lecturer_summary",
    "ledger",
    "line_title",
    "low_assurance_person_times",
    "make_ups",
    "member_of_place",
    "members_behind",
    "mode_names",
    "person_times",
    "person_times_total",
    "place_in_scope",
    "places_to_choose",
    "rows_behind",
    "session_rate",
    "sessions_behind",
    "study_hours",
    "uncovered",
    "year_hours",
]
