"""Tables of the attendance ledger, of what waits on it, of what adjusts it and of its yearly summaries."""

from app.attendance.models.absence import LeaveRequest, MakeUp
from app.attendance.models.ledger import Attendance, AttendanceChange, HourPolicy, ReviewItem
from app.attendance.models.locks import Adjustment
from app.attendance.models.rollups import DayFigures, MemberYear, MemberYearKind, StaleDay, YearFigures

__all__ = [
    "Adjustment",
    "Attendance",
    "AttendanceChange",
    "DayFigures",
    "HourPolicy",
    "LeaveRequest",
    "MakeUp",
    "MemberYear",
    "MemberYearKind",
    "ReviewItem",
    "StaleDay",
    "YearFigures",
]
