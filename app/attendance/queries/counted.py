"""Whether a row counts in figures: the one definition, in words that the partial indexes know."""

from __future__ import annotations

from sqlalchemy import ColumnElement, bindparam

from app.attendance.models import Attendance
from app.core.vocabulary import COUNTED_STATUSES, LOW_ASSURANCE_METHODS

# Written out, not sent beside the statement: a database decides on an index before it sees what was sent.
_STATUSES = bindparam(
    "counted_statuses",
    [status.value for status in COUNTED_STATUSES],
    type_=Attendance.status.type,
    expanding=True,
    literal_execute=True,
)
_LOW_ASSURANCE = bindparam(
    "low_assurance_methods",
    [method.value for method in LOW_ASSURANCE_METHODS],
    type_=Attendance.method.type,
    expanding=True,
    literal_execute=True,
)


def is_counted() -> list[ColumnElement[bool]]:
    """Conditions: of a held session that is not counted elsewhere, and present or made up."""
    return [Attendance.is_held.is_(True), Attendance.status.in_(_STATUSES)]


def is_low_assurance() -> ColumnElement[bool]:
    """Whether a row came by a method of LOW_ASSURANCE_METHODS."""
    return Attendance.method.in_(_LOW_ASSURANCE)
