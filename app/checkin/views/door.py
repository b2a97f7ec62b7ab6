"""The staff's scanner at the door: members' cards by camera, by photo, by hand scanner or typed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for

from app.attendance.queries.session import session_counts
from app.attendance.rules import RefusalCode
from app.checkin.queries.lookup import session_info
from app.checkin.services.card_scan import LONGEST_WAIT, CardRead, CardResult, record_card, sign_out_card
from app.checkin.services.cards import CardStopped
from app.checkin.services.undo import undo_scan
from app.checkin.views import bp
from app.core.access import current_scope, current_staff, permission
from app.core.clock import utc_now
from app.core.crypto import new_token
from app.core.db import db
from app.core.errors import AppError, NotFound, wants_json
from app.core.i18n import gettext as _
from app.core.i18n import time_text
from app.core.office import session_rules
from app.core.vocabulary import Status
from app.trainings.queries.sessions import scoped_session

_NONCE_LENGTH = 64
_CARD_LENGTH = 200


@bp.get("/sessions/<int:session_id>/scan")
@permission("attendance.write")
def scanner(session_id: int) -> str:
    """The scanner page of one session."""
    row = scoped_session(db.session(), session_id, current_scope(), utc_now())
    counts = session_counts(db.session(), [row.id])[row.id]
    return render_template(
        "checkin/scanner.html",
        info=session_info(db.session(), row.id),
        counts=counts,
        asks_sign_out=row.asks_sign_out,
        nonce=new_token(16),
        user_id=current_staff().id,
        time_zone=str(session_rules()["tz"]),
    )


@bp.post("/sessions/<int:session_id>/scan")
@permission("attendance.write")
def scan_card(session_id: int) -> Any:
    """Record the card that was read. JSON for the camera, a flash and back for a plain form."""
    now, scope = utc_now(), current_scope()
    read, leaving = _card_read(session_id, now), request.form.get("do") == "leave"
    try:
        if leaving:
            result = sign_out_card(read, scope, now, tz=session_rules()["tz"])
        else:
            result = record_card(read, scope, now, **session_rules())
    except AppError as refused:
        if refused.code == RefusalCode.OUT_OF_SCOPE:
            # A word for the API; a page of ours is not found.
            raise NotFound() from refused
        if wants_json():
            return _refused(refused)
        flash(refused.words, "error")
        return redirect(url_for("checkin.scanner", session_id=session_id))
    if wants_json():
        return _answer(session_id, result, leaving)
    flash(f"{result.name} · {_outcome(result, leaving)[1]}", "success")
    return redirect(url_for("checkin.scanner", session_id=session_id))


def _card_read(session_id: int, now: datetime) -> CardRead:
    """`age`: milliseconds since the card was read, by the one clock that the page has; it may be wrong."""
    age = request.form.get("age", "")
    waited = timedelta(milliseconds=int(age)) if age.isascii() and age.isdigit() and len(age) < 12 else None
    read_at = now - min(waited, LONGEST_WAIT) if waited else None
    nonce = request.form.get("nonce", "")[:_NONCE_LENGTH] or None
    return CardRead(session_id, request.form.get("card", "")[:_CARD_LENGTH], nonce, read_at)


def _outcome(result: CardResult, leaving: bool) -> tuple[str, str]:
    """The kind that the page colours, beeps and lists by, and words for a person."""
    if result.for_review:
        return "review", _("签到已结束,已交给复核")
    if leaving:
        early = result.status is Status.LEFT_EARLY
        return "done", _("已签退,早退") if early else _("已签退")
    if not result.created and not result.repeated:
        return "again", _("之前已签到(%(time)s)", time=time_text(result.at))
    return "done", _("已签到,迟到") if result.status is Status.LATE else _("已签到")


def _answer(session_id: int, result: CardResult, leaving: bool) -> Response:
    counts = session_counts(db.session(), [session_id])[session_id]
    kind, words = _outcome(result, leaving)
    return jsonify(
        {
            "kind": kind,
            "name": result.name,
            "message": words,
            # Of this scan; when the member was recorded before stands in the words.
            "time": None if kind == "again" else time_text(result.at),
            "undo": result.undo,
            "attended": counts.attended,
            "expected": counts.expected,
        }
    )


def _refused(refused: AppError) -> tuple[Response, int]:
    """The reason as a page of ours shows it, with the name where the card was good once."""
    name = refused.name if isinstance(refused, CardStopped) else ""
    told = {"kind": "refused", "code": refused.code, "name": name, "message": str(refused.title)}
    if refused.detail is not refused.title:
        told["detail"] = str(refused.detail)
    return jsonify(told), refused.status


@bp.post("/sessions/<int:session_id>/scan/undo")
@permission("attendance.write")
def undo(session_id: int) -> Any:
    """Take back a scan made by mistake; the row says again what it said before."""
    try:
        sent = request.form.get("undo", "")
        undo_scan(session_id, sent, current_scope(), utc_now(), tz=session_rules()["tz"])
    except AppError as refused:
        return _refused(refused)
    counts = session_counts(db.session(), [session_id])[session_id]
    told = {"message": _("已撤销"), "attended": counts.attended, "expected": counts.expected}
    return jsonify({"kind": "undone", **told})
