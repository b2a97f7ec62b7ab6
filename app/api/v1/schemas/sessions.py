"""Bodies of sessions, their codes and their attendance."""

from __future__ import annotations

from app.api.v1.fields import (
    Answer,
    Body,
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
from app.core.vocabulary import (
    CountMark,
    ExcuseReason,
    Group,
    LecturerRole,
    Method,
    SessionState,
    Status,
)


class LecturerBody(Body):
    name = Text(80, required=True)
    role = Choice(LecturerRole, load_default=LecturerRole.LECTURER)


class AudienceBody(Body):
    orgs = Items(Text(40), 1000, load_default=list)
    groups = Items(Choice(Group), 20, load_default=list)
    members = Items(Identifier(), 2000, load_default=list)


class SessionBody(Body):
    title = Text(200, required=True)
    kind = Text(40, required=True)
    mode = Text(40, required=True)
    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    host_org = Text(40, required=True)
    venue = Text(120, allow_none=True, blank=True)
    lecturers = Items(Part(LecturerBody), 50, load_default=list)
    credited_minutes = Whole(
        0, 1440, allow_none=True, metadata={"description": "不填为时长 · left out: the session's length"}
    )
    audience = Part(AudienceBody)
    class_id = Identifier(data_key="class", allow_none=True)
    note = Text(500, allow_none=True, blank=True)
    declared_person_times = Whole(0, 1_000_000, allow_none=True)
    declared_mark = Choice(CountMark, load_default=CountMark.EXACT)
    late_after_minutes = Whole(
        0,
        1440,
        allow_none=True,
        metadata={"description": "不填:不按时间判断迟到 · left out: nobody is late by rule"},
    )
    asks_sign_out = Truth(load_default=False)
    join_url = Text(500, allow_none=True, blank=True)


class NewSessionBody(SessionBody):
    recurrence = Text(
        300,
        allow_none=True,
        metadata={"description": "RRULE, e.g. FREQ=WEEKLY;COUNT=4", "examples": ["FREQ=WEEKLY;COUNT=4"]},
    )


class SessionsQuery(Query):
    from_ = Day(data_key="from")
    to = Day()
    state = Choice(SessionState)
    org = Text(40, blank=True)
    cursor = Text(400, blank=True)
    limit = Whole(1, 500, load_default=100)


class ClashAnswer(Answer):
    kind = Said(metadata={"enum": ["venue", "lecturer", "audience"]})
    session = Identifier(attribute="session_id")
    title = Said()
    starts_at = Moment()
    ends_at = Moment()
    name = Said()
    members = Count()


class SavedSessionAnswer(Answer):
    id = Identifier()
    status = Choice(SessionState, attribute="state")
    clashes = Items(Part(ClashAnswer))


class SeriesAnswer(Answer):
    class_id = Identifier(data_key="class")
    sessions = Items(Part(SavedSessionAnswer))


class StepAnswer(Answer):
    id = Identifier()
    status = Choice(SessionState)


class SessionLineAnswer(Answer):
    id = Identifier()
    title = Said()
    kind = Said()
    mode = Said()
    status = Choice(SessionState, attribute="state")
    starts_at = Moment()
    ends_at = Moment()
    host_org = Said(attribute="host_code")
    venue = Said(allow_none=True)
    class_id = Identifier(data_key="class", allow_none=True)


class SessionsAnswer(Answer):
    items = Items(Part(SessionLineAnswer))
    next = Said(allow_none=True)


class LecturerAnswer(Answer):
    name = Said()
    role = Choice(LecturerRole)


class AudienceAnswer(Answer):
    orgs = Items(Said())
    groups = Items(Choice(Group))
    members = Items(Identifier())


class SessionAnswer(SessionLineAnswer):
    credited_minutes = Count()
    note = Said(allow_none=True)
    lecturers = Items(Part(LecturerAnswer))
    audience = Part(AudienceAnswer)
    expected = Count()
    attended = Count(metadata={"description": "含 extra · includes extra"})
    extra = Count()
    made_up = Count()
    excused = Count()
    absent = Count()
    unrecorded = Count()
    declared_person_times = Count()
    declared_mark = Choice(CountMark)
    late_after_minutes = Count(allow_none=True)
    asks_sign_out = Truth()
    join_url = Said(allow_none=True)
    effective_minutes = Count(
        allow_none=True, metadata={"description": "实际讲了几分钟;null 为全程 · delivered; null: all of it"}
    )
    head_count = Count(allow_none=True, metadata={"description": "不计入任何数字 · added to no figure"})
    guest_count = Count(allow_none=True)


class CodeAnswer(Answer):
    url = Said()
    short_code = Said()
    step = Count()
    expires_at = Moment()
    period_seconds = Count()


class PrintedCodeAnswer(Answer):
    url = Said()
    printing = Count(metadata={"description": "第几次印制,只有最近的有效 · only the latest is good"})
    valid_from = Moment()
    valid_until = Moment()


class RosterQuery(Query):
    q = Text(80, blank=True)
    status = Choice(Status)
    unrecorded = Truth(load_default=False)
    cursor = Text(400, blank=True)
    limit = Whole(1, 500, load_default=100)


class RosterLineAnswer(Answer):
    member = Identifier(attribute="member_id")
    name = Said()
    org_name = Said()
    groups = Items(Choice(Group))
    is_extra = Truth()
    status = Choice(Status, allow_none=True, metadata={"description": "null: 未登记 · not recorded"})
    excuse_reason = Choice(ExcuseReason, allow_none=True)
    method = Choice(Method, allow_none=True)
    occurred_at = Moment(allow_none=True)
    came_at = Moment(allow_none=True, metadata={"description": "只在迟到时有 · known only for who came late"})
    left_at = Moment(allow_none=True)
    minutes = Count(allow_none=True)


class RosterAnswer(Answer):
    count = Count()
    items = Items(Part(RosterLineAnswer))
    next = Said(allow_none=True)


class CorrectionBody(Body):
    status = Choice(
        Status,
        required=True,
        allow_none=True,
        metadata={"description": "null: 取消登记,恢复为未登记 · take the row back"},
    )
    reason = Text(200, required=True)
    excuse_reason = Choice(ExcuseReason, allow_none=True)


class AdjustmentAnswer(Answer):
    status_before = Choice(Status, allow_none=True)
    status_after = Choice(Status, allow_none=True)
    minutes_before = Count()
    minutes_after = Count()
    reason = Said()
    by = Said(allow_none=True)
    at = Moment()


class CorrectionAnswer(Answer):
    session = Identifier()
    member = Identifier()
    status = Choice(
        Status,
        allow_none=True,
        metadata={"description": "更正后的,或要更正成的 · what the row says, or is to say"},
    )
    adjustment = Part(
        AdjustmentAnswer,
        metadata={
            "description": "已锁定时等待的调整;没有时不出现"
            " · what waits because the period is locked; left out where nothing does",
            "optional": True,
        },
    )


class StayBody(Body):
    came_at = Moment(required=True, allow_none=True)
    left_at = Moment(required=True, allow_none=True)
    reason = Text(200, blank=True)


class StayAnswer(Answer):
    status = Choice(Status)
    came_at = Moment(allow_none=True)
    left_at = Moment(allow_none=True)
    minutes = Count()


class SignedOutAnswer(Answer):
    status = Choice(Status)
    left_at = Moment()
    minutes = Count()
