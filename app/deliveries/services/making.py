"""Puts what is due, hands it out under a lease, and takes it back done, or not."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.core.db import db, is_postgresql, writing
from app.core.vocabulary import DeliveryState
from app.deliveries.commands import Claim
from app.deliveries.models import ReportDelivery, ReportSchedule
from app.deliveries.queries import missing_deliveries
from app.deliveries.rules import LEASE, MOST_ATTEMPTS
from app.members.models import OrgUnit


def put_due(today: date) -> int:
    """Note every report that is due and not noted yet; returns how many."""
    session: Session = db.session()
    missing = missing_deliveries(session, today)
    session.rollback()
    if not missing:
        return 0
    with writing() as session:
        insert: Any = postgresql.insert if is_postgresql(session) else sqlite.insert
        rows = [
            {
                "schedule_id": schedule_id,
                "first_on": month.first,
                "last_on": month.last,
                "state": DeliveryState.WAITING,
                "attempts": 0,
            }
            for schedule_id, month in missing
        ]
        # Unique key, not the look before: two schedulers may note at once while the leader changes.
        query = insert(ReportDelivery).values(rows).on_conflict_do_nothing().returning(ReportDelivery.id)
        return len(session.scalars(query).all())


def claim_next(now: datetime) -> Claim | None:
    """The oldest report that waits, for this process alone until the lease ends; None: nothing waits.

    One that was begun three times and never finished is given up here.
    """
    session: Session = db.session()
    waits = session.scalar(_waiting(now)) is not None
    session.rollback()
    if not waits:
        return None
    with writing() as session:
        while (delivery_id := session.scalar(_waiting(now).with_for_update(skip_locked=True))) is not None:
            row = session.get_one(ReportDelivery, delivery_id)
            if row.attempts >= MOST_ATTEMPTS:
                row.state, row.leased_until = DeliveryState.GIVEN_UP, None
                session.flush()
                continue
            row.attempts += 1
            row.leased_until = now + LEASE
            return _claim(session, row, now + LEASE)
    return None


def finish(claim: Claim, file_key: str, file_name: str, now: datetime) -> bool:
    """The file is kept: it lies in the inbox from here on. False: another has taken the work over."""
    with writing() as session:
        row = _still_ours(session, claim)
        if row is None:
            return False
        row.state, row.made_at, row.leased_until = DeliveryState.READY, now, None
        row.file_key, row.file_name = file_key, file_name
        return True


def withhold(claim: Claim) -> None:
    """Whoever was to read it may not see the unit now: it is not made."""
    with writing() as session:
        row = _still_ours(session, claim)
        if row is not None:
            row.state, row.leased_until = DeliveryState.WITHHELD, None


def note_trouble(claim: Claim) -> None:
    """It could not be made. It is tried again when the lease ends, and given up after the third time."""
    with writing() as session:
        row = _still_ours(session, claim)
        if row is not None and row.attempts >= MOST_ATTEMPTS:
            row.state, row.leased_until = DeliveryState.GIVEN_UP, None


def _waiting(now: datetime) -> Select[int]:
    lease: ColumnElement[bool] = or_(
        ReportDelivery.leased_until.is_(None), ReportDelivery.leased_until <= now
    )
    query = select(ReportDelivery.id).where(ReportDelivery.state == DeliveryState.WAITING, lease)
    return query.order_by(ReportDelivery.first_on, ReportDelivery.id).limit(1)


def _claim(session: Session, row: ReportDelivery, leased_until: datetime) -> Claim:
    schedule = session.get_one(ReportSchedule, row.schedule_id)
    code = session.get_one(OrgUnit, schedule.org_id).code
    return Claim(
        row.id,
        row.attempts,
        leased_until,
        schedule.user_id,
        schedule.report,
        code,
        schedule.language,
        row.first_on,
        row.last_on,
    )


def _still_ours(session: Session, claim: Claim) -> ReportDelivery | None:
    row = session.get(ReportDelivery, claim.id, populate_existing=True, with_for_update=True)
    ours = (DeliveryState.WAITING, claim.attempt, claim.leased_until)
    is_ours = row is not None and (row.state, row.attempts, row.leased_until) == ours
    return row if is_ours else None
