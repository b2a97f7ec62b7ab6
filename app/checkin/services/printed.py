"""Codes on paper, for a place without a screen: makes, withdraws and reads them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.attendance.errors import CheckInRefused
from app.attendance.rules import RefusalCode, refusal
from app.checkin import rules
from app.checkin.queries.lookup import printed_session
from app.checkin.services.reading import ReadCode
from app.core.access import Scope
from app.core.audit import latest_act, record_act
from app.core.db import db, writing
from app.core.errors import NotFound, WrongState
from app.core.i18n import lazy, moment_text
from app.core.vocabulary import Method, SessionState, Status
from app.trainings.models import TrainingSession
from app.trainings.queries.sessions import scoped_session

_MADE = "session.print_code"
_OVER = (SessionState.CLOSED, SessionState.CANCELLED)
_REPLACED = lazy("这张签到码已换新或已停用。请扫现场新张贴的码,或请工作人员登记。")


def renew_printed_code(session_id: int, scope: Scope, now: datetime) -> int:
    """Make a code for paper; what was printed before is good no more. Returns the number of the printing.

    Raises NotFound, and WrongState for a session that is over.
    """
    with writing() as session:
        row = scoped_session(session, session_id, scope, now, lock=True)
        if row.state in _OVER:
            raise WrongState(lazy("这一场已经结束或取消,不再需要张贴码。"))
        # Numbers are never used twice: paper that was withdrawn must not come back to life.
        row.printed_code_version = version = _last_printing(session, row) + 1
        record_act(session, _MADE, f"session:{row.id}", scope.user_id, now, printing=version)
        return version


def withdraw_printed_code(session_id: int, scope: Scope, now: datetime) -> bool:
    """No code on paper is good any more; False when none was. Raises NotFound."""
    with writing() as session:
        row = scoped_session(session, session_id, scope, now, lock=True)
        if row.printed_code_version is None:
            return False
        row.printed_code_version = None
        record_act(session, "session.withdraw_code", f"session:{row.id}", scope.user_id, now)
        return True


def printed_address(session_id: int, scope: Scope, now: datetime, *, base_url: str) -> str:
    """What the QR code on paper holds. Raises NotFound where none is valid."""
    row = scoped_session(db.session(), session_id, scope, now)
    if row.printed_code_version is None:
        raise NotFound()
    return f"{base_url}/p/{rules.printed_code(row.code_secret, row.id, row.printed_code_version)}"


def is_on_paper(text: str) -> bool:
    """Whether somebody presents a code from paper; a last part alone is told by whose seal it bears."""
    if "/p/" in text or "/c/" in text:
        return "/p/" in text
    code = rules.parse_long_code(text)
    found = printed_session(db.session(), code.session_id) if code else None
    return code is not None and found is not None and rules.is_printed(code, found.secret)


def read_printed_code(text: str, now: datetime) -> ReadCode:
    """The session of a code on paper. Raises CheckInRefused.

    Passes only while the session is open and within its window: paper stays on the wall.
    """
    code = rules.parse_long_code(text)
    found = printed_session(db.session(), code.session_id) if code else None
    if code is None or found is None:
        raise CheckInRefused(RefusalCode.CODE_UNKNOWN)
    window = (found.opens_at, found.closes_at)
    verdict = rules.judge_printed(code, found.secret, found.version, window, now)
    if verdict is rules.Verdict.FORGED:
        raise CheckInRefused(RefusalCode.CODE_UNKNOWN)
    refused = refusal(found.state, Method.PRINTED_CODE, Status.PRESENT)
    if refused is not None:
        raise CheckInRefused(refused)
    if verdict is rules.Verdict.REPLACED:
        raise CheckInRefused(RefusalCode.CODE_EXPIRED, _REPLACED)
    if verdict is rules.Verdict.EXPIRED:
        raise _out_of_time(window, now)
    return ReadCode(found.id, Method.PRINTED_CODE)


def _out_of_time(window: tuple[datetime, datetime], now: datetime) -> CheckInRefused:
    since, until = (moment_text(moment) for moment in window)
    if now < window[0]:
        words = lazy("张贴的签到码从 %(since)s 起有效,请到时再扫一次。", since=since)
        return CheckInRefused(RefusalCode.NOT_OPEN, words)
    words = lazy(
        "张贴的签到码只在 %(since)s 至 %(until)s 有效。如果您在场,请找工作人员登记。",
        since=since,
        until=until,
    )
    return CheckInRefused(RefusalCode.CODE_EXPIRED, words)


def _last_printing(session: Session, row: TrainingSession) -> int:
    """Also of what was withdrawn."""
    if row.printed_code_version is not None:
        return row.printed_code_version
    number = latest_act(session, f"session:{row.id}", [_MADE]).get("printing", 0)
    return int(number)
