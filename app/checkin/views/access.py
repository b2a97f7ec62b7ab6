"""A member's phones and card, as the branch handles them: bind code, card to print, revoke."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for

from app.checkin.queries.access import bound_phones
from app.checkin.queries.cards import newest_card
from app.checkin.queries.lookup import member_name
from app.checkin.services.bindings import create_bind_code, revoke_bindings
from app.checkin.services.cards import issue_card, present_card, revoke_card
from app.checkin.views import bp
from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.core.qr import qr_svg
from app.members.queries.as_of import members_in_scope


def _require(member_id: int) -> str:
    session = db.session()
    name = member_name(session, member_id)
    if name is None or not members_in_scope(session, [member_id], current_scope(), today()):
        raise NotFound()
    return name


@bp.get("/members/<int:member_id>/access")
@permission("members.read")
def member_access(member_id: int) -> str:
    """Which phones and card a member checks in with."""
    name = _require(member_id)
    return _page(member_id, name)


def _page(member_id: int, name: str, bind_code: str | None = None) -> str:
    session = db.session()
    return render_template(
        "checkin/access.html",
        member_id=member_id,
        name=name,
        phones=bound_phones(session, member_id),
        card_at=newest_card(session, member_id),
        bind_code=bind_code,
    )


@bp.post("/members/<int:member_id>/bind-code")
@permission("members.write")
def make_bind_code(member_id: int) -> str:
    """A one-time code to read out or hand over; shown once."""
    name = _require(member_id)
    return _page(member_id, name, create_bind_code(member_id, current_scope(), utc_now()))


@bp.post("/members/<int:member_id>/unbind")
@permission("members.write")
def unbind_member(member_id: int) -> Any:
    """Let go of all the member's phones."""
    revoke_bindings(member_id, current_scope(), utc_now())
    flash(_("已解除手机绑定。"), "success")
    return redirect(url_for("checkin.member_access", member_id=member_id))


@bp.get("/members/<int:member_id>/card")
@permission("members.write")
def print_card(member_id: int) -> Any:
    """The card to print; without one the page that issues it."""
    name = _require(member_id)
    text = present_card(db.session(), member_id)
    if text is None:
        return redirect(url_for("checkin.member_access", member_id=member_id))
    return render_template("checkin/card.html", name=name, member_id=member_id, svg=qr_svg(text))


@bp.post("/members/<int:member_id>/card")
@permission("members.write")
def make_card(member_id: int) -> Any:
    """A new card; the old one stops working."""
    issue_card(member_id, current_scope(), utc_now())
    return redirect(url_for("checkin.print_card", member_id=member_id))


@bp.post("/members/<int:member_id>/card/revoke")
@permission("members.write")
def drop_card(member_id: int) -> Any:
    """Stop a lost card."""
    revoke_card(member_id, current_scope(), utc_now())
    flash(_("卡已停用。"), "success")
    return redirect(url_for("checkin.member_access", member_id=member_id))
