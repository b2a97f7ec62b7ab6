"""Adding a member and correcting what is known about one."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import InvalidInput, NotFound
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.members.forms import EditMemberForm, NewMemberForm, PersonForm, add_errors
from app.members.queries.member_page import Person, person_of
from app.members.queries.scoped import find_member
from app.members.queries.tree import tree
from app.members.services import members
from app.members.views.blueprint import bp, org_choices


@bp.route("/members/new", methods=["GET", "POST"])
@permission("members.write")
def create() -> Any:
    form = NewMemberForm(request.form, org_code=request.args.get("org"), starts_on=today())
    units = org_choices(tree(db.session(), current_scope(), today()))
    form.org_code.offer([("", lazy("请选择")), *units])
    if request.method != "POST":
        return _form_page(form)
    if not form.validate():
        return _form_page(form), 422
    try:
        member_id = members.create_member(form.command(), current_scope(), utc_now())
    except InvalidInput as refusal:
        add_errors(form, refusal)
        return _form_page(form), refusal.status
    flash(_("已新增党员。"), "success")
    return redirect(url_for("members.show", member_id=member_id))


@bp.route("/members/<int:member_id>/edit", methods=["GET", "POST"])
@permission("members.write")
def edit(member_id: int) -> Any:
    member = find_member(db.session(), member_id, current_scope(), today())
    if member is None:
        raise NotFound()
    person = person_of(member)
    form = EditMemberForm(request.form, obj=person)
    for key in ("sex", "membership_type"):
        form.keep_choice(key, getattr(person, key))
    if request.method != "POST":
        migrant = person.is_migrant_worker
        form.is_migrant_worker.data = "" if migrant is None else ("yes" if migrant else "no")
        return _form_page(form, person)
    if not form.validate():
        return _form_page(form, person), 422
    try:
        members.update_member(member_id, form.command(), current_scope(), utc_now())
    except InvalidInput as refusal:
        add_errors(form, refusal)
        return _form_page(form, person), refusal.status
    flash(_("资料已保存。"), "success")
    return redirect(url_for("members.show", member_id=member_id))


def _form_page(form: PersonForm, person: Person | None = None) -> str:
    return render_template("members/form.html", form=form, person=person)
