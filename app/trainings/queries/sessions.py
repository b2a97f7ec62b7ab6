"""SELECTs of one session and its parts, within a scope."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ColumnElement, Float, Integer, and_, case, cast, func, or_, select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.clock import office_date
from app.core.db import is_postgresql, lock_shared_or_alone
from app.core.errors import NotFound
from app.core.vocabulary import AudienceKind, Group, SessionState
from app.members.queries.tree import subtree_ids
from app.trainings.models import AudienceRule, TrainingSession


def scoped_session(
    session: Session, session_id: int, scope: Scope, now: datetime, *, lock: bool = False
) -> TrainingSession:
    """The session if its host lies within the scope; raises NotFound. `lock`: until the transaction ends."""
    if lock:
        lock_shared_or_alone(session, session_id, alone=True)
    today: date = office_date(now)
    query = select(TrainingSession).where(
        TrainingSession.id == session_id,
        TrainingSession.host_org_id.in_(subtree_ids(scope.org_ids, today)),
    )
    if lock:
        query = query.with_for_update()
    row = session.scalars(query).one_or_none()
    if row is None:
        raise NotFound()
    return row


def audience_ids(session: Session, session_id: int) -> tuple[list[int], list[Group], list[int]]:
    """Branch ids, groups and member ids that a session's audience names."""
    rules = session.execute(
        select(AudienceRule.kind, AudienceRule.org_id, AudienceRule.group, AudienceRule.member_id).where(
            AudienceRule.session_id == session_id
        )
    ).all()
    orgs = [rule.org_id for rule in rules if rule.kind is AudienceKind.ORG]
    groups = [rule.group for rule in rules if rule.kind is AudienceKind.GROUP]
    members = [rule.member_id for rule in rules if rule.kind is AudienceKind.MEMBER]
    return orgs, groups, members


def due_sessions(session: Session, now: datetime) -> list[int]:
    """Ids of sessions whose check-in may have to be opened or closed now; the rules decide."""
    to_open = and_(
        TrainingSession.state == SessionState.PUBLISHED,
        TrainingSession.opens_at <= now,
        TrainingSession.closes_at > now,
    )
    to_close = and_(TrainingSession.state == SessionState.OPEN, TrainingSession.closes_at <= now)
    return list(session.scalars(select(TrainingSession.id).where(or_(to_open, to_close))))


def delivered_credit(session: Session) -> ColumnElement[int]:
    """Minutes that a whole attendance is credited: less than planned where a session broke off.

    The same arithmetic as `trainings.rules.split_credit`, in SQL.
    """
    row = TrainingSession
    if is_postgresql(session):
        length: ColumnElement[float] = cast(func.extract("epoch", row.ends_at - row.starts_at), Float)
    else:
        ends, starts = (cast(func.strftime("%s", at), Integer) for at in (row.ends_at, row.starts_at))
        length = cast(ends - starts, Float)
    seconds = row.effective_minutes * 60
    share = case((seconds < length, cast(seconds, Float) / length), else_=1.0)
    shrunk = cast(func.floor(row.credited_minutes * share + 1e-6), Integer)
    return case((row.effective_minutes.is_(None), row.credited_minutes), else_=shrunk)
