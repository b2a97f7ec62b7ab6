"""Every SELECT over staff users, their sign-ins and API tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CTE,
    BindParameter,
    CompoundSelect,
    Date,
    Integer,
    LargeBinary,
    Select,
    and_,
    bindparam,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from app.accounts.models import (
    ApiToken,
    Instructor,
    InstructorAssignment,
    RoleGrant,
    StaffLogin,
    StaffUser,
    TeamAssignment,
    TeamOfficial,
)
from app.accounts.rules import normal_username
from app.core.access import Grant, Staff
from app.core.crypto import token_hash
from app.core.db import UtcDateTime
from app.core.vocabulary import Role
from app.members.models import OrgPlacement, OrgUnit

# At no unit: where a grant for the whole tree points while there is no tree, and where somebody whose
# assignments are over may look.
_NOWHERE = 0
_Granted = CompoundSelect[int, str, str, Role, int]


@dataclass(frozen=True, slots=True)
class UserRow:
    """A staff user; `roles` holds (role, code of the unit), the code None for the whole tree."""

    id: int
    username: str
    display_name: str
    is_active: bool
    roles: tuple[tuple[Role, str | None], ...]


@dataclass(frozen=True, slots=True)
class LoginRow:
    """A browser that is signed in."""

    id: int
    created_at: datetime
    expires_at: datetime
    is_current: bool


@dataclass(frozen=True, slots=True)
class TokenRow:
    """An API token that still works."""

    id: int
    label: str
    created_at: datetime


def staff_by_login(session: Session, token: str, now: datetime, on: date) -> Staff | None:
    """The active user whose browser holds this sign-in, unless it has expired or was signed out."""
    return _staff(session, _BY_LOGIN, {"token": token_hash(token), "now": now, "day": on})


def staff_by_api_token(session: Session, token: str, on: date) -> Staff | None:
    """The active user that this API token acts as, unless the token was revoked."""
    return _staff(session, _BY_API_TOKEN, {"token": token_hash(token), "day": on})


def staff_by_id(session: Session, user_id: int, on: date) -> Staff | None:
    """The active user, for what a phone or a tablet does on their behalf."""
    return _staff(session, _BY_ID, {"user": user_id, "day": on})


def _staff(session: Session, query: _Granted, given: dict[str, Any]) -> Staff | None:
    """The holder with what is granted for good and what is assigned on the day.

    Somebody to whom nothing is assigned now signs in all the same and sees empty pages.
    """
    rows = session.execute(query, given).all()
    if not rows:
        return None
    grants = tuple(Grant(row.role, row.org_id) for row in rows if row.role is not None)
    return Staff(
        rows[0].id, rows[0].username, rows[0].display_name, grants or (Grant(Role.SUPERVISOR, _NOWHERE),)
    )


def _active_users() -> Select[int, str, str]:
    return select(StaffUser.id, StaffUser.username, StaffUser.display_name).where(StaffUser.is_active)


def _grants(holder: CTE, on: BindParameter[date]) -> _Granted:
    """One row a grant, and one of no role for a holder without any.

    A grant for the whole tree becomes one row a root of the day. An instructor, and an official for as
    long as the team has them, supervises the units assigned on the day.
    """
    root = and_(RoleGrant.id.is_not(None), RoleGrant.org_id.is_(None), OrgPlacement.parent_id.is_(None))
    who = (holder.c.id, holder.c.username, holder.c.display_name)
    placed = and_(OrgPlacement.starts_on <= on, OrgPlacement.ends_on > on)
    granted = (
        select(
            *who,
            RoleGrant.role,
            func.coalesce(RoleGrant.org_id, OrgPlacement.org_id, _NOWHERE).label("org_id"),
        )
        .select_from(holder)
        .outerjoin(RoleGrant, RoleGrant.user_id == holder.c.id)
        .outerjoin(OrgPlacement, and_(root, placed))
    )
    supervises = literal(Role.SUPERVISOR, RoleGrant.role.type).label("role")
    as_instructor = (
        select(*who, supervises, InstructorAssignment.org_id)
        .join(Instructor, Instructor.user_id == holder.c.id)
        .join(InstructorAssignment, InstructorAssignment.instructor_id == Instructor.id)
        .where(InstructorAssignment.starts_on <= on, InstructorAssignment.ends_on > on)
    )
    as_official = (
        select(*who, supervises, TeamAssignment.org_id)
        .join(TeamOfficial, TeamOfficial.user_id == holder.c.id)
        .join(TeamAssignment, TeamAssignment.team_id == TeamOfficial.team_id)
        .where(TeamOfficial.starts_on <= on, TeamOfficial.ends_on > on)
        .where(TeamAssignment.starts_on <= on, TeamAssignment.ends_on > on)
    )
    return union_all(granted, as_instructor, as_official)


def _by_login() -> _Granted:
    token, now = bindparam("token", type_=LargeBinary), bindparam("now", type_=UtcDateTime)
    holder = (
        _active_users()
        .join(StaffLogin, StaffLogin.user_id == StaffUser.id)
        .where(StaffLogin.token_hash == token, StaffLogin.expires_at > now)
    )
    return _grants(holder.cte("holder"), bindparam("day", type_=Date))


def _by_api_token() -> _Granted:
    holder = (
        _active_users()
        .join(ApiToken, ApiToken.user_id == StaffUser.id)
        .where(ApiToken.token_hash == bindparam("token", type_=LargeBinary), ApiToken.revoked_at.is_(None))
    )
    return _grants(holder.cte("holder"), bindparam("day", type_=Date))


def _by_id() -> _Granted:
    holder = _active_users().where(StaffUser.id == bindparam("user", type_=Integer))
    return _grants(holder.cte("holder"), bindparam("day", type_=Date))


# Built once: every request asks one of them, and putting them together took longer than running them.
_BY_LOGIN, _BY_API_TOKEN, _BY_ID = _by_login(), _by_api_token(), _by_id()


def user_id_by_name(session: Session, username: str) -> int | None:
    """The user with this name in any spelling of case and width."""
    return session.scalar(select(StaffUser.id).where(StaffUser.username == normal_username(username)))


def users(session: Session) -> list[UserRow]:
    """All staff users by name, with their roles."""
    query = (
        select(StaffUser, RoleGrant.role, OrgUnit.code)
        .outerjoin(RoleGrant, RoleGrant.user_id == StaffUser.id)
        .outerjoin(OrgUnit, OrgUnit.id == RoleGrant.org_id)
        .order_by(StaffUser.username, RoleGrant.id)
    )
    found: dict[int, tuple[StaffUser, list[tuple[Role, str | None]]]] = {}
    for user, role, code in session.execute(query):
        roles = found.setdefault(user.id, (user, []))[1]
        if role is not None:
            roles.append((role, code))
    return [
        UserRow(user.id, user.username, user.display_name, user.is_active, tuple(roles))
        for user, roles in found.values()
    ]


def logins_of(session: Session, user_id: int, current_token: str, now: datetime) -> list[LoginRow]:
    """The user's signed-in browsers, this one first, then the newest."""
    query = (
        select(StaffLogin)
        .where(StaffLogin.user_id == user_id, StaffLogin.expires_at > now)
        .order_by(StaffLogin.created_at.desc())
    )
    current = token_hash(current_token)
    rows = [
        LoginRow(row.id, row.created_at, row.expires_at, row.token_hash == current)
        for row in session.scalars(query)
    ]
    return sorted(rows, key=lambda row: not row.is_current)


def tokens_of(session: Session, user_id: int) -> list[TokenRow]:
    """The user's API tokens that were not revoked, newest first."""
    query = (
        select(ApiToken.id, ApiToken.label, ApiToken.created_at)
        .where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
        .order_by(ApiToken.created_at.desc(), ApiToken.id.desc())
    )
    return [TokenRow(*row) for row in session.execute(query)]


def grants_at(session: Session, org_ids: Sequence[int]) -> list[tuple[str, str, Role, str, str]]:
    """(user name, shown name, role, code and name of the unit) of active users whose role lies at units.

    A role at a closed unit holds nowhere any more: whoever has it sees only what that unit left behind.
    """
    if not org_ids:
        return []
    query = (
        select(StaffUser.username, StaffUser.display_name, RoleGrant.role, OrgUnit.code, OrgUnit.name)
        .join(RoleGrant, RoleGrant.user_id == StaffUser.id)
        .join(OrgUnit, OrgUnit.id == RoleGrant.org_id)
        .where(RoleGrant.org_id.in_(org_ids), StaffUser.is_active)
        .order_by(OrgUnit.code, StaffUser.username)
    )
    return [(user, shown, role, code, unit) for user, shown, role, code, unit in session.execute(query)]
