"""Changes made on a unit's page: what it is called and is, where it hangs, its tags, closing it."""

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
from app.core.vocabulary import OrgTag
from app.members.forms import add_errors, day_after
from app.members.org_forms import (
    CloseForm,
    MoveBackForm,
    MoveForm,
    NatureForm,
    OrgForm,
    RenameForm,
    TagForm,
)
from app.members.queries.tree import closed_units, org_by_code, tree
from app.members.services import closing, tags
from app.members.services import orgs as org_services
from app.members.views.blueprint import bp, org_choices
from app.members.views.orgs import show_org

# The API's words for what a page's field holds.
_FIELDS = {"from": "starts_on", "to": "last_day", "name_from": "since", "changed_from": "since"}


@bp.post("/orgs/<code>/children")
@permission("orgs.write")
def create_org(code: str) -> Any:
    form = OrgForm(request.form, prefix="child-")
    return _change(
        code,
        form,
        lambda: org_services.create_org(form.command(code), current_scope(), utc_now()),
        _("已新增下级组织。"),
        lambda: form.command(code).code,
    )


@bp.post("/orgs/<code>/rename")
@permission("orgs.write")
def rename_org(code: str) -> Any:
    form = RenameForm(request.form, prefix="rename-")
    return _change(
        code,
        form,
        lambda: org_services.change_org(code, form.command(), current_scope(), utc_now()),
        _("名称已更新。"),
    )


@bp.post("/orgs/<code>/nature")
@permission("orgs.write")
def change_nature(code: str) -> Any:
    form = NatureForm(request.form, prefix="nature-")
    return _change(
        code,
        form,
        lambda: org_services.change_org(code, form.command(), current_scope(), utc_now()),
        _("类型和所属领域已更新。"),
    )


@bp.post("/orgs/<code>/move")
@permission("orgs.write")
def move_org(code: str) -> Any:
    form = MoveForm(request.form, prefix="move-")
    form.parent_code.offer([("", ""), *org_choices(tree(db.session(), current_scope(), today()))])
    return _change(code, form, lambda: _move(code, form), _("隶属关系已调整。"))


@bp.post("/orgs/<code>/move-back")
@permission("orgs.write")
def move_back(code: str) -> Any:
    """Take the last move back: under the parent before, from the day of that move."""
    _require(code)
    form = MoveBackForm(request.form)
    if not form.validate():
        raise NotFound()
    try:
        _move(code, form)
    except InvalidInput as refusal:
        for error in refusal.errors:
            flash(str(error.detail), "error")
    else:
        flash(_("这次调整已撤回,如同没有发生过。"), "success")
    return redirect(url_for("members.org", code=code))


@bp.post("/orgs/<code>/close")
@permission("orgs.write")
def close_org(code: str) -> Any:
    form = CloseForm(request.form, prefix="close-")
    return _change(
        code,
        form,
        lambda: closing.close_org(code, form.on.data, current_scope(), utc_now()),
        _("本组织已撤销。"),
    )


@bp.post("/orgs/<code>/reopen")
@permission("orgs.write")
def reopen_org(code: str) -> Any:
    try:
        closing.reopen_org(code, current_scope(), utc_now())
    except InvalidInput as refusal:
        for error in refusal.errors:
            flash(str(error.detail), "error")
    else:
        flash(_("已恢复。请核对标签、任职和指导员,需要的请重新登记。"), "success")
    return redirect(url_for("members.org", code=code))


@bp.post("/orgs/<code>/tags")
@permission("orgs.write")
def set_tag(code: str) -> Any:
    form = TagForm(request.form, prefix="tag-")
    return _change(code, form, lambda: _set_tag(code, form), _("标签已登记。"))


@bp.post("/orgs/<code>/tags/end")
@permission("orgs.write")
def end_tag(code: str) -> Any:
    """Give a row another last day, or none."""
    form = _tag_row(code)
    try:
        _set_tag(code, form)
    except InvalidInput as refusal:
        for error in refusal.errors:
            flash(str(error.detail), "error")
    else:
        flash(_("最后一天已更新。"), "success")
    return redirect(url_for("members.org", code=code))


@bp.post("/orgs/<code>/tags/erase")
@permission("orgs.write")
def erase_tag(code: str) -> Any:
    form = _tag_row(code)
    tags.erase_tag(code, OrgTag(form.tag.data), form.starts_on.data, current_scope(), utc_now())
    flash(_("这条记录已删除。"), "success")
    return redirect(url_for("members.org", code=code))


def _set_tag(code: str, form: TagForm) -> None:
    end = day_after(form.last_day.data)
    tags.set_tag(code, OrgTag(form.tag.data), form.starts_on.data, end, current_scope(), utc_now())


def _move(code: str, form: MoveForm | MoveBackForm) -> None:
    org_services.move_org(code, form.parent_code.data, form.on.data, current_scope(), utc_now())


def _tag_row(code: str) -> TagForm:
    """The row that a button of the page names; a page never names one that cannot be."""
    _require(code)
    form = TagForm(request.form)
    if not form.validate():
        raise NotFound()
    return form


def _require(code: str) -> None:
    session, scope, on = db.session(), current_scope(), today()
    if org_by_code(session, code, scope, on) is None and not closed_units(session, scope, on, code):
        raise NotFound()


def _change(
    code: str, form: Form, act: Callable[[], object], done: str, leads_to: Callable[[], str] | None = None
) -> Any:
    """Do it and show the page anew, or show it with what was typed and what is wrong."""
    if not form.validate():
        return show_org(code, form)
    try:
        act()
    except InvalidInput as refusal:
        add_errors(form, refusal, _FIELDS)
        return show_org(code, form)
    flash(done, "success")
    return redirect(url_for("members.org", code=leads_to() if leads_to else code))
