"""Bodies of members, and of their bound phones."""

from __future__ import annotations

from app.api.v1.fields import (
    Answer,
    Body,
    Choice,
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
from app.core.vocabulary import Group


class MembersQuery(Query):
    org = Text(40, blank=True)
    group = Choice(Group)
    q = Text(
        80,
        blank=True,
        metadata={"description": "姓名、拼音、首字母或手机尾号 · name, pinyin, initials or phone tail"},
    )
    cursor = Text(400, blank=True)
    limit = Whole(1, 500, load_default=100)


class MemberBody(Body):
    name = Text(80, required=True)
    org_code = Text(40, required=True)
    starts_on = Day(allow_none=True)
    phone = Text(40, allow_none=True, blank=True)
    surname_pinyin = Text(20, allow_none=True, blank=True)
    sex = Text(4, allow_none=True, blank=True)
    ethnicity = Text(20, allow_none=True, blank=True)
    birth_date = Day(allow_none=True)
    education = Text(40, allow_none=True, blank=True)
    membership_type = Text(20, allow_none=True, blank=True)
    joined_party_on = Day(allow_none=True)
    confirmed_on = Day(allow_none=True)
    job = Text(100, allow_none=True, blank=True)
    social_stratum = Text(60, allow_none=True, blank=True)
    is_migrant_worker = Truth(allow_none=True)


class MemberChangesBody(MemberBody):
    """Left out: as it is. null: blank."""

    name = Text(80)

    class Meta(MemberBody.Meta):
        exclude = ("org_code", "starts_on")


class MemberAnswer(Answer):
    id = Identifier()
    name = Said()
    org_code = Said(allow_none=True)
    groups = Items(Choice(Group))
    phone_masked = Said(allow_none=True)


class MembersAnswer(Answer):
    items = Items(Part(MemberAnswer))
    next = Said(allow_none=True)


class RuleAnswer(Answer):
    group = Choice(Group)
    rule = Said(metadata={"enum": ["age", "branch"]})


class GroupRowAnswer(Answer):
    group = Choice(Group)
    from_ = Day(data_key="from")
    to = Day(allow_none=True)
    is_in = Truth()
    reason = Said(allow_none=True)
    direction = Said(allow_none=True)
    from_place = Said(allow_none=True)
    to_place = Said(allow_none=True)
    host_org_code = Said(allow_none=True)
    counts_from = Day(allow_none=True)
    waits = Truth()
    recorded_by = Said(allow_none=True)
    recorded_at = Moment()


class BranchAnswer(Answer):
    org_code = Said()
    from_ = Day(data_key="from")
    to = Day(allow_none=True)


class MemberDetailAnswer(MemberAnswer):
    surname_pinyin = Said(allow_none=True)
    sex = Said(allow_none=True)
    ethnicity = Said(allow_none=True)
    birth_date = Day(allow_none=True)
    education = Said(allow_none=True)
    membership_type = Said(allow_none=True)
    joined_party_on = Day(allow_none=True)
    confirmed_on = Day(allow_none=True)
    job = Said(allow_none=True)
    social_stratum = Said(allow_none=True)
    is_migrant_worker = Truth(allow_none=True)
    groups_by_rule = Items(Part(RuleAnswer))
    group_rows = Items(Part(GroupRowAnswer))
    branches = Items(Part(BranchAnswer))


class BindingAnswer(Answer):
    member_token = Said()
