"""Sets up and ends kiosks: a browser at the door that may record at one session and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.checkin.errors import KioskOver
from app.checkin.models import Kiosk
from app.checkin.queries.kiosk import kiosk_by_token
from app.core.access import Scope, staff_by_id
from app.core.audit import record_act
from app.core.crypto import new_token, token_hash
from app.core.db import db, writing
from app.core.errors import NotFound, WrongState
from app.core.i18n import lazy
from app.core.vocabulary import SessionState
from app.trainings.models import TrainingSession
from app.trainings.queries.sessions import scoped_session

# Sessions overrun, and one may be opened again.
AFTER_CLOSING = timedelta(hours=2)
PERMISSION = "attendance.write"


@dataclass(frozen=True, slots=True)
class NewKiosk:
    """A kiosk with its token, which is shown this once."""

    id: int
    token: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OpenKiosk:
    """A kiosk that works now. `scope`: what whoever set it up may record today."""

    id: int
    row: TrainingSession
    scope: Scope

    @property
    def device(self) -> str:
        """The id under which the ledger keeps what it records."""
        return f"kiosk:{self.id}"


def start_kiosk(session_id: int, scope: Scope, now: datetime) -> NewKiosk:
    """A kiosk of the session on behalf of the scope's user. Raises NotFound, WrongState."""
    if scope.user_id is None:
        raise ValueError("a kiosk acts for somebody")
    token = new_token()
    with writing() as session:
        row = scoped_session(session, session_id, scope, now)
        if row.state not in (SessionState.PUBLISHED, SessionState.OPEN):
            raise WrongState(lazy("只有已发布或正在签到的场次可以设签到台。"))
        kiosk = Kiosk(
            session_id=row.id,
            token_hash=token_hash(token),
            created_by_id=scope.user_id,
            created_at=now,
            expires_at=max(row.closes_at, row.ends_at, now) + AFTER_CLOSING,
        )
        session.add(kiosk)
        session.flush()
        record_act(session, "kiosk.start", f"session:{row.id}", scope.user_id, now, kiosk=kiosk.id)
        return NewKiosk(kiosk.id, token, now, kiosk.expires_at)


def open_kiosk(token: str, now: datetime) -> OpenKiosk:
    """The kiosk of this browser. Raises KioskOver.

    Asked anew at every request: a kiosk ends with the role, or the account, of whoever set it up.
    """
    session = db.session()
    found = kiosk_by_token(session, token_hash(token), now) if token else None
    staff = staff_by_id(found.created_by_id) if found is not None else None
    scope = staff.scope_if_held(PERMISSION) if staff is not None else None
    if found is None or scope is None:
        raise KioskOver()
    try:
        return OpenKiosk(found.id, scoped_session(session, found.session_id, scope, now), scope)
    except NotFound as gone:
        raise KioskOver() from gone


def stop_kiosk(session_id: int, kiosk_id: int, scope: Scope, now: datetime) -> bool:
    """End a kiosk of the session from afar; False when it had been ended. Raises NotFound."""
    with writing() as session:
        row = scoped_session(session, session_id, scope, now)
        kiosk = session.get(Kiosk, kiosk_id)
        if kiosk is None or kiosk.session_id != row.id:
            raise NotFound()
        return _end(session, kiosk, scope.user_id, now)


def end_kiosk(token: str, now: datetime) -> None:
    """The device itself stops being a kiosk; again does no harm."""
    with writing() as session:
        found = kiosk_by_token(session, token_hash(token), now)
        kiosk = session.get(Kiosk, found.id) if found is not None else None
        if kiosk is not None:
            _end(session, kiosk, None, now)


def _end(session: Session, kiosk: Kiosk, user_id: int | None, now: datetime) -> bool:
    if kiosk.revoked_at is not None:
        return False
    kiosk.revoked_at = now
    record_act(session, "kiosk.end", f"session:{kiosk.session_id}", user_id, now, kiosk=kiosk.id)
    return True
