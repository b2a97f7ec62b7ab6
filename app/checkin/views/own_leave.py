"""A member asks for leave from their own page, in one tap, and takes it back while it waits."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for

from app.attendance.absence_forms import read_reason
from app.attendance.services.leave import ask_leave, withdraw_leave
from app.checkin.views import bp
from app.checkin.views.own import Own, for_own
from app.core.access import MEMBER, permission
from app.core.clock import utc_now
from app.core.errors import AppError, InvalidInput, NotFound
from app.core.i18n import gettext as _
from app.core.numbers import whole
from app.core.vocabulary import LeaveState


@bp.post("/mine/leave")
@permission(MEMBER)
@for_own
def ask_own_leave(own: Own) -> Any:
    """A category, nothing typed; the same tap again is the same request."""
    try:
        state = ask_leave(_session_id(), own.member_id, read_reason(request.form), None, utc_now())
    except InvalidInput as refused:
        flash(refused.errors[0].detail, "warning")
    except NotFound:
        raise
    except AppError as refused:
        flash(refused.words, "warning")
    else:
        asked = _("请假已交给组织,答复后在这一页能看到。")
        flash(_("这一场已经准假。") if state is LeaveState.APPROVED else asked, "success")
    return redirect(url_for("checkin.mine", who=own.who))


@bp.post("/mine/leave/withdraw")
@permission(MEMBER)
@for_own
def withdraw_own_leave(own: Own) -> Any:
    """While nobody has answered."""
    try:
        withdraw_leave(_session_id(), own.member_id, None, utc_now())
    except NotFound:
        raise
    except AppError as refused:
        flash(refused.words, "warning")
    else:
        flash(_("已撤回,欢迎您来参加。"), "success")
    return redirect(url_for("checkin.mine", who=own.who))


def _session_id() -> int:
    found = whole(request.form.get("session"))
    if found is None:
        raise NotFound()
    return found
