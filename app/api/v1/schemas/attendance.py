"""Bodies of what was recorded of one member."""

from __future__ import annotations

from app.api.v1.fields import (
    Answer,
    Choice,
    Count,
    Day,
    Identifier,
    Items,
    Moment,
    Part,
    Query,
    Said,
    Text,
    Truth,
    Whole,
)
from app.core.vocabulary import ExcuseReason, Method, Status


class MemberAttendanceQuery(Query):
    year = Whole(1900, 2199, metadata={"description": "不填为历年 · left out: every year"})
    cursor = Text(400, blank=True)
    limit = Whole(1, 500, load_default=100)


class AttendedAnswer(Answer):
    session = Identifier(attribute="session_id")
    date = Day(attribute="office_date")
    starts_at = Moment()
    title = Said()
    kind = Said(attribute="kind_key")
    host_name = Said()
    venue = Said(attribute="venue_name", allow_none=True)
    status = Choice(Status)
    excuse_reason = Choice(ExcuseReason, allow_none=True)
    method = Choice(Method)
    minutes = Count()
    is_extra = Truth()
    is_counted = Truth(metadata={"description": "场次已结束且算参加 · closed, and attended or made up"})


class MemberAttendanceAnswer(Answer):
    items = Items(Part(AttendedAnswer))
    next = Said(allow_none=True)
