"""One member's page, with the forms that change what is on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import redirect, render_template, url_for
from wtforms import Form

from app.core import labels
from app.core.access import current_scope, current_staff, permission
from app.core.clock import today, utc_now
from app.core.crypto import CannotOpen
from app.core.db import db
from app.core.errors import NotFound, WrongState
from app.core.i18n import Text, lazy
from app.members.forms import GroupForm, LeaveForm, TransferForm
from app.members.queries.member_page import MemberPage, member_page
from app.members.queries.scoped import find_member, survivor_of
from app.members.queries.tree import tree
from app.members.services.members import show_phone as show_phone_of
from app.members.views.blueprint import bp, elderly_age, org_choices
from app.members.views.parts import page_parts


@dataclass(frozen=True, slots=True)
class PersonForms:
    """The forms of the page; one that was refused comes back with its text and errors."""

    transfer: TransferForm
    leave: LeaveForm
    group: GroupForm

    @classmethod
    def on(cls, day: date, refused: Form | None = None) -> PersonForms:
        known = {type(refused): refused}
        return cls(
            known.get(TransferForm) or TransferForm(prefix="transfer-", accepted_on=day),
            known.get(LeaveForm) or LeaveForm(prefix="leave-", left_on=day),
            known.get(GroupForm) or GroupForm(prefix="group-", starts_on=day),
        )


@bp.get("/members/<int:member_id>")
@permission("members.read")
def show(member_id: int) -> Any:
    """The page; the old address of a record that was joined into another leads there."""
    try:
        return person_page(member_id)[0]
    except NotFound:
        joined = survivor_of(db.session(), member_id, current_scope(), today())
        if joined is None:
            raise
        return redirect(url_for("members.show", member_id=joined))


@bp.post("/members/<int:member_id>/phone")
@permission("members.read")
def show_phone(member_id: int) -> tuple[str, int]:
    """Answers with the page itself: the number stands in no address and no cookie."""
    try:
        phone = show_phone_of(member_id, current_scope(), utc_now())
    except CannotOpen as exc:
        raise WrongState(lazy("这个号码无法解开,请联系管理员检查数据密钥。")) from exc
    return person_page(member_id, phone=phone)


def person_page(member_id: int, refused: Form | None = None, *, phone: str | None = None) -> tuple[str, int]:
    """The page and its status: 422 with a form that was refused."""
    session, on = db.session(), today()
    staff = current_staff()
    page = member_page(session, member_id, staff.scope("members.read"), on, elderly_age())
    if page is None:
        raise NotFound()
    forms = PersonForms.on(on, refused)
    html = render_template(
        "members/show.html",
        page=page,
        member=page.person,
        member_id=member_id,
        may_write=_fill_targets(page, forms),
        may_approve=_may("members.approve", member_id, on),
        forms=forms,
        phone=phone,
        labels=labels,
        on=on,
        **page_parts(member_id, on),
    )
    return html, 422 if refused is not None else 200


def _fill_targets(page: MemberPage, forms: PersonForms) -> bool:
    """Offer the units a member can be transferred to; whether the reader may change this member."""
    targets: list[tuple[str, Text]] = [("", lazy("请选择"))]
    may_write = _may("members.write", page.person.id, page.on)
    if may_write:
        rows = tree(db.session(), current_staff().scope("members.write"), page.on)
        here = page.branch.org_code if page.branch else None
        targets += [choice for choice in org_choices(rows) if choice[0] != here]
    forms.transfer.org_code.offer(targets)
    return may_write


def _may(permission_name: str, member_id: int, on: date) -> bool:
    scope = current_staff().scope_if_held(permission_name)
    return scope is not None and find_member(db.session(), member_id, scope, on) is not None
