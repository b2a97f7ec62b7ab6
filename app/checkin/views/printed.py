"""The code on paper: made, shown as it will be printed, made anew, withdrawn."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import flash, redirect, render_template, send_file, url_for

from app.checkin.paper_code import PaperCode, draw_paper_code, footnote
from app.checkin.services.printed import printed_address, renew_printed_code, withdraw_printed_code
from app.checkin.views import bp
from app.core.access import current_scope, permission
from app.core.clock import utc_now
from app.core.db import db
from app.core.errors import WrongState
from app.core.i18n import day_text, moment_text, time_text
from app.core.i18n import gettext as _
from app.core.office import base_url, office_name
from app.core.qr import qr_svg
from app.trainings.queries.page import SessionFacts, session_facts


@bp.get("/sessions/<int:session_id>/printed-code")
@permission("attendance.write")
def printed_code(session_id: int) -> str:
    """As it will hang on the wall, or how to make one."""
    facts = _facts(session_id)
    has_one = facts.printed_code_version is not None
    paper = _paper(facts) if has_one else None
    return render_template(
        "checkin/printed_code.html",
        facts=facts,
        paper=paper,
        svg=qr_svg(paper.address) if paper else None,
        footnote=footnote(),
    )


@bp.get("/sessions/<int:session_id>/printed-code.pdf")
@permission("attendance.write")
def printed_code_pdf(session_id: int) -> Any:
    """The same as a file; where none is valid, the page that makes one."""
    facts = _facts(session_id)
    if facts.printed_code_version is None:
        return redirect(url_for("checkin.printed_code", session_id=session_id))
    content = BytesIO(draw_paper_code(_paper(facts), office_name(), utc_now()))
    name = _("张贴码 %(day)s.pdf", day=facts.office_date.isoformat())
    response = send_file(content, mimetype="application/pdf", as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/sessions/<int:session_id>/printed-code")
@permission("attendance.write")
def renew_code(session_id: int) -> Any:
    """Make one; whatever was printed before is good no more."""
    had_one = _facts(session_id).printed_code_version is not None
    try:
        renew_printed_code(session_id, current_scope(), utc_now())
    except WrongState as wrong:
        flash(wrong.detail, "warning")
    else:
        done = _("已换新。以前印的签到码不能再用,请换下来。") if had_one else _("张贴码已生成,可以打印了。")
        flash(done, "success")
    return redirect(url_for("checkin.printed_code", session_id=session_id))


@bp.post("/sessions/<int:session_id>/printed-code/withdraw")
@permission("attendance.write")
def withdraw_code(session_id: int) -> Any:
    """Nothing printed is good any more."""
    withdraw_printed_code(session_id, current_scope(), utc_now())
    flash(_("已停用。印出来的签到码不能再用,请取下来。"), "success")
    return redirect(url_for("checkin.printed_code", session_id=session_id))


def _facts(session_id: int) -> SessionFacts:
    return session_facts(db.session(), session_id, current_scope(), utc_now())


def _paper(facts: SessionFacts) -> PaperCode:
    since, until = facts.opens_at, facts.closes_at
    same_day = moment_text(since).removesuffix(time_text(since)) == moment_text(until).removesuffix(
        time_text(until)
    )
    return PaperCode(
        title=facts.title,
        when=f"{day_text(facts.office_date)} {time_text(facts.starts_at)}–{time_text(facts.ends_at)}",
        host=facts.host_name,
        venue=facts.venue_name or "",
        valid=_(
            "只在 %(since)s 至 %(until)s 有效",
            since=moment_text(since),
            until=time_text(until) if same_day else moment_text(until),
        ),
        address=printed_address(facts.id, current_scope(), utc_now(), base_url=base_url()),
    )
