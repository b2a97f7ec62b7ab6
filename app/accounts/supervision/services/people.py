"""Names instructors and teams, gives them accounts, and removes what was entered by mistake."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts.models import Instructor, StaffUser, SupervisionTeam, TeamOfficial
from app.accounts.rules import normal_username
from app.accounts.services.users import NewUser, add_user, checked_hash
from app.accounts.supervision.commands import Overseer, OverseerKind
from app.accounts.supervision.queries import assignments_of
from app.accounts.supervision.services.checks import name_errors, require_overseer
from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.db import writing
from app.core.errors import InvalidInput, NotFound, WrongState
from app.core.i18n import lazy


def save_instructor(
    instructor_id: int | None, name: str, work_place: str | None, scope: Scope, now: datetime
) -> int:
    """A new instructor (id None), or another name and place of work for one; returns the id."""
    name, work_place = name.strip(), (work_place or "").strip() or None
    errors = list(name_errors(name, work_place))
    if errors:
        raise InvalidInput(errors=errors)
    with writing() as session:
        row = Instructor(created_at=now)
        if instructor_id is not None:
            row = session.get_one(
                Instructor, _own(session, OverseerKind.INSTRUCTOR, instructor_id, scope, now)
            )
        row.name, row.work_place = name, work_place
        return _saved(session, OverseerKind.INSTRUCTOR, row, scope, now)


def save_team(team_id: int | None, name: str, scope: Scope, now: datetime) -> int:
    """A new team (id None), or another name for one; no two teams have the same. Returns the id."""
    name = name.strip()
    errors = list(name_errors(name))
    if errors:
        raise InvalidInput(errors=errors)
    with writing() as session:
        row = SupervisionTeam(created_at=now)
        if team_id is not None:
            row = session.get_one(SupervisionTeam, _own(session, OverseerKind.TEAM, team_id, scope, now))
        row.name = name
        try:
            return _saved(session, OverseerKind.TEAM, row, scope, now)
        except IntegrityError as exc:
            raise InvalidInput.field("name", "taken", lazy("已有同名的督导组,请换一个名称。")) from exc


def _own(session: Session, kind: OverseerKind, row_id: int, scope: Scope, now: datetime) -> int:
    """The id again, once it is known that the caller may change whom it names."""
    return require_overseer(session, Overseer(kind, row_id), scope, office_date(now), whole=True).id


def _saved(
    session: Session, kind: OverseerKind, row: Instructor | SupervisionTeam, scope: Scope, now: datetime
) -> int:
    is_new = row.id is None
    if not is_new and not session.is_modified(row):
        return row.id
    session.add(row)
    session.flush()
    act = f"{kind.value}.{'create' if is_new else 'change'}"
    record_act(session, act, f"{kind.value}:{row.id}", scope.user_id, now)
    return row.id


def delete_overseer(overseer: Overseer, scope: Scope, now: datetime) -> None:
    """Take back an instructor or team entered by mistake. Raises WrongState once they had a unit or an
    official: that is history, and ends with its rows."""
    with writing() as session:
        row = require_overseer(session, overseer, scope, office_date(now), whole=True)
        model, whose = assignments_of(overseer.kind)
        used = session.scalar(select(model.org_id).where(whose == overseer.id).limit(1)) is not None
        if overseer.kind is OverseerKind.TEAM and not used:
            query = select(TeamOfficial.id).where(TeamOfficial.team_id == overseer.id).limit(1)
            used = session.scalar(query) is not None
        if used:
            raise WrongState(lazy("已有联系支部或成员的记录,不能删除;请把它们结束。"), code="in_use")
        session.delete(row)
        record_act(session, f"{overseer.kind.value}.delete", str(overseer), scope.user_id, now)


def link_account(
    overseer: Overseer, username: str | None, scope: Scope, now: datetime, official_id: int | None = None
) -> None:
    """The instructor, or an official of the team, signs in as this user from now on (None: as nobody).

    Raises InvalidInput for a name that nobody has, or that is another instructor's.
    """
    with writing() as session:
        holder = _holder(session, overseer, official_id, scope, office_date(now))
        user_id = _user_id(session, username) if username and username.strip() else None
        if overseer.kind is OverseerKind.INSTRUCTOR and user_id is not None:
            _refuse_second(session, overseer.id, user_id)
        if holder.user_id == user_id:
            return
        before, holder.user_id = holder.user_id, user_id
        record_act(
            session, f"{overseer.kind.value}.account", str(overseer), scope.user_id, now,
            user=user_id, before=before, official=official_id,
        )  # fmt: skip


def open_account(
    overseer: Overseer,
    username: str,
    password: str,
    scope: Scope,
    now: datetime,
    official_id: int | None = None,
) -> None:
    """Make an account that holds nothing but what is assigned, and link it, in one step."""
    today = office_date(now)
    new = NewUser(username, "", None, None, password)
    hashed = checked_hash(new)
    with writing() as session:
        holder = _holder(session, overseer, official_id, scope, today)
        add_user(session, replace(new, display_name=holder.name), hashed, scope, now, today)
        link_account(overseer, username, scope, now, official_id)


def _holder(
    session: Session, overseer: Overseer, official_id: int | None, scope: Scope, on: date
) -> Instructor | TeamOfficial:
    """Whose account it is."""
    row = require_overseer(session, overseer, scope, on, whole=True)
    if isinstance(row, Instructor):
        return row
    official = session.get(TeamOfficial, official_id) if official_id is not None else None
    if official is None or official.team_id != overseer.id:
        raise NotFound()
    return official


def _user_id(session: Session, username: str) -> int:
    query = select(StaffUser.id).where(StaffUser.username == normal_username(username))
    found = session.scalar(query)
    if found is None:
        raise InvalidInput.field("username", "unknown", lazy("没有这个用户名的账号。"))
    return found


def _refuse_second(session: Session, instructor_id: int, user_id: int) -> None:
    query = select(Instructor.id).where(Instructor.user_id == user_id, Instructor.id != instructor_id)
    if session.scalar(query.limit(1)) is not None:
        raise InvalidInput.field("username", "taken", lazy("这个账号已是另一位指导员的,请换一个。"))
