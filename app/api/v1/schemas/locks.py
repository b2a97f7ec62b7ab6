"""Bodies of locked months and years."""

from __future__ import annotations

from app.api.v1.fields import Answer, Body, Count, Identifier, Items, Moment, Part, Query, Said, Text, Whole


class LocksQuery(Query):
    cursor = Text(400, blank=True)
    limit = Whole(1, 500, load_default=100)


class LockBody(Body):
    year = Whole(1921, 2200, required=True)
    month = Whole(1, 12, allow_none=True, metadata={"description": "不填为整年 · without it the whole year"})


class UnlockBody(Body):
    reason = Text(200, required=True)


class LockAnswer(Answer):
    id = Identifier()


class UnlockedAnswer(Answer):
    applied = Count(
        metadata={"description": "作为更正计入的调整条数 · adjustments that became ordinary corrections"}
    )


class LockLineAnswer(Answer):
    id = Identifier()
    first_on = Said(metadata={"format": "date"})
    last_on = Said(metadata={"format": "date"})
    locked_by = Said(allow_none=True)
    locked_at = Moment()
    unlocked_by = Said(allow_none=True)
    unlocked_at = Moment(allow_none=True)
    unlock_reason = Said(allow_none=True)
    waiting = Count()


class LocksAnswer(Answer):
    count = Count()
    items = Items(Part(LockLineAnswer))
    next = Said(allow_none=True)
