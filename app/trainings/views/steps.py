"""The steps of a session's life by button: publish, open, close, cancel, reopen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import current_app, flash, redirect, request, url_for

from app.core.access import current_scope, permission
from app.core.clock import office_tz, utc_now
from app.core.errors import WrongState
from app.core.i18n import gettext as _
from app.core.office import session_rules
from app.trainings.rules import Step
from app.trainings.services.lifecycle import publish_session, take_step
from app.trainings.views import bp


@bp.post("/sessions/<int:session_id>/publish")
@permission("sessions.write")
def publish(session_id: int) -> Any:
    """Make a draft known and fix who is expected."""
    try:
        publish_session(session_id, current_scope(), utc_now(), **session_rules())
    except WrongState as wrong:
        return _kindly(session_id, wrong)
    flash(_("已发布,应到名单已确定。"), "success")
    return _to_page(session_id)


@bp.post("/sessions/<int:session_id>/open")
@permission("sessions.write")
def open_check_in(session_id: int) -> Any:
    """Begin check-in now; `then=code` leads on to the code for the hall."""
    lands = _to_code if request.form.get("then") == "code" else _to_page
    return _take(session_id, Step.OPEN, _("已开始签到。"), lands)


@bp.post("/sessions/<int:session_id>/close")
@permission("sessions.write")
def close(session_id: int) -> Any:
    """End check-in; what was recorded counts from now on."""
    return _take(session_id, Step.CLOSE, _("签到已结束。纸质签到和补登仍可在下面登记。"))


@bp.post("/sessions/<int:session_id>/cancel")
@permission("sessions.write")
def cancel(session_id: int) -> Any:
    """Call the session off."""
    return _take(session_id, Step.CANCEL, _("已取消这一场。"))


@bp.post("/sessions/<int:session_id>/reopen")
@permission("sessions.write")
def reopen(session_id: int) -> Any:
    """Begin check-in again after it was closed."""
    return _take(session_id, Step.REOPEN, _("已重新开放签到。"))


def _take(session_id: int, step: Step, done: str, lands: Callable[[int], Any] | None = None) -> Any:
    try:
        take_step(session_id, step, current_scope(), utc_now(), tz=office_tz())
    except WrongState as wrong:
        return _kindly(session_id, wrong)
    flash(done, "success")
    return (lands or _to_page)(session_id)


def _kindly(session_id: int, wrong: WrongState) -> Any:
    """Somebody was quicker, or the page was old: say how things stand and show them."""
    flash(wrong.detail, "warning")
    return _to_page(session_id)


def _to_page(session_id: int) -> Any:
    return redirect(url_for("trainings.show", session_id=session_id))


def _to_code(session_id: int) -> Any:
    if "checkin.projector" in current_app.view_functions:
        return redirect(url_for("checkin.projector", session_id=session_id))
    return _to_page(session_id)
