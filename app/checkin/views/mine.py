"""A member's own page: what comes next, the year's hours, what is recorded, and a wish to correct it."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from app.attendance.queries.absences import missed_by, own_leave
from app.attendance.queries.adjustments import waiting_of_member
from app.attendance.queries.member import (
    attendance_years,
    member_attendance,
    member_hours,
)
from app.attendance.queries.ways import ways_for
from app.checkin.queries.own import own_group_rows, own_groups
from app.checkin.queries.phone import open_online_sessions
from app.checkin.services.links import personal_link
from app.checkin.views import bp
from app.checkin.views.own import Own, for_own
from app.core.access import MEMBER, permission
from app.core.clock import office_date, today, utc_now
from app.core.db import db
from app.core.errors import InvalidInput
from app.core.i18n import gettext as _
from app.core.labels import EXCUSE_LABELS, POST_LABELS
from app.core.numbers import whole
from app.core.office import elderly_age
from app.core.paging import Page, page_number
from app.members.forms import add_errors
from app.members.queries.member_page import own_page
from app.members.queries.visit_notes import visit_note
from app.members.queries.wishes import own_wishes
from app.members.rules_wishes import LONGEST_TEXT, MOST_OPEN
from app.members.services.wishes import ask_for_correction
from app.members.serving_forms import WishForm
from app.members.words import ABOUT_LABELS, NEED_LABELS, OWN_GROUP_WORDS, REQUEST_STATE_LABELS
from app.trainings.queries.upcoming import expected_sessions

# Fewer than on a desk: large type, small screen.
RECORDS_A_PAGE = 20
LATEST = 5


@bp.get("/mine")
@permission(MEMBER)
@for_own
def mine(own: Own) -> str:
    """What comes next, the year's hours, the latest records, and the doors to the rest."""
    session, year, now = db.session(), today().year, utc_now()
    return render_template(
        "checkin/mine.html",
        own=own,
        year=year,
        upcoming=(upcoming := expected_sessions(session, own.member_id, now)),
        online=[
            (row, personal_link(row.secret, row.id, own.member_id))
            for row in open_online_sessions(session, own.member_id)
        ],
        hours=member_hours(session, own.member_id, year),
        missed=(missed := missed_by(session, own.member_id, _year_of(year), LATEST)),
        ways=ways_for(session, own.member_id, [row.session_id for row in missed if not row.state], now),
        leave=own_leave(
            session, own.member_id, [*(row.id for row in upcoming), *(row.session_id for row in missed)]
        ),
        excuse_labels=EXCUSE_LABELS,
        rows=member_attendance(session, own.member_id, limit=LATEST),
    )


@bp.get("/mine/records")
@permission(MEMBER)
@for_own
def own_records(own: Own) -> str:
    """Everything recorded, year by year."""
    session, on = db.session(), today()
    years = attendance_years(session, own.member_id)
    asked = whole(request.args.get("year"), on.year)
    year = asked if asked in years else next(iter(years), on.year)
    total = years.get(year, 0)
    number = min(page_number(), max(1, -(-total // RECORDS_A_PAGE)))
    start = (number - 1) * RECORDS_A_PAGE
    rows = member_attendance(session, own.member_id, RECORDS_A_PAGE, start, year=year)
    return render_template(
        "checkin/mine_records.html",
        own=own,
        years=years,
        year=year,
        page=Page(rows, number, total, RECORDS_A_PAGE),
        adjusted=[row for row in waiting_of_member(session, own.member_id) if row.office_date.year == year],
        hours=member_hours(session, own.member_id, year),
    )


@bp.get("/mine/about")
@permission(MEMBER)
@for_own
def own_facts(own: Own) -> str:
    """What the office knows about the member, and the note for visits as it was written."""
    page = own_page(db.session(), own.member_id, today(), elderly_age())
    note = visit_note(db.session(), own.member_id)
    return render_template(
        "checkin/mine_about.html",
        own=own,
        page=page,
        groups=own_groups(page),
        group_rows=own_group_rows(page),
        group_words=OWN_GROUP_WORDS,
        note=note,
        written_on=office_date(note.updated_at) if note else None,
        need_labels=NEED_LABELS,
        post_labels=POST_LABELS,
    )


@bp.get("/mine/wishes")
@permission(MEMBER)
@for_own
def own_wish_list(own: Own) -> str:
    """What the member asked to have corrected, and what became of it."""
    wishes = own_wishes(db.session(), own.member_id, today())
    return render_template(
        "checkin/mine_wishes.html",
        own=own,
        wishes=wishes,
        may_ask=sum(wish.is_open for wish in wishes) < MOST_OPEN,
        about_labels=ABOUT_LABELS,
        request_labels=REQUEST_STATE_LABELS,
    )


@bp.get("/mine/wishes/new")
@permission(MEMBER)
@for_own
def new_own_wish(own: Own) -> str:
    return _wish_page(own, WishForm(about=request.args.get("about", "")))


@bp.post("/mine/wishes/new")
@permission(MEMBER)
@for_own
def ask_own_wish(own: Own) -> Any:
    """Keep it once, however often the button is pressed; typed text stays when something is missing."""
    form = WishForm(request.form)
    if not form.validate():
        return _wish_page(own, form), 422
    try:
        ask_for_correction(own.member_id, form.wish(), utc_now())
    except InvalidInput as refusal:
        add_errors(form, refusal)
        return _wish_page(own, form), refusal.status
    flash(_("已交给党支部。答复后,您在这一页能看到。"), "success")
    return redirect(url_for("checkin.own_wish_list", who=own.who))


def _year_of(year: int) -> tuple[date, date]:
    return date(year, 1, 1), date(year, 12, 31)


def _wish_page(own: Own, form: WishForm) -> str:
    return render_template("checkin/mine_wish.html", own=own, form=form, longest=LONGEST_TEXT)
