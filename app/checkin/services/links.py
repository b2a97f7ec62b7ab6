"""Makes, reads and stops personal links: one tap for who watches a session from home."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from app.attendance.errors import CheckInRefused
from app.attendance.rules import refusal
from app.checkin.queries.links import Invited, invited, invited_count, link_session
from app.checkin.rules_links import is_genuine, link_key, link_text, parse_link
from app.core.access import Scope
from app.core.audit import record_act
from app.core.crypto import purpose_key
from app.core.db import db, writing
from app.core.errors import AppError, WrongState
from app.core.i18n import lazy
from app.core.vocabulary import Method, SessionState, Status
from app.trainings.models import TrainingSession
from app.trainings.queries.sessions import scoped_session

# Links are sent before a session begins, and are of no use after it.
_SENDABLE = (SessionState.PUBLISHED, SessionState.OPEN)


class LinkRefused(AppError):
    """A personal link that leads nowhere: forged, stopped, or of somebody who is no member any more."""

    status = 404
    code = "code_unknown"
    title = lazy("这个链接已经不能用了")

    def __init__(self) -> None:
        super().__init__(lazy("请向发给您链接的人要一个新的,或请党支部为您登记。"))


@dataclass(frozen=True, slots=True)
class LinkHolder:
    """Whose link it is, and to which session; `has_begun`: it can be used now."""

    session_id: int
    member_id: int
    name: str
    has_begun: bool


@dataclass(frozen=True, slots=True)
class MemberLink:
    """One member's link to a session."""

    member: Invited
    url: str


def personal_link(secret: bytes, session_id: int, member_id: int) -> str:
    """The last part of the address."""
    return link_text(_key(secret), session_id, member_id)


def read_link(text: str) -> LinkHolder:
    """The member of a link. Raises LinkRefused, and CheckInRefused (closed, cancelled)."""
    link = parse_link(text)
    found = link_session(db.session(), link.session_id, link.member_id) if link else None
    if link is None or found is None or not is_genuine(link, _key(found.secret)) or found.name is None:
        raise LinkRefused()
    has_begun = found.state is not SessionState.PUBLISHED
    refused = refusal(found.state, Method.PERSONAL_LINK, Status.PRESENT) if has_begun else None
    if refused is not None:
        raise CheckInRefused(refused)
    return LinkHolder(link.session_id, link.member_id, found.name, has_begun)


def links_of(
    session_id: int, scope: Scope, now: datetime, *, base_url: str, limit: int | None, offset: int = 0
) -> tuple[list[MemberLink], int]:
    """Links of a part of the expected list, and how many there are in all; that they were shown is logged.

    Raises NotFound, and WrongState for a session that is not yet published, or over.
    """
    with writing() as session:
        row = scoped_session(session, session_id, scope, now)
        _require_sendable(row)
        key = _key(row.code_secret)
        found = [
            MemberLink(each, f"{base_url}/j/{link_text(key, row.id, each.member_id)}")
            for each in invited(session, row.id, limit=limit, offset=offset)
        ]
        record_act(session, "links.show", f"session:{row.id}", scope.user_id, now, count=len(found))
        return found, invited_count(session, row.id)


def stop_links(session_id: int, scope: Scope, now: datetime) -> None:
    """A new secret for the session: every link and printed code of before stops, and the screen goes on.

    Raises NotFound, and WrongState for a session that is not yet published, or over.
    """
    with writing() as session:
        row = scoped_session(session, session_id, scope, now, lock=True)
        _require_sendable(row)
        row.code_secret = secrets.token_bytes(32)
        record_act(session, "links.stop", f"session:{row.id}", scope.user_id, now)


def _require_sendable(row: TrainingSession) -> None:
    if row.state not in _SENDABLE:
        raise WrongState(lazy("发布以后、结束以前才有本人链接。"))


def _key(secret: bytes) -> bytes:
    return link_key(purpose_key("personal_link"), secret)
