"""Bodies of plans that reach everyone."""

from __future__ import annotations

import re
from datetime import time
from typing import Any

from marshmallow import fields

from app.api.v1.fields import (
    Answer,
    Body,
    Choice,
    Count,
    Day,
    Identifier,
    Items,
    Number,
    Part,
    Query,
    Said,
    Text,
    Truth,
    Whole,
)
from app.core.vocabulary import Group
from app.reach.queries.asked import LONGEST_MINUTES
from app.reach.rules import LARGEST_CAPACITY


class Clock(fields.String):
    """An hour and minute of the office's day, such as 19:00."""

    default_error_messages = {"required": "required", "null": "null", "invalid": "invalid"}  # noqa: RUF012
    _FORM = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)

    def __init__(self, **more: Any) -> None:
        super().__init__(metadata={"pattern": f"^({self._FORM.pattern})$"}, **more)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not self._FORM.fullmatch(value):
            raise self.make_error("invalid")
        return time.fromisoformat(value)


def _capacity() -> Whole:
    return Whole(1, LARGEST_CAPACITY)


class CapacitiesBody(Body):
    home_visit = _capacity()
    group_reading = _capacity()
    in_person = _capacity()
    night_school = _capacity()
    online = _capacity()


class ReachPlanBody(Body):
    from_ = Day(data_key="from")
    to = Day()
    on = Day()
    org = Text(40, blank=True)
    group = Choice(Group)
    capacities = Part(CapacitiesBody)
    hold_from = Day(metadata={"description": "新场次最早哪天 · the first day for new sessions"})
    hold_to = Day(metadata={"description": "新场次最晚哪天 · the last day for new sessions"})
    day_at = Clock()
    evening_at = Clock()
    minutes = Whole(1, LONGEST_MINUTES)
    kind = Text(40)
    venue = Text(120, blank=True)
    leave_invited = Truth(
        metadata={
            "description": "略去已经安排的党员(默认) · leave out who has a coming session (the default)"
        }
    )


class ApplyPlanBody(Body):
    sessions = Items(
        Whole(1),
        metadata={"description": "要安排的序号;不填为全部 · numbers; all of `sessions` when left out"},
    )


class ReachSessionAnswer(Answer):
    number = Count()
    mode = Said()
    host_org = Said()
    day = Day(allow_none=True)
    members = Count()
    required = Count()
    exempt = Count()
    coverage_after = Number(allow_none=True)
    session = Count(allow_none=True, metadata={"description": "已建成的草稿 · the draft made of it"})


class ReachCountsAnswer(Answer):
    required = Count()
    required_covered = Count()
    uncovered = Count()
    planned = Count()
    invited = Count()
    lost_contact = Count()
    gone = Count()
    exempt = Count()


class ReachPlanAnswer(Answer):
    id = Said()
    state = Said(metadata={"enum": ["waiting", "running", "done", "refused", "failed"]})
    step = Said()
    detail = Said(allow_none=True)
    sessions = Items(Part(ReachSessionAnswer))
    offers = Items(Part(ReachSessionAnswer))
    lower_bound = Count(allow_none=True)
    gap = Number(allow_none=True)
    solver = fields.Boolean(allow_none=True)
    coverage_before = Number(allow_none=True)
    coverage_after = Number(allow_none=True)
    required_coverage_before = Number(allow_none=True)
    required_coverage_after = Number(allow_none=True)
    counts = Part(ReachCountsAnswer, allow_none=True)


class AppliedAnswer(Answer):
    new = Count()
    left_out = Count()
    sessions = Items(Part(ReachSessionAnswer))


class PlannedMembersQuery(Query):
    cursor = Text(400, blank=True)
    limit = Whole(1, 500, load_default=100)


class PlannedMemberAnswer(Answer):
    member = Identifier()
    name = Said()
    org_code = Said()
    groups = Items(Said())
    phone_masked = Said(allow_none=True)


class PlannedMembersAnswer(Answer):
    items = Items(Part(PlannedMemberAnswer))
    next = Said(allow_none=True)
