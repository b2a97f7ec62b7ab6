"""Making staff users, setting their passwords, and switching accounts on and off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts.models import RoleGrant, StaffLogin, StaffUser
from app.accounts.rules import PasswordFault, is_username, normal_username, password_fault
from app.core import throttle
from app.core.access import Scope
from app.core.audit import record_act
from app.core.crypto import token_hash
from app.core.db import writing
from app.core.errors import InvalidInput, NotFound
from app.core.i18n import Text, lazy
from app.core.passwords import hash_password
from app.core.vocabulary import Role
from app.members.models import OrgUnit
from app.members.queries.tree import org_by_code

_FAULT_WORDS: dict[PasswordFault, Text] = {
    PasswordFault.TOO_SHORT: lazy("密码至少要10个字符。可以用几个词连起来,好记也安全。"),
    PasswordFault.TOO_LONG: lazy("密码最多200个字符。"),
    PasswordFault.SAME_AS_NAME: lazy("密码不能和用户名相同。"),
    PasswordFault.COMMON: lazy("这个密码太常见,容易被猜到,请换一个。"),
}


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to be made; `org_code` None: all that the maker may grant (the command line: the whole tree).

    role None: the user holds nothing but what is assigned (`app/accounts/supervision`).
    """

    username: str
    display_name: str
    role: Role | None
    org_code: str | None
    password: str


def create_user(new: NewUser, by: Scope | None, now: datetime, on: date) -> int:
    """Make a staff user with at most one role; returns the id. `by` is None for the command line.

    Raises InvalidInput for a name that is malformed or taken, a weak password or an unknown unit.
    """
    hashed = checked_hash(new)
    with writing() as session:
        return add_user(session, new, hashed, by, now, on)


def checked_hash(new: NewUser) -> str:
    """The password's hash; before the transaction, because it takes long on purpose. Raises InvalidInput."""
    username = normal_username(new.username)
    if not is_username(username):
        words = lazy("用户名用1到60个文字、数字或 . _ @ - 组成。")
        raise InvalidInput.field("username", "malformed", words)
    check_new_password(new.password, username, "password")
    return hash_password(new.password)


def add_user(session: Session, new: NewUser, hashed: str, by: Scope | None, now: datetime, on: date) -> int:
    """The same in the caller's transaction, with the hash from `checked_hash`."""
    username = normal_username(new.username)
    user = StaffUser(
        username=username,
        display_name=new.display_name.strip()[:80] or username,
        password_hash=hashed,
        is_active=True,
        created_at=now,
    )
    if new.role is not None:
        places = _places_to_grant(session, new.org_code, by, on)
        user.grants = [RoleGrant(role=new.role, org_id=org_id) for org_id in places]
    session.add(user)
    try:
        session.flush()
    except IntegrityError as exc:
        raise InvalidInput.field("username", "taken", lazy("这个用户名已有人使用,请换一个。")) from exc
    actor_id = by.user_id if by else None
    role = new.role.value if new.role is not None else None
    record_act(session, "user.create", f"user:{user.id}", actor_id, now, role=role)
    return user.id


def reset_password(user_id: int, password: str, actor_id: int | None, now: datetime) -> None:
    """Give a user a new password without knowing the old one; ends all sign-ins and lifts the limit."""
    with writing() as session:
        username = user_or_404(session, user_id).username
    check_new_password(password, username, "password")
    hashed = hash_password(password)
    with writing() as session:
        user_or_404(session, user_id).password_hash = hashed
        throttle.forget(session, "sign_in_account", username)
        end_logins(session, user_id, None)
        record_act(session, "user.password_reset", f"user:{user_id}", actor_id, now)


def set_active(user_id: int, is_active: bool, actor_id: int | None, now: datetime) -> None:
    """Switch an account on or off; off ends its sign-ins, and its API tokens stop working."""
    with writing() as session:
        user = user_or_404(session, user_id)
        user.is_active = is_active
        if not is_active:
            end_logins(session, user_id, None)
        record_act(session, "user.on" if is_active else "user.off", f"user:{user_id}", actor_id, now)


def user_or_404(session: Session, user_id: int) -> StaffUser:
    """The user with this id; raises NotFound."""
    user = session.get(StaffUser, user_id)
    if user is None:
        raise NotFound()
    return user


def end_logins(session: Session, user_id: int, keep_token: str | None) -> int:
    """End the user's sign-ins but that of `keep_token`, in the caller's transaction; returns how many."""
    query = delete(StaffLogin).where(StaffLogin.user_id == user_id)
    if keep_token is not None:
        query = query.where(StaffLogin.token_hash != token_hash(keep_token))
    return len(session.scalars(query.returning(StaffLogin.id)).all())


def _places_to_grant(session: Session, code: str | None, by: Scope | None, on: date) -> list[int | None]:
    if code is None:
        return list(by.org_ids) if by else [None]
    if by is None:
        found = session.scalar(select(OrgUnit.id).where(OrgUnit.code == code))
    else:
        row = org_by_code(session, code, by, on)
        found = row.id if row else None
    if found is None:
        raise InvalidInput.field("org", "unknown", lazy("没有这个代码的组织。"))
    return [found]


def check_new_password(password: str, username: str, field: str) -> None:
    """Raises InvalidInput naming `field` and what would do."""
    fault = password_fault(password, username)
    if fault is not None:
        raise InvalidInput.field(field, fault.value, _FAULT_WORDS[fault])
