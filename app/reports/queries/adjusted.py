"""The figure adjusted: what came to light about locked periods, told beside the figures and never in them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from app.attendance.models import Adjustment, Attendance
from app.attendance.queries.adjustments import waits
from app.core.vocabulary import COUNTED_STATUSES
from app.reports.queries.place import Place, inside
from app.reports.rules import Period
from app.trainings.models import TrainingSession


@dataclass(frozen=True, slots=True)
class Adjusted:
    """count: adjustments that wait, of sessions in `days` (None without any). added, removed:
    person-times that would come to the figures, or leave them. minutes: what would be credited more (or,
    negative, less)."""

    count: int = 0
    added: int = 0
    removed: int = 0
    minutes: int = 0
    days: Period | None = None


def adjusted(session: Session, period: Period, place: Place, *, by_host: bool = False) -> Adjusted:
    """Adjustments that wait, of sessions of the period and rows of the place (by the branch of that day), or
    with `by_host` of sessions that the place hosted. Source: docs/figures.md.

    A row that counts at another session (made up there) would move neither.
    """
    here = _inside(period, place, by_host)
    moves = func.coalesce(Attendance.is_held, True).is_(True)
    was = and_(moves, Adjustment.status_before.in_(COUNTED_STATUSES))
    will = and_(moves, Adjustment.status_after.in_(COUNTED_STATUSES))
    not_was = func.coalesce(Adjustment.status_before.in_(COUNTED_STATUSES), False).is_(False)
    not_will = func.coalesce(Adjustment.status_after.in_(COUNTED_STATUSES), False).is_(False)
    columns = (
        func.count(),
        _sum(case((and_(will, not_was), 1), else_=0)),
        _sum(case((and_(was, not_will), 1), else_=0)),
        _sum(case((moves, Adjustment.minutes_after - Adjustment.minutes_before), else_=0)),
        func.min(Adjustment.office_date),
        func.max(Adjustment.office_date),
    )
    of_row = and_(
        Attendance.session_id == Adjustment.session_id, Attendance.member_id == Adjustment.member_id
    )
    query = select(*columns).select_from(Adjustment).outerjoin(Attendance, of_row).where(waits(), *here)
    *numbers, first, last = session.execute(query).one()
    count, added, removed, minutes = (int(number) for number in numbers)
    return Adjusted(count, added, removed, minutes, Period(first, last) if first and last else None)


def _inside(period: Period, place: Place, by_host: bool) -> list[ColumnElement[bool]]:
    days = Adjustment.office_date.between(period.first, period.last)
    if not by_host:
        return [days, inside(place, Adjustment.org_id, Adjustment.office_date)]
    hosted = inside(place, TrainingSession.host_org_id, TrainingSession.office_date)
    return [days, Adjustment.session_id.in_(select(TrainingSession.id).where(hosted))]


def _sum(value: ColumnElement[int]) -> ColumnElement[int]:
    return func.coalesce(func.sum(value), 0)
