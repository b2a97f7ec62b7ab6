"""Signing in and out, and changing one's own password, under limits that the database keeps."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.accounts.models import StaffLogin, StaffUser
from app.accounts.rules import normal_username
from app.accounts.services.users import check_new_password, end_logins, user_or_404
from app.core import throttle
from app.core.audit import record_act
from app.core.crypto import new_token, token_hash
from app.core.db import writing
from app.core.errors import AppError, InvalidInput, TooManyTries
from app.core.i18n import lazy
from app.core.passwords import hash_password, needs_new_hash, password_fits

LOGIN_LASTS = timedelta(hours=12)
WINDOW = timedelta(minutes=15)
TRIES_PER_ACCOUNT = 8
TRIES_PER_ADDRESS = 40
_SLOW_DOWN = lazy("为了保护账号,暂时不能再试。请过15分钟再登录,或请管理员帮您重设密码。")


class SignInRefused(AppError):
    """Unknown user, wrong password or switched-off account: never told apart."""

    status = 401
    code = "sign_in_refused"
    title = lazy("用户名或密码不对,请再试一次。")


def sign_in(username: str, password: str, address: str, now: datetime) -> str:
    """Check a password and open a sign-in; returns its token, which only the browser keeps.

    Raises SignInRefused, or TooManyTries after 8 failures of one account or 40 from one address
    within 15 minutes.
    """
    name, place = normal_username(username), throttle.address_subject(address)
    user_id, stored = _count_try_and_look_up(name, place, now)
    if not password_fits(stored, password):
        raise SignInRefused()
    rehashed = hash_password(password) if stored and needs_new_hash(stored) else None
    token = new_token()
    with writing() as session:
        user = session.get(StaffUser, user_id)
        # Switched off, or given another password, while we were hashing.
        if user is None or not user.is_active or user.password_hash != stored:
            raise SignInRefused()
        user.password_hash = rehashed or user.password_hash
        # Address first, as when counting: two sign-ins of one account must not wait for each other in a ring.
        throttle.give_back(session, "sign_in_address", place)
        throttle.forget(session, "sign_in_account", name)
        session.execute(delete(StaffLogin).where(StaffLogin.user_id == user.id, StaffLogin.expires_at <= now))
        session.add(
            StaffLogin(
                user_id=user.id,
                token_hash=token_hash(token),
                created_at=now,
                expires_at=now + LOGIN_LASTS,
            )
        )
        record_act(session, "user.sign_in", f"user:{user.id}", user.id, now)
    return token


def sign_out(token: str) -> None:
    """End the sign-in of one browser; the cookie is worth nothing afterwards."""
    with writing() as session:
        session.execute(delete(StaffLogin).where(StaffLogin.token_hash == token_hash(token)))


def sign_out_everywhere(user_id: int, now: datetime, keep_token: str | None = None) -> int:
    """End all sign-ins of a user but the one of `keep_token`; returns how many ended."""
    with writing() as session:
        ended = end_logins(session, user_id, keep_token)
        record_act(session, "user.sign_out_everywhere", f"user:{user_id}", user_id, now, ended=ended)
    return ended


def change_password(
    user_id: int, current: str, password: str, now: datetime, keep_token: str | None = None
) -> None:
    """Replace one's own password and end every other sign-in.

    Raises InvalidInput naming `current` or `password`, TooManyTries after 8 wrong ones in 15 minutes.
    """
    with writing() as session:
        allowed = _allow(session, "password_change", str(user_id), now, TRIES_PER_ACCOUNT)
        user = user_or_404(session, user_id)
        stored, username = user.password_hash, user.username
    if not allowed:
        raise TooManyTries(_SLOW_DOWN)
    if not password_fits(stored, current):
        raise InvalidInput.field("current", "wrong", lazy("现在的密码不对,请再输一次。"))
    check_new_password(password, username, "password")
    hashed = hash_password(password)
    with writing() as session:
        user_or_404(session, user_id).password_hash = hashed
        throttle.forget(session, "password_change", str(user_id))
        end_logins(session, user_id, keep_token)
        record_act(session, "user.password", f"user:{user_id}", user_id, now)


def _count_try_and_look_up(name: str, place: str, now: datetime) -> tuple[int | None, str | None]:
    """Count the try, come what may; then (id, stored hash) of an active user, or (None, None)."""
    # A transaction of its own that ends before anything is refused: a refused try still counts.
    with writing() as session:
        allowed = [
            _allow(session, "sign_in_address", place, now, TRIES_PER_ADDRESS),
            _allow(session, "sign_in_account", name, now, TRIES_PER_ACCOUNT),
        ]
        user = session.scalar(select(StaffUser).where(StaffUser.username == name, StaffUser.is_active))
        found = (user.id, user.password_hash) if user else (None, None)
    if not all(allowed):
        raise TooManyTries(_SLOW_DOWN)
    return found


def _allow(session: Session, kind: str, subject: str, now: datetime, limit: int) -> bool:
    return throttle.allow(session, kind, subject, now, limit=limit, window=WINDOW)
