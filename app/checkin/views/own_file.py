"""Everything about themselves that a member may take away: a page to print or keep, or data for a program."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from flask import Response, current_app, make_response, render_template, request

from app.attendance.queries.member import AttendanceRow
from app.checkin.queries.own import OwnRecord, own_record
from app.checkin.views import bp
from app.checkin.views.own import Own, for_own
from app.core.access import MEMBER, permission
from app.core.clock import office_tz, today, utc_now
from app.core.db import db
from app.core.i18n import Text, lazy
from app.core.labels import EXCUSE_LABELS, POST_LABELS, STATUS_LABELS
from app.core.office import elderly_age
from app.core.vocabulary import Method
from app.members.queries.member_page import Dated, GroupTime
from app.members.words import ABOUT_LABELS, NEED_LABELS, OWN_GROUP_WORDS, REQUEST_STATE_LABELS

# Who recorded an attendance, by role: the names of the staff are theirs.
_MEMBER, _STAFF, _SYSTEM = "member", "staff", "system"
_RECORDED_BY: dict[Method, str] = {
    Method.MEMBER_SCAN: _MEMBER,
    Method.SHORT_CODE: _MEMBER,
    Method.PRINTED_CODE: _MEMBER,
    Method.PERSONAL_LINK: _MEMBER,
    Method.STAFF_SCAN: _STAFF,
    Method.STAFF_ENTRY: _STAFF,
    Method.PAPER: _STAFF,
    Method.IMPORT: _STAFF,
    Method.API: _SYSTEM,
}
_RECORDER_LABELS: dict[str, Text] = {
    _MEMBER: lazy("本人"),
    _STAFF: lazy("工作人员"),
    _SYSTEM: lazy("其他系统"),
}
_PERSON = (
    *("name", "sex", "ethnicity", "birth_date", "education", "membership_type", "joined_party_on"),
    *("confirmed_on", "job", "social_stratum", "is_migrant_worker", "phone_masked"),
)


@bp.get("/mine/download")
@permission(MEMBER)
@for_own
def download(own: Own) -> str:
    """What is in it, and the two buttons."""
    return render_template("checkin/mine_download.html", own=own)


@bp.get("/mine/record.html")
@permission(MEMBER)
@for_own
def record_page(own: Own) -> Response:
    """One page that needs nothing else; a file to keep, or with `open=1` shown where files cannot be kept."""
    style = Path(str(current_app.static_folder)) / "css" / "own_record.css"
    html = render_template(
        "checkin/own_record.html",
        record=_record(own),
        made_at=utc_now(),
        style=style.read_text(),
        recorder_labels={method: _RECORDER_LABELS[role] for method, role in _RECORDED_BY.items()},
        status_labels=STATUS_LABELS,
        excuse_labels=EXCUSE_LABELS,
        group_words=OWN_GROUP_WORDS,
        need_labels=NEED_LABELS,
        post_labels=POST_LABELS,
        about_labels=ABOUT_LABELS,
        request_labels=REQUEST_STATE_LABELS,
    )
    response = _file(html, "text/html; charset=utf-8", "my-record.html", request.args.get("open") != "1")
    # The page carries its own style, so that it looks the same once it is a file.
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src data:; frame-ancestors 'none'"
    )
    return response


@bp.get("/mine/record.json")
@permission(MEMBER)
@for_own
def record_data(own: Own) -> Response:
    """The same for a program."""
    text = json.dumps(_as_data(_record(own)), ensure_ascii=False, indent=1, default=_iso)
    return _file(text, "application/json; charset=utf-8", "my-record.json", True)


def _record(own: Own) -> OwnRecord:
    return own_record(db.session(), own.member_id, own.token, today(), elderly_age())


def _file(text: str, content_type: str, name: str, is_kept: bool) -> Response:
    """Never stored on the way; nothing personal in the name."""
    response = make_response(text)
    response.headers["Content-Type"] = content_type
    response.headers["Content-Disposition"] = f"{'attachment' if is_kept else 'inline'}; filename={name}"
    response.headers["Cache-Control"] = "no-store"
    return response


def _as_data(record: OwnRecord) -> dict[str, Any]:
    page, note = record.page, record.note
    return {
        "made_at": utc_now(),
        "person": {key: getattr(page.person, key) for key in _PERSON},
        "branches": [{**_days(row), "code": row.org_code, "name": row.org_name} for row in page.branches],
        "posts": [{**_days(row), "post": row.post, "branch": row.org_name} for row in page.posts],
        "groups_today": record.groups,
        "groups": [_group(row) for row in record.group_rows],
        "visit_note": asdict(note.details) if note and note.details else None,
        "phones": [{"bound_at": row.created_at, "is_this": row.is_this} for row in record.phones],
        "card_issued_at": record.card_at,
        "hours": [asdict(year) for year in record.hours],
        "attendance": [_attended(row) for row in record.attendance],
        "correction_requests": [
            {
                "about": row.about,
                "text": row.text,
                "state": row.state,
                "asked_at": row.asked_at,
                "answer": row.answer,
                "answered_at": row.answered_at,
            }
            for row in record.wishes
        ],
    }


def _group(row: GroupTime) -> dict[str, Any]:
    """`direction`: "out" or "in", of a member who is away; `host`: where they study meanwhile."""
    return {
        **_days(row),
        "group": row.group,
        "direction": row.direction,
        "from_place": row.from_place,
        "to_place": row.to_place,
        "host": row.host_name,
        "reason": row.reason,
    }


def _attended(row: AttendanceRow) -> dict[str, Any]:
    return {
        "date": row.office_date,
        "title": row.title,
        "kind": row.kind_zh,
        "host": row.host_name,
        "venue": row.venue_name,
        "status": row.status,
        "excuse_reason": row.excuse_reason,
        "minutes": row.minutes,
        "counts": row.is_counted,
        "recorded_by": _RECORDED_BY[row.method],
        "method": row.method,
    }


def _days(row: Dated) -> dict[str, date | None]:
    return {"from": row.since, "last_day": row.last_day}


def _iso(value: Any) -> str:
    """Days and instants, the latter in the office's zone."""
    return (value.astimezone(office_tz()) if hasattr(value, "astimezone") else value).isoformat()  # type: ignore[no-any-return]
