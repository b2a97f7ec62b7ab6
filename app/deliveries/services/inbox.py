"""What becomes of a report after it was made: opened, told of by e-mail, forgotten."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import Select, delete, or_, select, update
from sqlalchemy.orm import Session

from app.core.db import db, writing
from app.core.vocabulary import DeliveryState
from app.deliveries.commands import MailClaim
from app.deliveries.models import ReportDelivery, ReportSchedule
from app.deliveries.rules import KEPT_DAYS, MAIL_AGAIN, MAIL_FOR
from app.members.models import OrgUnit


def mark_opened(delivery_id: int, now: datetime) -> None:
    """Note the first time that its reader opened it; whose it is was asked before."""
    with writing() as session:
        session.execute(
            update(ReportDelivery)
            .where(ReportDelivery.id == delivery_id, ReportDelivery.opened_at.is_(None))
            .values(opened_at=now)
        )


def claim_mail(now: datetime) -> MailClaim | None:
    """The oldest note that is to be sent, for this process alone for an hour; then it is tried again."""
    session: Session = db.session()
    waits = session.scalar(_unsent(now)) is not None
    session.rollback()
    if not waits:
        return None
    with writing() as session:
        delivery_id = session.scalar(_unsent(now).with_for_update(skip_locked=True, of=ReportDelivery))
        if delivery_id is None:
            return None
        row = session.get_one(ReportDelivery, delivery_id)
        schedule = session.get_one(ReportSchedule, row.schedule_id)
        name = session.get_one(OrgUnit, schedule.org_id).name
        row.leased_until = now + MAIL_AGAIN
        email = str(schedule.email)
        return MailClaim(
            row.id, now + MAIL_AGAIN, email, schedule.report, name, schedule.language, row.first_on
        )


def note_mailed(claim: MailClaim, now: datetime) -> None:
    """The mail server has taken it; it is not sent again."""
    with writing() as session:
        session.execute(
            update(ReportDelivery)
            .where(ReportDelivery.id == claim.id, ReportDelivery.leased_until == claim.leased_until)
            .values(mailed_at=now, leased_until=None)
        )


def forget_before(today: date) -> int:
    """Delete the deliveries of months that ended more than 400 days ago; returns how many."""
    old = ReportDelivery.last_on < today - timedelta(days=KEPT_DAYS)
    session: Session = db.session()
    found = session.scalar(select(ReportDelivery.id).where(old).limit(1))
    session.rollback()
    if found is None:
        return 0
    with writing() as session:
        gone = delete(ReportDelivery).where(old).returning(ReportDelivery.id)
        return len(session.scalars(gone).all())


def _unsent(now: datetime) -> Select[int]:
    return (
        select(ReportDelivery.id)
        .join(ReportSchedule, ReportSchedule.id == ReportDelivery.schedule_id)
        .where(
            ReportDelivery.state == DeliveryState.READY,
            ReportDelivery.mailed_at.is_(None),
            ReportDelivery.made_at > now - MAIL_FOR,
            or_(ReportDelivery.leased_until.is_(None), ReportDelivery.leased_until <= now),
            ReportSchedule.email.is_not(None),
        )
        .order_by(ReportDelivery.id)
        .limit(1)
    )
