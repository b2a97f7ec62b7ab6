"""Bodies of members' groups and of exemptions."""

from __future__ import annotations

from app.api.v1.fields import (
    Answer,
    Body,
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


class GroupSpanBody(Body):
    from_ = Day(required=True, data_key="from")
    to = Day(
        allow_none=True,
        metadata={"description": "不再属于该类的第一天,可不填 · the first day outside; left out: open"},
    )
    is_in = Truth(load_default=True)
    direction = Text(3, metadata={"enum": ["in", "out"]})
    from_place = Text(100, allow_none=True, blank=True)
    to_place = Text(100, allow_none=True, blank=True)
    host_org_code = Text(40, allow_none=True, blank=True)
    reason = Text(
        100,
        allow_none=True,
        blank=True,
        metadata={"description": "原因,不写号码;exempt 不记原因 · why, without numbers; never for exempt"},
    )


class RowBody(Body):
    """Names a dated row by its first day."""

    from_ = Day(required=True, data_key="from")


class ApprovalsQuery(Query):
    cursor = Text(400, blank=True)
    limit = Whole(1, 500, load_default=100)


class ApprovalAnswer(Answer):
    member = Identifier()
    name = Said()
    org_code = Said()
    from_ = Day(data_key="from")
    to = Day(allow_none=True)
    recorded_by = Said(allow_none=True)
    recorded_at = Moment()
    may_approve = Truth()


class ApprovalsAnswer(Answer):
    items = Items(Part(ApprovalAnswer))
    next = Said(allow_none=True)
