"""The rows behind a number: each list has exactly as many lines as the number says."""

from app.reports.queries.drill.behind import (
    Behind,
    Each,
    Lines,
    MemberLine,
    Speaking,
    lecturer_name,
    line_title,
)
from app.reports.queries.drill.expected import expected_behind
from app.reports.queries.drill.members import MembersAsked, member_of_place, members_behind
from app.reports.queries.drill.rows import rows_behind
from app.reports.queries.drill.sessions import SessionLine, sessions_behind

__all__ = [
    "Behind",
    "Each",
    "Lines",
    "MemberLine",
    "MembersAsked",
    "SessionLine",
    "Speaking",
    "expected_behind",
    "lecturer_name",
    "line_title",
    "member_of_place",
    "members_behind",
    "rows_behind",
    "sessions_behind",
]
