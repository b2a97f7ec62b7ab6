"""The feed that calendar programs subscribe to."""

from __future__ import annotations

from datetime import UTC, timedelta

from flask import g, request
from icalendar import Calendar, Event

from app.accounts.queries import staff_by_api_token
from app.api.v1.blueprint import bp
from app.api.v1.operation import Raw, operation
from app.core.access import PUBLIC, Scope, current_staff, permission
from app.core.clock import office_tz, today, utc_now
from app.core.db import db
from app.core.i18n import gettext as _
from app.core.vocabulary import SessionState
from app.trainings.queries.feed import FeedFilter, FeedSession, feed_sessions

PAST = timedelta(days=366)
MOST_SESSIONS = 5000
SHOWN = (SessionState.PUBLISHED, SessionState.OPEN, SessionState.CLOSED)


@bp.get("/calendar.ics")
@permission(PUBLIC)
@operation(
    "日历订阅",
    "Calendar feed",
    answers={200: Raw("text/calendar; charset=utf-8")},
    errors=(401, 403),
    security=("calendar_token", "bearer"),
    detail=(
        "日历软件不能带请求头,所以令牌放在地址的 token 里:请用单独的令牌,不再订阅时作废它。"
        "令牌不会写进系统日志;放在前面的代理也应不记录查询参数。含已发布、签到中和一年内已结束的场次。",
        "Calendar programs send no headers, so the API token stands in the address as token: make one for"
        " this alone and revoke it afterwards. It is never logged here; a proxy in front should not log query"
        " strings either. Holds published and open sessions, and closed ones of the last year.",
    ),
)
def calendar_feed() -> bytes:
    scope, now = _scope(), utc_now()
    wanted = FeedFilter(first=today() - PAST, states=SHOWN)
    feed = Calendar()
    feed.add("prodid", "-//Bulou//Sessions//ZH")
    feed.add("version", "2.0")
    feed.add("method", "PUBLISH")
    feed.add("x-wr-calname", _("不漏 · 学习安排"))
    feed.add("x-wr-timezone", str(office_tz()))
    for row in feed_sessions(db.session(), scope, wanted, now, limit=MOST_SESSIONS):
        feed.add_component(_event(row))
    return bytes(feed.to_ical())


def _scope() -> Scope:
    token = request.args.get("token")
    if token:
        g.staff = staff_by_api_token(db.session(), token, today())
    return current_staff().scope("sessions.read")


def _event(row: FeedSession) -> Event:
    event = Event()
    # Never anything but the id: a program updates the entry it has when the session changes.
    event.add("uid", f"session-{row.id}@bulou")
    event.add("dtstamp", row.updated_at.astimezone(UTC))
    event.add("last-modified", row.updated_at.astimezone(UTC))
    event.add("dtstart", row.starts_at.astimezone(UTC))
    event.add("dtend", row.ends_at.astimezone(UTC))
    event.add("summary", row.title)
    event.add("description", "\n".join(part for part in (row.host_name, row.note) if part))
    event.add("status", "CONFIRMED")
    if row.venue:
        event.add("location", row.venue)
    return event
