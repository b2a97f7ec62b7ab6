"""The page on which one unit is merged into another: first what would change hands, then the merge."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import InvalidInput, NotFound
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.members.forms import add_errors
from app.members.org_forms import MergeForm
from app.members.queries.closing import merge_preview
from app.members.queries.tree import OrgRow, org_by_code, tree
from app.members.services.closing import merge_orgs
from app.members.views.blueprint import bp, org_choices


@bp.get("/orgs/<code>/merge")
@permission("orgs.write")
def merge(code: str) -> Any:
    """With a unit and a day in the address: what would change hands, and the button."""
    row = _require(code)
    form = _form(row, request.args)
    is_asked = "into" in request.args and form.validate()
    return _merge_page(row, form, is_asked=is_asked), 422 if "into" in request.args and not is_asked else 200


@bp.post("/orgs/<code>/merge")
@permission("orgs.write")
def do_merge(code: str) -> Any:
    row = _require(code)
    form = _form(row, request.form)
    if not form.validate():
        return _merge_page(row, form), 422
    try:
        members = merge_orgs(code, form.into.data, form.on.data, current_scope(), utc_now())
    except InvalidInput as refusal:
        add_errors(form, refusal)
        return _merge_page(row, form), refusal.status
    flash(_("合并完成,%(n)s 名党员编入接收的组织。", n=members), "success")
    return redirect(url_for("members.org", code=form.into.data))


def _require(code: str) -> OrgRow:
    row = org_by_code(db.session(), code, current_scope(), today())
    if row is None:
        raise NotFound()
    return row


def _form(row: OrgRow, given: Any) -> MergeForm:
    form = MergeForm(given if given else None, on=today())
    inside = f"/{row.id}/"
    others = [one for one in tree(db.session(), current_scope(), today()) if inside not in one.path]
    # Those of the same kind first in mind: a branch goes into a branch.
    alike = [one for one in others if one.kind is row.kind]
    rest = [one for one in others if one.kind is not row.kind]
    form.into.offer([("", lazy("请选择")), *org_choices(alike), *org_choices(rest)])
    return form


def _merge_page(row: OrgRow, form: MergeForm, *, is_asked: bool = False) -> str:
    session = db.session()
    preview = merge_preview(session, row.id, form.on.data) if is_asked else None
    into = org_by_code(session, form.into.data, current_scope(), today()) if is_asked else None
    return render_template("members/org_merge.html", unit=row, form=form, preview=preview, into=into)
