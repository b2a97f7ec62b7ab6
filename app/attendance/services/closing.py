"""Attendance that a unit has on a day keeps it from being closed on that day or before."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.attendance.models import Adjustment, Attendance
from app.core.i18n import Text, day_text, lazy
from app.members.services.closing import CONCERNED, Closing


def attendance_in_the_way(session: Session, closing: Closing) -> Iterable[Text]:
    """The rows would belong to a unit that was not there on their own day, and no report would find them.

    Check-ins in the very moment wait: the sessions that are open are held (`trainings.services.closing`).
    """
    found = [
        session.scalar(
            select(func.max(table.office_date)).where(
                table.org_id == closing.org_id, table.office_date >= closing.day
            )
        )
        for table in (Attendance, Adjustment)
    ]
    last = max((day for day in found if day is not None), default=None)
    if last is None:
        return []
    return [lazy("%(day)s 还有签到计在本组织,日期要晚于这一天。", day=day_text(last))]


CONCERNED.append(attendance_in_the_way)
