"""Exemptions that wait for a second person: the list, and the two answers."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from app.core.access import current_scope, current_staff, permission, safe_next
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import NotFound, WrongState
from app.core.i18n import gettext as _
from app.core.paging import PAGE_SIZE, Page, page_number
from app.members.change_forms import ApprovalForm
from app.members.queries.exemptions import waiting_exemption_count, waiting_exemptions
from app.members.services import exemptions
from app.members.views.blueprint import bp


@bp.get("/members/approvals")
@permission("members.approve")
def approvals() -> str:
    """What waits in the reader's part of the tree, the longest waiting first."""
    session, scope, on = db.session(), current_scope(), today()
    total = waiting_exemption_count(session, scope, on)
    number = min(page_number(), max(1, -(-total // PAGE_SIZE)))
    rows = waiting_exemptions(session, scope, on, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE)
    return render_template(
        "members/approvals.html", page=Page(rows, number, total), my_id=current_staff().id, on=on
    )


@bp.post("/members/<int:member_id>/groups/approve")
@permission("members.approve")
def approve_exempt(member_id: int) -> Any:
    return _answer(member_id, exemptions.approve_exempt, _("已批准。"))


@bp.post("/members/<int:member_id>/groups/decline")
@permission("members.approve")
def decline_exempt(member_id: int) -> Any:
    return _answer(member_id, exemptions.decline_exempt, _("已退回,这条登记不再保留。"))


def _answer(member_id: int, act: Any, done: str) -> Any:
    form = ApprovalForm(request.form)
    if not form.validate():
        raise NotFound()
    try:
        act(member_id, form.starts_on.data, current_scope(), utc_now())
    except WrongState as refusal:
        flash(refusal.words, "error")
    else:
        flash(done, "success")
    return redirect(safe_next(request.form.get("next"), url_for("members.show", member_id=member_id)))
