"""The note for home visits, and the slip that whoever visits takes along."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.crypto import CannotOpen
from app.core.db import db
from app.core.errors import InvalidInput, NotFound, WrongState
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.numbers import whole
from app.core.paging import PAGE_SIZE
from app.members.forms import add_errors
from app.members.queries.member_page import Person, person_of
from app.members.queries.scoped import find_member
from app.members.queries.visit_notes import visit_note, visit_slips
from app.members.rules_visits import LONGEST
from app.members.services.members import show_phone
from app.members.services.visit_notes import delete_visit_note, save_visit_note
from app.members.serving_forms import VisitForm
from app.members.views.blueprint import bp
from app.members.words import NEED_LABELS


@bp.get("/members/<int:member_id>/visit-note")
@permission("members.visit")
def edit_visit_note(member_id: int) -> str:
    """The form, with what is written now."""
    member = _require(member_id)
    note = visit_note(db.session(), member_id)
    return _note_page(member, VisitForm(obj=note.details if note else None))


@bp.post("/members/<int:member_id>/visit-note")
@permission("members.visit")
def keep_visit_note(member_id: int) -> Any:
    member, form = _require(member_id), VisitForm(request.form)
    if not form.validate():
        return _note_page(member, form), 422
    try:
        save_visit_note(member_id, form.details(), current_scope(), utc_now())
    except InvalidInput as refusal:
        add_errors(form, refusal)
        return _note_page(member, form), refusal.status
    flash(_("上门须知已保存。"), "success")
    return redirect(url_for("members.show", member_id=member_id, _anchor="visit-title"))


@bp.post("/members/<int:member_id>/visit-note/delete")
@permission("members.visit")
def drop_visit_note(member_id: int) -> Any:
    delete_visit_note(member_id, current_scope(), utc_now())
    flash(_("上门须知已删除。"), "success")
    return redirect(url_for("members.show", member_id=member_id))


@bp.get("/members/<int:member_id>/visit-slip")
@permission("members.visit")
def visit_slip(member_id: int) -> str:
    """One member's slip, the telephone masked."""
    return _slips_page([member_id], {})


@bp.post("/members/<int:member_id>/visit-slip")
@permission("members.visit")
def visit_slip_with_phone(member_id: int) -> str:
    """The same with the whole number, which is logged; the number stands in no address."""
    try:
        phone = show_phone(member_id, current_scope(), utc_now())
    except CannotOpen as exc:
        raise WrongState(lazy("这个号码无法解开,请联系管理员检查数据密钥。")) from exc
    return _slips_page([member_id], {member_id: phone} if phone else {})


@bp.get("/members/visit-slips")
@permission("members.visit")
def visit_slip_sheets() -> str:
    """Slips of the members named in the address, one sheet of paper each; those out of reach are left out."""
    named = [whole(text) for text in request.args.getlist("member")[:PAGE_SIZE]]
    return _slips_page([member_id for member_id in named if member_id], {})


def _slips_page(member_ids: list[int], phones: dict[int, str]) -> str:
    slips = visit_slips(db.session(), member_ids, current_scope(), today())
    is_list = request.endpoint == "members.visit_slip_sheets"
    if not slips and not is_list:
        raise NotFound()
    return render_template(
        "members/visit_slips.html",
        slips=slips,
        phones=phones,
        need_labels=NEED_LABELS,
        on=today(),
        is_list=is_list,
    )


def _require(member_id: int) -> Person:
    member = find_member(db.session(), member_id, current_scope(), today())
    if member is None:
        raise NotFound()
    return person_of(member)


def _note_page(member: Person, form: VisitForm) -> str:
    return render_template(
        "members/visit_note.html", form=form, member_id=member.id, name=member.name, longest=LONGEST
    )
