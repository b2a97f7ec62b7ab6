"""API tokens: made once, shown once, revoked for good."""

from __future__ import annotations

from datetime import datetime

from app.accounts.models import ApiToken
from app.accounts.services.users import user_or_404
from app.core.audit import record_act
from app.core.crypto import new_token, token_hash
from app.core.db import writing
from app.core.errors import NotFound, WrongState
from app.core.i18n import lazy


def create_token(user_id: int, label: str, actor_id: int | None, now: datetime) -> str:
    """Make an API token that acts as the user; it is returned once and cannot be read again."""
    token = new_token()
    with writing() as session:
        if not user_or_404(session, user_id).is_active:
            raise WrongState(lazy("这个账号已停用,请先启用。"))
        row = ApiToken(
            user_id=user_id, token_hash=token_hash(token), label=label.strip()[:80], created_at=now
        )
        session.add(row)
        session.flush()
        record_act(session, "token.create", f"token:{row.id}", actor_id, now, user=user_id)
    return token


def revoke_token(token_id: int, user_id: int, now: datetime) -> None:
    """Revoke one of the user's own tokens; a second time changes nothing. Raises NotFound for others'."""
    with writing() as session:
        row = session.get(ApiToken, token_id)
        if row is None or row.user_id != user_id:
            raise NotFound()
        if row.revoked_at is None:
            row.revoked_at = now
            record_act(session, "token.revoke", f"token:{token_id}", user_id, now)
