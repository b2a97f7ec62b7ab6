"""A member's phones and card, as the branch handles them: bind code, card to print, revoke."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import Response, flash, redirect, render_template, send_file, url_for

from app.checkin.queries.access import bound_phones
from app.checkin.queries.cards import newest_card
from app.checkin.queries.lookup import member_name
from app.checkin.services.bindings import revoke_binding, revoke_bindings
from app.checkin.services.card_sheets import one_card_pdf
from app.checkin.services.cards import issue_card, present_card, revoke_card
from app.checkin.views import bp
from app.core.access import current_scope, current_staff, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.core.office import office_name
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
    return _page(member_id, _require(member_id))


def _page(member_id: int, name: str) -> str:
    session = db.session()
    return render_template(
        "checkin/access.html",
        member_id=member_id,
        name=name,
        phones=bound_phones(session, member_id),
        card=newest_card(session, member_id),
        may_write=_may_write(member_id),
    )


def _may_write(member_id: int) -> bool:
    """Whether the reader may change this member's access; elsewhere they may only read."""
    scope = current_staff().scope_if_held("members.write")
    return scope is not None and bool(members_in_scope(db.session(), [member_id], scope, today()))


def _back(member_id: int, words: str) -> Any:
    flash(words, "success")
    return redirect(url_for("checkin.member_access", member_id=member_id))


@bp.post("/members/<int:member_id>/unbind")
@permission("members.write")
def unbind_member(member_id: int) -> Any:
    """Let go of all the member's phones."""
    count = revoke_bindings(member_id, current_scope(), utc_now())
    return _back(member_id, _("已解除 %(n)s 部手机的绑定。", n=count))


@bp.post("/members/<int:member_id>/phones/<int:binding_id>/unbind")
@permission("members.write")
def unbind_phone(member_id: int, binding_id: int) -> Any:
    """Let go of one phone."""
    revoke_binding(member_id, binding_id, current_scope(), utc_now())
    return _back(member_id, _("已解除这部手机的绑定。"))


@bp.get("/members/<int:member_id>/card")
@permission("members.write")
def print_card(member_id: int) -> Any:
    """The card to print; without one the page that issues it."""
    name = _require(member_id)
    text, card = present_card(db.session(), member_id), newest_card(db.session(), member_id)
    if text is None or card is None:
        return redirect(url_for("checkin.member_access", member_id=member_id))
    return render_template(
        "checkin/card.html", name=name, member_id=member_id, svg=qr_svg(text), number=card.number
    )


@bp.get("/members/<int:member_id>/card.pdf")
@permission("members.write")
def card_pdf(member_id: int) -> Any:
    """The card as it comes in a sheet; without one the page that issues it."""
    _require(member_id)
    card = newest_card(db.session(), member_id)
    if card is None or not card.works:
        return redirect(url_for("checkin.member_access", member_id=member_id))
    content = one_card_pdf(member_id, current_scope(), office_name(), utc_now())
    name = _("签到卡 %(number)s.pdf", number=card.number)
    sent: Response = send_file(
        BytesIO(content), mimetype="application/pdf", as_attachment=True, download_name=name
    )
    return sent


@bp.post("/members/<int:member_id>/card")
@permission("members.write")
def make_card(member_id: int) -> Any:
    """A new card; the old one stops working."""
    before = newest_card(db.session(), member_id)
    issue_card(member_id, current_scope(), utc_now())
    renewed = before is not None and before.works
    return _back(
        member_id,
        _("新卡已制好,请打印。旧卡不能再用。") if renewed else _("卡已制好,请打印。"),
    )


@bp.post("/members/<int:member_id>/card/revoke")
@permission("members.write")
def drop_card(member_id: int) -> Any:
    """Stop a lost card."""
    stopped = revoke_card(member_id, current_scope(), utc_now())
    return _back(member_id, _("卡已停用。") if stopped else _("这位党员没有能用的卡。"))
