"""Members' wishes for correction as those who serve them see, enter and answer them."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from app.core import labels
from app.core.access import current_scope, current_staff, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import InvalidInput, NotFound
from app.core.i18n import gettext as _
from app.core.office import elderly_age
from app.core.paging import PAGE_SIZE, Page, page_number
from app.core.vocabulary import RequestState
from app.members.forms import add_errors
from app.members.queries.member_page import Person, member_page, person_of
from app.members.queries.scoped import find_member
from app.members.queries.wishes import WishRow, wish_in_scope, wish_page
from app.members.rules_wishes import LONGEST_ANSWER, LONGEST_TEXT
from app.members.services.wishes import answer_wish, enter_wish
from app.members.serving_forms import AnswerForm, WishForm
from app.members.views.blueprint import bp
from app.members.words import ABOUT_LABELS, REQUEST_STATE_LABELS

_WORDS = {"about_labels": ABOUT_LABELS, "request_labels": REQUEST_STATE_LABELS}


@bp.get("/members/wishes")
@permission("members.write")
def wishes() -> str:
    """Fifty a page: those that wait, the oldest first; or those that were answered."""
    answered, number = request.args.get("show") == "answered", page_number()
    rows, total = wish_page(
        db.session(),
        current_scope(),
        today(),
        is_open=not answered,
        limit=PAGE_SIZE,
        offset=(number - 1) * PAGE_SIZE,
    )
    page = Page(rows, number, total)
    return render_template("members/wishes.html", page=page, answered=answered, **_WORDS)


@bp.get("/members/wishes/<int:wish_id>")
@permission("members.write")
def wish(wish_id: int) -> str:
    """What the member wrote, beside what is recorded now."""
    return _wish_page(_require_wish(wish_id), AnswerForm())


@bp.post("/members/wishes/<int:wish_id>")
@permission("members.write")
def reply_to_wish(wish_id: int) -> Any:
    row, form = _require_wish(wish_id), AnswerForm(request.form)
    if not form.validate():
        return _wish_page(row, form), 422
    try:
        answer_wish(
            wish_id, RequestState(form.state.data), form.answer.data or "", current_scope(), utc_now()
        )
    except InvalidInput as refusal:
        add_errors(form, refusal)
        return _wish_page(row, form), refusal.status
    flash(_("已答复,本人在手机上可以看到。"), "success")
    return redirect(url_for("members.wishes"))


@bp.get("/members/<int:member_id>/wishes/new")
@permission("members.write")
def new_wish(member_id: int) -> str:
    """For a member who told a person instead of a phone."""
    return _new_page(_require_member(member_id), WishForm(about=request.args.get("about")))


@bp.post("/members/<int:member_id>/wishes/new")
@permission("members.write")
def add_wish(member_id: int) -> Any:
    member, form = _require_member(member_id), WishForm(request.form)
    if not form.validate():
        return _new_page(member, form), 422
    try:
        wish_id = enter_wish(member_id, form.wish(), current_scope(), utc_now())
    except InvalidInput as refusal:
        add_errors(form, refusal)
        return _new_page(member, form), refusal.status
    flash(_("已代为登记。"), "success")
    return redirect(url_for("members.wish", wish_id=wish_id))


def _require_wish(wish_id: int) -> WishRow:
    row = wish_in_scope(db.session(), wish_id, current_scope(), today())
    if row is None:
        raise NotFound()
    return row


def _require_member(member_id: int) -> Person:
    member = find_member(db.session(), member_id, current_scope(), today())
    if member is None:
        raise NotFound()
    return person_of(member)


def _wish_page(row: WishRow, form: AnswerForm) -> str:
    reading = current_staff().scope("members.read")
    page = member_page(db.session(), row.member_id, reading, today(), elderly_age())
    return render_template(
        "members/wish.html",
        wish=row,
        page=page,
        form=form,
        labels=labels,
        longest=LONGEST_ANSWER,
        **_WORDS,
    )


def _new_page(member: Person, form: WishForm) -> str:
    return render_template(
        "members/wish_form.html", form=form, member_id=member.id, name=member.name, longest=LONGEST_TEXT
    )
