"""Creates and edits sessions; whatever is wrong is said field by field before anything is stored."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.db import is_postgresql, writing
from app.core.errors import InvalidInput, WrongState
from app.core.i18n import lazy
from app.core.vocabulary import AudienceKind, SessionState
from app.members.queries.tree import subtree_ids
from app.members.services.placing import hold_tree
from app.trainings.commands import AudienceDraft, Clash, LecturerDraft, SavedSession, SessionDraft
from app.trainings.models import AudienceRule, Lecturer, SessionLecturer, TrainingSession, Venue
from app.trainings.queries import audience as audience_queries
from app.trainings.queries.sessions import audience_ids, scoped_session
from app.trainings.rules import CLOSES_AFTER, OPENS_BEFORE
from app.trainings.services.checks import CheckedDraft, check_draft
from app.trainings.services.expected import fix_expected
from app.trainings.services.facts import follow_timing, rewrite_facts, rewrite_standings, timing_of
from app.trainings.services.locked import counted_facts, require_may_change, require_unlocked

EDITABLE = (SessionState.DRAFT, SessionState.PUBLISHED, SessionState.OPEN, SessionState.CLOSED)
AUDIENCE_EDITABLE = (SessionState.DRAFT, SessionState.PUBLISHED)


def create_session(
    draft: SessionDraft, scope: Scope, now: datetime, *, tz: ZoneInfo, elderly_age: int
) -> SavedSession:
    """Store a draft. Raises InvalidInput with every wrong field, PeriodLocked."""
    with writing() as session:
        hold_tree(session)
        row = add_draft(session, draft, scope, now, tz)
        return SavedSession(row.id, row.state.value, find_clashes(session, row, scope, now, elderly_age))


def add_draft(
    session: Session, draft: SessionDraft, scope: Scope, now: datetime, tz: ZoneInfo
) -> TrainingSession:
    """Add a draft inside the caller's transaction, which holds the tree; clashes are not looked for."""
    checked = check_draft(session, draft, scope, tz)
    require_unlocked(session, office_date(draft.starts_at, tz))
    row = TrainingSession(
        state=SessionState.DRAFT,
        code_secret=secrets.token_bytes(32),
        created_by_id=scope.user_id,
        created_at=now,
    )
    _fill(session, row, draft, checked, now, tz)
    session.add(row)
    session.flush()
    _write_lecturers(session, row, draft.lecturers)
    _write_audience(session, row, checked, draft.audience)
    record_act(session, "session.create", f"session:{row.id}", scope.user_id, now)
    return row


def update_session(
    session_id: int, draft: SessionDraft, scope: Scope, now: datetime, *, tz: ZoneInfo, elderly_age: int
) -> SavedSession:
    """Change a session that is not cancelled; its attendance rows follow in the same transaction.

    The audience can change until check-in opens, and the expected list is then fixed anew; once
    open it stays as published. Of a locked day only the words about it can change: what figures read
    stands still. Raises NotFound, WrongState, PeriodLocked, InvalidInput.
    """
    with writing() as session:
        hold_tree(session)
        row = scoped_session(session, session_id, scope, now, lock=True)
        if row.state not in EDITABLE:
            raise WrongState(lazy("已取消的场次不能修改。"))
        checked = check_draft(session, draft, scope, tz, row)
        moved_day = office_date(draft.starts_at, tz) != row.office_date
        if moved_day and row.state not in AUDIENCE_EDITABLE:
            # The rows carry branch and groups of the session's day: another day would be another history.
            raise InvalidInput.field("starts_at", "day_fixed", lazy("签到开始后不能改到另一天。"))
        timing, day, facts = timing_of(row), row.office_date, counted_facts(session, row)
        _fill(session, row, draft, checked, now, tz)
        _write_lecturers(session, row, draft.lecturers)
        moves_figures = require_may_change(session, row, facts, day)
        if row.state in AUDIENCE_EDITABLE:
            _write_audience(session, row, checked, draft.audience)
        if row.state is SessionState.PUBLISHED:
            fix_expected(session, row, elderly_age)
            rewrite_standings(session, row, elderly_age)
        if moves_figures:
            follow_timing(session, row, timing, scope.user_id, now)
            rewrite_facts(session, row, tz)
        record_act(session, "session.update", f"session:{row.id}", scope.user_id, now)
        return SavedSession(row.id, row.state.value, find_clashes(session, row, scope, now, elderly_age))


def find_clashes(
    session: Session, row: TrainingSession, scope: Scope, now: datetime, elderly_age: int
) -> tuple[Clash, ...]:
    """Clashes of a stored session with others, to be shown as a warning; drafts of the scope only."""
    org_ids, groups, member_ids = audience_ids(session, row.id)
    lecturer_ids = session.scalars(
        select(SessionLecturer.lecturer_id).where(SessionLecturer.session_id == row.id)
    ).all()
    invited = audience_queries.audience_members(
        row.office_date, elderly_age, row.host_org_id, org_ids, groups, member_ids
    )
    return audience_queries.clashes(
        session,
        session_id=row.id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        venue_id=row.venue_id,
        lecturer_ids=lecturer_ids,
        invited=invited,
        hosts=subtree_ids(scope.org_ids, office_date(now)),
    )


def _fill(
    session: Session,
    row: TrainingSession,
    draft: SessionDraft,
    checked: CheckedDraft,
    now: datetime,
    tz: ZoneInfo,
) -> None:
    row.title = draft.title.strip()
    row.kind_key, row.mode_key = draft.kind, draft.mode
    row.starts_at, row.ends_at = draft.starts_at, draft.ends_at
    row.office_date = office_date(draft.starts_at, tz)
    row.opens_at, row.closes_at = draft.starts_at - OPENS_BEFORE, draft.ends_at + CLOSES_AFTER
    length = (draft.ends_at - draft.starts_at) // timedelta(minutes=1)
    row.credited_minutes = length if draft.credited_minutes is None else draft.credited_minutes
    row.host_org_id, row.class_id = checked.host_id, draft.class_id
    row.venue_id = _venue_id(session, draft.venue)
    row.note = (draft.note or "").strip() or None
    row.declared_person_times, row.declared_mark = draft.declared_person_times, draft.declared_mark
    row.late_after_minutes, row.asks_sign_out = draft.late_after_minutes, draft.asks_sign_out
    row.join_url = (draft.join_url or "").strip() or None
    row.updated_at = now


def _write_audience(
    session: Session, row: TrainingSession, checked: CheckedDraft, audience: AudienceDraft
) -> None:
    session.execute(delete(AudienceRule).where(AudienceRule.session_id == row.id))
    for org_id in checked.org_ids:
        session.add(AudienceRule(session_id=row.id, kind=AudienceKind.ORG, org_id=org_id))
    for group in dict.fromkeys(audience.groups):
        session.add(AudienceRule(session_id=row.id, kind=AudienceKind.GROUP, group=group))
    for member_id in dict.fromkeys(audience.member_ids):
        session.add(AudienceRule(session_id=row.id, kind=AudienceKind.MEMBER, member_id=member_id))
    session.flush()


def _write_lecturers(session: Session, row: TrainingSession, lecturers: tuple[LecturerDraft, ...]) -> None:
    session.execute(delete(SessionLecturer).where(SessionLecturer.session_id == row.id))
    roles = {lecturer.name.strip(): lecturer.role for lecturer in lecturers}
    for position, (name, role) in enumerate(roles.items()):
        found = session.scalars(select(Lecturer).where(Lecturer.name == name).order_by(Lecturer.id)).first()
        if found is None:
            found = Lecturer(name=name)
            session.add(found)
            session.flush()
        session.add(SessionLecturer(session_id=row.id, lecturer_id=found.id, role=role, position=position))
    session.flush()


def _venue_id(session: Session, name: str | None) -> int | None:
    """The venue with this name; one that is not known yet is added."""
    name = (name or "").strip()
    if not name:
        return None
    insert = postgresql_insert if is_postgresql(session) else sqlite_insert
    # The unique key decides, not a prior SELECT: two sessions may name a new venue at once.
    session.execute(insert(Venue).values(name=name).on_conflict_do_nothing())
    return session.scalars(select(Venue.id).where(Venue.name == name)).one()
