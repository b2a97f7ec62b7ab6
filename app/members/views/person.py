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
from app.core.i18n import lazy
from app.members.change_forms import AskForm, GroupForm, LeaveForm, TransferForm
from app.members.queries.district import district_units
from app.members.queries.member_page import MemberPage, member_page
from app.members.queries.scoped import find_member, survivor_of
from app.members.queries.transfer_requests import branch_asked
from app.members.queries.tree import tree
from app.members.services.members import show_phone as show_phone_of
from app.members.views.blueprint import bp, elderly_age, org_choices
from app.members.views.parts import page_parts


@dataclass(frozen=True, slots=True)
class PersonForms:
    """The forms of the page; one that was refused comes back with its text and errors."""

    transfer: TransferForm
    ask: AskForm
    leave: LeaveForm
    group: GroupForm

    @classmethod
    def on(cls, day: date, refused: Form | None = None) -> PersonForms:
        known = {type(refused): refused}
        return cls(
            known.get(TransferForm) or TransferForm(prefix="transfer-", accepted_on=day),
            known.get(AskForm) or AskForm(prefix="ask-"),
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
        may_approve=_may("members.approve", member_id, on),
        my_id=staff.id,
        forms=forms,
        phone=phone,
        labels=labels,
        on=on,
        **_changes(page, forms),
        **page_parts(member_id, on),
    )
    return html, 422 if refused is not None else 200


def _changes(page: MemberPage, forms: PersonForms) -> dict[str, Any]:
    """What the reader may change, and where this member can go: units of the own part of the tree at
    once, any other of the district by asking."""
    if not _may("members.write", page.person.id, page.on):
        return {"may_write": False, "asked": None, "units": [], "may_ask": False}
    session, scope = db.session(), current_staff().scope("members.write")
    own = tree(session, scope, page.on)
    here = page.branch.org_code if page.branch else None
    choices = [choice for choice in org_choices(own) if choice[0] != here]
    forms.transfer.org_code.offer([("", lazy("请选择")), *choices])
    units = district_units(session, page.on)
    return {
        "may_write": True,
        "asked": branch_asked(session, page.person.id),
        "units": units,
        "may_ask": page.branch is not None and len(own) < len(units),
    }


def _may(permission_name: str, member_id: int, on: date) -> bool:
    """Whether the reader of this member's page holds another permission over the member too."""
    staff = current_staff()
    scope = staff.scope_if_held(permission_name)
    if scope is None:
        return False
    same = scope.org_ids == staff.scope("members.read").org_ids
    return same or find_member(db.session(), member_id, scope, on) is not None
