"""The form of a session: new, copied or stored; one page for all three."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from app.core.access import Scope, current_scope, permission
from app.core.clock import office_date, office_tz, utc_now
from app.core.db import db
from app.core.errors import InvalidInput, WrongState
from app.core.i18n import gettext as _
from app.core.numbers import whole
from app.core.office import elderly_age, session_rules
from app.core.vocabulary import SessionState
from app.members.queries.members import MemberFilter, MemberRow, member_list
from app.trainings.commands import SavedSession
from app.trainings.forms import SessionForm
from app.trainings.queries.choices import LastSession, Named, usual_kinds
from app.trainings.queries.page import SessionFacts, session_facts
from app.trainings.queries.people import NamedMember, named_members
from app.trainings.queries.sessions import audience_ids
from app.trainings.services.classes import Wish, save_changes, save_new
from app.trainings.services.drafts import AUDIENCE_EDITABLE, EDITABLE
from app.trainings.views import bp
from app.trainings.views.filling import Offer, offer_choices, start_of_edit, start_of_new

MOST_FOUND = 12
USUAL_DAYS = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Beside:
    """What the page shows beside the form: lists to choose from, and where its values come from."""

    offer: Offer
    stored: SessionFacts | None = None
    source: LastSession | None = None
    usual: tuple[Named, ...] = ()


@bp.get("/sessions/new")
@permission("sessions.write")
def create() -> Any:
    """A new session, filled in from the last one of its kind, or copied (`from`)."""
    now, scope, session = utc_now(), current_scope(), db.session()
    kind = request.args.get("kind") or None
    copied_id = whole(request.args.get("from"))
    start = start_of_new(kind, copied_id, scope, now, office_tz())
    usual = usual_kinds(session, scope, office_date(now) - USUAL_DAYS, now) if copied_id is None else []
    form = SessionForm(data=start.data)
    return _page(form, Beside(offer_choices(form, scope, now), None, start.source, tuple(usual)))


@bp.post("/sessions/new")
@permission("sessions.write")
def create_submit() -> Any:
    """Store the session, and publish it when asked to; errors come back with everything typed."""
    now, scope, form = utc_now(), current_scope(), SessionForm(request.form)
    beside = Beside(offer_choices(form, scope, now))
    if not _is_saving():
        form.search_problems()
        return _page(form, beside)
    if not form.validate():
        return _page(form, beside, 422)
    try:
        saved = save_new(form.draft(office_tz()), _wish(form), scope, now, **session_rules())
    except InvalidInput as wrong:
        form.add_errors(wrong.errors)
        return _page(form, beside, 422)
    return _saved(saved)


@bp.get("/sessions/<int:session_id>/edit")
@permission("sessions.write")
def edit(session_id: int) -> Any:
    """The stored session in the form."""
    now, scope = utc_now(), current_scope()
    stored = session_facts(db.session(), session_id, scope, now)
    if stored.state not in EDITABLE:
        flash(_("已取消的场次不能修改。"), "warning")
        return redirect(url_for("trainings.show", session_id=session_id))
    form = SessionForm(data=start_of_edit(stored, office_tz()))
    offer = offer_choices(form, scope, now, stored)
    return _page(_for_state(form, stored), Beside(offer, stored))


@bp.post("/sessions/<int:session_id>/edit")
@permission("sessions.write")
def edit_submit(session_id: int) -> Any:
    """Store the changes; errors come back with everything typed."""
    now, scope = utc_now(), current_scope()
    stored = session_facts(db.session(), session_id, scope, now)
    form = SessionForm(request.form)
    beside = Beside(offer_choices(form, scope, now, stored), stored)
    _for_state(form, stored)
    if not _is_saving():
        form.search_problems()
        return _page(form, beside)
    if not form.validate():
        return _page(form, beside, 422)
    try:
        draft = form.draft(office_tz())
        saved = save_changes(session_id, draft, _wish(form), scope, now, **session_rules())
    except InvalidInput as wrong:
        form.add_errors(wrong.errors)
        return _page(form, beside, 422)
    except WrongState as wrong:
        flash(wrong.detail, "warning")
        return redirect(url_for("trainings.show", session_id=session_id))
    return _saved(saved)


@bp.post("/sessions/members")
@permission("sessions.write")
def find_members() -> str:
    """The part of the form that names members, after a search; the search box itself stays.

    `session` in the address: the one that is edited, whose members stay chosen wherever they belong.
    """
    form, edited = SessionForm(request.form), whole(request.args.get("session"))
    problems = form.search_problems()
    chosen, found = _members(form, current_scope(), utc_now(), edited)
    return render_template(
        "trainings/_named_members.html", chosen=chosen, found=found, q=_search(), problems=problems
    )


def _is_saving() -> bool:
    """Whether to store. Enter in the search box means to search, anywhere else to save."""
    step = request.form.get("step", "enter")
    return step in ("publish", "draft", "save") or (step == "enter" and not _search())


def _search() -> str:
    return request.form.get("member_q", "").strip()[:80]


def _wish(form: SessionForm) -> Wish:
    new_class, publish = form.new_class.data or "", request.form.get("step") == "publish"
    return Wish(new_class, publish, _asked_at())


def _asked_at() -> datetime | None:
    """When the form was opened, as it says itself; None when it does not."""
    try:
        found = datetime.fromisoformat(request.form.get("asked_at", ""))
    except ValueError:
        return None
    return found if found.tzinfo is not None and 2000 < found.year < 2200 else None


def _for_state(form: SessionForm, stored: SessionFacts) -> SessionForm:
    if stored.state not in AUDIENCE_EDITABLE:
        form.lock_audience()
    return form


def _saved(saved: SavedSession) -> Any:
    words = {
        SessionState.DRAFT.value: _("已存为草稿。"),
        SessionState.PUBLISHED.value: _("已保存并发布。"),
    }
    flash(words.get(saved.state, _("已保存。")), "success")
    if not saved.is_new:
        flash(_("这一场刚才已经存过:没有再建一场,改动存进了它。"), "info")
    return redirect(url_for("trainings.show", session_id=saved.id))


def _members(
    form: SessionForm, scope: Scope, now: datetime, edited: int | None
) -> tuple[list[NamedMember], list[MemberRow] | None]:
    """Members chosen so far, and what a search found (None without one)."""
    if "members" not in form:
        return [], None
    session, day = db.session(), _day(form, now)
    # Named by somebody with a wider scope: they stay, so that nobody is dropped in silence.
    keep = audience_ids(session, session_facts(session, edited, scope, now).id)[2] if edited else []
    chosen = named_members(session, form.members.data or [], scope, day, keep=keep)
    if not _search():
        return chosen, None
    wanted = MemberFilter(day, elderly_age(), q=_search())
    known = {member.id for member in chosen}
    rows = member_list(session, scope, wanted, limit=MOST_FOUND + len(known))
    return chosen, [row for row in rows if row.id not in known][:MOST_FOUND]


def _day(form: SessionForm, now: datetime) -> date:
    day: date | None = form.day.data
    return day if day and not form.day.errors else office_date(now)


def _page(form: SessionForm, beside: Beside, status: int = 200) -> Any:
    edited = beside.stored.id if beside.stored else None
    chosen, found = _members(form, current_scope(), utc_now(), edited)
    page = render_template(
        "trainings/form.html",
        form=form,
        stored=beside.stored,
        source=beside.source,
        usual=beside.usual,
        offer=beside.offer,
        chosen=chosen,
        found=found,
        q=_search(),
        length=_length(form),
        asked_at=(_asked_at() or utc_now()).isoformat(),
    )
    return page, status


def _length(form: SessionForm) -> int | None:
    """Minutes from start to end as typed, to say what an empty number of minutes means."""
    day, starts, ends = form.day.data, form.starts.data, form.ends.data
    if not (day and starts and ends):
        return None
    span = datetime.combine(form.ends_day.data or day, ends) - datetime.combine(day, starts)
    return span // timedelta(minutes=1) if span > timedelta(0) else None
