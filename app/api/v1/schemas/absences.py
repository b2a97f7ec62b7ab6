"""Bodies of leave that is asked for, and of study that is made up."""

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
from app.attendance.rules_absence import LONGEST_MINUTES
from app.core.vocabulary import ExcuseReason, LeaveState, MakeUpState, Status

_DECIDED = (LeaveState.APPROVED, LeaveState.DECLINED, LeaveState.WITHDRAWN)
_DONE = (MakeUpState.DONE,)


class LeaveQuery(Query):
    state = Choice(LeaveState)
    cursor = Text(400, blank=True)
    limit = Whole(1, 500, load_default=100)


class LeaveRequestBody(Body):
    """A category, and nothing else: never medical text."""

    reason = Choice(ExcuseReason, required=True)
    approve = Truth(load_default=False)


class LeaveDecisionBody(Body):
    state = Choice(LeaveState, only=_DECIDED, required=True)


class LeaveAnswer(Answer):
    id = Identifier()
    session_id = Identifier()
    member_id = Identifier()
    member_name = Said()
    org_name = Said()
    title = Said()
    starts_at = Moment()
    reason = Choice(ExcuseReason)
    state = Choice(LeaveState)
    asked_at = Moment()
    decided_at = Moment(allow_none=True)
    status = Choice(Status, allow_none=True)


class LeavesAnswer(Answer):
    items = Items(Part(LeaveAnswer))
    next = Said(allow_none=True)


class MakeUpPlanBody(Body):
    """`via`: the session in which it is made up; without it by itself, in `mode`."""

    via = Identifier(allow_none=True, load_default=None)
    mode = Text(40, load_default="home_visit")


class MakeUpDoneBody(Body):
    """`minutes` left out: as long as the session that was missed."""

    state = Choice(MakeUpState, only=_DONE, required=True)
    done_on = Day(required=True)
    minutes = Whole(1, LONGEST_MINUTES, allow_none=True, load_default=None)
    mode = Text(40, load_default="home_visit")


class MakeUpAnswer(Answer):
    session = Identifier()
    member = Identifier()
    state = Choice(MakeUpState, allow_none=True)


class MissedQuery(Query):
    year = Whole(1921, 2200)


class WayAnswer(Answer):
    session_id = Identifier()
    title = Said()
    starts_at = Moment()
    venue_name = Said(allow_none=True)
    has_come = Truth()


class MissedLineAnswer(Answer):
    session_id = Identifier()
    title = Said()
    office_date = Said(metadata={"format": "date"})
    minutes = Count()
    status = Choice(Status, allow_none=True)
    state = Choice(MakeUpState, allow_none=True)
    via_session_id = Identifier(allow_none=True)
    done_on = Said(allow_none=True, metadata={"format": "date"})
    ways = Items(Part(WayAnswer))


class MissedAnswer(Answer):
    items = Items(Part(MissedLineAnswer))
