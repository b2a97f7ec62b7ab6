"""The member's phone: scan, own name, one large button, done; and binding it the first time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for

from app.attendance.errors import CheckInRefused
from app.attendance.rules import RefusalCode
from app.checkin.browser import (
    browser_id,
    keep_browser_id,
    keep_member_tokens,
    member_tokens,
    new_browser_id,
)
from app.checkin.forms import BindForm
from app.checkin.queries.lookup import SessionCardInfo, session_info
from app.checkin.services.bindings import Proof, bind_phone, forget_phone, holders
from app.checkin.services.codes import read_short_code
from app.checkin.services.present import look_at_code, redeem_ticket
from app.checkin.services.printed import read_printed_code
from app.checkin.services.tickets import Ticket, for_member, issue_ticket, read_ticket, sign
from app.checkin.views import bp
from app.core.access import MEMBER, PUBLIC, permission
from app.core.clock import utc_now
from app.core.db import db
from app.core.errors import AppError, InvalidInput, TooManyTries
from app.core.office import code_step_seconds, session_rules
from app.core.security import csrf
from app.core.vocabulary import Method


@bp.get("/c/<code>")
@permission(PUBLIC)
def scanned(code: str) -> Any:
    """A scanned code becomes a ticket. GET never records: messengers open links before people do."""
    now, known = utc_now(), browser_id()
    door = look_at_code(code, member_tokens(), now, step_seconds=code_step_seconds())
    if door is None:
        raise CheckInRefused(RefusalCode.CODE_UNKNOWN)
    browser = known or new_browser_id()
    ticket = issue_ticket(door.info.id, browser, Method.MEMBER_SCAN, now)
    people = [(member_id, name) for _hash, member_id, name in door.people]
    response = make_response(_page_of(ticket, door.info, people))
    return response if known else keep_browser_id(response, browser)


@bp.get("/p/<code>")
@permission(PUBLIC)
def scanned_paper(code: str) -> Any:
    """A code scanned from paper becomes a ticket in the same way."""
    now = utc_now()
    read = read_printed_code(code, now)
    browser = browser_id() or new_browser_id()
    ticket = issue_ticket(read.session_id, browser, read.method, now)
    return keep_browser_id(make_response(_confirm(ticket)), browser)


@bp.get("/checkin/<ticket_text>")
@permission(MEMBER)
def resume(ticket_text: str) -> str:
    """Back to the button after binding, while the ticket lasts."""
    return _confirm(read_ticket(ticket_text, browser_id(), utc_now()))


def _confirm(ticket: Ticket) -> str:
    """The page with the session, the member's own name and one large button for each."""
    people = [(person.member_id, person.name) for _, person in holders(member_tokens())]
    return _page_of(ticket, session_info(db.session(), ticket.session_id), people)


def _page_of(ticket: Ticket, info: SessionCardInfo | None, people: list[tuple[int, str]]) -> str:
    if not people:
        return _bind_page(BindForm(), sign(ticket))
    return render_template(
        "checkin/confirm.html",
        info=info,
        people=[(name, sign(for_member(ticket, member_id))) for member_id, name in people],
    )


# The ticket is bound to this browser's own cookie, so that no other site can have it posted.
@bp.post("/checkin")
@csrf.exempt  # type: ignore[untyped-decorator]  # flask_wtf has no types
@permission(MEMBER)
def record() -> str:
    """The button: record once, and say so only after it is stored."""
    done = redeem_ticket(
        request.form.get("ticket", ""), browser_id(), member_tokens(), utc_now(), **session_rules()
    )
    return render_template(
        "checkin/done.html",
        info=done.door.info,
        name=done.door.name_of(done.member_id),
        outcome=done.outcome,
    )


@bp.get("/c")
@permission(PUBLIC)
def enter_code() -> Any:
    """Six digits for those who cannot scan."""
    if not holders(member_tokens()):
        return redirect(url_for("checkin.bind", then="code"))
    return render_template("checkin/enter_code.html", error=None, code="")


@bp.post("/c")
@permission(MEMBER)
def take_code() -> Any:
    """Six digits become a ticket, as a scan does."""
    now, text = utc_now(), request.form.get("code", "")[:40]
    people = holders(member_tokens())
    if not people:
        return redirect(url_for("checkin.bind", then="code"))
    error: AppError | None = None
    for _, person in people:
        try:
            read = read_short_code(text, person.member_id, now, step_seconds=code_step_seconds())
        except CheckInRefused as refused:
            error = refused
            continue
        except TooManyTries as refused:
            # The limit is one person's: it must not keep the other of a shared phone from the code.
            error = error or refused
            continue
        browser = browser_id() or new_browser_id()
        ticket = issue_ticket(read.session_id, browser, read.method, now)
        return keep_browser_id(make_response(_confirm(ticket)), browser)
    error = error or CheckInRefused(RefusalCode.CODE_UNKNOWN)
    page = render_template("checkin/enter_code.html", error=error, code=text)
    return page, error.status


@bp.get("/bind")
@permission(PUBLIC)
def bind() -> str:
    """The first time: say once who you are."""
    return _bind_page(BindForm(), "", request.args.get("then", ""))


@bp.post("/bind")
@permission(PUBLIC)
def bind_submit() -> Any:
    """Bind this browser; typed text stays when something did not match."""
    now, form = utc_now(), BindForm(request.form)
    ticket, then = request.form.get("ticket", ""), request.form.get("then", "")
    if not form.validate():
        return _bind_page(form, ticket, then), 422
    browser = browser_id() or new_browser_id()
    proof = Proof(form.one_time_code.data, form.name.data, form.phone_tail.data, form.org_code.data)
    try:
        token = bind_phone(proof, browser, request.remote_addr or "", now)
    except InvalidInput as wrong:
        form.add_errors(wrong.errors)
        return _bind_page(form, ticket, then), wrong.status
    target = url_for("checkin.enter_code") if then == "code" else url_for("checkin.mine")
    if ticket:
        target = url_for("checkin.resume", ticket_text=ticket)
    response: Response = redirect(target)  # type: ignore[assignment]
    keep_browser_id(response, browser)
    return keep_member_tokens(response, [*_tokens_of_others(token, now), token])


def _tokens_of_others(token: str, now: datetime) -> list[str]:
    """The browser's good tokens but for older ones of the member just bound: one button each is enough."""
    *before, (_token, bound) = holders([*member_tokens(), token])
    for older, person in before:
        if person.member_id == bound.member_id:
            forget_phone(older, now)
    return [older for older, person in before if person.member_id != bound.member_id]


def _bind_page(form: BindForm, ticket: str, then: str = "") -> str:
    return render_template("checkin/bind.html", form=form, ticket=ticket, then=then)
