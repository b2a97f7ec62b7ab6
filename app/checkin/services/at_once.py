"""A bound phone's check-in in one statement, by what the last one knew of the session.

A hall asks about the same session a thousand times a minute, and nothing of it has changed. So what was read
once is kept, and the INSERT itself makes sure under the session's lock that the row still says the same. If
it does not, or anything else is out of the ordinary, nothing is inserted and the long way decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, exists, select
from sqlalchemy.engine.interfaces import Dialect

from app.attendance.errors import CheckInRefused
from app.attendance.models import Attendance
from app.attendance.services.record import Outcome
from app.attendance.services.record_scan import Scan, insertion, new_row
from app.checkin.models import MemberBinding
from app.checkin.rules import LongCode
from app.checkin.services.codes import require_good
from app.core.db import db
from app.core.quick import Prepared, lane
from app.core.vocabulary import Method
from app.trainings.models import TrainingSession
from app.trainings.queries.copied import SessionCopy, as_it_was, still_says


@dataclass(frozen=True, slots=True)
class KnownSession:
    """A session as a transaction read it a while ago: a hint, never a ground for refusing."""

    secret: bytes
    copied: SessionCopy


# By the session's id; more than are open at a time.
_known: dict[int, KnownSession] = {}
_MOST_KNOWN = 1_000


def keep_in_mind(session_id: int, known: KnownSession) -> None:
    """For the next who come to the same session."""
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    _known[session_id] = known


def record_at_once(
    code: LongCode,
    token_hash: bytes,
    device: str,
    nonce: str | None,
    now: datetime,
    *,
    tz: ZoneInfo,
    elderly_age: int,
    step_seconds: int,
) -> Outcome | None:
    """What was recorded; None: nothing was, and why is for the long way to find out."""
    known = _known.get(code.session_id)
    if known is None or not _is_good(code, known, now, step_seconds):
        return None
    # Whose it is, is for the statement to find.
    scan = Scan(code.session_id, 0, Method.MEMBER_SCAN, device, nonce)
    given, seen = new_row(scan, known.copied, now, tz)
    made = lane().once(
        _at_once(known.copied.office_date, elderly_age, db.engine.dialect),
        code.session_id,
        token_hash=token_hash,
        was_secret=known.secret,
        **as_it_was(known.copied),
        **given,
    )
    return seen.recorded(is_extra=made[0]) if made is not None else None


def _is_good(code: LongCode, known: KnownSession, now: datetime, step_seconds: int) -> bool:
    try:
        require_good(code, known.secret, known.copied.state, now, step_seconds)
    except CheckInRefused:
        return False
    return True


@lru_cache(maxsize=16)
def _at_once(on: date, elderly_age: int, dialect: Dialect) -> Prepared:
    token = bindparam("token_hash", type_=MemberBinding.token_hash.type)
    holder = select(MemberBinding.member_id).where(
        MemberBinding.token_hash == token, MemberBinding.revoked_at.is_(None)
    )
    unchanged = exists().where(
        TrainingSession.id == bindparam("new_session_id", type_=TrainingSession.id.type),
        TrainingSession.code_secret == bindparam("was_secret", type_=TrainingSession.code_secret.type),
        *still_says(),
    )
    statement = insertion(on, elderly_age, dialect, holder.scalar_subquery(), unchanged)
    return Prepared(statement, [Attendance.is_extra], dialect)
