"""Corrects one row of a member's branches; the page says in words what a correction changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from wtforms import Form

from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import InvalidInput, NotFound
from app.core.i18n import gettext as _
from app.members.change_forms import BranchForm, StartForm
from app.members.forms import add_errors
from app.members.queries.district import within_scope
from app.members.queries.member_page import BranchTime, units_of_member
from app.members.queries.scoped import find_member
from app.members.queries.tree import tree
from app.members.services import branch_history
from app.members.views.blueprint import bp, org_choices


@bp.get("/members/<int:member_id>/branch")
@permission("members.write")
def branch_row(member_id: int) -> str:
    """The row whose first day stands in the address, else the latest."""
    return _row_page(member_id, request.args.get("row"))


@bp.post("/members/<int:member_id>/branch/start")
@permission("members.write")
def correct_branch_start(member_id: int) -> Any:
    form = StartForm(request.form, prefix="start-")
    return _correct(
        member_id,
        form,
        lambda row: branch_history.correct_branch_start(
            member_id, row, form.right.data, current_scope(), utc_now()
        ),
    )


@bp.post("/members/<int:member_id>/branch/unit")
@permission("members.write")
def correct_branch(member_id: int) -> Any:
    form = BranchForm(request.form, prefix="branch-")
    form.org_code.offer([("", ""), *org_choices(tree(db.session(), current_scope(), today()))])
    return _correct(
        member_id,
        form,
        lambda row: branch_history.correct_branch(
            member_id, row, form.org_code.data, current_scope(), utc_now()
        ),
    )


@bp.post("/members/<int:member_id>/branch/undo-transfer")
@permission("members.write")
def undo_transfer(member_id: int) -> Any:
    return _correct(
        member_id,
        Form(),
        lambda row: branch_history.undo_transfer(member_id, row, current_scope(), utc_now()),
    )


@bp.post("/members/<int:member_id>/branch/undo-leaving")
@permission("members.write")
def undo_leaving(member_id: int) -> Any:
    """The row is named by its first day, as the others are; the departure is its end."""
    return _correct(
        member_id,
        Form(),
        lambda row: branch_history.undo_leaving(
            member_id, _require_row(member_id, row).ends_on, current_scope(), utc_now()
        ),
    )


def _correct(member_id: int, form: Form, act: Callable[[date], None]) -> Any:
    """Do it and show the member's page, or show the row's page with what is wrong."""
    row = _day(request.form.get("row"))
    if row is None or find_member(db.session(), member_id, current_scope(), today()) is None:
        raise NotFound()
    if form.validate():
        try:
            act(row)
        except InvalidInput as refusal:
            add_errors(form, refusal, {"starts_on": "right"})
        else:
            flash(_("组织关系已改正。"), "success")
            return redirect(url_for("members.show", member_id=member_id))
    return _row_page(member_id, row.isoformat(), form), 422


def _row_page(member_id: int, text: str | None, refused: Form | None = None) -> str:
    session, scope, on = db.session(), current_scope(), today()
    member = find_member(session, member_id, scope, on)
    if member is None:
        raise NotFound()
    starts_on = _day(text)
    if text and starts_on is None:
        raise NotFound()
    row = _require_row(member_id, starts_on)
    units = tree(session, scope, on)
    mine = within_scope(session, {row.org_id, row.before_id or row.org_id}, scope, on)
    branch_form = refused if isinstance(refused, BranchForm) else BranchForm(prefix="branch-")
    others = [choice for choice in org_choices(units) if choice[0] != row.org_code]
    branch_form.org_code.offer([("", _("请选择")), *others])
    return render_template(
        "members/branch_row.html",
        member=member,
        row=row,
        is_mine=row.org_id in mine,
        before_is_mine=row.before_id is None or row.before_id in mine,
        start_form=refused if isinstance(refused, StartForm) else StartForm(prefix="start-", right=row.since),
        branch_form=branch_form,
        has_others=bool(others),
        errors=refused.form_errors if refused is not None else [],
    )


def _require_row(member_id: int, starts_on: date | None) -> BranchTime:
    """The row of a first day; without one, the latest."""
    for row in units_of_member(db.session(), member_id).branches:
        if starts_on in (None, row.starts_on):
            return row
    raise NotFound()


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
