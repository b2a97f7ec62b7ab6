"""Corrections of a locked session: a form with a reason, since the row itself stays as it is."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from app.attendance.errors import CheckInRefused
from app.attendance.lock_forms import AdjustForm
from app.attendance.queries.adjustments import waiting_at
from app.attendance.queries.recordable import recordable_name
from app.attendance.queries.session import roster_row
from app.attendance.reasons import reason_words
from app.attendance.services.adjust import withdraw
from app.attendance.services.correct import set_status, staff_sighting, take_back
from app.attendance.views import bp
from app.attendance.views.session_page import is_locked, roster_context
from app.core.access import current_scope, permission, safe_next
from app.core.clock import utc_now
from app.core.db import db
from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.core.office import session_rules
from app.trainings.queries.page import SessionFacts, session_facts


@bp.get("/sessions/<int:session_id>/roster/<int:member_id>/adjust")
@permission("attendance.write")
def adjust(session_id: int, member_id: int) -> Any:
    """What the row says, what waits, and the form."""
    facts = _facts(session_id)
    if not is_locked(facts):
        # Unlocked meanwhile: the roster has its buttons again.
        return redirect(_back(session_id, member_id))
    row = roster_row(db.session(), session_id, member_id)
    waiting = waiting_at(db.session(), session_id, [member_id]).get(member_id)
    told = waiting.status_after if waiting else row.status if row else None
    excuse = waiting.excuse_reason if waiting else row.excuse_reason if row else None
    reason = waiting.reason if waiting and reason_words(waiting.reason) == waiting.reason else ""
    return _page(facts, member_id, AdjustForm.of(told, excuse, reason))


@bp.post("/sessions/<int:session_id>/roster/<int:member_id>/adjust")
@permission("attendance.write")
def save_adjustment(session_id: int, member_id: int) -> Any:
    """Note the correction; should the period have been unlocked meanwhile, it is an ordinary one."""
    facts, form = _facts(session_id), AdjustForm(request.form)
    name = recordable_name(db.session(), session_id, member_id, current_scope(), utc_now())
    if name is None:
        raise NotFound()
    if not form.validate():
        return _page(facts, member_id, form), 422
    tick, now, scope = form.tick(), utc_now(), current_scope()
    try:
        if tick.status is None:
            take_back(session_id, member_id, form.reason.data, scope, now)
        else:
            sighting = staff_sighting(session_id, member_id, tick.status, tick.excuse, scope.user_id, now)
            set_status(sighting, form.reason.data, scope, now, **session_rules())
    except CheckInRefused as refused:
        form.form_errors.append(refused.words)
        return _page(facts, member_id, form), 422
    waits = waiting_at(db.session(), session_id, [member_id])
    flash(_("已保存为锁定后调整。数字不变,报表下单独列出。") if waits else _("已保存。"), "success")
    return redirect(_back(session_id, member_id))


@bp.post("/sessions/<int:session_id>/roster/<int:member_id>/adjust/withdraw")
@permission("attendance.write")
def withdraw_adjustment(session_id: int, member_id: int) -> Any:
    """What waits is not to be said after all; the list of corrections keeps it."""
    withdraw(session_id, member_id, current_scope(), utc_now())
    flash(_("已撤回这条调整。"), "success")
    return redirect(_back(session_id, member_id))


def _facts(session_id: int) -> SessionFacts:
    return session_facts(db.session(), session_id, current_scope(), utc_now())


def _page(facts: SessionFacts, member_id: int, form: AdjustForm) -> str:
    session, now = db.session(), utc_now()
    name = recordable_name(session, facts.id, member_id, current_scope(), now)
    if name is None:
        raise NotFound()
    row = roster_row(session, facts.id, member_id)
    return render_template(
        "attendance/adjust.html",
        facts=facts,
        name=name,
        row=row,
        member_id=member_id,
        form=form,
        told=waiting_at(session, facts.id, [member_id]).get(member_id),
        back=_back(facts.id, member_id),
        **roster_context(facts, [row] if row else [], True),
    )


def _back(session_id: int, member_id: int) -> str:
    target = safe_next(request.values.get("next"), url_for("trainings.show", session_id=session_id))
    return f"{target}#m{member_id}"
