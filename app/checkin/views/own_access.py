"""A member's own phones and card: seen, and stopped after being asked once, without any script."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for

from app.checkin.browser import keep_member_tokens, member_tokens
from app.checkin.queries.own import access_glance, own_phones
from app.checkin.services.bindings import forget_phone
from app.checkin.services.own_access import let_go_of_phones, stop_own_card
from app.checkin.views import bp
from app.checkin.views.own import Own, for_own
from app.core.access import MEMBER, permission
from app.core.clock import office_date, today, utc_now
from app.core.db import db
from app.core.i18n import Text
from app.core.i18n import gettext as _
from app.core.office import elderly_age
from app.members.queries.member_page import own_page


@bp.get("/mine/phones")
@permission(MEMBER)
@for_own
def own_devices(own: Own) -> str:
    """The number on record, the phones that check in for the member, and the card."""
    session = db.session()
    card_at = access_glance(session, own.member_id).card_at
    return render_template(
        "checkin/mine_phones.html",
        own=own,
        phone_masked=own_page(session, own.member_id, today(), elderly_age()).person.phone_masked,
        phones=own_phones(session, own.member_id, own.token),
        card_on=office_date(card_at) if card_at else None,
    )


@bp.route("/unbind", methods=["GET", "POST"])
@permission(MEMBER)
@for_own
def unbind(own: Own) -> Any:
    """Let go of one member on this phone; with a ticket in hand, back to its session."""
    ticket = request.values.get("ticket", "")
    if request.method != "POST":
        return _ask(
            own,
            _("解除这部手机与 %(name)s 的绑定?", name=own.name),
            _("解除后,用这部手机签到要重新确认一次身份。学习记录都还在。"),
            _("解除绑定"),
            ticket,
        )
    forget_phone(own.token, utc_now())
    return _without_this_phone(own, url_for("checkin.resume", ticket_text=ticket) if ticket else None)


@bp.route("/mine/phones/<int:phone_id>/drop", methods=["GET", "POST"])
@permission(MEMBER)
@for_own
def drop_own_phone(own: Own, phone_id: int) -> Any:
    """Let go of another phone: a lost one, or one that was given away."""
    if request.method != "POST":
        return _ask(
            own,
            _("解除那部手机的绑定?"),
            _("解除后,那部手机不能再为您签到,也看不到您的记录。"),
            _("解除绑定"),
        )
    return _done(own, lambda: let_go_of_phones(own.member_id, utc_now(), phone_id), _("已解除绑定。"))


@bp.route("/mine/phones/drop", methods=["GET", "POST"])
@permission(MEMBER)
@for_own
def drop_own_phones(own: Own) -> Any:
    """Let go of every phone, this one too."""
    if request.method != "POST":
        return _ask(
            own,
            _("解除所有手机的绑定?"),
            _("这部手机也会解除。以后要签到,请重新确认一次身份,或请工作人员登记。"),
            _("全部解除"),
        )
    let_go_of_phones(own.member_id, utc_now())
    return _without_this_phone(own)


@bp.route("/mine/card/stop", methods=["GET", "POST"])
@permission(MEMBER)
@for_own
def stop_card(own: Own) -> Any:
    """Stop one's own lost card."""
    if request.method != "POST":
        return _ask(
            own,
            _("停用您的签到卡?"),
            _("停用后,这张卡不能再签到。要新卡,请告诉党支部。"),
            _("停用这张卡"),
        )
    return _done(own, lambda: stop_own_card(own.member_id, utc_now()), _("卡已停用。"))


def _ask(own: Own, question: Text, what_follows: Text, label: Text, ticket: str = "") -> str:
    page: Mapping[str, Any] = {
        "question": question,
        "what_follows": what_follows,
        "label": label,
        "ticket": ticket,
    }
    return render_template("checkin/ask_once.html", own=own, **page)


def _done(own: Own, act: Callable[[], object], words: Text) -> Any:
    act()
    flash(words, "success")
    return redirect(url_for("checkin.own_devices", who=own.who))


def _without_this_phone(own: Own, target: str | None = None) -> Response:
    flash(_("已解除绑定。"), "success")
    response: Response = redirect(target or url_for("checkin.mine"))  # type: ignore[assignment]
    return keep_member_tokens(response, [token for token in member_tokens() if token != own.token])
