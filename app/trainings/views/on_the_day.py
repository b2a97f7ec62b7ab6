"""The page of what is noted once a session has begun: people counted in the room, minutes delivered."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from app.core.access import current_scope, permission
from app.core.clock import office_tz, utc_now
from app.core.db import db
from app.core.errors import InvalidInput, WrongState
from app.core.i18n import gettext as _
from app.trainings.day_forms import DeliveredForm, HeadCountForm
from app.trainings.queries.page import SessionFacts, session_facts, whole_credit
from app.trainings.services.on_the_day import BEGUN, HeadCount, set_delivered, set_head_count
from app.trainings.views import bp


@bp.get("/sessions/<int:session_id>/on-the-day")
@permission("attendance.write")
def on_the_day(session_id: int) -> Any:
    """Both forms as they stand; before check-in has opened there is nothing to note."""
    facts = session_facts(db.session(), session_id, current_scope(), utc_now())
    if facts.state not in BEGUN:
        flash(_("签到开始以后才能填写。"), "warning")
        return redirect(url_for("trainings.show", session_id=session_id))
    return _page(facts)


@bp.post("/sessions/<int:session_id>/head-count")
@permission("attendance.write")
def head_count(session_id: int) -> Any:
    """Note how many were counted; blank takes the count back."""
    now, scope = utc_now(), current_scope()
    facts = session_facts(db.session(), session_id, scope, now)
    form = HeadCountForm(request.form)
    if not form.validate():
        return _page(facts, counting=form)
    try:
        counted = set_head_count(
            session_id, HeadCount(form.head_count.data, form.guest_count.data), scope, now
        )
    except InvalidInput as wrong:
        form.add_errors(wrong.errors)
        return _page(facts, counting=form)
    except WrongState as wrong:
        return _kindly(session_id, wrong)
    words = _("已保存清点人数。") if counted.head_count is not None else _("已去掉清点人数。")
    flash(words, "success")
    return redirect(url_for("trainings.show", session_id=session_id))


@bp.post("/sessions/<int:session_id>/delivered")
@permission("attendance.write")
def delivered(session_id: int) -> Any:
    """Note how many minutes were delivered; blank is all of them."""
    now, scope = utc_now(), current_scope()
    facts = session_facts(db.session(), session_id, scope, now)
    form = DeliveredForm(request.form)
    if not form.validate():
        return _page(facts, delivering=form)
    try:
        done = set_delivered(session_id, form.minutes.data, scope, now, tz=office_tz())
    except InvalidInput as wrong:
        form.add_errors(wrong.errors)
        return _page(facts, delivering=form)
    except WrongState as wrong:
        return _kindly(session_id, wrong)
    if done.effective_minutes is None:
        flash(_("按全程计 %(n)s 分钟。", n=done.credited_minutes), "success")
    else:
        words = _(
            "实际讲了 %(n)s 分钟,按比例计 %(credit)s 分钟。",
            n=done.effective_minutes,
            credit=done.credited_minutes,
        )
        flash(words, "success")
    return redirect(url_for("trainings.show", session_id=session_id))


def _page(
    facts: SessionFacts, counting: HeadCountForm | None = None, delivering: DeliveredForm | None = None
) -> Any:
    page = render_template(
        "trainings/on_the_day.html",
        facts=facts,
        counting=counting
        or HeadCountForm(data={"head_count": facts.head_count, "guest_count": facts.guest_count}),
        delivering=delivering or DeliveredForm(data={"minutes": facts.effective_minutes}),
        whole=whole_credit(facts, office_tz()),
    )
    return page, 422 if counting or delivering else 200


def _kindly(session_id: int, wrong: WrongState) -> Any:
    flash(wrong.detail, "warning")
    return redirect(url_for("trainings.show", session_id=session_id))
