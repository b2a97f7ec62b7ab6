"""The roster's buttons for many people: those chosen, everybody left, and taking one action back."""

from __future__ import annotations

import secrets
from itertools import groupby
from operator import attrgetter
from typing import Any
from urllib.parse import urlencode

from flask import flash, redirect, render_template, request, url_for

from app.attendance.errors import CheckInRefused
from app.attendance.forms import Tick, read_chosen, read_key, read_tick
from app.attendance.queries.session import RosterPart, RosterRow, roster
from app.attendance.services.bulk import Act, Noted, Rest, Ticked, take_back_all, tick_all, tick_rest
from app.attendance.views import bp
from app.core.access import current_scope, permission, safe_next
from app.core.clock import utc_now
from app.core.db import db
from app.core.errors import InvalidInput, WrongState
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.numbers import whole
from app.core.office import session_rules
from app.core.vocabulary import Status
from app.trainings.queries.page import SessionFacts, session_facts

# More names than this are no list to read: exceptions are then ticked on the roster first.
MOST_NAMED = 2000


@bp.post("/sessions/<int:session_id>/roster")
@permission("attendance.write")
def tick_several(session_id: int) -> Any:
    """Those chosen on the page who have no status yet; the others stay as they are."""
    noted, chosen = _noted(read_tick(request.form)), read_chosen(request.form.getlist("members"))
    act, scope = Act(session_id, _key()), current_scope()
    try:
        done = tick_all(act, dict.fromkeys(chosen, noted), scope, utc_now(), **session_rules())
    except CheckInRefused as error:
        flash(error.words, "warning")
        return redirect(_target(session_id))
    if not chosen:
        flash(_("还没有选人。请先在名单上打勾,再点按钮。"), "warning")
        return redirect(_target(session_id))
    return done_with(act, done, _target(session_id))


@bp.get("/sessions/<int:session_id>/roster/rest")
@permission("attendance.write")
def rest_of(session_id: int) -> Any:
    """Everybody not recorded, before anything is done with them."""
    return _ask(session_facts(db.session(), session_id, current_scope(), utc_now()))


@bp.post("/sessions/<int:session_id>/roster/rest")
@permission("attendance.write")
def rest(session_id: int) -> Any:
    """Ask first (`step` is "ask"), then record everybody left but for those ticked."""
    facts = session_facts(db.session(), session_id, current_scope(), utc_now())
    excepted = frozenset(read_chosen(request.form.getlist("members")))
    if request.form.get("step") == "ask":
        return _ask(facts, excepted)
    act, noted = Act(session_id, _key()), _noted(read_tick(request.form))
    wanted = Rest(noted, _search(), excepted, _shown(excepted))
    try:
        done = tick_rest(act, wanted, current_scope(), utc_now(), **session_rules())
    except CheckInRefused as error:
        flash(error.words, "warning")
        return redirect(_target(session_id))
    except WrongState as changed:
        flash(changed.detail, "warning")
        return _ask(facts, excepted)
    return done_with(act, done, _target(session_id))


@bp.post("/sessions/<int:session_id>/roster/undo")
@permission("attendance.write")
def undo(session_id: int) -> Any:
    """Take back what one action recorded."""
    facts = session_facts(db.session(), session_id, current_scope(), utc_now())
    key = read_key(request.form)
    try:
        n = take_back_all(Act(facts.id, key), current_scope(), utc_now()) if key else 0
    except CheckInRefused as error:
        flash(error.words, "warning")
        return redirect(_target(session_id))
    if n:
        flash(_("已撤销,%(n)s 人恢复为未登记。", n=n), "success")
    else:
        flash(_("没有可撤销的:这一次的登记已经撤销,或后来改过。"), "info")
    return redirect(_target(session_id))


def done_with(act: Act, done: Ticked, target: str) -> Any:
    """Say what became of an action, and lead to a page that offers to undo it."""
    if done.nowhere:
        words = _("有 %(n)s 人那天不属于任何支部,没有登记。", n=len(done.nowhere))
        flash(words, "warning")
    if done.kept:
        kept = len(done.kept)
        words = _("已登记 %(n)s 人;另有 %(kept)s 人之前已登记,没有改动。", n=done.recorded, kept=kept)
        flash(words, "success")
    elif not done.recorded:
        flash(_("没有人需要登记。"), "info")
    # How many were recorded is said there, beside the button that takes it back.
    return redirect(_with_batch(target, act.key) if done.recorded else target)


def _noted(tick: Tick) -> Noted:
    if tick.status is None:
        raise InvalidInput.field("status", "one_by_one", lazy("请逐个撤销,不能几个人一起撤销登记。"))
    return Noted(tick.status, tick.excuse)


def _ask(facts: SessionFacts, excepted: frozenset[int] = frozenset()) -> Any:
    """The page that says how many there are, and lets some of them be left out."""
    rows, total = roster(
        db.session(), facts.id, search=_search(), part=RosterPart.UNRECORDED, limit=MOST_NAMED + 1
    )
    listed: list[RosterRow] = rows if total <= MOST_NAMED else []
    return render_template(
        "attendance/rest.html",
        facts=facts,
        groups=[(org, list(people)) for org, people in groupby(listed, attrgetter("org_name"))],
        total=total,
        excepted=excepted,
        left=total - len(excepted & {row.member_id for row in rows}),
        q=_search(),
        batch=secrets.token_urlsafe(16),
        back=_target(facts.id),
        offered=(Status.PRESENT, Status.ABSENT),
    )


def _shown(excepted: frozenset[int]) -> int | None:
    """How many are left of those whom the page counted, now that these are left out."""
    total = whole(request.form.get("total"))
    return None if total is None else max(0, total - len(excepted))


def _search() -> str:
    return request.values.get("q", "").strip()[:80]


def _key() -> str:
    return read_key(request.form) or secrets.token_urlsafe(16)


def _target(session_id: int) -> str:
    return safe_next(request.values.get("next"), url_for("trainings.show", session_id=session_id))


def _with_batch(target: str, key: str) -> str:
    path, _mark, query = target.partition("?")
    kept = [part for part in query.split("&") if part and not part.startswith("batch=")]
    return f"{path}?{'&'.join([*kept, urlencode({'batch': key})])}"
