"""Every SELECT over staff users, their sign-ins and API tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Row, Select, and_, func, select
from sqlalchemy.orm import Session

from app.accounts.models import ApiToken, RoleGrant, StaffLogin, StaffUser
from app.accounts.rules import normal_username
from app.core.access import Grant, Staff
from app.core.crypto import token_hash
from app.core.vocabulary import Role
from app.members.models import OrgPlacement, OrgUnit
from app.members.queries.tree import placed_on

# Where a grant for the whole tree points while there is no tree: at no unit.
_NOWHERE = 0


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
    query = (
        _staff(on)
        .join(StaffLogin, StaffLogin.user_id == StaffUser.id)
        .where(StaffLogin.token_hash == token_hash(token), StaffLogin.expires_at > now)
    )
    return _assemble(session.execute(query).all())


def staff_by_api_token(session: Session, token: str, on: date) -> Staff | None:
    """The active user that this API token acts as, unless the token was revoked."""
    query = (
        _staff(on)
        .join(ApiToken, ApiToken.user_id == StaffUser.id)
        .where(ApiToken.token_hash == token_hash(token), ApiToken.revoked_at.is_(None))
    )
    return _assemble(session.execute(query).all())


def _staff(on: date) -> Select[int, str, str, Role, int]:
    """One row a grant; a grant for the whole tree becomes one row a root of `on`."""
    root = and_(RoleGrant.id.is_not(None), RoleGrant.org_id.is_(None), OrgPlacement.parent_id.is_(None))
    return (
        select(
            StaffUser.id,
            StaffUser.username,
            StaffUser.display_name,
            RoleGrant.role,
            func.coalesce(RoleGrant.org_id, OrgPlacement.org_id, _NOWHERE).label("org_id"),
        )
        .select_from(StaffUser)
        .outerjoin(RoleGrant, RoleGrant.user_id == StaffUser.id)
        .outerjoin(OrgPlacement, and_(root, placed_on(on)))
        .where(StaffUser.is_active)
    )


def _assemble(rows: Sequence[Row[int, str, str, Role, int]]) -> Staff | None:
    if not rows:
        return None
    grants = tuple(Grant(row.role, row.org_id) for row in rows if row.role is not None)
    return Staff(rows[0].id, rows[0].username, rows[0].display_name, grants)


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
