"""Shows a session's present code, and reads the one somebody presents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.attendance.errors import CheckInRefused
from app.attendance.rules import RefusalCode, refusal
from app.checkin import rules
from app.checkin.queries.lookup import code_session, open_sessions_for
from app.checkin.services.printed import is_on_paper, read_printed_code
from app.checkin.services.reading import ReadCode
from app.core.access import Scope
from app.core.clock import office_date
from app.core.db import db, writing
from app.core.throttle import check_and_count, give_back
from app.core.vocabulary import Method, SessionState, Status
from app.trainings.queries.sessions import scoped_session

# Six digits and a handful of sessions: ten tries in ten minutes leave a guess one in ten thousand.
SHORT_CODE_TRIES = 10
SHORT_CODE_WINDOW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class CurrentCode:
    """The code on the projector now; `expires_at` is when the next one replaces it."""

    url: str
    short_code: str
    step: int
    expires_at: datetime
    period_seconds: int


def current_code(
    session_id: int, scope: Scope, now: datetime, *, base_url: str, step_seconds: int, steps_ahead: int = 0
) -> CurrentCode:
    """The code for the present step. Raises NotFound, and CheckInRefused unless the session is open.

    steps_ahead: of a later step, for a screen that must have it in time; it does not pass before then.
    """
    row = scoped_session(db.session(), session_id, scope, now)
    refused = refusal(row.state, Method.MEMBER_SCAN, Status.PRESENT)
    if refused is not None:
        raise CheckInRefused(refused)
    step = rules.step_of(now, step_seconds) + steps_ahead
    return CurrentCode(
        f"{base_url}/c/{rules.long_code(row.code_secret, row.id, step)}",
        rules.short_code(row.code_secret, row.id, step),
        step,
        rules.step_ends_at(step, step_seconds),
        step_seconds,
    )


def read_long_code(text: str, now: datetime, *, step_seconds: int) -> ReadCode:
    """The session of a scanned code. Raises CheckInRefused.

    A closed session says so even when its code is old: that is what the person needs to know.
    """
    code = rules.parse_long_code(text)
    found = code_session(db.session(), code.session_id) if code else None
    if code is None or found is None:
        raise CheckInRefused(RefusalCode.CODE_UNKNOWN)
    require_good(code, found.secret, found.state, now, step_seconds)
    return ReadCode(found.id, Method.MEMBER_SCAN)


def require_good(
    code: rules.LongCode, secret: bytes, state: SessionState, now: datetime, step_seconds: int
) -> None:
    """Refuse a code that its session has not shown, or not lately. Raises CheckInRefused."""
    verdict = rules.judge(code, secret, now, step_seconds)
    if verdict is rules.Verdict.FORGED:
        raise CheckInRefused(RefusalCode.CODE_UNKNOWN)
    refused = refusal(state, Method.MEMBER_SCAN, Status.PRESENT)
    if refused is not None:
        raise CheckInRefused(refused)
    if verdict is rules.Verdict.EXPIRED:
        raise CheckInRefused(RefusalCode.CODE_EXPIRED)


def read_short_code(text: str, member_id: int, now: datetime, *, step_seconds: int) -> ReadCode:
    """The session whose six digits a member typed. Raises CheckInRefused, TooManyTries."""
    digits = rules.parse_short_code(text)
    with writing() as session:
        check_and_count(
            session, "short_code", str(member_id), now, limit=SHORT_CODE_TRIES, window=SHORT_CODE_WINDOW
        )
    candidates = open_sessions_for(db.session(), member_id, office_date(now))
    matching = [
        found.id
        for found in candidates
        if digits and rules.matches_short(digits, found.secret, found.id, now, step_seconds)
    ]
    was_good = matching or any(
        digits and rules.matched_lately(digits, found.secret, found.id, now, step_seconds)
        for found in candidates
    )
    if was_good:
        # Whoever reads the screen slowly does not guess: that try is not held against them.
        with writing() as session:
            give_back(session, "short_code", str(member_id))
    # Two sessions with the same digits: rather ask for another try than record in the wrong one.
    if len(matching) != 1:
        raise CheckInRefused(RefusalCode.CODE_EXPIRED if was_good else RefusalCode.CODE_UNKNOWN)
    return ReadCode(matching[0], Method.SHORT_CODE)


def read_code(text: str, member_id: int, now: datetime, *, step_seconds: int) -> ReadCode:
    """The session of a code in any form: address, its last part, or six digits; on a screen or on paper."""
    if rules.parse_short_code(text) is not None:
        return read_short_code(text, member_id, now, step_seconds=step_seconds)
    if is_on_paper(text):
        return read_printed_code(text, now)
    return read_long_code(text, now, step_seconds=step_seconds)
