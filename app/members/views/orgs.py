"""Pages of the organisation tree and of one unit."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from wtforms import Form

from app.core import labels
from app.core.access import current_scope, current_staff, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import InvalidInput, NotFound
from app.core.i18n import gettext as _
from app.members.forms import OrgForm, RenameForm, add_errors
from app.members.queries.orgs import org_page, org_tree
from app.members.queries.tree import in_scope
from app.members.services import orgs as org_services
from app.members.views.blueprint import bp, elderly_age
from app.members.views.parts import org_parts


@bp.get("/orgs")
@permission("orgs.read")
def orgs() -> str:
    """The reader's part of the tree, with members counted."""
    on = today()
    nodes = org_tree(db.session(), current_scope(), on)
    return render_template("members/orgs.html", nodes=nodes, on=on, labels=labels)


@bp.get("/orgs/<code>")
@permission("orgs.read")
def org(code: str) -> str:
    return _org_page(code)[0]


@bp.post("/orgs/<code>/children")
@permission("orgs.write")
def create_org(code: str) -> Any:
    form = OrgForm(request.form, prefix="child-")
    if not form.validate():
        return _org_page(code, form)
    draft = form.command(code)
    try:
        org_services.create_org(draft, current_scope(), utc_now())
    except InvalidInput as refusal:
        add_errors(form, refusal)
        return _org_page(code, form)
    flash(_("已新增下级组织。"), "success")
    return redirect(url_for("members.org", code=draft.code))


@bp.post("/orgs/<code>/rename")
@permission("orgs.write")
def rename_org(code: str) -> Any:
    form = RenameForm(request.form, prefix="rename-")
    if not form.validate():
        return _org_page(code, form)
    try:
        org_services.rename_org(code, form.name.data, current_scope(), utc_now())
    except InvalidInput as refusal:
        add_errors(form, refusal)
        return _org_page(code, form)
    flash(_("名称已更新。"), "success")
    return redirect(url_for("members.org", code=code))


def _org_page(code: str, refused: Form | None = None) -> tuple[str, int]:
    """The page and its status: 422 with a form that was refused."""
    session, on, staff = db.session(), today(), current_staff()
    page = org_page(session, code, staff.scope("orgs.read"), on, elderly_age())
    if page is None:
        raise NotFound()
    writable = staff.scope_if_held("orgs.write")
    html = render_template(
        "members/org.html",
        page=page,
        child_form=refused if isinstance(refused, OrgForm) else OrgForm(prefix="child-"),
        rename_form=refused
        if isinstance(refused, RenameForm)
        else RenameForm(prefix="rename-", name=page.row.name),
        may_write=writable is not None and in_scope(session, page.row.id, writable, on),
        on=on,
        labels=labels,
        **org_parts(page.row.id, on),
    )
    return html, 422 if refused is not None else 200
