"""The page of one session: what it is, what can be done now, and the roster with everyone's status."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from flask import current_app, g, render_template, request

from app.attendance.forms import OFFERED, read_key
from app.attendance.queries.absences import leave_of_session
from app.attendance.queries.adjustments import waiting_at
from app.attendance.queries.bulk import count_unchanged
from app.attendance.queries.history import history_of
from app.attendance.queries.live import live_states
from app.attendance.queries.session import (
    RosterPart,
    RosterRow,
    on_roster,
    roster,
)
from app.attendance.queries.todo import beside_roster
from app.attendance.reasons import reason_words
from app.attendance.rules import refusal
from app.core.access import current_scope, current_staff, permission
from app.core.clock import office_tz, today, utc_now
from app.core.db import db
from app.core.labels import EXCUSE_LABELS, GROUP_LABELS, LECTURER_ROLE_LABELS, METHOD_LABELS, STATUS_LABELS
from app.core.office import elderly_age
from app.core.paging import PAGE_SIZE, Page, page_number
from app.core.vocabulary import Method, SessionState, Status
from app.members.queries.hosted import hosted_members
from app.members.queries.members import MemberFilter, member_list
from app.members.queries.tree import in_scope
from app.trainings.queries.listing import sessions_in_scope
from app.trainings.queries.locks import locked_on
from app.trainings.queries.page import (
    Audience,
    SessionFacts,
    Speaker,
    audience,
    invited_count,
    session_clashes,
    session_facts,
    speakers,
    whole_credit,
)
from app.trainings.rules import possible_steps
from app.trainings.views import bp

# Clashes matter while something can still be moved.
MOVABLE = (SessionState.DRAFT, SessionState.PUBLISHED)
MOST_FOUND = 12
# The others are answered in the list of all.
MOST_LEAVE = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """The roster's filters as they stand in the address; `checked` ticks every box of the page."""

    part: RosterPart
    text: str
    add: str
    checked: bool
    # The action that was just taken, and may be undone.
    batch: str | None


@bp.get("/sessions/<int:session_id>")
@permission("sessions.read")
def show(session_id: int) -> str:
    """Everything about one session."""
    now, scope, session = utc_now(), current_scope(), db.session()
    facts = session_facts(session, session_id, scope, now)
    can_write = may_write(facts)
    asked, number = _asked(), page_number()
    rows, total = _people(facts, asked, number)
    speaking, invited = speakers(session, session_id), audience(session, session_id)
    beside = beside_roster(session, session_id)
    return render_template(
        "attendance/session.html",
        facts=facts,
        asked=asked,
        speakers=speaking,
        audience=invited,
        steps=possible_steps(facts.state) if can_write and not is_locked(facts) else frozenset(),
        live=(live := live_states(session, [session_id])[session_id]),
        counts=live.counts,
        page=Page(rows, number, total),
        undoable=count_unchanged(session, session_id, asked.batch) if can_write and asked.batch else 0,
        new_batch=secrets.token_urlsafe(16),
        to_review=beside.reviews if can_write else 0,
        leave=leave_of_session(session, session_id, MOST_LEAVE) if can_write and beside.leave else [],
        elsewhere=beside.elsewhere if facts.state is SessionState.CLOSED else 0,
        **(_candidates(facts, asked.add) if can_write else {"found": None, "hosted": []}),
        **_before_it_begins(facts, speaking, invited),
        **roster_context(facts, rows, can_write, was_changed=bool(beside.changes)),
    )


@bp.get("/sessions/<int:session_id>/candidates")
@permission("attendance.write")
def candidates(session_id: int) -> str:
    """Members of the scope that a search finds, to be added to the roster."""
    facts = session_facts(db.session(), session_id, current_scope(), utc_now())
    text = _asked().add
    found = _candidates(facts, text)
    locked = is_locked(facts)
    return render_template("attendance/_candidates.html", facts=facts, add=text, is_locked=locked, **found)


def may_write(facts: SessionFacts) -> bool:
    """Whether this user may change the session, not only see it."""
    held = current_staff().scope_if_held("attendance.write")
    if held is None:
        return False
    same = held.org_ids == current_scope().org_ids
    return same or in_scope(db.session(), facts.host_org_id, held, today())


def roster_context(
    facts: SessionFacts, rows: list[RosterRow], can_write: bool, *, was_changed: bool = True
) -> dict[str, Any]:
    """What a row of the roster needs: which buttons are open now, and words and names for the rest.

    was_changed False: no row of the session has a history to read.
    """
    session, locked, ids = db.session(), is_locked(facts), [row.member_id for row in rows]
    open_now = {
        status: refusal(facts.state, Method.STAFF_ENTRY, status, is_locked=locked) is None
        for status in (*OFFERED, *Status)
    }
    return {
        "can_write": can_write,
        "is_locked": locked,
        "waiting": waiting_at(session, facts.id, ids) if facts.state is SessionState.CLOSED else {},
        "history": history_of(session, facts.id, ids) if was_changed else {},
        "reason_words": reason_words,
        "my_id": current_staff().id,
        "whole_minutes": whole_credit(facts, office_tz()),
        "endpoints": current_app.view_functions,
        "offered": OFFERED,
        "open_now": open_now,
        "status_labels": STATUS_LABELS,
        "method_labels": METHOD_LABELS,
        "excuse_labels": EXCUSE_LABELS,
        "group_labels": GROUP_LABELS,
        "lecturer_role_labels": LECTURER_ROLE_LABELS,
    }


def is_locked(facts: SessionFacts) -> bool:
    """Whether the session's month or year is locked; nothing else than a closed session can be."""
    if facts.state is not SessionState.CLOSED:
        return False
    known: dict[int, bool] = g.setdefault("locked_sessions", {})
    if facts.id not in known:
        known[facts.id] = locked_on(db.session(), facts.office_date)
    return known[facts.id]


def _asked() -> Asked:
    part = request.args.get("show", "")
    return Asked(
        part=RosterPart(part) if part in set(RosterPart) else RosterPart.ALL,
        text=request.args.get("q", "").strip()[:80],
        add=request.args.get("add", "").strip()[:80],
        checked=request.args.get("checked") == "1",
        batch=read_key(request.args),
    )


def _candidates(facts: SessionFacts, text: str) -> dict[str, Any]:
    """Members a search finds, those hosted here (all of them without a search), and who is listed already.

    found None: no search, or nothing to record.
    """
    if refusal(facts.state, Method.STAFF_ENTRY, Status.PRESENT) is not None:
        return {"found": None, "hosted": []}
    session, held = db.session(), current_staff().scope("attendance.write")
    hosted = hosted_members(session, held, facts.office_date, q=text, limit=MOST_FOUND)
    if text:
        wanted = MemberFilter(facts.office_date, elderly_age(), q=text)
        found = member_list(session, held, wanted, limit=MOST_FOUND)
    else:
        found = []
    ids = [person.id for person in found] + [person.id for person in hosted]
    return {"found": found if text else None, "hosted": hosted, "listed": on_roster(session, facts.id, ids)}


def _people(facts: SessionFacts, asked: Asked, number: int) -> tuple[list[RosterRow], int]:
    if facts.state is SessionState.DRAFT:
        # Nobody is expected before publishing.
        return [], 0
    offset = (number - 1) * PAGE_SIZE
    return roster(db.session(), facts.id, part=asked.part, search=asked.text, limit=PAGE_SIZE, offset=offset)


def _before_it_begins(facts: SessionFacts, speaking: list[Speaker], invited: Audience) -> dict[str, Any]:
    """Clashes with other sessions, which of those this user may open, and how many a draft would invite."""
    if facts.state not in MOVABLE:
        return {"clashes": (), "reachable": set(), "invited": None}
    session, scope, now, age = db.session(), current_scope(), utc_now(), elderly_age()
    found = session_clashes(session, facts, speaking, invited, scope, now, age)
    ids = [clash.session_id for clash in found]
    draft = facts.state is SessionState.DRAFT
    return {
        "clashes": found,
        "reachable": sessions_in_scope(session, ids, scope, now),
        "invited": invited_count(session, facts, invited, age) if draft else None,
    }
