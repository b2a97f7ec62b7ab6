"""Creates training classes, and saves a session together with the class and the step that go with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.db import hold_repeats, writing
from app.core.errors import InvalidInput
from app.core.i18n import lazy
from app.core.vocabulary import SessionState
from app.members.models import OrgUnit
from app.members.queries.tree import ids_by_code
from app.members.services.placing import hold_tree
from app.trainings.commands import SavedSession, SessionDraft
from app.trainings.models import SessionKind, TrainingClass, TrainingSession, Venue
from app.trainings.services.drafts import create_session, update_session
from app.trainings.services.lifecycle import publish_session

TITLE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted beside the draft: a class with this title made for it, and publishing at once.

    asked_at: when the form was opened. What it stored once it does not store again.
    """

    new_class: str = ""
    publish: bool = False
    asked_at: datetime | None = None


def create_class(title: str, kind: str, host_org_code: str, scope: Scope, now: datetime) -> int:
    """Store a training class; returns its id. Raises InvalidInput with every wrong field."""
    title = title.strip()
    with writing() as session:
        hold_tree(session)
        host_id = ids_by_code(session, [host_org_code], scope, office_date(now)).get(host_org_code)
        if host_id is None:
            raise InvalidInput.field("host_org", "unknown", lazy("没有找到这个主办单位。"))
        _check(session, title, kind)
        row = TrainingClass(title=title, kind_key=kind, host_org_id=host_id, created_at=now)
        session.add(row)
        session.flush()
        record_act(session, "class.create", f"class:{row.id}", scope.user_id, now)
        return row.id


def save_new(
    draft: SessionDraft, wish: Wish, scope: Scope, now: datetime, *, tz: ZoneInfo, elderly_age: int
) -> SavedSession:
    """Store a session with what is wished beside it, all or nothing. Raises InvalidInput.

    Sent again after "back" or a lost answer, the form changes the session that it made.
    """
    with writing() as session:
        earlier = _stored_before(session, draft, wish, scope)
        if earlier is not None:
            wish = replace(wish, new_class="")
            draft = replace(draft, class_id=draft.class_id or earlier.class_id)
            saved = save_changes(earlier.id, draft, wish, scope, now, tz=tz, elderly_age=elderly_age)
            return replace(saved, is_new=False)
        draft = _with_class(draft, wish, scope, now)
        saved = create_session(draft, scope, now, tz=tz, elderly_age=elderly_age)
        return _published(saved, wish, scope, now, tz, elderly_age)


def _stored_before(session: Session, draft: SessionDraft, wish: Wish, scope: Scope) -> TrainingSession | None:
    """The user's own session that this form has stored: the same thing at the same time and place."""
    if wish.asked_at is None or scope.user_id is None:
        return None
    hold_repeats(session, scope.user_id)
    made = TrainingSession
    venue = select(Venue.name).where(Venue.id == made.venue_id).scalar_subquery()
    host = select(OrgUnit.code).where(OrgUnit.id == made.host_org_id).scalar_subquery()
    query = select(made).where(
        made.created_by_id == scope.user_id,
        made.created_at >= wish.asked_at,
        made.state != SessionState.CANCELLED,
        made.title == draft.title.strip(),
        made.kind_key == draft.kind,
        made.mode_key == draft.mode,
        made.starts_at == draft.starts_at,
        made.ends_at == draft.ends_at,
        host == draft.host_org_code,
        func.coalesce(venue, "") == (draft.venue or "").strip(),
    )
    return session.scalars(query.order_by(made.id).limit(1)).first()


def save_changes(
    session_id: int,
    draft: SessionDraft,
    wish: Wish,
    scope: Scope,
    now: datetime,
    *,
    tz: ZoneInfo,
    elderly_age: int,
) -> SavedSession:
    """Change a session with what is wished beside it, all or nothing. A session that was published
    meanwhile stays so. Raises NotFound, WrongState, InvalidInput."""
    with writing():
        draft = _with_class(draft, wish, scope, now)
        saved = update_session(session_id, draft, scope, now, tz=tz, elderly_age=elderly_age)
        return _published(saved, wish, scope, now, tz, elderly_age)


def _check(session: Session, title: str, kind: str) -> None:
    if not 0 < len(title) <= TITLE_LENGTH:
        raise InvalidInput.field("new_class", "title", lazy("班次名称请写 1 到 200 个字。"))
    if session.get(SessionKind, kind) is None:
        raise InvalidInput.field("kind", "unknown", lazy("没有这个类别。"))


def _with_class(draft: SessionDraft, wish: Wish, scope: Scope, now: datetime) -> SessionDraft:
    if not wish.new_class.strip():
        return draft
    class_id = create_class(wish.new_class, draft.kind, draft.host_org_code, scope, now)
    return replace(draft, class_id=class_id)


def _published(
    saved: SavedSession, wish: Wish, scope: Scope, now: datetime, tz: ZoneInfo, elderly_age: int
) -> SavedSession:
    if not wish.publish or saved.state != SessionState.DRAFT.value:
        return saved
    return publish_session(saved.id, scope, now, tz=tz, elderly_age=elderly_age)
