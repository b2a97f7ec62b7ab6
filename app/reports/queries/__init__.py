"""Every SELECT behind a figure; one definition each."""

from app.reports.queries.coverage import Coverage, CoverageRow, coverage
from app.reports.queries.drill import Behind, Each, MemberLine, SessionLine, members_behind, rows_behind, sessions_behind
from app.reports.queries.duties import Duties, DutyCount, DutyKind, DutyRow, duties
from app.reports.queries.ledger import Ledger, LedgerItem, ledger
from app.reports.queries.person_times import PersonTimes, PersonTimesRow, person_times
from app.reports.queries.place import Place, default_period, place_in_scope
from app.reports.queries.study_hours import StudyHours, StudyHoursItem, policy_of, study_hours
from app.reports.queries.uncovered import Uncovered, UncoveredItem, uncovered

__all__ = [
    "Behind",
    "Coverage",
    "CoverageRow",
    "Duties",
    "DutyCount",
    "DutyKind",
    "DutyRow",
    "Each",
    "Ledger",
    "LedgerItem",
    "MemberLine",
    "PersonTimes",
    "PersonTimesRow",
    "Place",
    "SessionLine",
    "StudyHours",
    "StudyHoursItem",
    "Uncovered",
    "UncoveredItem",
    "coverage",
    "default_period",
    "duties",
    "ledger",
    "members_behind",
    "person_times",
    "place_in_scope",
    "policy_of",
    "rows_behind",
    "sessions_behind",
    "study_hours",
    "uncovered",
]
