"""What becomes of the sessions of a unit that is closed: its heir holds them, or they stand in the way."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from app.core.db import lock_shared_or_alone
from app.core.i18n import Text, day_text, lazy, listed
from app.core.vocabulary import SessionState
from app.members.models import Membership
from app.members.services.closing import CONCERNED, HOLDING, Closing
from app.trainings.models import AudienceRule, ExpectedAttendee, TrainingClass, TrainingSession

_NAMED = 5
_PLANNED = (SessionState.DRAFT, SessionState.PUBLISHED)


def hold_open_sessions(session: Session, day: date) -> None:
    """Check-ins of the day or later are over before anything is decided, and others wait until it is.

    Of every unit: somebody may come to any session. Nothing is opened meanwhile, since opening holds the
    tree. Only what staff enter for a session that is closed already is not held up.
    """
    query = select(TrainingSession.id).where(
        TrainingSession.office_date >= day, TrainingSession.state == SessionState.OPEN
    )
    for session_id in session.scalars(query.order_by(TrainingSession.id)).all():
        lock_shared_or_alone(session, session_id, alone=True)


def settle_sessions(session: Session, closing: Closing) -> Iterable[Text]:
    """What was held there on the day or later stands in the way; what is only planned goes to the heir."""
    last = _last_held(session, closing)
    if last is not None:
        return [lazy("%(day)s 本组织还办过学习或有应到党员,日期要晚于这一天。", day=day_text(last))]
    _move_expected(session, closing)
    if closing.into_id is None:
        return _in_the_way(session, closing)
    _hand_over(session, closing, closing.into_id)
    return ()


def _last_held(session: Session, closing: Closing) -> date | None:
    """The last day of a session that the unit held, or was expected at, on the day or later."""
    held = (
        TrainingSession.office_date >= closing.day,
        TrainingSession.state.in_((SessionState.OPEN, SessionState.CLOSED)),
    )
    expected = select(ExpectedAttendee.session_id).where(ExpectedAttendee.org_id == closing.org_id)
    query = select(func.max(TrainingSession.office_date)).where(
        *held, or_(TrainingSession.host_org_id == closing.org_id, TrainingSession.id.in_(expected))
    )
    return session.scalar(query)


def _move_expected(session: Session, closing: Closing) -> None:
    """Who is expected at what is still to come is expected with the branch of that day."""
    own_day = (
        select(TrainingSession.office_date)
        .where(TrainingSession.id == ExpectedAttendee.session_id)
        .correlate(ExpectedAttendee)
        .scalar_subquery()
    )
    branch = (
        select(Membership.org_id)
        .where(
            Membership.member_id == ExpectedAttendee.member_id,
            Membership.starts_on <= own_day,
            Membership.ends_on > own_day,
        )
        .correlate(ExpectedAttendee)
        .scalar_subquery()
    )
    to_come = select(TrainingSession.id).where(
        TrainingSession.office_date >= closing.day, TrainingSession.state.in_(_PLANNED)
    )
    session.execute(
        update(ExpectedAttendee)
        .where(ExpectedAttendee.org_id == closing.org_id, ExpectedAttendee.session_id.in_(to_come))
        .values(org_id=func.coalesce(branch, ExpectedAttendee.org_id))
        .execution_options(synchronize_session=False)
    )


def _in_the_way(session: Session, closing: Closing) -> list[Text]:
    query = (
        select(TrainingSession.title, TrainingSession.office_date)
        .where(
            TrainingSession.host_org_id == closing.org_id,
            TrainingSession.office_date >= closing.day,
            TrainingSession.state.in_(_PLANNED),
        )
        .order_by(TrainingSession.office_date)
    )
    planned = session.execute(query).all()
    if not planned:
        return []
    named = listed(f"{day_text(day)} {title}" for title, day in planned[:_NAMED])
    return [
        lazy(
            "还有 %(n)s 个场次由本组织主办:%(names)s。请先取消或改由其他组织主办。",
            n=len(planned),
            names=named,
        )
    ]


def _hand_over(session: Session, closing: Closing, heir_id: int) -> None:
    """Sessions that are still to come, their classes, and invitations to the old unit."""
    ahead = (TrainingSession.office_date >= closing.day, TrainingSession.state.in_(_PLANNED))
    hosted = (TrainingSession.host_org_id == closing.org_id, *ahead)
    classes = select(TrainingSession.class_id).where(*hosted, TrainingSession.class_id.is_not(None))
    session.execute(
        update(TrainingClass)
        .where(TrainingClass.host_org_id == closing.org_id, TrainingClass.id.in_(classes))
        .values(host_org_id=heir_id)
    )
    session.execute(update(TrainingSession).where(*hosted).values(host_org_id=heir_id))
    to_come = select(TrainingSession.id).where(*ahead)
    invited = (AudienceRule.org_id == closing.org_id, AudienceRule.session_id.in_(to_come))
    already = select(AudienceRule.session_id).where(AudienceRule.org_id == heir_id)
    session.execute(delete(AudienceRule).where(*invited, AudienceRule.session_id.in_(already)))
    session.execute(update(AudienceRule).where(*invited).values(org_id=heir_id))


HOLDING.append(hold_open_sessions)
CONCERNED.append(settle_sessions)
