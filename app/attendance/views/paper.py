"""The signed sheet, entered on one page after the session."""

from __future__ import annotations

import secrets
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from app.attendance.errors import CheckInRefused
from app.attendance.forms import read_key
from app.attendance.paper_forms import OFFERED, TYPED, Entered, all_set, read_choices, with_numbers
from app.attendance.rules import refusal
from app.attendance.services.bulk import Act, Noted, tick_all
from app.attendance.views import bp
from app.attendance.views.several import done_with
from app.attendance.views.sheet import Sheet, sheet_part
from app.core.access import current_scope, permission
from app.core.clock import utc_now
from app.core.i18n import gettext as _
from app.core.labels import STATUS_LABELS
from app.core.office import session_rules
from app.core.vocabulary import ATTENDED_STATUSES, Method, Status


@bp.get("/sessions/<int:session_id>/paper")
@permission("attendance.write")
def paper(session_id: int) -> Any:
    """The page to enter a signed sheet on, everybody set to present."""
    found = sheet_part(session_id)
    refused = refusal(found.facts.state, Method.PAPER, Status.PRESENT)
    if refused is not None:
        flash(CheckInRefused(refused).words, "warning")
        return redirect(url_for("trainings.show", session_id=session_id))
    return _form(found, all_set(found.ids, Status.PRESENT, dict.fromkeys(TYPED, "")))


@bp.post("/sessions/<int:session_id>/paper")
@permission("attendance.write")
def paper_submit(session_id: int) -> Any:
    """Set every row (`step` all_present, all_blank), go back (edit), look at it first (preview), record."""
    found, step = sheet_part(session_id), request.form.get("step", "preview")
    entered = read_choices(request.form, found.ids)
    if step in ("all_present", "all_blank"):
        status = Status.PRESENT if step == "all_present" else None
        return _form(found, all_set(found.ids, status, entered.texts))
    if step == "edit":
        return _form(found, entered)
    entered = with_numbers(entered, found.ids, found.first, request.form.get("mark", ""))
    if entered.errors:
        return _form(found, entered, 422)
    return _record(found, entered) if step == "record" else _preview(found, entered)


def _form(found: Sheet, entered: Entered, status: int = 200) -> Any:
    page = render_template(
        "attendance/paper.html",
        **_shown(found),
        entered=entered,
        offered=OFFERED,
        typed={name: label for name, (_status, label) in TYPED.items()},
    )
    return page, status


def _preview(found: Sheet, entered: Entered) -> str:
    """What would be recorded: how many of each, the exceptions by name, and who stays as recorded."""
    numbered = list(enumerate(found.page.items, found.first))
    fresh = [(n, row, entered.choices[row.member_id]) for n, row in numbered if row.status is None]
    known = [(n, row, entered.said.get(row.member_id)) for n, row in numbered if row.status is not None]
    # Whom the sheet contradicts, or might: somebody noted as away could have signed after all.
    apart = [
        (n, row, said)
        for n, row, said in known
        if row.status not in ATTENDED_STATUSES or said not in (None, row.status)
    ]
    return render_template(
        "attendance/paper_preview.html",
        **_shown(found),
        entered=entered,
        groups=[(status, [(n, row) for n, row, said in fresh if said is status]) for status in OFFERED],
        blank=[(n, row) for n, row, said in fresh if said is None],
        total=sum(1 for _n, _row, said in fresh if said is not None),
        known=len(known),
        apart=apart,
    )


def _record(found: Sheet, entered: Entered) -> Any:
    session_id = found.facts.id
    act = Act(session_id, read_key(request.form) or secrets.token_urlsafe(16), Method.PAPER)
    people = {member_id: Noted(said) for member_id, said in entered.choices.items() if said is not None}
    target = url_for("trainings.show", session_id=session_id)
    try:
        done = tick_all(act, people, current_scope(), utc_now(), **session_rules())
    except CheckInRefused as error:
        flash(error.words, "warning")
        return _form(found, entered, 409)
    if found.page.has_next:
        flash(_("这一部分已登记,请接着录下一部分。"), "success")
        target = url_for("attendance.paper", session_id=session_id, page=found.page.number + 1)
        return redirect(target)
    return done_with(act, done, target)


def _shown(found: Sheet) -> dict[str, Any]:
    return {
        "facts": found.facts,
        "page": found.page,
        "first": found.first,
        "sheet_mark": found.mark,
        "batch": read_key(request.form) or secrets.token_urlsafe(16),
        "status_labels": STATUS_LABELS,
    }
