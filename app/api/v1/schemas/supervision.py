"""Bodies of instructors, supervision teams and the units assigned to them."""

from __future__ import annotations

from app.api.v1.fields import (
    Answer,
    Body,
    Count,
    Day,
    Identifier,
    Items,
    Part,
    Query,
    Said,
    Text,
    Truth,
    Whole,
)

_USER = {"description": "用来登录的用户名;null 表示不再关联账号 · username of the account; null unlinks it"}
_SEEN_USER = {
    "description": "只给可以修改的人看 · null too for those who may not change it",
}
_UNTIL = {"description": "不再联系的第一天,可不填 · the first day outside; left out: open"}


class OverseersQuery(Query):
    q = Text(80, blank=True)
    offset = Whole(0, 1_000_000, load_default=0)
    limit = Whole(1, 500, load_default=100)


class InstructorBody(Body):
    name = Text(80, required=True)
    work_place = Text(100, allow_none=True, blank=True)


class InstructorChangesBody(Body):
    """Left out: as it is. null: blank."""

    name = Text(80)
    work_place = Text(100, allow_none=True, blank=True)
    username = Text(80, allow_none=True, metadata=_USER)


class TeamBody(Body):
    name = Text(80, required=True)


class OfficialBody(Body):
    name = Text(80, required=True)
    work_place = Text(100, allow_none=True, blank=True)
    is_leader = Truth(load_default=False)
    from_ = Day(required=True, data_key="from")
    to = Day(allow_none=True, metadata=_UNTIL)


class OfficialChangesBody(InstructorChangesBody):
    is_leader = Truth()
    from_ = Day(data_key="from")
    to = Day(allow_none=True, metadata=_UNTIL)


class AssignmentsBody(Body):
    org_codes = Items(Text(40), 300, required=True)
    from_ = Day(required=True, data_key="from")
    to = Day(allow_none=True, metadata=_UNTIL)


class AssignmentChangesBody(Body):
    org_code = Text(40, required=True)
    from_ = Day(
        required=True,
        data_key="from",
        metadata={"description": "现在登记的第一天 · the first day as it is recorded now"},
    )
    new_from = Day()
    to = Day(allow_none=True, metadata=_UNTIL)


class AssignmentQuery(Query):
    org_code = Text(40, required=True)
    from_ = Day(required=True, data_key="from")


class InstructorAnswer(Answer):
    id = Identifier()
    name = Said()
    work_place = Said(allow_none=True)
    units = Count(metadata={"description": "今天联系的党组织数 · units assigned today"})
    since = Day(allow_none=True)


class InstructorsAnswer(Answer):
    items = Items(Part(InstructorAnswer))
    total = Count()


class TeamAnswer(Answer):
    id = Identifier()
    name = Said()
    officials = Count()
    leader = Said(allow_none=True)
    units = Count()
    since = Day(allow_none=True)


class TeamsAnswer(Answer):
    items = Items(Part(TeamAnswer))
    total = Count()


class AssignmentAnswer(Answer):
    org_code = Said()
    from_ = Day(data_key="from", attribute="starts_on")
    to = Day(allow_none=True)


class OfficialAnswer(Answer):
    id = Identifier()
    name = Said()
    work_place = Said(allow_none=True)
    is_leader = Truth()
    username = Said(allow_none=True, metadata=_SEEN_USER)
    from_ = Day(data_key="from", attribute="starts_on")
    to = Day(allow_none=True)


class OverseerAnswer(Answer):
    id = Identifier()
    name = Said()
    work_place = Said(allow_none=True)
    username = Said(allow_none=True, metadata=_SEEN_USER)
    assignments = Items(Part(AssignmentAnswer))
    officials = Items(Part(OfficialAnswer), metadata={"description": "督导组成员 · officials of a team"})


class AssignedAnswer(Answer):
    added = Count()
    unchanged = Count(metadata={"description": "原来就由其联系 · held already for all of the days"})
