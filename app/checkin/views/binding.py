"""The first time on a phone: say once who you are, by a code or by three facts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response, redirect, render_template, request, url_for

from app.checkin.browser import browser_id, keep_browser_id, keep_member_tokens, member_tokens, new_browser_id
from app.checkin.forms import BindForm
from app.checkin.services.bindings import Proof, bind_phone, forget_phone, holders
from app.checkin.views import bp
from app.core.access import PUBLIC, permission
from app.core.clock import utc_now
from app.core.errors import InvalidInput, TooManyTries
from app.core.i18n import listed


@bp.get("/bind")
@permission(PUBLIC)
def bind() -> str:
    """The first time, or one more person on a shared phone; a ticket in hand is kept."""
    return _page(BindForm(), request.args.get("ticket", ""), request.args.get("then", ""))


@bp.post("/bind")
@permission(PUBLIC)
def bind_submit() -> Any:
    """Bind this browser; typed text stays when something did not match."""
    now, form = utc_now(), BindForm(request.form)
    ticket, then = request.form.get("ticket", ""), request.form.get("then", "")
    if not form.validate():
        return _page(form, ticket, then), 422
    browser = browser_id() or new_browser_id()
    proof = Proof(form.one_time_code.data, form.name.data, form.phone_tail.data, form.org_code.data)
    try:
        token = bind_phone(proof, browser, request.remote_addr or "", now)
    except InvalidInput as wrong:
        form.add_errors(wrong.errors)
        return _page(form, ticket, then), wrong.status
    except TooManyTries as refused:
        # On the same page: whoever has a code of their own may still use the other form.
        return _page(form, ticket, then, refused), refused.status
    target = url_for("checkin.enter_code") if then == "code" else url_for("checkin.mine")
    if ticket:
        target = url_for("checkin.resume", ticket_text=ticket)
    response: Response = redirect(target)  # type: ignore[assignment]
    keep_browser_id(response, browser)
    return keep_member_tokens(response, [*_tokens_of_others(token, now), token])


def first_time(ticket: str) -> str:
    """The page for a phone that stands for nobody, with a scanned ticket in hand."""
    return _page(BindForm(), ticket)


def _tokens_of_others(token: str, now: datetime) -> list[str]:
    """The browser's good tokens but for older ones of the member just bound: one button each is enough."""
    *before, (_token, bound) = holders([*member_tokens(), token])
    for older, person in before:
        if person.member_id == bound.member_id:
            forget_phone(older, now)
    return [older for older, person in before if person.member_id != bound.member_id]


def _page(form: BindForm, ticket: str, then: str = "", refused: TooManyTries | None = None) -> str:
    return render_template(
        "checkin/bind.html",
        form=form,
        ticket=ticket,
        then=then,
        refused=refused,
        others=listed(person.name for _, person in holders(member_tokens())),
    )
