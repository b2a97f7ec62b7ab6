"""Changes made on a member's page: transfer, request, leaving, and dated groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from wtforms import Form

from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import InvalidInput, NotFound
from app.core.i18n import gettext as _
from app.core.vocabulary import Group
from app.members.change_forms import (
    AskForm,
    GroupForm,
    GroupRowForm,
    LeaveForm,
    TransferForm,
    TypedTransferForm,
)
from app.members.forms import add_errors
from app.members.queries.district import unit_named
from app.members.services import groups, transfer_requests, transfers
from app.members.views.blueprint import bp, org_choices
from app.members.views.person import own_units, person_page

# The API's words for the two ends of a row, and the page's.
_GROUP_FIELDS = {"from": "starts_on", "to": "last_day"}


@bp.post("/members/<int:member_id>/transfer")
@permission("members.write")
def transfer(member_id: int) -> Any:
    own = own_units(today())
    form = (TypedTransferForm if own is None else TransferForm)(request.form, prefix="transfer-")
    if own is not None:
        form.org_code.offer([("", ""), *org_choices(own)])
    return _change(
        member_id,
        form,
        lambda: transfers.transfer_member(
            member_id,
            _code_of(form.org_code.data) if own is None else form.org_code.data,
            form.accepted_on.data,
            current_scope(),
            utc_now(),
        ),
        _("组织关系已转接。"),
    )


@bp.post("/members/<int:member_id>/transfer-request")
@permission("members.write")
def ask_transfer(member_id: int) -> Any:
    """Ask a branch outside the own part of the tree to take the member over."""
    form = AskForm(request.form, prefix="ask-")
    return _change(
        member_id,
        form,
        lambda: transfer_requests.ask_transfer(member_id, form.org_code.data, current_scope(), utc_now()),
        _("已发出申请。对方接收之前,该党员仍在原支部。"),
    )


@bp.post("/members/<int:member_id>/leave")
@permission("members.write")
def leave(member_id: int) -> Any:
    form = LeaveForm(request.form, prefix="leave-")
    return _change(
        member_id,
        form,
        lambda: transfers.end_membership(member_id, form.left_on.data, current_scope(), utc_now()),
        _("已登记转出本区。"),
    )


@bp.post("/members/<int:member_id>/groups")
@permission("members.write")
def set_group(member_id: int) -> Any:
    form = GroupForm(request.form, prefix="group-")
    waits = form.group.data == Group.EXEMPT
    done = _("已登记,待另一位同事批准后生效。") if waits else _("分类已登记。")
    return _change(member_id, form, lambda: _set_group(form, member_id), done)


@bp.post("/members/<int:member_id>/groups/end")
@permission("members.write")
def end_group(member_id: int) -> Any:
    """Give a row another last day, or none."""
    form = _row_form()
    try:
        _set_group(form, member_id)
    except InvalidInput as refusal:
        for error in refusal.errors:
            flash(str(error.detail), "error")
    else:
        flash(_("最后一天已更新。"), "success")
    return redirect(url_for("members.show", member_id=member_id))


@bp.post("/members/<int:member_id>/groups/erase")
@permission("members.write")
def erase_group(member_id: int) -> Any:
    form = _row_form()
    groups.erase_group(member_id, Group(form.group.data), form.starts_on.data, current_scope(), utc_now())
    flash(_("这条记录已删除。"), "success")
    return redirect(url_for("members.show", member_id=member_id))


def _code_of(text: str) -> str:
    """The code of the unit whose name was typed; any other text stays, and the service refuses it."""
    unit = unit_named(db.session(), text, today())
    return unit.code if unit is not None else text.strip()


def _set_group(form: GroupForm | GroupRowForm, member_id: int) -> None:
    groups.set_group(form.command(member_id), current_scope(), utc_now())


def _row_form() -> GroupRowForm:
    """The row that a button of the page names; a page never names one that cannot be."""
    form = GroupRowForm(request.form)
    if not form.validate():
        raise NotFound()
    return form


def _change(member_id: int, form: Form, act: Callable[[], object], done: str) -> Any:
    """Do it and show the page anew, or show it with what was typed and what is wrong."""
    if not form.validate():
        return person_page(member_id, form)
    try:
        act()
    except InvalidInput as refusal:
        add_errors(form, refusal, _GROUP_FIELDS)
        return person_page(member_id, form)
    flash(done, "success")
    return redirect(url_for("members.show", member_id=member_id))
