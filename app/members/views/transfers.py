"""Transfers asked for between branches: the list of both sides, and the three answers."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import InvalidInput, NotFound, WrongState
from app.core.i18n import gettext as _
from app.core.paging import PAGE_SIZE, Page, page_number
from app.members.change_forms import AcceptForm
from app.members.forms import add_errors
from app.members.queries.transfer_requests import (
    Side,
    request_of,
    transfer_request_count,
    transfer_requests,
)
from app.members.services import transfer_requests as services
from app.members.views.blueprint import bp


@bp.get("/transfers")
@permission("members.write")
def transfers() -> str:
    """Waiting for this reader, asked by this reader, or settled."""
    return _list_page()


@bp.post("/transfers/<int:request_id>/accept")
@permission("members.write")
def accept_transfer(request_id: int) -> Any:
    form = AcceptForm(request.form)
    if form.validate():
        try:
            services.accept_transfer(request_id, form.accepted_on.data, current_scope(), utc_now())
        except InvalidInput as refusal:
            add_errors(form, refusal)
        except WrongState as refusal:
            flash(refusal.words, "error")
            return redirect(url_for("members.transfers"))
        else:
            flash(_("已接收。从接收日期起,该党员属于新支部。"), "success")
            return redirect(url_for("members.transfers"))
    found = request_of(db.session(), request_id, current_scope(), today())
    if found is None or not found.is_incoming:
        raise NotFound()
    return _list_page((request_id, form)), 422


@bp.post("/transfers/<int:request_id>/decline")
@permission("members.write")
def decline_transfer(request_id: int) -> Any:
    return _answer(request_id, services.decline_transfer, _("已退回,该党员仍在原支部。"), Side.INCOMING)


@bp.post("/transfers/<int:request_id>/withdraw")
@permission("members.write")
def withdraw_transfer(request_id: int) -> Any:
    return _answer(request_id, services.withdraw_transfer, _("申请已撤回。"), Side.OUTGOING)


def _answer(request_id: int, act: Any, done: str, side: Side) -> Any:
    try:
        act(request_id, current_scope(), utc_now())
    except WrongState as refusal:
        flash(refusal.words, "error")
    else:
        flash(done, "success")
    return redirect(url_for("members.transfers", show=side if side is Side.OUTGOING else None))


def _list_page(refused: tuple[int, AcceptForm] | None = None) -> str:
    session, scope, on = db.session(), current_scope(), today()
    asked = request.args.get("show", "")
    side = Side(asked) if asked in set(Side) else Side.INCOMING
    totals = {each: transfer_request_count(session, scope, on, each) for each in Side}
    number = min(page_number(), max(1, -(-totals[side] // PAGE_SIZE)))
    rows = transfer_requests(session, scope, on, side=side, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE)
    return render_template(
        "members/transfers.html",
        page=Page(rows, number, totals[side]),
        side=side,
        totals=totals,
        refused=refused,
        on=on,
    )
