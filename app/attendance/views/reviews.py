"""What a person should look at: the list, one item, deciding it, and taking a decision back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from app.attendance.errors import CheckInRefused
from app.attendance.forms import read_chosen, read_decision
from app.attendance.queries.reviews import (
    ReviewFilter,
    ReviewRow,
    concerned,
    other_places,
    review_in_scope,
    reviews_page,
    waiting_ticks,
)
from app.attendance.queries.session import recorder_names
from app.attendance.services.decide_review import Decision, all_ticks_fine, decide, reopen
from app.attendance.views import bp
from app.core.access import current_scope, permission, safe_next
from app.core.clock import utc_now
from app.core.db import db
from app.core.errors import AppError, InvalidInput, NotFound, WrongState
from app.core.i18n import gettext as _
from app.core.labels import REVIEW_KIND_LABELS, REVIEW_STATE_LABELS
from app.core.numbers import whole
from app.core.office import session_rules
from app.core.paging import Page, page_number
from app.core.vocabulary import ReviewKind, ReviewState
from app.trainings.queries.page import session_facts

PER_PAGE = 20
# More people than this are shown on the item's own page.
MOST_INLINE = 8


@bp.get("/reviews")
@permission("attendance.write")
def reviews() -> str:
    """Twenty a page: those that wait, or those that were decided."""
    session, scope, now = db.session(), current_scope(), utc_now()
    decided, number, asked = request.args.get("show") == "decided", page_number(), request.args.get("session")
    session_id = whole(asked) if asked else None
    if asked and session_id is None:
        raise NotFound()
    facts = session_facts(session, session_id, scope, now) if session_id is not None else None
    wanted = ReviewFilter(decided=decided, session_id=session_id)
    rows, total = reviews_page(session, wanted, scope, now, limit=PER_PAGE, offset=(number - 1) * PER_PAGE)
    return render_template(
        "attendance/reviews.html",
        page=Page(rows, number, total, PER_PAGE),
        decided=decided,
        facts=facts,
        **_around(rows, few=True),
    )


@bp.get("/reviews/<int:review_id>")
@permission("attendance.write")
def review(review_id: int) -> str:
    """One item with everyone concerned."""
    row = _require(review_id)
    return render_template("attendance/review.html", row=row, **_around([row], few=False))


@bp.post("/reviews/<int:review_id>")
@permission("attendance.write")
def decide_review(review_id: int) -> Any:
    """Fine, or not there; the same tap again changes nothing."""
    row = _require(review_id)
    wanted = read_decision(request.form)
    chosen = read_chosen(request.form.getlist("members"))
    try:
        decide(review_id, Decision(wanted, chosen), current_scope(), utc_now(), **session_rules())
    except (CheckInRefused, InvalidInput, WrongState) as refused:
        flash(refused.detail if isinstance(refused, InvalidInput) else refused.words, "warning")
        return _back(review_id)
    if wanted is ReviewState.FINE:
        flash(_("已记下:没问题。需要改时,可以在“已处理”里重新打开。"), "success")
    elif row.kind is ReviewKind.LATE_TICK:
        flash(_("已记下:这条登记不计入。需要改时,可以在“已处理”里重新打开。"), "success")
    else:
        flash(_("已记下:不在场。需要改时,可以在“已处理”里重新打开。"), "success")
    return _back()


@bp.post("/reviews/<int:review_id>/reopen")
@permission("attendance.write")
def reopen_review(review_id: int) -> Any:
    """Take a decision back."""
    _require(review_id)
    try:
        reopen(review_id, current_scope(), utc_now(), **session_rules())
    except AppError as refused:
        flash(refused.words, "warning")
    else:
        flash(_("已重新打开;当时改动的登记已改回,请再选择。"), "success")
    return redirect(url_for("attendance.review", review_id=review_id))


@bp.post("/sessions/<int:session_id>/reviews/fine")
@permission("attendance.write")
def ticks_fine(session_id: int) -> Any:
    """Every late tick of one phone is recorded."""
    device = request.form.get("device", "")[:64]
    done, left, more = all_ticks_fine(session_id, device, current_scope(), utc_now(), **session_rules())
    if more and done:
        flash(_("已记下 %(n)s 条;还有 %(more)s 条等待处理,请再点一次。", n=done, more=more), "warning")
    elif left:
        flash(_("已记下 %(n)s 条;还有 %(left)s 条记不了,请逐条查看。", n=done, left=left + more), "warning")
    else:
        flash(_("已记下 %(n)s 条。", n=done), "success")
    return _back()


def _require(review_id: int) -> ReviewRow:
    row = review_in_scope(db.session(), review_id, current_scope(), utc_now())
    if row is None:
        raise NotFound()
    return row


def _around(rows: Sequence[ReviewRow], *, few: bool) -> dict[str, Any]:
    """What stands beside items: people, the other sessions, who decided or noted, and words."""
    session = db.session()
    shown = [row for row in rows if not few or row.how_many <= MOST_INLINE]
    staff = {row.decided_by_id for row in rows} | {row.noted_by_id for row in rows}
    return {
        "people": concerned(session, shown),
        "others": other_places(session, rows, current_scope(), utc_now()),
        "ticks": waiting_ticks(session, rows),
        "staff_names": recorder_names(session, {user for user in staff if user is not None}),
        "kind_labels": REVIEW_KIND_LABELS,
        "state_labels": REVIEW_STATE_LABELS,
        "most_inline": MOST_INLINE if few else None,
    }


def _back(review_id: int | None = None) -> Any:
    fallback = (
        url_for("attendance.review", review_id=review_id) if review_id else url_for("attendance.reviews")
    )
    target = safe_next(request.form.get("next"), fallback)
    return redirect(f"{target}#r{review_id}" if review_id else target)
