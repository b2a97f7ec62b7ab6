"""A personal link: own name and the session, one large button, then the way into the stream."""

from __future__ import annotations

from typing import Any

from flask import make_response, redirect, render_template, request, url_for

from app.attendance.errors import CheckInRefused
from app.attendance.rules import RefusalCode
from app.checkin.browser import browser_id, keep_browser_id, member_tokens, new_browser_id
from app.checkin.queries.lookup import TokenHolder
from app.checkin.queries.phone import phone_session
from app.checkin.rules_phone import is_leaving_time, masked_name
from app.checkin.services.bindings import holders
from app.checkin.services.links import LinkHolder, read_link
from app.checkin.services.present import redeem_ticket
from app.checkin.services.tickets import for_member, issue_ticket, read_ticket
from app.checkin.views import bp
from app.checkin.views.phone import choices, done_at_once, own_browser
from app.core.access import MEMBER, PUBLIC, permission
from app.core.clock import utc_now
from app.core.db import db
from app.core.office import session_rules
from app.core.security import csrf
from app.core.vocabulary import Method


@bp.get("/j/<token>")
@permission(PUBLIC)
def join(token: str) -> Any:
    """Show whose link it is and what for; never records, however often a messenger opens it."""
    now, link = utc_now(), read_link(token)
    browser = browser_id() or new_browser_id()
    info = phone_session(db.session(), link.session_id, [link.member_id])
    if not link.has_begun:
        return render_template("checkin/join_early.html", info=info, name=_shown(link)), 409
    ticket = for_member(issue_ticket(link.session_id, browser, Method.PERSONAL_LINK, now), link.member_id)
    person = TokenHolder(link.member_id, _shown(link), revoked=False)
    page = render_template(
        "checkin/join.html",
        info=info,
        people=choices(info, [person], ticket),
        leaving=is_leaving_time(info.ends_at, now),
    )
    return keep_browser_id(make_response(page), browser)


@bp.get("/j")
@permission(PUBLIC)
def after_reload_of_join() -> Any:
    """The answer to the button, loaded anew."""
    return redirect(url_for("checkin.mine"))


# The ticket is bound to this browser's own cookie, so that no other site can have it posted.
@bp.post("/j")
@csrf.exempt  # type: ignore[untyped-decorator]  # flask_wtf has no types
@permission(MEMBER)
def record_join() -> str:
    """The button of a personal link; the link stands in for a bound phone."""
    now, browser, text = utc_now(), own_browser(), request.form.get("ticket", "")
    ticket = read_ticket(text, browser, now)
    # A ticket of a scan needs a bound phone, and goes the other way.
    if ticket.method != Method.PERSONAL_LINK:
        raise CheckInRefused(RefusalCode.REVOKED)
    return done_at_once(redeem_ticket(text, browser, member_tokens(), now, **session_rules()), by_link=True)


def _shown(link: LinkHolder) -> str:
    """The whole name on a phone that is the member's own; the link may have been passed on."""
    bound = {person.member_id for _, person in holders(member_tokens())}
    return link.name if link.member_id in bound else masked_name(link.name)
