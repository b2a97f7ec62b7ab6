"""The kiosk at the door: find yourself by name, hold up a card, or scan with your own phone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, flash, jsonify, make_response, redirect, render_template, request, url_for

from app.attendance.errors import CheckInRefused
from app.checkin.browser import keep_kiosk_token, kiosk_token
from app.checkin.errors import KioskOver
from app.checkin.queries.lookup import session_info
from app.checkin.services.cards import is_card_text
from app.checkin.services.codes import CurrentCode, current_code
from app.checkin.services.kiosk_desk import card_at_kiosk, read_pick, record_pick, search_at_kiosk
from app.checkin.services.kiosks import OpenKiosk, end_kiosk, open_kiosk
from app.checkin.views import bp
from app.core.access import PUBLIC, permission
from app.core.clock import utc_now
from app.core.db import db
from app.core.errors import AppError, problem, wants_json
from app.core.i18n import gettext as _
from app.core.office import base_url, code_step_seconds, elderly_age, session_rules
from app.core.qr import qr_svg
from app.core.vocabulary import SessionState, Status


@dataclass(frozen=True, slots=True)
class _Told:
    """Who has checked in, as what and when; created: just now, and not before."""

    name: str
    status: Status
    at: datetime
    created: bool


# Every route here is open to strangers and asks for the kiosk's own cookie first.
_TEXT_LENGTH = 200


@bp.get("/kiosk")
@permission(PUBLIC)
def kiosk() -> Any:
    """The first page, to which the device comes back by itself."""
    return _start(_kiosk())


@bp.get("/kiosk/code.json")
@permission(PUBLIC)
def kiosk_code() -> Response:
    """The present code for those with a phone; what the page asks for again and again."""
    found = _kiosk()
    code = _code(found)
    told = {"state": found.row.state.value, "now": int(utc_now().timestamp() * 1000), "code": None}
    return jsonify({**told, "code": code and _shown(code)})


@bp.post("/kiosk/find")
@permission(PUBLIC)
def kiosk_find() -> Any:
    """A name becomes at most six people; a card, read by camera or hand scanner, is recorded at once."""
    found, text, now = _kiosk(), request.form.get("text", "")[:_TEXT_LENGTH], utc_now()
    try:
        if is_card_text(text):
            result = card_at_kiosk(found, text, now, **session_rules())
            told = _Told(result.name, result.status, result.at, result.created or result.repeated)
            return _done(found, told)
        people = search_at_kiosk(found, text, now, elderly_age=elderly_age())
    except AppError as refused:
        return _start(found, refused)
    return render_template("checkin/kiosk_found.html", found=people, **_frame(found))


@bp.post("/kiosk/confirm")
@permission(PUBLIC)
def kiosk_confirm() -> Any:
    """Asks once whether it is them."""
    found, pick = _kiosk(), request.form.get("pick", "")
    person = read_pick(found, pick, utc_now())
    if person is None:
        return redirect(url_for("checkin.kiosk"))
    return render_template("checkin/kiosk_confirm.html", person=person, pick=pick, **_frame(found))


@bp.post("/kiosk/record")
@permission(PUBLIC)
def kiosk_record() -> Any:
    """It is them: recorded once, however often it is tapped."""
    found, now = _kiosk(), utc_now()
    person = read_pick(found, request.form.get("pick", ""), now)
    if person is None:
        return redirect(url_for("checkin.kiosk"))
    try:
        outcome = record_pick(found, person, now, **session_rules())
    except AppError as refused:
        return _start(found, refused)
    return _done(found, _Told(person.name, outcome.status, outcome.recorded_at, outcome.created))


@bp.get("/kiosk/end")
@permission(PUBLIC)
def kiosk_end() -> str:
    """Asks once: whoever passes by may touch the link."""
    return render_template("checkin/kiosk_end.html", **_frame(_kiosk()))


@bp.post("/kiosk/end")
@permission(PUBLIC)
def kiosk_ended() -> Response:
    """The device is a kiosk no longer, and leads to the sign-in page."""
    if kiosk_token():
        end_kiosk(kiosk_token(), utc_now())
    flash(_("签到台已结束。"), "success")
    return keep_kiosk_token(make_response(redirect(url_for("accounts.sign_in"))), "", 0)


@bp.errorhandler(KioskOver)
def kiosk_over(over: KioskOver) -> Any:
    """A device that is no kiosk any more says so, and where its staff go on."""
    if wants_json():
        return problem(over.status, over.code, over.title, over.detail)
    return render_template("checkin/kiosk_over.html", over=over), over.status


def _kiosk() -> OpenKiosk:
    return open_kiosk(kiosk_token(), utc_now())


def _start(found: OpenKiosk, refused: AppError | None = None) -> Any:
    """The first page; with a refusal, what happened and what to do."""
    code = _code(found)
    is_open = found.row.state is SessionState.OPEN
    page = render_template(
        "checkin/kiosk.html",
        code=code and _shown(code),
        is_open=is_open,
        refused=refused,
        show_code=request.args.get("show") == "code",
        **_frame(found),
    )
    return page, refused.status if refused else 200


def _done(found: OpenKiosk, told: _Told) -> str:
    return render_template(
        "checkin/kiosk_done.html",
        told=told,
        is_late=told.created and told.status is Status.LATE,
        **_frame(found),
    )


def _frame(found: OpenKiosk) -> dict[str, Any]:
    return {"info": session_info(db.session(), found.row.id)}


def _code(found: OpenKiosk) -> CurrentCode | None:
    """None while the session takes no check-in."""
    try:
        return current_code(
            found.row.id, found.scope, utc_now(), base_url=base_url(), step_seconds=code_step_seconds()
        )
    except CheckInRefused:
        return None


def _shown(code: CurrentCode) -> dict[str, Any]:
    return {
        "svg": qr_svg(code.url),
        "short_code": code.short_code,
        "expires_at": int(code.expires_at.timestamp() * 1000),
        "period_seconds": code.period_seconds,
    }
