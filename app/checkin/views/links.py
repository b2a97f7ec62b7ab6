"""Personal links as staff send them: one for each expected member, to copy or as a list."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for

from app.checkin.link_sheet import XLSX_TYPE, link_sheet
from app.checkin.services.links import MemberLink, links_of, stop_links
from app.checkin.views import bp
from app.core.access import current_scope, current_staff, permission
from app.core.clock import utc_now
from app.core.db import db
from app.core.i18n import gettext as _
from app.core.i18n import moment_text
from app.core.office import base_url
from app.core.paging import PAGE_SIZE, Page, page_number
from app.trainings.queries.page import SessionFacts, session_facts


@bp.get("/sessions/<int:session_id>/links")
@permission("attendance.write")
def session_links(session_id: int) -> Any:
    """The expected list with each one's link and a text to send along; `format=xlsx`: all of it to keep."""
    # It is a list of names: who may not see members sees none here.
    current_staff().scope("members.read")
    facts = session_facts(db.session(), session_id, current_scope(), utc_now())
    if request.args.get("format") == "xlsx":
        return _sheet(facts)
    number = page_number()
    rows, total = _links(session_id, PAGE_SIZE, (number - 1) * PAGE_SIZE)
    return render_template(
        "checkin/links.html",
        facts=facts,
        page=Page([(each, _message(facts, each)) for each in rows], number, total),
    )


@bp.post("/sessions/<int:session_id>/links/stop")
@permission("attendance.write")
def stop_session_links(session_id: int) -> Any:
    """Every link sent before stops; the page then shows new ones."""
    stop_links(session_id, current_scope(), utc_now())
    flash(_("以前发出的链接都已停用,下面是新的。"), "success")
    return redirect(url_for("checkin.session_links", session_id=session_id))


def _links(session_id: int, limit: int | None, offset: int = 0) -> tuple[list[MemberLink], int]:
    return links_of(session_id, current_scope(), utc_now(), base_url=base_url(), limit=limit, offset=offset)


def _sheet(facts: SessionFacts) -> Any:
    rows, _total = _links(facts.id, None)
    content = link_sheet([(each, _message(facts, each)) for each in rows])
    name = _("本人链接 %(day)s.xlsx", day=facts.office_date.isoformat())
    return send_file(BytesIO(content), mimetype=XLSX_TYPE, as_attachment=True, download_name=name)


def _message(facts: SessionFacts, link: MemberLink) -> str:
    """What is sent to the member, as it stands."""
    return str(
        _(
            "%(name)s同志:%(when)s “%(title)s”,请到时点开这个链接签到:%(url)s (只供您本人使用,请不要转发)",
            name=link.member.name,
            when=moment_text(facts.starts_at),
            title=facts.title,
            url=link.url,
        )
    )
