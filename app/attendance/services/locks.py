"""Locks months and years so that their figures stand still, and unlocks them with what waited meanwhile."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.attendance.models import Adjustment, AttendanceChange
from app.attendance.queries.adjustments import released_adjustments
from app.attendance.rules import REASON_LENGTH
from app.attendance.services.adjust import Wanted, adjusted_to
from app.attendance.services.admission import held_row
from app.attendance.services.record import Sighting, record_attendance, say
from app.attendance.services.settle_make_ups import Hand, settle_days
from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.db import hold_calendar, lock_shared_or_alone, writing
from app.core.errors import InvalidInput, NotFound, WrongState
from app.core.i18n import Text, day_text, lazy, listed
from app.core.vocabulary import Status
from app.members.queries.as_of import Standing
from app.members.queries.tree import covers_all
from app.trainings.models import LockedPeriod, TrainingSession
from app.trainings.queries.locks import covering_lock, unfinished_sessions
from app.trainings.rules import Stay

_NAMED = 5
EARLIEST_YEAR, LATEST_YEAR = 1921, 2200


@dataclass(frozen=True, slots=True)
class Unlocked:
    """applied: how many adjustments became ordinary corrections. again: it was unlocked before."""

    applied: int
    again: bool = False


def days_of(year: int, month: int | None) -> tuple[date, date]:
    """First and last day of a year, or of one of its months. Raises InvalidInput."""
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        raise InvalidInput.field("year", "out_of_range", lazy("年份不在合理范围内。"))
    if month is None:
        return date(year, 1, 1), date(year, 12, 31)
    if not 1 <= month <= 12:
        raise InvalidInput.field("month", "out_of_range", lazy("月份应在 1 到 12 之间。"))
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def lock_period(year: int, month: int | None, scope: Scope, now: datetime) -> int:
    """Lock a month or (None) a year that is over; the lock's id. The same again changes nothing.

    A year may be locked over its locked months, which stay locked when the year is unlocked. Raises NotFound
    for anybody who does not see to the whole office, InvalidInput, and WrongState while a session of these
    days is published or open, or where a longer lock covers them.
    """
    first, last = days_of(year, month)
    if last >= office_date(now):
        raise InvalidInput.field("year", "not_over", lazy("这段时间还没有结束,结束以后才能锁定。"))
    with writing() as session:
        _require_whole_office(session, scope, now)
        # Alone: every change that has begun is over, and what begins later finds the lock.
        hold_calendar(session, alone=True)
        covering = covering_lock(session, first, last)
        if covering is not None and (covering.first_on, covering.last_on) == (first, last):
            return covering.id
        if covering is not None:
            words = lazy("%(year)s年已经整年锁定,其中的月份不必再锁。", year=year)
            raise WrongState(words)
        _require_finished(session, first, last)
        made = LockedPeriod(first_on=first, last_on=last, locked_by_id=scope.user_id, locked_at=now)
        session.add(made)
        session.flush()
        record_act(
            session,
            "period.lock",
            f"locked_period:{made.id}",
            scope.user_id,
            now,
            first=first.isoformat(),
            last=last.isoformat(),
        )
        return made.id


def unlock_period(
    lock_id: int, reason: str, scope: Scope, now: datetime, *, tz: ZoneInfo, elderly_age: int
) -> Unlocked:
    """Unlock, and make ordinary corrections of the adjustments of its days that no other lock covers.

    The same again changes nothing. Raises NotFound and InvalidInput.
    """
    reason = reason.strip()
    if not reason:
        raise InvalidInput.field("reason", "required", lazy("请写明为什么解锁。"))
    if len(reason) > REASON_LENGTH:
        raise InvalidInput.field("reason", "too_long", lazy("原因请不要超过 200 个字。"))
    with writing() as session:
        _require_whole_office(session, scope, now)
        hold_calendar(session, alone=True)
        row = session.get(LockedPeriod, lock_id, populate_existing=True)
        if row is None:
            raise NotFound()
        if row.unlocked_at is not None:
            return Unlocked(0, again=True)
        row.unlocked_at, row.unlocked_by_id, row.unlock_reason = now, scope.user_id, reason
        session.flush()
        waiting = released_adjustments(session)
        for adjustment in waiting:
            _apply(session, adjustment, now, tz, elderly_age)
        settle_days(session, row.first_on, row.last_on, Hand(scope.user_id, now, tz))
        subject = f"locked_period:{row.id}"
        record_act(session, "period.unlock", subject, scope.user_id, now, applied=len(waiting))
        return Unlocked(len(waiting))


def _require_whole_office(session: Session, scope: Scope, now: datetime) -> None:
    if not covers_all(session, scope.org_ids, office_date(now)):
        raise NotFound()


def _require_finished(session: Session, first: date, last: date) -> None:
    found = unfinished_sessions(session, first, last, _NAMED + 1)
    if found:
        names: Text = listed(f"{day_text(day)} {title}" for title, day in found[:_NAMED])
        if len(found) > _NAMED:
            names = lazy("%(names)s等", names=names)
        raise WrongState(lazy("还有没结束的场次:%(names)s。请先结束或取消,再锁定。", names=names))


def _apply(session: Session, told: Adjustment, now: datetime, tz: ZoneInfo, elderly_age: int) -> None:
    """Say in the ledger what was noted, with the history of any correction."""
    lock_shared_or_alone(session, told.session_id, alone=False)
    row = session.get_one(TrainingSession, told.session_id, populate_existing=True)
    found = held_row(session, told.session_id, told.member_id)
    before, wanted = (found.status if found else None), adjusted_to(told)
    told.applied_at = now
    if wanted is None:
        if found is None:
            return
        session.delete(found)
        session.flush()
    elif found is None:
        record_attendance(_sighting(told, wanted, now), now, tz=tz, elderly_age=elderly_age)
    else:
        say(found, _sighting(told, wanted, now), row, tz)
    _remember(session, told, before, wanted.status if wanted else None, now)


def _sighting(told: Adjustment, wanted: Wanted, now: datetime) -> Sighting:
    return Sighting(
        told.session_id,
        told.member_id,
        wanted.method,
        wanted.occurred_at or now,
        wanted.status,
        wanted.excuse_reason,
        told.made_by_id,
        stay=Stay(wanted.came_at, wanted.left_at),
        standing=Standing(told.member_id, told.org_id, told.groups),
    )


def _remember(
    session: Session, told: Adjustment, before: Status | None, after: Status | None, now: datetime
) -> None:
    session.add(
        AttendanceChange(
            session_id=told.session_id,
            member_id=told.member_id,
            status_before=before,
            status_after=after,
            reason=told.reason,
            changed_by_id=told.made_by_id,
            changed_at=now,
        )
    )
