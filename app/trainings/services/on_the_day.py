"""Notes of a session that has begun how much was delivered, and how many people were counted in the room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import record_act
from app.core.db import writing
from app.core.errors import FieldError, InvalidInput, WrongState
from app.core.i18n import lazy
from app.core.vocabulary import SessionState
from app.trainings.models import TrainingSession
from app.trainings.queries.sessions import scoped_session
from app.trainings.services.facts import credit_of, follow_timing, rewrite_facts, timing_of
from app.trainings.services.locked import require_unlocked

# What happened there can be said from the moment when check-in opens.
BEGUN = (SessionState.OPEN, SessionState.CLOSED)
MOST_COUNTED = 100_000


@dataclass(frozen=True, slots=True)
class Delivered:
    """Minutes delivered (None: all of it), and what a whole attendance is credited for them."""

    effective_minutes: int | None
    credited_minutes: int


@dataclass(frozen=True, slots=True)
class HeadCount:
    """People counted in the room, and how many of them are guests from elsewhere; None: not counted."""

    head_count: int | None
    guest_count: int | None


def set_delivered(
    session_id: int, minutes: int | None, scope: Scope, now: datetime, *, tz: ZoneInfo
) -> Delivered:
    """The session broke off after `minutes`; None, or its whole length: it did not.

    Every attendance row is credited until then, and who left when it broke off has not left early, in the
    same transaction. Raises NotFound, WrongState
    before check-in has opened, InvalidInput.
    """
    with writing() as session:
        row = _begun(session, session_id, scope, now)
        length = (row.ends_at - row.starts_at) // timedelta(minutes=1)
        if minutes is not None and not 0 <= minutes <= length:
            words = lazy("这一场共 %(n)s 分钟,请填 0 到 %(n)s 之间的整数。", n=length)
            raise InvalidInput.field("minutes", "out_of_range", words)
        wanted = None if minutes == length else minutes
        if wanted != row.effective_minutes:
            record_act(
                session,
                "session.delivered",
                f"session:{row.id}",
                scope.user_id,
                now,
                before=row.effective_minutes,
                after=wanted,
            )
            timing = timing_of(row)
            row.effective_minutes, row.updated_at = wanted, now
            follow_timing(session, row, timing, scope.user_id, now)
            rewrite_facts(session, row, tz)
        return Delivered(wanted, credit_of(row, tz).total)


def set_head_count(session_id: int, counted: HeadCount, scope: Scope, now: datetime) -> HeadCount:
    """How many were counted in the room, guests included; for comparison, added to no figure.

    A count without guests means none of them. Raises NotFound, WrongState before check-in has opened,
    InvalidInput.
    """
    errors = _count_errors(counted)
    if errors:
        raise InvalidInput(errors=errors)
    with writing() as session:
        row = _begun(session, session_id, scope, now)
        guests = None if counted.head_count is None else counted.guest_count or 0
        if (row.head_count, row.guest_count) != (counted.head_count, guests):
            row.head_count, row.guest_count, row.updated_at = counted.head_count, guests, now
            record_act(
                session,
                "session.head_count",
                f"session:{row.id}",
                scope.user_id,
                now,
                counted=counted.head_count,
                guests=guests,
            )
        return HeadCount(row.head_count, row.guest_count)


def _begun(session: Session, session_id: int, scope: Scope, now: datetime) -> TrainingSession:
    # Alone: what is recorded meanwhile would keep the minutes of before.
    row = scoped_session(session, session_id, scope, now, lock=True)
    if row.state not in BEGUN:
        raise WrongState(lazy("签到开始以后才能填写。"))
    require_unlocked(session, row.office_date)
    return row


def _count_errors(counted: HeadCount) -> list[FieldError]:
    people, guests = counted.head_count, counted.guest_count
    errors = []
    if people is not None and not 0 <= people <= MOST_COUNTED:
        errors.append(FieldError("head_count", "out_of_range", lazy("清点人数应在 0 到 10 万之间。")))
    if guests is not None and not 0 <= guests <= MOST_COUNTED:
        errors.append(FieldError("guest_count", "out_of_range", lazy("来宾人数应在 0 到 10 万之间。")))
    elif guests and people is None:
        errors.append(FieldError("head_count", "required", lazy("填了来宾,请把清点的总人数也填上。")))
    elif guests and people is not None and guests > people:
        errors.append(
            FieldError("guest_count", "more_than_all", lazy("来宾已算在清点人数里,不能多于清点人数。"))
        )
    return errors
