"""Bodies of what is noted once a session has begun."""

from __future__ import annotations

from app.api.v1.fields import Answer, Body, Count, Whole


class DeliveredBody(Body):
    minutes = Whole(0, 1440, required=True, allow_none=True)


class DeliveredAnswer(Answer):
    effective_minutes = Count(allow_none=True)
    credited_minutes = Count(
        metadata={"description": "全程参加计几分钟 · minutes of somebody who was there throughout"}
    )


class HeadCountBody(Body):
    head_count = Whole(0, 100_000, required=True, allow_none=True)
    guest_count = Whole(0, 100_000, allow_none=True)


class HeadCountAnswer(Answer):
    head_count = Count(allow_none=True)
    guest_count = Count(allow_none=True)
