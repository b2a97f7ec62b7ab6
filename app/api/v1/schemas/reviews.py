"""Bodies of what a person should look at."""

from __future__ import annotations

from app.api.v1.fields import (
    Answer,
    Body,
    Choice,
    Count,
    Identifier,
    Items,
    Moment,
    Part,
    Query,
    Said,
    Text,
    Whole,
)
from app.core.vocabulary import Method, ReviewKind, ReviewState, Status

_DECISIONS = (ReviewState.FINE, ReviewState.NOT_THERE)


class ReviewsQuery(Query):
    state = Choice(ReviewState)
    session = Identifier()
    cursor = Text(400, blank=True)
    limit = Whole(1, 200, load_default=50)


class DecisionBody(Body):
    decision = Choice(ReviewState, _DECISIONS, required=True)
    members = Items(
        Identifier(),
        most=200,
        load_default=list,
        metadata={
            "description": "不在场的人;只涉及一个人时可以不填"
            " · who was not there; may be left out where one member is concerned"
        },
    )


class EvidenceAnswer(Answer):
    """Counts and times; those that do not belong to the kind are null."""

    members = Count(allow_none=True)
    before = Count(allow_none=True, metadata={"description": "结束前自己签到的 · who came before the end"})
    attended = Count(allow_none=True)
    room = Count(allow_none=True, metadata={"description": "现场清点的党员数 · members counted in the room"})
    minutes = Count(allow_none=True, metadata={"description": "两场重叠的分钟数 · minutes of overlap"})
    count = Count(allow_none=True, metadata={"description": "时间不准的登记数 · records by a wrong clock"})
    offset_seconds = Count(allow_none=True, metadata={"description": "手机时间的误差 · how wrong it was"})
    first_at = Moment(allow_none=True)
    last_at = Moment(allow_none=True)


class ConcernedAnswer(Answer):
    member = Identifier(attribute="member_id")
    name = Said()
    org_name = Said()
    status = Choice(Status)
    method = Choice(Method)
    occurred_at = Moment()


class TickAnswer(Answer):
    """What waits to be recorded."""

    member = Identifier(attribute="member_id")
    name = Said(attribute="member_name")
    status = Choice(Status, allow_none=True)
    method = Choice(Method, allow_none=True)
    occurred_at = Moment(allow_none=True)
    device = Said(allow_none=True)


class ReviewAnswer(Answer):
    id = Identifier()
    session = Identifier(attribute="session_id")
    title = Said()
    kind = Choice(ReviewKind)
    state = Choice(ReviewState)
    evidence = Part(EvidenceAnswer)
    people = Items(Part(ConcernedAnswer))
    tick = Part(TickAnswer, allow_none=True)
    raised_at = Moment()
    decided_by = Said(allow_none=True)
    decided_at = Moment(allow_none=True)


class ReviewsAnswer(Answer):
    items = Items(Part(ReviewAnswer))
    next = Said(allow_none=True)
