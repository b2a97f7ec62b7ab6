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
from app.core.office import elderly_age
from app.members.change_forms import (
    AskForm,
    GroupForm,
    LeaveForm,
    TransferForm,
    TypedTransferForm,
)
from app.members.queries.district import district_units
from app.members.queries.member_page import MemberPage, member_page
from app.members.queries.scoped import survivor_of
from app.members.queries.tree import OrgRow, covers_all, few_units
from app.members.services.members import show_phone as show_phone_of
from app.members.views.blueprint import MOST_CHOICES, bp, org_choices
from app.members.views.parts import may_also, page_parts


@dataclass(frozen=True, slots=True)
class PersonForms:
    """The forms of the page; one that was refused comes back with its text and errors."""

    transfer: TransferForm | TypedTransferForm
    ask: AskForm
    leave: LeaveForm
    group: GroupForm

    @classmethod
    def on(cls, day: date, own: list[OrgRow] | None, refused: Form | None = None) -> PersonForms:
        """own: units to transfer to at once; None when the name of one is typed."""
        known = {type(refused): refused}
        transfer = TypedTransferForm if own is None else TransferForm
        return cls(
            known.get(transfer) or transfer(prefix="transfer-", accepted_on=day),
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
    may_write = may_also("members.write", member_id, on)
    own = own_units(on) if may_write else []
    forms = PersonForms.on(on, own, refused)
    html = render_template(
        "members/show.html",
        page=page,
        member=page.person,
        member_id=member_id,
        may_approve=may_also("members.approve", member_id, on),
        my_id=staff.id,
        forms=forms,
        asked=page.asked if may_write else None,
        phone=phone,
        labels=labels,
        on=on,
        may_write=may_write,
        **(_changes(page, own, forms) if may_write else {}),
        **page_parts(member_id, on),
    )
    return html, 422 if refused is not None else 200


def own_units(on: date) -> list[OrgRow] | None:
    """The part of the tree that the reader may change members in; None when that is too long for a list."""
    return few_units(db.session(), current_staff().scope("members.write"), on, MOST_CHOICES)


def _changes(page: MemberPage, own: list[OrgRow] | None, forms: PersonForms) -> dict[str, Any]:
    """Where this member can go: units of the own part of the tree at once, any other of the district by
    asking. Of a large district no units are offered: they are typed, by name or code."""
    session = db.session()
    here = page.branch.org_code if page.branch else None
    choices = [choice for choice in org_choices(own or ()) if choice[0] != here]
    if own is None:
        # The district is longer still.
        units = None
        is_all = covers_all(session, current_staff().scope("members.write").org_ids, page.on)
    else:
        forms.transfer.org_code.offer([("", lazy("请选择")), *choices])
        units = district_units(session, page.on, MOST_CHOICES)
        is_all = units is not None and len(own) == len(units)
    return {
        "may_transfer": own is None or bool(choices),
        "is_typed": own is None,
        "units": units or (),
        "may_ask": page.branch is not None and not is_all,
    }
