"""Sessions: making, changing, listing and reading them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.context import list_body, one_page, require_org
from app.api.v1.operation import Either, operation
from app.api.v1.schemas.sessions import (
    NewSessionBody,
    SavedSessionAnswer,
    SeriesAnswer,
    SessionAnswer,
    SessionBody,
    SessionsAnswer,
    SessionsQuery,
)
from app.attendance.queries.session import session_counts
from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.office import session_rules
from app.core.paging import decode_cursor
from app.trainings.commands import AudienceDraft, LecturerDraft, SessionDraft
from app.trainings.queries.feed import FeedFilter, feed_sessions
from app.trainings.queries.page import audience, session_facts, speakers
from app.trainings.services.drafts import create_session, update_session
from app.trainings.services.series import SavedSeries, create_series

SESSION_PATH = "/sessions/<int:session_id>"


@bp.get("/sessions")
@permission("sessions.read")
@operation("列出场次", "List sessions", query=SessionsQuery(), answers={200: SessionsAnswer()}, errors=(404,))
def list_sessions(query: dict[str, Any]) -> dict[str, Any]:
    """By start; `from` and `to` are both included."""
    scope = current_scope()
    org_id = require_org(query["org"], scope, today()).id if query.get("org") else None
    states = (query["state"],) if query.get("state") else ()
    wanted = FeedFilter(query.get("from_"), query.get("to"), states, org_id)
    limit = query["limit"]
    after = decode_cursor(query["cursor"], (datetime, int)) if query.get("cursor") else None
    found = feed_sessions(db.session(), scope, wanted, utc_now(), limit=limit + 1, after=after)
    rows, more = one_page(found, limit)
    return list_body(rows, rows, more)


@bp.post("/sessions")
@permission("sessions.write")
@operation(
    "新建场次",
    "Make a session",
    body=NewSessionBody(),
    answers={201: Either(SavedSessionAnswer(), SeriesAnswer(), SavedSeries)},
    detail=(
        "写了 recurrence(RRULE,须有 COUNT 或 UNTIL,最多 200 场)时,建成一个班次,每天一场草稿,"
        "时刻按办公时区照旧。clashes 只是提醒。",
        "With recurrence (an RRULE with COUNT or UNTIL, at most 200 sessions) a class with one draft a day"
        " is made; each day's clock shows the same. clashes is a warning only.",
    ),
)
def make_session(body: dict[str, Any]) -> Any:
    recurrence, draft = body.get("recurrence"), _draft(body)
    if not recurrence:
        return create_session(draft, current_scope(), utc_now(), **session_rules())
    return create_series(draft, recurrence, current_scope(), utc_now(), **session_rules())


@bp.get(SESSION_PATH)
@permission("sessions.read")
@operation("查看一个场次", "Read one session", answers={200: SessionAnswer()})
def read_session(session_id: int) -> dict[str, Any]:
    session = db.session()
    facts = session_facts(session, session_id, current_scope(), utc_now())
    invited = audience(session, session_id)
    counts = session_counts(session, [session_id])[session_id]
    return {
        "id": facts.id,
        "title": facts.title,
        "kind": facts.kind_key,
        "mode": facts.mode_key,
        "state": facts.state,
        "starts_at": facts.starts_at,
        "ends_at": facts.ends_at,
        "host_code": facts.host_code,
        "venue": facts.venue_name,
        "class_id": facts.class_id,
        "credited_minutes": facts.credited_minutes,
        "note": facts.note,
        "lecturers": speakers(session, session_id),
        "audience": {
            "orgs": [code for code, _name in invited.orgs],
            "groups": invited.groups,
            "members": [member_id for member_id, _name in invited.members],
        },
        "expected": counts.expected,
        "attended": counts.attended,
        "extra": counts.extra,
        "made_up": counts.made_up,
        "excused": counts.excused,
        "absent": counts.absent,
        "unrecorded": counts.unrecorded,
        "declared_person_times": facts.declared_person_times or 0,
        "declared_mark": facts.declared_mark,
        "late_after_minutes": facts.late_after_minutes,
        "asks_sign_out": facts.asks_sign_out,
        "join_url": facts.join_url,
        "effective_minutes": facts.effective_minutes,
        "head_count": facts.head_count,
        "guest_count": facts.guest_count,
    }


@bp.put(SESSION_PATH)
@permission("sessions.write")
@operation(
    "修改场次",
    "Change a session",
    body=SessionBody(),
    answers={200: SavedSessionAnswer()},
    errors=(409,),
    detail=(
        "整体替换;没有写的可选项会清空。签到开始后,参加范围和日期不再改变。",
        "Replaces the whole; optional fields left out become blank. Once check-in is open, audience and day"
        " stay.",
    ),
)
def change_session(session_id: int, body: dict[str, Any]) -> Any:
    return update_session(session_id, _draft(body), current_scope(), utc_now(), **session_rules())


def _draft(body: dict[str, Any]) -> SessionDraft:
    invited = body.get("audience") or {}
    return SessionDraft(
        title=body["title"],
        kind=body["kind"],
        mode=body["mode"],
        starts_at=body["starts_at"],
        ends_at=body["ends_at"],
        host_org_code=body["host_org"],
        venue=body.get("venue"),
        lecturers=tuple(LecturerDraft(each["name"], each["role"]) for each in body["lecturers"]),
        credited_minutes=body.get("credited_minutes"),
        audience=AudienceDraft(*(tuple(invited.get(part, ())) for part in ("orgs", "groups", "members"))),
        class_id=body.get("class_id"),
        note=body.get("note"),
        declared_person_times=body.get("declared_person_times"),
        declared_mark=body["declared_mark"],
        late_after_minutes=body.get("late_after_minutes"),
        asks_sign_out=body["asks_sign_out"],
        join_url=body.get("join_url"),
    )
