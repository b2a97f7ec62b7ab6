"""Every SELECT behind a figure; one definition each."""

from app.reports.queries.bulletin import BackingLine, BulletinNumbers, backing_lines, bulletin_numbers
from app.reports.queries.coverage import Coverage, CoverageRow, coverage
from app.reports.queries.drill import (
    Behind,
    Each,
    Lines,
    MemberLine,
    MembersAsked,
    SessionLine,
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
from app.reports.queries.uncovered import Uncovered, UncoveredItem, uncovered

__all__ = [
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
    "SessionLine",
    "StudyHours",
    "StudyHoursItem",
    "Uncovered",
    "UncoveredItem",
    "backing_lines",
    "bulletin_numbers",
    "coverage",
    "default_period",
    "duties",
    "duty_kinds",
    "kind_names",
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
    "sessions_behind",
    "study_hours",
    "uncovered",
    "year_hours",
]
