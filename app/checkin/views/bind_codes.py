"""A one-time code for somebody who stands there: made from the roster or the member's page, shown large."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import Response, redirect, render_template, request, send_file, url_for

from app.checkin.queries.cards import newest_card
from app.checkin.queries.lookup import member_name
from app.checkin.rules_bind import in_fours
from app.checkin.services.bindings import create_bind_code
from app.checkin.services.card_sheets import one_card_pdf
from app.checkin.views import bp
from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.core.numbers import whole
from app.core.office import base_url, office_name
from app.core.qr import qr_svg
from app.members.queries.as_of import members_in_scope


@bp.get("/members/<int:member_id>/bind-code")
@permission("members.write")
def ask_bind_code(member_id: int) -> str:
    """Before it is made: a code made by mistake would stop the one that the member has in hand."""
    return _page(member_id, None)


@bp.post("/members/<int:member_id>/bind-code")
@permission("members.write")
def make_bind_code(member_id: int) -> str:
    """A one-time code to read out or hand over; shown once."""
    return _page(member_id, create_bind_code(member_id, current_scope(), utc_now()))


@bp.post("/members/<int:member_id>/card.pdf")
@permission("members.write")
def card_pdf_with_code(member_id: int) -> Any:
    """The card with a new one-time code on it. A post, since the code on the paper before stops."""
    _name(member_id)
    card = newest_card(db.session(), member_id)
    if card is None or not card.works:
        return redirect(url_for("checkin.member_access", member_id=member_id))
    content = one_card_pdf(member_id, current_scope(), office_name(), utc_now(), with_code=True)
    name = _("签到卡 %(number)s.pdf", number=card.number)
    sent: Response = send_file(
        BytesIO(content), mimetype="application/pdf", as_attachment=True, download_name=name
    )
    return sent


def _page(member_id: int, code: str | None) -> str:
    """session: whose roster to go back to."""
    return render_template(
        "checkin/bind_code.html",
        member_id=member_id,
        name=_name(member_id),
        code=in_fours(code) if code else None,
        qr=qr_svg(f"{base_url()}/bind") if code else None,
        session_id=whole(request.values.get("session")),
    )


def _name(member_id: int) -> str:
    session = db.session()
    name = member_name(session, member_id)
    if name is None or not members_in_scope(session, [member_id], current_scope(), today()):
        raise NotFound()
    return name
