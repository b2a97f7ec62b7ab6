"""Staff take a round of home visits along on a phone, see the rounds of a session, and stop them."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for

from app.attendance.forms import read_chosen
from app.checkin.queries.rounds import has_rounds, rounds_of, unvisited, unvisited_branches
from app.checkin.services.rounds import (
    MOST_PEOPLE,
    OFFERED_IN,
    ROUND_HOURS,
    TakenRound,
    stop_round,
    take_round,
)
from app.checkin.views import bp
from app.core.access import current_scope, permission
from app.core.clock import office_tz, utc_now
from app.core.db import db
from app.core.errors import wants_json
from app.core.i18n import gettext as _
from app.core.labels import GROUP_LABELS
from app.core.numbers import whole
from app.core.office import elderly_age
from app.core.vocabulary import VISIT_MODES, Group
from app.trainings.queries.page import session_facts

# Where visits are the point of the session: everybody left is ticked beforehand.


# Asked for by the session's page, which belongs to a feature below this one.
@bp.app_template_global("has_rounds")
def session_has_rounds(session_id: int) -> bool:
    """Whether the session has a list that may have to be stopped, whatever its state."""
    return has_rounds(db.session(), session_id)


@bp.get("/sessions/<int:session_id>/rounds")
@permission("attendance.write")
def rounds(session_id: int) -> str:
    """Who took a list along, how many, until when, and what has come in."""
    now = utc_now()
    facts = session_facts(db.session(), session_id, current_scope(), now)
    return render_template(
        "checkin/rounds_of.html",
        facts=facts,
        rounds=rounds_of(db.session(), session_id),
        now=now,
        may_take=facts.state in OFFERED_IN,
    )


@bp.get("/sessions/<int:session_id>/rounds/new")
@permission("attendance.write")
def new_round(session_id: int) -> str:
    """Choose whom to take along, and a PIN."""
    now, session = utc_now(), db.session()
    facts = session_facts(session, session_id, current_scope(), now)
    org_id, group = whole(request.args.get("branch")), request.args.get("group")
    chosen = Group(group) if group in set(Group) else None
    people, total = unvisited(session, session_id, now, org_id=org_id, group=chosen, limit=MOST_PEOPLE)
    return render_template(
        "checkin/rounds_new.html",
        facts=facts,
        people=people,
        total=total,
        branches=unvisited_branches(session, session_id),
        chosen_org=org_id,
        chosen_group=chosen,
        group_labels=GROUP_LABELS,
        ticked=facts.mode_key in VISIT_MODES or org_id is not None or chosen is not None,
        may_take=facts.state in OFFERED_IN,
        hours=ROUND_HOURS,
        most=MOST_PEOPLE,
    )


@bp.post("/sessions/<int:session_id>/rounds")
@permission("attendance.write")
def make_round(session_id: int) -> Any:
    """Hand the list to the page's script, which seals it before it stores it."""
    # Looked up first, so that a page of another branch is not found whatever is posted.
    session_facts(db.session(), session_id, current_scope(), utc_now())
    if not wants_json():
        # A plain form could only show the names, not keep them sealed on the phone.
        flash(_("这个浏览器不能离线登记,名单没有带走。请打印名单带去,回来后在场次页补登。"), "warning")
        return redirect(url_for("checkin.new_round", session_id=session_id))
    chosen = read_chosen(request.form.getlist("members"))
    taken = take_round(session_id, chosen, current_scope(), utc_now(), elderly_age=elderly_age())
    return jsonify(_handed_over(taken))


@bp.post("/sessions/<int:session_id>/rounds/<int:round_id>/stop")
@permission("attendance.write")
def end_round(session_id: int, round_id: int) -> Any:
    """Stop a round whose phone is lost, or that is not needed any more."""
    stop_round(session_id, round_id, current_scope(), utc_now())
    flash(_("已停用。那部手机下次联网打开登记的那一页时会删去姓名;它还没传的登记会等人确认。"), "success")
    return redirect(url_for("checkin.rounds", session_id=session_id))


def _handed_over(taken: TakenRound) -> dict[str, Any]:
    """As the page keeps it: `sealed` under the PIN, the rest in plain."""
    return {
        "id": taken.id,
        "token": taken.token,
        "now": taken.created_at.isoformat(),
        "taken_at": taken.created_at.astimezone(office_tz()).isoformat(timespec="minutes"),
        "expires_at": taken.expires_at.isoformat(),
        "sealed": {
            "title": taken.title,
            "people": [
                {"ref": one.ref, "name": one.name, "org": one.org_name, "pinyin": one.pinyin}
                for one in taken.people
            ],
        },
    }
